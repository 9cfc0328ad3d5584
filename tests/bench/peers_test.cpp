// Tests of bench: finding rivals, the files they read, and the dialogue, against programs written
// for the purpose.
#include <sys/stat.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <thread>

#include "bench/peers/exchange.h"
#include "bench/peers/find.h"
#include "bench/peers/session.h"
#include "fixture.h"
#include "measure/fill.h"
#include "measure/timing.h"
#include "spec/name.h"
#include "support/files.h"

namespace sepconv::bench {
namespace {

namespace fs = std::filesystem;

class Peers : public testing::Test {
 protected:
  void SetUp() override {
    auto made = support::TempFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::make_unique<support::TempFolder>(std::move(*made));
    setenv("SEPCONV_PEERS_DIR", folder_->path().c_str(), 1);
  }
  void TearDown() override { unsetenv("SEPCONV_PEERS_DIR"); }

  [[nodiscard]] const fs::path& folder() const { return folder_->path(); }

  /// Installs a rival that is a shell script.
  [[nodiscard]] Peer install(const std::string& name, const std::string& script) const {
    const fs::path program = folder() / "bin" / name;
    EXPECT_TRUE(support::make_folder(program.parent_path()));
    EXPECT_TRUE(support::write_file(program, "#!/bin/sh\n" + script));
    EXPECT_EQ(chmod(program.c_str(), 0755), 0);
    return {name, program};
  }

 private:
  std::unique_ptr<support::TempFolder> folder_;
};

TEST_F(Peers, AreFoundWhereTheFolderHasTheirProgram) {
  const Peer installed = install("onednn", "exit 0\n");
  const auto found = find_peers({"xnnpack", "onednn", "onednn"});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->peers.size(), 1u);
  EXPECT_EQ(found->peers[0].name, "onednn");
  EXPECT_EQ(found->peers[0].program, installed.program);
  ASSERT_EQ(found->missing.size(), 1u);
  EXPECT_EQ(found->missing[0].value, "xnnpack");
  EXPECT_EQ(found->missing[0].kind, ErrorKind::environment);
  EXPECT_NE(found->missing[0].hint.find("scripts/peers"), std::string::npos);
}

TEST_F(Peers, OfUnknownNamesAreAUsageError) {
  const auto found = find_peers({"onednn", "oneDNN", ""});
  ASSERT_FALSE(found);
  ASSERT_EQ(found.error().size(), 2u);
  EXPECT_EQ(found.error()[0].kind, ErrorKind::usage);
  EXPECT_EQ(found.error()[0].value, "oneDNN");
}

TEST_F(Peers, ReadTheLayerInWords) {
  const auto block =
      spec::parse_name("ir_f32_n2h8w9c4_e16_o4_k3x5s1p1x2x1x2_relu6_hard_swish_none_res_nodwbias");
  ASSERT_TRUE(block);
  EXPECT_EQ(describe_layer(*block, 2),
            "sepconv-peer 1\n"
            "threads 2\n"
            "layout nhwc\n"
            "input 2 8 9 4\n"
            "stage pointwise 4 16 1 1 1 1 1 1 0 0 0 0 1 none relu6\n"
            "stage depthwise 16 16 3 5 1 1 1 1 1 2 1 2 0 none hard_swish\n"
            "stage pointwise 16 4 1 1 1 1 1 1 0 0 0 0 1 input none\n");
}

TEST_F(Peers, GetEveryTensorAsAFile) {
  const auto layer = spec::parse_name("pw_f32_n1h2w3c4_o5_relu_res_nobias");
  ASSERT_TRUE(layer);
  ASSERT_TRUE(write_layer(folder(), *layer, measure::real_fill(*layer, 1), 1));
  EXPECT_EQ(fs::file_size(folder() / "input.f32"), 4u * 2 * 3 * 4);
  EXPECT_EQ(fs::file_size(folder() / "residual.f32"), 4u * 2 * 3 * 5);
  EXPECT_EQ(fs::file_size(folder() / "weights0.f32"), 4u * 4 * 5);
  EXPECT_FALSE(fs::exists(folder() / "bias0.f32"));
}

TEST_F(Peers, AgreeWithinTheOrderOfSums) {
  EXPECT_TRUE(agree({10, -1, 0}, {10.0005F, -1, 0.0005F}));
  EXPECT_FALSE(agree({10, -1, 0}, {10, -1, 0.01F}));
  EXPECT_FALSE(agree({1, 2}, {1, std::numeric_limits<float>::quiet_NaN()}));
  EXPECT_FALSE(agree({1, 2}, {1}));
}

TEST_F(Peers, AnswerWithMicroseconds) {
  const Peer peer =
      install("onednn", "echo ready jit $1\nwhile read calls; do echo $((calls * 2)).5; done\n");
  Session session = Session::start(peer, "/layer", 1);
  EXPECT_EQ(session.problem(), "");
  EXPECT_EQ(session.implementation(), "jit /layer");
  EXPECT_DOUBLE_EQ(session.time(3), 6.5);
  EXPECT_DOUBLE_EQ(session.time(1), 2.5);
}

TEST_F(Peers, LearnTheNumberOfThreads) {
  const Peer peer = install("onednn", "echo ready $OMP_NUM_THREADS\n");
  EXPECT_EQ(Session::start(peer, folder(), 2).implementation(), "2");
}

TEST_F(Peers, SayWhatTheyDoNotSupport) {
  const Peer peer = install("xnnpack", "echo unsupported no silu\n");
  Session session = Session::start(peer, folder(), 1);
  EXPECT_EQ(session.problem(), "no silu");
  EXPECT_EQ(session.time(1), 0);
}

TEST_F(Peers, ThatEndAreAProblemAndNoCrash) {
  const Peer before = install("onednn", "exit 1\n");
  EXPECT_NE(Session::start(before, folder(), 1).problem(), "");
  const Peer during = install("xnnpack", "echo ready jit\nread calls\nexit 1\n");
  Session session = Session::start(during, folder(), 1);
  EXPECT_EQ(session.problem(), "");
  EXPECT_EQ(session.time(1), 0);
  EXPECT_NE(session.problem(), "");
}

TEST_F(Peers, AskForCachesToBeEmptiedAgain) {
  const Peer peer = install(
      "onednn", "echo ready jit\nread one; echo again\nread two; echo $one $two >&2; echo 9.5\n");
  Session session = Session::start(peer, folder(), 1);
  int emptied = 0;
  EXPECT_DOUBLE_EQ(session.time_cold([&] { ++emptied; }), 9.5);
  EXPECT_EQ(emptied, 2);
}

TEST_F(Peers, MayHaveNoColdTimes) {
  const Peer peer = install("onednn", "echo ready jit\nread cold; echo never so\nread n; echo 3\n");
  Session session = Session::start(peer, folder(), 1);
  EXPECT_EQ(session.time_cold([] {}), 0);
  EXPECT_EQ(session.cold_problem(), "so");
  EXPECT_EQ(session.problem(), "");
  EXPECT_DOUBLE_EQ(session.time(1), 3);
}

TEST_F(Peers, ThatNeverAnswerColdAreAProblem) {
  const Peer peer = install("onednn", "echo ready jit\nwhile read calls; do echo again; done\n");
  Session session = Session::start(peer, folder(), 1);
  EXPECT_EQ(session.time_cold([] {}), 0);
  EXPECT_NE(session.problem(), "");
}

TEST_F(Peers, AreStoppedBetweenTheirTurns) {
  const Peer peer = install("onednn", "echo ready $$\nwhile read calls; do echo 1; done\n");
  Session session = Session::start(peer, folder(), 1);
  EXPECT_EQ(session.time(1), 1);
  const std::string path = "/proc/" + session.implementation() + "/stat";
  std::string pid, name, state;
  for (int look = 0; look < 1000 && state != "T"; ++look) {  // a signal takes its time
    std::ifstream(path) >> pid >> name >> state;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  EXPECT_EQ(state, "T");
}

TEST_F(Peers, TakeTurnsWithOurs) {
  const Peer peer = install("onednn", "echo ready jit\nwhile read calls; do echo 7; done\n");
  Session session = Session::start(peer, folder(), 1);
  int ours = 0;
  measure::Timed own, other;
  own.run = [&] { ++ours; };
  own.repeat = 1;
  other.elsewhere = [&](size_t calls) { return measure::Sample{session.time(calls)}; };
  const auto samples = measure::sample_in_turn({own, other}, 0, 4);
  EXPECT_EQ(ours, 4);
  ASSERT_EQ(samples.size(), 2u);
  EXPECT_EQ(samples[0].size(), 4u);
  EXPECT_EQ(samples[1], std::vector<double>(4, 7.0));
}

}  // namespace
}  // namespace sepconv::bench
