// Emit, private: the little of ELF64 that is needed. Knows no kernel.
#include "emit/elf.h"

#include <elf.h>

#include <cstring>
#include <vector>

namespace sepconv::emit {
namespace {

auto bad(const char* why) {
  Error error;
  error.message = std::string("the compiled object is not an ELF64 object: ") + why;
  error.hint = "report this with the layer's canonical name";
  return fail(error);
}

/// Whether [offset, offset + bytes) lies inside the object.
bool inside(std::string_view object, uint64_t offset, uint64_t bytes) {
  return offset <= object.size() && bytes <= object.size() - offset;
}

Result<std::vector<Elf64_Shdr>> sections(std::string_view object) {
  Elf64_Ehdr header;
  if (object.size() < sizeof header) return bad("it is too short");
  std::memcpy(&header, object.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_shentsize != sizeof(Elf64_Shdr)) {
    return bad("its header is another one");
  }
  std::vector<Elf64_Shdr> all(header.e_shnum);
  const uint64_t bytes = all.size() * sizeof(Elf64_Shdr);
  if (!inside(object, header.e_shoff, bytes)) return bad("its section table is cut off");
  if (bytes > 0) std::memcpy(all.data(), object.data() + header.e_shoff, bytes);
  return all;
}

}  // namespace

Result<int64_t> code_bytes(std::string_view object) {
  const auto all = sections(object);
  if (!all) return fail(all.error());
  int64_t total = 0;
  for (const Elf64_Shdr& section : *all) {
    if ((section.sh_flags & SHF_EXECINSTR) != 0) total += static_cast<int64_t>(section.sh_size);
  }
  return total;
}

Result<ElfSymbols> global_symbols(std::string_view object) {
  const auto all = sections(object);
  if (!all) return fail(all.error());
  ElfSymbols symbols;
  for (const Elf64_Shdr& section : *all) {
    if (section.sh_type != SHT_SYMTAB) continue;
    if (section.sh_link >= all->size() || !inside(object, section.sh_offset, section.sh_size)) {
      return bad("its symbol table is cut off");
    }
    const Elf64_Shdr& names = (*all)[section.sh_link];
    if (!inside(object, names.sh_offset, names.sh_size)) return bad("its names are cut off");
    const std::string_view texts = object.substr(names.sh_offset, names.sh_size);
    for (uint64_t i = 0; i < section.sh_size / sizeof(Elf64_Sym); ++i) {
      Elf64_Sym symbol;
      std::memcpy(&symbol, object.data() + section.sh_offset + i * sizeof symbol, sizeof symbol);
      if (ELF64_ST_BIND(symbol.st_info) == STB_LOCAL || symbol.st_name >= texts.size()) continue;
      const std::string_view rest = texts.substr(symbol.st_name);
      const std::string name(rest.substr(0, rest.find('\0')));
      (symbol.st_shndx == SHN_UNDEF ? symbols.undefined : symbols.defined).insert(name);
    }
  }
  return symbols;
}

}  // namespace sepconv::emit
