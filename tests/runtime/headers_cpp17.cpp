// Tests of runtime: sepconv.hpp in C++17.
#include <sepconv/sepconv.hpp>

#include <vector>

std::vector<float> headers_cpp17_run(sepconv::Kernel kernel, const sepconv::Weights& weights,
                                     const std::vector<float>& input, std::size_t outputs,
                                     std::uint32_t threads) {
  std::vector<float> output(outputs);
  const sepconv::Packed packed = sepconv::pack(kernel, SEPCONV_HWIO, weights);
  if (!packed) return {};
  sepconv_call call = sepconv::make_call(kernel, packed, input.data(), output.data());
  auto backwards = [](std::uint32_t count, auto&& body) {
    while (count > 0) body(--count);
  };
  if (threads > 0) sepconv::use_threads(call, backwards, threads);
  const sepconv::Buffer workspace = sepconv::make_workspace(kernel, call);
  if (sepconv::run(kernel, call, workspace) != SEPCONV_OK) return {};
  return output;
}
