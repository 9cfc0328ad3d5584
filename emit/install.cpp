// Emit, private: a finished folder into the user's output folder, all or nothing. Knows no kernel.
#include "emit/install.h"

#include <algorithm>
#include <vector>

#include "support/files.h"

namespace sepconv::emit {
namespace {

namespace fs = std::filesystem;

struct Move {
  fs::path from, to, backup;
  bool replaced = false, done = false;
};

void undo(std::vector<Move>& moves) {
  std::error_code ignored;
  for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
    if (move->done) fs::rename(move->to, move->from, ignored);
    if (move->replaced) fs::rename(move->backup, move->to, ignored);
  }
}

Result<void> perform(Move& move) {
  if (auto made = support::make_folder(move.to.parent_path()); !made) return made;
  std::error_code code;
  if (fs::symlink_status(move.to, code).type() != fs::file_type::not_found) {
    if (fs::is_directory(move.to, code)) {
      return fail(
          support::system_error("a folder is where a file must be written", move.to, EISDIR));
    }
    fs::rename(move.to, move.backup, code);
    if (code) return fail(support::system_error("cannot replace the file", move.to, code.value()));
    move.replaced = true;
  }
  fs::rename(move.from, move.to, code);
  if (code) return fail(support::system_error("cannot write the file", move.to, code.value()));
  move.done = true;
  return {};
}

}  // namespace

Result<fs::path> staging_parent(const fs::path& out) {
  const fs::path parent = fs::absolute(out).lexically_normal().parent_path();
  if (auto made = support::make_folder(parent); !made) return fail(made.error());
  return parent;
}

Result<void> install_tree(const fs::path& staged, const fs::path& out) {
  auto backup = support::TempFolder::make(fs::absolute(staged).parent_path(), ".sepconv-old-");
  if (!backup) return fail(backup.error());
  std::vector<fs::path> files;
  for (const auto& item : fs::recursive_directory_iterator(staged)) {
    if (item.is_regular_file()) files.push_back(item.path().lexically_relative(staged));
  }
  std::sort(files.begin(), files.end());
  std::vector<Move> moves;
  for (const fs::path& file : files) {
    moves.push_back({staged / file, out / file, backup->path() / std::to_string(moves.size())});
    if (auto done = perform(moves.back()); !done) {
      undo(moves);
      return done;
    }
  }
  return {};
}

}  // namespace sepconv::emit
