// Tune: a regression from numbers to a number, learned from few examples. Knows no schedule.
#include "tune/forest.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sepconv::tune {
namespace {

constexpr size_t kTrees = 48;
constexpr size_t kLeaf = 2;  ///< examples that are not split any more

double mean(const std::vector<double>& values, const std::vector<size_t>& chosen) {
  double sum = 0;
  for (const size_t i : chosen) sum += values[i];
  return chosen.empty() ? 0 : sum / static_cast<double>(chosen.size());
}

/// Sum of squared distances from the mean.
double scatter(const std::vector<double>& values, const std::vector<size_t>& chosen) {
  const double centre = mean(values, chosen);
  double sum = 0;
  for (const size_t i : chosen) sum += (values[i] - centre) * (values[i] - centre);
  return sum;
}

}  // namespace

struct Forest::Examples {
  const std::vector<std::vector<double>>& rows;
  const std::vector<double>& values;
};

namespace {

struct Split {
  int feature = -1;
  double threshold = 0, scatter = 0;
  std::vector<size_t> left, right;
};

/// A split of one feature at a random place; feature -1 when its values are all equal.
Split draw(const std::vector<std::vector<double>>& rows, const std::vector<double>& values,
           const std::vector<size_t>& chosen, size_t feature, Random& random) {
  double low = rows[chosen.front()][feature];
  double high = low;
  for (const size_t i : chosen) {
    low = std::min(low, rows[i][feature]);
    high = std::max(high, rows[i][feature]);
  }
  Split split;
  if (low == high) return split;
  split.feature = static_cast<int>(feature);
  split.threshold = low + (high - low) * random.unit();
  for (const size_t i : chosen) {
    (rows[i][feature] <= split.threshold ? split.left : split.right).push_back(i);
  }
  if (split.right.empty()) split.feature = -1;
  split.scatter = scatter(values, split.left) + scatter(values, split.right);
  return split;
}

}  // namespace

size_t Forest::grow(Tree& tree, const Examples& examples, std::vector<size_t> chosen,
                    Random& random) {
  const size_t index = tree.size();
  tree.emplace_back();
  tree[index].value = mean(examples.values, chosen);
  if (chosen.size() <= kLeaf) return index;
  const size_t features = examples.rows.front().size();
  Split best;
  for (size_t i = 0; i < features; ++i) {
    if (i > 3 && random.chance(0.4)) continue;  // trees differ more where not all compete
    const size_t feature = random.below(features);
    Split split = draw(examples.rows, examples.values, chosen, feature, random);
    if (split.feature < 0) continue;
    if (best.feature < 0 || split.scatter < best.scatter) best = std::move(split);
  }
  if (best.feature < 0) return index;
  const size_t left = grow(tree, examples, std::move(best.left), random);
  const size_t right = grow(tree, examples, std::move(best.right), random);
  tree[index].feature = best.feature;
  tree[index].threshold = best.threshold;
  tree[index].left = left;
  tree[index].right = right;
  return index;
}

Forest::Forest(const std::vector<std::vector<double>>& rows, const std::vector<double>& values,
               uint64_t seed) {
  if (rows.empty() || rows.front().empty()) return;
  Random random(seed);
  std::vector<size_t> all(rows.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  const Examples examples{rows, values};
  trees_.resize(kTrees);
  for (Tree& tree : trees_) grow(tree, examples, all, random);
}

Prediction Forest::predict(const std::vector<double>& row) const {
  if (trees_.empty()) return {};
  double sum = 0;
  double squares = 0;
  for (const Tree& tree : trees_) {
    const Node* node = tree.data();
    while (node->feature >= 0) {
      const bool left = row[static_cast<size_t>(node->feature)] <= node->threshold;
      node = &tree[left ? node->left : node->right];
    }
    sum += node->value;
    squares += node->value * node->value;
  }
  const auto count = static_cast<double>(trees_.size());
  const double centre = sum / count;
  return {centre, std::sqrt(std::max(0.0, squares / count - centre * centre))};
}

}  // namespace sepconv::tune
