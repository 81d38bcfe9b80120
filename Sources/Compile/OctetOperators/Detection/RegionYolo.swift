import Glibc
package import OctetGraph
package import OctetTensor

/// The head of a YOLO detector: logistic functions of centres and confidences  (opset1).
///
/// x [N, boxes·(coordinates + 1 + classes), H, W] holds for each box its coordinates, its confidence and its classes. The
/// first two coordinates and the confidence become σ(x); the classes too, or a softmax of them, as YOLO v2 has it.
package struct RegionYolo: Operator {
  package static let name = "RegionYolo"
  package let coordinates: Int
  package let classes: Int
  package let boxes: Int
  package let hasSoftmax: Bool
  /// With softmax these axes become one.
  package let joinedAxes: ClosedRange<Int>

  package init(
    coordinates: Int, classes: Int, boxes: Int, hasSoftmax: Bool, firstJoinedAxis: Int, lastJoinedAxis: Int
  ) throws(OperatorError) {
    guard (2...64).contains(coordinates), (0...1 << 20).contains(classes), (1...1 << 12).contains(boxes) else {
      throw .mismatch(
        "attributes of \(Self.name)", expected: "2 to 64 coordinates, up to \(1 << 20) classes, 1 to \(1 << 12) boxes",
        found: "\(coordinates), \(classes), \(boxes)")
    }
    let first = try Axis.normalized(firstJoinedAxis, rank: 4, of: Self.name)
    let last = try Axis.normalized(lastJoinedAxis, rank: 4, of: Self.name)
    guard first <= last else {
      throw .mismatch("axes of \(Self.name)", expected: "axis ≤ end_axis", found: "\(first) and \(last)")
    }
    self.coordinates = coordinates
    self.classes = classes
    self.boxes = boxes
    self.hasSoftmax = hasSoftmax
    joinedAxes = first...last
  }

  package var attributes: String { "boxes \(boxes) classes \(classes)\(hasSoftmax ? " softmax" : "")" }

  /// Channels of one box.
  private var depth: Int { coordinates + 1 + classes }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    let channels = try Extent.product(boxes, depth, of: Self.name)
    guard operands[0].elementType.isFloatingPoint, operands[0].shape.rank == 4, operands[0].shape[1].accepts(channels)
    else {
      throw .mismatch("operand of \(Self.name)", expected: "[N, \(channels), H, W]", found: "\(operands[0].type)")
    }
    var dimensions = operands[0].shape.dimensions
    dimensions[1] = .fixed(channels)
    guard hasSoftmax else { return [operands[0].type.with(shape: PartialShape(dimensions))] }
    let extents = dimensions[joinedAxes].compactMap(\.fixedExtent)
    let isFixed = extents.count == joinedAxes.count
    dimensions.replaceSubrange(
      joinedAxes, with: [isFixed ? .fixed(try Extent.product(extents, of: Self.name)) : .dynamic])
    return [operands[0].type.with(shape: PartialShape(dimensions))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let area = operands[0].shape.count(in: 2..<4)
    var values = operands[0].doubles
    for box in 0..<operands[0].shape[0] * boxes {
      for place in 0..<area {
        func element(_ channel: Int) -> Int { (box * depth + channel) * area + place }
        let own = coordinates + 1..<depth
        let logistic = [0, 1, coordinates] + (hasSoftmax ? [] : Array(own))
        for index in logistic.map(element) { values[index] = 1 / (1 + exp(-values[index])) }
        guard hasSoftmax, let largest = own.map({ values[element($0)] }).max() else { continue }
        for index in own.map(element) { values[index] = exp(values[index] - largest) }
        let sum = own.reduce(0) { $0 + values[element($1)] }
        for index in own.map(element) { values[index] /= sum }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: values)]
  }
}
