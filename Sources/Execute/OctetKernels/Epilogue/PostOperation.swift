package import OctetTensor

/// One operation of an epilogue on a value v of channel c. Arrays hold one value per channel, or one for all.
package enum PostOperation: Sendable, Equatable {
  /// v·scale[c] + shift[c]
  case scaleShift(scale: [Float], shift: [Float])
  /// min(max(v, low), high); NaN gives low. ReLU is clamp(0, infinity).
  case clamp(low: Float, high: Float)
  /// roundHalfEven(clamp(v, low, high)), for bounds within ±2^22: the quantizer of a residual branch.
  case roundClamp(low: Float, high: Float)
  /// v + (r·scale + shift), where r is the next extra operand's value at the same pixel and channel.
  case addOperand(type: ElementType, scale: Float, shift: Float)
  /// v·(r·scale + shift)
  case multiplyOperand(type: ElementType, scale: Float, shift: Float)
  /// v < 0 ? v·slope[c] : v
  case leakyRelu(slopes: [Float])
  /// operation(v), such as a sigmoid
  case unary(UnaryF32.Operation)

  var isFunction: Bool {
    if case .unary = self { true } else { false }
  }

  /// The type of the extra operand that the operation reads.
  package var operandType: ElementType? {
    switch self {
    case .addOperand(let type, _, _), .multiplyOperand(let type, _, _): type
    default: nil
    }
  }
}

/// The extra operands of one run, in the order in which the epilogue's operations read them.
package struct EpilogueOperands {
  let pointers: InlineArray<4, UnsafeRawPointer?>

  package init(
    _ first: UnsafeRawPointer? = nil, _ second: UnsafeRawPointer? = nil, _ third: UnsafeRawPointer? = nil,
    _ fourth: UnsafeRawPointer? = nil
  ) {
    pointers = [first, second, third, fourth]
  }
}
