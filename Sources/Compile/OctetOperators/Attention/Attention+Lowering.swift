package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension Attention {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    guard let preparation = try preparation(site.operands) else { return ReferencePrimitive(self, site) }
    return try AttentionPrimitive(self, preparation, site)
  }

  /// Whether there is a kernel for these operands.
  package func hasKernel(_ operands: [Operand]) -> Bool { (try? preparation(operands)) != nil }

  /// What the kernel is made of.
  fileprivate struct Preparation {
    let layout: AttentionKernel.Layout
    /// Nil where query and keys, and where probabilities and values are f32.
    let scoresZeroPoints: AttentionKernel.ZeroPoints?
    let quantization: (quantizer: AttentionKernel.Quantizer, zeroPoints: AttentionKernel.ZeroPoints)?
    let scoresProgram: EpilogueProgram
    let valuesProgram: EpilogueProgram
    /// Operands of the site that the scores' program reads, in its order.
    let scoresOperands: [Int]
    let resultType: ElementType
  }

  /// Nil where a shape, a type or an operation is not for the kernel.
  private func preparation(_ operands: [Operand]) throws(OperatorError) -> Preparation? {
    let types = try types(operands)
    guard let product = scores.product, let weightingProduct = weighting.product,
      let scoresShape = types.scores.shape.fixed, let weightedShape = types.weighted.shape.fixed,
      let shape = productShape(product, types), types.scores.elementType == .f32,
      let valuesShape = types.values.shape.fixed,
      let query = try Self.steps(of: query, operands[...], types.query), !query.isTransposed, !product.transposeA,
      let keys = try Self.steps(of: keys, operands.dropFirst(self.query.operandCount), types.keys),
      let values = try Self.steps(of: self.values, operands.dropFirst(valuesOperands), types.values),
      !weightingProduct.transposeA, isMultiplied(weightingProduct, types),
      Self.batch(valuesShape) == Self.batch(scoresShape),
      let output = try outputSteps(operands, weightedShape, types.result)
    else { return nil }

    let masks = spread(further(scoresOperands, scores, operands), to: scoresShape)
    let scoresChain = try scores.chain([types.query, types.keys] + masks)
    let valuesChain = try weighting.chain(
      [types.probabilities, types.values] + further(weightingOperands, weighting, operands))
    guard let scoresProgram = EpilogueProgram(scoresChain, channelAxis: scoresShape.rank - 1),
      let valuesProgram = EpilogueProgram(valuesChain, channelAxis: weightedShape.rank - 1),
      valuesProgram.steps.allSatisfy({ $0.furtherOperand == nil }),
      [.f32, .u8, .i8].contains(types.result.elementType)
    else { return nil }
    let read = scoresProgram.steps.compactMap(\.furtherOperand).map { scoresOperands + $0 }
    let operandSteps = read.compactMap { Self.steps(ofMask: operands[$0], scoresShape) }
    guard operandSteps.count == read.count else { return nil }
    var scores = shape
    scores.rightIsTransposed = product.transposeB != keys.isTransposed
    let layout = AttentionKernel.Layout(
      scores: scores, query: query.steps, keys: keys.steps, valueColumns: weightedShape[weightedShape.rank - 1],
      valuesAreTransposed: weightingProduct.transposeB != values.isTransposed, values: values.steps, output: output,
      operands: operandSteps)
    return Preparation(
      layout: layout, scoresZeroPoints: types.query.elementType == .u8 ? product.byteZeroPoints : nil,
      quantization: quantization(weightingProduct),
      scoresProgram: scoresProgram, valuesProgram: valuesProgram, scoresOperands: read,
      resultType: types.result.elementType)
  }

  /// The shape of the scores' product; nil when no kernel multiplies such matrices, or there are too many keys.
  private func productShape(_ product: MatMul, _ types: Flow<Operand>) -> MatrixProductShape? {
    guard let query = types.query.shape.fixed, let keys = types.keys.shape.fixed, query.rank > 2, keys.rank > 2,
      product.terms == nil, Self.batch(query) == Self.batch(keys), let shape = product.productShape(query, keys),
      shape.columns <= AttentionKernel.maximumKeys
    else { return nil }
    let isInteger = types.query.elementType == .u8 && product.byteZeroPoints != nil
    let fits = isInteger ? shape.inner <= QuantizedMatrixProduct.maximumInner : types.query.elementType == .f32
    return fits && types.query.elementType == types.keys.elementType ? shape : nil
  }

  /// Whether probabilities and values are of types that a kernel multiplies.
  private func isMultiplied(_ weighting: MatMul, _ types: Flow<Operand>) -> Bool {
    guard weighting.terms == nil else { return false }
    let type: ElementType = quantization(weighting) == nil ? .f32 : .u8
    return types.probabilities.elementType == type && types.values.elementType == type
  }

  /// How probabilities are quantized, and the zero points of what they are multiplied by; nil when they are not, or when
  /// it is not for the kernel.
  private func quantization(
    _ weighting: MatMul
  ) -> (quantizer: AttentionKernel.Quantizer, zeroPoints: AttentionKernel.ZeroPoints)? {
    guard let quantizer, quantizer.inputLow.count == 1, let zeroPoints = weighting.byteZeroPoints,
      let high = UInt8(exactly: quantizer.levels - 1)
    else { return nil }
    let (scale, shift) = (Float(quantizer.scales[0]), Float(quantizer.shifts[0]))
    return (AttentionKernel.Quantizer(scale: scale, shift: shift, high: high), zeroPoints)
  }

  private static func batch(_ shape: Shape) -> [Int] { Array(shape.extents.dropLast(2).drop { $0 == 1 }) }

  // MARK: - Where matrices stand

  /// Whether a movement leaves matrices that a product can read where they stood before it.
  package static func keepsColumns(_ movement: any Operator, _ operands: [Operand]) -> Bool {
    let source = Source(movement: movement, operandCount: operands.count)
    guard let type = try? movement.resultTypes(operands)[0] else { return false }
    return (try? steps(of: source, operands[...], Operand(type: type))) != nil
  }

  private typealias Steps = (steps: MatrixSteps, isTransposed: Bool)

  /// Where the matrices of a source stand that moves, or does not, in front of a product.
  private static func steps(
    of source: Source, _ operands: ArraySlice<Operand>, _ moved: Operand
  ) throws(OperatorError) -> Steps? {
    guard let shape = moved.shape.fixed else { return nil }
    guard let movement = source.movement else { return Self.steps(shape, shape.strides) }
    let own = Array(operands.prefix(source.operandCount))
    guard let moves = try Self.moves(movement, own, to: shape) else { return nil }
    let strides = Self.match(shape, moves.map { ($0.extent, $0.destinationStride, $0.sourceStride) })
    return strides.flatMap { Self.steps(shape, $0) }
  }

  /// Where the matrices of the result stand once they have moved.
  private func outputSteps(
    _ operands: [Operand], _ weighted: Shape, _ result: Operand
  ) throws(OperatorError) -> MatrixSteps? {
    var strides = weighted.strides
    if let movement {
      guard let shape = result.shape.fixed else { return nil }
      let own = [Operand(type: TensorType(.f32, PartialShape(weighted)))] + operands[movementOperands...]
      guard let moves = try Self.moves(movement.op, own, to: shape),
        let moved = Self.match(weighted, moves.map { ($0.extent, $0.sourceStride, $0.destinationStride) })
      else { return nil }
      strides = moved
    }
    guard let steps = Self.steps(weighted, strides), !steps.isTransposed else { return nil }
    return steps.steps
  }

  /// The axes along which a movement takes row-major elements, strides in elements; nil when they follow no strides.
  private static func moves(
    _ movement: any Operator, _ operands: [Operand], to shape: Shape
  ) throws(OperatorError) -> [Reorder.Axis]? {
    let base = (movement as? Fused)?.base ?? movement
    let chain = try (movement as? Fused)?.chain(operands) ?? []
    let own = (movement as? Fused)?.baseOperands(operands) ?? operands
    guard let first = base as? any Rearrangement, let source = operands.first?.shape.fixed,
      let order = try first.order(own, chain)
    else { return nil }
    // Strides count bytes: of elements that take one, they count elements.
    return order.moves(from: TensorView(.u8, source, .planar), to: TensorView(.u8, shape, .planar))
  }

  /// What stands for the row-major strides of `shape` on the other side of moves; nil when an axis is moved in pieces.
  private static func match(_ shape: Shape, _ moves: [(extent: Int, own: Int, other: Int)]) -> [Int]? {
    var strides: [Int] = []
    for (extent, stride) in zip(shape.extents, shape.strides) {
      let move = moves.first { $0.own == stride && $0.extent == extent }
      guard extent == 1 || move != nil else { return nil }
      strides.append(extent == 1 ? 0 : move?.other ?? 0)
    }
    return strides
  }

  /// The strides of a tensor that is spread along axes where it has an extent of 1.
  private static func strides(of tensor: Shape, spreadTo shape: Shape) -> [Int]? {
    guard tensor.rank <= shape.rank else { return nil }
    let missing = shape.rank - tensor.rank
    let own = zip(tensor.extents, tensor.strides).map { $0 == 1 ? 0 : $1 }
    let fits = zip(tensor.extents, shape.extents.dropFirst(missing)).allSatisfy { $0 == 1 || $0 == $1 }
    return fits ? Array(repeating: 0, count: missing) + own : nil
  }

  /// Where the matrices of an f32 operand stand that is spread over the scores.
  private static func steps(ofMask mask: Operand, _ scores: Shape) -> MatrixSteps? {
    guard mask.elementType == .f32, let shape = mask.shape.fixed, let strides = strides(of: shape, spreadTo: scores),
      let steps = steps(scores, strides), !steps.isTransposed
    else { return nil }
    return steps.steps
  }

  /// Matrices in the last two axes, whose columns, or rows if it is transposed, follow each other; nil when they do not,
  /// or when the other axes do not step evenly.
  private static func steps(_ shape: Shape, _ strides: [Int]) -> Steps? {
    let (row, column) = (shape.rank - 2, shape.rank - 1)
    guard row >= 0 else { return nil }
    var axes: [(extent: Int, stride: Int)] = []
    for axis in 0..<row where shape[axis] > 1 {
      if let outer = axes.last, outer.stride == strides[axis] * shape[axis] {
        axes[axes.count - 1] = (outer.extent * shape[axis], strides[axis])
      } else {
        axes.append((shape[axis], strides[axis]))
      }
    }
    guard axes.count <= 2 else { return nil }
    let run = axes.last ?? (1, 0), runStep = axes.count == 2 ? axes[0].stride : 0
    func steps(_ row: Int) -> MatrixSteps {
      MatrixSteps(row: row, matrix: run.stride, run: run.extent, runStep: runStep)
    }
    if strides[column] == 1 || shape[column] == 1 { return (steps(strides[row]), false) }
    return strides[row] == 1 || shape[row] == 1 ? (steps(strides[column]), true) : nil
  }

  /// Operands of which tensors that are spread count as they then are.
  private func spread(_ operands: [Operand], to shape: Shape) -> [Operand] {
    operands.map { operand in
      guard let own = operand.shape.fixed, Self.strides(of: own, spreadTo: shape) != nil else { return operand }
      return Operand(type: TensorType(operand.elementType, PartialShape(shape)), constant: operand.constant)
    }
  }
}

extension Attention.Part {
  /// The product of matrices that it begins with.
  fileprivate var product: MatMul? { ((op as? Fused)?.base ?? op) as? MatMul }

  fileprivate func chain(_ operands: [Operand]) throws(OperatorError) -> [FusedOperation] {
    try (op as? Fused)?.chain(operands) ?? []
  }
}

private struct AttentionPrimitive: Primitive {
  private let kernel: AttentionKernel
  private let keys: Int
  private let values: Int
  private let further: [Int]

  init(_ attention: Attention, _ preparation: Attention.Preparation, _ site: LoweringSite) throws(OperatorError) {
    (keys, values) = (attention.query.operandCount, attention.valuesOperands)
    further = preparation.scoresOperands
    for index in [0, keys, values] + further { _ = try site.operand(index, .planar, dense: true) }
    _ = try site.result(0, .planar)
    let layout = preparation.layout
    kernel = AttentionKernel(
      layout, scoresZeroPoints: preparation.scoresZeroPoints, quantization: preparation.quantization,
      scoresEpilogue: PreparedEpilogue.epilogue(
        preparation.scoresProgram, site: site, attention.scoresOperands, .f32, layout.scores.columns),
      valuesEpilogue: PreparedEpilogue.epilogue(
        preparation.valuesProgram, site: site, attention.weightingOperands, preparation.resultType,
        layout.valueColumns),
      instructionSet: site.cpu.best)
  }

  var kernelName: String { kernel.kernelNames.scores }
  var furtherKernelNames: [String] { [kernel.kernelNames.values] }
  var scratchByteCount: Int { kernel.scratchByteCount }

  func execute(_ step: borrowing StepBuffers) {
    func operand(_ index: Int, _ step: borrowing StepBuffers) -> UnsafeRawPointer? {
      index < further.count ? step.operand(further[index]) : nil
    }
    kernel.run(
      query: step.operand(0), keys: step.operand(keys), values: step.operand(values), output: step.result(0),
      operands: EpilogueOperands(operand(0, step), operand(1, step), operand(2, step), operand(3, step)),
      scratch: step.scratch, team: step.team)
  }
}
