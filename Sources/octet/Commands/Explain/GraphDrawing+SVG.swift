import OctetPlanning

extension GraphDrawing {
  /// Pixels.
  private enum Measure {
    static let character = 6.3, line = 15.0, padding = 10.0, margin = 24.0, header = 64.0
  }

  /// The picture as SVG 1.1, with everything at length where one points.
  var svg: String {
    let sizes = boxes.map(Self.size)
    let layout = LayeredLayout(sizes, edges: edges.map { ($0.from, $0.to) })
    let width = max(layout.size.width, 720) + 2 * Measure.margin
    let height = layout.size.height + Measure.header + 2 * Measure.margin
    let shift = (width - layout.size.width) / 2
    var parts = [
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(Self.number(width))" height="\(Self.number(height))" \
      viewBox="0 0 \(Self.number(width)) \(Self.number(height))" font-family="Helvetica, Arial, sans-serif" font-size="11">
      <rect width="100%" height="100%" fill="#ffffff"/>
      <defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">\
      <path d="M0 1 L7 4 L0 7 z" fill="#5c6770"/></marker></defs>
      """,
      header,
      """
      <g transform="translate(\(Self.number(shift)) \(Self.number(Measure.header + Measure.margin)))">
      """,
    ]
    for (edge, path) in zip(edges, layout.paths) { parts.append(Self.curve(path, edge)) }
    for (index, box) in boxes.enumerated() { parts.append(Self.drawn(box, sizes[index], at: layout.centers[index])) }
    return (parts + ["</g>", "</svg>"]).joined(separator: "\n") + "\n"
  }

  /// What the model is, and what the colours say.
  private var header: String {
    let margin = Self.number(Measure.margin)
    var x = Measure.margin
    var parts = [
      """
      <text x="\(margin)" y="32" font-size="15" font-weight="bold" fill="#212529">\(Self.escaped(summary))</text>
      """
    ]
    let used = Set(boxes.map(\.kind))
    for kind in Kind.allCases where used.contains(kind) {
      parts.append(
        """
        <rect x="\(Self.number(x))" y="46" width="14" height="14" rx="3" fill="\(kind.fill)" stroke="\(kind.stroke)"/>\
        <text x="\(Self.number(x + 20))" y="57" fill="#495057">\(kind.meaning)</text>
        """)
      x += 44 + Double(kind.meaning.count) * Measure.character * 0.9
    }
    return parts.joined(separator: "\n")
  }

  private static func size(_ box: Box) -> LayeredLayout.Size {
    let heading = box.title.count + (box.tag.isEmpty ? 0 : box.tag.count + 4)
    let longest = max(heading, box.lines.map(\.count).max() ?? 0, 12)
    return LayeredLayout.Size(
      width: Double(longest) * Measure.character + 2 * Measure.padding,
      height: Double(box.lines.count + 1) * Measure.line + Measure.padding)
  }

  private static func drawn(_ box: Box, _ size: LayeredLayout.Size, at center: LayeredLayout.Point) -> String {
    let (left, top) = (center.x - size.width / 2, center.y - size.height / 2)
    let hasLines = !box.lines.isEmpty
    var parts = [
      """
      <g><title>\(escaped(box.hint))</title><rect x="\(number(left))" y="\(number(top))" width="\(number(size.width))" \
      height="\(number(size.height))" rx="6" fill="\(box.kind.fill)" stroke="\(box.kind.stroke)"/>
      """,
      """
      <text x="\(number(hasLines ? left + Measure.padding : center.x))" y="\(number(top + Measure.line + 1))" \
      font-weight="bold" fill="#212529"\(hasLines ? "" : " text-anchor=\"middle\"")>\(escaped(box.title))</text>
      """,
    ]
    if !box.tag.isEmpty {
      parts.append(
        """
        <text x="\(number(left + size.width - Measure.padding))" y="\(number(top + Measure.line + 1))" \
        text-anchor="end" font-weight="bold" fill="\(box.kind.stroke)">\(escaped(box.tag))</text>
        """)
    }
    for (index, line) in box.lines.enumerated() {
      let y = top + Double(index + 2) * Measure.line + 1
      parts.append(
        """
        <text x="\(number(left + Measure.padding))" y="\(number(y))" \
        fill="\(index == 0 ? "#212529" : "#5c6770")">\(escaped(line))</text>
        """)
    }
    return parts.joined() + "</g>"
  }

  /// Straight past boxes, bent between rows.
  private static func curve(_ points: [LayeredLayout.Point], _ edge: LayerGraph.Edge) -> String {
    guard let first = points.first else { return "" }
    var path = "M\(number(first.x)) \(number(first.y))"
    for (from, to) in zip(points, points.dropFirst()) {
      if from.x == to.x {
        path += " L\(number(to.x)) \(number(to.y))"
      } else {
        let middle = number((from.y + to.y) / 2)
        path += " C\(number(from.x)) \(middle) \(number(to.x)) \(middle) \(number(to.x)) \(number(to.y))"
      }
    }
    return """
      <path d="\(path)" fill="none" stroke="#5c6770" marker-end="url(#arrow)"><title>\(escaped(edge.type))</title></path>
      """
  }

  private static func number(_ value: Double) -> String { value.formatted(decimals: 1) }

  /// Text between tags, without the control characters that XML cannot hold.
  private static func escaped(_ text: String) -> String {
    String(text.unicodeScalars.filter { $0 == "\n" || $0.value >= 0x20 }.map(Character.init)).map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      default: String(character)
      }
    }.joined()
  }
}
