// Tests of runtime: what the tool carries.
#include "runtime/embedded.h"

#include <elf.h>

#include <cstring>
#include <fstream>
#include <iterator>

#include "fixture.h"

namespace sepconv::runtime {
namespace {

Elf64_Ehdr header(std::string_view object) {
  Elf64_Ehdr elf{};
  if (object.size() >= sizeof elf) std::memcpy(&elf, object.data(), sizeof elf);
  return elf;
}

std::string file(const std::string& name) {
  std::ifstream stream(std::string(SEPCONV_SOURCE_DIR) + "/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(Embedded, ObjectsAreOfTheirArchitectures) {
  EXPECT_EQ(header(object_x86_64()).e_machine, EM_X86_64);
  EXPECT_EQ(header(object_arm64()).e_machine, EM_AARCH64);
  EXPECT_EQ(header(object_arm64()).e_type, ET_REL);
}

TEST(Embedded, TextsAreTheFiles) {
  EXPECT_EQ(c_header(), file("runtime/include/sepconv/sepconv.h"));
  EXPECT_EQ(cpp_header(), file("runtime/include/sepconv/sepconv.hpp"));
  EXPECT_EQ(licence(), file("LICENSE"));
}

}  // namespace
}  // namespace sepconv::runtime
