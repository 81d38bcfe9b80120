import OctetGraph
import OctetOperators
import OctetTensor

/// `f(x, w) · s + t`  ⇒  `f(x, w · s) + t`, for a Convolution or MatMul f with constant float weights and constants s, t
/// per tensor or per output channel; any chain of such factors and terms becomes one of each.
///
/// Quantized weights keep their integers: behind those the scale joins the dequantization. Weights that several layers
/// share stay shared.
struct FoldAffineIntoWeights: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let chain = AffineChain(endingAt: node, in: graph), chain.isFoldable else { return nil }
    let sum = chain.sum
    guard let weights = sum.weights(times: chain.scales) else { return nil }

    var patch = GraphPatch(to: graph)
    let names = chain.factors.flatMap { [$0.name] + $0.fused }
    let constant = patch.addConstant(weights, from: sum.node)
    let operands = [sum.node.operands[0], constant]
    let scaled = patch.add(sum.node.op, operands, from: sum.node, fused: sum.node.fused + names)
    guard let term = chain.terms.last else {
      patch.replace(node.value, with: scaled)
      return patch
    }
    var extents = [Int](repeating: 1, count: node.type.shape.rank)
    extents[sum.channelAxis] = chain.shifts.count
    let shifts = patch.addConstant(Tensor(.f32, Shape(valid: extents), converting: chain.shifts), from: term)
    let others = chain.terms.dropLast().flatMap { [$0.name] + $0.fused }
    patch.replace(node.value, with: patch.add(Add(), [scaled, shifts], from: term, fused: others + term.fused))
    return patch
  }
}

/// scale · sum + shift per output channel, as a chain of operators applies it; computed in f64, so that what is folded
/// is rounded once.
private struct AffineChain {
  let sum: WeightedSum
  private(set) var factors: [Node] = []
  private(set) var terms: [Node] = []
  private(set) var scales: [Double]
  private(set) var shifts: [Double]

  /// Nil unless the node ends a chain on a weighted sum, whose values nobody else reads.
  init?(endingAt node: Node, in graph: Graph) {
    var steps: [Node] = [], base = node
    while let x = Self.argument(of: base, in: graph), graph.hasSingleUse(x) {
      steps.insert(base, at: 0)
      base = graph.producer(of: x)
    }
    guard !steps.isEmpty, let sum = WeightedSum(base, in: graph) else { return nil }
    self.sum = sum
    scales = [Double](repeating: 1, count: sum.outputChannels)
    shifts = [Double](repeating: 0, count: sum.outputChannels)
    for step in steps { guard append(step, in: graph) else { return nil } }
  }

  /// A sum with one term is what folding ends with.
  var isFoldable: Bool {
    (!factors.isEmpty || terms.count > 1) && shifts.allSatisfy { Float($0).isFinite }
  }

  private mutating func append(_ step: Node, in graph: Graph) -> Bool {
    guard step.type == sum.node.type,
      let constant = step.operands.lazy.compactMap({ graph.constant($0) }).first,
      let values = Broadcasting.perChannel(constant, to: step.type.shape, channelAxis: sum.channelAxis)
    else { return false }
    for channel in scales.indices {
      let value = values[values.count == 1 ? 0 : channel]
      switch step.op {
      case is Multiply: (scales[channel], shifts[channel]) = (scales[channel] * value, shifts[channel] * value)
      case is Divide: (scales[channel], shifts[channel]) = (scales[channel] / value, shifts[channel] / value)
      case is Add: shifts[channel] += value
      default: shifts[channel] -= value
      }
    }
    if step.op is Multiply || step.op is Divide { factors.append(step) } else { terms.append(step) }
    return true
  }

  /// What a step with a constant on one side, of a quotient or difference on the right, is applied to.
  private static func argument(of node: Node, in graph: Graph) -> Value? {
    guard let op = node.op as? any ElementwiseBinary, op.dequantizations.isEmpty else { return nil }
    let isConstant = node.operands.map { graph.constant($0) != nil }
    switch op {
    case is Multiply, is Add: break
    case is Divide, is Subtract: guard isConstant[1] else { return nil }
    default: return nil
    }
    guard isConstant[0] != isConstant[1] else { return nil }
    return node.operands[isConstant[0] ? 1 : 0]
  }
}

/// A Convolution or MatMul with constant float weights that only it reads.
private struct WeightedSum {
  let node: Node
  /// Of the result.
  let channelAxis: Int
  let outputChannels: Int
  private let constant: Tensor
  /// Weight i belongs to output channel i / `run` mod `outputChannels`.
  private let run: Int

  init?(_ node: Node, in graph: Graph) {
    guard node.op is Convolution || node.op is MatMul, node.type.elementType == .f32,
      let constant = graph.constant(node.operands[1]), constant.elementType == .f32, constant.elementCount > 0,
      graph.hasSingleUse(node.operands[1])
    else { return nil }
    self.node = node
    self.constant = constant
    let shape = constant.shape
    if let product = node.op as? MatMul {
      guard shape.rank > 1 else { return nil }
      channelAxis = node.type.shape.rank - 1
      outputChannels = shape[shape.rank - (product.transposeB ? 2 : 1)]
      run = product.transposeB ? shape[shape.rank - 1] : 1
    } else {
      guard let channels = node.type.shape[1].fixedExtent, channels > 0 else { return nil }
      channelAxis = 1
      outputChannels = channels
      run = constant.elementCount / channels
    }
  }

  /// Nil when one of them leaves the range of f32.
  func weights(times scales: [Double]) -> Tensor? {
    let products = constant.doubles.enumerated().map { $1 * scales[$0 / run % outputChannels] }
    guard products.allSatisfy({ Float($0).isFinite }) else { return nil }
    return Tensor(.f32, constant.shape, converting: products)
  }
}
