import CPNG

extension PixelImage {
  static func pngExtents(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> (width: Int, height: Int) {
    var image = png_image()
    defer { png_image_free(&image) }
    guard octet_png_begin(&image, bytes.baseAddress, bytes.count) else { throw failure(image) }
    return (Int(image.width), Int(image.height))
  }

  /// libpng's simplified reader; transparency is laid over white.
  static func png(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(ImageError) -> PixelImage {
    var image = png_image()
    defer { png_image_free(&image) }
    guard octet_png_begin(&image, bytes.baseAddress, bytes.count) else { throw failure(image) }
    let width = Int(image.width)
    let height = Int(image.height)
    try check(width: width, height: height, limit: limit)
    var isDecoded = false
    let samples = [UInt8](unsafeUninitializedCapacity: width * height * 3) { samples, count in
      isDecoded = octet_png_read(&image, samples.baseAddress)
      count = isDecoded ? width * height * 3 : 0
    }
    guard isDecoded else { throw failure(image) }
    return PixelImage(width: width, height: height, channels: 3, samples: samples)
  }

  private static func failure(_ image: png_image) -> ImageError {
    .damaged(withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
  }
}
