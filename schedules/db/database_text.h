// Schedules, database, private: what the parts of the database share. Knows no file.
#pragma once

#include "schedules/db/database.h"

namespace sepconv::db {

/// Order of records: by layer, target, machine.
[[nodiscard]] bool key_less(const Record& one, const Record& other);
[[nodiscard]] inline bool same_key(const Record& one, const Record& other) {
  return !key_less(one, other) && !key_less(other, one);
}

/// "layer on target (machine)", for messages.
[[nodiscard]] std::string key_text(const Record& record);

}  // namespace sepconv::db
