import COctetKernels
package import OctetTensor

/// What a convolution does with its sums before it stores them: operations in order, then a conversion.
///
/// u8 and i8 outputs are roundHalfEven(clamp(v, outputRanges[c])), and NaN gives the lower bound.
///
/// Sendable because nothing is written after the initializer.
package final class Epilogue: @unchecked Sendable {
  package static let maximumOperations = Int(OCTET_EPILOGUE_STEPS)
  package static let maximumOperands = Int(OCTET_EPILOGUE_OPERANDS)

  package let channels: Int
  package let operations: [PostOperation]
  package let output: ElementType
  /// The types of the extra operands, in the order in which the operations read them.
  package let operandTypes: [ElementType]

  let program: UnsafePointer<octet_epilogue>
  private let programMemory: KernelMemory
  private let parameters: KernelMemory
  /// The lower bounds of the output, then the upper ones.
  private let bounds: KernelMemory

  /// An epilogue over `channels` output channels. Ranges are one, or one per channel; without one, u8 and i8 outputs
  /// take their type's.
  package init(
    channels: Int, operations: [PostOperation], output: ElementType, outputRanges: [ClosedRange<Float>] = []
  ) {
    operandTypes = operations.compactMap(\.operandType)
    precondition(operations.count <= Self.maximumOperations, "an epilogue has at most 8 operations")
    precondition(operandTypes.count <= Self.maximumOperands, "an epilogue has at most 4 extra operands")
    self.channels = channels
    self.operations = operations
    self.output = output

    var table = ParameterTable(channels: channels)
    let steps = operations.indices.map { index in
      let isFirst = index == 0 && output != .f32
      return table.step(for: operations[index], asRow: isFirst || (index > 0 && operations[index - 1].isFunction))
    }
    parameters = KernelMemory(table.values)
    programMemory = KernelMemory(byteCount: MemoryLayout<octet_epilogue>.stride)
    let program = programMemory.elements(octet_epilogue.self)
    program.pointee.step_count = steps.count
    program.pointee.channels = channels
    program.pointee.output_type = output.code
    bounds = KernelMemory(Self.bounds(of: output, requested: outputRanges, channels: channels))
    program.pointee.low = UnsafePointer(bounds.elements(UInt8.self))
    program.pointee.high = program.pointee.low + bounds.byteCount / 2
    let values = parameters.elements(Float.self)
    withUnsafeMutableBytes(of: &program.pointee.steps) { bytes in
      let slots = bytes.bindMemory(to: octet_epilogue_step.self)
      for (index, step) in steps.enumerated() { slots[index] = step.located(in: values) }
    }
    self.program = UnsafePointer(program)
  }

  private static func bounds(
    of output: ElementType, requested ranges: [ClosedRange<Float>], channels: Int
  ) -> [UInt8] {
    let whole: ClosedRange<Float>
    switch output {
    case .u8: whole = 0...255
    case .i8: whole = -128...127
    case .f32: return []
    default: preconditionFailure("an epilogue stores u8, i8 or f32, not \(output)")
    }
    precondition(ranges.count <= 1 || ranges.count == channels, "\(ranges.count) ranges for \(channels) channels")
    func row(_ bound: (ClosedRange<Float>) -> Float) -> [UInt8] {
      let values = ranges.isEmpty ? [bound(whole)] : ranges.map(bound)
      let bytes = values.map { value in
        guard whole.contains(value), let integer = Int(exactly: value) else {
          preconditionFailure("the output bound \(value) is not an integer that \(output) holds")
        }
        return UInt8(truncatingIfNeeded: integer)
      }
      return ParameterTable.row(bytes, channels: channels)
    }
    return row(\.lowerBound) + row(\.upperBound)
  }
}

/// The per-channel values of all operations, one row behind the other. Kernels read whole vectors, so each row is
/// followed by room for one block.
private struct ParameterTable {
  struct Step {
    var code: octet_epilogue_step
    var first: Int?
    var second: Int?

    func located(in values: UnsafePointer<Float>) -> octet_epilogue_step {
      var step = code
      step.first = first.map { values + $0 }
      step.second = second.map { values + $0 }
      return step
    }
  }

  let channels: Int
  private(set) var values: [Float] = []
  private var operands = 0

  init(channels: Int) { self.channels = channels }

  /// One value per channel, and what is read past them.
  static func row<Value: Numeric>(_ row: [Value], channels: Int) -> [Value] {
    precondition(row.count == channels || row.count == 1, "\(row.count) values for \(channels) channels")
    return (row.count == channels ? row : Array(repeating: row[0], count: channels)) + Array(repeating: 0, count: 64)
  }

  private mutating func row(_ row: [Float]) -> Int {
    let start = values.count
    values += Self.row(row, channels: channels)
    return start
  }

  /// What scales and shifts all channels alike needs no row, but takes one where kernels know only that form.
  mutating func step(for operation: PostOperation, asRow: Bool) -> Step {
    switch operation {
    case .scaleShift(let scale, let shift) where scale.count == 1 && shift.count == 1 && !asRow:
      return plain(OCTET_SCALE_SHIFT_ALL, scale[0], shift[0])
    case .scaleShift(let scale, let shift):
      var step = plain(OCTET_SCALE_SHIFT)
      step.first = row(scale)
      step.second = row(shift)
      return step
    case .clamp(let low, let high):
      return plain(OCTET_CLAMP, low, high)
    case .roundClamp(let low, let high):
      precondition(max(-low, high) <= 0x1p22, "roundClamp(\(low), \(high)) leaves the range that rounds exactly")
      return plain(OCTET_ROUND_CLAMP, low, high)
    case .addOperand(let type, let scale, let shift):
      return operand(OCTET_ADD_OPERAND, type, scale, shift)
    case .multiplyOperand(let type, let scale, let shift):
      return operand(OCTET_MULTIPLY_OPERAND, type, scale, shift)
    case .leakyRelu(let slopes):
      var step = plain(OCTET_LEAKY_RELU)
      step.first = row(slopes)
      return step
    case .unary(let operation):
      let (function, alpha, beta) = operation.code
      var step = plain(OCTET_FUNCTION, alpha, beta)
      step.code.function = function
      return step
    }
  }

  private func plain(_ operation: octet_operation, _ a: Float = 0, _ b: Float = 0) -> Step {
    var code = octet_epilogue_step()
    code.operation = operation
    code.a = a
    code.b = b
    return Step(code: code)
  }

  private mutating func operand(
    _ operation: octet_operation, _ type: ElementType, _ scale: Float, _ shift: Float
  ) -> Step {
    var step = plain(operation, scale, shift)
    step.code.operand = operands
    step.code.operand_type = type.code
    operands += 1
    return step
  }
}

extension ElementType {
  /// The kernels' name of a type that epilogues read and write.
  var code: octet_element {
    switch self {
    case .u8: OCTET_ELEMENT_U8
    case .i8: OCTET_ELEMENT_I8
    case .f32: OCTET_ELEMENT_F32
    default: preconditionFailure("epilogues read and write u8, i8 and f32, not \(self)")
    }
  }
}
