import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Detection heads and attention.
  static let detection: [IROperator] = [
    IROperator("DeformablePSROIPooling", 1) { layer in
      try layer.attributes.require("mode", oneOf: "bilinear_deformable")
      let group = try layer.attributes.integer("group_size", default: 1)
      return try DeformablePSROIPooling(
        outputChannels: layer.attributes.integer("output_dim"), groupSize: group,
        scale: layer.attributes.float("spatial_scale"), spatialBins: spatialBins(layer),
        offsetScale: layer.attributes.float("trans_std", default: 1),
        partSize: layer.attributes.integer("part_size", default: 1))
    },
    IROperator("DetectionOutput", 1) { layer in
      try detectionOutput(layer, classCount: layer.attributes.integer("num_classes"))
    },
    IROperator("DetectionOutput", 8) { layer in try detectionOutput(layer, classCount: nil) },
    IROperator("MatrixNms", 8) { layer in
      try MatrixNms(
        settings: suppression(layer), decay: layer.attributes.choice("decay_function", default: .linear),
        sigma: layer.attributes.float("gaussian_sigma", default: 2),
        finalThreshold: layer.attributes.float("post_threshold", default: 0))
    },
    IROperator("MulticlassNms", 8, 9) { layer in
      try MulticlassNms(
        settings: suppression(layer), overlapThreshold: layer.attributes.float("iou_threshold", default: 0),
        shrinking: layer.attributes.float("nms_eta", default: 1))
    },
    IROperator("NMSRotated", 13) { layer in
      try NMSRotated(
        sortsAcrossImages: layer.attributes.boolean("sort_result_descending", default: true),
        indexType: layer.attributes.elementType("output_type", default: .i64),
        isClockwise: layer.attributes.boolean("clockwise", default: true))
    },
    IROperator("NonMaxSuppression", 1) { layer in try nonMaxSuppression(layer, indexType: .i64) },
    IROperator("NonMaxSuppression", 3, 4) { layer in
      try nonMaxSuppression(layer, indexType: layer.attributes.elementType("output_type", default: .i64))
    },
    IROperator("NonMaxSuppression", 5, 9) { layer in
      try nonMaxSuppression(
        layer, indexType: layer.attributes.elementType("output_type", default: .i64), givesScores: true)
    },
    IROperator("PSROIPooling", 1) { layer in
      try PSROIPooling(
        outputChannels: layer.attributes.integer("output_dim"),
        groupSize: layer.attributes.integer("group_size", default: 1),
        scale: layer.attributes.float("spatial_scale"), mode: layer.attributes.choice("mode", default: .average),
        spatialBins: spatialBins(layer))
    },
    IROperator("PriorBox", 1) { layer in try PriorBox(settings: priorBox(layer)) },
    IROperator("PriorBox", 8) { layer in
      var settings = try priorBox(layer)
      settings.putsLargestFirst = try layer.attributes.boolean("min_max_aspect_ratios_order", default: true)
      return try PriorBox(settings: settings)
    },
    IROperator("PriorBoxClustered", 1) { layer in
      // One step for both directions stands in for those that are 0.
      let step = try layer.attributes.double("step", default: 0)
      let (x, y) = (
        try layer.attributes.double("step_w", default: 0), try layer.attributes.double("step_h", default: 0)
      )
      return try PriorBoxClustered(
        widths: layer.attributes.doubles("width", default: [1]),
        heights: layer.attributes.doubles("height", default: [1]),
        steps: (x: x == 0 ? step : x, y: y == 0 ? step : y),
        offset: layer.attributes.double("offset"), variances: layer.attributes.doubles("variance", default: []),
        isClipped: layer.attributes.boolean("clip", default: true))
    },
    IROperator("Proposal", 1) { layer in try Proposal(settings: proposal(layer), givesScores: false) },
    IROperator("Proposal", 4) { layer in try Proposal(settings: proposal(layer), givesScores: true) },
    IROperator("ROIAlign", 3) { layer in try roiAlign(layer, alignment: .asymmetric) },
    IROperator("ROIAlign", 9) { layer in
      try roiAlign(layer, alignment: layer.attributes.choice("aligned_mode", default: .asymmetric))
    },
    IROperator("ROIAlignRotated", 15) { layer in
      try ROIAlignRotated(
        height: layer.attributes.integer("pooled_h"), width: layer.attributes.integer("pooled_w"),
        samplingRatio: layer.attributes.integer("sampling_ratio"), scale: layer.attributes.float("spatial_scale"),
        isClockwise: layer.attributes.boolean("clockwise_mode", default: false))
    },
    IROperator("ROIPooling", 1, 2) { layer in
      let sizes = try pooledSizes(layer)
      return try ROIPooling(
        height: sizes.height, width: sizes.width, scale: layer.attributes.float("spatial_scale"),
        method: layer.attributes.choice("method", default: .maximum))
    },
    IROperator("RegionYolo", 1) { layer in
      let hasSoftmax = try layer.attributes.boolean("do_softmax", default: true)
      let mask = try layer.attributes.integers("mask", default: [])
      return try RegionYolo(
        coordinates: layer.attributes.integer("coords"), classes: layer.attributes.integer("classes"),
        boxes: hasSoftmax ? layer.attributes.integer("num") : mask.count, hasSoftmax: hasSoftmax,
        firstJoinedAxis: layer.attributes.integer("axis"), lastJoinedAxis: layer.attributes.integer("end_axis"))
    },
    IROperator("ScaledDotProductAttention", 13) { layer in
      ScaledDotProductAttention(isCausal: try layer.attributes.boolean("causal", default: false))
    },
  ]

  private static func detectionOutput(_ layer: IRLayer, classCount: Int?) throws(OperatorError) -> DetectionOutput {
    // Variants of this operator that other frameworks had; they sieve and number differently.
    try layer.attributes.require("decrease_label_id", oneOf: "false", "0")
    try layer.attributes.require("share_location", oneOf: "true", "1")
    try layer.attributes.require("normalized", oneOf: "true", "1")
    var settings = DetectionOutput.Settings()
    settings.classCount = classCount
    settings.backgroundClass = try layer.attributes.integer("background_label_id", default: 0)
    let limit = try layer.attributes.integer("top_k", default: -1)
    settings.candidateLimit = limit < 0 ? nil : limit
    let kept = try layer.attributes.integers("keep_top_k")
    guard let keepLimit = kept.first, kept.count == 1 else {
      throw .mismatch("attribute 'keep_top_k'", expected: "one value", found: "\(kept)")
    }
    settings.keepLimit = keepLimit
    settings.codeType = try layer.attributes.choice("code_type", default: .corner)
    settings.overlapThreshold = try layer.attributes.float("nms_threshold")
    settings.scoreThreshold = try layer.attributes.float("confidence_threshold", default: 0)
    settings.isVarianceEncoded = try layer.attributes.boolean("variance_encoded_in_target", default: false)
    settings.clipsBeforeSieving = try layer.attributes.boolean("clip_before_nms", default: false)
    settings.clipsAfterSieving = try layer.attributes.boolean("clip_after_nms", default: false)
    return try DetectionOutput(settings: settings)
  }

  private static func spatialBins(_ layer: IRLayer) throws(OperatorError) -> (x: Int, y: Int) {
    (
      x: try layer.attributes.integer("spatial_bins_x", default: 1),
      y: try layer.attributes.integer("spatial_bins_y", default: 1)
    )
  }

  private static func nonMaxSuppression(
    _ layer: IRLayer, indexType: ElementType, givesScores: Bool = false
  ) throws(OperatorError) -> NonMaxSuppression {
    try NonMaxSuppression(
      encoding: layer.attributes.choice("box_encoding", default: .corner),
      sortsAcrossImages: layer.attributes.boolean("sort_result_descending", default: true), indexType: indexType,
      givesScores: givesScores)
  }

  private static func suppression(_ layer: IRLayer) throws(OperatorError) -> MulticlassSuppression {
    func limit(_ name: String) throws(OperatorError) -> Int? {
      let value = try layer.attributes.integer(name, default: -1)
      return value < 0 ? nil : value
    }
    var settings = MulticlassSuppression()
    settings.order = try layer.attributes.choice("sort_result_type", default: .unsorted)
    settings.sortsAcrossImages = try layer.attributes.boolean("sort_result_across_batch", default: false)
    settings.indexType = try layer.attributes.elementType("output_type", default: .i64)
    settings.scoreThreshold = try layer.attributes.float("score_threshold", default: 0)
    settings.candidateLimit = try limit("nms_top_k")
    settings.keepLimit = try limit("keep_top_k")
    settings.backgroundClass = try layer.attributes.integer("background_class", default: -1)
    settings.isNormalized = try layer.attributes.boolean("normalized", default: true)
    return settings
  }

  private static func priorBox(_ layer: IRLayer) throws(OperatorError) -> PriorBox.Settings {
    var settings = PriorBox.Settings()
    settings.smallestSizes = try layer.attributes.doubles("min_size", default: [])
    settings.largestSizes = try layer.attributes.doubles("max_size", default: [])
    settings.aspectRatios = try layer.attributes.doubles("aspect_ratio", default: [])
    settings.isFlipped = try layer.attributes.boolean("flip", default: false)
    settings.isClipped = try layer.attributes.boolean("clip", default: false)
    settings.step = try layer.attributes.double("step", default: 0)
    settings.offset = try layer.attributes.double("offset")
    settings.variances = try layer.attributes.doubles("variance", default: [])
    settings.scalesAllSizes = try layer.attributes.boolean("scale_all_sizes", default: true)
    settings.fixedSizes = try layer.attributes.doubles("fixed_size", default: [])
    settings.fixedRatios = try layer.attributes.doubles("fixed_ratio", default: [])
    settings.densities = try layer.attributes.doubles("density", default: [])
    return settings
  }

  private static func proposal(_ layer: IRLayer) throws(OperatorError) -> Proposal.Settings {
    try layer.attributes.require("framework", oneOf: "", "caffe", "tensorflow")
    var settings = Proposal.Settings()
    settings.baseSize = try layer.attributes.integer("base_size")
    settings.candidateLimit = try layer.attributes.integer("pre_nms_topn")
    settings.keepLimit = try layer.attributes.integer("post_nms_topn")
    settings.overlapThreshold = try layer.attributes.float("nms_thresh")
    settings.stride = try layer.attributes.integer("feat_stride")
    settings.smallestSize = try layer.attributes.double("min_size")
    settings.ratios = try layer.attributes.doubles("ratio")
    settings.scales = try layer.attributes.doubles("scale")
    settings.clipsBeforeSieving = try layer.attributes.boolean("clip_before_nms", default: true)
    settings.clipsAfterSieving = try layer.attributes.boolean("clip_after_nms", default: false)
    settings.isNormalized = try layer.attributes.boolean("normalize", default: false)
    settings.sizeScale = try layer.attributes.float("box_size_scale", default: 1)
    settings.coordinateScale = try layer.attributes.float("box_coordinate_scale", default: 1)
    settings.followsTensorFlow =
      layer.attributes.has("framework") ? try layer.attributes.text("framework") == "tensorflow" : false
    return settings
  }

  private static func roiAlign(_ layer: IRLayer, alignment: ROIAlign.Alignment) throws(OperatorError) -> ROIAlign {
    let sizes = try pooledSizes(layer)
    return try ROIAlign(
      height: sizes.height, width: sizes.width, samplingRatio: layer.attributes.integer("sampling_ratio"),
      scale: layer.attributes.float("spatial_scale"), mode: layer.attributes.choice("mode"), alignment: alignment)
  }

  /// Newer files have one list besides.
  private static func pooledSizes(_ layer: IRLayer) throws(OperatorError) -> (height: Int, width: Int) {
    guard !layer.attributes.has("pooled_h") else {
      return (try layer.attributes.integer("pooled_h"), try layer.attributes.integer("pooled_w"))
    }
    let sizes = try layer.attributes.integers("output_roi")
    guard sizes.count == 2 else {
      throw .mismatch("attribute 'output_roi'", expected: "height and width", found: "\(sizes)")
    }
    return (sizes[0], sizes[1])
  }
}
