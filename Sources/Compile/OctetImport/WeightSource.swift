import OctetRuntime
import OctetSystem
import OctetTensor

/// The bytes behind a model's constants, from a file or from memory.
///
/// Tensors view these bytes; nothing is copied. Writers store equal constants once, so equal requests get one storage:
/// what is packed for a kernel is then packed once as well.
final class WeightSource {
  private struct Request: Hashable {
    let offset: Int
    let type: ElementType
    let shape: Shape
  }

  private let name: String
  private let file: Result<FileContents, FileError>
  private var tensors: [Request: Tensor] = [:]

  init(_ file: FileContents, name: String) {
    self.file = .success(file)
    self.name = name
  }

  /// A file that may be missing as long as no constant asks for it.
  init(path: String) {
    name = path
    do throws(FileError) {
      file = .success(try FileContents(path: path))
    } catch {
      file = .failure(error)
    }
  }

  /// The constant of `byteCount` bytes at `offset`.
  func tensor(_ type: ElementType, _ shape: Shape, offset: Int, byteCount: Int) throws(ModelError) -> Tensor {
    let request = Request(offset: offset, type: type, shape: shape)
    guard byteCount == type.byteCount(of: shape.elementCount) else {
      let expected = type.byteCount(of: shape.elementCount).map(String.init) ?? "countable"
      throw .model("attribute 'size': expected \(expected) bytes for \(type)\(shape), found \(byteCount)")
    }
    if let known = tensors[request] { return known }
    let file = try openFile()
    let (end, overflow) = offset.addingReportingOverflow(byteCount)
    guard offset >= 0, byteCount >= 0, !overflow, end <= file.bytes.count else {
      throw .model(
        "expected \(byteCount) bytes at offset \(offset) of \(name), found a file of \(file.bytes.count) bytes")
    }
    guard let tensor = Tensor(type, shape, storage: Self.storage(offset..<end, of: file)) else {
      throw .model("expected \(type)\(shape), found \(byteCount) bytes")
    }
    tensors[request] = tensor
    return tensor
  }

  /// A view of the file; what stands at its end gets memory of its own, since kernels read past the end of an operand.
  private static func storage(_ range: Range<Int>, of file: FileContents) -> TensorStorage {
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[range])
    if file.bytes.count - range.upperBound >= TensorStorage.slack {
      return TensorStorage(viewing: bytes, keeping: file)
    }
    let copy = TensorStorage(byteCount: bytes.count)
    if let source = bytes.baseAddress { copy.base.copyMemory(from: source, byteCount: bytes.count) }
    return copy
  }

  private func openFile() throws(ModelError) -> FileContents {
    do throws(FileError) {
      return try file.get()
    } catch {
      throw .model("its values are in a file of their own, but \(error.description)")
    }
  }
}
