import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Operators that search, count, generate and resample.
  static let selection: [IROperator] = [
    IROperator("Bucketize", 3) { layer in
      try Bucketize(
        outputType: layer.attributes.elementType("output_type", default: .i64),
        includesRightBound: layer.attributes.boolean("with_right_bound", default: true))
    },
    IROperator("CumSum", 3) { layer in
      CumSum(
        isExclusive: try layer.attributes.boolean("exclusive", default: false),
        isReverse: try layer.attributes.boolean("reverse", default: false))
    },
    IROperator("Eye", 9) { layer in try Eye(outputType: layer.attributes.elementType("output_type")) },
    IROperator("GridSample", 9) { layer in
      try GridSample(
        mode: layer.attributes.choice("mode", default: .bilinear),
        padding: layer.attributes.choice("padding_mode", default: .zeros),
        alignsCorners: layer.attributes.boolean("align_corners", default: false))
    },
    IROperator("Interpolate", 1) { layer in try interpolate1(layer) },
    IROperator("Interpolate", 4) { layer in
      let isBySizes = try shapeIsBySizes(layer)
      return try Interpolate(
        sampling: sampling(layer, of: [.nearest, .linear, .linearONNX, .cubic]),
        shapeSource: isBySizes ? .sizes(operand: 1) : .scales(operand: 2), axesOperand: 3,
        padsBegin: layer.attributes.integers("pads_begin", default: []),
        padsEnd: layer.attributes.integers("pads_end", default: []))
    },
    IROperator("Interpolate", 11) { layer in
      let isBySizes = try shapeIsBySizes(layer)
      return try Interpolate(
        sampling: sampling(layer, of: InterpolationSampling.Mode.allCases),
        shapeSource: isBySizes ? .sizes(operand: 1) : .scales(operand: 1), axesOperand: 2,
        padsBegin: layer.attributes.integers("pads_begin", default: []),
        padsEnd: layer.attributes.integers("pads_end", default: []))
    },
    IROperator("Multinomial", 13) { layer in
      try Multinomial(
        outputType: layer.attributes.elementType("convert_type"),
        replaces: layer.attributes.boolean("with_replacement"),
        readsLogarithms: layer.attributes.boolean("log_probs"), seeds: layer.seeds(of: Multinomial.name))
    },
    IROperator("NonZero", 3) { layer in
      try NonZero(outputType: layer.attributes.elementType("output_type", default: .i64))
    },
    IROperator("OneHot", 1) { layer in OneHot(axis: try layer.attributes.integer("axis")) },
    IROperator("OneHot", 16) { layer in
      try layer.attributes.require("negative_indices_mode", oneOf: "ignore_negative", "normalize")
      return try OneHot(
        axis: layer.attributes.integer("axis"),
        countsFromEnd: layer.attributes.has("negative_indices_mode")
          && layer.attributes.text("negative_indices_mode").lowercased() == "normalize")
    },
    IROperator("RandomUniform", 8) { layer in
      // PyTorch draws from a Mersenne twister.
      try layer.attributes.require("alignment", oneOf: "tensorflow")
      return try RandomUniform(
        outputType: layer.attributes.elementType("output_type"), seeds: layer.seeds(of: RandomUniform.name))
    },
    IROperator("Range", 1) { _ in RangeOperator(outputType: nil) },
    IROperator("Range", 4) { layer in RangeOperator(outputType: try layer.attributes.elementType("output_type")) },
    IROperator("SearchSorted", 15) { layer in
      try SearchSorted(
        goesRight: layer.attributes.boolean("right_mode", default: false),
        outputType: layer.attributes.elementType("output_type", default: .i64))
    },
    IROperator("SegmentMax", 16) { layer in SegmentMax(filling: try layer.attributes.choice("fill_mode")) },
    IROperator("TopK", 1, 3, 11) { layer in
      try TopK(
        axis: layer.attributes.integer("axis"), mode: layer.attributes.choice("mode"),
        order: layer.attributes.choice("sort"),
        indexType: layer.attributes.elementType("index_element_type", default: .i32))
    },
    IROperator("Unique", 10) { layer in
      try Unique(
        isSorted: layer.attributes.boolean("sorted", default: true),
        indexType: layer.attributes.elementType("index_element_type", default: .i64),
        countType: layer.attributes.elementType("count_element_type", default: .i64))
    },
  ]

  private static func shapeIsBySizes(_ layer: IRLayer) throws(OperatorError) -> Bool {
    try layer.attributes.require("shape_calculation_mode", oneOf: "sizes", "scales")
    return try layer.attributes.text("shape_calculation_mode") == "sizes"
  }

  private static func sampling(
    _ layer: IRLayer, of modes: [InterpolationSampling.Mode]
  ) throws(OperatorError) -> InterpolationSampling {
    InterpolationSampling(
      mode: try layer.attributes.choice("mode", of: modes),
      coordinates: try layer.attributes.choice("coordinate_transformation_mode", default: .halfPixel),
      rounding: try layer.attributes.choice("nearest_mode", default: .preferFloor),
      antialias: try layer.attributes.boolean("antialias", default: false),
      cubeCoefficient: try layer.attributes.double("cube_coeff", default: -0.75))
  }

  /// The first version: coordinates follow from two flags, `area` has no later name and is refused.
  private static func interpolate1(_ layer: IRLayer) throws(OperatorError) -> Interpolate {
    let isAntialiased = try layer.attributes.boolean("antialias", default: false)
    let alignsCorners = try layer.attributes.boolean("align_corners", default: true)
    var mode = try layer.attributes.choice("mode", of: [InterpolationSampling.Mode.nearest, .linear, .cubic])
    if mode == .linear, !isAntialiased { mode = .linearONNX }
    let sampling = InterpolationSampling(
      mode: mode, coordinates: alignsCorners ? .alignCorners : .asymmetric, rounding: .simple,
      antialias: isAntialiased, cubeCoefficient: -0.75)
    return try Interpolate(
      sampling: sampling, shapeSource: .sizes(operand: 1), axes: layer.attributes.integers("axes"), axesOperand: 2,
      padsBegin: layer.attributes.integers("pads_begin", default: []),
      padsEnd: layer.attributes.integers("pads_end", default: []))
  }
}

extension IRLayer {
  fileprivate func seeds(of name: String) throws(OperatorError) -> RandomSeeds {
    try RandomSeeds(
      global: attributes.integer("global_seed", default: 0), own: attributes.integer("op_seed", default: 0), of: name)
  }
}
