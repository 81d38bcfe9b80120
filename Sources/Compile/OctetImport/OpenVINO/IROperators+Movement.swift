import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Operators that move elements without changing them.
  static let movement: [IROperator] = [
    plain("BatchToSpace", 2, BatchToSpace()),
    IROperator("Broadcast", 1) { layer in
      // The serializer writes `none` for explicit.
      try layer.attributes.require("mode", oneOf: "numpy", "explicit", "none")
      return Broadcast(mode: try layer.attributes.text("mode") == "numpy" ? .numPy : .explicit)
    },
    IROperator("Broadcast", 3) { layer in Broadcast(mode: try layer.attributes.choice("mode", default: .numPy)) },
    IROperator("Concat", 1) { layer in Concat(axis: try layer.attributes.integer("axis")) },
    IROperator("DepthToSpace", 1) { layer in
      try DepthToSpace(
        blockSize: layer.attributes.integer("block_size", default: 1), mode: layer.attributes.choice("mode"))
    },
    IROperator("ExtractImagePatches", 3) { layer in
      let none = [Int](repeating: 0, count: 2)
      return try ExtractImagePatches(
        kernel: layer.attributes.integers("sizes"),
        window: SpatialWindow(
          strides: layer.attributes.integers("strides"), dilations: layer.attributes.integers("rates"),
          padsBegin: none, padsEnd: none,
          autoPad: layer.attributes.choice("auto_pad", of: [.valid, .sameUpper, .sameLower])))
    },
    IROperator("Gather", 1) { _ in Gather(batchAxes: 0, wrapsNegatives: false) },
    IROperator("Gather", 7) { layer in
      Gather(batchAxes: try layer.attributes.integer("batch_dims", default: 0), wrapsNegatives: false)
    },
    IROperator("Gather", 8) { layer in
      Gather(batchAxes: try layer.attributes.integer("batch_dims", default: 0), wrapsNegatives: true)
    },
    IROperator("GatherElements", 6) { layer in GatherElements(axis: try layer.attributes.integer("axis")) },
    IROperator("GatherND", 5) { layer in
      try GatherND(batchAxes: layer.attributes.integer("batch_dims", default: 0), joinsBatchAxes: true)
    },
    IROperator("GatherND", 8) { layer in
      try GatherND(batchAxes: layer.attributes.integer("batch_dims", default: 0), joinsBatchAxes: false)
    },
    plain("Identity", 16, Identity()),
    IROperator("Pad", 1, 12) { layer in Pad(mode: try layer.attributes.choice("pad_mode")) },
    IROperator("ReorgYolo", 2) { layer in try ReorgYolo(stride: layer.attributes.integer("stride")) },
    IROperator("Reshape", 1) { layer in Reshape(specialZero: try layer.attributes.boolean("special_zero")) },
    IROperator("Reverse", 1) { layer in Reverse(mode: try layer.attributes.choice("mode")) },
    IROperator("ReverseSequence", 1) { layer in
      ReverseSequence(
        batchAxis: try layer.attributes.integer("batch_axis", default: 0),
        sequenceAxis: try layer.attributes.integer("seq_axis", default: 1))
    },
    plain("Roll", 7, Roll()),
    IROperator("ScatterElementsUpdate", 3) { _ in ScatterElementsUpdate() },
    IROperator("ScatterElementsUpdate", 12) { layer in
      ScatterElementsUpdate(
        reduction: try layer.attributes.choice("reduction", default: .replace),
        usesInitial: try layer.attributes.boolean("use_init_val", default: true))
    },
    IROperator("ScatterNDUpdate", 3, 4) { _ in try ScatterNDUpdate() },
    IROperator("ScatterNDUpdate", 15) { layer in
      try ScatterNDUpdate(reduction: layer.attributes.choice("reduction", default: .replace))
    },
    plain("ScatterUpdate", 3, ScatterUpdate()),
    IROperator("Select", 1) { layer in
      try layer.requireNumPyBroadcasting()
      return Select()
    },
    IROperator("ShapeOf", 1) { _ in try ShapeOf(outputType: .i64) },
    IROperator("ShapeOf", 3) { layer in
      try ShapeOf(outputType: layer.attributes.elementType("output_type", default: .i64))
    },
    IROperator("ShuffleChannels", 1) { layer in
      try ShuffleChannels(
        axis: layer.attributes.integer("axis", default: 1), groups: layer.attributes.integer("group", default: 1))
    },
    plain("Slice", 8, Slice()),
    plain("SpaceToBatch", 2, SpaceToBatch()),
    IROperator("SpaceToDepth", 1) { layer in
      try SpaceToDepth(
        blockSize: layer.attributes.integer("block_size", default: 1), mode: layer.attributes.choice("mode"))
    },
    IROperator("Split", 1) { layer in try Split(count: layer.attributes.integer("num_splits")) },
    plain("SliceScatter", 15, SliceScatter()),
    plain("Squeeze", 1, Squeeze()),
    IROperator("Squeeze", 15) { layer in
      Squeeze(keepsOthers: try layer.attributes.boolean("allow_axis_skip", default: false))
    },
    IROperator("StridedSlice", 1) { layer in
      try StridedSlice(
        beginMask: layer.attributes.integers("begin_mask"), endMask: layer.attributes.integers("end_mask"),
        newAxisMask: layer.attributes.integers("new_axis_mask", default: []),
        shrinkAxisMask: layer.attributes.integers("shrink_axis_mask", default: []),
        ellipsisMask: layer.attributes.integers("ellipsis_mask", default: []))
    },
    plain("Tile", 1, Tile()),
    plain("Transpose", 1, Transpose()),
    plain("Unsqueeze", 1, Unsqueeze()),
    plain("VariadicSplit", 1, VariadicSplit()),
  ]
}
