import Glibc
import OctetSystem
import OctetTestSupport
import Testing

/// Connections that are encrypted, and sockets that another process has opened.
@Suite struct SocketTests {
  /// A certificate for 127.0.0.1 that vouches for itself, and its key.
  private struct Certificate {
    let certificate: TemporaryFile
    let key: TemporaryFile

    init() throws {
      certificate = try TemporaryFile("")
      key = try TemporaryFile("")
      try renew()
    }

    func renew() throws {
      let made = try Shell.run(
        """
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=octet \
          -addext subjectAltName=IP:127.0.0.1 -out \(certificate.path) -keyout \(key.path) 2>&1
        """)
      #expect(made.status == 0, "\(made.output)")
    }
  }

  private func status(of port: UInt16, trusting certificate: TemporaryFile) throws -> String {
    let url = "https://127.0.0.1:\(port)/health/ready"
    return try Shell.run(
      "curl --silent --output /dev/null --write-out '%{http_code}' --cacert \(certificate.path) \(url)"
    ).output
  }

  @Test func encryptsAndTakesANewCertificateWithoutARestart() throws {
    let identity = try Certificate()
    let file = try TemporaryFile(
      """
      {"listen": {"port": 0}, "models": [{"name": "digits", "path": "embedded:digits"}],
       "security": {"certificate_file": "\(identity.certificate.path)", "key_file": "\(identity.key.path)"}}
      """)
    let octet = try OctetProcess(["serve", "--config", file.path])
    let port = try octet.port()
    #expect(try status(of: port, trusting: identity.certificate) == "200")

    // Nobody who trusts only the first certificate is served with the second.
    let first = try TemporaryFile(Shell.run("cat \(identity.certificate.path)").output)
    try identity.renew()
    octet.send(SIGHUP)
    try octet.waitFor("octet.daemon: reloaded")
    #expect(try status(of: port, trusting: identity.certificate) == "200")
    #expect(try status(of: port, trusting: first) == "000")

    try identity.certificate.write("no certificate")
    octet.send(SIGHUP)
    try octet.waitFor("not reloaded, nothing has changed")
    #expect(try status(of: port, trusting: first) == "000")
    octet.send(SIGTERM)
    #expect(try octet.wait() == 0)
  }

  @Test func servesOnASocketThatItIsHanded() throws {
    let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
    let port = socket.port
    let descriptor = socket.release()
    defer { close(descriptor) }
    let octet = try OctetProcess(["serve", "--host", "127.0.0.1", "--port", "1"], handing: descriptor)
    try octet.waitFor("listening ")
    #expect(try TestClient(port: port).get("/health/ready").status == 200)
    octet.send(SIGTERM)
    #expect(try octet.wait() == 0)
  }
}
