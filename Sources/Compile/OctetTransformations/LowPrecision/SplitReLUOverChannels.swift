import OctetGraph
import OctetOperators
import OctetTensor

/// `f(ReLU(dequantize(q)), w)`  ⇒  `f(dequantize′(steps), w) + f(dequantize″(isPositive), w)`, for depthwise convolutions f
/// and a grid per channel of which zero is no step.
///
/// From the first step c that is not negative, ReLU is (q − c)·s + (c − z)·s, a step count and a constant.
struct SplitReLUOverChannels: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let convolution = node.op as? Convolution, graph.producer(of: node.operands[1]).op is Dequantize,
      (try? convolution.weightShape(graph.operand(node.operands[1])))?.inputsPerGroup == 1
    else { return nil }
    let function = graph.producer(of: node.operands[0])
    guard function.op is ReLU, let x = function.operands.first,
      let grid = (graph.producer(of: x).op as? Dequantize)?.dequantization,
      !grid.isPerTensor, grid.axes == 1..<2, grid.scales.allSatisfy({ $0 > 0 })
    else { return nil }

    let firsts = grid.zeroPoints.map { max($0.rounded(.up), 0) }
    /// What step `first + offset` of each channel stands for.
    func values(_ offset: Double) -> [Double] {
      firsts.indices.map { (firsts[$0] + offset - grid.zeroPoints[$0]) * grid.scales[$0] }
    }
    let zeros = firsts.map { _ in 0.0 }
    var patch = GraphPatch(to: graph)
    func product(_ quantize: Quantize, _ scales: [Double]) -> Value {
      let steps = patch.add(quantize, [x], from: function)
      let dequantize = Dequantize(Dequantization(scales: scales, zeroPoints: zeros))
      let part = patch.add(dequantize, [steps], from: function, fused: [])
      return patch.add(node.op, [part, node.operands[1]], from: node)
    }
    var sum = product(Quantize(inputLow: values(0), inputHigh: values(255), levels: 256), grid.scales)
    if values(0) != zeros {
      let rest = product(Quantize(inputLow: values(-1), inputHigh: values(0), levels: 2), values(0))
      sum = patch.add(Add(), [sum, rest], from: node, fused: [])
    }
    patch.replace(node.value, with: sum)
    return patch
  }
}
