import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Two-stage detectors in the manner of Detectron.
  static let detectron: [IROperator] = [
    IROperator("ExperimentalDetectronDetectionOutput", 6) { layer in
      try layer.attributes.require("class_agnostic_box_regression", oneOf: "false", "0")
      var settings = DetectronDetections.Settings()
      settings.classCount = try layer.attributes.integer("num_classes")
      settings.scoreThreshold = try layer.attributes.float("score_threshold")
      settings.overlapThreshold = try layer.attributes.float("nms_threshold")
      settings.classLimit = try layer.attributes.integer("post_nms_count")
      settings.keepLimit = try layer.attributes.integer("max_detections_per_image")
      settings.largestGrowth = try layer.attributes.float("max_delta_log_wh")
      settings.weights = try layer.attributes.doubles("deltas_weights")
      return try DetectronDetections(settings: settings)
    },
    IROperator("ExperimentalDetectronGenerateProposalsSingleImage", 6) { layer in
      DetectronProposals(try refinement(layer))
    },
    IROperator("ExperimentalDetectronPriorGridGenerator", 6) { layer in
      try DetectronPriorGrid(
        isFlat: layer.attributes.boolean("flatten", default: true), rows: layer.attributes.integer("h", default: 0),
        columns: layer.attributes.integer("w", default: 0), stepX: layer.attributes.float("stride_x", default: 0),
        stepY: layer.attributes.float("stride_y", default: 0))
    },
    IROperator("ExperimentalDetectronROIFeatureExtractor", 6) { layer in
      try DetectronFeatures(
        size: layer.attributes.integer("output_size"), samplingRatio: layer.attributes.integer("sampling_ratio"),
        scales: layer.attributes.doubles("pyramid_scales"),
        isAligned: layer.attributes.boolean("aligned", default: false))
    },
    IROperator("ExperimentalDetectronTopKROIs", 6) { layer in
      try DetectronTopRegions(count: layer.attributes.integer("max_rois", default: 0))
    },
    IROperator("GenerateProposals", 9) { layer in
      try layer.attributes.require("nms_eta", oneOf: "1", "1.0")
      return try GenerateProposals(
        refinement(layer, isNormalized: layer.attributes.boolean("normalized", default: true)),
        countType: layer.attributes.elementType("roi_num_type", default: .i64))
    },
  ]

  private static func refinement(_ layer: IRLayer, isNormalized: Bool = false) throws(OperatorError) -> AnchorRefinement
  {
    try AnchorRefinement(
      smallestSize: layer.attributes.float("min_size"), overlapThreshold: layer.attributes.float("nms_threshold"),
      candidateLimit: layer.attributes.integer("pre_nms_count"), keepLimit: layer.attributes.integer("post_nms_count"),
      isNormalized: isNormalized)
  }
}
