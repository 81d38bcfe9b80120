package import OctetGraph
package import OctetKernels
import OctetTensor

/// Fused operations as the few steps that a kernel's epilogue knows, in f64 until the last moment.
///
/// Neighbouring affine steps become one, a clamp in front of a quantizer becomes tighter bounds of it, and an affine
/// step behind an addition goes into both of its sides: a residual block ends as
/// `scaleShift → roundClamp → scaleShift → addOperand → store u8`.
package struct EpilogueProgram: Equatable {
  package enum Step: Equatable {
    /// v · scale[c] + shift[c]; one value, or one per channel.
    case scaleShift(scales: [Double], shifts: [Double])
    case clamp(low: Double, high: Double)
    /// Clamp, then round half to even: a quantizer in the middle of the chain.
    case roundClamp(low: Double, high: Double)
    /// v + (r · scale + shift), r being a further operand.
    case addOperand(Int, scale: Double, shift: Double)
    case multiplyOperand(Int, scale: Double, shift: Double)
    /// v < 0 ? v · slope[c] : v
    case leakyReLU(slopes: [Double])
    /// Any other function of one value.
    case unary(UnaryF32.Operation)
  }

  package private(set) var steps: [Step] = []
  /// How many further operands the steps read.
  package private(set) var operandCount = 0
  private let channelAxis: Int

  /// Kernels hold a program in a fixed place.
  private static let maximumSteps = 8
  private static let maximumOperands = 4

  /// Fails when an operation has no step: the operation is then not fused.
  ///
  /// - Parameter initialShifts: added to the accumulator per channel before anything else.
  package init?(_ operations: [FusedOperation], channelAxis: Int, initialShifts: [Double] = []) {
    self.channelAxis = channelAxis
    if initialShifts.contains(where: { $0 != 0 }) {
      appendScaleShift([1], initialShifts)
    }
    for operation in operations {
      guard append(operation) else { return nil }
    }
    guard steps.count <= Self.maximumSteps, operandCount <= Self.maximumOperands else { return nil }
  }

  // MARK: - One operation

  private mutating func append(_ operation: FusedOperation) -> Bool {
    switch operation.op {
    case is ReLU: appendClamp(0, .infinity)
    case let op as Clamp: appendClamp(op.minimum, op.maximum)
    case let op as Quantize: return append(op)
    case let op as Dequantize: return append(op.dequantization)
    case is PReLU: return appendLeakyReLU(operation)
    case let op as LeakyReLU: steps.append(.leakyReLU(slopes: [op.slope]))
    case let op as any ElementwiseUnary:
      guard let function = op.kernelOperation else { return false }
      steps.append(.unary(function))
    case let op as any ElementwiseBinary: return append(op, operation)
    default: return false
    }
    return true
  }

  private mutating func append(_ op: Quantize) -> Bool {
    guard op.inputLow.count == 1 || channelAxis == 1 else { return false }
    let (scales, shifts) = (op.scales, op.shifts)
    var low = 0.0
    var high = Double(op.levels - 1)
    if case .clamp(let realLow, let realHigh) = steps.last {
      // Rounding is monotone: clamping before it is clamping after it to rounded bounds, if those agree for all channels.
      let (limits, all) = (low...high, Array(zip(scales, shifts)))
      let lows = Set(all.map { Self.step(realLow * $0 + $1, within: limits) })
      let highs = Set(all.map { Self.step(realHigh * $0 + $1, within: limits) })
      if lows.count == 1, highs.count == 1, let newLow = lows.first, let newHigh = highs.first {
        steps.removeLast()
        (low, high) = (newLow, newHigh)
      }
    }
    appendScaleShift(scales, shifts)
    steps.append(.roundClamp(low: low, high: high))
    return true
  }

  /// Takes the last quantizer off for a store that rounds and clamps by itself, to one range or one per channel; none
  /// where the program ends in no quantizer.
  ///
  /// The bounds of such a store may also stand for a clamp in front of the quantizer that meets another step of it in
  /// every channel.
  package mutating func removeStoringQuantizer() -> [ClosedRange<Double>] {
    guard case .roundClamp(let low, let high) = steps.last else { return [] }
    steps.removeLast()
    guard case .scaleShift(let scales, let shifts) = steps.last, scales.allSatisfy({ $0 > 0 }),
      case .clamp(let realLow, let realHigh) = steps.dropLast().last
    else { return [low...high] }
    steps.removeLast(2)
    appendScaleShift(scales, shifts)
    let channels = max(scales.count, shifts.count)
    return (0..<channels).map { channel in
      let (scale, shift) = (scales[scales.count == 1 ? 0 : channel], shifts[shifts.count == 1 ? 0 : channel])
      let bounds = [realLow, realHigh].map { Self.step($0 * scale + shift, within: low...high) }
      return bounds[0]...bounds[1]
    }
  }

  private static func step(_ value: Double, within limits: ClosedRange<Double>) -> Double {
    max(limits.lowerBound, min(limits.upperBound, value)).rounded(.toNearestOrEven)
  }

  private mutating func append(_ dequantization: Dequantization) -> Bool {
    guard dequantization.isPerTensor || dequantization.axes == channelAxis..<(channelAxis + 1) else { return false }
    appendScaleShift(dequantization.scales, zip(dequantization.scales, dequantization.zeroPoints).map { -$0 * $1 })
    return true
  }

  private mutating func appendLeakyReLU(_ operation: FusedOperation) -> Bool {
    guard operation.chainOperand == 0, let slopes = operation.furtherOperands.first?.constant else { return false }
    let aligned = PReLU.aligned(PartialShape(slopes.shape), to: operation.type.shape).fixed ?? slopes.shape
    guard
      let values = Broadcasting.perChannel(
        slopes.reshaped(to: aligned), to: operation.type.shape, channelAxis: channelAxis)
    else { return false }
    steps.append(.leakyReLU(slopes: values))
    operandCount += 1
    return true
  }

  // MARK: - Binary operations

  private mutating func append(_ op: any ElementwiseBinary, _ operation: FusedOperation) -> Bool {
    let other = operation.furtherOperands[0]
    let otherDequantization = op.dequantizations[1 - operation.chainOperand]
    if let own = op.dequantizations[operation.chainOperand], !append(own) { return false }
    operandCount += 1
    if let constant = other.constant, otherDequantization == nil,
      let values = Broadcasting.perChannel(constant, to: operation.type.shape, channelAxis: channelAxis)
    {
      return appendConstant(op, values, isChainLeft: operation.chainOperand == 0)
    }
    // A tensor: read element by element, so it must have the result's shape and one scale.
    guard other.shape == operation.type.shape, otherDequantization?.isPerTensor ?? true,
      [.u8, .i8, .f32].contains(other.elementType)
    else { return false }
    let scale = otherDequantization?.scales[0] ?? 1
    let shift = otherDequantization.map { -$0.scales[0] * $0.zeroPoints[0] } ?? 0
    switch op {
    case is Add: steps.append(.addOperand(operandCount - 1, scale: scale, shift: shift))
    case is Subtract where operation.chainOperand == 0:
      steps.append(.addOperand(operandCount - 1, scale: -scale, shift: -shift))
    case is Subtract:
      appendScaleShift([-1], [0])
      steps.append(.addOperand(operandCount - 1, scale: scale, shift: shift))
    case is Multiply: steps.append(.multiplyOperand(operandCount - 1, scale: scale, shift: shift))
    default: return false
    }
    return true
  }

  private mutating func appendConstant(_ op: any ElementwiseBinary, _ values: [Double], isChainLeft: Bool) -> Bool {
    switch op {
    case is Add: appendScaleShift([1], values)
    case is Subtract: appendScaleShift([isChainLeft ? 1 : -1], values.map { isChainLeft ? -$0 : $0 })
    case is Multiply: appendScaleShift(values, [0])
    case is Divide where isChainLeft && values.allSatisfy { $0 != 0 }: appendScaleShift(values.map { 1 / $0 }, [0])
    default: return false
    }
    return true
  }

  // MARK: - Merging

  private mutating func appendClamp(_ low: Double, _ high: Double) {
    if case .clamp(let ownLow, let ownHigh) = steps.last {
      steps[steps.count - 1] = .clamp(low: min(max(ownLow, low), high), high: max(min(ownHigh, high), low))
    } else {
      steps.append(.clamp(low: low, high: high))
    }
  }

  private mutating func appendScaleShift(_ scales: [Double], _ shifts: [Double]) {
    switch steps.last {
    case .scaleShift(let ownScales, let ownShifts):
      steps[steps.count - 1] = Self.composed(ownScales, ownShifts, scales, shifts)
    case .addOperand(let operand, let scale, let shift) where scales.count == 1 && shifts.count == 1:
      steps.removeLast()
      appendScaleShift(scales, [0])
      steps.append(.addOperand(operand, scale: scale * scales[0], shift: shift * scales[0] + shifts[0]))
    default: steps.append(.scaleShift(scales: scales, shifts: shifts))
    }
  }

  /// (v·a + b)·c + d = v·(a·c) + (b·c + d)
  private static func composed(_ a: [Double], _ b: [Double], _ c: [Double], _ d: [Double]) -> Step {
    let count = max(a.count, b.count, c.count, d.count)
    func at(_ values: [Double], _ index: Int) -> Double { values.count == 1 ? values[0] : values[index] }
    let scales = (0..<(a.count == 1 && c.count == 1 ? 1 : count)).map { at(a, $0) * at(c, $0) }
    let shifts = (0..<(b.count == 1 && c.count == 1 && d.count == 1 ? 1 : count)).map {
      at(b, $0) * at(c, $0) + at(d, $0)
    }
    return .scaleShift(scales: scales, shifts: shifts)
  }
}
