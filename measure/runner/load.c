/* Measure: a shared object from memory into the runner. Knows no kernel. */
#include "load.h"

#include <elf.h>

#include "system.h"

#if defined(__aarch64__)
enum { MACHINE = 183, RELATIVE = 1027, ABSOLUTE = 257, GLOBAL_DATA = 1025, JUMP_SLOT = 1026 };
#else
enum { MACHINE = 62, RELATIVE = 8, ABSOLUTE = 1, GLOBAL_DATA = 6, JUMP_SLOT = 7 };
#endif

/* The name is the library's and that of the runner's own copy of runtime/src/cpu_arm.c. */
unsigned long getauxval(unsigned long type) { return auxiliary(type); }

/* What kernels and the library's runtime need of a libc. */
static void* own_symbol(const char* name) {
  if (same_text(name, "memcpy")) return (void*)(uintptr_t)memcpy;
  if (same_text(name, "memmove")) return (void*)(uintptr_t)memmove;
  if (same_text(name, "memset")) return (void*)(uintptr_t)memset;
  if (same_text(name, "getenv")) return (void*)(uintptr_t)environment;
  if (same_text(name, "getauxval")) return (void*)(uintptr_t)getauxval;
  return NULL;
}

static const char* resolve(const image* loaded, uint64_t index, uint64_t* value) {
  const Elf64_Sym* symbol = (const Elf64_Sym*)loaded->symbols + index;
  if (symbol->st_shndx != 0) {
    *value = (uint64_t)(uintptr_t)(loaded->base + symbol->st_value);
    return NULL;
  }
  *value = (uint64_t)(uintptr_t)own_symbol((const char*)loaded->strings + symbol->st_name);
  return *value == 0 ? "the library needs a function that the runner does not have" : NULL;
}

static const char* relocate(const image* loaded, const Elf64_Rela* entries, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    uint64_t value = (uint64_t)(uintptr_t)loaded->base;
    const uint64_t type = ELF64_R_TYPE(entries[i].r_info);
    if (type == ABSOLUTE || type == GLOBAL_DATA || type == JUMP_SLOT) {
      const char* problem = resolve(loaded, ELF64_R_SYM(entries[i].r_info), &value);
      if (problem != NULL) return problem;
    } else if (type != RELATIVE) {
      return "the library has a relocation that the runner does not know";
    }
    value += (uint64_t)entries[i].r_addend;
    memcpy(loaded->base + entries[i].r_offset, &value, sizeof value);
  }
  return NULL;
}

static const char* link_image(image* loaded, const Elf64_Dyn* dynamic) {
  uint64_t table[38] = {0}; /* by tag, up to the last that matters */
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag > 0 && dynamic->d_tag < 38) table[dynamic->d_tag] = dynamic->d_un.d_val;
  }
  if (table[DT_HASH] == 0) return "the library has no table of symbols";
  loaded->symbols = loaded->base + table[DT_SYMTAB];
  loaded->strings = loaded->base + table[DT_STRTAB];
  loaded->symbol_count = ((const uint32_t*)(loaded->base + table[DT_HASH]))[1];
  const char* problem = relocate(loaded, (const Elf64_Rela*)(loaded->base + table[DT_RELA]),
                                 table[DT_RELASZ] / sizeof(Elf64_Rela));
  if (problem != NULL) return problem;
  return relocate(loaded, (const Elf64_Rela*)(loaded->base + table[DT_JMPREL]),
                  table[DT_PLTRELSZ] / sizeof(Elf64_Rela));
}

static void protect(const image* loaded, const Elf64_Phdr* segment) {
  const uintptr_t page = page_bytes();
  const uintptr_t first = ((uintptr_t)loaded->base + segment->p_vaddr) & ~(page - 1);
  const uintptr_t last =
      ((uintptr_t)loaded->base + segment->p_vaddr + segment->p_memsz + page - 1) & ~(page - 1);
  int access = ACCESS_READ;
  if ((segment->p_flags & PF_W) != 0) access |= ACCESS_WRITE;
  if ((segment->p_flags & PF_X) != 0) {
    access |= ACCESS_EXECUTE;
    flush_code((void*)first, last - first);
  }
  set_access((void*)first, last - first, access);
}

const char* load_image(const char* file, size_t bytes, image* loaded) {
  const Elf64_Ehdr* header = (const Elf64_Ehdr*)file;
  if (bytes < sizeof *header || header->e_type != ET_DYN || header->e_machine != MACHINE ||
      header->e_phoff + header->e_phnum * sizeof(Elf64_Phdr) > bytes) {
    return "the library is not of the runner's architecture";
  }
  const Elf64_Phdr* segments = (const Elf64_Phdr*)(file + header->e_phoff);
  const Elf64_Dyn* dynamic = NULL;
  size_t span = 0;
  for (int i = 0; i < header->e_phnum; ++i) {
    const size_t end = segments[i].p_vaddr + segments[i].p_memsz;
    if (segments[i].p_type == PT_LOAD && end > span) span = end;
  }
  /* Segments are aligned to 64 KiB at most; the base is too. */
  const uintptr_t align = 65536;
  loaded->base = (char*)(((uintptr_t)map_pages(span + 2 * align) + align - 1) & ~(align - 1));
  for (int i = 0; i < header->e_phnum; ++i) {
    const Elf64_Phdr* segment = &segments[i];
    if (segment->p_type == PT_DYNAMIC)
      dynamic = (const Elf64_Dyn*)(loaded->base + segment->p_vaddr);
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_offset + segment->p_filesz > bytes) return "the library is cut short";
    memcpy(loaded->base + segment->p_vaddr, file + segment->p_offset, segment->p_filesz);
  }
  if (dynamic == NULL) return "the library is not dynamic";
  const char* problem = link_image(loaded, dynamic);
  if (problem != NULL) return problem;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD) protect(loaded, &segments[i]);
  }
  return NULL;
}

void* find_symbol(const image* loaded, const char* name) {
  const Elf64_Sym* symbols = loaded->symbols;
  for (size_t i = 1; i < loaded->symbol_count; ++i) {
    const char* text = (const char*)loaded->strings + symbols[i].st_name;
    if (symbols[i].st_shndx != 0 && same_text(text, name)) {
      return loaded->base + symbols[i].st_value;
    }
  }
  return NULL;
}
