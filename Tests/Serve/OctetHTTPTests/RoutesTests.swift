import OctetTestSupport
import Testing

@testable import OctetHTTP

@Suite struct RoutesTests {
  @Test func describesTheServer() throws {
    let answer = try TestServer().connect().get("/v2")
    #expect(
      answer.text
        == #"{"name":"octet","version":"0.1.0","extensions":["binary_tensor_data","classification","logging","#
        + #""model_configuration","model_repository","parameters","schedule_policy","statistics"]}"#)
  }

  @Test(arguments: ["/v2/models/doubling", "/v2/models/doubling/versions/1"])
  func describesAModel(_ path: String) throws {
    let answer = try TestServer().connect().get(path)
    #expect(
      answer.text
        == #"{"name":"doubling","versions":["1"],"platform":"openvino_ir","#
        + #""inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"#
        + #""outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]}"#)
  }

  @Test(arguments: ["/health/live", "/v2/health/live"])
  func lives(_ path: String) throws {
    let answer = try TestServer(hasBrokenModel: true).connect().get(path)
    #expect(answer.status == 200)
    #expect(answer.text == #"{"live":true}"#)
  }

  @Test(arguments: [
    "/health/ready", "/v2/health/ready", "/v2/models/doubling/ready", "/v2/models/doubling/versions/1/ready",
  ])
  func isReady(_ path: String) throws {
    let answer = try TestServer().connect().get(path)
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""ready":true"#))
  }

  @Test func isNotReadyWhenAModelDidNotLoadAndSaysWhy() throws {
    let client = try TestServer(hasBrokenModel: true).connect()
    for path in ["/health/ready", "/v2/models/broken/ready", "/v2/models/broken"] {
      let answer = try client.get(path)
      #expect(answer.status == 503)
      #expect(answer.headers["retry-after"] != nil)
      #expect(answer.text.contains("model 'broken' is not ready: broken.xml: there is no such file"))
    }
    #expect(try client.get("/v2/models/doubling/ready").status == 200)
    #expect(try client.post("/infer", TestServer.doubling).status == 200)
    #expect(try client.post("/v2/models/broken/infer", TestServer.doubling).status == 503)
  }

  @Test(arguments: ["/v2/models/unknown", "/v2/models/unknown/ready", "/v2/models/doubling/versions/9", "/nothing"])
  func knowsWhatItDoesNotHave(_ path: String) throws {
    let answer = try TestServer().connect().get(path)
    #expect(answer.status == 404)
    #expect(answer.text.hasPrefix(#"{"error":"#))
  }

  @Test func namesTheMethodsThatAPathHas() throws {
    let answer = try TestServer().connect().get("/infer")
    #expect(answer.status == 405)
    #expect(answer.headers["allow"] == "POST")
  }

  @Test func metricsHaveTheTypeThatPrometheusWants() throws {
    let answer = try TestServer().connect().get("/metrics")
    #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    #expect(answer.text.hasSuffix("\n"))
    for family in ["octet_build_info", "octet_model_ready", "octet_queue_depth", "process_cpu_seconds_total"] {
      #expect(answer.text.contains("# TYPE \(family) "))
    }
  }

  @Test func showsPeopleARequestThatWorks() throws {
    let server = try TestServer()
    let page = try server.connect().get("/")
    #expect(page.headers["content-type"] == "text/html; charset=utf-8")
    let text = page.text.replacing("&quot;", with: "\"")
    let body = try #require(text.split(separator: "--data '").last?.split(separator: "'").first)
    #expect(try server.connect().post("/v2/models/doubling/infer", String(body)).status == 200)
  }
}
