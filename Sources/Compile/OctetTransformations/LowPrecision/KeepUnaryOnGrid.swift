import OctetGraph
import OctetOperators
import OctetTensor

/// `f(dequantize(q))`  ⇒  `dequantize(table[q])`, for functions of one element that lead from the grid to the grid:
/// ReLU does where zero is a step, Clamp where its bounds are.
struct KeepUnaryOnGrid: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let function = node.op as? any ElementwiseUnary else { return nil }
    let producer = graph.producer(of: node.operands[0])
    guard let dequantize = producer.op as? Dequantize, dequantize.dequantization.isPerTensor else { return nil }
    guard graph.type(of: producer.operands[0]).elementType == .u8 else { return nil }
    // With a quantizer behind it, f becomes a table together with that.
    guard graph.isOutput(node.value) || !graph.users(of: node.value).allSatisfy({ $0.op is Quantize }) else {
      return nil
    }
    guard let table = Self.table(function, dequantize.dequantization) else { return nil }

    var patch = GraphPatch(to: graph)
    let steps = patch.add(LookupTable(table), [producer.operands[0]], from: node)
    patch.replace(node.value, with: patch.add(dequantize, [steps], from: node, fused: []))
    return patch
  }

  /// Nil when a result lies between two steps, or outside of the range.
  private static func table(_ function: any ElementwiseUnary, _ dequantization: Dequantization) -> [UInt8]? {
    let (scale, zeroPoint) = (dequantization.scales[0], dequantization.zeroPoints[0])
    let tolerance = 1e-9
    var table: [UInt8] = []
    for step in 0...255 {
      let result = function.apply((Double(step) - zeroPoint) * scale) / scale + zeroPoint
      guard let nearest = UInt8(exactly: result.rounded()), abs(result - Double(nearest)) <= tolerance else {
        return nil
      }
      table.append(nearest)
    }
    return table
  }
}
