import Glibc
import OctetSystem
import OctetTestSupport
import Testing

/// The life of `octet serve`, from outside.
@Suite struct DaemonTests {
  private static let zeros = Array(repeating: "0", count: 64).joined(separator: ",")
  private static let request =
    #"{"inputs":[{"name":"image","shape":[1,1,8,8],"datatype":"FP32","data":[\#(zeros)]}]}"#

  private static func configuration(_ models: String) -> String {
    #"{"listen":{"port":0},"models":[\#(models)]}"#
  }

  private static let digits = #"{"name":"digits","path":"embedded:digits"}"#

  @Test func servesTheEmbeddedModelWithoutBeingTold() throws {
    let octet = try OctetProcess(["serve", "--port", "0"])
    let client = try TestClient(port: octet.port())
    #expect(try client.get("/health/ready").status == 200)
    let answer = try client.post("/infer", Self.request)
    #expect(answer.status == 200)
    #expect(answer.text.contains(#""name":"probabilities","datatype":"FP32","shape":[1,10]"#))
    octet.send(SIGTERM)
    #expect(try octet.wait() == 0)
    #expect(octet.said.contains("stopped"))
  }

  @Test func aSecondSignalEndsItAtOnce() throws {
    let file = try TemporaryFile(
      #"{"listen":{"port":0},"models":[\#(Self.digits)],"shutdown":{"delay_seconds":60}}"#)
    let octet = try OctetProcess(["serve", "--config", file.path])
    _ = try octet.port()
    octet.send(SIGTERM)
    try octet.waitFor("draining")
    octet.send(SIGINT)
    #expect(try octet.wait() == 0)
    #expect(octet.said.contains("stopping at once"))
  }

  @Test func isNotReadyButAnswersWhileItsDelayRuns() throws {
    let file = try TemporaryFile(
      #"{"listen":{"port":0},"models":[\#(Self.digits)],"shutdown":{"delay_seconds":60}}"#)
    let octet = try OctetProcess(["serve", "--config", file.path])
    let port = try octet.port()
    octet.send(SIGTERM)
    try octet.waitFor("draining")
    #expect(try TestClient(port: port).get("/health/ready").status == 503)
    #expect(try TestClient(port: port).post("/infer", Self.request).status == 200)
  }

  @Test func reloadsWhatTheConfigurationNowSays() throws {
    let file = try TemporaryFile(Self.configuration(Self.digits))
    let octet = try OctetProcess(["serve", "--config", file.path])
    let client = try TestClient(port: octet.port())
    #expect(try client.get("/v2/models/second").status == 404)
    try file.write(Self.configuration(Self.digits + #",{"name":"second","path":"embedded:digits"}"#))
    octet.send(SIGHUP)
    try octet.waitFor("reloaded")
    #expect(try client.get("/v2/models/second").status == 200)
  }

  @Test(arguments: ["{", #"{"listen":{"port":0},"models":[{"name":"digits","path":"/nowhere/model.xml"}]}"#])
  func aReloadThatFailsChangesNothing(_ text: String) throws {
    let file = try TemporaryFile(Self.configuration(Self.digits))
    let octet = try OctetProcess(["serve", "--config", file.path])
    let client = try TestClient(port: octet.port())
    try file.write(text)
    octet.send(SIGHUP)
    try octet.waitFor("not reloaded, nothing has changed")
    #expect(try client.get("/health/ready").status == 200)
    #expect(try client.post("/infer", Self.request).status == 200)
  }

  @Test func aModelThatDoesNotLoadIsReportedWhileOthersServe() throws {
    let octet = try OctetProcess(
      ["serve", "--port", "0", "--model", "embedded:digits", "broken=/nowhere/model.xml"])
    let client = try TestClient(port: octet.port())
    let ready = try client.get("/health/ready")
    #expect(ready.status == 503)
    #expect(ready.text.contains("model 'broken' is not ready") && ready.text.contains("/nowhere/model.xml"))
    #expect(try client.get("/health/live").status == 200)
    #expect(try client.post("/infer", Self.request).status == 200)
  }

  @Test func withoutAnyModelThatLoadsItEndsWith65() throws {
    let octet = try OctetProcess(["serve", "--port", "0", "--model", "one=/nowhere/1.xml", "two=/nowhere/2.xml"])
    #expect(try octet.wait() == 65)
    #expect(octet.said.contains("octet: /nowhere/1.xml: cannot be opened"), "\(octet.said)")
    #expect(octet.said.contains("; /nowhere/2.xml: cannot be opened"), "\(octet.said)")
  }

  @Test func anAddressThatIsTakenEndsWith69() throws {
    let taken = try ListeningSocket(host: "127.0.0.1", port: 0)
    let octet = try OctetProcess(["serve", "--port", String(taken.port)])
    #expect(try octet.wait() == 69)
    #expect(octet.said.contains("cannot listen on 127.0.0.1 port \(taken.port): Address already in use"))
  }

  @Test func aWrongConfigurationEndsWith65BeforeAnythingIsLoaded() throws {
    let file = try TemporaryFile(#"{"models":[{"name":"digits","path":"embedded:digits","queue":{"capacity":-3}}]}"#)
    let octet = try OctetProcess(["serve", "--config", file.path])
    #expect(try octet.wait() == 65)
    #expect(
      octet.said
        == "octet: \(file.path): models[0].queue.capacity: expected a whole number from 1 to 65536, found -3\n")
  }

  @Test func wrongUsageEndsWith64() throws {
    #expect(try OctetProcess(["serve", "--port", "65536"]).wait() == 64)
    #expect(try OctetProcess(["serve", "--colour", "red"]).wait() == 64)
  }

  @Test func strictINT8RefusesWhatWouldRunInFloat() throws {
    let strict = #"{"name":"digits","path":"embedded:digits","strict_int8":true}"#
    let file = try TemporaryFile(Self.configuration(strict))
    let octet = try OctetProcess(["serve", "--config", file.path])
    let client = try TestClient(port: octet.port())
    // The embedded model runs in INT8 as far as anything can: strictness costs it nothing.
    #expect(try client.get("/health/ready").status == 200)
  }

  @Test func aRefusedStrictModelEndsItWith65() throws {
    let strict = #"{"name":"float","path":"\#(Fixtures.path)/digits/digits_float.xml","strict_int8":true}"#
    let file = try TemporaryFile(Self.configuration(strict))
    let octet = try OctetProcess(["serve", "--config", file.path])
    #expect(try octet.wait() == 65)
    #expect(octet.said.contains("digits_float.xml"), "\(octet.said)")
  }

  @Test func servesOnAUnixSocketAndExpectsItsToken() throws {
    let token = try TemporaryFile("0123456789abcdef0123\n")
    let socket = try TemporaryFile("")
    unlink(socket.path)
    let file = try TemporaryFile(
      #"{"listen":{"path":"\#(socket.path)"},"models":[\#(Self.digits)],"security":{"token_file":"\#(token.path)"}}"#)
    let octet = try OctetProcess(["serve", "--config", file.path])
    try octet.waitFor("listening ")
    #expect(try TestClient(path: socket.path).get("/health/ready").status == 200)
    #expect(try TestClient(path: socket.path).post("/infer", Self.request).status == 401)
    let right = ["Authorization: Bearer 0123456789abcdef0123"]
    #expect(try TestClient(path: socket.path).post("/infer", Self.request, headers: right).status == 200)

    // A token that is too short is no token: the old one stays.
    try token.write("short")
    octet.send(SIGHUP)
    try octet.waitFor("not reloaded, nothing has changed: \(token.path): expected a token")
    #expect(try TestClient(path: socket.path).post("/infer", Self.request, headers: right).status == 200)
    try token.write("another-token-of-this-server")
    octet.send(SIGHUP)
    try octet.waitFor("octet.daemon: reloaded")
    #expect(try TestClient(path: socket.path).post("/infer", Self.request, headers: right).status == 401)
    let other = ["Authorization: Bearer another-token-of-this-server"]
    #expect(try TestClient(path: socket.path).post("/infer", Self.request, headers: other).status == 200)
    octet.send(SIGTERM)
    #expect(try octet.wait() == 0)
  }

  @Test(arguments: [
    (#"{"token_file":"/nowhere/token"}"#, "/nowhere/token: cannot open"),
    (#"{"token_file":"credential:token"}"#, "credential:token: systemd has handed no credentials"),
    (#"{"certificate_file":"/nowhere/c.pem"}"#, "security.certificate_file: expected to stand together with key_file"),
  ])
  func secretsThatAreNotThereEndItBeforeAnythingIsLoaded(_ security: String, _ reason: String) throws {
    let file = try TemporaryFile(#"{"models":[\#(Self.digits)],"security":\#(security)}"#)
    let octet = try OctetProcess(["serve", "--config", file.path])
    #expect(try octet.wait() == 65)
    #expect(octet.said.contains(reason), "\(octet.said)")
  }
}
