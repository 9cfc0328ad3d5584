// Tune: a regression from numbers to a number, learned from few examples. Knows no schedule.
#pragma once

#include <cstddef>
#include <vector>

#include "tune/random.h"

namespace sepconv::tune {

/// What the trees say: their mean, and how far they are apart.
struct Prediction {
  double mean = 0, spread = 0;
};

/// Extremely randomised trees: each grows on all examples with splits drawn at random, of which the
/// best of a few is kept. Deterministic for a seed.
class Forest {
 public:
  /// `rows` are examples of equal length, `values` what they gave. No examples: predicts 0.
  Forest(const std::vector<std::vector<double>>& rows, const std::vector<double>& values,
         uint64_t seed);
  [[nodiscard]] Prediction predict(const std::vector<double>& row) const;

 private:
  struct Node {
    int feature = -1;  ///< -1: a leaf
    double threshold = 0, value = 0;
    size_t left = 0, right = 0;
  };
  using Tree = std::vector<Node>;
  struct Examples;
  static size_t grow(Tree& tree, const Examples& examples, std::vector<size_t> chosen,
                     Random& random);
  std::vector<Tree> trees_;
};

}  // namespace sepconv::tune
