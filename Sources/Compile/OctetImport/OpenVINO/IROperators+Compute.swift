import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Convolutions, products, pooling and quantization.
  static let compute: [IROperator] = [
    plain("AdaptiveAvgPool", 8, AdaptiveAvgPool()),
    IROperator("AdaptiveMaxPool", 8) { layer in
      try AdaptiveMaxPool(indexType: layer.attributes.elementType("index_element_type", default: .i64))
    },
    IROperator("AvgPool", 1, 14, 16) { layer in
      AvgPool(pooling: try layer.pooling(), excludesPadding: try layer.attributes.boolean("exclude-pad"))
    },
    IROperator("BinaryConvolution", 1) { layer in
      try layer.attributes.require("mode", oneOf: "xnor-popcount")
      return try BinaryConvolution(window: layer.window(), padValue: layer.attributes.double("pad_value"))
    },
    IROperator("Convolution", 1) { layer in Convolution(window: try layer.window(), isGrouped: false) },
    IROperator("ConvolutionBackpropData", 1) { layer in try deconvolution(layer, isGrouped: false) },
    IROperator("DeformableConvolution", 1) { layer in try deformableConvolution(layer, reachesEdges: false) },
    IROperator("DeformableConvolution", 8) { layer in
      try deformableConvolution(
        layer, reachesEdges: layer.attributes.boolean("bilinear_interpolation_pad", default: false))
    },
    IROperator("Col2Im", 15) { layer in
      try Col2Im(
        window: SpatialWindow(
          strides: layer.attributes.integers("strides", default: [1, 1]),
          dilations: layer.attributes.integers("dilations", default: [1, 1]),
          padsBegin: layer.attributes.integers("pads_begin", default: [0, 0]),
          padsEnd: layer.attributes.integers("pads_end", default: [0, 0])))
    },
    IROperator("Einsum", 7) { layer in try Einsum(equation: layer.attributes.text("equation")) },
    IROperator("EmbeddingBagOffsets", 15) { layer in
      EmbeddingBag(grouping: .offsets, reduction: try layer.attributes.choice("reduction", default: .sum))
    },
    plain("EmbeddingBagOffsetsSum", 3, EmbeddingBag(grouping: .offsets, reduction: .sum)),
    IROperator("EmbeddingBagPacked", 15) { layer in
      EmbeddingBag(grouping: .packed, reduction: try layer.attributes.choice("reduction", default: .sum))
    },
    plain("EmbeddingBagPackedSum", 3, EmbeddingBag(grouping: .packed, reduction: .sum)),
    plain("EmbeddingSegmentsSum", 3, EmbeddingBag(grouping: .segments, reduction: .sum)),
    IROperator("FakeConvert", 13) { layer in
      FakeConvert(to: try layer.attributes.choice("destination_type", default: .f8e4m3))
    },
    IROperator("FakeQuantize", 1) { layer in
      try layer.requireNumPyBroadcasting()
      return try FakeQuantize(levels: layer.attributes.integer("levels"))
    },
    IROperator("GroupConvolution", 1) { layer in Convolution(window: try layer.window(), isGrouped: true) },
    IROperator("GroupConvolutionBackpropData", 1) { layer in try deconvolution(layer, isGrouped: true) },
    IROperator("Inverse", 14) { layer in
      Inverse(isTransposed: try layer.attributes.boolean("adjoint", default: false))
    },
    IROperator("MatMul", 1) { layer in
      MatMul(
        transposeA: try layer.attributes.boolean("transpose_a", default: false),
        transposeB: try layer.attributes.boolean("transpose_b", default: false))
    },
    IROperator("MaxPool", 1) { layer in try MaxPool(pooling: layer.pooling(), indexType: nil) },
    IROperator("MaxPool", 8, 14) { layer in
      try MaxPool(
        pooling: layer.pooling(), indexType: layer.attributes.elementType("index_element_type", default: .i64),
        indexAxis: layer.attributes.integer("axis", default: 0))
    },
  ]

  private static func deformableConvolution(
    _ layer: IRLayer, reachesEdges: Bool
  ) throws(OperatorError) -> DeformableConvolution {
    try DeformableConvolution(
      window: layer.window(), groups: layer.attributes.integer("group", default: 1),
      offsetGroups: layer.attributes.integer("deformable_group", default: 1), reachesEdges: reachesEdges)
  }

  private static func deconvolution(_ layer: IRLayer, isGrouped: Bool) throws(OperatorError) -> Deconvolution {
    let window = try layer.window()
    let none = [Int](repeating: 0, count: window.rank)
    return try Deconvolution(
      window: window, isGrouped: isGrouped, outputPadding: layer.attributes.integers("output_padding", default: none))
  }
}

extension IRLayer {
  /// How a convolution or a pooling moves over the image.
  func window() throws(OperatorError) -> SpatialWindow {
    let strides = try attributes.integers("strides")
    return try SpatialWindow(
      strides: strides,
      dilations: attributes.integers("dilations", default: [Int](repeating: 1, count: strides.count)),
      padsBegin: attributes.integers("pads_begin"), padsEnd: attributes.integers("pads_end"),
      autoPad: attributes.choice(
        "auto_pad", of: [.explicit, .valid, .sameUpper, .sameLower], default: .explicit),
      rounding: attributes.choice("rounding_type", of: [.floor, .ceil, .ceilTorch], default: .floor))
  }

  func pooling() throws(OperatorError) -> PoolingWindow {
    try PoolingWindow(kernel: attributes.integers("kernel"), window: window())
  }
}
