import COctetKernels

/// The extents of a convolution. Spatial values stand in the order depth, height, width; lower ranks begin with 1.
package struct ConvolutionGeometry: Sendable, Hashable {
  package var batch: Int
  package var inputExtents: [Int]
  package var kernel: [Int]
  package var strides: [Int]
  package var dilations: [Int]
  package var padsBegin: [Int]
  package var outputExtents: [Int]
  package var groups: Int
  /// All groups together.
  package var inputChannels: Int
  package var outputChannels: Int

  package init(
    batch: Int = 1, inputExtents: [Int] = [1, 1, 1], kernel: [Int] = [1, 1, 1], strides: [Int] = [1, 1, 1],
    dilations: [Int] = [1, 1, 1], padsBegin: [Int] = [0, 0, 0], outputExtents: [Int] = [1, 1, 1], groups: Int = 1,
    inputChannels: Int, outputChannels: Int
  ) {
    let spatial = [inputExtents, kernel, strides, dilations, padsBegin, outputExtents]
    precondition(spatial.allSatisfy { $0.count == 3 }, "a convolution has three spatial values of each kind")
    precondition(
      ([inputExtents, kernel, strides, dilations, outputExtents].joined() + [batch, groups]).allSatisfy { $0 > 0 },
      "extents, kernels, strides, dilations, batch and groups are positive")
    precondition(
      inputChannels > 0 && outputChannels > 0 && inputChannels % groups == 0 && outputChannels % groups == 0,
      "\(inputChannels) input and \(outputChannels) output channels do not divide into \(groups) groups")
    self.batch = batch
    self.inputExtents = inputExtents
    self.kernel = kernel
    self.strides = strides
    self.dilations = dilations
    self.padsBegin = padsBegin
    self.outputExtents = outputExtents
    self.groups = groups
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
  }

  /// A matrix product: `rows` rows of `inputChannels` values, each to `outputChannels` values.
  package static func matrixProduct(rows: Int, inputChannels: Int, outputChannels: Int) -> ConvolutionGeometry {
    ConvolutionGeometry(
      inputExtents: [1, 1, rows], outputExtents: [1, 1, rows], inputChannels: inputChannels,
      outputChannels: outputChannels)
  }

  package var taps: Int { kernel[0] * kernel[1] * kernel[2] }

  /// Multiplications of one run.
  package var multiplications: Int {
    batch * outputExtents[0] * outputExtents[1] * outputExtents[2] * outputChannels * taps * (inputChannels / groups)
  }

  var code: octet_convolution_geometry {
    octet_convolution_geometry(
      batch: batch, groups: groups, group_inputs: inputChannels / groups, group_outputs: outputChannels / groups,
      input: inputExtents.triple, kernel: kernel.triple, stride: strides.triple, dilation: dilations.triple,
      output: outputExtents.triple, pad: padsBegin.triple)
  }
}

extension [Int] {
  /// Three values as C has them.
  var triple: (Int, Int, Int) { (self[0], self[1], self[2]) }
}
