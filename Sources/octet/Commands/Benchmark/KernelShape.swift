import OctetKernels

/// A layer of a well-known network, of one image.
struct KernelShape {
  let name: String
  let geometry: ConvolutionGeometry

  /// What the field's networks spend their time on.
  static let all: [KernelShape] = [
    // ResNet-50: the first layer, 1×1 that narrow and widen, 3×3 of every stage.
    .convolution(3, 64, image: 224, kernel: 7, stride: 2),
    .convolution(64, 64, image: 56, kernel: 1),
    .convolution(64, 256, image: 56, kernel: 1),
    .convolution(256, 64, image: 56, kernel: 1),
    .convolution(512, 128, image: 28, kernel: 1),
    .convolution(1024, 256, image: 14, kernel: 1),
    .convolution(512, 2048, image: 7, kernel: 1),
    .convolution(64, 64, image: 56, kernel: 3),
    .convolution(128, 128, image: 28, kernel: 3),
    .convolution(256, 256, image: 14, kernel: 3),
    .convolution(512, 512, image: 7, kernel: 3),
    // MobileNetV2: depthwise 3×3.
    .depthwise(32, image: 112),
    .depthwise(144, image: 56, stride: 2),
    .depthwise(384, image: 14),
    .depthwise(960, image: 7),
    // The last layer of ResNet-50; the two of a transformer's block for 128 tokens.
    .fullyConnected(2048, 1000, rows: 1),
    .fullyConnected(768, 3072, rows: 128),
    .fullyConnected(3072, 768, rows: 128),
  ]

  var isDepthwise: Bool { geometry.groups > 1 && geometry.groups == geometry.outputChannels }

  private static func convolution(
    _ inputs: Int, _ outputs: Int, image: Int, kernel: Int, stride: Int = 1
  ) -> KernelShape {
    let name = "\(kernel)×\(kernel) \(inputs)→\(outputs)"
    return square(name, inputs, outputs, groups: 1, image: image, kernel: kernel, stride: stride)
  }

  private static func depthwise(_ channels: Int, image: Int, stride: Int = 1) -> KernelShape {
    square(
      "depthwise 3×3 \(channels)", channels, channels, groups: channels, image: image, kernel: 3, stride: stride)
  }

  private static func fullyConnected(_ inputs: Int, _ outputs: Int, rows: Int) -> KernelShape {
    KernelShape(
      name: "fully connected \(inputs)→\(outputs), rows \(rows)",
      geometry: .matrixProduct(rows: rows, inputChannels: inputs, outputChannels: outputs))
  }

  /// Padded so that a stride of 1 keeps the image's size.
  private static func square(
    _ name: String, _ inputs: Int, _ outputs: Int, groups: Int, image: Int, kernel: Int, stride: Int
  ) -> KernelShape {
    let output = (image - 1) / stride + 1
    let pad = (kernel - 1) / 2
    return KernelShape(
      name: name + (stride == 1 ? "" : " stride \(stride)") + ", \(output)×\(output)",
      geometry: ConvolutionGeometry(
        inputExtents: [1, image, image], kernel: [1, kernel, kernel], strides: [1, stride, stride],
        padsBegin: [0, pad, pad], outputExtents: [1, output, output], groups: groups, inputChannels: inputs,
        outputChannels: outputs))
  }
}
