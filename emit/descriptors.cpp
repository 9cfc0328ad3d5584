// Emit, private: descriptors as assembly text. Knows no layer and no Halide.
#include "emit/descriptors.h"

#include <map>
#include <sstream>

namespace sepconv::emit {
namespace {

/// Writes directives; strings are pooled and come last.
class Writer {
 public:
  void section(const std::string& label, bool relocated) {
    text_ << "\n\t.section " << (relocated ? ".data.rel.ro." : ".rodata.") << label << ",\""
          << (relocated ? "aw" : "a") << "\",%progbits\n\t.p2align 3\n"
          << label << ":\n";
  }
  void number(uint64_t value) { text_ << "\t.quad " << value << "\n"; }
  void number(int64_t value) { text_ << "\t.quad " << value << "\n"; }
  void half(uint32_t value) { text_ << "\t.long " << value << "\n"; }
  void pointer(const std::string& symbol) { text_ << "\t.quad " << symbol << "\n"; }
  void string(const std::string& value) {
    const auto place = strings_.emplace(value, "sepconv_s" + std::to_string(strings_.size())).first;
    pointer(place->second);
  }
  template <class Values>
  void numbers(const Values& values) {
    for (const int64_t value : values) number(value);
  }
  std::ostringstream& raw() { return text_; }

  std::string finish() {
    for (const auto& [value, label] : strings_) {
      text_ << "\n\t.section .rodata." << label << ",\"a\",%progbits\n"
            << label << ":\n\t.asciz \"" << value << "\"\n";
    }
    text_ << "\n\t.section .note.GNU-stack,\"\",%progbits\n";
    return text_.str();
  }

 private:
  std::ostringstream text_;
  std::map<std::string, std::string> strings_;
};

std::string label(const char* what, size_t index) {
  return std::string("sepconv_") + what + std::to_string(index);
}

void write_parts(Writer& out, const ImplData& impl, size_t index) {
  if (impl.parts.empty()) return;
  out.section(label("parts", index), false);
  for (const PartData& part : impl.parts) {
    out.half(part.kind);
    out.half(part.role);
    for (const int64_t value : {part.ci, part.co, part.kh, part.kw, part.offset, part.bytes}) {
      out.number(value);
    }
    out.numbers(part.extents);
    out.half(part.dtype);
    out.half(part.reserved);
  }
}

void write_phases(Writer& out, const VariantData& variant, const std::string& name) {
  out.section(name, true);
  for (const PhaseData& phase : variant.phases) {
    out.pointer(phase.function);
    out.half(phase.axis);
    out.half(phase.flags);
    out.number(phase.grain);
    out.number(phase.tasks);
    out.number(phase.least);
    out.number(phase.range);
    out.number(phase.images);
    out.numbers(phase.input_hwc);
    out.numbers(phase.output_hwc);
    out.number(phase.input_offset);
    out.number(phase.output_offset);
    out.half(phase.first_part);
    out.half(phase.part_count);
  }
}

void write_impl(Writer& out, const ImplData& impl, size_t index) {
  write_parts(out, impl, index);
  const auto phases = [index](size_t variant) {
    return label("phases", index) + "_" + std::to_string(variant);
  };
  for (size_t i = 0; i < impl.variants.size(); ++i) write_phases(out, impl.variants[i], phases(i));
  out.section(label("variants", index), true);
  for (size_t i = 0; i < impl.variants.size(); ++i) {
    const VariantData& variant = impl.variants[i];
    out.string(variant.target);
    out.number(variant.required_features);
    out.number(variant.scratch_bytes);
    out.number(variant.shared_bytes);
    out.pointer(phases(i));
    out.number(uint64_t{variant.phases.size()});
  }
  out.section(label("impl", index), true);
  out.number(impl.layer_hash);
  out.number(impl.packing_version);
  out.pointer(impl.parts.empty() ? "0" : label("parts", index));
  out.number(uint64_t{impl.parts.size()});
  out.pointer(label("variants", index));
  out.number(uint64_t{impl.variants.size()});
  out.number(impl.between_bytes);
  out.number(impl.residual_is_input);
}

void write_tensor(Writer& out, const TensorData& tensor) {
  out.number(uint64_t{0});
  out.numbers(tensor.extent);
  out.numbers(tensor.stride);
}

void write_layer(Writer& out, const LayerData& layer, uint32_t abi_version) {
  out.half(abi_version);
  out.half(0);
  out.string(layer.layer);
  out.string(layer.canonical_name);
  out.string(layer.layout);
  for (const TensorData* tensor : {&layer.input, &layer.residual, &layer.output}) {
    write_tensor(out, *tensor);
  }
  out.number(layer.packed_bytes);
  out.pointer(label("impl", layer.impl));
  for (const char* function : {kRuntimePack, kRuntimeRun, kRuntimeQuery}) out.pointer(function);
  out.string(layer.dtype);
  out.number(layer.element_bytes);
}

/// Returns the address of a kernel; position independent.
void write_accessor(Writer& out, const std::string& symbol, const std::string& kernel,
                    Architecture architecture) {
  out.raw() << "\n\t.section .text." << symbol << ",\"ax\",%progbits\n\t.p2align 4\n\t.globl "
            << symbol << "\n\t.type " << symbol << ",%function\n"
            << symbol << ":\n";
  if (architecture == Architecture::x86_64) {
    out.raw() << "\tleaq " << kernel << "(%rip), %rax\n\tretq\n";
  } else {
    out.raw() << "\tadrp x0, " << kernel << "\n\tadd x0, x0, :lo12:" << kernel << "\n\tret\n";
  }
  out.raw() << "\t.size " << symbol << ", .-" << symbol << "\n";
}

}  // namespace

std::string descriptor_assembly(const LibraryData& library, Architecture architecture) {
  Writer out;
  for (size_t i = 0; i < library.impls.size(); ++i) write_impl(out, library.impls[i], i);
  // The list is one array, as kernel.h has it; a layer's accessor points into it.
  out.section("sepconv_kernels", true);
  for (size_t i = 0; i < library.layers.size(); ++i) {
    out.raw() << label("kernel", i) << ":\n";
    write_layer(out, library.layers[i], library.abi_version);
  }
  out.raw() << "\n\t.globl " << kLibrarySymbol;
  out.section(kLibrarySymbol, true);
  out.pointer("sepconv_kernels");
  out.number(uint64_t{library.layers.size()});
  for (size_t i = 0; i < library.layers.size(); ++i) {
    write_accessor(out, library.name + "_" + library.layers[i].layer, label("kernel", i),
                   architecture);
  }
  return out.finish();
}

}  // namespace sepconv::emit
