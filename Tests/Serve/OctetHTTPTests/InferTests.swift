import Testing

@testable import OctetHTTP

@Suite struct InferTests {
  @Test func answersJSONWithJSON() throws {
    let server = try TestServer()
    let answer = try server.connect().post("/infer", TestServer.doubling)
    #expect(answer.status == 200)
    #expect(answer.headers["content-type"] == "application/json")
    #expect(
      answer.text
        == #"{"model_name":"doubling","model_version":"1","outputs":["#
        + #"{"name":"y","datatype":"FP32","shape":[1,2],"data":[2,4]}]}"#)
  }

  @Test(arguments: ["/v2/models/doubling/infer", "/v2/models/doubling/versions/1/infer", "/v2/models/doublin%67/infer"])
  func findsTheModelOfThePath(_ path: String) throws {
    #expect(try TestServer().connect().post(path, TestServer.doubling).status == 200)
  }
}
