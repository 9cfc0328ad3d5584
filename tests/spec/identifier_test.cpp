// Tests: which words may name layers and libraries.
#include <gtest/gtest.h>

#include "spec/validate.h"

namespace sepconv::spec {
namespace {

bool layer(const std::string& text) {
  std::string why;
  const bool valid = valid_layer_name(text, &why);
  EXPECT_EQ(valid, why.empty()) << text << ": " << why;
  return valid;
}

bool library(const std::string& text) {
  std::string why;
  const bool valid = valid_library_name(text, &why);
  EXPECT_EQ(valid, why.empty()) << text << ": " << why;
  return valid;
}

TEST(LayerName, IsALowerCaseWord) {
  for (const char* text : {"a", "conv1", "block_3_expand"}) EXPECT_TRUE(layer(text)) << text;
  for (const char* text : {"", "1a", "_a", "Conv", "a-b", "a b", "a\n", "\xc3\xa4"}) {
    EXPECT_FALSE(layer(text)) << text;
  }
}

TEST(LayerName, HasAtMost63Characters) {
  EXPECT_TRUE(layer(std::string(63, 'a')));
  EXPECT_FALSE(layer(std::string(64, 'a')));
}

TEST(LayerName, IsNoKeyword) {
  for (const char* text : {"int", "class", "restrict", "co_await"}) {
    EXPECT_FALSE(layer(text)) << text;
  }
}

TEST(LibraryName, IsACIdentifier) {
  for (const char* text : {"mobilenet", "MobileNet_v2", "k2"}) EXPECT_TRUE(library(text)) << text;
  for (const char* text : {"", "2k", "a-b", "a.b", "../a", "int", "a;b"}) {
    EXPECT_FALSE(library(text)) << text;
  }
}

}  // namespace
}  // namespace sepconv::spec
