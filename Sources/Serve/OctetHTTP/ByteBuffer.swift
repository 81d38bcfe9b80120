import CSimdjson
import OctetTensor

/// Bytes that grow at the end and, once they are complete, stay where they are for whoever reads them.
///
/// Sendable because one owner writes it at a time and nobody does after it has been handed on.
final class ByteBuffer: @unchecked Sendable {
  /// Bytes behind the end that may be read.
  static let padding = 64
  private static let alignment = 64

  private var block: Block
  private var capacity: Int
  private let alignedOffset: Int
  private(set) var count = 0

  /// - Parameter alignedOffset: the byte of the content that should stand at a multiple of 64.
  init(capacity: Int = 256, alignedOffset: Int = 0) {
    self.alignedOffset = alignedOffset % Self.alignment
    self.capacity = capacity
    block = Block(capacity: capacity, alignedOffset: self.alignedOffset)
  }

  deinit { block.release() }

  private var base: UnsafeMutableRawPointer { block.base }

  /// Bytes that can be appended where the content stands.
  var spareCount: Int { capacity - count }

  /// The content. Valid as long as the buffer lives and is not appended to.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  func append(_ bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    UnsafeMutableRawBufferPointer(start: base + count, count: bytes.count).copyMemory(from: bytes)
    count += bytes.count
  }

  func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// The number in decimal digits.
  func append(decimal number: Int) {
    var number = Int64(number)
    append(upTo: octet_json_number_width(OCTET_NUMBER_I64)) { text in
      octet_json_write_numbers(OCTET_NUMBER_I64, OCTET_NON_FINITE_NULL, &number, 1, text)
    }
  }

  /// Lets `write` put up to `limit` bytes at the end; it returns how many there were.
  func append(upTo limit: Int, write: (UnsafeMutableRawPointer) -> Int) {
    reserve(limit)
    count += write(base + count)
    precondition(count <= capacity, "more was written than was reserved")
  }

  /// A tensor whose elements are written to `elements` before anybody reads them. It needs no clearing, and large ones are
  /// seldom new memory. As for any tensor, the caller has checked that its bytes can be counted.
  static func tensor(
    _ elementType: ElementType, _ shape: Shape
  ) -> (tensor: Tensor, elements: UnsafeMutableRawPointer) {
    let buffer = ByteBuffer(capacity: elementType.byteCount(of: shape.elementCount) ?? 0)
    buffer.count = buffer.capacity
    buffer.clearPadding()
    guard let tensor = Tensor(elementType, shape, storage: TensorStorage(viewing: buffer.bytes, keeping: buffer)) else {
      preconditionFailure("a tensor of \(elementType)\(shape) has no byte count")
    }
    return (tensor, buffer.base)
  }

  /// Makes the bytes behind the end zero, for readers that look at them.
  func clearPadding() { (base + count).initializeMemory(as: UInt8.self, repeating: 0, count: Self.padding) }

  private func reserve(_ additional: Int) {
    guard additional > capacity - count else { return }
    capacity = max(capacity * 2, count + additional)
    let larger = Block(capacity: capacity, alignedOffset: alignedOffset)
    larger.base.copyMemory(from: base, byteCount: count)
    block.release()
    block = larger
  }

  /// A plain block in which the content is put where it should stand: allocators take longer to give an aligned one.
  private struct Block {
    let base: UnsafeMutableRawPointer
    private let start: UnsafeMutableRawPointer
    private let byteCount: Int

    init(capacity: Int, alignedOffset: Int) {
      byteCount = SpareBlocks.size(for: capacity + padding + alignment)
      start = SpareBlocks.shared.take(byteCount: byteCount)
      base = (start + alignedOffset).alignedUp(toMultipleOf: alignment) - alignedOffset
    }

    func release() { SpareBlocks.shared.give(start, byteCount: byteCount) }
  }
}
