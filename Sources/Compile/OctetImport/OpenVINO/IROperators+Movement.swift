import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Operators that move elements without changing them.
  static let movement: [IROperator] = [
    IROperator("Concat", 1) { layer in Concat(axis: try layer.attributes.integer("axis")) },
    IROperator("Reshape", 1) { layer in Reshape(specialZero: try layer.attributes.boolean("special_zero")) },
    IROperator("ShapeOf", 1) { _ in try ShapeOf(outputType: .i64) },
    IROperator("ShapeOf", 3) { layer in
      try ShapeOf(outputType: layer.attributes.elementType("output_type", default: .i64))
    },
    IROperator("Squeeze", 1) { _ in Squeeze() },
    IROperator("StridedSlice", 1) { layer in
      try StridedSlice(
        beginMask: layer.attributes.integers("begin_mask"), endMask: layer.attributes.integers("end_mask"),
        newAxisMask: layer.attributes.integers("new_axis_mask", default: []),
        shrinkAxisMask: layer.attributes.integers("shrink_axis_mask", default: []),
        ellipsisMask: layer.attributes.integers("ellipsis_mask", default: []))
    },
    IROperator("Transpose", 1) { _ in Transpose() },
    IROperator("Unsqueeze", 1) { _ in Unsqueeze() },
  ]
}
