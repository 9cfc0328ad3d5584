// Tests of cli: runs the built tool in an empty folder, as a user would.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/files.h"
#include "support/process.h"

namespace sepconv::cli {

/// The tool's working folder, empty at first, and another for its inputs.
class ToolTest : public testing::Test {
 protected:
  void SetUp() override {
    for (auto* folder : {&work_, &inputs_}) {
      auto made = support::TempFolder::make();
      ASSERT_TRUE(made);
      *folder = std::make_unique<support::TempFolder>(std::move(*made));
    }
  }

  [[nodiscard]] support::Outcome run(const std::vector<std::string>& arguments) const {
    return run_in(work_->path(), arguments);
  }

  [[nodiscard]] static support::Outcome run_in(
      const std::filesystem::path& folder, const std::vector<std::string>& arguments,
      const std::map<std::string, std::string>& environment = {}) {
    support::Command command;
    command.argv = {SEPCONV_TOOL};
    command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
    command.folder = folder;
    command.environment = environment;
    command.environment.emplace("SEPCONV_CACHE_DIR", SEPCONV_BINARY_DIR "/test-cache");
    command.limits.seconds = 900;
    return support::run(command);
  }

  /// Writes an input file; its path.
  [[nodiscard]] std::string input(const std::string& name, const std::string& text) const {
    const auto path = inputs_->path() / name;
    EXPECT_TRUE(support::write_file(path, text));
    return path.string();
  }

  [[nodiscard]] const std::filesystem::path& work() const { return work_->path(); }

  [[nodiscard]] bool left_nothing() const { return std::filesystem::is_empty(work_->path()); }

 private:
  std::unique_ptr<support::TempFolder> work_, inputs_;
};

/// The one object on stdout; a discarded value when stdout holds anything else.
[[nodiscard]] inline nlohmann::json object(const support::Outcome& outcome) {
  return nlohmann::json::parse(outcome.out, nullptr, false);
}

[[nodiscard]] inline std::string layer_file(const std::string& layers) {
  return R"({"format": "sepconv-layers/1", "name": "small", "layers": [)" + layers + "]}";
}

inline constexpr const char* kPointwise =
    R"({"name": "first", "op": "pointwise", "dtype": "f32", "layout": "nhwc", "batch": 1,
        "height": 4, "width": 6, "channels_in": 8, "channels_out": 16, "bias": true,
        "activation": "relu", "residual": false, "count": 1})";
inline constexpr const char* kDepthwise =
    R"({"name": "second", "op": "depthwise", "dtype": "f32", "layout": "nhwc", "batch": 1,
        "height": 8, "width": 8, "channels_in": 16, "kernel": [3, 3], "stride": [1, 1],
        "padding": [1, 1, 1, 1], "dilation": [1, 1], "multiplier": 1, "bias": true,
        "activation": "relu6", "count": 1})";

}  // namespace sepconv::cli
