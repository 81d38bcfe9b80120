import OctetServing

extension RouteRequest {
  /// The largest body of a request that controls something.
  private static let maximumControlByteCount = 65_536

  /// The members of the JSON object that is the body; none for an empty one.
  func controlMembers() throws(HTTPError) -> [JSONValue.Member] {
    guard !http.body.bytes.isEmpty else { return [] }
    guard http.body.bytes.count <= Self.maximumControlByteCount else {
      throw HTTPError(413, "the body is larger than the \(Self.maximumControlByteCount) bytes that are allowed here")
    }
    let body = try plainBody()
    let value: JSONValue
    do throws(JSONSyntaxError) {
      defer { withExtendedLifetime(body) {} }
      value = try JSONValue(parsing: body.bytes)
    } catch {
      throw .badRequest("the body is not JSON: \(error)")
    }
    guard case .object(let members) = value else { throw .badRequest("the body is not a JSON object") }
    return members
  }
}
