import Testing

@testable import OctetHTTP

@Suite struct SpareBlocksTests {
  private let blocks = SpareBlocks()
  private let large = SpareBlocks.size(for: 3_000_000)

  @Test func aBlockIsUsedAgainByWhoeverWantsItsSize() {
    let first = blocks.take(byteCount: large)
    blocks.give(first, byteCount: large)
    let other = blocks.take(byteCount: 2 * large)
    #expect(other != first)
    let second = blocks.take(byteCount: large)
    #expect(second == first)
    blocks.give(other, byteCount: 2 * large)
    blocks.give(second, byteCount: large)
    #expect(blocks.spareByteCount == 3 * large)
  }

  @Test func smallBlocksAreLeftToTheAllocator() {
    blocks.give(blocks.take(byteCount: 4096), byteCount: 4096)
    #expect(blocks.spareByteCount == 0)
  }

  @Test func fewAreKept() {
    let many = (0..<20).map { _ in blocks.take(byteCount: large) }
    for block in many { blocks.give(block, byteCount: large) }
    #expect(blocks.spareByteCount == 8 * large)
    let huge = 64 << 20
    blocks.give(blocks.take(byteCount: huge), byteCount: huge)
    #expect(blocks.spareByteCount == 0)
  }

  @Test func atRestNoneIsKept() async throws {
    let start = ContinuousClock.now
    blocks.give(blocks.take(byteCount: large), byteCount: large)
    while blocks.spareByteCount > 0, start.duration(to: .now) < .seconds(60) {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(blocks.spareByteCount == 0)
  }

  @Test(arguments: [256 << 10, 300_001, 512_000, 602_285, 3_051_106, (32 << 20) - 1])
  func bodiesOfNearlyTheSameSizeShareBlocks(_ byteCount: Int) {
    let size = SpareBlocks.size(for: byteCount)
    #expect((byteCount...byteCount + byteCount / 8 + 1).contains(size))
    #expect(SpareBlocks.size(for: size) == size)
  }
}
