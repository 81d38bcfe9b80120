import CTurboJPEG

extension PixelImage {
  static func jpegExtents(_ bytes: UnsafeRawBufferPointer) throws(ImageError) -> (width: Int, height: Int) {
    guard let decoder = tjInitDecompress() else { throw .damaged("libjpeg-turbo has no memory left") }
    defer { tjDestroy(decoder) }
    return try jpegExtents(bytes, decoder)
  }

  private static func jpegExtents(
    _ bytes: UnsafeRawBufferPointer, _ decoder: tjhandle
  ) throws(ImageError) -> (width: Int, height: Int) {
    var width: Int32 = 0
    var height: Int32 = 0
    var subsampling: Int32 = 0
    var colorspace: Int32 = 0
    let source = bytes.bindMemory(to: UInt8.self).baseAddress
    guard
      tjDecompressHeader3(decoder, source, UInt(bytes.count), &width, &height, &subsampling, &colorspace) == 0
    else { throw failure(decoder) }
    return (Int(width), Int(height))
  }

  private static func failure(_ decoder: tjhandle) -> ImageError {
    .damaged(tjGetErrorStr2(decoder).map { String(cString: $0) } ?? "it is no JPEG")
  }

  /// libjpeg-turbo's exact integer DCT. A file that is cut short or damaged is refused, and so is one with hundreds of
  /// progressive scans, which is an attempt to keep the server busy.
  static func jpeg(_ bytes: UnsafeRawBufferPointer, limit: Int) throws(ImageError) -> PixelImage {
    guard let decoder = tjInitDecompress() else { throw .damaged("libjpeg-turbo has no memory left") }
    defer { tjDestroy(decoder) }
    let (width, height) = try jpegExtents(bytes, decoder)
    try check(width: width, height: height, limit: limit)
    var isDecoded = false
    let byteCount = width * height * 3
    let samples = [UInt8](unsafeUninitializedCapacity: byteCount) { samples, count in
      isDecoded =
        tjDecompress2(
          decoder, bytes.bindMemory(to: UInt8.self).baseAddress, UInt(bytes.count), samples.baseAddress, Int32(width),
          0,
          Int32(height), Int32(TJPF_RGB.rawValue),
          TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) == 0
      count = isDecoded ? byteCount : 0
    }
    guard isDecoded else { throw failure(decoder) }
    return PixelImage(width: width, height: height, channels: 3, samples: samples)
  }
}
