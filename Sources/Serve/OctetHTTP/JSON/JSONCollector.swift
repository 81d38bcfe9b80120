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

  /// Runs a reader, which gets room for a message.
  ///
  /// - Throws: when it stops, the reason for which a part was refused, or its own message.
  func run(_ reader: (_ message: UnsafeMutablePointer<CChar>?, _ capacity: Int) -> Bool) throws(HTTPError) {
    let error: HTTPError? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { message in
      let isRead = withExtendedLifetime(self) { reader(message.baseAddress, message.count) }
      guard !isRead else { return nil }
      return refusal ?? .badRequest(message.baseAddress.map { String(cString: $0) } ?? "")
    }
    if let error { throw error }
  }
}
