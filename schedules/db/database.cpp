// Schedules, database: the file of records: load, save, update, look-up. Knows no search.
#include "schedules/db/database.h"

#include <algorithm>

#include "schedules/db/database_text.h"
#include "schedules/db/locked_file.h"
#include "schedules/schedule.h"
#include "spec/name.h"
#include "support/files.h"

namespace sepconv::db {
namespace fs = std::filesystem;

namespace {

constexpr int64_t kFileBytes = int64_t{64} << 20;

std::string first_message(const Errors& errors) { return errors.front().message; }

}  // namespace

Result<Database> load(const fs::path& path) {
  const auto text = support::read_file(path, kFileBytes);
  if (!text) return fail(text.error());
  return parse_database(*text, path.string());
}

Result<void> save(const fs::path& path, const Database& database) {
  return support::write_file_atomic(real_path(path), to_text(database));
}

Result<void> update(const fs::path& path, const std::vector<Record>& records) {
  if (auto made = make_if_missing(path, to_text({})); !made) return made;
  const auto locked = LockedFile::open(path, LockedFile::Mode::append);
  if (!locked) return fail(locked.error());
  const auto text = locked->read();
  if (!text) return fail(text.error());
  auto database = parse_database(*text, path.string());
  if (!database) return fail(std::move(database.error()));
  for (const Record& record : records) {
    auto& list = database->records;
    const auto place = std::lower_bound(list.begin(), list.end(), record, key_less);
    if (place != list.end() && same_key(*place, record)) {
      if (place->predicted || !record.predicted) *place = record;
    } else {
      list.insert(place, record);
    }
  }
  return save(path, *database);
}

std::vector<Record> find(const Database& database, std::string_view layer,
                         std::string_view target) {
  std::vector<Record> found;
  for (const Record& record : database.records) {
    if (record.layer == layer && record.target == target) found.push_back(record);
  }
  return found;
}

std::vector<Record> find(const Database& database, std::string_view layer, std::string_view target,
                         std::string_view machine) {
  std::vector<Record> found = find(database, layer, target);
  std::erase_if(found, [&](const Record& record) { return record.machine != machine; });
  return found;
}

std::string unusable(const Record& record) {
  const std::string halide = current_versions(0).halide;
  if (record.halide != halide) {
    return "it was tuned with Halide " + record.halide + "; this is " + halide;
  }
  const auto layer = spec::parse_name(record.layer);
  if (!layer) return "its layer is none that this version knows: " + first_message(layer.error());
  const auto target = targets::parse_target(record.target);
  if (!target) {
    return "its target is none that this version knows: " + first_message(target.error());
  }
  if (target->name != record.target) return "its target is now spelt " + target->name;
  const int space = schedules::space(*layer, *target).version;
  if (record.space != space) {
    return "its point is of version " + std::to_string(record.space) +
           " of the schedule space; this is " + std::to_string(space);
  }
  const Errors errors = schedules::legal(record.point, *layer, *target);
  return errors.empty() ? "" : "its point is not in the space: " + first_message(errors);
}

}  // namespace sepconv::db
