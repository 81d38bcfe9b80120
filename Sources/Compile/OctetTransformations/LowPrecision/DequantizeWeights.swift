import OctetGraph
import OctetOperators
import OctetTensor

/// `const i8 → Convert → [Subtract zeroPoint] → [Multiply scale]`  ⇒  `dequantize(const i8)`
///
/// How NNCF stores weights; without a scale, those of ConvInteger and MatMulInteger. u8 weights become s8 by moving their
/// zero point by 128.
struct DequantizeWeights: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.type.elementType == .f32, let (integers, zeroPoints, scales) = match(node, in: graph) else { return nil }
    guard let parameters = WeightParameters(integers.shape, scales: scales, zeroPoints: zeroPoints) else { return nil }
    let (signed, moved) = Self.signed(integers, parameters.dequantization)

    var patch = GraphPatch(to: graph)
    let weights = patch.addConstant(signed, from: node)
    patch.replace(node.value, with: patch.add(Dequantize(moved), [weights], from: node))
    return patch
  }

  private func match(_ node: Node, in graph: Graph) -> (integers: Tensor, zeroPoints: Tensor?, scales: Tensor)? {
    guard node.op is Multiply else {
      guard let (integers, zeroPoints) = integers(node, in: graph), isSummed(node, in: graph) else { return nil }
      return (integers, zeroPoints, Tensor(.f32, .scalar, elements: [Float(1)]))
    }
    for (data, factor) in [(0, 1), (1, 0)] {
      guard let scales = floatConstant(node.operands[factor], in: graph),
        let (integers, zeroPoints) = integers(graph.producer(of: node.operands[data]), in: graph)
      else { continue }
      return (integers, zeroPoints, scales)
    }
    return nil
  }

  private func integers(_ node: Node, in graph: Graph) -> (Tensor, zeroPoints: Tensor?)? {
    if let integers = convertedConstant(node, in: graph) { return (integers, nil) }
    guard node.op is Subtract, let zeroPoints = floatConstant(node.operands[1], in: graph),
      let integers = convertedConstant(graph.producer(of: node.operands[0]), in: graph)
    else { return nil }
    return (integers, zeroPoints)
  }

  /// Whether the node is what sums of products multiply with, and nothing else.
  private func isSummed(_ node: Node, in graph: Graph) -> Bool {
    let users = graph.users(of: node.value)
    return !users.isEmpty && !graph.isOutput(node.value)
      && users.allSatisfy { user in
        (user.op is any ConvolutionFamily || user.op is MatMul) && user.operands[0] != node.value
          && user.operands[1] == node.value
      }
  }

  private func convertedConstant(_ node: Node, in graph: Graph) -> Tensor? {
    guard node.op is Convert, let constant = graph.constant(node.operands[0]) else { return nil }
    return [.i8, .u8, .i4, .u4].contains(constant.elementType) ? constant : nil
  }

  /// A float constant, possibly stored in another type and converted.
  private func floatConstant(_ value: Value, in graph: Graph) -> Tensor? {
    if let constant = graph.constant(value) { return constant.elementType.isFloatingPoint ? constant : nil }
    let producer = graph.producer(of: value)
    guard producer.op is Convert, let constant = graph.constant(producer.operands[0]) else { return nil }
    return constant
  }

  /// The same values on s8: q − z = (q − 128) − (z − 128).
  static func signed(_ integers: Tensor, _ dequantization: Dequantization) -> (Tensor, Dequantization) {
    switch integers.elementType {
    case .i8: return (integers, dequantization)
    case .u8:
      let moved = Dequantization(
        scales: dequantization.scales, zeroPoints: dequantization.zeroPoints.map { $0 - 128 }, axes: dequantization.axes
      )
      let elements = integers.elements(as: UInt8.self).map { Int8(truncatingIfNeeded: Int($0) - 128) }
      return (Tensor(.i8, integers.shape, elements: elements), moved)
    default:
      return (Tensor(.i8, integers.shape, converting: integers.doubles), dequantization)
    }
  }
}
