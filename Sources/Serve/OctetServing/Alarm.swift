import Dispatch

/// Calls a function at a time that can be moved. Sendable because Dispatch guards its sources itself.
final class Alarm: @unchecked Sendable {
  private let timer: any DispatchSourceTimer

  init(label: String) { timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: label)) }

  deinit { timer.cancel() }

  /// Called once, before the first `ring`.
  func start(_ handler: @escaping @Sendable () -> Void) {
    timer.setEventHandler(handler: handler)
    timer.activate()
  }

  /// Rings after a while, and not at the time set before.
  func ring(after delay: Duration) {
    timer.schedule(deadline: .now() + .nanoseconds(delay.wholeNanoseconds), leeway: .nanoseconds(0))
  }
}
