package import OctetGraph
import OctetKernels
package import OctetRuntime
package import OctetTensor

/// An operator whose result has every element of operand 0 once, in an order that shapes alone decide.
///
/// Several in a row move the elements once, or not at all.
package protocol Rearrangement: Movement, FusionBase {
  /// Applies this operator to elements in `order`, which have the shape of operand 0; false when the order then follows
  /// no strides.
  func rearrange(_ order: inout ElementOrder, _ operands: [Operand], to shape: Shape) -> Bool
}

extension Rearrangement {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { try lower(site, fusing: []) }

  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    let shape = try site.shape(ofResult: 0)
    let reference = fused(chain, at: site)
    guard site.operands[0].elementType.isByteAddressable,
      let order = try order(reference.baseOperands(site.operands), chain)
    else { return ReferencePrimitive(reference, site) }
    let preferred = site.preferredLayout(ofOperand: 0)
    // Where both are as good, what came with its channels last goes on like that.
    let layouts: [Layout] = shape.rank > 2 && !site.isModelOutput(0) ? [preferred, preferred.other] : [.planar]
    for sourceLayout in preferred == .planar ? [.planar] : [preferred, .planar] {
      let source = try site.operand(0, sourceLayout, dense: sourceLayout == .planar)
      var best: (layout: Layout, moves: Moves)?
      for layout in layouts {
        guard let moves = Moves(order, from: source, to: try site.result(0, layout), cpu: site.cpu) else { continue }
        if best.map({ moves.cost < $0.moves.cost }) ?? true { best = (layout, moves) }
      }
      guard let best else { continue }
      _ = try site.result(0, best.layout)
      return best.moves.primitive
    }
    return ReferencePrimitive(reference, site)
  }

  /// The order of the elements after this operator and those behind it; nil when it follows no strides.
  package func order(_ operands: [Operand], _ chain: [FusedOperation]) throws(OperatorError) -> ElementOrder? {
    guard let source = operands[0].shape.fixed else { return nil }
    var order = ElementOrder(source)
    var type = try resultTypes(operands)[0]
    guard let shape = type.shape.fixed, rearrange(&order, operands, to: shape) else { return nil }
    for operation in chain {
      guard let op = operation.op as? any Rearrangement, let shape = operation.type.shape.fixed,
        op.rearrange(&order, [Operand(type: type)] + operation.furtherOperands, to: shape)
      else { return nil }
      type = operation.type
    }
    return order
  }
}

/// Moving elements from one place to another.
private struct Moves {
  let primitive: any Primitive
  /// 0 when they stand there already.
  let cost: Int

  init?(_ order: ElementOrder, from source: TensorView, to destination: TensorView, cpu: CPU) {
    guard let axes = order.moves(from: source, to: destination) else { return nil }
    let isInPlace = axes.allSatisfy { $0.extent == 1 || $0.sourceStride == $0.destinationStride }
    if isInPlace, source.isDense, destination.isDense {
      primitive = Alias()
      cost = 0
    } else {
      guard let kernel = Reorder(merging: axes, elementSize: source.elementType.bitWidth / 8, cpu: cpu) else {
        return nil
      }
      primitive = ReorderPrimitive(kernel)
      cost = 1 + kernel.kind.rawValue
    }
  }
}
