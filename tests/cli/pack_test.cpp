// Tests of cli: packed blobs hold the documented layout, whatever order the arrays come in.
#include <cstring>

#include "fixture.h"
#include "sepconv/sepconv.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

constexpr const char* kName = "pw_f32_n1h4w6c8_o16_relu";
constexpr size_t kHeaderBytes = 64;

std::string npy(const std::string& shape, const std::vector<float>& values) {
  const std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }\n";
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(header.size());
  bytes += '\0';
  bytes += header;
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
  return bytes;
}

/// The same values as halves; they must be halves.
std::string npy_of_halves(const std::string& shape, const std::vector<float>& values) {
  std::string bytes = npy(shape, {});
  bytes.replace(bytes.find("<f4"), 3, "<f2");
  for (const float value : values) {
    const uint16_t half = sepconv_f32_to_f16(value);
    bytes.append(reinterpret_cast<const char*>(&half), sizeof(half));
  }
  return bytes;
}

class PackVerb : public ToolTest {
 protected:
  void SetUp() override {
    ToolTest::SetUp();
    for (int ci = 0; ci < 8; ++ci) {
      for (int co = 0; co < 16; ++co) hwio_.push_back(static_cast<float>(100 * ci + co));
    }
    for (int co = 0; co < 16; ++co) {
      for (int ci = 0; ci < 8; ++ci) oihw_.push_back(static_cast<float>(100 * ci + co));
      bias_.push_back(static_cast<float>(-co));
    }
  }
  std::vector<float> hwio_, oihw_, bias_;
};

TEST_F(PackVerb, TakesHalvesForLayersOfEitherType) {
  const std::string bias = input("bias.npy", npy_of_halves("(16,)", bias_));
  const std::string floats = input("floats.npy", npy("(8, 16)", hwio_));
  const std::string halves = input("halves.npy", npy_of_halves("(8, 16)", hwio_));
  for (const char* name : {kName, "pw_f16_n1h4w6c8_o16_relu"}) {
    std::string blobs[2];
    for (const bool half : {false, true}) {
      const auto packed = run({"pack", name, "--order", "hwio", "--weights", half ? halves : floats,
                               "--bias", bias, "--out", "blob.bin"});
      ASSERT_EQ(packed.code, 0) << packed.err;
      blobs[half ? 1 : 0] = support::read_file(work() / "blob.bin").value();
    }
    EXPECT_EQ(blobs[0], blobs[1]);
  }
}

TEST_F(PackVerb, WritesTheDocumentedLayoutForBothOrders) {
  const std::string bias = input("bias.npy", npy("(16,)", bias_));
  const std::string hwio = input("hwio.npy", npy("(8, 16)", hwio_));
  const std::string oihw = input("oihw.npy", npy("(16, 8, 1, 1)", oihw_));
  const auto first = run({"pack", kName, "--order", "hwio", "--weights", hwio, "--bias", bias,
                          "--out", "one.bin", "--json"});
  ASSERT_EQ(first.code, 0) << first.err;
  const auto second = run(
      {"pack", kName, "--order", "oihw", "--weights", oihw, "--bias", bias, "--out", "two.bin"});
  ASSERT_EQ(second.code, 0) << second.err;
  const std::string blob = support::read_file(work() / "one.bin").value();
  EXPECT_EQ(blob, support::read_file(work() / "two.bin").value());
  EXPECT_EQ(object(first)["bytes"], blob.size());

  // One block of 16 channels: packed weights are [ci][16], which is HWIO.
  const auto layer = spec::parse_name(kName).value();
  for (const spec::Parameter& parameter : spec::parameters(layer)) {
    const std::vector<float>& expected = parameter.is_bias ? bias_ : hwio_;
    const size_t begin = kHeaderBytes + static_cast<size_t>(parameter.offset);
    ASSERT_LE(begin + expected.size() * sizeof(float), blob.size());
    EXPECT_EQ(0,
              std::memcmp(blob.data() + begin, expected.data(), expected.size() * sizeof(float)));
  }
}

TEST_F(PackVerb, RefusesAnArrayOfAnotherShape) {
  const std::string bias = input("bias.npy", npy("(16,)", bias_));
  const std::string weights = input("w.npy", npy("(16, 8)", oihw_));
  const auto outcome = run({"pack", kName, "--order", "hwio", "--weights", weights, "--bias", bias,
                            "--out", "blob", "--json"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_EQ(object(outcome)["errors"][0]["field"], "--weights");
  EXPECT_EQ(object(outcome)["errors"][0]["value"], "16x8");
  EXPECT_TRUE(left_nothing());
}

TEST_F(PackVerb, NamesMissingAndSurplusArrays) {
  const std::string bias = input("bias.npy", npy("(16,)", bias_));
  const auto outcome = run({"pack", kName, "--order", "hwio", "--bias", bias, "--depthwise", bias,
                            "--out", "blob", "--json"});
  EXPECT_EQ(outcome.code, 2) << outcome.err;
  EXPECT_EQ(object(outcome)["errors"].size(), 2u);
  EXPECT_TRUE(left_nothing());
}

TEST_F(PackVerb, RefusesFilesThatAreNoArrays) {
  const std::string bias = input("bias.npy", "no array");
  const std::string weights = input("w.npy", npy("(8, 16)", hwio_).substr(0, 100));
  const auto outcome = run({"pack", kName, "--order", "hwio", "--weights", weights, "--bias", bias,
                            "--out", "blob", "--json"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  EXPECT_EQ(object(outcome)["errors"].size(), 2u);
  EXPECT_TRUE(left_nothing());
}

}  // namespace
}  // namespace sepconv::cli
