import OctetOperators
import OctetPlanning
import OctetRuntime
import OctetTensor
import OctetTestSupport
import Testing

@testable import octet

@Suite struct LayeredLayoutTests {
  private typealias Size = LayeredLayout.Size

  /// A residual block, a branch that skips many rows, and a box that nobody reads.
  private let edges: [(from: Int, to: Int)] = [(0, 1), (1, 2), (2, 3), (1, 3), (3, 4), (4, 5), (5, 6), (0, 6), (7, 6)]
  private let boxes = (0..<9).map { Size(width: 60 + Double($0 % 3) * 40, height: 30 + Double($0 % 2) * 20) }

  @Test func edgesLeadDownwardsFromBoxToBox() {
    let layout = LayeredLayout(boxes, edges: edges)
    for (edge, path) in zip(edges, layout.paths) {
      #expect(path.first?.y == layout.centers[edge.from].y + boxes[edge.from].height / 2)
      #expect(path.last?.y == layout.centers[edge.to].y - boxes[edge.to].height / 2)
      #expect(zip(path, path.dropFirst()).allSatisfy { $0.y <= $1.y })
    }
  }

  @Test func boxesNeitherOverlapNorLeaveThePicture() {
    let layout = LayeredLayout(boxes, edges: edges)
    for a in boxes.indices {
      let center = layout.centers[a]
      #expect(center.x - boxes[a].width / 2 >= -1e-9 && center.x + boxes[a].width / 2 <= layout.size.width + 1e-9)
      #expect(center.y - boxes[a].height / 2 >= 0 && center.y + boxes[a].height / 2 <= layout.size.height)
      for b in boxes.indices.dropFirst(a + 1) {
        let apart =
          abs(center.x - layout.centers[b].x) >= (boxes[a].width + boxes[b].width) / 2
          || abs(center.y - layout.centers[b].y) >= (boxes[a].height + boxes[b].height) / 2
        #expect(apart, "boxes \(a) and \(b)")
      }
    }
  }

  @Test func aChainIsAStraightLine() {
    let layout = LayeredLayout(
      [Size](repeating: Size(width: 80, height: 40), count: 4), edges: [(0, 1), (1, 2), (2, 3)])
    #expect(Set(layout.centers.map(\.x)).count == 1)
  }

  @Test func nothingIsAnEmptyPicture() {
    #expect(LayeredLayout([], edges: []).centers.isEmpty)
  }
}

@Suite struct GraphDrawingTests {
  /// Names are the model's: they may be anything.
  private func drawing() throws -> GraphDrawing {
    let g = GraphBuilder()
    let x = try g.signed(try g.input("<x> & \"y\"", [1, 4, 6, 6]), reach: 1)
    let a = try g.int8Convolution(x, inputs: 4, outputs: 4, name: "first \"\\layer\"")
    let plain = try g.convolution(x, try g.randomConstant([4, 4, 1, 1]), name: "float")
    g.output(try g.add(Multiply(), a, plain), "y")
    return GraphDrawing(try LayerGraph(g.graph, shapes: [[1, 4, 6, 6]]), summary: "a & b")
  }

  @Test func coloursSayWhatRunsWhere() throws {
    let kinds = Set(try drawing().boxes.map(\.kind))
    #expect(kinds.isSuperset(of: [.integer, .refused, .port]))
  }

  @Test func everyLayerIsReachedFromTheInputs() throws {
    let drawing = try drawing()
    for (index, box) in drawing.boxes.enumerated() where index > 0 {
      #expect(drawing.edges.contains { $0.to == index }, "nothing leads to \(box.title)")
    }
    #expect(drawing.edges.allSatisfy { $0.from < $0.to })
  }

  @Test func textIsEscaped() throws {
    let drawing = try drawing()
    #expect(drawing.svg.contains("&lt;x&gt; &amp; \"y\""))
    #expect(!drawing.svg.contains("<x>"))
    #expect(drawing.svg.contains("not INT8: its weights are not quantized"))
    #expect(drawing.dot.contains("first \\\"\\\\layer\\\""))
    #expect(drawing.dot.hasPrefix("digraph model {"))
  }
}

@Suite struct ExplainReportTests {
  private func layer(_ name: String, _ precision: String, macs: Int) -> LayerDescription {
    LayerDescription(
      name: name, operatorName: "Convolution", precision: precision, kernel: "k", fused: [], reason: nil, macs: macs)
  }

  @Test func aLayerOfSeveralKernelsCountsOnce() {
    let report = ExplainReport(
      model: "m", isa: "sse42",
      layers: [
        layer("a", "int8", macs: 60), layer("a", "int8", macs: 20), layer("b", "f32", macs: 20),
        layer("c", "f32", macs: 0),
      ])
    #expect(report.summary == "1 of 2 layers INT8, 80.0 % of MACs")
  }

  @Test func aModelWithoutSumsHasNoShare() {
    #expect(ExplainReport(model: "m", isa: "sse42", layers: []).summary == "0 of 0 layers INT8, 0.0 % of MACs")
  }
}
