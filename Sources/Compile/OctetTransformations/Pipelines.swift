package import OctetGraph

/// Every pass, in order. Stage names follow OpenVINO's low-precision transformations.
extension PassPipeline {
  /// Whatever the precision: what can be computed at load time is.
  package static let common = PassPipeline(
    "common",
    [
      // Before folding: a folded weight chain would be f32 and its integers lost.
      Stage("weights", [FoldConvertedFloats(), DequantizeWeights(), QuantizeWeights()]),
      Stage(
        "folding",
        [
          FoldShapeFunctions(), FoldConstants(), RemoveIdentities(), DropUnusedIndices(), FoldPadIntoConvolution(),
          DecomposeBatchNorm(), FoldAffineIntoWeights(), DecomposeAttention(),
          DecomposeEinsum(), ExpandVectors(), DecomposeAdaptivePool(),
        ]),
      // Twins first: a pattern reads one x.
      Stage("duplicates", [MergeDuplicates()]),
      Stage(
        "patterns",
        [RecognizeActivations(), RecognizeMVN(), RecognizeRMS(), RecognizeNormalizeL2(), RecognizeSoftMax()]),
      Stage("pieces", [BindParameters(), DecomposeGroupNormalization(), DecomposeLRN()]),
    ])

  /// FakeQuantize in, integers out.
  package static let lowPrecision = PassPipeline(
    "low precision",
    [
      Stage(
        "decomposition",
        [DequantizeBytes(), DecomposeFakeQuantize(), SpellOutFakeQuantize(), FoldIntegerRoundTrip()]),
      // Before scales are joined: then f would meet several.
      Stage("prerequisites", [MoveConcatAfter(), FoldAffineIntoQuantize()]),
      Stage(
        "main",
        [
          MoveDequantizationAfter(), ProjectInputsOfRecurrence(), FoldAffineIntoDequantization(), KeepUnaryOnGrid(),
          PadIntegers(), SplitConvolutionOverConcat(), MoveUnaryAfter(), SplitSumOverGrids(), SplitReLUOverChannels(),
          MoveConcatAfterSum(), UseIntegerForm(), FoldShapeFunctions(), FoldConstants(),
        ]),
      Stage("reasons", [NoteRefusals()]),
      // A chain that became a table needs none of the operators in it.
      Stage("cleanup", [FoldUnaryToLookupTable(), FoldDequantizedConstants(), RemoveIdentities()]),
    ])

  /// What one kernel can do in one go becomes one node.
  package static let fusion = PassPipeline(
    "fusion",
    [
      Stage("operands", [AbsorbDequantization()]),
      Stage("results", [FuseOperations()]),
      // Last: what only one reads is fused.
      Stage("forks", [ForkQuantizers()]),
    ])

  /// After the input shapes are known: what depended on them alone is constant now.
  package static let specialization = PassPipeline(
    "specialization",
    [
      Stage(
        "folding",
        [
          FoldShapeFunctions(), FoldConstants(), RemoveIdentities(), DecomposeGroupNormalization(), DecomposeEinsum(),
          BroadcastBatches(),
        ]),
      Stage("movements", [ChainRearrangements()]),
      Stage("attention", [FuseAttention()]),
    ])
}
