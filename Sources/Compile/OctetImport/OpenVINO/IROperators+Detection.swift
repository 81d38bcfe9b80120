import OctetGraph
import OctetOperators

extension IROperatorTable {
  /// Detection heads and attention.
  static let detection: [IROperator] = [
    IROperator("DetectionOutput", 1) { layer in
      try detectionOutput(layer, classCount: layer.attributes.integer("num_classes"))
    },
    IROperator("DetectionOutput", 8) { layer in try detectionOutput(layer, classCount: nil) },
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
}
