/// Receives the parts of a body from a reader in C, which can only be told that a part was refused, not why.
protocol JSONCollector: AnyObject {
  /// Why a part was refused.
  var refusal: HTTPError? { get set }
}

extension JSONCollector {
  /// The collector that a reader was given as its context.
  static func from(_ context: UnsafeMutableRawPointer?) -> Self {
    guard let context else { preconditionFailure("the reader has lost its receiver") }
    return Unmanaged<Self>.fromOpaque(context).takeUnretainedValue()
  }

  /// Takes a part; false, with the reason kept, if it is refused.
  func receive(_ part: (Self) throws(HTTPError) -> Void) -> Bool {
    do throws(HTTPError) {
      try part(self)
      return true
    } catch {
      refusal = error
      return false
    }
  }

  /// What to throw when a reader stops: the reason for which a part was refused, or the reader's own message.
  func error(of message: [CChar]) -> HTTPError {
    refusal ?? .badRequest(String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
  }
}
