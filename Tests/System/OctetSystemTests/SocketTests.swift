import Glibc
import Testing

@testable import OctetSystem

@Suite struct SocketTests {
  @Test func takesAFreePortAndSaysWhich() throws {
    let socket = try ListeningSocket(host: "127.0.0.1", port: 0)
    #expect(socket.port != 0)
    let client = try #require(SocketCalls.connect(host: "127.0.0.1", port: socket.port, patienceInSeconds: 5))
    close(client)
  }

  @Test func saysThatAnAddressIsTaken() throws {
    let first = try ListeningSocket(host: "127.0.0.1", port: 0)
    let error = #expect(throws: SystemError.self) { _ = try ListeningSocket(host: "127.0.0.1", port: first.port).port }
    #expect(error?.code == EADDRINUSE)
    #expect(error?.description == "cannot listen on 127.0.0.1 port \(first.port): Address already in use")
  }

  @Test func saysThatAHostIsNoAddress() {
    let error = #expect(throws: SystemError.self) { _ = try ListeningSocket(host: "256.0.0.1", port: 0).port }
    #expect(error?.code == EADDRNOTAVAIL)
  }

  @Test func seesThatTheOtherSideHasHungUp() throws {
    var ends: [Int32] = [0, 0]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { close(ends[0]) }
    #expect(!SocketCalls.hasHungUp(ends[0]))
    SocketCalls.send([1, 2, 3], to: ends[1])
    close(ends[1])
    #expect(!SocketCalls.hasHungUp(ends[0]), "there is something to read first")
    #expect(SocketCalls.discardArrived(from: ends[0]))
    #expect(SocketCalls.hasHungUp(ends[0]))
  }
}
