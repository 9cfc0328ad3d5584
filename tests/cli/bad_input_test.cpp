// Tests of cli: wrong input of every kind gives its documented error and leaves nothing behind.
#include <array>
#include <set>

#include "fixture.h"

namespace sepconv::cli {
namespace {

using nlohmann::json;

/// A change of one field of a layer that makes it wrong; an empty value removes the field.
struct BadField {
  const char* base;
  const char* field;
  const char* value;
};

const BadField kBadFields[] = {
    {kPointwise, "name", ""},
    {kPointwise, "name", R"("")"},
    {kPointwise, "name", R"("Upper")"},
    {kPointwise, "name", R"("9lives")"},
    {kPointwise, "name", R"("has space")"},
    {kPointwise, "name", R"("../up")"},
    {kPointwise, "name", R"("int")"},
    {kPointwise, "name", R"("class")"},
    {kPointwise, "name", R"(7)"},
    {kPointwise, "name", R"("a234567890123456789012345678901234567890123456789012345678901234")"},
    {kPointwise, "op", ""},
    {kPointwise, "op", R"("pool")"},
    {kPointwise, "op", R"(1)"},
    {kPointwise, "dtype", R"("f64")"},
    {kPointwise, "dtype", R"(32)"},
    {kPointwise, "accumulate", R"("f16")"},
    {kPointwise, "accumulate", R"("f64")"},
    {kPointwise, "layout", R"("chwn")"},
    {kPointwise, "layout", R"(null)"},
    {kPointwise, "batch", R"(0)"},
    {kPointwise, "batch", R"(-1)"},
    {kPointwise, "batch", R"("1")"},
    {kPointwise, "height", ""},
    {kPointwise, "height", R"(0)"},
    {kPointwise, "height", R"(1.5)"},
    {kPointwise, "height", R"(99999999999999999999)"},
    {kPointwise, "width", R"(-3)"},
    {kPointwise, "width", R"([6])"},
    {kPointwise, "channels_in", ""},
    {kPointwise, "channels_in", R"(0)"},
    {kPointwise, "channels_in", R"(9223372036854775807)"},
    {kPointwise, "channels_out", ""},
    {kPointwise, "channels_out", R"(0)"},
    {kPointwise, "channels_out", R"(true)"},
    {kPointwise, "bias", R"(1)"},
    {kPointwise, "bias", R"("yes")"},
    {kPointwise, "activation", R"("tanh")"},
    {kPointwise, "activation", R"(6)"},
    {kPointwise, "residual", R"("no")"},
    {kPointwise, "count", R"(0)"},
    {kPointwise, "count", R"(-2)"},
    {kPointwise, "kernel", R"([3, 3])"},
    {kPointwise, "unheard_of", R"(1)"},
    {kPointwise, "input_pixel_stride", R"(4)"},
    {kPointwise, "output_pixel_stride", R"(15)"},
    {kPointwise, "output_pixel_stride", R"(-1)"},
    {kDepthwise, "kernel", ""},
    {kDepthwise, "kernel", R"([0, 3])"},
    {kDepthwise, "kernel", R"([3])"},
    {kDepthwise, "kernel", R"([3, 3, 3])"},
    {kDepthwise, "kernel", R"("3x3")"},
    {kDepthwise, "kernel", R"([99, 3])"},
    {kDepthwise, "stride", R"([0, 1])"},
    {kDepthwise, "stride", R"([1, -1])"},
    {kDepthwise, "stride", R"([1, 1.5])"},
    {kDepthwise, "dilation", R"([0, 1])"},
    {kDepthwise, "dilation", R"([1, 9])"},
    {kDepthwise, "padding", R"([1, 1, 1])"},
    {kDepthwise, "padding", R"([-1, 1, 1, 1])"},
    {kDepthwise, "padding", R"([1, 1, 1, "1"])"},
    {kDepthwise, "multiplier", R"(0)"},
    {kDepthwise, "multiplier", R"(4611686018427387904)"},
    {kDepthwise, "channels_out", R"(17)"},
    {kDepthwise, "activation", R"("Relu")"},
};

class BadField_ : public ToolTest, public testing::WithParamInterface<BadField> {};

TEST_P(BadField_, IsAnInputErrorThatNamesFileAndLeavesNothing) {
  const BadField& bad = GetParam();
  json layer = json::parse(bad.base);
  if (*bad.value == '\0')
    layer.erase(bad.field);
  else
    layer[bad.field] = json::parse(bad.value);
  const std::string path = input("bad.json", layer_file(layer.dump()));
  const auto outcome =
      run({"generate", "--layers", path, "--target", "x86-64-v2", "--out", "out", "--json"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.out;
  ASSERT_FALSE(found["errors"].empty());
  EXPECT_EQ(found["errors"][0]["kind"], "input");
  EXPECT_EQ(found["errors"][0]["file"], path);
  EXPECT_FALSE(found["errors"][0]["message"].get<std::string>().empty());
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(Fields, BadField_, testing::ValuesIn(kBadFields));

const char* const kBadTexts[] = {
    "",
    "{",
    "[]",
    "null",
    "7",
    "\"text\"",
    "{\"format\": \"sepconv-layers/1\"}",
    "{\"format\": \"sepconv-layers/2\", \"name\": \"a\", \"layers\": []}",
    "{\"format\": 1, \"name\": \"a\", \"layers\": []}",
    "{\"name\": \"a\", \"layers\": []}",
    "{\"format\": \"sepconv-layers/1\", \"name\": \"a\", \"layers\": {}}",
    "{\"format\": \"sepconv-layers/1\", \"name\": \"a\", \"layers\": [1]}",
    "{\"format\": \"sepconv-layers/1\", \"name\": \"a b\", \"layers\": []}",
    "{\"format\": \"sepconv-layers/1\", \"name\": \"a\", \"layers\": [{}]}",
    "{\"format\": \"sepconv-layers/1\", \"name\": \"a\", \"layers\": [{\"name\": \"x\"}]} trailing",
    "{\"format\": \"sepconv-layers/1\", \"name\": \"a\", \"layers\": [{\"name\": \"\xff\"}]}",
    "{'format': 'sepconv-layers/1'}",
};

class BadText : public ToolTest, public testing::WithParamInterface<const char*> {};

TEST_P(BadText, IsAnInputErrorThatLeavesNothing) {
  const std::string path = input("bad.json", GetParam());
  const auto outcome = run({"generate", "--layers", path, "--out", "out", "--json"});
  EXPECT_EQ(outcome.code, 3) << outcome.err;
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.out;
  EXPECT_EQ(found["errors"][0]["file"], path);
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(Texts, BadText, testing::ValuesIn(kBadTexts));

struct BadCommand {
  std::vector<const char*> arguments;
  int code;
};

const char* const kGood = "pw_f32_n1h4w6c8_o16_relu";

const BadCommand kBadCommands[] = {
    // names
    {{"inspect", "pw"}, 3},
    {{"inspect", ""}, 3},
    {{"inspect", "pw_f32_n1h4w6c8_o16"}, 3},
    {{"inspect", "pw_f64_n1h4w6c8_o16_relu"}, 3},
    {{"inspect", "pw_f32_n0h4w6c8_o16_relu"}, 3},
    {{"inspect", "pw_f32_n01h4w6c8_o16_relu"}, 3},
    {{"inspect", "pw_f32_n1h4w6c8_o16_relu_"}, 3},
    {{"inspect", "PW_f32_n1h4w6c8_o16_relu"}, 3},
    {{"inspect", "dw_f32_n1h4w6c8_relu"}, 3},
    {{"inspect", "dw_f32_n1h4w6c8_k9s1p0_relu"}, 3},
    {{"inspect", "dw_f32_n1h4w6c8_k3s1p1_relu_res"}, 3},
    {{"inspect", "ir_f32_n1h4w6c8_e48_o16_k3s1p1_relu6_relu6_none_res"}, 3},
    {{"inspect", "pw_f32_n99999999999999999999h4w6c8_o16_relu"}, 3},
    {{"inspect", "../pw_f32_n1h4w6c8_o16_relu"}, 3},
    // flags and verbs
    {{}, 2},
    {{"frobnicate"}, 2},
    {{"tune"}, 2},
    {{"inspect"}, 2},
    {{"inspect", kGood, "--layers", "x.json"}, 2},
    {{"inspect", kGood, "--unheard-of"}, 2},
    {{"inspect", kGood, "--emit", "poem"}, 2},
    {{"inspect", kGood, "--jobs", "-1"}, 2},
    {{"inspect", kGood, "--jobs", "many"}, 2},
    {{"verify", kGood, "--threads", "0"}, 2},
    {{"verify", kGood, "--threads", "x"}, 2},
    {{"verify", kGood, "--db", "some.db"}, 3},
    {{"generate", kGood}, 2},
    {{"generate", "--out", "out"}, 2},
    {{"generate", kGood, "--out", "out", "--name", "a-b"}, 2},
    {{"generate", kGood, "--out", "out", "--name", "int"}, 2},
    {{"generate", kGood, "--out", "out", "--emit", "poem"}, 2},
    {{"generate", kGood, "--out", "out", "--target", "x86-64-v3,arm64"}, 2},
    {{"pack", kGood, "--out", "blob"}, 2},
    {{"pack", kGood, "--order", "chwn", "--out", "blob"}, 2},
    {{"pack", kGood, "--order", "hwio", "--out", "blob"}, 2},
    {{"completion", "tcsh"}, 2},
    // files
    {{"inspect", "--layers", "missing.json"}, 3},
    {{"inspect", "--layers", "."}, 3},
    {{"inspect", "--layers", "/dev/zero"}, 3},
    {{"generate", kGood, kGood, "--out", "out"}, 3},
    // schedules
    {{"verify", kGood, "--schedule", "x"}, 3},
    {{"verify", kGood, "--schedule", "pw_x="}, 3},
    {{"verify", kGood, "--schedule", "=1"}, 3},
    {{"verify", kGood, "--schedule", "pw_x=1,pw_x=2"}, 3},
    {{"verify", kGood, "--schedule", "pw_x=99999999999999999999"}, 3},
    {{"verify", kGood, "--schedule", "unheard_of=1"}, 3},
    {{"generate", kGood, "--out", "out", "--schedule", "unheard_of=1"}, 3},
    {{"explain", kGood, "--schedule", "pw_x=-1"}, 3},
};

class BadCommandTest : public ToolTest, public testing::WithParamInterface<BadCommand> {};

TEST_P(BadCommandTest, GivesItsCodeAndErrorsAndLeavesNothing) {
  std::vector<std::string> arguments(GetParam().arguments.begin(), GetParam().arguments.end());
  arguments.emplace_back("--json");
  const auto outcome = run(arguments);
  EXPECT_EQ(outcome.code, GetParam().code) << outcome.err;
  const json found = object(outcome);
  ASSERT_FALSE(found.is_discarded()) << outcome.out;
  ASSERT_FALSE(found["errors"].empty());
  const std::set<std::string> fields{"kind", "file", "layer", "field", "value", "message", "hint"};
  for (const json& error : found["errors"]) {
    std::set<std::string> present;
    for (const auto& [key, value] : error.items()) present.insert(key);
    EXPECT_EQ(present, fields);
  }
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(Commands, BadCommandTest, testing::ValuesIn(kBadCommands));

const char* const kBadTargets[] = {"",       "x86",          "x86-64-v9",      "x86-64-v3+sse9",
                                   "arm65",  "x86-64-v3@zx", "x86-64-v3+fp16", "x86-64-v3-amiga",
                                   "native,"};

class BadTarget : public ToolTest, public testing::WithParamInterface<const char*> {};

TEST_P(BadTarget, IsRefusedAndLeavesNothing) {
  const auto outcome = run({"generate", kGood, "--out", "out", "--target", GetParam(), "--json"});
  EXPECT_GE(outcome.code, 2) << outcome.err;
  EXPECT_LE(outcome.code, 4) << outcome.err;
  EXPECT_FALSE(object(outcome).is_discarded()) << outcome.out;
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(Targets, BadTarget, testing::ValuesIn(kBadTargets));

/// A target without code for a type, and one that has it.
struct Unsupported {
  const char *layer, *target, *able;
};

class UnsupportedType : public ToolTest, public testing::WithParamInterface<Unsupported> {};

TEST_P(UnsupportedType, IsAnInputErrorOfEveryVerbThatNamesTargetsWithIt) {
  const auto& [layer, target, able] = GetParam();
  for (const std::vector<std::string>& verb : {std::vector<std::string>{"generate", "--out", "out"},
                                               {"verify"},
                                               {"bench"},
                                               {"explain"},
                                               {"inspect", "--emit", "schedule"},
                                               {"tune", "--db", "tuned.db"},
                                               {"tune", "--db", "tuned.db", "--dry-run"}}) {
    std::vector<std::string> arguments = verb;
    arguments.insert(arguments.end(), {layer, "--target", target, "--json"});
    const auto outcome = run(arguments);
    // What cannot run here at all is refused by tune first.
    const bool elsewhere = verb.front() == "tune" && outcome.code == 4;
    EXPECT_TRUE(outcome.code == 3 || elsewhere) << verb.front() << ": " << outcome.err;
    const json found = object(outcome);
    ASSERT_FALSE(found.is_discarded()) << outcome.out;
    if (elsewhere) continue;
    EXPECT_NE(found["errors"][0]["hint"].get<std::string>().find(able), std::string::npos) << found;
  }
  EXPECT_TRUE(left_nothing());
}

INSTANTIATE_TEST_SUITE_P(
    Types, UnsupportedType,
    testing::Values(Unsupported{"pw_f16_n1h4w6c8_o16_relu", "x86-64-v2", "x86-64-v3"},
                    Unsupported{"pw_f16_n1h4w6c8_o16_relu", "arm64+dotprod", "arm64+fp16"},
                    Unsupported{"pw_f16_n1h4w6c8_o16_relu_accf16", "x86-64-v4", "arm64+fp16"},
                    Unsupported{"pw_f16_n1h4w6c8_o16_relu_accf16", "cuda-sm80", "arm64+fp16"}));

TEST_F(ToolTest, SeveralFilesNeedANameAndDistinctLayers) {
  const std::string a = input("a.json", layer_file(kPointwise));
  const std::string b = input("b.json", layer_file(kPointwise));
  EXPECT_EQ(run({"generate", "--layers", a, b, "--out", "out"}).code, 2);
  EXPECT_EQ(run({"generate", "--layers", a, b, "--out", "out", "--name", "both"}).code, 3);
  EXPECT_TRUE(left_nothing());
}

TEST_F(ToolTest, AllErrorsOfAFileAreReportedAtOnce) {
  json first = json::parse(kPointwise), second = json::parse(kDepthwise);
  first["height"] = 0;
  second["activation"] = "tanh";
  const std::string path = input("bad.json", layer_file(first.dump() + "," + second.dump()));
  EXPECT_EQ(object(run({"inspect", "--layers", path, "--json"}))["errors"].size(), 2u);
}

}  // namespace
}  // namespace sepconv::cli
