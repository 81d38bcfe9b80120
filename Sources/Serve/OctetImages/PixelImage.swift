/// A decoded picture: rows of pixels, 8 bits a channel, from the top.
struct PixelImage {
  let width: Int
  let height: Int
  /// 3 for red, green, blue; 1 for grey.
  let channels: Int
  var samples: [UInt8]

  var rowByteCount: Int { width * channels }
}

/// Why bytes are no picture that a model can be shown.
package enum ImageError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Neither JPEG nor PNG.
  case unknownFormat
  case tooLarge(width: Int, height: Int, limit: Int)
  /// Not what its first bytes say, or damaged.
  case damaged(String)

  package var description: String {
    switch self {
    case .unknownFormat: "the picture is neither JPEG nor PNG"
    case .tooLarge(let width, let height, let limit):
      "the picture has \(width) × \(height) pixels; \(limit) are allowed"
    case .damaged(let reason): "the picture cannot be decoded: \(reason)"
    }
  }
}

/// The formats that pictures may have.
package enum ImageFormat: Sendable {
  case jpeg, png

  /// Told by the first bytes; nil for those of anything else.
  package init?(of bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else {
      return nil
    }
  }
}

/// The extents of a picture, which its head tells.
package struct PictureSize: Hashable, Sendable {
  package let width: Int
  package let height: Int

  package var pixelCount: Int { width * height }

  /// - Parameter limit: pixels that the picture may have.
  package init(of bytes: UnsafeRawBufferPointer, limit: Int) throws(ImageError) {
    let (width, height) =
      switch ImageFormat(of: bytes) {
      case .jpeg: try PixelImage.jpegExtents(bytes)
      case .png: try PixelImage.pngExtents(bytes)
      case nil: throw ImageError.unknownFormat
      }
    try PixelImage.check(width: width, height: height, limit: limit)
    self.width = width
    self.height = height
  }
}

extension PixelImage {
  /// Red, green and blue of a picture.
  ///
  /// - Parameter limit: pixels that it may have; known before memory for them is taken.
  init(decoding bytes: UnsafeRawBufferPointer, limit: Int) throws(ImageError) {
    switch ImageFormat(of: bytes) {
    case .jpeg: self = try Self.jpeg(bytes, limit: limit)
    case .png: self = try Self.png(bytes, limit: limit)
    case nil: throw .unknownFormat
    }
  }

  /// As long as a side of a JPEG can be.
  private static let maximumSide = 65_535

  static func check(width: Int, height: Int, limit: Int) throws(ImageError) {
    guard width > 0, height > 0 else { throw .damaged("it has no pixels") }
    let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
    guard !overflow, pixels <= limit, max(width, height) <= maximumSide else {
      throw .tooLarge(width: width, height: height, limit: limit)
    }
  }

  /// ITU-R 601 luma, rounded:  (19595 R + 38470 G + 7471 B + 2¹⁵) / 2¹⁶
  var grey: PixelImage {
    guard channels == 3 else { return self }
    let grey = [UInt8](unsafeUninitializedCapacity: width * height) { grey, count in
      samples.withUnsafeBufferPointer { samples in
        for index in 0..<width * height {
          let red = UInt32(samples[index * 3]) &* 19595
          let green = UInt32(samples[index * 3 + 1]) &* 38470
          let blue = UInt32(samples[index * 3 + 2]) &* 7471
          grey[index] = UInt8(truncatingIfNeeded: (red &+ green &+ blue &+ 0x8000) >> 16)
        }
      }
      count = width * height
    }
    return PixelImage(width: width, height: height, channels: 1, samples: grey)
  }
}
