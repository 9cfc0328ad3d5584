// Tests of the tuner's files: sample trials and records, and a folder to work in.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>

#include "schedules/db/database.h"
#include "schedules/db/journal.h"
#include "support/files.h"

namespace sepconv::db {

inline constexpr const char* kLayer = "pw_f32_n1h14w14c64_o64_relu6";

/// Trials of different numbers differ in what the tests look at.
[[nodiscard]] inline Trial sample_trial(int64_t number) {
  Trial trial;
  trial.layer = kLayer;
  trial.target = "x86-64-v3@zen4";
  trial.machine = "zen4";
  trial.point = "pw_v=2,pw_x=" + std::to_string(number);
  trial.outcome = TrialOutcome::ok;
  trial.samples_us = {10.5 + static_cast<double>(number), 10.25, 11};
  trial.noise = 0.0125;
  trial.seed = 18446744073709551615U;
  trial.number = number;
  trial.origin = "random";
  trial.seconds = 0.75;
  trial.versions = {"0.1.0", "21.0.0", 1};
  trial.time = "2026-01-31T23:59:59Z";
  return trial;
}

[[nodiscard]] inline Record sample_record(const std::string& layer = kLayer,
                                          const std::string& machine = "zen4") {
  Record record;
  record.layer = layer;
  record.target = "x86-64-v3@zen4";
  record.machine = machine;
  record.point = {{"pw_v", 2}, {"pw_x", 6}};
  record.us = 45.125;
  record.heuristic_us = 47.5;
  record.noise = 0.0125;
  record.trials = 120;
  record.halide = "21.0.0";
  record.space = 1;
  record.provenance = "0123456789abcdef";
  return record;
}

/// An empty folder of its own for every test.
class FolderTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = support::TempFolder::make();
    ASSERT_TRUE(made);
    folder_ = std::make_unique<support::TempFolder>(std::move(*made));
  }
  [[nodiscard]] std::filesystem::path path(const char* name) const {
    return folder_->path() / name;
  }
  [[nodiscard]] static std::string text(const std::filesystem::path& file) {
    return support::read_file(file).value_or("");
  }

 private:
  std::unique_ptr<support::TempFolder> folder_;
};

/// Starts a child that runs `work` and exits with 0 where it returns true.
[[nodiscard]] inline pid_t start_child(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::_exit(work() ? 0 : 1);
}

/// Waits; whether the child exited with 0.
[[nodiscard]] inline bool succeeded(pid_t child) {
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) &&
         WEXITSTATUS(status) == 0;
}

}  // namespace sepconv::db
