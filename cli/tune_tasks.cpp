// Cli: layers, targets and a database to the tuner's tasks. Knows no measurement and no output.
#include "cli/tune_tasks.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <utility>

#include "measure/machine.h"
#include "schedules/schedule.h"
#include "spec/name.h"

namespace sepconv::cli {
namespace {

constexpr size_t kNearest = 3;
constexpr size_t kRandomStarts = 4;

template <class T>
bool parse_number(std::string_view text, T& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc{} && parsed.ptr == text.data() + text.size();
}

/// Usable here: measured on this class of machines with as many threads.
std::optional<db::Record> record_of(const db::Database& database, const PlannedTask& task,
                                    const TuneFlags& flags) {
  const std::string name = spec::canonical_name(task.task.layer);
  for (db::Record& record : db::find(database, name, task.task.target.name, flags.machine)) {
    if (db::unusable(record).empty() && record.threads == flags.threads) return std::move(record);
  }
  return std::nullopt;
}

/// The nearest records' points; of the database that gets the winner without the layer's own, which
/// is the incumbent.
void add_nearest(tune::Task& task, const db::Database& database, tune::Random& random,
                 bool without_own) {
  for (const auto& near : db::nearest(database, task.layer, task.target, kNearest)) {
    const bool own = near.record.layer == task.layer.name && near.record.target == task.target.name;
    if ((own && without_own) || !db::unusable(near.record).empty()) continue;
    if (auto point = tune::fitted(task.domain, near.record.point, random)) {
      task.first.push_back({std::move(*point), "nearest"});
    }
  }
}

/// The shipped database's points come before the nearest of the user's: they are the same whatever
/// an earlier session recorded.
void add_first(PlannedTask& planned, const Databases& databases, const TuneFlags& flags) {
  tune::Task& task = planned.task;
  tune::Random random(flags.seed);
  if (flags.start == "random") {
    for (size_t i = 0; i < kRandomStarts; ++i) {
      if (auto point = tune::random_point(task.domain, random)) {
        task.first.push_back({std::move(*point), "random"});
      }
    }
    return;
  }
  task.first.push_back({planned.heuristic, "heuristic"});
  if (planned.before) task.first.push_back({planned.before->point, "database"});
  add_nearest(task, databases.shipped, random, false);
  add_nearest(task, databases.own, random, true);
}

/// In a replay only what is recorded may be proposed.
void restrict_to_known(PlannedTask& planned) {
  auto& domain = planned.task.domain;
  for (const auto& [text, trial] : planned.known) {
    if (auto point = schedules::parse_point(text)) domain.only.push_back(std::move(*point));
  }
  auto& first = planned.task.first;
  first.erase(std::remove_if(first.begin(), first.end(),
                             [&](const tune::Proposal& proposal) {
                               return std::find(domain.only.begin(), domain.only.end(),
                                                proposal.point) == domain.only.end();
                             }),
              first.end());
}

PlannedTask plan_one(const spec::Layer& layer, const targets::Target& target,
                     const Databases& databases, const std::vector<db::Trial>& journal,
                     const TuneFlags& flags) {
  PlannedTask planned;
  planned.layer = layer.name;
  tune::Task& task = planned.task;
  task.layer = layer;
  task.layer.name = spec::canonical_name(layer);
  task.layer.count = 1;
  task.target = target;
  task.domain.space = schedules::space(layer, target);
  task.domain.reasons = [layer = task.layer, target](const schedules::Point& point) {
    return schedules::legal(point, layer, target);
  };
  planned.heuristic = schedules::heuristic(task.layer, target);
  planned.versions = db::current_versions(task.domain.space.version);
  planned.before = record_of(databases.own, planned, flags);
  const bool replay = !flags.simulate.empty();
  planned.known = tune::recorded(
      journal,
      {task.layer.name, target.name, replay ? "" : flags.machine, flags.threads, planned.versions,
       replay ? "" : schedules::to_string(planned.heuristic), flags.predicted});
  add_first(planned, databases, flags);
  if (replay) restrict_to_known(planned);
  return planned;
}

}  // namespace

std::optional<double> parse_duration(const std::string& text) {
  if (text.empty()) return std::nullopt;
  double unit = 1;
  std::string_view digits = text;
  switch (text.back()) {
    case 's':
      digits.remove_suffix(1);
      break;
    case 'm':
      unit = 60;
      digits.remove_suffix(1);
      break;
    case 'h':
      unit = 3600;
      digits.remove_suffix(1);
      break;
    default:
      break;
  }
  double value = 0;
  if (!parse_number(digits, value) || !(value > 0) || value * unit > 1e7) return std::nullopt;
  return value * unit;
}

std::optional<Shard> parse_shard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  const auto slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  if (!parse_number(std::string_view(text).substr(0, slash), shard.index) ||
      !parse_number(std::string_view(text).substr(slash + 1), shard.count)) {
    return std::nullopt;
  }
  if (shard.index < 1 || shard.index > shard.count) return std::nullopt;
  return shard;
}

std::string host_machine() {
  const auto native = targets::parse_target("native");
  if (native && native->core.name != "generic") return std::string(native->core.name);
  return machine_word(measure::this_machine().cpu);
}

std::string machine_word(const std::string& cpu) {
  std::string word;
  for (const char c : cpu) {
    const auto letter = static_cast<unsigned char>(c);
    if (std::isalnum(letter) != 0) {
      word += static_cast<char>(std::tolower(letter));
    } else if (!word.empty() && word.back() != '-') {
      word += '-';
    }
  }
  word = word.substr(0, 60);
  while (!word.empty() && word.back() == '-') word.pop_back();
  return db::valid_machine(word) ? word : "unknown";
}

std::vector<PlannedTask> plan_tasks(const Layers& layers,
                                    const std::vector<targets::Target>& targets,
                                    const Databases& databases,
                                    const std::vector<db::Trial>& journal, const TuneFlags& flags) {
  const Shard shard = parse_shard(flags.shard).value_or(Shard{});
  std::vector<PlannedTask> tasks;
  std::map<std::string, size_t> places;  // SIZE_MAX: in another shard
  size_t number = 0;
  for (const spec::Layer& layer : layers.layers) {
    for (const targets::Target& target : targets) {
      const std::string key = spec::canonical_name(layer) + " " + target.name;
      const auto [place, fresh] = places.emplace(key, SIZE_MAX);
      if (!fresh) {
        if (place->second != SIZE_MAX) tasks[place->second].count += layer.count;
        continue;
      }
      if (number++ % shard.count != shard.index - 1) continue;
      place->second = tasks.size();
      tasks.push_back(plan_one(layer, target, databases, journal, flags));
      tasks.back().count = layer.count;
      tasks.back().size = tune::size_of(tasks.back().task.domain);
    }
  }
  return tasks;
}

}  // namespace sepconv::cli
