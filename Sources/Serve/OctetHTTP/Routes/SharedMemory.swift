/// Triton's shared memory extensions, which are not supported: a tensor that a client can change while it is read is a
/// hole in the server. `/v2` does not announce them; a client that looks or cleans up finds that nothing is registered.
enum SharedMemory {
  static func status(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    if let region = request.path.region {
      throw HTTPError(404, "there is no shared memory region '\(region.prefix(64))'")
    }
    return HTTPResponse(json: .array([]))
  }

  static func register(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    throw .badRequest("shared memory is not supported; send tensors in the body")
  }

  static func unregister(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    HTTPResponse(json: .object())
  }
}
