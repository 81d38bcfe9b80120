import OctetRuntime
import OctetServing
import OctetTensor

/// A page for people: what is served, in what state, and how to ask.
enum StatusPage {
  static func respond(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let repository = request.context.repository
    let host = request.http.head.value(of: .host) ?? "localhost"
    let rows = repository.entries.map(row).joined(separator: "\n")
    let example = repository.entries.compactMap(\.ready).first.map { curl($0, host: host) } ?? "no model is ready"
    return HTTPResponse(
      contentType: "text/html; charset=utf-8",
      text: """
        <!DOCTYPE html>
        <html lang="en">
        <meta charset="utf-8">
        <title>octet</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }
        table { border-collapse: collapse } td, th { text-align: left; padding: .2em 1em .2em 0; vertical-align: top }
        pre { background: #f4f4f4; padding: 1em; overflow-x: auto }
        </style>
        <h1>octet \(Build.version)</h1>
        <table>
        <tr><th>model</th><th>version</th><th>state</th><th>inputs</th><th>outputs</th></tr>
        \(rows)
        </table>
        <h2>Ask it</h2>
        <pre>\(escaped(example))</pre>
        <p><a href="/v2">/v2</a> · <a href="/openapi.json">/openapi.json</a> · <a href="/metrics">/metrics</a> · <a href="/health/ready">/health/ready</a></p>
        </html>

        """)
  }

  private static func row(_ entry: ModelRepository.Entry) -> String {
    let cells = [
      entry.source.name, String(entry.source.version), entry.notReadyReason ?? "ready",
      entry.ready.map { ports($0.signature.inputs) } ?? "", entry.ready.map { ports($0.signature.outputs) } ?? "",
    ]
    return "<tr>" + cells.map { "<td>\(escaped($0))</td>" }.joined() + "</tr>"
  }

  private static func ports(_ ports: [Port]) -> String {
    ports.map { "\($0.name) \($0.type.elementType.protocolName)\($0.type.shape.protocolText)" }.joined(separator: ", ")
  }

  /// A request that works as it is pasted: zeros where there are few, else a file of raw bytes.
  private static func curl(_ model: ServedModel, host: String) -> String {
    let shapes = model.model.smallestInputShapes
    let elements = shapes.reduce(0) { $0 + $1.elementCount }
    let isWritable = model.signature.inputs.allSatisfy { $0.type.elementType.numberType != nil }
    let url = "http://\(host)/v2/models/\(model.name)/infer"
    guard isWritable, elements <= 256 else {
      return "curl --data-binary @input.raw -H 'Inference-Header-Content-Length: 0' \(url) --output output.raw"
    }
    let inputs = zip(model.signature.inputs, shapes).map { port, shape -> JSONValue in
      let zero: JSONValue = port.type.elementType == .boolean ? .boolean(false) : .integer(0)
      return .object(
        ("name", .string(port.name)), ("datatype", .string(port.type.elementType.protocolName)),
        ("shape", .array(shape.extents.map { .integer(Int64($0)) })),
        ("data", .array(Array(repeating: zero, count: shape.elementCount))))
    }
    return "curl \(url) --data '\(JSONValue.object(("inputs", .array(inputs))).text)'"
  }

  private static func escaped(_ text: String) -> String {
    text.reduce(into: "") { escaped, character in
      switch character {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      default: escaped.append(character)
      }
    }
  }
}
