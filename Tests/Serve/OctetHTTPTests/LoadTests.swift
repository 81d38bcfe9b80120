import Dispatch
import Glibc
import OctetServing
import OctetTestSupport
import Synchronization
import Testing

@testable import OctetHTTP
import OctetSystem

@Suite struct LoadTests {
  /// Runs `body` on as many threads at once.
  private func concurrently(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Void) {
    let failures = Lock<[any Error]>([])
    DispatchQueue.concurrentPerform(iterations: count) { index in
      do { try body(index) } catch { failures.withLock { $0.append(error) } }
    }
    failures.withLock { #expect($0.isEmpty, "\($0)") }
  }

  /// Fills the only stream and then the queue with requests that wait for the gate.
  private func fill(_ server: TestServer, waiting: Int) throws -> [TestClient] {
    server.gate.close()
    var clients: [TestClient] = []
    for index in 0...waiting {
      let client = try server.connect()
      client.send(TestClient.post("/infer", TestServer.doubling))
      clients.append(client)
      let expected = index + 1
      while try server.repository.entry(named: nil).servedModel().queue.requestsInFlight < expected { usleep(1000) }
    }
    return clients
  }

  private static var oneStream: ServingOptions {
    var options = ServingOptions()
    options.streams = 1
    options.maximumBatch = 1
    options.queueCapacity = 4
    // A closed gate would hold the connections' own thread.
    options.inlineLimit = .zero
    return options
  }

  @Test func everyClientGetsItsOwnAnswerAndTheMetricsAddUp() throws {
    let server = try TestServer()
    let clients = 8
    let requests = 100
    concurrently(clients) { client in
      let connection = try server.connect()
      for request in 0..<requests {
        let value = client * 1000 + request
        let body = #"{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[\#(value),1]}]}"#
        let answer = try connection.post("/infer", body)
        #expect(answer.text.contains("[\(value * 2),2]"))
      }
    }
    let labels = #"model="doubling",version="1""#
    let total = Double(clients * requests)
    #expect(try server.metric("octet_requests_total{\(labels),code=\"200\"}") == total)
    #expect(try server.metric("octet_request_seconds_count{\(labels)}") == total)
    #expect(try server.metric("octet_queue_seconds_count{\(labels)}") == total)
    #expect(try server.metric("octet_batch_size_sum{\(labels)}") == total)
    let inferences = try server.metric("octet_inference_seconds_count{\(labels)}")
    let layer = #"layer="layer of x",operator="Copy",precision="f32",kernel="scalar""#
    #expect(try server.metric("octet_layer_executions_total{\(labels),\(layer)}") == inferences)
    // A client has its answer a moment before the server counts it as given.
    let inFlight = "octet_requests_in_flight{\(labels)}"
    for _ in 0..<500 where try server.metric(inFlight) != 0 { usleep(10_000) }
    #expect(try server.metric(inFlight) == 0)
  }

  @Test func overloadIsRefusedAtOnce() throws {
    let server = try TestServer(serving: Self.oneStream)
    let waiting = try fill(server, waiting: 4)
    let refusal = try server.connect().post("/infer", TestServer.doubling)
    #expect(refusal.status == 503)
    #expect(refusal.headers["retry-after"] == "1")
    #expect(refusal.text.contains("already has 4 requests waiting"))
    server.gate.open()
    for client in waiting { #expect(try client.receive().status == 200) }
    #expect(try server.connect().post("/infer", TestServer.doubling).status == 200)
  }

  @Test func healthAndMetricsAnswerWhileEveryWorkerIsBusy() throws {
    let server = try TestServer(serving: Self.oneStream)
    let waiting = try fill(server, waiting: 2)
    let client = try server.connect()
    #expect(try client.get("/health/live").status == 200)
    #expect(try client.get("/health/ready").status == 200)
    #expect(try server.metric(#"octet_queue_depth{model="doubling",version="1"}"#) == 2)
    #expect(try server.metric(#"octet_requests_in_flight{model="doubling",version="1"}"#) == 3)
    server.gate.open()
    for client in waiting { #expect(try client.receive().status == 200) }
  }

  @Test func healthAndMetricsAnswerWhileEveryThreadOfOtherConnectionsIsBusy() throws {
    // Inferences run on the connections' own threads here, of which there are two; the closed gate holds both.
    var options = ServingOptions()
    options.threads = 2
    options.streams = 2
    options.inlineLimit = .seconds(1)
    let server = try TestServer(serving: options)
    server.gate.close()
    let waiting = try (0..<2).map { _ in try server.connect() }
    for client in waiting { client.send(TestClient.post("/infer", TestServer.doubling)) }
    for _ in 0..<5000 where server.gate.waitingCount < 2 { usleep(1000) }
    #expect(server.gate.waitingCount == 2, "connections that come at once are shared out evenly")
    for path in ["/health/live", "/v2/health/ready", "/metrics"] {
      #expect(try server.connect(patienceInSeconds: 5).get(path).status == 200, "\(path)")
    }
    // A probe that says something else later is served all the same, and holds up nobody.
    let probe = try server.connect()
    #expect(try probe.get("/health/live").status == 200)
    probe.send(TestClient.post("/infer", TestServer.doubling))
    #expect(try server.connect(patienceInSeconds: 5).get("/health/live").status == 200)
    server.gate.open()
    for client in waiting + [probe] { #expect(try client.receive().status == 200) }
  }

  @Test func aDeadlineOfTheClientHoldsWhileWorkersAreBusy() throws {
    let server = try TestServer(serving: Self.oneStream)
    let waiting = try fill(server, waiting: 0)
    let body = TestServer.doubling.dropLast() + #","parameters":{"timeout":1000}}"#
    let answer = try server.connect().post("/infer", String(body))
    #expect(answer.status == 503)
    #expect(answer.text.contains("deadline"))
    server.gate.open()
    for client in waiting { #expect(try client.receive().status == 200) }
  }

  @Test func clientsThatHungUpCostNoInference() throws {
    let server = try TestServer(serving: Self.oneStream)
    var waiting = try fill(server, waiting: 3)
    waiting.removeLast(3)
    usleep(20_000)
    server.gate.open()
    #expect(try waiting[0].receive().status == 200)
    #expect(try server.connect().post("/infer", TestServer.doubling).status == 200)
    #expect(try server.metric(#"octet_inference_seconds_count{model="doubling",version="1"}"#) == 2)
    #expect(
      try server.metric(#"octet_requests_rejected_total{model="doubling",version="1",reason="client_gone"}"#) == 3)
  }

  @Test func reloadingUnderLoadFailsNoRequest() throws {
    let server = try TestServer()
    let sources = server.repository.entries.map(\.source)
    let isReloading = Atomic(true)
    let repository = server.repository
    DispatchQueue.global().async {
      for _ in 0..<20 { try? repository.reload(sources, defaultModel: nil) }
      isReloading.store(false, ordering: .sequentiallyConsistent)
    }
    concurrently(4) { _ in
      let client = try server.connect()
      repeat {
        #expect(try client.post("/infer", TestServer.doubling).status == 200)
      } while isReloading.load(ordering: .sequentiallyConsistent)
    }
  }

  @Test func drainingAnswersWhatIsUnderWayAndThenCloses() throws {
    let server = try TestServer(serving: Self.oneStream)
    let idle = try server.connect()
    #expect(try idle.get("/v2").status == 200)
    let probe = try server.connect()
    let waiting = try fill(server, waiting: 2)

    server.repository.beginDraining()
    server.server.beginDraining()
    #expect(try probe.get("/health/ready").status == 503)
    server.server.stopListening()
    #expect(throws: TestClient.Failure.cannotConnect) { try server.connect() }
    #expect(!server.server.stop(patience: .milliseconds(20)), "requests are under way")
    server.gate.open()
    for client in waiting {
      let answer = try client.receive()
      #expect(answer.status == 200)
      #expect(answer.headers["connection"]?.lowercased() == "close")
      #expect(client.isClosed())
    }
  }
}
