// Tests of runtime: finding kernels in a library.
#include "fixture.h"

namespace {

sepconv_kernel named(const char* layer, const char* canonical_name) {
  sepconv_kernel kernel{};
  kernel.layer = layer;
  kernel.canonical_name = canonical_name;
  return kernel;
}

// The last layer is named like the first one's canonical name.
const sepconv_kernel kernels[3] = {named("stem", "pw_a"), named("block", "pw_b"),
                                   named("pw_a", "pw_c")};

}  // namespace

// In place of the emitter's descriptors.
extern "C" {
extern const sepconv_library test_library __asm__("sepconv_library");
const sepconv_library test_library = {kernels, 3};
}

namespace sepconv::runtime {
namespace {

TEST(Library, ListsItsKernelsInOrder) {
  ASSERT_EQ(sepconv_library_count(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(sepconv_library_at(i), &kernels[i]);
}

TEST(Library, HasNothingBeyondTheEnd) {
  EXPECT_EQ(sepconv_library_at(3), nullptr);
  EXPECT_EQ(sepconv_library_at(SIZE_MAX), nullptr);
}

TEST(Library, FindsByLayerAndByCanonicalName) {
  EXPECT_EQ(sepconv_library_find("block"), &kernels[1]);
  EXPECT_EQ(sepconv_library_find("pw_b"), &kernels[1]);
}

TEST(Library, ALayersOwnNameWinsOverAnothersCanonicalName) {
  EXPECT_EQ(sepconv_library_find("pw_a"), &kernels[2]);
}

TEST(Library, FindsNothingForAnUnknownCutOrMissingName) {
  for (const char* name : {"", "st", "stems", "PW_A"}) {
    EXPECT_EQ(sepconv_library_find(name), nullptr) << name;
  }
  EXPECT_EQ(sepconv_library_find(nullptr), nullptr);
}

}  // namespace
}  // namespace sepconv::runtime
