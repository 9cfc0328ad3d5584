// Emit, private: the little of ELF64 that is needed. Knows no kernel.
#include "emit/elf.h"

#include <elf.h>

#include <cstring>

namespace sepconv::emit {

Result<int64_t> code_bytes(std::string_view object) {
  const auto bad = [](const char* why) {
    Error error;
    error.message = std::string("the compiled object is not an ELF64 object: ") + why;
    error.hint = "report this with the layer's canonical name";
    return fail(error);
  };
  Elf64_Ehdr header;
  if (object.size() < sizeof header) return bad("it is too short");
  std::memcpy(&header, object.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_shentsize != sizeof(Elf64_Shdr)) {
    return bad("its header is another one");
  }
  const uint64_t table = uint64_t{header.e_shnum} * sizeof(Elf64_Shdr);
  if (header.e_shoff > object.size() || table > object.size() - header.e_shoff) {
    return bad("its section table is cut off");
  }
  int64_t total = 0;
  for (uint64_t i = 0; i < header.e_shnum; ++i) {
    Elf64_Shdr section;
    std::memcpy(&section, object.data() + header.e_shoff + i * sizeof section, sizeof section);
    if ((section.sh_flags & SHF_EXECINSTR) != 0) total += static_cast<int64_t>(section.sh_size);
  }
  return total;
}

}  // namespace sepconv::emit
