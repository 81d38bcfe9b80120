import COctetKernels
import OctetKernels
import Testing

/// One line of a kernels.def.
struct ListedDotKernel: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let instructionSet: InstructionSet
  let isTame: Bool
  nonisolated(unsafe) let kernel: octet_dot_kernel

  private init(_ kernel: octet_dot_kernel, isTame: Bool) {
    testDescription = kernel.name.map { String(cString: $0) } ?? "a kernel without a name"
    instructionSet = InstructionSet.allCases.first { $0.code == kernel.isa } ?? .scalar
    self.isTame = isTame
    self.kernel = kernel
  }

  private static func all(_ list: octet_dot_kernel_list, isTame: Bool = false) -> [ListedDotKernel] {
    UnsafeBufferPointer(start: list.kernels, count: list.count).map { ListedDotKernel($0, isTame: isTame) }
  }

  static let quantized =
    all(octet_convolution_u8s8s32_kernels()) + all(octet_convolution_u8s8s32_tame_kernels(), isTame: true)
  static let float = all(octet_convolution_f32_kernels())
}

@Suite struct DotKernelTests {
  private static let runs = 3

  /// Calls a kernel with `elements` input elements per run, and gives its sums.
  private func sums<Input: BitwiseCopyable, Weight, Sum: BitwiseCopyable>(
    _ kernel: octet_dot_kernel, rows: Int, elements: Int, inputs: [Input], weights: [Weight], initial: [Sum]
  ) throws -> [Sum] {
    let stepElements = kernel.format == OCTET_WEIGHTS_F32 ? 1 : 4
    let steps = (elements + stepElements - 1) / stepElements
    let packed = TestMemory<Float>([Float](repeating: 0, count: Self.runs * steps * kernel.channels * 2))
    packed.with { packed in
      weights.withUnsafeBytes { weights in
        for index in 0..<kernel.channels * Self.runs * elements {
          let element = index % elements, run = index / elements % Self.runs, channel = index / elements / Self.runs
          let to = octet_packed_index(
            kernel.format, kernel.channels, run * steps + element / stepElements, channel, element % stepElements)
          octet_place_weight(kernel.format, packed, to, weights.baseAddress, index)
        }
      }
    }
    // A row of inputs is [runs][elements]; kernels read whole steps.
    let input = try GuardedMemory(inputs, slack: 3)
    let pointers = TestMemory<UInt>(
      (0..<rows * Int(OCTET_RUNS_AT_ONCE)).map { index in
        let row = index / Int(OCTET_RUNS_AT_ONCE), run = index % Int(OCTET_RUNS_AT_ONCE)
        let element = min((row * Self.runs + run) * elements, inputs.count)
        return UInt(bitPattern: input.base + element * MemoryLayout<Input>.stride)
      })
    let result = try GuardedMemory(count: rows * kernel.channels * 4, slack: 0, filledWith: 0xA5)
    packed.with { packed in
      pointers.with { pointers in
        initial.withUnsafeBytes { initial in
          var tile = octet_dot_tile()
          tile.rows = rows
          tile.runs = Self.runs
          tile.steps = steps
          withUnsafeMutableBytes(of: &tile.inputs) { $0.storeBytes(of: pointers, as: UnsafeMutableRawPointer.self) }
          tile.weights = UnsafeRawPointer(packed)
          tile.initial = initial.baseAddress
          tile.initial_row_stride = kernel.channels
          tile.sums = result.base
          kernel.function(&tile)
        }
      }
    }
    return withExtendedLifetime(input) { result.bytes.withUnsafeBytes { Array($0.bindMemory(to: Sum.self)) } }
  }

  @Test(arguments: ListedDotKernel.quantized)
  func quantizedKernelEqualsTheDefinitionForEveryRowCount(_ listed: ListedDotKernel) throws {
    _ = try listed.instructionSet.cpuOrCancel()
    let kernel = listed.kernel, channels = kernel.channels, elements = 10
    var random = TestRandom(seed: 40)
    for rows in 1...kernel.rows {
      let inputs = random.bytes(rows * Self.runs * elements)
      let bytes = random.bytes(channels * Self.runs * elements).map(Int8.init(bitPattern:))
      let weights = listed.isTame ? bytes.map { $0 / 2 } : bytes
      let initial = (0..<rows * channels).map { _ in Int32.random(in: -9999...9999, using: &random) }
      let found = try sums(
        kernel, rows: rows, elements: elements, inputs: inputs, weights: weights, initial: initial)
      let expected = initial.indices.map { index in
        let row = index / channels * Self.runs * elements, channel = index % channels * Self.runs * elements
        return (0..<Self.runs * elements).reduce(initial[index]) {
          $0 + Int32(inputs[row + $1]) * Int32(weights[channel + $1])
        }
      }
      #expect(firstDifference(found, expected) == nil, "\(rows) rows")
    }
  }

  @Test(arguments: ListedDotKernel.float)
  func floatKernelIsCloseToTheDefinitionForEveryRowCount(_ listed: ListedDotKernel) throws {
    _ = try listed.instructionSet.cpuOrCancel()
    let kernel = listed.kernel, channels = kernel.channels, elements = 7
    var random = TestRandom(seed: 41)
    for rows in 1...kernel.rows {
      let inputs = random.floats(rows * Self.runs * elements, in: -1...1)
      let weights = random.floats(channels * Self.runs * elements, in: -1...1)
      let initial = random.floats(rows * channels, in: -1...1)
      let found = try sums(
        kernel, rows: rows, elements: elements, inputs: inputs, weights: weights, initial: initial)
      for index in initial.indices {
        let row = index / channels * Self.runs * elements, channel = index % channels * Self.runs * elements
        let exact = (0..<Self.runs * elements).reduce(Double(initial[index])) {
          $0 + Double(inputs[row + $1]) * Double(weights[channel + $1])
        }
        // 21 products and sums of values up to 22, each rounded by at most 2^-24 of that.
        #expect(abs(Double(found[index]) - exact) < 42 * 22 * 0x1p-24, "\(rows) rows, sum \(index)")
      }
    }
  }
}
