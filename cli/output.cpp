// Cli: what leaves the tool: JSON on stdout, words on stderr, the exit code. Knows no verb.
#include "cli/output.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

namespace sepconv::cli {
namespace {

const char* word(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::input:
      return "input";
    case ErrorKind::environment:
      return "environment";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

int code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return kUsage;
    case ErrorKind::input:
      return kBadInput;
    case ErrorKind::environment:
      return kEnvironment;
    case ErrorKind::internal:
      return kInternal;
  }
  return kInternal;
}

}  // namespace

int exit_code(const Errors& errors) {
  int gravest = kOk;
  for (const Error& error : errors) gravest = std::max(gravest, code(error.kind));
  return gravest;
}

std::string describe(const Error& error) {
  std::string text;
  for (const std::string* place : {&error.file, &error.layer, &error.field}) {
    if (!place->empty()) text += *place + ": ";
  }
  text += error.message;
  // A long value is its file's whole line or worse; the beginning is enough to find it.
  if (!error.value.empty()) text += fmt::format(" (value {})", error.value.substr(0, 200));
  if (!error.hint.empty()) text += "\n  " + error.hint;
  return text;
}

Json to_json(const Errors& errors) {
  Json list = Json::array();
  for (const Error& error : errors) {
    Json item;
    item["kind"] = word(error.kind);
    item["file"] = error.file;
    item["layer"] = error.layer;
    item["field"] = error.field;
    item["value"] = error.value;
    item["message"] = error.message;
    item["hint"] = error.hint;
    list.push_back(std::move(item));
  }
  return list;
}

void print_json(const Json& json) {
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace);
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

void print_errors(const Errors& errors) {
  for (const Error& error : errors) fmt::print(stderr, "sepconv: {}\n", describe(error));
}

int report(const Errors& errors, bool json) {
  print_errors(errors);
  if (json) print_json({{"errors", to_json(errors)}});
  return exit_code(errors);
}

std::string shell_word(const std::string& text) {
  const auto plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("-_./,=+@:").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain)) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace sepconv::cli
