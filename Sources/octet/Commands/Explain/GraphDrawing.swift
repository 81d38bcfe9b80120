import OctetPlanning
import OctetRuntime

/// A model's layers as a picture, coloured by precision.
///
/// Graphviz is not needed: SVG is laid out here, and DOT is for those who want to lay it out themselves.
struct GraphDrawing {
  /// What a colour says.
  enum Kind: CaseIterable {
    case integer, float, refused, other, port

    var fill: String {
      switch self {
      case .integer: "#d9f2e1"
      case .float: "#fff3cf"
      case .refused: "#ffd9cc"
      case .other: "#e9ecef"
      case .port: "#e3edfb"
      }
    }

    var stroke: String {
      switch self {
      case .integer: "#2b8a57"
      case .float: "#b58900"
      case .refused: "#c9400e"
      case .other: "#7b848c"
      case .port: "#3a6db5"
      }
    }

    var meaning: String {
      switch self {
      case .integer: "INT8"
      case .float: "floating point, as the model says"
      case .refused: "floating point, though it could be INT8"
      case .other: "integers of shapes and indices"
      case .port: "input or output"
      }
    }

    init(_ layer: LayerDescription?) {
      guard let layer else {
        self = .port
        return
      }
      switch layer.precision {
      case "int8": self = .integer
      case "f32", "f16", "bf16", "f64": self = layer.reason == nil ? .float : .refused
      default: self = .other
      }
    }
  }

  /// One box: a heading, and lines under it.
  struct Box {
    let kind: Kind
    let title: String
    let tag: String
    let lines: [String]
    /// Everything at length, for who points at it.
    let hint: String
  }

  private static let lineLimit = 44

  let summary: String
  let boxes: [Box]
  let edges: [LayerGraph.Edge]

  init(_ graph: LayerGraph, summary: String) {
    self.summary = summary
    boxes = graph.vertices.map(Self.box)
    edges = graph.edges
  }

  private static func box(_ vertex: LayerGraph.Vertex) -> Box {
    guard let layer = vertex.layer else {
      return Box(kind: .port, title: shortened(vertex.name), tag: "", lines: [], hint: vertex.name)
    }
    var lines = [shortened(layer.name), shortened(layer.kernel)]
    if !layer.fused.isEmpty { lines.append(shortened("+ " + layer.fused.joined(separator: ", "))) }
    if let reason = layer.reason, layer.precision != "int8" { lines.append(shortened("not INT8: \(reason)")) }
    let hint =
      ["\(layer.operatorName) \(layer.name)", "runs \(layer.kernel) in \(layer.precision)"]
      + (layer.fused.isEmpty ? [] : ["with " + layer.fused.joined(separator: ", ")])
      + (layer.reason.map { ["not INT8: \($0)"] } ?? [])
      + (layer.macs > 0 ? ["\(layer.macs) multiply-accumulate operations"] : [])
    return Box(
      kind: Kind(layer), title: layer.operatorName, tag: layer.precision, lines: lines,
      hint: hint.joined(separator: "\n"))
  }

  /// The beginning and the end, which tell layers apart.
  private static func shortened(_ text: String) -> String {
    guard text.count > lineLimit else { return text }
    return "\(text.prefix(lineLimit * 2 / 3))…\(text.suffix(lineLimit / 3 - 1))"
  }

  // MARK: - DOT

  /// The picture in Graphviz's language.
  var dot: String {
    var lines = [
      "digraph model {",
      "  label=\(Self.quoted(summary)); labelloc=t; fontname=\"Helvetica\"; ranksep=0.4;",
      "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10];",
      "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#5c6770\", fontcolor=\"#5c6770\"];",
    ]
    for (index, box) in boxes.enumerated() {
      let label = ([box.tag.isEmpty ? box.title : "\(box.title) · \(box.tag)"] + box.lines).joined(separator: "\n")
      lines.append(
        "  n\(index) [label=\(Self.quoted(label)), tooltip=\(Self.quoted(box.hint)), "
          + "fillcolor=\"\(box.kind.fill)\", color=\"\(box.kind.stroke)\"];")
    }
    lines += edges.map { "  n\($0.from) -> n\($0.to) [label=\(Self.quoted($0.type))];" }
    return (lines + ["}"]).joined(separator: "\n") + "\n"
  }

  private static func quoted(_ text: String) -> String {
    let escaped = text.map { character in
      switch character {
      case "\"", "\\": "\\\(character)"
      case "\n": "\\n"
      default: String(character)
      }
    }
    return "\"\(escaped.joined())\""
  }
}
