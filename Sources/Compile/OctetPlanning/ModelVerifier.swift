package import OctetGraph
package import OctetKernels
package import OctetRuntime
import OctetOperators
package import OctetTensor

/// Holds what runs against what it means, one step at a time.
///
/// Every step gets the operands that the executor gave it, so that a deviation is blamed on the step that makes it.
package struct ModelVerifier {
  /// How one step's results compare with `evaluate` on the same operands.
  package struct Finding: Sendable {
    package let layer: LayerDescription
    /// Results that differ by more than rounding allows, and the largest difference.
    package let wrongValues: Int
    package let values: Int
    package let largestDifference: Double
    /// Results that a rounding tie put a step or few apart.
    package let tiedValues: Int

    package var isRight: Bool { wrongValues == 0 }
  }

  package struct Report: Sendable {
    package let findings: [Finding]
    /// Per output: root mean square error against the imported model's meaning, divided by the range of the values.
    package let outputErrors: [(name: String, error: Double)]
  }

  /// f32 kernels sum in another order than `evaluate`: this much of the largest value is rounding.
  private static let floatTolerance = 2e-5
  /// A quantizer in f32 may fall on the other side of a tie than f64 does: rarely, and by few steps even where a
  /// residual branch is rounded on a coarser grid than the sum.
  private static let tieShare = 0.001
  private static let tieSteps = 4.0

  private let cpu: CPU

  package init(cpu: CPU = .current) { self.cpu = cpu }

  package func verify(_ imported: Graph, _ inputs: [Tensor], team: WorkerTeam) throws(ModelError) -> Report {
    // First, because it checks the inputs.
    let meaning = try Interpreter(imported).run(inputs)
    let compiler = ModelCompiler(cpu: cpu)
    var graph = try ModelCompiler.specialize(compiler.transform(imported), to: inputs.map(\.shape))
    var (findings, outputs): ([Finding], [Tensor]) = ([], inputs)
    while let cut = try ShapeCut(graph, memoryLimit: .physical) {
      outputs = try cut.decide(run(cut.known, outputs, team, &findings))
      graph = try ModelCompiler.specialize(cut.rest, to: outputs.map(\.shape))
    }
    outputs = try run(graph, outputs, team, &findings)
    let errors = zip(graph.outputs, zip(outputs, meaning)).map { output, pair in
      (name: output.name, error: Self.normalizedError(pair.0.doubles, pair.1.doubles))
    }
    return Report(findings: findings, outputErrors: errors)
  }

  /// The outputs of a graph of known shapes, with a finding for each step.
  private func run(
    _ graph: Graph, _ inputs: [Tensor], _ team: WorkerTeam, _ findings: inout [Finding]
  ) throws(ModelError) -> [Tensor] {
    let (plan, origins) = try Planner.planWithOrigins(graph, cpu: cpu, weights: PackedWeightsCache())
    let model = CompiledModel(
      signature: ModelSignature(graph), instructionSet: cpu.best.rawValue, weightByteCount: { 0 }
    ) { _ throws(ModelError) in plan }
    let outputs = plan.outputs.map { Tensor($0.elementType, $0.shape) }
    let inputBases = inputs.map { UnsafeRawPointer($0.storage.base) }
    let outputBases = outputs.map(\.storage.base)
    var found: [Finding] = []
    try inputBases.withUnsafeBufferPointer { (inputPointers) throws(ModelError) in
      try outputBases.withUnsafeBufferPointer { (outputPointers) throws(ModelError) in
        try Executor(model: model, team: team).run(plan, inputs: inputPointers, outputs: outputPointers) {
          index, buffers in
          guard let origin = origins[index] else { return }
          found += Self.compare(origin, plan.layers[plan.steps[index].layer], buffers, in: graph)
        }
      }
    }
    withExtendedLifetime(inputs) {}
    findings += found
    return outputs
  }

  private static func compare(
    _ origin: StepOrigin, _ layer: LayerDescription, _ buffers: borrowing StepBuffers, in graph: Graph
  ) -> [Finding] {
    var operands: [Tensor] = []
    for (index, view) in origin.operands.enumerated() {
      if let constant = graph.constant(origin.node.operands[index]) {
        operands.append(constant)
      } else if let view {
        operands.append(view.tensor(at: buffers.operand(index)))
      }
    }
    guard operands.count == origin.operands.count, let meaning = try? origin.node.op.evaluate(operands) else {
      return []
    }
    var findings: [Finding] = []
    for (index, view) in origin.results.enumerated() {
      guard let view else { continue }
      let actual = view.tensor(at: UnsafeRawPointer(buffers.result(index)))
      findings.append(
        finding(
          layer, actual.doubles, meaning[index].doubles, isInteger: !view.elementType.isFloatingPoint,
          hasQuantizer: origin.node.op.quantizes))
    }
    return findings
  }

  private static func finding(
    _ layer: LayerDescription, _ actual: [Double], _ expected: [Double], isInteger: Bool, hasQuantizer: Bool
  ) -> Finding {
    let differences = zip(actual, expected).map { abs($0 - $1) }
    let largest = differences.max() ?? 0
    let scale = expected.lazy.map(abs).filter(\.isFinite).max() ?? 0
    let tolerance = isInteger ? 0 : floatTolerance * max(scale, 1e-30)
    let tieTolerance = tieSteps * (isInteger ? 1 : scale / 255)
    let far = differences.count { !($0 <= tolerance) }
    let beyondTies = differences.count { !($0 <= tieTolerance) }
    let areTies = hasQuantizer && beyondTies == 0 && Double(far) <= max(8, Double(actual.count) * tieShare)
    return Finding(
      layer: layer, wrongValues: areTies ? 0 : far, values: actual.count, largestDifference: largest,
      tiedValues: areTies ? far : 0)
  }

  private static func normalizedError(_ actual: [Double], _ expected: [Double]) -> Double {
    guard !expected.isEmpty else { return 0 }
    let squares = zip(actual, expected).reduce(0.0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let range = (expected.max() ?? 0) - (expected.min() ?? 0)
    return (squares / Double(expected.count)).squareRoot() / (range > 0 ? range : 1)
  }
}

extension Operator {
  /// Whether it rounds to a grid on the way to its result.
  fileprivate var quantizes: Bool {
    parts.contains { $0 is Quantize || $0 is Round }
  }
}

extension TensorView {
  /// The elements at an address, in the logical order.
  fileprivate func tensor(at base: UnsafeRawPointer) -> Tensor {
    let width = elementType.bitWidth / 8
    var tensor = Tensor(elementType, shape)
    let (inner, channels) = (shape.rank > 2 ? shape.count(in: 2..<shape.rank) : 1, self.channels)
    tensor.withUnsafeMutableBytes { bytes in
      for element in 0..<shape.elementCount {
        var source = element
        if layout == .channelsLast {
          let (pixel, channel) = (element / (inner * channels) * inner + element % inner, element / inner % channels)
          source = pixel * pixelStride + channel
        }
        for byte in 0..<width {
          bytes[element * width + byte] = base.load(fromByteOffset: source * width + byte, as: UInt8.self)
        }
      }
    }
    return tensor
  }
}
