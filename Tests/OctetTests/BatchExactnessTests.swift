import OctetKernels
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import OctetServing
@testable import octet

/// An answer does not depend on the requests that happened to run beside it.
@Suite struct BatchExactnessTests {
  @Test(arguments: ["embedded:digits", FixtureModel.path("dynamic_batch.xml")])
  func requestsGetTheSameBytesBatchedOrNot(_ path: String) throws {
    let model = try ModelLoading.model(from: path)
    try #require(model.signature.isBatchable)
    var random = SeededRandom(seed: 7)
    let requests = (0..<8).map { index in
      // Of one to three rows.
      let inputs = model.smallestInputShapes.map { smallest in
        random.tensor(.f32, Shape(valid: [index % 3 + 1] + smallest.extents.dropFirst()), in: -2...2)
      }
      return InferenceRequest(inputs: inputs)
    }
    for threads in 1...2 {
      let runner = BatchRunner(model: model, executor: Executor(model: model, team: WorkerTeam(threads: threads)))
      let alone = try requests.map { try runner.run([$0])[0].outputs.map(bytes) }
      for count in 2...requests.count {
        let together = try runner.run(Array(requests[..<count])).map { $0.outputs.map(bytes) }
        #expect(together == Array(alone[..<count]), "\(count) requests, \(threads) threads")
      }
    }
  }

  private func bytes(_ tensor: Tensor) -> [UInt8] { tensor.withUnsafeBytes { Array($0) } }
}
