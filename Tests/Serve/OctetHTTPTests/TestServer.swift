import OctetImages
import OctetRuntime
import OctetServing
import OctetSystem
import OctetTensor
import OctetTestSupport

@testable import OctetHTTP

/// A server on a port of its own, with models that tests know by heart.
final class TestServer: Sendable {
  let repository: ModelRepository
  let server: HTTPServer
  let gate: Gate

  static let options = ServingOptions()

  /// Serves `doubling`, which is the default, `typed`, `pair`, `picture`, and `broken`, which does not load, if that is wanted.
  init(
    options: HTTPServerOptions = HTTPServerOptions(), serving: ServingOptions = TestServer.options,
    hasBrokenModel: Bool = false, picture: Shape = [1, 1, 1, 2]
  ) throws {
    let gate = Gate()
    self.gate = gate
    var options = options
    options.threads = 2
    repository = ModelRepository(processors: 2) { source in
      switch source.name {
      case "doubling": return FakeModel.doubling(gate: gate)
      case "typed":
        return FakeModel.copying(
          [.f64, .f32, .f16, .i64, .i32, .i16, .i8, .u64, .u32, .u16, .u8, .boolean], extent: 2)
      case "picture":
        return FakeModel.copying([Port(name: "image", type: TensorType(.f32, picture))])
      case "pair":
        let rows = Dimension.bounded(0...Int.max)
        return FakeModel.copying([
          Port(name: "a", type: TensorType(.f32, PartialShape([rows, .fixed(1), .fixed(2)]))),
          Port(name: "b", type: TensorType(.i64, PartialShape([rows]))),
        ])
      default: throw ModelError.model("\(source.path): there is no such file")
      }
    }
    let names = ["doubling", "typed", "pair", "picture"] + (hasBrokenModel ? ["broken"] : [])
    repository.load(
      names.map { name in
        var grey = ImagePreprocessing()
        grey.colors = .gray
        return ModelSource(
          name: name, path: "\(name).xml", options: serving, classLabels: ["one", "two"],
          picture: name == "picture" ? grey : nil)
      }, defaultModel: nil)
    let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
    server = try HTTPServer(
      listeningOn: socket, repository: repository, metrics: Metrics(repository: repository, includesLayers: true),
      options: options)
  }

  deinit {
    gate.open()
    server.stopListening()
    _ = server.stop(patience: .seconds(5))
  }

  func connect(patienceInSeconds: Int = 10) throws -> TestClient {
    try TestClient(port: server.name?.port ?? 0, patienceInSeconds: patienceInSeconds, keeping: self)
  }

  /// A request for the default model:  [1, 2] → [2, 4].
  static let doubling = #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}"#

  /// The value of one sample of /metrics.
  func metric(_ sample: String) throws -> Double? {
    let lines = try connect().get("/metrics").text.split(separator: "\n")
    return lines.first { $0.hasPrefix(sample + " ") }.flatMap { Double($0.dropFirst(sample.count + 1)) }
  }
}
