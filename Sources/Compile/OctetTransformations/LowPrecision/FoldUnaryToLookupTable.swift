import OctetGraph
import OctetOperators
import OctetTensor

/// `quantize(f(…(dequantize(q))))`  ⇒  `table[q]`, for any chain of functions of one element.
///
/// All 256 inputs are run once at load time. A table in front joins in, and one that changes nothing disappears.
struct FoldUnaryToLookupTable: RewriteRule {
  func rewrite(_ node: Node, in graph: Graph) -> GraphPatch? {
    guard let quantize = node.op as? Quantize, quantize.inputLow.count == 1 else { return nil }
    guard let (source, functions) = chain(from: node.operands[0], in: graph) else { return nil }
    guard graph.type(of: source).elementType == .u8 else { return nil }
    guard let table = Self.table(functions + [quantize]) else { return nil }

    var patch = GraphPatch(to: graph)
    if table == Array(0...255) {
      patch.replace(node.value, with: source)
    } else {
      patch.replace(node.value, with: patch.add(LookupTable(table), [source], from: node))
    }
    return patch
  }

  /// The dequantized integers that a chain of functions starts from, and the functions in order.
  private func chain(from value: Value, in graph: Graph) -> (source: Value, functions: [any Operator])? {
    var functions: [any Operator] = []
    var value = value
    while true {
      let producer = graph.producer(of: value)
      if let dequantize = producer.op as? Dequantize {
        guard dequantize.dequantization.isPerTensor else { return nil }
        let table = graph.producer(of: producer.operands[0])
        guard table.op is LookupTable, graph.hasSingleUse(table.value) else {
          return (producer.operands[0], [dequantize] + functions.reversed())
        }
        return (table.operands[0], [table.op, dequantize] + functions.reversed())
      }
      guard producer.op is any ElementwiseUnary, graph.hasSingleUse(value) else { return nil }
      functions.append(producer.op)
      value = producer.operands[0]
    }
  }

  private static func table(_ functions: [any Operator]) -> [UInt8]? {
    var value = Tensor(.u8, [256], elements: (0...255).map { UInt8($0) })
    for function in functions {
      guard let result = try? function.evaluate([value]).first else { return nil }
      value = result
    }
    return value.elements(as: UInt8.self)
  }
}
