import FoundationEssentials
import Glibc
import OctetTensor
import OctetTestSupport
import Testing

@testable import octet

/// A folder that is gone with the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    var template = Array("/tmp/octet-test-XXXXXX".utf8CString)
    path = try #require(mkdtemp(&template).map { String(cString: $0) })
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  var files: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ tensor: Tensor, _ name: String) throws -> String {
    try NumPyFile.write(tensor, to: file(name))
    return file(name)
  }
}

/// The commands as their users start them: exit codes, files, JSON.
@Suite struct CommandTests {
  private func octet(_ arguments: String...) throws -> (code: Int32, output: String, errors: String) {
    try octet(arguments)
  }

  private func octet(_ arguments: [String]) throws -> (code: Int32, output: String, errors: String) {
    let output = try TemporaryFile("")
    let process = try OctetProcess(arguments, output: output.path)
    let code = try process.wait()
    return (code, try String(contentsOfFile: output.path, encoding: .utf8), process.said)
  }

  private func json(_ text: String) throws -> JSONValue {
    try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
  }

  private static func fixture(_ file: String) -> String { FixtureModel.path(file) }

  // MARK: - run

  @Test func runWritesOneFilePerOutput() throws {
    let folder = try TemporaryFolder()
    let result = try octet(
      "run", Self.fixture("asymmetric_padding.xml"), "--input", "x=\(Self.fixture("asymmetric_padding.0.x.npy"))",
      "--output-directory", folder.file("results"), "--threads", "1")
    #expect(result.code == 0, "\(result.errors)")
    for output in ["y", "y2"] {
      let written = try NumPyFile.read(folder.file("results/\(output).npy"))
      let expected = try NumPyFile.read(Self.fixture("asymmetric_padding.0.\(output).npy"))
      #expect(written.type == expected.type)
      #expect(largestDifference(written.doubles, expected.doubles) < 1e-4)
    }
  }

  @Test func theOnlyInputNeedsNoName() throws {
    let folder = try TemporaryFolder()
    let image = try folder.write(Tensor(.f32, [3, 1, 8, 8]), "image.npy")
    let result = try octet("run", "embedded:digits", "--input", image, "--output-directory", folder.path)
    #expect(result.code == 0, "\(result.errors)")
    #expect(try folder.files == ["image.npy", "probabilities.npy"])
    #expect(try NumPyFile.read(folder.file("probabilities.npy")).shape == [3, 10])
  }

  @Test(arguments: [("a/b:0", "a_b_0"), ("Ünï", "_n_"), ("x.y-Z_9", "x.y-Z_9"), ("", ""), ("a b", "a_b")])
  func outputNamesBecomeFileNames(_ name: String, _ file: String) {
    #expect(Run.fileName(of: name) == file)
  }

  @Test func wrongUsageIs64() throws {
    let folder = try TemporaryFolder()
    let image = try folder.write(Tensor(.f32, [1, 1, 8, 8]), "image.npy")
    let model = "embedded:digits"
    #expect(try octet("run", model, "--output-directory", folder.path).code == 64)
    #expect(try octet("fly").code == 64)
    let twice = try octet(
      "run", model, "--input", "image=\(image)", "--input", "image=\(image)", "--output-directory", folder.path)
    #expect(twice.code == 64)
    #expect(twice.errors.contains("'image' is given twice"))
    let missing = try octet(
      "run", Self.fixture("residual_block.xml"), "--input", "z=\(image)", "--output-directory", folder.path)
    #expect(missing.code != 0)
  }

  @Test func badFilesAre65WithTheirName() throws {
    let folder = try TemporaryFolder()
    func run(_ model: String, _ input: String) throws -> (code: Int32, output: String, errors: String) {
      try octet("run", model, "--input", input, "--output-directory", folder.path)
    }
    let image = try folder.write(Tensor(.f32, [1, 1, 8, 8]), "image.npy")
    let noModel = try run("/nowhere/model.xml", image)
    #expect(noModel.code == 65)
    #expect(noModel.errors.contains("/nowhere/model.xml"))
    let noInput = try run("embedded:digits", "/nowhere/image.npy")
    #expect(noInput.code == 65)
    #expect(noInput.errors.contains("/nowhere/image.npy"))
    let wrongShape = try run("embedded:digits", try folder.write(Tensor(.f32, [1, 1, 8, 9]), "wide.npy"))
    #expect(wrongShape.code == 65)
    #expect(wrongShape.errors.contains("input 'image' takes shape"))
    let wrongType = try run("embedded:digits", try folder.write(Tensor(.u8, [1, 1, 8, 8]), "bytes.npy"))
    #expect(wrongType.code == 65)
    #expect(wrongType.errors.contains("takes f32, not u8"))
    #expect(try run("embedded:letters", image).code == 65)
    let text = try TemporaryFile("this is not a tensor")
    #expect(try run("embedded:digits", text.path).code == 65)
  }

  // MARK: - explain

  @Test func explainShowsEveryLayerAsJSON() throws {
    let result = try octet("explain", Self.fixture("residual_block.xml"), "--json")
    #expect(result.code == 0, "\(result.errors)")
    let report = try json(result.output)
    #expect(report["model"]?.text == Self.fixture("residual_block.xml"))
    #expect(report["isa"]?.text != nil)
    let layers = try #require(report["layers"]?.list)
    let sums = layers.filter { ($0["macs"]?.number ?? 0) > 0 }
    #expect(sums.count == 4)
    for layer in layers {
      for key in ["name", "operator", "precision", "kernel"] { #expect(layer[key]?.text != nil, "\(key)") }
      #expect(layer["fused"]?.list != nil)
      #expect(layer["reason"] != nil, "reason is null rather than absent")
    }
    #expect(sums.allSatisfy { $0["precision"]?.text == "int8" && $0["reason"] == .null })
    #expect(sums.allSatisfy { $0["operator"]?.text == "Convolution" })
  }

  @Test(arguments: ["svg", "dot"])
  func explainDrawsTheLayers(_ type: String) throws {
    let folder = try TemporaryFolder()
    let result = try octet("explain", Self.fixture("residual_block.xml"), "--graph", folder.file("model.\(type)"))
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("layers INT8"))
    let text = try String(contentsOfFile: folder.file("model.\(type)"), encoding: .utf8)
    #expect(text.hasPrefix(type == "svg" ? "<svg" : "digraph"))
    #expect(text.contains("convolution_u8s8s32"))
  }

  @Test func otherPicturesAreAnErrorOfUsage() throws {
    let result = try octet("explain", Self.fixture("residual_block.xml"), "--graph", "model.png")
    #expect(result.code == 64)
    #expect(result.errors.contains("expected a file name that ends in .svg or .dot"))
  }

  @Test func strictINT8NamesLayersAndReasons() throws {
    let folder = try TemporaryFolder()
    let run = [
      "run", Self.fixture("float_convolution.xml"), "--input", Self.fixture("float_convolution.0.x.npy"),
      "--output-directory", folder.path, "--strict-int8",
    ]
    for arguments in [["explain", Self.fixture("float_convolution.xml"), "--strict-int8"], run] {
      let result = try octet(arguments)
      #expect(result.code == 65)
      #expect(result.errors.contains("float_convolution.xml: not fully INT8"))
      #expect(result.errors.contains("would run in f32: its activations are not quantized"))
    }
    #expect(try folder.files.isEmpty)
    #expect(try octet("explain", Self.fixture("residual_block.xml"), "--strict-int8").code == 0)
  }

  @Test func explainSaysWhyALayerIsNotINT8() throws {
    let result = try octet("explain", Self.fixture("float_convolution.xml"), "--json")
    let layers = try #require(try json(result.output)["layers"]?.list)
    let sums = layers.filter { ($0["macs"]?.number ?? 0) > 0 }
    #expect(!sums.isEmpty && sums.allSatisfy { $0["precision"]?.text == "f32" && $0["reason"]?.text != nil })
  }

  // MARK: - benchmark

  @Test(arguments: ["latency", "throughput"])
  func benchmarkGivesItsFiguresAsJSON(_ hint: String) throws {
    let result = try octet(
      "benchmark", "embedded:digits", "--hint", hint, "--iterations", "20", "--threads", "2", "--json")
    #expect(result.code == 0, "\(result.errors)")
    let figures = try json(result.output)
    #expect(figures["model"]?.text == "embedded:digits")
    #expect(figures["hint"]?.text == hint)
    #expect(figures["iterations"]?.number == 20)
    #expect(figures["threads"]?.number == 2)
    #expect(figures["streams"]?.number == (hint == "latency" ? 1 : 2))
    #expect(figures["batch"]?.number == 1)
    for key in ["load_ms", "first_inference_ms", "throughput_per_second", "peak_resident_bytes"] {
      #expect((figures[key]?.number ?? 0) > 0, "\(key)")
    }
    let latency = try ["min", "median", "average", "p90", "p99", "max"].map {
      try #require(figures["latency_ms"]?[$0]?.number)
    }
    #expect(latency[0] <= latency[1] && latency[1] <= latency[3] && latency[3] <= latency[4])
    #expect(latency[4] <= latency[5] && latency[0] <= latency[2] && latency[2] <= latency[5])
  }

  @Test func benchmarkWritesCountersInOpenVINOsColumns() throws {
    let folder = try TemporaryFolder()
    let result = try octet(
      "benchmark", "embedded:digits", "--iterations", "5", "--report", "average_counters", "--report-directory",
      folder.path)
    #expect(result.code == 0, "\(result.errors)")
    let file = try #require(try folder.files.first)
    let text = try String(contentsOfFile: folder.file(file), encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.first == "layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms)")
    #expect(lines.count > 3)
    #expect(lines.allSatisfy { $0.split(separator: ";", omittingEmptySubsequences: false).count == 6 })
  }

  @Test func impossibleBenchmarksAre64() throws {
    #expect(try octet("benchmark", "embedded:digits", "--batch", "0").code == 64)
    #expect(try octet("benchmark", "embedded:digits", "--iterations", "0").code == 64)
    #expect(try octet("benchmark", "embedded:digits", "--threads", "-1").code == 64)
    #expect(try octet("benchmark", Self.fixture("residual_block.xml"), "--batch", "7").code == 64)
  }

  // MARK: - verify

  @Test func verifyFindsNothingWrongWithTheEmbeddedModel() throws {
    let result = try octet("verify", "embedded:digits")
    #expect(result.code == 0, "\(result.errors)")
    #expect(result.output.contains("steps agree with their meaning"))
  }

  @Test func verifyRefusesTensorsThatTheModelDoesNotTake() throws {
    let folder = try TemporaryFolder()
    for tensor in [Tensor(.f16, [1, 1, 8, 8]), Tensor(.f32, [1, 2, 8, 8])] {
      let result = try octet("verify", "embedded:digits", "--input", try folder.write(tensor, "image.npy"))
      #expect(result.code == 65)
      #expect(result.errors.contains("input 'image' takes f32[?, 1, 8, 8]"))
    }
  }
}

/// Any JSON, to look into.
enum JSONValue: Decodable, Equatable {
  case null
  case bool(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .list(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  subscript(key: String) -> JSONValue? { if case .object(let members) = self { members[key] } else { nil } }
  var number: Double? { if case .number(let value) = self { value } else { nil } }
  var text: String? { if case .text(let value) = self { value } else { nil } }
  var list: [JSONValue]? { if case .list(let value) = self { value } else { nil } }
}
