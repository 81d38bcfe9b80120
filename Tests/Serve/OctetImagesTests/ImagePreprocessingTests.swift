import OctetTensor
import Testing

@testable import OctetImages

private let pixelLimit = 1 << 20

private func decoded(_ bytes: [UInt8], limit: Int = pixelLimit) throws -> PixelImage {
  try bytes.withUnsafeBytes { try PixelImage(decoding: $0, limit: limit) }
}

private func whole(_ picture: PixelImage) -> PixelBox {
  PixelBox(left: 0, top: 0, width: Double(picture.width), height: Double(picture.height))
}

/// Every expected value is Pillow's.
@Suite struct PixelImageTests {
  @Test func readsPNG() throws {
    let picture = try decoded(Pictures.png)
    #expect(picture.width == 7 && picture.height == 5 && picture.channels == 3)
    #expect(picture.samples == Pictures.pngPixels)
    #expect(picture.grey.samples == Pictures.pngGrey)
  }

  @Test func transparencyLiesOverWhite() throws {
    #expect(try decoded(Pictures.transparent).samples == [10, 20, 30, 255, 255, 255, 0, 0, 0, 255, 0, 0])
  }

  @Test func resizesToTheBit() throws {
    let picture = try decoded(Pictures.png)
    #expect(picture.resized(whole(picture), width: 4, height: 3).samples == Pictures.pngSmaller)
    #expect(picture.resized(whole(picture), width: 9, height: 8).samples == Pictures.pngLarger)
    #expect(picture.resized(whole(picture), width: 7, height: 5).samples == Pictures.pngPixels)
    let jpeg = try decoded(Pictures.jpeg)
    #expect(jpeg.width == 24 && jpeg.height == 16)
    #expect(jpeg.resized(whole(jpeg), width: 6, height: 4).samples == Pictures.jpegSmaller)
  }

  @Test func knowsTheSizeBeforeItDecodes() throws {
    for (bytes, pixels) in [(Pictures.png, 35), (Pictures.jpeg, 384)] {
      let size = try bytes.withUnsafeBytes { try PictureSize(of: $0, limit: pixels) }
      #expect(size.pixelCount == pixels)
      #expect(throws: ImageError.self) { try decoded(bytes, limit: pixels - 1) }
    }
  }

  /// The head says 65280 × 65280, or 2³¹ − 1 on a side; nothing is behind it.
  @Test func aHeadThatPromisesTooMuchIsRefused() {
    var png = Pictures.png
    png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
    #expect(throws: ImageError.self) { try decoded(png, limit: .max) }
    var jpeg = Pictures.jpeg
    if let frame = jpeg.firstRange(of: [0xFF, 0xC0]) {
      jpeg.replaceSubrange(frame.lowerBound + 5..<frame.lowerBound + 9, with: [0xFF, 0x00, 0xFF, 0x00])
    }
    #expect(throws: ImageError.tooLarge(width: 65_280, height: 65_280, limit: pixelLimit)) { try decoded(jpeg) }
  }

  @Test(arguments: [Pictures.png, Pictures.jpeg])
  func everyCutIsRefused(_ bytes: [UInt8]) {
    // The last bytes only say that it is over; a reader may have all that it needs before.
    for length in 0..<bytes.count - 12 {
      #expect(throws: ImageError.self) { try decoded(Array(bytes[..<length])) }
    }
  }

  @Test(arguments: [Pictures.png, Pictures.jpeg, Pictures.transparent])
  func anyByteMayBeWrong(_ bytes: [UInt8]) {
    for index in bytes.indices {
      for change in [0x01, 0x80, 0xFF] as [UInt8] {
        var bytes = bytes
        bytes[index] ^= change
        do {
          let picture = try decoded(bytes)
          #expect(picture.samples.count == picture.width * picture.height * 3)
        } catch {
          #expect(error is ImageError)
        }
      }
    }
  }
}

@Suite struct ImagePreprocessingTests {
  private func tensor(
    _ bytes: [UInt8], _ type: TensorType, _ change: (inout ImagePreprocessing) -> Void = { _ in }
  ) throws -> Tensor {
    var preprocessing = ImagePreprocessing()
    change(&preprocessing)
    return try bytes.withUnsafeBytes { try preprocessing.tensor(decoding: $0, for: type, limit: pixelLimit) }
  }

  /// Rows of pixels as planes of channels.
  private func planes(_ samples: [UInt8], channels: [Int] = [0, 1, 2]) -> [Float] {
    channels.flatMap { channel in stride(from: channel, to: samples.count, by: 3).map { Float(samples[$0]) } }
  }

  @Test func channelsComeAsPlanes() throws {
    let made = try tensor(Pictures.png, TensorType(.f32, [1, 3, 3, 4]))
    #expect(made.shape == [1, 3, 3, 4])
    #expect(made.floats == planes(Pictures.pngSmaller))
  }

  @Test func layoutAndOrderOfChannels() throws {
    let rows = try tensor(Pictures.png, TensorType(.f32, [1, 3, 4, 3])) { $0.layout = .nhwc }
    #expect(rows.floats == Pictures.pngSmaller.map(Float.init))
    let reversed = try tensor(Pictures.png, TensorType(.f32, [1, 3, 3, 4])) { $0.colors = .bgr }
    #expect(reversed.floats == planes(Pictures.pngSmaller, channels: [2, 1, 0]))
  }

  @Test func greyIsOneChannel() throws {
    let made = try tensor(Pictures.png, TensorType(.f32, [1, 1, 5, 7])) { $0.colors = .gray }
    #expect(made.floats == Pictures.pngGrey.map(Float.init))
  }

  @Test func theMiddleIsCutOut() throws {
    let made = try tensor(Pictures.png, TensorType(.f32, [1, 3, 2, 2])) { $0.resize = .crop }
    #expect(made.floats == planes(Pictures.pngMiddle))
  }

  @Test func theRestOfALetterboxIsGrey() throws {
    let made = try tensor(Pictures.png, TensorType(.f32, [1, 9, 7, 3])) {
      $0.resize = .letterbox
      $0.layout = .nhwc
    }
    let border = [Float](repeating: 114, count: 2 * 7 * 3)
    #expect(made.floats == border + Pictures.pngPixels.map(Float.init) + border)
  }

  /// value = (pixel − mean) / scale
  @Test func normalizesEachChannel() throws {
    let made = try tensor(Pictures.png, TensorType(.f32, [1, 5, 7, 3])) {
      $0.layout = .nhwc
      $0.mean = [100, 0, -1]
      $0.scale = [2, 1, -4]
    }
    for (index, value) in made.floats.enumerated() {
      let pixel = Float(Pictures.pngPixels[index])
      #expect(value == [(pixel - 100) / 2, pixel, (pixel + 1) / -4][index % 3])
    }
  }

  @Test func bytesStayBytes() throws {
    let made = try tensor(Pictures.png, TensorType(.u8, [1, 5, 7, 3])) { $0.layout = .nhwc }
    #expect(made.elements(as: UInt8.self) == Pictures.pngPixels)
    let halved = try tensor(Pictures.png, TensorType(.i8, [1, 5, 7, 3])) {
      $0.layout = .nhwc
      $0.mean = [128]
    }
    #expect(halved.elements(as: Int8.self) == Pictures.pngPixels.map { Int8(Int($0) - 128) })
  }

  @Test func openExtentsComeFromTheConfiguration() throws {
    let any = Dimension.bounded(0...Int.max)
    let open = TensorType(.f32, PartialShape([any, .fixed(3), any, any]))
    #expect(throws: ImageInputError.self) { try tensor(Pictures.png, open) }
    let made = try tensor(Pictures.png, open) {
      $0.height = 3
      $0.width = 4
    }
    #expect(made.floats == planes(Pictures.pngSmaller))
  }

  @Test(arguments: [
    TensorType(.f32, [3, 4]), TensorType(.f32, [2, 3, 4, 4]), TensorType(.f32, [1, 4, 4, 4]),
    TensorType(.boolean, [1, 3, 4, 4]), TensorType(.f32, [1, 3, 0, 4]), TensorType(.f32, [1, 3, 100_000, 4]),
  ])
  func someInputsTakeNoPictures(_ type: TensorType) {
    #expect(throws: ImageInputError.self) { try tensor(Pictures.png, type) }
  }
}
