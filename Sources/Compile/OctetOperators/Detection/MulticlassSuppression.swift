import OctetGraph
package import OctetTensor

/// What MulticlassNms and MatrixNms share: their operands, and results of one row for each box that is left.
///
/// Operands: boxes [N, boxes, 4] and scores [N, classes, boxes]. Results: rows of class, score and corners, the number of
/// the box among those of all images, and how many boxes there are of each image. How many rows depends on the values.
package struct MulticlassSuppression: Hashable, Sendable {
  package enum Order: String, CaseIterable, Sendable {
    case classes = "classid"
    case scores = "score"
    case unsorted = "none"
  }

  package var order = Order.unsorted
  package var sortsAcrossImages = false
  package var indexType = ElementType.i64
  package var scoreThreshold = 0.0
  /// Of each class before sieving, and of each image after it; nil: all.
  package var candidateLimit: Int?
  package var keepLimit: Int?
  package var backgroundClass = -1
  /// Corners in parts of the image; otherwise in pixels, the last of which is inside.
  package var isNormalized = true

  package init() {}

  struct Found {
    let image: Int
    let category: Int
    let index: Int
    let score: Double
  }

  var pixel: Double { isNormalized ? 0 : 1 }

  func check(_ name: String) throws(OperatorError) {
    guard indexType == .i64 || indexType == .i32 else {
      throw .mismatch("output type of \(name)", expected: "i32 or i64", found: "\(indexType)")
    }
  }

  func resultTypes(_ operands: [Operand], of name: String) throws(OperatorError) -> [TensorType] {
    try operands.expect(2, of: name)
    let (boxes, scores) = (operands[0].shape, operands[1].shape)
    guard operands[0].elementType.isFloatingPoint, operands[0].elementType == operands[1].elementType, boxes.rank == 3,
      scores.rank == 3, boxes[2].accepts(4), boxes.isCompatible(with: [scores[0], scores[2], boxes[2]])
    else {
      throw .mismatch(
        "operands of \(name)", expected: "boxes [N, boxes, 4] and scores [N, classes, boxes]",
        found: "\(operands[0].type), \(operands[1].type)")
    }
    return [
      operands[0].type.with(shape: [.dynamic, 6]), TensorType(indexType, [.dynamic, 1]),
      TensorType(indexType, [boxes[0]]),
    ]
  }

  /// - Parameter sieve: boxes of one class that are left, with their scores.
  func evaluate(
    _ operands: [Tensor],
    sieve: (
      _ boxes: [Box], _ scores: [Double], _ budget: inout ComparisonBudget
    ) throws(OperatorError) -> [(index: Int, score: Double)]
  ) throws(OperatorError) -> [Tensor] {
    let (images, classes, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let (coordinates, scores) = (operands[0].doubles, operands[1].doubles)
    let boxes = (0..<images * count).map { Box(coordinates[($0 * 4)...].prefix(4)) }
    var (all, counts): ([Found], [Double]) = ([], [])
    var budget = ComparisonBudget()
    for image in 0..<images {
      var own: [Found] = []
      for category in 0..<classes where category != backgroundClass {
        let first = (image * classes + category) * count
        let left = try sieve(
          Array(boxes[image * count..<(image + 1) * count]), Array(scores[first..<first + count]), &budget)
        own += left.map { Found(image: image, category: category, index: $0.index, score: $0.score) }
      }
      own = Self.sorted(own) { ($0.score, $1.score) }
      own = Array(own.prefix(keepLimit ?? own.count))
      if order == .classes { own = Self.sorted(own) { (Double($1.category), Double($0.category)) } }
      all += own
      counts.append(Double(own.count))
    }
    if sortsAcrossImages {
      switch order {
      case .scores: all = Self.sorted(all) { ($0.score, $1.score) }
      case .classes: all = Self.sorted(all) { (Double($1.category), Double($0.category)) }
      case .unsorted: break
      }
    }
    let rows = all.flatMap { found in
      [Double(found.category), found.score] + boxes[found.image * count + found.index].corners
    }
    return [
      Tensor(operands[0].elementType, Shape(valid: [all.count, 6]), converting: rows),
      Tensor(indexType, Shape(valid: [all.count, 1]), converting: all.map { Double($0.image * count + $0.index) }),
      Tensor(indexType, Shape(valid: [images]), converting: counts),
    ]
  }

  /// Descending by keys; equal ones keep their order.
  static func sorted(_ found: [Found], _ keys: (Found, Found) -> (Double, Double)) -> [Found] {
    found.enumerated().sorted { a, b in
      let (left, right) = keys(a.element, b.element)
      return left == right ? a.offset < b.offset : left > right
    }.map(\.element)
  }

  /// The boxes of one class whose scores pass, the best first.
  func candidates(_ scores: [Double], _ passes: (Double) -> Bool) -> [Int] {
    let best = Suppression.bestFirst(scores.indices.filter { passes(scores[$0]) }) { scores[$0] }
    return Array(best.prefix(candidateLimit ?? best.count))
  }
}
