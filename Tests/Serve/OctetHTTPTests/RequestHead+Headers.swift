@testable import OctetHTTP

extension RequestHead {
  /// A head with these header fields, as far as the server asks for them.
  init(method: String, path: String, headers: [(name: String, value: String)]) {
    self.init(method: method, target: path)
    for header in headers {
      var name = header.name
      if let field = name.withUTF8({ HeaderField(named: $0) }) { add(field, header.value) }
    }
  }
}
