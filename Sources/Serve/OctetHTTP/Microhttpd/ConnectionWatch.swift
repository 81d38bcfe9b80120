import Dispatch
import OctetServing
import OctetSystem

/// How many connections may be open.
package struct ConnectionLimits: Hashable, Sendable {
  package var total = 1024
  /// Of one address; those behind a proxy share one.
  package var perAddress = Int.max
  /// Beyond `total`: these are only told how the server is, so that a probe finds it alive when others have taken all.
  package static let surplus = 16

  package init() {}
}

/// All open connections, and the end of those whose clients take too long.
final class ConnectionWatch: Sendable {
  private struct State {
    var connections: [ObjectIdentifier: WatchedConnection] = [:]
    var byAddress: [PeerAddress: Int] = [:]
    /// Admitted, but not yet known to libmicrohttpd; by socket.
    var admitted: [Int32: WatchedConnection] = [:]
  }

  private let limits: ConnectionLimits
  private let times: TimeLimits
  private let isPlain: Bool
  private let state = Lock(State())
  private let timers = DispatchQueue(label: "octet.connections")
  private let lingering = LingeringConnections()

  init(limits: ConnectionLimits, times: TimeLimits, isPlain: Bool) {
    self.limits = limits
    self.times = times
    self.isPlain = isPlain
    scheduleSweep()
  }

  /// Takes a new connection in, if there is room for it.
  func admit(_ socket: Int32, from address: PeerAddress?) -> Bool {
    state.withLock { state in
      let count = state.connections.count
      guard count < limits.total + ConnectionLimits.surplus else { return false }
      if let address {
        let own = state.byAddress[address, default: 0]
        guard own < limits.perAddress else { return false }
        state.byAddress[address] = own + 1
      }
      let connection = WatchedConnection(
        socket: socket, address: address, isSurplus: count >= limits.total, isPlain: isPlain)
      state.connections[ObjectIdentifier(connection)] = connection
      state.admitted[socket] = connection
      return true
    }
  }

  /// Notes which thread serves the connection that was admitted on this socket; nil is that of probes.
  func assign(_ socket: Int32, to place: Int?) { state.withLock { $0.admitted[socket] }?.assign(to: place) }

  /// The connection that was admitted on this socket.
  func claim(_ socket: Int32) -> WatchedConnection? { state.withLock { $0.admitted.removeValue(forKey: socket) } }

  func remove(_ connection: WatchedConnection) {
    connection.close(lingering)
    state.withLock { state in
      state.connections[ObjectIdentifier(connection)] = nil
      guard let address = connection.address, let own = state.byAddress[address] else { return }
      state.byAddress[address] = own > 1 ? own - 1 : nil
    }
  }

  func closeIdle() {
    for connection in connections { connection.endIfIdle() }
  }

  private var connections: [WatchedConnection] { state.withLock { Array($0.connections.values) } }

  private func scheduleSweep() {
    timers.asyncAfter(deadline: .now() + .milliseconds(500)) { [weak self] in
      guard let self else { return }
      for connection in connections { connection.endIfLate(at: .now, times) }
      scheduleSweep()
    }
  }
}
