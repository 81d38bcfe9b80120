import OctetGraph
import OctetOperators
import OctetTensor

extension IROperatorTable {
  /// Recurrent cells, the same over sequences, and what reads their classes.
  static let recurrent: [IROperator] = [
    IROperator("CTCGreedyDecoder", 1) { layer in
      CTCGreedyDecoder(mergesRepeats: try layer.attributes.boolean("ctc_merge_repeated", default: true))
    },
    IROperator("CTCGreedyDecoderSeqLen", 6) { layer in
      try CTCGreedyDecoderSeqLen(
        mergesRepeats: layer.attributes.boolean("merge_repeated", default: true),
        classType: layer.attributes.elementType("classes_index_type", default: .i32),
        lengthType: layer.attributes.elementType("sequence_length_type", default: .i32))
    },
    IROperator("CTCLoss", 4) { layer in
      CTCLoss(
        mergesRepeats: try layer.attributes.boolean("ctc_merge_repeated", default: true),
        collapsesRepeats: try layer.attributes.boolean("preprocess_collapse_repeated", default: false),
        keepsFirstOnly: try layer.attributes.boolean("unique", default: false))
    },
    IROperator("GRUCell", 3) { layer in try gruCell(layer) },
    IROperator("GRUSequence", 5) { layer in
      RecurrentSequence(cell: try gruCell(layer), direction: try layer.attributes.choice("direction"))
    },
    plain("GatherTree", 1, GatherTree()),
    IROperator("LSTMCell", 1) { layer in
      // Gates that share what they let through are not what any engine computes.
      try layer.attributes.require("input_forget", oneOf: "false", "0")
      return try FirstLSTMCell(lstmCell(layer), order: layer.attributes.choice("weights_format", default: .fico))
    },
    IROperator("LSTMCell", 4) { layer in try lstmCell(layer) },
    IROperator("LSTMSequence", 5) { layer in
      RecurrentSequence(cell: try lstmCell(layer), direction: try layer.attributes.choice("direction"))
    },
    IROperator("RNNCell", 1) { layer in try rnnCell(layer) },
    IROperator("RNNSequence", 5) { layer in
      RecurrentSequence(cell: try rnnCell(layer), direction: try layer.attributes.choice("direction"))
    },
  ]

  private static func gruCell(_ layer: IRLayer) throws(OperatorError) -> GRUCell {
    GRUCell(
      settings: try layer.recurrentSettings([.sigmoid, .tanh]),
      resetsAfter: try layer.attributes.boolean("linear_before_reset", default: false))
  }

  private static func lstmCell(_ layer: IRLayer) throws(OperatorError) -> LSTMCell {
    LSTMCell(settings: try layer.recurrentSettings([.sigmoid, .tanh, .tanh]))
  }

  private static func rnnCell(_ layer: IRLayer) throws(OperatorError) -> RNNCell {
    RNNCell(settings: try layer.recurrentSettings([.tanh]))
  }
}

extension IRLayer {
  /// - Parameter kinds: the activations of a cell that names none.
  fileprivate func recurrentSettings(
    _ kinds: [RecurrentActivation.Kind]
  ) throws(OperatorError) -> RecurrentSettings {
    let given = try attributes.words("activations", default: kinds.map(\.rawValue)).map { $0.lowercased() }
    let known = given.compactMap(RecurrentActivation.Kind.init)
    guard known.count == kinds.count, given.count == kinds.count else {
      let names = RecurrentActivation.Kind.allCases.map(\.rawValue).joined(separator: ", ")
      throw .mismatch("attribute 'activations'", expected: "\(kinds.count) of \(names)", found: "\(given)")
    }
    let alphas = try attributes.doubles("activations_alpha", default: [])
    let betas = try attributes.doubles("activations_beta", default: [])
    let clip = try attributes.double("clip", default: 0)
    return try RecurrentSettings(
      hiddenSize: attributes.integer("hidden_size"),
      activations: known.enumerated().map { index, kind in
        RecurrentActivation(
          kind, alpha: index < alphas.count ? alphas[index] : 0.2, beta: index < betas.count ? betas[index] : 0.5)
      },
      clip: clip > 0 && clip.isFinite ? clip : nil)
  }
}
