/// One element of an XML file with everything inside it.
struct XMLElement: Sendable {
  let name: String
  let attributes: [String: String]
  /// Where it begins, for errors.
  let line: Int
  var children: [XMLElement] = []
  /// The characters directly inside this element.
  var text = ""

  func children(named name: String) -> [XMLElement] { children.filter { $0.name == name } }
  func child(named name: String) -> XMLElement? { children.first { $0.name == name } }
}
