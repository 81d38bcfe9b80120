import OctetGraph
import OctetKernels
import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

/// y = 2·x, whose kernel forgets the last elements.
private struct BrokenDouble: Operator {
  static let name = "BrokenDouble"
  let forgotten: Int

  func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] { [operands[0].type] }

  func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [Tensor(.f32, operands[0].shape, converting: operands[0].doubles.map { 2 * $0 })]
  }

  func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let count = try site.operand(0, .planar, dense: true).shape.elementCount
    _ = try site.result(0, .planar)
    return Kernel(count: count, computed: count - forgotten)
  }

  private struct Kernel: Primitive {
    let count: Int
    let computed: Int
    var kernelName: String { "broken" }

    func execute(_ step: borrowing StepBuffers) {
      let x = step.operand(0).assumingMemoryBound(to: Float.self)
      let y = step.result(0).assumingMemoryBound(to: Float.self)
      for index in 0..<count { y[index] = index < computed ? 2 * x[index] : 0.25 }
    }
  }
}

@Suite struct ModelVerifierTests {
  /// Every step but those that are broken is right for the operands that it got, however wrong these are.
  private func report(_ forgotten: [Int]) throws -> ModelVerifier.Report {
    let g = GraphBuilder()
    var value = try g.add(Tanh(), try g.input("x", [4, 8]), name: "first")
    for (index, count) in forgotten.enumerated() {
      value = try g.add(BrokenDouble(forgotten: count), value, name: "double \(index)")
      value = try g.add(Sigmoid(), value, name: "sigmoid \(index)")
    }
    g.output(value)
    return try ModelVerifier().verify(g.graph, g.graph.randomInputs(seed: 5), team: WorkerTeam(threads: 1))
  }

  @Test(arguments: [([3, 0], ["double 0"]), ([0, 1], ["double 1"]), ([2, 5], ["double 0", "double 1"])])
  func theStepThatIsWrongIsNamed(_ forgotten: [Int], _ names: [String]) throws {
    let report = try report(forgotten)
    let wrong = report.findings.filter { !$0.isRight }
    #expect(wrong.map(\.layer.name) == names)
    #expect(wrong.map(\.wrongValues) == forgotten.filter { $0 > 0 })
    #expect(wrong.allSatisfy { $0.values == 32 && $0.layer.kernel == "broken" && $0.largestDifference > 0.001 })
    #expect(report.outputErrors.map(\.name) == ["y"])
    #expect(report.outputErrors.allSatisfy { $0.error > 0.001 })
  }

  @Test func nothingIsWrongWithWhatIsRight() throws {
    let report = try report([0, 0])
    #expect(report.findings.count == 5 && report.findings.allSatisfy(\.isRight))
    #expect(report.outputErrors.allSatisfy { $0.error < 1e-6 })
  }
}
