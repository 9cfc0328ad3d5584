// Tests of cli: the pieces that need no process: errors as text, quoting, .npy files.
#include <gtest/gtest.h>

#include <cstring>

#include "cli/npy.h"
#include "cli/output.h"

namespace sepconv::cli {
namespace {

Error sample(ErrorKind kind) {
  Error error;
  error.kind = kind;
  error.file = "a.json";
  error.layer = "first";
  error.field = "layers[0].height";
  error.value = "0";
  error.message = "is outside 1 to 9";
  error.hint = "use another";
  return error;
}

TEST(Output, AnErrorSaysWhereWhatAndWhatToDo) {
  EXPECT_EQ(describe(sample(ErrorKind::input)),
            "a.json: first: layers[0].height: is outside 1 to 9 (value 0)\n  use another");
}

TEST(Output, TheGravestKindDecidesTheExitCode) {
  EXPECT_EQ(exit_code({}), 0);
  EXPECT_EQ(exit_code({sample(ErrorKind::usage)}), 2);
  EXPECT_EQ(exit_code({sample(ErrorKind::input), sample(ErrorKind::usage)}), 3);
  EXPECT_EQ(exit_code({sample(ErrorKind::environment), sample(ErrorKind::input)}), 4);
  EXPECT_EQ(exit_code({sample(ErrorKind::input), sample(ErrorKind::internal)}), 5);
}

TEST(Output, WordsAreQuotedForAShell) {
  EXPECT_EQ(shell_word("a/b-c_1.json"), "a/b-c_1.json");
  EXPECT_EQ(shell_word("my file"), "'my file'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

/// A version 1 file with this header dictionary and these values.
std::string npy(const std::string& header, const std::vector<float>& values) {
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  const size_t begin = bytes.size();
  bytes.resize(begin + values.size() * sizeof(float));
  std::memcpy(bytes.data() + begin, values.data(), values.size() * sizeof(float));
  return bytes;
}

TEST(Npy, ReadsShapeAndValues) {
  const auto array = parse_npy(
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 3), }\n", {1, 2, 3, 4, 5, 6}),
      "a.npy");
  ASSERT_TRUE(array);
  EXPECT_EQ(array->extents, (std::vector<int64_t>{2, 1, 3}));
  EXPECT_EQ(array->values, (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ReadsAVector) {
  const auto array =
      parse_npy(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n", {7, 8}), "");
  ASSERT_TRUE(array);
  EXPECT_EQ(array->extents, std::vector<int64_t>{2});
}

class BadNpy : public testing::TestWithParam<std::string> {};

TEST_P(BadNpy, IsAnInputError) {
  const auto array = parse_npy(GetParam(), "a.npy");
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().front().kind, ErrorKind::input);
  EXPECT_EQ(array.error().front().file, "a.npy");
}

INSTANTIATE_TEST_SUITE_P(
    Headers, BadNpy,
    testing::Values(
        "", "not an array", std::string("\x93NUMPY\x01\x00\xff\xff{", 11),
        std::string("\x93NUMPY\x03\x00\x01\x00 ", 11), std::string("\x93NUMPY\x02\x00\x01\x00", 10),
        npy("{'fortran_order': False, 'shape': (1,), }", {1}),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", {1, 2}),
        npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", {1}),
        npy("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", {1}),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': 1, }", {1}),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", {1}),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", {1}),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (65536, 65536, 65536), }", {1}),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", {1}),
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", {1, 2})));

}  // namespace
}  // namespace sepconv::cli
