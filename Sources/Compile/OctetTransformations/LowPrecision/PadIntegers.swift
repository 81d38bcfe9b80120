import OctetGraph
import OctetOperators
import OctetTensor

/// `Pad(dequantize(q), v)`  ⇒  `dequantize(Pad(q, step))`, where v is a step of the grid.
///
/// Where it is none, new channels may still have a scale of their own: (1 − 0) · v.
struct PadIntegers: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let pad = node.op as? Pad, pad.mode == .constant else { return nil }
    let producer = graph.producer(of: node.operands[0])
    guard let dequantization = (producer.op as? Dequantize)?.dequantization else { return nil }
    let operands = graph.operands(of: node)
    guard operands[0].constant == nil, graph.type(of: producer.operands[0]).elementType == .u8 else { return nil }
    let value = operands.count == 4 ? operands[3].constant?.doubles.first : 0
    guard let value, let widths = try? pad.widths(operands) else { return nil }
    guard let (step, padded) = Self.step(value, dequantization, widths, node.type.shape) else { return nil }

    var patch = GraphPatch(to: graph)
    let fill = patch.addConstant(Tensor(.u8, .scalar, elements: [step]), from: node)
    let steps = patch.add(pad, [producer.operands[0], node.operands[1], node.operands[2], fill], from: node)
    patch.replace(node.value, with: patch.add(Dequantize(padded), [steps], from: node, fused: []))
    return patch
  }

  /// The integer that the border is filled with, and the dequantization then.
  private static func step(
    _ value: Double, _ dequantization: Dequantization, _ widths: (begin: [Int], end: [Int]), _ result: PartialShape
  ) -> (UInt8, Dequantization)? {
    if dequantization.isPerTensor {
      let step = value / dequantization.scales[0] + dequantization.zeroPoints[0]
      if let exact = UInt8(exactly: step.rounded()), abs(step - Double(exact)) <= 1e-9 {
        return (exact, dequantization)
      }
    }
    let paddedAxes = widths.begin.indices.filter { widths.begin[$0] != 0 || widths.end[$0] != 0 }
    guard paddedAxes == [1], dequantization.isPerTensor || dequantization.axes == 1..<2,
      let extent = result[1].fixedExtent, let (begin, end) = positive(widths, extent)
    else { return nil }
    let inner = extent - begin - end
    func padded(_ values: [Double], by border: Double) -> [Double] {
      [Double](repeating: border, count: begin) + values + [Double](repeating: border, count: end)
    }
    let own = Dequantization(
      scales: padded(dequantization.expandedScales(inner), by: value == 0 ? 1 : value),
      zeroPoints: padded(dequantization.expandedZeroPoints(inner), by: 0))
    return (value == 0 ? 0 : 1, own)
  }

  /// The widths along the channels, if they add some.
  private static func positive(_ widths: (begin: [Int], end: [Int]), _ extent: Int) -> (begin: Int, end: Int)? {
    let (begin, end) = (widths.begin[1], widths.end[1])
    return begin >= 0 && end >= 0 && begin + end < extent ? (begin, end) : nil
  }
}
