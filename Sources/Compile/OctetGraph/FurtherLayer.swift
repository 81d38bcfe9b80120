package import OctetTensor

/// A layer of the model as `octet explain` names it.
package struct LayerOrigin: Sendable, Equatable {
  package let name: String
  package let layerType: String
  /// Names of the layers that it computes as well.
  package let fused: [String]
  /// Why it does not run on integers.
  package let reason: String?

  package init(_ node: Node) {
    self.init(name: node.name, layerType: node.layerType, fused: node.fused, reason: node.reason)
  }

  private init(name: String, layerType: String, fused: [String], reason: String?) {
    self.name = name
    self.layerType = layerType
    self.fused = fused
    self.reason = reason
  }

  package func fusing(_ names: [String]) -> LayerOrigin {
    LayerOrigin(name: name, layerType: layerType, fused: fused + names, reason: reason)
  }
}

/// A layer that the node of another one computes, and that is reported like one of its own.
package struct FurtherLayer: Sendable {
  package let origin: LayerOrigin
  /// What it computes on.
  package let elementType: ElementType
  package let macs: Int

  package init(origin: LayerOrigin, elementType: ElementType, macs: Int) {
    self.origin = origin
    self.elementType = elementType
    self.macs = macs
  }
}
