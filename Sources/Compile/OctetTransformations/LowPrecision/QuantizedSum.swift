import OctetGraph
import OctetOperators
import OctetTensor

/// A convolution, its transpose or a matrix product whose right operand is constant integers, dequantized.
struct QuantizedSum {
  let node: Node
  /// The axis of operand 0 that is summed, the channels of an image.
  let summedAxis: Int
  /// Axes of operand 0 along which each part has results of its own, and where these are in the result.
  let independentAxes: [Int: Int]
  private let weights: Tensor
  private let dequantize: Dequantize
  /// The axis of the weights that is summed; nil when groups sum parts of it.
  private let weightsAxis: Int?

  init?(_ node: Node, in graph: Graph) {
    guard node.operands.count >= 2, node.type.elementType == .f32, graph.constant(node.operands[0]) == nil else {
      return nil
    }
    let producer = graph.producer(of: node.operands[1])
    guard let dequantize = producer.op as? Dequantize, let weights = graph.constant(producer.operands[0]) else {
      return nil
    }
    self.node = node
    self.weights = weights
    self.dequantize = dequantize
    let rank = graph.type(of: node.operands[0]).shape.rank
    switch node.op {
    case let op as Convolution:
      (summedAxis, independentAxes, weightsAxis) = (1, [0: 0], op.isGrouped ? nil : 1)
    case let op as Deconvolution:
      (summedAxis, independentAxes, weightsAxis) = (1, [0: 0], op.isGrouped ? nil : 0)
    case let op as MatMul:
      guard weights.shape.rank == 2, rank > 1 else { return nil }
      let (rows, columns) = op.transposeA ? (rank - 1, rank - 2) : (rank - 2, rank - 1)
      summedAxis = columns
      independentAxes = Dictionary(uniqueKeysWithValues: (0..<rank - 2).map { ($0, $0) } + [(rows, rank - 2)])
      weightsAxis = op.transposeB ? 1 : 0
    default: return nil
    }
  }

  /// The weights that are multiplied with a part of what is summed; nil when they cannot be cut so.
  func weights(_ range: Range<Int>, in patch: inout GraphPatch) -> Value? {
    guard let weightsAxis,
      dequantize.dequantization.isPerTensor || !dequantize.dequantization.axes.contains(weightsAxis)
    else { return nil }
    let part = patch.addConstant(weights.selecting(Array(range), alongAxis: weightsAxis), from: node)
    return patch.add(dequantize, [part], from: node, fused: [])
  }
}
