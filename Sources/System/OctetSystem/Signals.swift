package import Dispatch
import Glibc

/// The signals that a daemon answers.
package enum Signal: CaseIterable, Sendable {
  case terminate, interrupt, hangup

  var number: Int32 {
    switch self {
    case .terminate: SIGTERM
    case .interrupt: SIGINT
    case .hangup: SIGHUP
    }
  }
}

/// Turns signals into calls on a Dispatch queue, where anything may be done. Lives as long as the watch is wanted.
package final class SignalWatch {
  private let sources: [any DispatchSourceSignal]

  /// From here on these signals no longer end the process; neither does writing to a closed connection (SIGPIPE).
  package init(_ signals: [Signal], on queue: DispatchQueue, handler: @escaping @Sendable (Signal) -> Void) {
    signal(SIGPIPE, SIG_IGN)
    let registered = DispatchSemaphore(value: 0)
    sources = signals.map { watched in
      // Dispatch sees a signal only when its default action is off.
      signal(watched.number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: watched.number, queue: queue)
      source.setEventHandler { handler(watched) }
      source.setRegistrationHandler { registered.signal() }
      source.resume()
      return source
    }
    // A signal that came between ignoring and watching would be lost; nothing is ready to be told before this returns.
    for _ in sources { registered.wait() }
  }

  deinit {
    for source in sources { source.cancel() }
  }
}
