import OctetKernels
import OctetTensor

/// A kernel with operands of its own, ready to be run again and again.
struct KernelCase {
  let kernelName: String
  /// What it multiplies: u8 by s8, or f32 by f32.
  let elementType: ElementType
  let run: () -> Void

  /// Every kernel that an instruction set has for a shape.
  static func all(for shape: KernelShape, _ instructionSet: InstructionSet, _ team: WorkerTeam) -> [KernelCase] {
    let weights = KernelWeights(count: shape.weightCount)
    let setting = Setting(shape: shape, instructionSet: instructionSet, team: team)
    guard !shape.isDepthwise else {
      return [setting.depthwise(weights.integers), setting.floatDepthwise(weights.floats)]
    }
    return [
      setting.quantized(weights.integers), setting.winograd(weights.integers), setting.float(weights.floats),
    ].compactMap(\.self)
  }

  /// The fastest of the runs that fit into a tenth of a second, but of five at least.
  func bestNanoseconds(clock: () -> UInt64) -> UInt64 {
    run()
    let end = clock() + 100_000_000
    var best = UInt64.max
    var runs = 0
    while runs < 5 || clock() < end {
      let start = clock()
      run()
      best = min(best, max(1, clock() - start))
      runs += 1
    }
    return best
  }
}

/// What the cases of one shape share.
private struct Setting {
  let shape: KernelShape
  let instructionSet: InstructionSet
  let team: WorkerTeam

  private var geometry: ConvolutionGeometry { shape.geometry }

  func quantized(_ weights: [Int8]) -> KernelCase {
    let packed = weights.withUnsafeBufferPointer { weights in
      PackedConvolutionWeights(
        weights: weights, groups: geometry.groups, inputChannels: geometry.inputChannels,
        outputChannels: geometry.outputChannels, kernel: geometry.kernel, instructionSet: instructionSet)
    }
    let kernel = QuantizedConvolution(geometry: geometry, weights: packed, epilogue: epilogue(.u8))
    return kernelCase(kernel, .u8)
  }

  /// Nil for shapes and instruction sets that have no such kernel.
  func winograd(_ weights: [Int8]) -> KernelCase? {
    weights.withUnsafeBufferPointer { weights in
      guard WinogradConvolution.canCompute(geometry, weights, instructionSet) else { return nil }
      let packed = WinogradWeights(
        weights: weights, inputChannels: geometry.inputChannels, outputChannels: geometry.outputChannels,
        instructionSet: instructionSet)
      return kernelCase(WinogradConvolution(geometry: geometry, weights: packed, epilogue: epilogue(.u8)), .u8)
    }
  }

  func depthwise(_ weights: [Int8]) -> KernelCase {
    let kernel = weights.withUnsafeBufferPointer { weights in
      DepthwiseConvolution(
        geometry: geometry, weights: weights, epilogue: epilogue(.u8), instructionSet: instructionSet)
    }
    return kernelCase(kernel, .u8)
  }

  func floatDepthwise(_ weights: [Float]) -> KernelCase {
    let kernel = weights.withUnsafeBufferPointer { weights in
      FloatDepthwiseConvolution(
        geometry: geometry, weights: weights, epilogue: epilogue(.f32), instructionSet: instructionSet)
    }
    return kernelCase(kernel, .f32)
  }

  func float(_ weights: [Float]) -> KernelCase {
    let packed = weights.withUnsafeBufferPointer { weights in
      PackedConvolutionWeights(
        weights: weights, groups: geometry.groups, inputChannels: geometry.inputChannels,
        outputChannels: geometry.outputChannels, kernel: geometry.kernel, instructionSet: instructionSet)
    }
    let kernel = FloatConvolution(geometry: geometry, weights: packed, epilogue: epilogue(.f32))
    return kernelCase(kernel, .f32)
  }

  /// A scale and a bias per channel, as after every quantized layer.
  private func epilogue(_ output: ElementType) -> Epilogue {
    let channels = geometry.outputChannels
    return Epilogue(
      channels: channels,
      operations: [
        .scaleShift(
          scale: Array(repeating: 1 / 64, count: channels), shift: Array(repeating: 0.5, count: channels))
      ], output: output)
  }

  private func kernelCase(_ kernel: any ConvolutionKernel, _ elementType: ElementType) -> KernelCase {
    func tensor(_ extents: [Int], _ channels: Int) -> Tensor {
      Tensor(elementType, Shape(valid: [geometry.batch] + extents + [channels]))
    }
    let input = tensor(geometry.inputExtents, geometry.inputChannels)
    let output = tensor(geometry.outputExtents, geometry.outputChannels)
    let scratch = Tensor(.u8, Shape(valid: [kernel.scratchByteCount]))
    return KernelCase(kernelName: kernel.kernelName, elementType: elementType) { [team] in
      kernel.run(
        input: input.storage.base, output: output.storage.base, operands: EpilogueOperands(),
        scratch: scratch.storage.base, team: team)
      withExtendedLifetime((input, output, scratch)) {}
    }
  }
}

/// The same weights in every run: around zero with the largest at the end of the range, as per-channel scales leave
/// them.
private struct KernelWeights {
  let integers: [Int8]
  let floats: [Float]

  init(count: Int) {
    var random = RandomNumbers(seed: 1)
    var integers: [Int8] = []
    for _ in 0..<count {
      let bits = random.next()
      // Eight uniform bytes add up to nearly a normal distribution, of mean 1020 and deviation 209.
      let sum = withUnsafeBytes(of: bits) { $0.reduce(0) { $0 + Int($1) } }
      integers.append(Int8(clamping: (sum - 1020) * 32 / 209))
    }
    self.integers = integers
    floats = integers.map { Float($0) / 32 }
  }
}

extension KernelShape {
  fileprivate var weightCount: Int {
    geometry.outputChannels * (geometry.inputChannels / geometry.groups) * geometry.taps
  }
}
