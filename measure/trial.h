// Measure: one candidate of the tuner: first whether it is right, then how fast it is beside
// others. Knows no schedule and no search.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "measure/check.h"
#include "measure/contain.h"
#include "measure/kernel.h"
#include "support/error.h"
#include "targets/target.h"

namespace sepconv::measure {

/// A layer's kernel and that of its exact twin.
struct KernelPair {
  Kernel exact, real;
};
/// Opens a library in the process that runs it, so that nothing of it runs in the tuner's.
using Opener = std::function<Result<KernelPair>()>;

struct TrialOptions {
  int threads = 1;
  double seconds = 0.2;  ///< of sampling, all kernels together
  size_t least_rounds = 9;
  /// Tensors lie at other addresses from session to session: no kernel is to win by where they are.
  int session = 0;
  /// The output on real values must have the bits of the baseline's.
  bool same_bits = false;
  /// The kernels run elsewhere: what calls them here needs a connection, not containment.
  bool remote = false;
  bool timed = true;  ///< false: only checked, as where a clock says nothing
  /// Sampling ends early where the candidate is that many times slower than the baseline.
  double hopeless = 1.6;
  targets::Device device = targets::Device::cpu;  ///< that runs the kernels
  Containment limits;
};

enum class Verdict {
  ok,
  differs,   ///< two runs on the same data gave different bits
  wrong,     ///< not what the reference says, not the baseline's bits, or it wrote elsewhere
  unusable,  ///< it cannot be opened, called or given memory
  died,      ///< `outcome.end` says how
};

struct TrialResult {
  Verdict verdict = Verdict::died;
  Outcome outcome;
  /// Microseconds a call, one list per kernel: the candidate, then the baseline, if any; entries of
  /// equal index were taken in one round. Empty unless ok.
  std::vector<std::vector<double>> rounds;
};

/// Checks the candidate and times it in turn with the baseline, contained. Without a baseline
/// (an empty function) it is timed alone.
[[nodiscard]] TrialResult run_trial(const Prepared& prepared, const Opener& candidate,
                                    const Opener& baseline, const TrialOptions& options);

/// Times kernels that were checked before in turn, contained; at most kMostTogether.
[[nodiscard]] TrialResult time_together(const Prepared& prepared,
                                        const std::vector<Opener>& kernels,
                                        const TrialOptions& options);
inline constexpr size_t kMostTogether = 8;

}  // namespace sepconv::measure
