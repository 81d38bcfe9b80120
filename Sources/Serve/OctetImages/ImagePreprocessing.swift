package import OctetTensor

/// How a picture becomes the input of a model:
///
///     decode → grey? → resize → (pixel − mean) / scale → order of channels → layout
///
/// Pixels go from 0 to 255.
package struct ImagePreprocessing: Hashable, Sendable {
  /// How a picture meets an input of another shape.
  package enum Resize: String, CaseIterable, Sendable {
    /// The whole picture, whatever becomes of its proportions.
    case stretch
    /// The middle: as much as has the input's proportions, less the margin that `crop_percent` leaves.
    case crop
    /// The whole picture in its proportions, with grey (114) on both sides.
    case letterbox
  }

  package enum Colors: String, CaseIterable, Sendable {
    case rgb, bgr, gray
  }

  package enum Layout: String, CaseIterable, Sendable {
    case nchw, nhwc
  }

  package var resize = Resize.stretch
  /// For `crop`: the part of the picture's shorter side, in percent. 87.5 is 224 of 256, what most classifiers were
  /// trained with.
  package var cropPercent = 87.5
  package var colors = Colors.rgb
  package var layout = Layout.nchw
  /// One for each channel, in the order that the model has them, or one for all.
  package var mean: [Double] = [0]
  package var scale: [Double] = [1]
  /// Height and width where the model leaves them open; 0 takes the model's.
  package var height = 0
  package var width = 0

  package init() {}

  private var channels: Int { colors == .gray ? 1 : 3 }
  /// What letterbox puts beside a picture, as YOLO's networks were trained.
  private static let border: UInt8 = 114

  /// The shape that a picture gets, or why the input takes no pictures.
  package func shape(for type: TensorType) throws(ImageInputError) -> Shape {
    let extents = type.shape.dimensions.map(\.fixedExtent)
    guard extents.count == 4 else { throw ImageInputError("it has \(extents.count) axes, and pictures have 4") }
    let (channelAxis, heightAxis, widthAxis) = layout == .nchw ? (1, 2, 3) : (3, 1, 2)
    guard extents[0] ?? 1 == 1 else { throw ImageInputError("it takes \(extents[0] ?? 1) pictures at once") }
    guard extents[channelAxis] ?? channels == channels else {
      throw ImageInputError("it has \(extents[channelAxis] ?? 0) channels, and \(colors) has \(channels)")
    }
    guard [1, channels].contains(mean.count), [1, channels].contains(scale.count) else {
      throw ImageInputError("mean and scale take one number, or one for each of \(channels) channels")
    }
    guard let height = extents[heightAxis] ?? (height > 0 ? height : nil),
      let width = extents[widthAxis] ?? (width > 0 ? width : nil), height > 0, width > 0
    else { throw ImageInputError("the model leaves its height or width open; say them") }
    let shape = Shape(layout == .nchw ? [1, channels, height, width] : [1, height, width, channels])
    guard let shape, type.shape.accepts(shape), type.elementType.isByteAddressable, type.elementType != .boolean,
      Self.maximumSide >= max(height, width)
    else { throw ImageInputError("no picture fits into \(type)") }
    return shape
  }

  /// The most pixels that a step works on: the picture's own, or those in between when only its rows have been scaled.
  /// A picture that is one pixel wide and very high has few of its own.
  package func largestPixelCount(of size: PictureSize, for type: TensorType) throws(ImageInputError) -> Int {
    let shape = try shape(for: type)
    let newWidth = layout == .nchw ? shape[3] : shape[2]
    return max(size.pixelCount, size.height * newWidth)
  }

  /// Sides of inputs beyond this are no picture's.
  private static let maximumSide = 16_384

  /// - Parameter limit: pixels that the picture may have.
  package func tensor(
    decoding bytes: UnsafeRawBufferPointer, for type: TensorType, limit: Int
  ) throws -> Tensor {
    let shape = try shape(for: type)
    let (height, width) = layout == .nchw ? (shape[2], shape[3]) : (shape[1], shape[2])
    let decoded = try PixelImage(decoding: bytes, limit: limit)
    let picture = fit(colors == .gray ? decoded.grey : decoded, width: width, height: height)
    let normalized = Tensor(.f32, shape, elements: normalized(picture))
    return type.elementType == .f32
      ? normalized : Tensor(type.elementType, shape, converting: normalized.doubles.map { $0.rounded(for: type) })
  }

  // MARK: - Steps

  private func fit(_ picture: PixelImage, width: Int, height: Int) -> PixelImage {
    let whole = PixelBox(left: 0, top: 0, width: Double(picture.width), height: Double(picture.height))
    switch resize {
    case .stretch: return picture.resized(whole, width: width, height: height)
    case .crop: return picture.resized(middle(of: whole, width: width, height: height), width: width, height: height)
    case .letterbox: return letterboxed(picture, whole, width: width, height: height)
    }
  }

  /// The largest part in the middle with the proportions of the input, shrunk to `cropPercent`.
  private func middle(of whole: PixelBox, width: Int, height: Int) -> PixelBox {
    let pixels = min(whole.width / Double(width), whole.height / Double(height)) * cropPercent / 100
    let part = (width: Double(width) * pixels, height: Double(height) * pixels)
    return PixelBox(
      left: (whole.width - part.width) / 2, top: (whole.height - part.height) / 2, width: part.width,
      height: part.height)
  }

  private func letterboxed(_ picture: PixelImage, _ whole: PixelBox, width: Int, height: Int) -> PixelImage {
    let scale = min(Double(width) / whole.width, Double(height) / whole.height)
    let inner = picture.resized(
      whole, width: max(1, min(width, Int((whole.width * scale).rounded()))),
      height: max(1, min(height, Int((whole.height * scale).rounded()))))
    var framed = PixelImage(
      width: width, height: height, channels: picture.channels,
      samples: Array(repeating: Self.border, count: width * height * picture.channels))
    let left = (width - inner.width) / 2
    let top = (height - inner.height) / 2
    for row in 0..<inner.height {
      let start = ((top + row) * width + left) * picture.channels
      let line = inner.samples[row * inner.rowByteCount..<(row + 1) * inner.rowByteCount]
      framed.samples.replaceSubrange(start..<start + inner.rowByteCount, with: line)
    }
    return framed
  }

  /// value = (pixel − mean) / scale, in the model's order of channels and axes.
  private func normalized(_ picture: PixelImage) -> [Float] {
    let channels = picture.channels
    let pixels = picture.width * picture.height
    let table = (0..<channels).map { channel in
      let mean = mean[mean.count == 1 ? 0 : channel]
      let scale = scale[scale.count == 1 ? 0 : channel]
      return (0...255).map { Float((Double($0) - mean) / scale) }
    }
    return [Float](unsafeUninitializedCapacity: pixels * channels) { values, count in
      for channel in 0..<channels {
        let source = colors == .bgr ? channels - 1 - channel : channel
        for pixel in 0..<pixels {
          let place = layout == .nchw ? channel * pixels + pixel : pixel * channels + channel
          values[place] = table[channel][Int(picture.samples[pixel * channels + source])]
        }
      }
      count = pixels * channels
    }
  }
}

/// Why a model's input takes no pictures as they are described.
package struct ImageInputError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String
  init(_ description: String) { self.description = description }
}

extension Double {
  /// Integers are met by rounding, which conversion alone would not do.
  fileprivate func rounded(for type: TensorType) -> Double { type.elementType.isInteger ? rounded() : self }
}
