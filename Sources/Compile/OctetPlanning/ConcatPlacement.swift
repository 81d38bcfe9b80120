import OctetGraph
import OctetOperators
import OctetTensor

/// Which values are written directly into the concatenation that reads them.
///
/// Channels are innermost in memory, so a concatenation of channels is its parts side by side in every pixel: each
/// producer writes with the pixel stride of the whole. A concatenation inside another is placed the same way.
struct ConcatPlacement {
  struct Slot {
    /// The outermost concatenation, whose memory it is.
    let concatenation: NodeID
    let byteOffset: Int
    /// Elements from pixel to pixel.
    let pixelStride: Int
  }

  private var slots: [Value: Slot] = [:]
  private var placed: Set<NodeID> = []

  init(_ graph: Graph) {
    // Outer ones first, so that inner ones know where they are.
    for id in graph.topologicalOrder.reversed() {
      let node = graph.node(id)
      guard Self.joinsChannels(node, in: graph) else { continue }
      placed.insert(id)
      place(node, in: graph)
    }
  }

  func isPlaced(_ id: NodeID) -> Bool { placed.contains(id) }
  func slot(of value: Value) -> Slot? { slots[value] }
  func pixelStride(of value: Value) -> Int? { slots[value]?.pixelStride }

  private static func joinsChannels(_ node: Node, in graph: Graph) -> Bool {
    guard let concat = node.op as? Concat, let shape = node.type.shape.fixed, shape.rank > 2 else { return false }
    guard node.type.elementType.isByteAddressable, (try? concat.axis(forRank: shape.rank)) == 1 else { return false }
    // Where nothing is read or written with channels last, a planar copy is cheaper.
    return node.operands.contains { !(graph.producer(of: $0).op is Constant) }
      && (node.type.elementType == .u8 || node.operands.contains { isFusedKernel(graph.producer(of: $0).op) })
  }

  private static func isFusedKernel(_ op: any Operator) -> Bool {
    guard let fused = op as? Fused else { return false }
    return !(fused.base is any Rearrangement)
  }

  private mutating func place(_ node: Node, in graph: Graph) {
    guard let shape = node.type.shape.fixed else { return }
    let width = node.type.elementType.bitWidth / 8
    let own = slots[node.value]
    let stride = own?.pixelStride ?? shape[1]
    var offset = own?.byteOffset ?? 0
    for operand in node.operands {
      let channels = graph.type(of: operand).shape[1].fixedExtent ?? 0
      if slots[operand] == nil, isPlaceable(operand, in: graph) {
        slots[operand] = Slot(concatenation: own?.concatenation ?? node.id, byteOffset: offset, pixelStride: stride)
      }
      offset += channels * width
    }
  }

  private func isPlaceable(_ value: Value, in graph: Graph) -> Bool {
    let producer = graph.producer(of: value)
    return !(producer.op is Parameter) && !(producer.op is Constant) && !graph.isOutput(value)
  }
}
