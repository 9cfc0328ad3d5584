// Tests of emit: jobs for the test worker, and folders that go away.
#pragma once

#include <gtest/gtest.h>

#include "emit/job.h"
#include "support/files.h"

namespace sepconv::emit {

inline Job test_job(const std::string& generator, const std::string& point = "") {
  Job job;
  job.layer = "layer_of_" + generator;
  job.target = "x86-64-v2";
  job.halide = "x86-64-linux-sse41-no_runtime-no_bounds_query-user_context-no_asserts";
  job.point = point;
  job.generator = generator;
  job.phases = {{"sepconv_test_0", {16, 6, 4}}};
  job.nominal_macs = {1, 16 * 6 * 4 * 8};
  return job;
}

class EmitTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = support::TempFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::make_unique<support::TempFolder>(std::move(*made));
    options_.worker = TEST_WORKER;
    options_.jobs = 2;
    options_.cache.directory = path("cache");
  }
  [[nodiscard]] std::filesystem::path path(const std::string& name) const {
    return folder_->path() / name;
  }
  /// Each call compiles into a folder of its own.
  std::vector<Result<JobResult>> compile(const std::vector<Job>& jobs) {
    return compile_jobs(jobs, path("work" + std::to_string(++runs_)), options_);
  }

  CompileOptions options_;

 private:
  std::unique_ptr<support::TempFolder> folder_;
  int runs_ = 0;
};

}  // namespace sepconv::emit
