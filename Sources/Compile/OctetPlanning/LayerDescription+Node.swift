import OctetGraph
import OctetOperators
import OctetRuntime
import OctetTensor

extension LayerDescription {
  init(_ node: Node, kernel: String, in graph: Graph) {
    let operands = graph.operands(of: node)
    self.init(
      name: node.name, operatorName: node.layerType,
      precision: (operands.first?.elementType ?? node.type.elementType).precisionName,
      kernel: kernel, fused: node.fused, reason: node.reason, macs: node.op.macs(operands, node.types))
  }

  init(_ layer: FurtherLayer, kernel: String) {
    self.init(
      name: layer.origin.name, operatorName: layer.origin.layerType, precision: layer.elementType.precisionName,
      kernel: kernel, fused: layer.origin.fused, reason: layer.origin.reason, macs: layer.macs)
  }
}

extension ElementType {
  /// The precision of a layer that computes on this type, as `octet explain` names it.
  var precisionName: String {
    switch self {
    case .u8, .i8: "int8"
    default: rawValue
    }
  }
}

extension SaturationProbe {
  /// For the output of a quantizer. A lower bound that is the real zero says nothing: ReLU puts values there.
  init?(_ node: Node, _ view: TensorView?) {
    guard let view, view.elementType == .u8, let quantize = node.op.parts.last as? Quantize,
      view.shape.elementCount > 0
    else { return nil }
    let isStrided = view.layout == .channelsLast && !view.isDense
    self.init(
      rowLength: isStrided ? view.channels : view.shape.elementCount,
      rowStride: isStrided ? view.pixelStride : view.shape.elementCount, rows: isStrided ? view.pixelCount : 1,
      low: quantize.inputLow.contains { $0 != 0 } ? 0 : nil, high: UInt8(quantize.levels - 1))
  }
}
