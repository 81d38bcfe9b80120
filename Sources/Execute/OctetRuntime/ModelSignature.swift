package import OctetTensor

/// One input or output of a model.
package struct Port: Sendable, Hashable {
  package let name: String
  package let type: TensorType

  package init(name: String, type: TensorType) {
    self.name = name
    self.type = type
  }
}

/// What a model takes and gives, in the order of the model file.
package struct ModelSignature: Sendable, Hashable {
  package let inputs: [Port]
  package let outputs: [Port]
  /// Whether every output has as many rows along axis 0 as the inputs have. How many boxes a detector finds is another
  /// number, though open as well.
  private let outputsFollowRows: Bool

  package init(inputs: [Port], outputs: [Port], outputsFollowRows: Bool = true) {
    self.inputs = inputs
    self.outputs = outputs
    self.outputsFollowRows = outputsFollowRows
  }

  /// Whether requests may be joined along axis 0: every input and output leaves it open, and they agree in it.
  package var isBatchable: Bool {
    outputsFollowRows && !inputs.isEmpty && !outputs.isEmpty
      && (inputs + outputs).allSatisfy { $0.type.shape.rank > 0 && $0.type.shape[0].fixedExtent == nil }
  }

  /// Input shapes with one image, whose other open extents are `openExtent`, or as near to it as their bounds allow. An
  /// input that would be too large to exist gets its lowest extents.
  package func inputShapes(openExtent: Int) -> [Shape] {
    inputs.map { port in
      func extents(_ open: Int) -> [Int] {
        port.type.shape.dimensions.enumerated().map { axis, dimension in
          switch dimension {
          case .fixed(let extent): extent
          case .bounded(let range): min(max(axis == 0 ? 1 : open, range.lowerBound), range.upperBound)
          }
        }
      }
      return Shape(extents(openExtent)) ?? Shape(valid: extents(1))
    }
  }
}
