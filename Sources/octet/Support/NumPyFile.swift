import OctetRuntime
import OctetSystem
import OctetTensor

#if canImport(Glibc)
  import Glibc
#endif

/// Tensors as .npy files, format version 1 to 3: little-endian, C order.
///
/// Source: NumPy Enhancement Proposal 1 and numpy.lib.format.
enum NumPyFile {
  private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)

  private static let descriptors: [(descriptor: String, type: ElementType)] = [
    ("<f8", .f64), ("<f4", .f32), ("<f2", .f16), ("<i8", .i64), ("<i4", .i32), ("<i2", .i16), ("|i1", .i8),
    ("<u8", .u64), ("<u4", .u32), ("<u2", .u16), ("|u1", .u8), ("|b1", .boolean),
  ]

  // MARK: - Reading

  static func read(_ path: String) throws(ModelError) -> Tensor {
    let file: FileContents
    do throws(FileError) {
      file = try FileContents(path: path)
    } catch {
      throw .input(error.description)
    }
    do throws(ModelError) {
      return try parse(file)
    } catch {
      throw error.located(at: path)
    }
  }

  private static func parse(_ file: FileContents) throws(ModelError) -> Tensor {
    let bytes = file.bytes
    guard bytes.count >= 10, bytes.prefix(6).elementsEqual(magic) else {
      throw .input("expected a .npy file, which begins with \\x93NUMPY")
    }
    let isLong = bytes[6] >= 2
    let lengthBytes = isLong ? 4 : 2
    guard bytes.count >= 8 + lengthBytes else { throw .input("the header is cut off") }
    let headerLength = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
    let start = 8 + lengthBytes + headerLength
    guard start <= bytes.count else { throw .input("the header of \(headerLength) bytes is cut off") }
    let header = String(decoding: bytes[(8 + lengthBytes)..<start], as: UTF8.self)
    let (elementType, shape) = try describe(header)
    guard let byteCount = elementType.byteCount(of: shape.elementCount), bytes.count - start == byteCount else {
      throw .input("expected \(shape.elementCount) values of \(elementType), found \(bytes.count - start) bytes")
    }
    var tensor = Tensor(elementType, shape)
    tensor.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[start...])) }
    return tensor
  }

  /// `{'descr': '<f4', 'fortran_order': False, 'shape': (1, 3), }`
  private static func describe(_ header: String) throws(ModelError) -> (ElementType, Shape) {
    let compact = String(header.filter { !$0.isWhitespace })
    guard !compact.contains("'fortran_order':True") else { throw .input("expected C order, found Fortran order") }
    guard let descriptor = text(in: compact, from: "'descr':'", to: "'"),
      let elementType = descriptors.first(where: { $0.descriptor == descriptor })?.type
    else { throw .input("expected little-endian numbers, found the header \(header)") }
    guard let list = text(in: compact, from: "'shape':(", to: ")") else { throw .input("the header has no shape") }
    var extents: [Int] = []
    for part in list.split(separator: ",") {
      guard let extent = Int(part) else { throw .input("expected a shape of whole numbers, found (\(list))") }
      extents.append(extent)
    }
    guard let shape = Shape(extents) else { throw .input("the shape (\(list)) is too large") }
    return (elementType, shape)
  }

  private static func text(in header: String, from start: String, to end: String) -> String? {
    guard let begin = header.firstRange(of: start) else { return nil }
    let rest = header[begin.upperBound...]
    guard let stop = rest.firstRange(of: end) else { return nil }
    return String(rest[..<stop.lowerBound])
  }

  // MARK: - Writing

  static func write(_ tensor: Tensor, to path: String) throws(CommandError) {
    guard let descriptor = descriptors.first(where: { $0.type == tensor.elementType })?.descriptor else {
      throw CommandError(.badData, "\(path): .npy files do not hold \(tensor.elementType)")
    }
    let extents = tensor.shape.extents.map { "\($0)," }.joined(separator: " ")
    var header = Array("{'descr': '\(descriptor)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    // The values begin at a multiple of 64.
    let padding = (64 - (10 + header.count + 1) % 64) % 64
    header += [UInt8](repeating: UInt8(ascii: " "), count: padding) + [UInt8(ascii: "\n")]
    var bytes = magic + [1, 0, UInt8(header.count & 0xFF), UInt8(header.count >> 8)] + header
    tensor.withUnsafeBytes { bytes += $0 }
    guard let file = fopen(path, "wb") else {
      throw CommandError(.badData, "\(path): cannot be written: \(String(cString: strerror(errno)))")
    }
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw CommandError(.badData, "\(path): not written completely: \(String(cString: strerror(errno)))")
    }
  }
}
