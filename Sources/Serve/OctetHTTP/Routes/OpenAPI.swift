/// The OpenAPI 3.1 description of every path, for people's tools. A test compares it with the router.
enum OpenAPI {
  static func respond(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let bytes = PackageResources.openapi_json
    let buffer = ByteBuffer(capacity: bytes.count)
    bytes.withUnsafeBytes { buffer.append($0) }
    return HTTPResponse(body: [.buffer(buffer)])
  }
}
