import OctetGraph
import OctetOperators
import OctetTensor

/// `const i8 → Convert → [Subtract zeroPoint] → Multiply scale`  ⇒  `dequantize(const i8)`
///
/// How NNCF stores weights. u8 weights become s8 by moving their zero point by 128.
struct DequantizeWeights: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard node.op is Multiply, node.type.elementType == .f32 else { return nil }
    guard let (integers, zeroPoints, scales) = match(node, in: graph) else { return nil }
    guard let parameters = WeightParameters(integers.shape, scales: scales, zeroPoints: zeroPoints) else { return nil }
    let (signed, moved) = Self.signed(integers, parameters.dequantization)

    var patch = GraphPatch(to: graph)
    let weights = patch.addConstant(signed, from: node)
    patch.replace(node.value, with: patch.add(Dequantize(moved), [weights], from: node))
    return patch
  }

  private func match(_ node: Node, in graph: Graph) -> (integers: Tensor, zeroPoints: Tensor?, scales: Tensor)? {
    for (data, factor) in [(0, 1), (1, 0)] {
      guard let scales = floatConstant(node.operands[factor], in: graph) else { continue }
      let producer = graph.producer(of: node.operands[data])
      if let integers = convertedConstant(producer, in: graph) { return (integers, nil, scales) }
      guard producer.op is Subtract, let zeroPoints = floatConstant(producer.operands[1], in: graph),
        let integers = convertedConstant(graph.producer(of: producer.operands[0]), in: graph)
      else { continue }
      return (integers, zeroPoints, scales)
    }
    return nil
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
