import OctetGraph
import OctetOperators

/// The operands of a node as integers: where a Dequantize stands in front, what it reads instead.
struct IncomingDequantizations {
  /// Nil for operands that no Dequantize produces.
  let dequantizations: [Dequantization?]
  let sources: [Value]
  let operands: [Operand]

  init(_ node: Node, in graph: Graph) {
    var dequantizations: [Dequantization?] = []
    var sources: [Value] = []
    for operand in node.operands {
      let producer = graph.producer(of: operand)
      if let dequantize = producer.op as? Dequantize {
        dequantizations.append(dequantize.dequantization)
        sources.append(producer.operands[0])
      } else {
        dequantizations.append(nil)
        sources.append(operand)
      }
    }
    self.dequantizations = dequantizations
    self.sources = sources
    operands = sources.map(graph.operand)
  }

  var isEmpty: Bool { dequantizations.allSatisfy { $0 == nil } }
}
