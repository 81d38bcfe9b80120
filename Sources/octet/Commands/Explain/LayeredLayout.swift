/// Places boxes in rows so that every edge leads downwards, with few crossings and mostly straight lines.
///
/// After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures" (1981): rows by
/// longest path, order within a row by barycentres, then positions by least squares under minimal distances.
struct LayeredLayout {
  struct Size {
    var width, height: Double
  }

  struct Point: Equatable {
    var x, y: Double
  }

  /// The middle of each box.
  private(set) var centers: [Point] = []
  /// For each edge, the points that it passes, from the bottom of one box to the top of another.
  private(set) var paths: [[Point]] = []
  private(set) var size = Size(width: 0, height: 0)

  private static let gap = Size(width: 28, height: 44)
  private static let sweeps = 12
  /// How much more a straight edge matters than a box under its neighbours.
  private static let edgeWeight = 8.0

  /// Boxes and, where an edge crosses a row, a place for it to pass: those have no width.
  private var boxes: [Size]
  private var rows: [[Int]] = []
  private var rowOf: [Int] = []
  private var above: [[Int]] = []
  private var below: [[Int]] = []

  /// - Parameter edges: each from a box to one with a higher index.
  init(_ boxes: [Size], edges: [(from: Int, to: Int)]) {
    self.boxes = boxes
    guard !boxes.isEmpty else { return }
    assignRows(edges)
    let chains = edges.map { chain($0.from, $0.to) }
    order()
    place(boxCount: boxes.count, chains)
  }

  // MARK: - Rows

  private mutating func assignRows(_ edges: [(from: Int, to: Int)]) {
    rowOf = [Int](repeating: 0, count: boxes.count)
    for edge in edges.sorted(by: { $0.from < $1.from }) { rowOf[edge.to] = max(rowOf[edge.to], rowOf[edge.from] + 1) }
    // What reads nothing stands just above its first reader.
    let readers = Dictionary(grouping: edges, by: \.from)
    let sources = Set(edges.map(\.to))
    for box in boxes.indices where !sources.contains(box) {
      if let first = readers[box]?.map({ rowOf[$0.to] }).min() { rowOf[box] = first - 1 }
    }
    above = [[Int]](repeating: [], count: boxes.count)
    below = above
    rows = [[Int]](repeating: [], count: (rowOf.max() ?? 0) + 1)
    for box in boxes.indices { rows[rowOf[box]].append(box) }
  }

  /// The boxes and places that an edge visits, one per row.
  private mutating func chain(_ from: Int, _ to: Int) -> [Int] {
    var chain = [from]
    for row in rowOf[from] + 1..<max(rowOf[to], rowOf[from] + 1) {
      boxes.append(Size(width: 0, height: 0))
      rowOf.append(row)
      above.append([])
      below.append([])
      rows[row].append(boxes.count - 1)
      chain.append(boxes.count - 1)
    }
    chain.append(to)
    for (upper, lower) in zip(chain, chain.dropFirst()) {
      below[upper].append(lower)
      above[lower].append(upper)
    }
    return chain
  }

  // MARK: - Order

  private mutating func order() {
    var best = (rows: rows, crossings: crossings)
    for sweep in 0..<Self.sweeps where best.crossings > 0 {
      let indices = sweep.isMultiple(of: 2) ? Array(rows.indices.dropFirst()) : rows.indices.dropLast().reversed()
      for row in indices { sort(row, towards: sweep.isMultiple(of: 2) ? above : below) }
      if crossings < best.crossings { best = (rows, crossings) }
    }
    rows = best.rows
  }

  private mutating func sort(_ row: Int, towards neighbours: [[Int]]) {
    let position = positions
    let keys = rows[row].map { box in
      let own = neighbours[box].map { Double(position[$0]) }
      return own.isEmpty ? Double(position[box]) : own.reduce(0, +) / Double(own.count)
    }
    rows[row] = zip(rows[row], keys).enumerated().sorted { a, b in
      (a.element.1, a.offset) < (b.element.1, b.offset)
    }.map(\.element.0)
  }

  private var positions: [Int] {
    var positions = [Int](repeating: 0, count: boxes.count)
    for row in rows { for (position, box) in row.enumerated() { positions[box] = position } }
    return positions
  }

  private var crossings: Int {
    let position = positions
    return rows.reduce(0) { total, row in
      let ends = row.flatMap { box in below[box].map { position[$0] }.sorted() }
      return total
        + ends.indices.reduce(0) { sum, index in sum + ends[index...].count { $0 < ends[index] } }
    }
  }

  // MARK: - Positions

  private mutating func place(boxCount: Int, _ chains: [[Int]]) {
    var chainOf: [Int: [Int]] = [:]
    for chain in chains { for place in chain.dropFirst().dropLast() { chainOf[place] = chain } }
    var x = [Double](repeating: 0, count: boxes.count)
    for row in rows { settle(row, wishes: row.map { x[$0] }, &x) }
    for sweep in 0..<2 * Self.sweeps {
      for row in sweep.isMultiple(of: 2) ? rows : rows.reversed() {
        let wishes = row.map { box in
          // Where an edge passes it keeps to one line.
          let own = (chainOf[box] ?? above[box] + below[box]).map { x[$0] }
          return own.isEmpty ? x[box] : own.reduce(0, +) / Double(own.count)
        }
        settle(row, wishes: wishes, &x)
      }
    }
    let left = boxes.indices.map { x[$0] - boxes[$0].width / 2 }.min() ?? 0
    let heights = rows.map { row in row.map { boxes[$0].height }.max() ?? 0 }
    var tops = [0.0]
    for height in heights.dropLast() { tops.append((tops.last ?? 0) + height + Self.gap.height) }
    centers = (0..<boxCount).map { Point(x: x[$0] - left, y: tops[rowOf[$0]] + heights[rowOf[$0]] / 2) }
    size = Size(
      width: boxes.indices.map { x[$0] - left + boxes[$0].width / 2 }.max() ?? 0,
      height: (tops.last ?? 0) + (heights.last ?? 0))
    paths = chains.map { chain in
      var points: [Point] = []
      for (index, box) in chain.enumerated() {
        let isBox = box < boxCount
        let middle = isBox ? centers[box].y : tops[rowOf[box]] + heights[rowOf[box]] / 2
        let half = isBox ? boxes[box].height / 2 : heights[rowOf[box]] / 2
        if index > 0 { points.append(Point(x: x[box] - left, y: middle - half)) }
        if index < chain.count - 1 { points.append(Point(x: x[box] - left, y: middle + half)) }
      }
      return points
    }
  }

  /// Puts a row as near to its wishes as distances allow, in the sense of least squares: neighbours that would overlap
  /// become one block at the mean of their wishes.
  private func settle(_ row: [Int], wishes: [Double], _ x: inout [Double]) {
    var offsets: [Double] = []
    for (index, box) in row.enumerated() {
      guard index > 0 else {
        offsets.append(0)
        continue
      }
      let distance = (boxes[row[index - 1]].width + boxes[box].width) / 2 + Self.gap.width
      offsets.append(offsets[index - 1] + distance)
    }
    var blocks: [(sum: Double, weight: Double, count: Int)] = []
    for (index, box) in row.enumerated() {
      let weight = boxes[box].width == 0 ? Self.edgeWeight : 1
      blocks.append(((wishes[index] - offsets[index]) * weight, weight, 1))
      while blocks.count > 1 {
        let (last, previous) = (blocks[blocks.count - 1], blocks[blocks.count - 2])
        guard previous.sum / previous.weight > last.sum / last.weight else { break }
        blocks.removeLast(2)
        blocks.append((previous.sum + last.sum, previous.weight + last.weight, previous.count + last.count))
      }
    }
    var index = 0
    for block in blocks {
      for _ in 0..<block.count {
        x[row[index]] = block.sum / block.weight + offsets[index]
        index += 1
      }
    }
  }
}
