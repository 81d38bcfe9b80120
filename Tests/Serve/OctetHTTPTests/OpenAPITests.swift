import OctetServing
import OctetTestSupport
import Testing

@testable import OctetHTTP

@Suite struct OpenAPITests {
  private let description: JSONValue

  init() throws {
    let answer = try TestServer().connect().get("/openapi.json")
    #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
    description = try answer.body.withUnsafeBytes { try JSONValue(parsing: $0) }
  }

  private func members(_ value: JSONValue?) -> [JSONValue.Member] {
    if case .object(let members)? = value { members } else { [] }
  }

  /// Such as `GET /v2`.
  private var operations: [String] {
    members(description["paths"]).flatMap { path in
      members(path.value).filter { $0.name != "parameters" }.map { "\($0.name.uppercased()) \(path.name)" }
    }
  }

  @Test func describesEveryRouteAndNoOther() {
    let routes = Router.standard.routes.map { "\($0.method) \($0.path)" }
    #expect(Set(routes).subtracting(operations).sorted() == [], "routes without a description")
    #expect(Set(operations).subtracting(routes).sorted() == [], "descriptions without a route")
    #expect(Set(routes).count == routes.count, "routes stand there once")
  }

  @Test func saysWhatItIs() {
    #expect(description["openapi"] == .string("3.1.0"))
    #expect(description["info"]?["version"] == .string(Build.version))
  }

  @Test func everyParameterOfAPathIsDescribed() {
    for path in members(description["paths"]) {
      let expected = path.name.split(separator: "{").dropFirst().compactMap { $0.split(separator: "}").first }
        .map { JSONValue.object(("$ref", .string("#/components/parameters/\($0)"))) }
      #expect(path.value["parameters"] ?? .array([]) == .array(expected), "\(path.name)")
    }
  }

  @Test func everyReferenceLeadsSomewhere() {
    var references: [String] = []
    func collect(_ value: JSONValue) {
      switch value {
      case .object(let members):
        for member in members {
          if member.name == "$ref", case .string(let target) = member.value { references.append(target) }
          collect(member.value)
        }
      case .array(let elements): elements.forEach(collect)
      default: break
      }
    }
    collect(description)
    #expect(references.count > 100)
    for reference in Set(references) {
      let found = reference.split(separator: "/").dropFirst().reduce(description) { value, name in
        value?[String(name)]
      }
      #expect(found != nil, "\(reference)")
    }
  }
}
