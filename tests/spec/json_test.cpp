// Tests: layer files to values and back, and all errors of a file at once.
#include "spec/json.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "random_layer.h"

namespace sepconv::spec {
namespace {

bool says(const Errors& errors, const std::string& field, const std::string& part) {
  return std::any_of(errors.begin(), errors.end(), [&](const Error& error) {
    return error.field == field && (error.message + error.hint).find(part) != std::string::npos;
  });
}

Errors errors_of(const std::string& text) {
  const auto file = parse_layer_file(text, "net.json");
  EXPECT_FALSE(file);
  if (file) return {};
  for (const Error& error : file.error()) EXPECT_EQ(error.file, "net.json");
  return file.error();
}

TEST(LayerFile, WritesAndReadsBackRandomLayers) {
  std::mt19937 random(6);
  LayerFile file;
  file.path = "net.json";
  file.name = "net";
  for (int i = 0; i < 500; ++i) {
    file.layers.push_back(tests::random_layer(random));
    file.layers.back().name = "l" + std::to_string(i);
    file.layers.back().count = 1 + i % 5;
  }
  const auto read = parse_layer_file(write_layer_file(file), "net.json");
  ASSERT_TRUE(read) << read.error()[0].field << ' ' << read.error()[0].message;
  EXPECT_EQ(read->name, "net");
  ASSERT_EQ(read->layers.size(), file.layers.size());
  for (size_t i = 0; i < file.layers.size(); ++i) ASSERT_EQ(read->layers[i], file.layers[i]) << i;
}

TEST(LayerFile, SyntaxErrorsHaveLineAndColumn) {
  const Errors errors = errors_of("{\n  \"format\": nonsense\n}");
  ASSERT_EQ(errors.size(), 1U);
  EXPECT_EQ(errors[0].kind, ErrorKind::input);
  EXPECT_NE(errors[0].message.find("line 2"), std::string::npos) << errors[0].message;
}

TEST(LayerFile, ReportsTheErrorsOfAllLayers) {
  LayerFile file;
  file.name = "net";
  std::mt19937 random(6);
  for (int i = 0; i < 3; ++i) file.layers.push_back(tests::random_layer(random));
  for (size_t i = 0; i < 3; ++i) file.layers[i].name = "l" + std::to_string(i);
  file.layers[0].input.h = 0;
  file.layers[2].input.c = -1;
  const Errors errors = errors_of(write_layer_file(file));
  EXPECT_TRUE(says(errors, "layers[0].height", "outside"));
  EXPECT_TRUE(says(errors, "layers[2].channels_in", "outside"));
}

TEST(LayerFile, MissingFilesAreAnError) {
  const auto file = read_layer_file("/nowhere/net.json");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error()[0].kind, ErrorKind::input);
}

}  // namespace
}  // namespace sepconv::spec
