import OctetTensor
import Testing

@Suite struct TensorTests {
  @Test func copiesAreWrittenApart() {
    let original = Tensor(.f32, [2], elements: [1, 2] as [Float])
    var copy = original
    #expect(copy.storage === original.storage)
    copy.withMutableElements(as: Float.self) { $0[0] = 9 }
    #expect(original.elements(as: Float.self) == [1, 2])
    #expect(copy.elements(as: Float.self) == [9, 2])
  }

  @Test func theOnlyOwnerWritesInPlace() {
    var tensor = Tensor(.u8, [4])
    let address = tensor.storage.base
    tensor.withMutableElements(as: UInt8.self) { $0[3] = 7 }
    #expect(tensor.storage.base == address)
  }

  @Test func viewsAreNeverWritten() throws {
    final class Owner {}
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 8, alignment: 8)
    defer { bytes.deallocate() }
    bytes.initializeMemory(as: UInt8.self, repeating: 5)
    let storage = TensorStorage(viewing: UnsafeRawBufferPointer(bytes), keeping: Owner())
    var view = try #require(Tensor(.u8, [8], storage: storage))
    view.withMutableElements(as: UInt8.self) { $0[0] = 1 }
    #expect(bytes[0] == 5)
    #expect(view.elements(as: UInt8.self)[0] == 1)
  }

  @Test func unalignedViewsAreReadable() throws {
    final class Owner {}
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)
    defer { bytes.deallocate() }
    bytes.storeBytes(of: Float(1.5).bitPattern, toByteOffset: 3, as: UInt32.self)
    bytes.storeBytes(of: Float(-2).bitPattern, toByteOffset: 7, as: UInt32.self)
    let part = UnsafeRawBufferPointer(rebasing: bytes[3..<11])
    let tensor = try #require(Tensor(.f32, [2], storage: TensorStorage(viewing: part, keeping: Owner())))
    #expect(tensor.elements(as: Float.self) == [1.5, -2])
    #expect(tensor.doubles == [1.5, -2])
  }

  @Test func aViewKeepsItsOwner() {
    final class Owner {}
    weak var owner: Owner?
    var tensor: Tensor?
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1, alignment: 1)
    defer { bytes.deallocate() }
    do {
      let strong = Owner()
      owner = strong
      tensor = Tensor(.u8, [1], storage: TensorStorage(viewing: UnsafeRawBufferPointer(bytes), keeping: strong))
    }
    #expect(owner != nil)
    #expect(tensor != nil)
    tensor = nil
    #expect(owner == nil)
  }

  @Test func storageOfAnotherSizeIsRefused() {
    #expect(Tensor(.f32, [3], storage: TensorStorage(byteCount: 11)) == nil)
    #expect(Tensor(.i4, [3], storage: TensorStorage(byteCount: 2)) != nil)
  }

  @Test func memoryIsZeroedAndAlignedWithSlackBehindIt() {
    let storage = TensorStorage(byteCount: 5)
    #expect(Int(bitPattern: storage.base) % 64 == 0)
    let bytes = UnsafeRawBufferPointer(start: storage.base, count: 5 + TensorStorage.slack)
    #expect(bytes.allSatisfy { $0 == 0 })
  }

  @Test func reshapingSharesTheElements() {
    let tensor = Tensor(.i8, [2, 3], elements: [1, 2, 3, 4, 5, 6] as [Int8])
    let flat = tensor.reshaped(to: [6])
    #expect(flat.storage === tensor.storage)
    #expect(flat.shape == [6])
  }
}
