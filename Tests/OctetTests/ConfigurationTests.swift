import ArgumentParser
import OctetHTTP
import OctetServing
import OctetSystem
import Testing

@testable import octet

private func read(_ text: String) throws -> Configuration {
  try Configuration(text: Array(text.utf8), named: "config.json", folder: "/etc/octet/")
}

private func problems(_ text: String) -> [String] {
  do {
    _ = try read(text)
    return []
  } catch {
    return (error as? ConfigurationError)?.problems ?? ["another error: \(error)"]
  }
}

@Suite struct ConfigurationTests {
  @Test func theExampleHoldsEveryKeyAtItsDefault() throws {
    let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    #expect(try Configuration(file: "/\(path)/config.example.json") == Configuration())
    // A key that the example leaves out would hide behind its default, so each is taken away once.
    let text = String(decoding: try SystemFile.bytes("/\(path)/config.example.json"), as: UTF8.self)
    let keys = text.split(separator: "\"").filter { part in
      part.allSatisfy { $0.isLowercase || $0 == "_" || $0.isNumber }
    }
    for key in Self.keys { #expect(keys.contains(Substring(key)), "the example lacks \(key)") }
  }

  /// Every key that the reader asks for, as its own message lists them.
  private static var keys: [String] {
    let unknown =
      #"{"?":1,"listen":{"?":1},"models":[{"?":1,"name":"a","path":"b","queue":{"?":1},"batching":{"?":1}}],"#
      + #""limits":{"?":1},"shutdown":{"?":1},"metrics":{"?":1},"log":{"?":1}}"#
    return problems(unknown).flatMap { problem in
      problem.split(separator: "expected one of ").last?.split(separator: ", ").map(String.init) ?? []
    }
  }

  @Test(arguments: [
    "listen", "name", "capacity", "maximum", "body_bytes", "deadline_seconds", "saturation_sampling", "format",
  ])
  func everySectionReportsItsKeys(_ key: String) { #expect(Self.keys.contains(key)) }

  @Test func anEmptyConfigurationIsTheDefault() throws { #expect(try read("{}") == Configuration()) }

  @Test func readsEveryKey() throws {
    let configuration = try read(
      """
      {"listen": {"host": "::", "port": 0, "path": "s", "threads": 3}, "default_model": "b",
       "security": {"token_file": "credential:token", "certificate_file": "c.pem", "key_file": "/k.pem"},
       "models": [
         {"name": "a", "path": "a.xml"},
         {"name": "b", "path": "/models/b.onnx", "hint": "throughput", "threads": 3, "streams": 2, "strict_int8": true,
          "inline_microseconds": 5, "versions": {"latest": 2, "specific": []}, "version_labels": {"canary": 2},
          "queue": {"capacity": 7, "bytes": 8, "deadline_milliseconds": 50, "default_priority": 9},
          "batching": {"maximum": 2, "preferred": [1, 2], "delay_microseconds": 100}}],
       "limits": {"body_bytes": 1, "total_body_bytes": 9, "connections": 2, "connections_per_address": 1, "head_seconds": 3, "body_seconds": 4, "idle_seconds": 5},
       "shutdown": {"delay_seconds": 6, "deadline_seconds": 7},
       "metrics": {"layers": false, "saturation_sampling": 0}, "log": {"level": "debug", "format": "json"}}
      """)
    #expect(configuration.listen == Configuration.Listen(host: "::", port: 0, path: "/etc/octet/s", threads: 3))
    #expect(configuration.models[0] == Configuration.Model(name: "a", path: "/etc/octet/a.xml"))
    let sources = configuration.sources
    #expect(sources[1].path == "/models/b.onnx")
    #expect(sources[1].strictINT8)
    #expect(sources[1].versionPolicy == .latest(2))
    #expect(sources[1].versionLabels == ["canary": 2])
    let options = sources[1].options
    #expect([options.threads, options.streams, options.queueCapacity, options.maximumBatch] == [3, 2, 7, 2])
    #expect([options.queueByteCapacity, options.defaultPriority] == [8, 9])
    #expect(options.preferredBatches == [1, 2])
    #expect(options.hint == .throughput)
    #expect(options.inlineLimit == .microseconds(5))
    #expect(options.queueDeadline == .milliseconds(50))
    #expect(options.batchDelay == .microseconds(100))
    #expect(options.saturationSampling == 0)
    #expect(sources[0].options.queueDeadline == nil)
    let server = configuration.serverOptions
    #expect([server.bodyByteCount, server.connections.total, server.connections.perAddress] == [1, 2, 1])
    #expect([server.threads, server.totalBodyByteCount] == [3, 9])
    let security = configuration.security
    #expect(
      [security.tokenFile, security.certificateFile, security.keyFile]
        == ["credential:token", "/etc/octet/c.pem", "/k.pem"])
    #expect([server.times.head, server.times.body, server.times.idle] == [.seconds(3), .seconds(4), .seconds(5)])
    #expect(configuration.shutdown == Configuration.Shutdown(delaySeconds: 6, deadlineSeconds: 7))
    #expect(!configuration.metrics.layers)
    #expect(configuration.log == Configuration.Log(level: .debug, format: .json))
  }

  @Test func modelsWithoutADefaultMakeTheFirstTheDefault() throws {
    #expect(try read(#"{"models":[{"name":"a","path":"a.xml"}]}"#).defaultModel == nil)
  }

  static let wrong: [(text: String, problem: String)] = [
    ("", "config.json: line 1, column 0"),
    ("{", "config.json: line 1, column 1: "),
    (#"{"a":1,"a":2}"#, "config.json: line 1"),
    ("[]", "config.json: expected an object, found []"),
    (#"{"colour":1}"#, "config.json: colour: there is no such key"),
    (#"{"listen":{"port":65536}}"#, "config.json: listen.port: expected a whole number from 0 to 65535, found 65536"),
    (#"{"listen":{"port":"80"}}"#, "config.json: listen.port: expected a whole number from 0 to 65535, found \"80\""),
    (#"{"listen":{"host":""}}"#, "config.json: listen.host: expected a text, found \"\""),
    (#"{"listen":7}"#, "config.json: listen: expected an object, found 7"),
    (#"{"models":{}}"#, "config.json: models: expected an array of objects, found {}"),
    (#"{"models":[]}"#, "config.json: models: expected at least one model, found none"),
    (#"{"models":[3]}"#, "config.json: models[0]: expected an object, found 3"),
    (#"{"models":[{"path":"a"}]}"#, "config.json: models[0].name: expected a text, found nothing"),
    (#"{"models":[{"name":"a"}]}"#, "config.json: models[0].path: expected a text, found nothing"),
    (
      #"{"models":[{"name":"a b","path":"a"}]}"#,
      "config.json: models[0].name: expected letters, digits, '_', '.' and '-', at most 128, found 'a b'"
    ),
    (
      #"{"models":[{"name":"a","path":"a"},{"name":"a","path":"b"}]}"#,
      "config.json: models[1].name: expected a name of its own, found 'a' a second time"
    ),
    (
      #"{"models":[{"name":"a","path":"a","queue":{"capacity":-3}}]}"#,
      "config.json: models[0].queue.capacity: expected a whole number from 1 to 65536, found -3"
    ),
    (
      #"{"models":[{"name":"a","path":"a","hint":"speed"}]}"#,
      "config.json: models[0].hint: expected one of \"latency\", \"throughput\", found \"speed\""
    ),
    (
      #"{"models":[{"name":"a","path":"a","batching":{"maximum":1.5}}]}"#,
      "config.json: models[0].batching.maximum: expected a whole number from 1 to 1024, found 1.5"
    ),
    (#"{"metrics":{"layers":1}}"#, "config.json: metrics.layers: expected true or false, found 1"),
    (#"{"default_model":"z"}"#, "config.json: default_model: expected the name of a model in models, found 'z'"),
  ]

  @Test(arguments: wrong)
  func namesThePlaceTheExpectationAndWhatWasFound(_ text: String, _ problem: String) {
    let found = problems(text)
    #expect(found.contains { $0.hasPrefix(problem) }, "found \(found)")
  }

  @Test func reportsEveryProblemAtOnce() {
    #expect(problems(#"{"listen":{"port":-1},"log":{"level":"loud"},"x":0}"#).count == 3)
  }

  @Test func saysThatAFileIsNotThere() {
    let error = #expect(throws: ConfigurationError.self) { try Configuration(file: "/nowhere/config.json") }
    #expect(
      error?.description == "/nowhere/config.json: cannot open /nowhere/config.json: No such file or directory")
  }
}

@Suite struct ServeCommandTests {
  @Test(arguments: [
    ("cats=models/m.xml", "cats", "models/m.xml"), ("models/cats.xml", "cats", "models/cats.xml"),
    ("models/cats/model.xml", "cats", "models/cats/model.xml"), ("model.onnx", "model", "model.onnx"),
    ("embedded:digits", "digits", "embedded:digits"), ("a=b=c.xml", "a", "b=c.xml"),
    ("my cats.xml", "my_cats", "my cats.xml"), ("dir=1/cats.xml", "dir", "1/cats.xml"),
    ("./dir=1/cats.xml", "cats", "./dir=1/cats.xml"),
  ])
  func aModelArgumentHasANameAndAPath(_ argument: String, _ name: String, _ path: String) {
    let model = ModelArgument(argument)
    #expect(model.name == name)
    #expect(model.path == path)
  }

  @Test(arguments: [
    ["--port", "65536"], ["--port", "x"], ["--model", "=a.xml"], ["--model", "a="], ["--model", "a b=c.xml"],
    ["--model", "a=x.xml", "--model", "a=y.xml"], ["extra"],
  ])
  func wrongArgumentsAreRefused(_ arguments: [String]) {
    #expect(throws: (any Error).self) { try Serve.parse(arguments) }
  }

  @Test func takesSeveralModels() throws {
    let serve = try Serve.parse(["--model", "a=x.xml", "b=y.xml", "--model", "c.xml", "--port", "0"])
    #expect(serve.models == ["a=x.xml", "b=y.xml", "c.xml"])
    #expect(serve.port == 0)
  }
}
