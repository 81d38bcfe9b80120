import Dispatch
import Glibc
import Testing

@testable import OctetSystem

@Suite struct SignalsTests {
  @Test func aSignalBecomesACall() {
    let arrived = DispatchSemaphore(value: 0)
    let watch = SignalWatch([.hangup], on: DispatchQueue(label: "signals")) { signal in
      if signal == .hangup { arrived.signal() }
    }
    withExtendedLifetime(watch) {
      kill(getpid(), SIGHUP)
      #expect(arrived.wait(timeout: .now() + 5) == .success)
    }
  }
}
