/// A secret that clients have to know: `Authorization: Bearer …` (RFC 6750).
package struct BearerToken: Hashable, Sendable {
  /// Shorter ones can be guessed.
  package static let minimumLength = 16

  private let bytes: [UInt8]

  /// The token that a file holds, without the space around it; nil for one that is too short or has space within.
  package init?(_ text: [UInt8]) {
    let token = text.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed()
    guard token.count >= Self.minimumLength, token.allSatisfy({ 0x21...0x7E ~= $0 }) else { return nil }
    bytes = Array(token)
  }

  /// Whether a request has it. How long that takes depends on the length of the token and on nothing else of it.
  func isKnown(to head: RequestHead) -> Bool {
    let values = head.values(of: .authorization)
    guard values.count == 1, values[0].prefix(7).lowercased() == "bearer " else { return false }
    let given = Array(values[0].utf8.dropFirst(7).drop { $0 == 0x20 })
    var difference = given.count ^ bytes.count
    for (index, byte) in bytes.enumerated() { difference |= Int(byte ^ (index < given.count ? given[index] : 0)) }
    return difference == 0
  }
}

/// What the server shows clients of TLS, as PEM text.
package struct TLSIdentity: Hashable, Sendable {
  /// The server's certificate, and behind it those that vouch for it.
  package let certificates: [UInt8]
  package let key: [UInt8]

  package init(certificates: [UInt8], key: [UInt8]) {
    self.certificates = certificates
    self.key = key
  }
}
