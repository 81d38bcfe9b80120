import CZlib

/// Compresses answers, fast rather than small.
enum Deflation {
  /// The parts as one compressed body, or nil when it would not be smaller than they are.
  static func compressed(_ parts: [UnsafeRawBufferPointer], _ coding: ContentCoding) -> ByteBuffer? {
    let byteCount = parts.reduce(0) { $0 + $1.count }
    var stream = z_stream()
    let windowBits = coding == .gzip ? MAX_WBITS + 16 : MAX_WBITS
    guard
      deflateInit2_(
        &stream, Z_BEST_SPEED, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    let smaller = ByteBuffer(capacity: byteCount)
    for part in parts {
      guard append(part, Z_NO_FLUSH, &stream, to: smaller, limit: byteCount) else { return nil }
    }
    let end = UnsafeRawBufferPointer(start: nil, count: 0)
    return append(end, Z_FINISH, &stream, to: smaller, limit: byteCount) ? smaller : nil
  }

  /// - Returns: false when there is no room for the result.
  private static func append(
    _ part: UnsafeRawBufferPointer, _ flush: Int32, _ stream: inout z_stream, to buffer: ByteBuffer, limit: Int
  ) -> Bool {
    stream.next_in = UnsafeMutablePointer(mutating: part.bindMemory(to: UInt8.self).baseAddress)
    var unread = part.count
    while true {
      if stream.avail_in == 0 {
        stream.avail_in = UInt32(clamping: unread)
        unread -= Int(stream.avail_in)
      }
      let room = limit - buffer.count
      guard room > 0 else { return false }
      var result = Z_OK
      buffer.append(upTo: room) { end in
        stream.next_out = end.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(clamping: room)
        let offered = stream.avail_out
        result = deflate(&stream, flush)
        return Int(offered - stream.avail_out)
      }
      if flush == Z_FINISH ? result == Z_STREAM_END : stream.avail_in == 0 && unread == 0 { return true }
      guard result == Z_OK || result == Z_BUF_ERROR else { return false }
    }
  }
}
