import Logging
import OctetTestSupport
import Testing

@testable import OctetHTTP

/// Triton's extensions of the Open Inference Protocol.
@Suite struct ExtensionTests {
  private let server: TestServer

  init() throws { server = try TestServer(hasBrokenModel: true) }

  private func json(_ answer: TestClient.Answer) throws -> JSONValue {
    try answer.body.withUnsafeBytes { try JSONValue(parsing: $0) }
  }

  // MARK: - Configuration

  @Test func theConfigurationOfABatchedModelLeavesTheBatchOut() throws {
    let answer = try json(server.connect().get("/v2/models/doubling/config"))
    #expect(answer["max_batch_size"] == .integer(8))
    #expect(answer["input"]?[0]?["name"] == .string("x"))
    #expect(answer["input"]?[0]?["data_type"] == .string("TYPE_FP32"))
    #expect(answer["input"]?[0]?["dims"] == .array([.integer(2)]))
    #expect(answer["output"]?[0]?["dims"] == .array([.integer(2)]))
    #expect(answer["dynamic_batching"]?["max_queue_delay_microseconds"] == .integer(0))
    #expect(answer["model_transaction_policy"]?["decoupled"] == .boolean(false))
  }

  @Test func theConfigurationOfAnotherModelHasItsWholeShape() throws {
    let answer = try json(server.connect().get("/v2/models/typed/versions/1/config"))
    #expect(answer["max_batch_size"] == .integer(0))
    #expect(answer["input"]?[0]?["dims"] == .array([.integer(2)]))
    #expect(answer["dynamic_batching"] == nil)
  }

  // MARK: - Statistics

  @Test func statisticsCountRequestsRowsAndInferences() throws {
    let client = try server.connect()
    let rows = #"{"inputs":[{"name":"x","shape":[3,2],"datatype":"FP32","data":[1,2,3,4,5,6]}]}"#
    for body in [TestServer.doubling, rows, "{}"] { _ = try client.post("/v2/models/doubling/infer", body) }
    let answer = try json(client.get("/v2/models/doubling/versions/1/stats"))
    let model = try #require(answer["model_stats"]?[0])
    #expect(model["name"] == .string("doubling") && model["version"] == .string("1"))
    #expect(model["inference_count"] == .integer(4))
    #expect(model["execution_count"] == .integer(2))
    for (part, count) in [
      ("success", 2), ("fail", 1), ("queue", 2), ("compute_input", 2), ("compute_infer", 2), ("compute_output", 2),
      ("cache_hit", 0), ("cache_miss", 0),
    ] {
      #expect(model["inference_stats"]?[part]?["count"] == .integer(Int64(count)), "\(part)")
    }
    #expect(model["batch_stats"]?[0]?["batch_size"] == .integer(1))
    #expect(model["batch_stats"]?[1]?["batch_size"] == .integer(3))
    #expect(model["batch_stats"]?[1]?["compute_infer"]?["count"] == .integer(1))
    guard case .integer(let last)? = model["last_inference"] else { throw TestClient.Failure.closed }
    #expect(last > 1_600_000_000_000)
  }

  @Test func statisticsOfTheServerHaveEveryModel() throws {
    let answer = try json(server.connect().get("/v2/models/stats"))
    let names = (0..<5).map { answer["model_stats"]?[$0]?["name"] }
    #expect(names == ["doubling", "typed", "pair", "picture", "broken"].map { .string($0) })
  }

  // MARK: - Repository

  @Test func theIndexHasEveryModelWithItsState() throws {
    let client = try server.connect()
    let all = try client.post("/v2/repository/index", "").text
    #expect(
      all == #"[{"name":"doubling","version":"1","state":"READY","reason":""},"#
        + #"{"name":"typed","version":"1","state":"READY","reason":""},"#
        + #"{"name":"pair","version":"1","state":"READY","reason":""},"#
        + #"{"name":"picture","version":"1","state":"READY","reason":""},"#
        + #"{"name":"broken","version":"1","state":"UNAVAILABLE","reason":"broken.xml: there is no such file"}]"#)
    #expect(try !client.post("/v2/repository/index", #"{"ready":true}"#).text.contains("broken"))
    #expect(try client.post("/v2/repository/index", #"{"ready":1}"#).status == 400)
    #expect(try client.post("/v2/repository/index", "[]").status == 400)
    #expect(try client.post("/v2/repository/index", "{").status == 400)
    #expect(try client.post("/v2/repository/index", String(repeating: " ", count: 70_000)).status == 413)
  }

  @Test func modelsAreNotChangedUnlessThatIsAllowed() throws {
    let client = try server.connect()
    for action in ["load", "unload"] {
      let answer = try client.post("/v2/repository/models/doubling/\(action)", "{}")
      #expect(answer.status == 403 && answer.text.contains("repository.changes"))
    }
    #expect(try client.post("/infer", TestServer.doubling).status == 200)
  }

  @Test func modelsComeAndGo() throws {
    var options = HTTPServerOptions()
    options.allowsRepositoryChanges = true
    let client = try TestServer(options: options, hasBrokenModel: true).connect()
    #expect(
      try client.post("/v2/repository/models/doubling/unload", #"{"parameters":{"unload_dependents":false}}"#).status
        == 200)
    #expect(try client.post("/infer", TestServer.doubling).status == 503)
    #expect(try client.get("/v2/models/doubling/ready").status == 503)
    #expect(try !client.get("/v2/health/ready").text.contains("doubling"), "unloaded on purpose is not a fault")
    #expect(
      try client.post("/v2/repository/index", "").text.contains(#""state":"UNAVAILABLE","reason":"it is not loaded""#))
    #expect(try client.post("/v2/repository/models/doubling/load", "{}").status == 200)
    #expect(try client.post("/infer", TestServer.doubling).status == 200)
    for action in ["load", "unload"] {
      #expect(try client.post("/v2/repository/models/unknown/\(action)", "").status == 404)
    }
    let broken = try client.post("/v2/repository/models/broken/load", "{}")
    #expect(broken.status == 503 && broken.text.contains("there is no such file"))
    for parameters in [#"{"config":{}}"#, #"{"config":"{}","file:1/model.xml":"YQ=="}"#, "[]"] {
      let answer = try client.post("/v2/repository/models/typed/load", #"{"parameters":\#(parameters)}"#)
      #expect(answer.status == 400, "\(answer.text)")
    }
  }

  /// A load request for `doubling` with a model configuration.
  private func load(_ configuration: String, _ client: TestClient) throws -> TestClient.Answer {
    let parameters = JSONValue.object(("parameters", .object(("config", .string(configuration)))))
    return try client.post("/v2/repository/models/doubling/load", parameters.text)
  }

  @Test func aConfigurationChangesAModelUntilItIsLoadedAgain() throws {
    var options = HTTPServerOptions()
    options.allowsRepositoryChanges = true
    let client = try TestServer(options: options).connect()
    let before = try client.get("/v2/models/doubling/config").text
    let changed = try load(
      #"""
      {"name": "doubling", "backend": "any", "max_batch_size": 4, "instance_group": [{"count": 2}, {"count": 1}],
       "version_policy": {"all": {}},
       "dynamic_batching": {"preferred_batch_size": [2, 4], "max_queue_delay_microseconds": "300",
        "default_queue_policy": {"max_queue_size": 7, "default_timeout_microseconds": 9000}}}
      """#, client)
    #expect(changed.status == 200, "\(changed.text)")
    let after = try client.get("/v2/models/doubling/config")
    let configuration = try json(after)
    #expect(configuration["max_batch_size"] == .integer(4))
    #expect(configuration["instance_group"]?[0]?["count"] == .integer(3))
    #expect(configuration["version_policy"] == .object(("all", .object())))
    let batching = try #require(configuration["dynamic_batching"])
    #expect(batching["preferred_batch_size"] == .array([.integer(2), .integer(4)]))
    #expect(batching["max_queue_delay_microseconds"] == .integer(300))
    #expect(batching["default_queue_policy"]?["max_queue_size"] == .integer(7))
    #expect(batching["default_queue_policy"]?["default_timeout_microseconds"] == .integer(9000))
    #expect(try client.post("/infer", TestServer.doubling).status == 200)
    // What a server says of a model, it takes back.
    #expect(try load(after.text, client).status == 200)
    #expect(try client.get("/v2/models/doubling/config").text == after.text)
    #expect(try client.post("/v2/repository/models/doubling/load", "{}").status == 200)
    #expect(try client.get("/v2/models/doubling/config").text == before)
  }

  @Test(arguments: [
    ("", "not JSON"), ("[]", "config: expected an object"), (#"{"max_batch_size":-1}"#, "from 0 to 1024"),
    (#"{"max_batch_size":1025}"#, "from 0 to 1024"), (#"{"max_batch_size":"many"}"#, "config.max_batch_size"),
    (#"{"instance_group":3}"#, "expected an array"), (#"{"instance_group":[{"count":1e9}]}"#, "from 0 to 1024"),
    (#"{"version_policy":{}}"#, "one of latest, all and specific"),
    (#"{"version_policy":{"newest":{}}}"#, "found 'newest'"),
    (#"{"version_policy":{"specific":{"versions":[0]}}}"#, "config.version_policy.specific.versions"),
    (#"{"dynamic_batching":{"speed":1}}"#, "config.dynamic_batching.speed"),
    (#"{"name":"other"}"#, "config.name"), (#"{"input":[]}"#, "config.input"), (#"{"max_rows":1}"#, "config.max_rows"),
  ])
  func aConfigurationThatCannotBeIsRefused(_ configuration: String, _ message: String) throws {
    var options = HTTPServerOptions()
    options.allowsRepositoryChanges = true
    let client = try TestServer(options: options).connect()
    let answer = try load(configuration, client)
    #expect(answer.status == 400 && answer.text.contains(message), "\(answer.text)")
    #expect(try client.post("/infer", TestServer.doubling).status == 200)
  }

  // MARK: - Settings and shared memory

  @Test(arguments: ["/v2/logging", "/v2/trace/setting", "/v2/models/doubling/trace/setting"])
  func settingsAreShownAndNotChanged(_ path: String) throws {
    let client = try server.connect()
    let shown = try client.get(path)
    #expect(shown.status == 200)
    for body in ["", "{}", #"{"\#(path.hasSuffix("logging") ? "log_file" : "trace_rate")":null}"#, shown.text] {
      let answer = try client.post(path, body)
      #expect(answer.status == 200 && answer.text == shown.text, "\(answer.text)")
    }
    let change = path.hasSuffix("logging") ? #"{"log_file":"/etc/passwd"}"# : #"{"trace_level":["TIMESTAMPS"]}"#
    #expect(try client.post(path, change).status == (path.hasSuffix("logging") ? 403 : 400))
    for unknown in [#"{"nothing":1}"#, #"{"nothing":null}"#, #"{"":null}"#] {
      let answer = try client.post(path, unknown)
      #expect(answer.status == 400 && answer.text.contains("there is no setting '"), "\(answer.text)")
    }
  }

  @Test func whatIsLoggedFollowsTheLeastGraveThingWanted() throws {
    func threshold(_ level: Logger.Level, _ name: String, _ value: JSONValue) throws -> Logger.Level {
      try LogSettings.threshold(level, changedBy: [JSONValue.Member(name: name, value: value)])
    }
    #expect(try threshold(.info, "log_verbose_level", .integer(1)) == .debug)
    #expect(try threshold(.info, "log_verbose_level", .integer(9)) == .trace)
    #expect(try threshold(.trace, "log_verbose_level", .integer(0)) == .info)
    #expect(try threshold(.info, "log_info", .boolean(false)) == .warning)
    #expect(try threshold(.warning, "log_warning", .boolean(false)) == .error)
    #expect(try threshold(.error, "log_error", .boolean(false)) == .critical)
    #expect(try threshold(.critical, "log_info", .boolean(true)) == .info)
    for (name, value) in [
      ("log_file", JSONValue.string("/etc/passwd")), ("log_format", .string("ISO8601")), ("log_info", .integer(1)),
      ("log_verbose_level", .integer(-1)), ("nothing", .integer(1)),
    ] {
      #expect(throws: HTTPError.self) { try threshold(.info, name, value) }
    }
  }

  @Test(arguments: ["system", "cuda"])
  func sharedMemoryIsEmptyAndStaysSo(_ kind: String) throws {
    let client = try server.connect()
    #expect(try client.get("/v2/\(kind)sharedmemory/status").text == "[]")
    #expect(try client.get("/v2/\(kind)sharedmemory/region/r/status").status == 404)
    #expect(try client.post("/v2/\(kind)sharedmemory/region/r/register", "{}").status == 400)
    #expect(try client.post("/v2/\(kind)sharedmemory/region/r/unregister", "").status == 200)
    #expect(try client.post("/v2/\(kind)sharedmemory/unregister", "").status == 200)
  }
}

extension JSONValue {
  subscript(_ name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  subscript(_ index: Int) -> JSONValue? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }
}
