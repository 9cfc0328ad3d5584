// Tests of runtime: memory for emitted code out of a slot.
#include "fixture.h"

namespace sepconv::runtime {
namespace {

class Alloc : public testing::Test {
 protected:
  Alloc() : memory_(256) {
    slot_.memory = reinterpret_cast<unsigned char*>(memory_.data());
    slot_.bytes = 1024;
  }
  void* take(size_t bytes) { return halide_malloc(&slot_, bytes); }
  [[nodiscard]] ptrdiff_t offset(void* block) const {
    return static_cast<unsigned char*>(block) - slot_.memory;
  }
  Floats memory_;
  sepconv_slot slot_{};
};

TEST_F(Alloc, BlocksAreAlignedAndApart) {
  EXPECT_EQ(offset(take(1)), 0);
  EXPECT_EQ(offset(take(65)), 64);
  EXPECT_EQ(offset(take(64)), 192);
}

TEST_F(Alloc, EmptyBlocksAreDistinct) { EXPECT_NE(take(0), take(0)); }

TEST_F(Alloc, FreedMemoryIsTakenAgain) {
  void* first = take(512);
  halide_free(&slot_, first);
  EXPECT_EQ(take(1024), first);
}

TEST_F(Alloc, HolesAreTakenWhereTheyAreLargeEnough) {
  void* hole = take(128);
  void* last = take(64);
  halide_free(&slot_, hole);
  EXPECT_EQ(offset(take(192)), 192);
  EXPECT_EQ(take(128), hole);
  EXPECT_EQ(offset(last), 128);
}

TEST_F(Alloc, AnExhaustedSlotGivesNull) {
  EXPECT_EQ(take(1025), nullptr);
  EXPECT_EQ(take(SIZE_MAX), nullptr);
  ASSERT_NE(take(1024), nullptr);
  EXPECT_EQ(take(1), nullptr);
}

TEST_F(Alloc, MoreBlocksThanTheTableHoldsGiveNull) {
  for (int i = 0; i < SEPCONV_SLOT_BLOCKS; ++i) ASSERT_NE(take(1), nullptr);
  EXPECT_EQ(take(1), nullptr);
}

TEST_F(Alloc, ASlotWithoutMemoryGivesNull) {
  sepconv_slot empty{};
  EXPECT_EQ(halide_malloc(&empty, 1), nullptr);
  EXPECT_EQ(halide_malloc(nullptr, 1), nullptr);
}

TEST_F(Alloc, FreeingNothingChangesNothing) {
  void* block = take(64);
  halide_free(&slot_, nullptr);
  halide_free(nullptr, block);
  EXPECT_EQ(slot_.count, 1u);
}

}  // namespace
}  // namespace sepconv::runtime
