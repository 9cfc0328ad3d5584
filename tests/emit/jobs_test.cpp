// Tests of emit: workers that succeed and fail, the facts they find, reproducible objects.
#include "emit/limits.h"
#include "fixture.h"
#include "support/interrupt.h"

namespace sepconv::emit {
namespace {

using Jobs = EmitTest;

TEST_F(Jobs, TextOfAJobParsesBack) {
  Job job = test_job("works", "a=1,b=2");
  job.emits = {"asm", "stmt"};
  const auto parsed = parse_job(to_text(job));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(to_text(*parsed), to_text(job));
  EXPECT_EQ(parsed->phases[0].output_cwh[1], 6);
  EXPECT_FALSE(parse_job("{}"));
}

TEST_F(Jobs, AFailingWorkerIsAnErrorOfItsLayerAlone) {
  options_.limits.seconds = 20;
  const auto results =
      compile({test_job("crashes"), test_job("throws"), test_job("works"), test_job("unknown")});
  for (const size_t i : {size_t{0}, size_t{1}, size_t{3}}) {
    ASSERT_FALSE(results[i]) << i;
    EXPECT_EQ(results[i].error()[0].kind, ErrorKind::internal);
  }
  EXPECT_TRUE(results[2]);
  EXPECT_EQ(results[0].error()[0].layer, "layer_of_crashes");
  EXPECT_NE(results[0].error()[0].message.find("signal 11"), std::string::npos);
  EXPECT_NE(results[1].error()[0].message.find("an illegal point"), std::string::npos);
  EXPECT_NE(results[3].error()[0].message.find("no generator named unknown"), std::string::npos);
}

TEST_F(Jobs, AHangingWorkerIsKilledAtItsLimit) {
  options_.limits.seconds = 1;
  const auto results = compile({test_job("hangs")});
  ASSERT_FALSE(results[0]);
  EXPECT_NE(results[0].error()[0].message.find("ran longer than 1 s"), std::string::npos);
  EXPECT_EQ(results[0].error()[0].field, kTimeLimit);
}

TEST_F(Jobs, MemoryBeyondTheLimitIsAnError) {
  const auto results = compile({test_job("hungry")});
  ASSERT_FALSE(results[0]);
  EXPECT_NE(results[0].error()[0].message.find("bad_alloc"), std::string::npos);
  EXPECT_EQ(results[0].error()[0].field, kMemoryLimit);
}

TEST_F(Jobs, WarningsOfHalideAreErrors) {
  const auto results = compile({test_job("warns")});
  ASSERT_FALSE(results[0]);
  EXPECT_NE(results[0].error()[0].message.find("a doubtful schedule"), std::string::npos);
}

TEST_F(Jobs, AMissingWorkerIsAnError) {
  options_.worker = "/nonexistent/sepconv";
  EXPECT_FALSE(compile({test_job("works")})[0]);
}

TEST_F(Jobs, ExecutedMacsOfTheWholeOutputAreCounted) {
  const auto results = compile({test_job("works"), test_job("works", "recompute")});
  ASSERT_TRUE(results[0]);
  ASSERT_TRUE(results[1]);
  // 16 channels x 6 x 4 pixels x 8 input channels, however the loops are cut.
  EXPECT_EQ(results[0]->facts.executed_macs[1], 3072);
  EXPECT_EQ(results[1]->facts.executed_macs[1], 3072);
}

TEST_F(Jobs, HeapBlocksAreScratchAndIntermediates) {
  const auto results =
      compile({test_job("works", "heap"), test_job("works", "row"), test_job("works")});
  for (const auto& result : results) ASSERT_TRUE(result);
  // A row: 8 channels x 6 pixels x 4 bytes.
  EXPECT_EQ(results[0]->facts.scratch_bytes, 192);
  EXPECT_EQ(results[0]->facts.largest_intermediate_bytes, 192);
  EXPECT_EQ(results[0]->facts.stage_allocation_bytes[0], 192);
  EXPECT_EQ(results[1]->facts.scratch_bytes, 0);
  EXPECT_EQ(results[1]->facts.largest_intermediate_bytes, 192);
  EXPECT_EQ(results[2]->facts.largest_intermediate_bytes, 0);
}

TEST_F(Jobs, AHeapBlockWithoutConstantSizeIsRefused) {
  const auto results = compile({test_job("works", "whole")});
  ASSERT_FALSE(results[0]);
  EXPECT_NE(results[0].error()[0].message.find("no constant size"), std::string::npos);
}

TEST_F(Jobs, ObjectsDoNotDependOnFolderOrOrder) {
  options_.cache.use = false;
  const Job a = test_job("works"), b = test_job("works", "heap");
  const auto first = compile({a, b});
  options_.jobs = 1;
  const auto second = compile({b, a});
  ASSERT_TRUE(first[0] && first[1] && second[0] && second[1]);
  EXPECT_EQ(first[0]->facts.object_sha256, second[1]->facts.object_sha256);
  EXPECT_EQ(first[1]->facts.object_sha256, second[0]->facts.object_sha256);
  EXPECT_NE(first[0]->facts.object_sha256, first[1]->facts.object_sha256);
  EXPECT_GT(first[0]->facts.code_bytes, 100);
}

TEST_F(Jobs, TextsComeWhenAskedFor) {
  Job job = test_job("works");
  job.emits = {"asm", "stmt", "llvm"};
  const auto results = compile({job});
  ASSERT_TRUE(results[0]);
  EXPECT_NE(results[0]->texts.at("asm").find("sepconv_test_0_argv"), std::string::npos);
  EXPECT_NE(results[0]->texts.at("stmt").find("produce"), std::string::npos);
  EXPECT_NE(results[0]->texts.at("llvm").find("define"), std::string::npos);
}

TEST_F(Jobs, AnInterruptIsAnErrorAndStoresNothing) {
  support::interrupt();
  const auto results = compile({test_job("works")});
  support::clear_interrupt();
  ASSERT_FALSE(results[0]);
  EXPECT_NE(results[0].error()[0].message.find("was interrupted"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(path("cache")));
}

}  // namespace
}  // namespace sepconv::emit
