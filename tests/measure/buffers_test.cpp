// Tests: guarded memory notices one byte before and after its data and names the buffer.
#include <gtest/gtest.h>

#include <cstring>

#include "measure/buffers.h"
#include "measure/isolate.h"

namespace sepconv::measure {
namespace {

GuardedBuffer buffer(size_t bytes, size_t alignment, Placement placement) {
  auto made = GuardedBuffer::make("sample", bytes, alignment, placement);
  EXPECT_TRUE(made);
  return std::move(*made);
}

/// What a child that touches one byte at an offset from the data is reported with.
std::string reason_of_write(const GuardedBuffer& sample, ptrdiff_t offset) {
  return isolated(20,
                  [&] {
                    *reinterpret_cast<volatile char*>(sample.data() + offset) = 1;
                    return Outcome{};
                  })
      .reason;
}

std::string reason_of_read(const GuardedBuffer& sample, ptrdiff_t offset) {
  return isolated(20,
                  [&] {
                    (void)*reinterpret_cast<volatile char*>(sample.data() + offset);
                    return Outcome{};
                  })
      .reason;
}

TEST(GuardedBuffer, NoticesAWriteOneByteAfterTheEnd) {
  const GuardedBuffer sample = buffer(101, 1, Placement::end);
  EXPECT_NE(reason_of_write(sample, 101).find("accessed 0 bytes after the end of sample"),
            std::string::npos);
}

TEST(GuardedBuffer, NoticesAReadOneByteAfterTheEnd) {
  const GuardedBuffer sample = buffer(101, 1, Placement::end);
  EXPECT_NE(reason_of_read(sample, 101).find("after the end of sample"), std::string::npos);
}

TEST(GuardedBuffer, NoticesAnAccessOneByteBeforeTheStart) {
  const GuardedBuffer sample = buffer(101, 1, Placement::start);
  const std::string expected = "accessed 1 bytes before the start of sample";
  EXPECT_NE(reason_of_write(sample, -1).find(expected), std::string::npos);
  EXPECT_NE(reason_of_read(sample, -1).find(expected), std::string::npos);
}

TEST(GuardedBuffer, NoticesAnAccessHundredsOfKilobytesAway) {
  const GuardedBuffer sample = buffer(64, 64, Placement::end);
  EXPECT_NE(reason_of_read(sample, 500'000).find("after the end of sample"), std::string::npos);
  EXPECT_NE(reason_of_read(sample, -500'000).find("before the start of sample"), std::string::npos);
}

TEST(GuardedBuffer, AllowsEveryByteOfItsData) {
  for (const Placement placement : {Placement::start, Placement::end}) {
    const GuardedBuffer sample = buffer(5000, 64, placement);
    std::memset(sample.data(), 1, sample.bytes());
    EXPECT_TRUE(sample.intact());
  }
}

TEST(GuardedBuffer, KeepsItsAlignment) {
  for (const Placement placement : {Placement::start, Placement::end}) {
    for (const size_t alignment : {1U, 4U, 64U, 4096U}) {
      const GuardedBuffer sample = buffer(alignment + 3, alignment, placement);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(sample.data()) % alignment, 0U);
    }
  }
}

TEST(GuardedBuffer, SeesWritesIntoTheSlackOfAlignment) {
  GuardedBuffer sample = buffer(65, 64, Placement::end);
  EXPECT_TRUE(sample.intact());
  sample.data()[65] = std::byte{0};
  EXPECT_FALSE(sample.intact());
  GuardedBuffer other = buffer(8, 4, Placement::end);
  other.data()[-1] = std::byte{0};
  EXPECT_FALSE(other.intact());
}

TEST(GuardedBuffer, ReportsAWriteWhileReadOnly) {
  GuardedBuffer sample = buffer(100, 4, Placement::end);
  sample.set_read_only(true);
  EXPECT_NE(reason_of_write(sample, 12).find("wrote at byte 12 into the read-only sample"),
            std::string::npos);
  EXPECT_EQ(reason_of_read(sample, 12), "");
  sample.set_read_only(false);
  EXPECT_EQ(reason_of_write(sample, 12), "");
}

TEST(GuardedBuffer, StaggersStartsInsideThePage) {
  constexpr uintptr_t kPage = 4096;
  auto first = GuardedBuffer::make("first", 1 << 16, 4, Placement::staggered);
  auto second = GuardedBuffer::make("second", 1 << 16, 4, Placement::staggered);
  ASSERT_TRUE(first && second);
  const auto low = [&](const GuardedBuffer& buffer) {
    return reinterpret_cast<uintptr_t>(buffer.data()) % kPage;
  };
  EXPECT_NE(low(*first), low(*second));
  EXPECT_EQ(low(*first) % 64, 0U);
  first->data()[(1 << 16) - 1] = std::byte{1};
  EXPECT_TRUE(first->intact());
}

TEST(GuardedBuffer, IsPoisonedFromTheStart) {
  const GuardedBuffer sample = buffer(8, 4, Placement::end);
  for (size_t at = 0; at < 8; at += 4) {
    uint32_t bits = 0;
    std::memcpy(&bits, sample.data() + at, sizeof(bits));
    EXPECT_EQ(bits, kPoison);
  }
}

TEST(GuardedBuffer, NamesTheRightOneOfSeveral) {
  auto first = GuardedBuffer::make("first", 16, 4, Placement::end);
  auto second = GuardedBuffer::make("second", 16, 4, Placement::end);
  ASSERT_TRUE(first && second);
  EXPECT_NE(reason_of_read(*first, 16).find("end of first"), std::string::npos);
  EXPECT_NE(reason_of_read(*second, 16).find("end of second"), std::string::npos);
}

TEST(GuardedBuffer, MovesWithItsName) {
  GuardedBuffer sample = buffer(16, 4, Placement::end);
  const GuardedBuffer moved = std::move(sample);
  EXPECT_NE(reason_of_read(moved, 16).find("end of sample"), std::string::npos);
}

TEST(DescribeFault, KnowsOnlyLivingBuffers) {
  char text[64];
  const void* address = nullptr;
  {
    const GuardedBuffer sample = buffer(16, 4, Placement::end);
    address = sample.data() + 16;
    describe_fault(address, text, sizeof(text));
    EXPECT_STREQ(text, "accessed 0 bytes after the end of sample");
  }
  describe_fault(address, text, sizeof(text));
  EXPECT_STREQ(text, "");
}

TEST(DescribeFault, StaysInsideItsRoom) {
  const GuardedBuffer sample = buffer(16, 4, Placement::end);
  char text[9];
  std::memset(text, '#', sizeof(text));
  describe_fault(sample.data() + 16, text, 8);
  EXPECT_STREQ(text, "accesse");
  EXPECT_EQ(text[8], '#');
}

}  // namespace
}  // namespace sepconv::measure
