import Glibc
import Testing

@testable import OctetSystem

@Suite struct ListeningSocketTests {
  private let path = "/tmp/octet-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max)).socket"

  @Test func listensOnAPath() throws {
    defer { unlink(path) }
    let socket = try ListeningSocket(path: path)
    #expect(socket.port == 0)
    let name = try #require(SocketName(path: path))
    let client = try #require(SocketCalls.connect(to: name, patienceInSeconds: 1))
    close(client)
  }

  @Test func takesAPathThatItsLastOwnerHasLeft() throws {
    defer { unlink(path) }
    do { _ = try ListeningSocket(path: path) }
    #expect(access(path, F_OK) == 0)
    #expect(throws: Never.self) { _ = try ListeningSocket(path: path) }
  }

  @Test func leavesAPathThatSomebodyListensOn() throws {
    defer { unlink(path) }
    let first = try ListeningSocket(path: path)
    #expect(throws: SystemError("listen on \(path)", code: EADDRINUSE)) { _ = try ListeningSocket(path: path) }
    _ = first.port
  }

  @Test func leavesAFileThatIsNoSocket() throws {
    defer { unlink(path) }
    close(open(path, O_CREAT | O_WRONLY, 0o600))
    #expect(throws: SystemError("listen on \(path)", code: EADDRINUSE)) { _ = try ListeningSocket(path: path) }
  }

  @Test func refusesAPathThatIsTooLong() {
    let long = "/" + String(repeating: "a", count: 120)
    #expect(throws: SystemError("listen on \(long)", code: ENAMETOOLONG)) { _ = try ListeningSocket(path: long) }
  }

  @Test func takesTheSocketOfSystemd() throws {
    let own = try ListeningSocket(host: "127.0.0.1", port: 0)
    let port = own.port
    let descriptor = own.release()
    let environment = ["LISTEN_PID": "7", "LISTEN_FDS": "1"]
    let taken = try ListeningSocket.inherited(
      environment: { environment[$0] }, processIdentifier: 7, first: descriptor)
    let isTaken = taken != nil
    #expect(isTaken)
    if let taken { #expect(taken.port == port) }
  }

  @Test func takesNothingThatIsForAnother() throws {
    for environment in [[:], ["LISTEN_PID": "8", "LISTEN_FDS": "1"], ["LISTEN_PID": "7", "LISTEN_FDS": "0"]] {
      let socket = try ListeningSocket.inherited(environment: { environment[$0] }, processIdentifier: 7, first: 0)
      let isNothing = socket == nil
      #expect(isNothing)
    }
  }

  @Test func refusesTwoSocketsAndWhatIsNone() {
    let two = ["LISTEN_PID": "7", "LISTEN_FDS": "2"]
    #expect(throws: SystemError.self) {
      _ = try ListeningSocket.inherited(environment: { two[$0] }, processIdentifier: 7, first: 0)
    }
    let file = open("/dev/null", O_RDONLY)
    defer { close(file) }
    let one = ["LISTEN_PID": "7", "LISTEN_FDS": "1"]
    #expect(throws: SystemError.self) {
      _ = try ListeningSocket.inherited(environment: { one[$0] }, processIdentifier: 7, first: file)
    }
  }
}
