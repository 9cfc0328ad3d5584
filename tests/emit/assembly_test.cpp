// Tests of emit: assembly as LLVM prints it to counts, loops and executed instructions.
#include "emit/assembly.h"

#include <gtest/gtest.h>

#include "emit/predict.h"

namespace sepconv::emit {
namespace {

targets::Target target(const char* name) { return targets::parse_target(name).value(); }

constexpr const char* kX86 =
    "kernel:                 # @kernel\n"
    "\t.cfi_startproc\n"
    "# %bb.0:                # %entry\n"
    "\tvbroadcastss\t(%rdi), %zmm4\n"
    "\tvmovups\t%zmm3, 64(%rsp)          # 64-byte Spill\n"
    "\tvmovups\t64(%rsp), %zmm3          # 64-byte Reload\n"
    "\tvmovups\t%zmm3, 64(%rsp,%rax)\n"
    "\tvmaxps\t%zmm3, %zmm4, %zmm5\n"
    "\tvfmadd231ps\t(%rsi){1to16}, %zmm2, %zmm3\n"
    "\tvfmadd231ss\t%xmm1, %xmm2, %xmm3\n"
    "\taddq\t$64, %rdi\n"
    "\tjne\t.LBB0_1\n"
    "\tcallq\tmemset@PLT\n";

TEST(Assembly, CountsX86InstructionsByClass) {
  const InstructionCounts counts = read_assembly(kX86, target("x86-64-v4"), {}).counts;
  EXPECT_EQ(counts.fma, 2);
  EXPECT_EQ(counts.macs, 17);
  EXPECT_EQ(counts.broadcasts_shuffles, 1);
  EXPECT_EQ(counts.vector_moves, 3);
  EXPECT_EQ(counts.vector_arithmetic, 1);
  EXPECT_EQ(counts.other, 1);
  EXPECT_EQ(counts.branches, 1);
  EXPECT_EQ(counts.calls, 1);
  EXPECT_EQ(counts.loads, 3);
  EXPECT_EQ(counts.spill_stores, 1);
  EXPECT_EQ(counts.spill_loads, 1);
}

/// A loop of 6 rounds that holds one of 24 in all, with a block of its own behind it.
constexpr const char* kArm =
    "kernel:                                 // @kernel\n"
    "// %bb.0:                               // %entry\n"
    "\tsub\tsp, sp, #32\n"
    ".LBB0_1:                                // %\"1_for_result.s0.y\"\n"
    "                                        // =>This Loop Header: Depth=1\n"
    "                                        //     Child Loop BB0_2 Depth 2\n"
    "\tmov\tx8, x9\n"
    "\tldr\tq1, [sp, #16]                   // 16-byte Reload\n"
    ".LBB0_2:                                // %\"2_for_sum_1.s1.taps_1$x\"\n"
    "                                        //   Parent Loop BB0_1 Depth=1\n"
    "                                        // =>  This Inner Loop Header: Depth=2\n"
    "\tldp\tq22, q25, [x17]\n"
    "\tfmla\tv21.4s, v31.4s, v22.s[0]\n"
    "\tfmla\tv21.4s, v31.4s, v22.s[1]\n"
    "\tstr\tq21, [sp]                       // 16-byte Folded Spill\n"
    "\tsubs\tx18, x18, #1\n"
    "\tb.ne\t.LBB0_2\n"
    "// %bb.3:                               // %\"1_end_for_result.s0.y\"\n"
    "                                        //   in Loop: Header=BB0_1 Depth=1\n"
    "\tfmax\tv0.4s, v1.4s, v2.4s\n"
    "\tstr\tq0, [x1, x2]\n"
    "\tb.ne\t.LBB0_1\n"
    "// %bb.4:                               // %exit\n"
    "\tret\n"
    "kernel_argv:                            // @kernel_argv\n"
    "// %bb.0:                               // %entry\n"
    "\tb\tkernel\n";

TEST(Assembly, FindsInnerLoopsAndWhatTheyExecute) {
  const Assembly assembly =
      read_assembly(kArm, target("arm64"), {{0, "result.s0.y", 6}, {0, "sum_1.s1.taps_1$x", 24}});
  ASSERT_EQ(assembly.loops.size(), 1u);
  const InnerLoop& loop = assembly.loops.front();
  EXPECT_EQ(loop.name, "sum_1.s1.taps_1$x");
  EXPECT_EQ(loop.stage, 1);
  EXPECT_EQ(loop.iterations, 24);
  EXPECT_EQ(loop.counts.all(), 6);
  EXPECT_EQ(loop.counts.fma, 2);
  EXPECT_EQ(loop.counts.macs, 8);
  EXPECT_EQ(loop.counts.loads, 1);
  EXPECT_EQ(loop.counts.spill_stores, 1);
  EXPECT_EQ(loop.code.size(), 5u);  // its branch is left out
  EXPECT_EQ(assembly.executed, 1 + 6 * (2 + 3) + 24 * 6 + 1);
  EXPECT_EQ(assembly.executed_outside, 1 + 6 * (2 + 3) + 1);
}

TEST(Assembly, CountsLoopsItCannotPlaceAsOftenAsTheLoopAround) {
  const Assembly assembly = read_assembly(kArm, target("arm64"), {{0, "result.s0.y", 6}});
  ASSERT_EQ(assembly.loops.size(), 1u);
  EXPECT_EQ(assembly.loops.front().iterations, 6);
}

TEST(Predict, SaysHowBusyTheMultiplyAddUnitsAre) {
  if (!find_mca()) GTEST_SKIP() << find_mca().error().front().message;
  InnerLoop loop;
  for (int i = 0; i < 16; ++i) {
    loop.code.push_back("fmla v" + std::to_string(i) + ".4s, v30.4s, v31.s[0]");
  }
  loop.counts.macs = 64;
  const auto predictions = predict(loop, target("arm64"));
  ASSERT_TRUE(predictions) << predictions.error().front().message;
  ASSERT_EQ(predictions->size(), 2u);
  EXPECT_EQ(predictions->front().core, "neoverse-n1");
  EXPECT_GT(predictions->front().fma_share, 0.9);
  EXPECT_LE(predictions->front().fma_share, 1);
  EXPECT_EQ(predictions->back().core, "cortex-a55");
  EXPECT_EQ(predictions->back().fma_share, 0);
}

TEST(Predict, RefusesWhatIsNoCode) {
  if (!find_mca()) GTEST_SKIP() << find_mca().error().front().message;
  InnerLoop loop;
  loop.code = {"no such instruction"};
  const auto predictions = predict(loop, target("arm64"));
  ASSERT_FALSE(predictions);
  EXPECT_EQ(predictions.error().front().kind, ErrorKind::internal);
}

}  // namespace
}  // namespace sepconv::emit
