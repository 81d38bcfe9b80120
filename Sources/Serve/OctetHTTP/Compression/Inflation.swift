import CZlib

/// Takes the compression off a body, and no more memory than its sender may ask for.
enum Inflation {
  /// Bodies up to this size may be compressed as well as zlib can, which is 1032 : 1; an image of one colour is.
  static let freeByteCount = 16 << 20
  /// Beyond that, one byte stands for at most this many.
  static let maximumRatio = 200

  /// - Parameters:
  ///   - limit: bytes that a plain body may have.
  ///   - alignedOffset: the byte of the result that should stand at a multiple of 64.
  /// - Throws: 413 for a body that is larger, 400 for one that is not what its coding says.
  static func plain(
    _ bytes: UnsafeRawBufferPointer, _ coding: ContentCoding, limit: Int, alignedOffset: Int
  ) throws(HTTPError) -> ByteBuffer {
    let largest = min(limit, max(freeByteCount, bytes.count.multipliedReportingOverflow(by: maximumRatio).partialValue))
    var stream = z_stream()
    guard
      inflateInit2_(&stream, coding.windowBits(for: bytes), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw HTTPError(500, "zlib has no memory left") }
    defer { inflateEnd(&stream) }
    let plain = ByteBuffer(
      capacity: min(largest, max(coding.announcedByteCount(of: bytes), 4096)) + 64, alignedOffset: alignedOffset)
    stream.next_in = UnsafeMutablePointer(mutating: bytes.bindMemory(to: UInt8.self).baseAddress)
    // zlib counts in 32 bits.
    var unread = bytes.count
    repeat {
      if stream.avail_in == 0 {
        stream.avail_in = UInt32(clamping: unread)
        unread -= Int(stream.avail_in)
      }
      // One byte more than is allowed tells a body that is too large from one that is just not.
      let room = min(plain.spareCount > 0 ? plain.spareCount : plain.count, largest - plain.count + 1)
      var result = Z_OK
      plain.append(upTo: room) { end in
        stream.next_out = end.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(clamping: room)
        let offered = stream.avail_out
        result = inflate(&stream, Z_NO_FLUSH)
        return Int(offered - stream.avail_out)
      }
      guard plain.count <= largest else {
        throw HTTPError(413, "the body has more than the \(largest) bytes that are allowed once it is decompressed")
      }
      if result == Z_STREAM_END {
        guard stream.avail_in > 0 || unread > 0 else { return finished(plain) }
        // Several members may follow one another in gzip (RFC 1952, 2.2).
        guard coding == .gzip, inflateReset(&stream) == Z_OK else {
          throw .badRequest("Content-Encoding \(coding.rawValue): the body goes on after its end")
        }
      } else if result != Z_OK {
        throw .badRequest("the body is not \(coding.rawValue), or ends too early")
      }
    } while true
  }

  private static func finished(_ plain: ByteBuffer) -> ByteBuffer {
    plain.clearPadding()
    return plain
  }
}

extension ContentCoding {
  /// What tells zlib the container. Some clients send `deflate` without any, which shows at once.
  fileprivate func windowBits(for bytes: UnsafeRawBufferPointer) -> Int32 {
    if self == .gzip { return MAX_WBITS + 16 }
    let isContained = bytes.count >= 2 && bytes[0] & 0x0F == 8 && (Int(bytes[0]) << 8 | Int(bytes[1])) % 31 == 0
    return isContained ? MAX_WBITS : -MAX_WBITS
  }

  /// How large the plain body says it is; gzip does so in its last four bytes. A guess: only address space hangs on it.
  fileprivate func announcedByteCount(of bytes: UnsafeRawBufferPointer) -> Int {
    guard self == .gzip, bytes.count >= 18 else { return bytes.count }
    return Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: UInt32.self)))
  }
}
