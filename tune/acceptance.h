// Tune: whether a winner is faster beyond the noise. Knows no kernel and no clock.
#pragma once

#include <cstddef>
#include <vector>

namespace sepconv::tune {

/// Times of two kernels taken in turn in one process; entries of equal index are of one round.
struct Pairs {
  std::vector<double> candidate, incumbent;
};

/// What several sessions, each in a fresh process, say together. Ratios are candidate / incumbent:
/// below 1 the candidate is faster.
struct Verdict {
  bool accepted = false;
  double ratio = 1;          ///< median of the sessions' ratios
  double low = 1, high = 1;  ///< 95 % bootstrap interval of that median
  double noise = 0;          ///< half the width of A/A ratios around 1: what equal kernels show
  size_t sessions = 0;
};

/// Median of candidate / incumbent over the rounds.
[[nodiscard]] double median_ratio(const Pairs& pairs);

/// What the incumbent shows against itself in one session: |ratio - 1| of its even and odd rounds.
[[nodiscard]] double self_noise(const std::vector<double>& samples);

/// Accepts only where the median ratio is below 1 by more than the noise and half a percent, the
/// interval ends below 1 by half of that, and a sign test over the sessions says that chance would
/// bring this in less than one of a hundred cases; that takes at least seven sessions.
[[nodiscard]] Verdict judge(const std::vector<Pairs>& sessions);

/// Sessions after which judge() may accept.
inline constexpr size_t kLeastSessions = 7;

}  // namespace sepconv::tune
