import OctetGraph
import OctetKernels
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// A processor that stops at one of the instruction sets that this one has.
struct Machine: CustomTestStringConvertible, Sendable {
  let instructionSet: InstructionSet
  var cpu: CPU { CPU(upTo: instructionSet) }
  var testDescription: String { instructionSet.rawValue }

  static let all = InstructionSet.allCases.filter(\.isSupportedHere).map(Machine.init)
}

/// How far results may be from the meaning.
struct Tolerance {
  /// Relative to the largest expected value: rounding of f32 sums.
  var rounding = 1e-5
  /// A value on a tie may fall on either side: how many steps of this size may differ, and in what share of the values.
  var step = 0.0
  var stepShare = 0.01
}

/// Runs a graph as octet does: transformed, planned, executed.
func execute(
  _ graph: Graph, _ inputs: [Tensor], on cpu: CPU = .current, threads: Int = 1
) throws -> [Tensor] {
  try Executor(model: ModelCompiler(cpu: cpu).compile(graph), team: WorkerTeam(threads: threads)).run(inputs)
}

/// Expects the executor to give what the graph means, on this processor, with the same bytes for one thread and two.
///
/// - Returns: the outputs, for comparison with those of another processor.
@discardableResult
func expectExecutionMatchesMeaning(
  _ graph: Graph, on cpu: CPU = .current, tolerance: Tolerance = Tolerance(), inputs: [Tensor]? = nil,
  _ location: SourceLocation = #_sourceLocation
) throws -> [[UInt8]] {
  let inputs = inputs ?? graph.randomInputs(seed: 3)
  let expected = try Interpreter(graph).run(inputs)
  let found = try execute(graph, inputs, on: cpu)
  #expect(found.map(\.type) == expected.map(\.type), sourceLocation: location)
  for (index, (a, b)) in zip(found, expected).enumerated() {
    let deviation = Deviation(a.doubles, b.doubles, tolerance)
    #expect(
      deviation.isAllowed, "output '\(graph.outputs[index].name)': \(deviation)", sourceLocation: location)
  }
  let bytes = found.map(\.bytes)
  let isSameWithTwoThreads = try execute(graph, inputs, on: cpu, threads: 2).map(\.bytes) == bytes
  #expect(isSameWithTwoThreads, "two threads give other bytes than one", sourceLocation: location)
  return bytes
}

/// The same on every instruction set; integer models must give the same bytes on all of them.
func expectExecutionMatchesMeaningEverywhere(
  _ graph: Graph, tolerance: Tolerance = Tolerance(), inputs: [Tensor]? = nil, bitExact: Bool = true,
  _ location: SourceLocation = #_sourceLocation
) throws {
  var first: [[UInt8]]?
  for machine in Machine.all {
    let bytes = try expectExecutionMatchesMeaning(
      graph, on: machine.cpu, tolerance: tolerance, inputs: inputs, location)
    if bitExact {
      let isSame = bytes == first ?? bytes
      #expect(isSame, "\(machine.testDescription) gives other bytes", sourceLocation: location)
    }
    first = first ?? bytes
  }
}

/// How two lists of values differ.
private struct Deviation: CustomStringConvertible {
  private let tolerance: Tolerance
  private let far: [(index: Int, found: Double, expected: Double)]
  private let largest: Double
  private let count: Int

  init(_ found: [Double], _ expected: [Double], _ tolerance: Tolerance) {
    self.tolerance = tolerance
    count = expected.count
    let scale = expected.lazy.map(abs).filter(\.isFinite).max() ?? 0
    far = zip(found, expected).enumerated().compactMap { index, pair in
      let (a, b) = pair
      if a == b || (a.isNaN && b.isNaN) || abs(a - b) <= tolerance.rounding * scale { return nil }
      return (index, a, b)
    }
    largest = far.map { abs($0.found - $0.expected) }.max() ?? 0
  }

  /// Either nothing differs, or few values do and by no more than the steps allow.
  var isAllowed: Bool {
    far.isEmpty
      || (largest <= tolerance.step && Double(far.count) <= max(1, tolerance.stepShare * Double(count)))
  }

  var description: String {
    let some = far.prefix(3).map { "[\($0.index)] \($0.found) for \($0.expected)" }.joined(separator: ", ")
    return "\(far.count) of \(count) values differ, by up to \(largest): \(some)"
  }
}

extension Tensor {
  var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}

extension ModelCompiler {
  /// The layers of the plan for these shapes, or for the smallest.
  func layers(of graph: Graph, _ shapes: [Shape]? = nil) throws -> [LayerDescription] {
    let model = try compile(graph)
    return try model.plan(for: shapes ?? model.smallestInputShapes).layers
  }
}
