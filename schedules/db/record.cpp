// Schedules, database: trials as lines of JSON with a checksum. Knows no file.
#include "schedules/db/record.h"

#include <HalideRuntime.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "schedules/space.h"
#include "support/sha256.h"

namespace sepconv::db {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kOutcomes = {
    "ok",       "compile_failed", "compile_timeout",     "crash",
    "hang",     "out_of_memory",  "illegal_instruction", "wrong_result",
    "unstable", "no_result",      "output_flood"};
constexpr std::string_view kSum = R"(,"sum":")";
constexpr size_t kDigits = 16;
constexpr size_t kDetailBytes = 500, kWordBytes = 200, kPointBytes = 4000, kSamples = 100000;

std::string checksum(std::string_view text) {
  return fmt::format("{:016x}", support::sha256_prefix(text));
}

Error input_error(std::string reason) {
  Error error;
  error.kind = ErrorKind::input;
  error.message = std::move(reason);
  return error;
}

/// The line's text before its checksum; empty when the line is not intact.
std::string_view intact(std::string_view line) {
  const size_t tail = kSum.size() + kDigits + 2;
  if (line.size() <= tail || !line.ends_with("\"}")) return {};
  const std::string_view body = line.substr(0, line.size() - tail);
  const std::string_view rest = line.substr(body.size());
  if (!rest.starts_with(kSum) || rest.substr(kSum.size(), kDigits) != checksum(body)) return {};
  return body;
}

bool is_time(double value) { return std::isfinite(value) && value >= 0; }

bool are_times(const std::vector<double>& values) {
  return values.size() <= kSamples && std::all_of(values.begin(), values.end(), is_time);
}

bool is_point(const std::string& text) {
  return text.size() <= kPointBytes && (text.empty() || schedules::parse_point(text).has_value());
}

/// A word without spaces or control characters.
bool is_word(const std::string& text) {
  return !text.empty() && text.size() <= kWordBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

/// What no trial may be; empty: a sound one.
std::string unsound(const Trial& trial) {
  if (!is_word(trial.layer)) return "the layer is no name";
  if (!is_word(trial.target)) return "the target is no name";
  if (!valid_machine(trial.machine)) return "the machine is no class of machines";
  if (trial.threads < 1 || trial.threads > 4096) return "the threads are out of range";
  if (!is_point(trial.point) || !is_point(trial.incumbent)) return "a point is misspelt";
  if (!are_times(trial.samples_us) || !are_times(trial.incumbent_us)) return "a sample is no time";
  if ((trial.outcome == TrialOutcome::ok) == trial.samples_us.empty()) {
    return "samples and outcome contradict each other";
  }
  if (!is_time(trial.noise) || !is_time(trial.seconds)) return "a figure is no number from 0";
  if (trial.number < 0) return "the trial's number is negative";
  if (!is_word(trial.versions.tool) || !is_word(trial.versions.halide)) {
    return "a version is missing";
  }
  if (!is_word(trial.time)) return "the time is missing";
  return "";
}

/// Reads the fields of an object. A class because it remembers whether all were there.
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  template <class T>
  void read(const char* key, T& value) {
    ++asked_;
    const auto found = json_.find(key);
    if (found == json_.end() || !suits(*found, value)) {
      if (wrong_.empty()) wrong_ = key;
      return;
    }
    value = found->get<T>();
  }
  void refuse(const char* key) { wrong_ = key; }

  /// The first field that is missing or wrong; of an object with other fields too, any word.
  [[nodiscard]] std::string wrong() const {
    return wrong_.empty() && json_.size() != asked_ ? "of another version" : wrong_;
  }

 private:
  static bool suits(const Json& json, const std::string&) { return json.is_string(); }
  static bool suits(const Json& json, bool) { return json.is_boolean(); }
  static bool suits(const Json& json, double) { return json.is_number(); }
  static bool suits(const Json& json, uint64_t) { return json.is_number_unsigned(); }
  static bool suits(const Json& json, int64_t) { return json.is_number_unsigned(); }
  static bool suits(const Json& json, int) {
    return json.is_number_unsigned() && json.get<uint64_t>() < (1U << 31U);
  }
  static bool suits(const Json& json, const std::vector<double>&) {
    return json.is_array() &&
           std::all_of(json.begin(), json.end(), [](const Json& one) { return one.is_number(); });
  }

  const Json& json_;
  size_t asked_ = 0;
  std::string wrong_;
};

/// Every field of a line but schema and checksum, in order; the one list for reading and writing.
template <class AnyTrial, class Visit>
void each_field(AnyTrial& trial, const Visit& visit) {
  visit("layer", trial.layer);
  visit("target", trial.target);
  visit("machine", trial.machine);
  visit("threads", trial.threads);
  visit("point", trial.point);
  visit("outcome", trial.outcome);
  visit("detail", trial.detail);
  visit("samples_us", trial.samples_us);
  visit("incumbent", trial.incumbent);
  visit("incumbent_us", trial.incumbent_us);
  visit("predicted", trial.predicted);
  visit("noise", trial.noise);
  visit("seed", trial.seed);
  visit("number", trial.number);
  visit("origin", trial.origin);
  visit("seconds", trial.seconds);
  visit("tool", trial.versions.tool);
  visit("halide", trial.versions.halide);
  visit("space", trial.versions.space);
  visit("time", trial.time);
}

Trial read_trial(Fields& fields) {
  Trial trial;
  int schema = 0;
  std::string sum;
  fields.read("schema", schema);
  each_field(trial, [&](const char* key, auto& value) {
    if constexpr (std::is_same_v<decltype(value), TrialOutcome&>) {
      std::string text;
      fields.read(key, text);
      if (!parse_outcome(text, value)) fields.refuse(key);
    } else {
      fields.read(key, value);
    }
  });
  fields.read("sum", sum);
  return trial;
}

Json to_json(const Trial& trial) {
  Json json{{"schema", kJournalSchema}};
  each_field(trial, [&](const char* key, const auto& value) {
    if constexpr (std::is_same_v<decltype(value), const TrialOutcome&>) {
      json[key] = word(value);
    } else {
      json[key] = value;
    }
  });
  json["detail"] = trial.detail.substr(0, kDetailBytes);
  return json;
}

/// The line before its checksum: an object without its closing brace.
std::string body(const Trial& trial) {
  std::string text = to_json(trial).dump(-1, ' ', true, Json::error_handler_t::replace);
  text.pop_back();
  return text;
}

}  // namespace

const char* word(TrialOutcome outcome) { return kOutcomes.at(static_cast<size_t>(outcome)); }

bool parse_outcome(std::string_view text, TrialOutcome& outcome) {
  const auto* found = std::find(kOutcomes.begin(), kOutcomes.end(), text);
  if (found == kOutcomes.end()) return false;
  outcome = static_cast<TrialOutcome>(found - kOutcomes.begin());
  return true;
}

Versions current_versions(int space) {
  return {SEPCONV_VERSION,
          fmt::format("{}.{}.{}", HALIDE_VERSION_MAJOR, HALIDE_VERSION_MINOR, HALIDE_VERSION_PATCH),
          space};
}

bool valid_machine(std::string_view text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 64 && plain(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return plain(c) || c == '.' || c == '_' || c == '-'; });
}

std::string to_line(const Trial& trial) {
  const std::string text = body(trial);
  return text + std::string(kSum) + checksum(text) + "\"}";
}

std::string trial_hash(const Trial& trial) { return checksum(body(trial)); }

int line_schema(std::string_view line) {
  if (intact(line).empty()) return 0;
  const Json json = Json::parse(line, nullptr, false);
  const auto found = json.find("schema");
  if (!json.is_object() || found == json.end() || !found->is_number_unsigned()) return 0;
  return static_cast<int>(std::min<uint64_t>(found->get<uint64_t>(), 1U << 30U));
}

Result<Trial> parse_trial(std::string_view line) {
  if (intact(line).empty()) return fail(input_error("its checksum does not match its text"));
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return fail(input_error("it is no JSON object"));
  if (line_schema(line) != kJournalSchema) return fail(input_error("it has another schema"));
  Fields fields(json);
  Trial trial = read_trial(fields);
  if (!fields.wrong().empty()) {
    return fail(input_error("its field " + fields.wrong() + " is missing or wrong"));
  }
  if (std::string why = unsound(trial); !why.empty()) return fail(input_error(std::move(why)));
  return trial;
}

double median(std::vector<double> samples) {
  if (samples.empty()) return 0;
  std::sort(samples.begin(), samples.end());
  const size_t middle = samples.size() / 2;
  return samples.size() % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
}

}  // namespace sepconv::db
