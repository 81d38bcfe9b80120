package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

/// An operator whose primitive does what further operations do as well: mostly a kernel that applies them to its result
/// before storing it.
package protocol FusionBase: Operator {
  /// A kernel that computes this operator and then `chain`. The operands of the chain stand behind those of the
  /// operator, `site.results` are those of the last operation.
  func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive
}

extension FusionBase {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { try lower(site, fusing: []) }

  /// This operator and what stands behind it as one, with the operands of `site`.
  func fused(_ chain: [FusedOperation], at site: LoweringSite) -> Fused {
    let furtherOperandCount = chain.reduce(0) { $0 + $1.furtherOperands.count }
    return Fused(base: self, baseOperandCount: site.operands.count - furtherOperandCount, chain: chain)
  }
}

extension Fused {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let chain = try chain(site.operands)
    let keepsShape = try hasOneShape(chain, site)
    guard let base = base as? any FusionBase, keepsShape || base is any Rearrangement else {
      return ReferencePrimitive(self, site)
    }
    return try base.lower(site, fusing: chain)
  }

  /// Kernels apply the chain element by element. Extents that were open when it was fused may turn out to broadcast.
  private func hasOneShape(_ chain: [FusedOperation], _ site: LoweringSite) throws(OperatorError) -> Bool {
    let shape = try base.resultTypes(baseOperands(site.operands))[0].shape
    return chain.allSatisfy { operation in
      operation.type.shape == shape
        && operation.furtherOperands.allSatisfy { $0.constant != nil || $0.shape == shape }
    }
  }
}

/// An epilogue program for one kernel: its steps in f32, and which operands of the site they read.
struct PreparedEpilogue {
  let epilogue: Epilogue
  /// Operand indices of the site, in the order in which the steps read them.
  let operands: [Int]
  let pixelStrides: [Int]

  /// Fails when an operand's concrete shape is not the result's: broadcasting is not for epilogues.
  init(
    _ program: EpilogueProgram, site: LoweringSite, baseOperandCount: Int, result: TensorView, channels: Int
  ) throws(OperatorError) {
    var operands: [Int] = []
    var pixelStrides: [Int] = []
    for step in program.steps {
      guard let further = step.furtherOperand else { continue }
      let view = try site.operand(baseOperandCount + further, result.layout)
      guard view.shape.elementCount == result.shape.elementCount else {
        throw .mismatch("fused operand", expected: "\(result.shape)", found: "\(view.shape)")
      }
      operands.append(baseOperandCount + further)
      pixelStrides.append(result.layout == .channelsLast ? view.pixelStride : channels)
    }
    self.operands = operands
    self.pixelStrides = pixelStrides
    epilogue = Self.epilogue(program, site: site, baseOperandCount, result.elementType, channels)
  }

  static func epilogue(
    _ program: EpilogueProgram, site: LoweringSite, _ baseOperandCount: Int, _ output: ElementType, _ channels: Int
  ) -> Epilogue {
    var program = program
    let ranges = output == .u8 ? program.removeStoringQuantizer() : []
    let operations = program.steps.map { step in
      step.operation { site.operands[baseOperandCount + $0].elementType }
    }
    return Epilogue(
      channels: channels, operations: operations, output: output,
      outputRanges: ranges.map { Float($0.lowerBound)...Float($0.upperBound) })
  }

  func pointers(_ step: borrowing StepBuffers) -> EpilogueOperands {
    func pointer(_ index: Int, _ step: borrowing StepBuffers) -> UnsafeRawPointer? {
      index < operands.count ? step.operand(operands[index]) : nil
    }
    return EpilogueOperands(pointer(0, step), pointer(1, step), pointer(2, step), pointer(3, step))
  }
}

extension EpilogueProgram.Step {
  /// The further operand that the step reads from memory.
  var furtherOperand: Int? {
    switch self {
    case .addOperand(let index, _, _), .multiplyOperand(let index, _, _): index
    default: nil
    }
  }

  fileprivate func operation(elementType: (Int) -> ElementType) -> PostOperation {
    func floats(_ values: [Double]) -> [Float] { values.map { Float($0) } }
    return switch self {
    case .scaleShift(let scales, let shifts): .scaleShift(scale: floats(scales), shift: floats(shifts))
    case .clamp(let low, let high): .clamp(low: Float(low), high: Float(high))
    case .roundClamp(let low, let high): .roundClamp(low: Float(low), high: Float(high))
    case .addOperand(let index, let scale, let shift):
      .addOperand(type: elementType(index), scale: Float(scale), shift: Float(shift))
    case .multiplyOperand(let index, let scale, let shift):
      .multiplyOperand(type: elementType(index), scale: Float(scale), shift: Float(shift))
    case .leakyReLU(let slopes): .leakyRelu(slopes: floats(slopes))
    case .unary(let function): .unary(function)
    }
  }
}
