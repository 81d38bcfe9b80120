import OctetGraph
import OctetTensor

/// What NonMaxSuppression and NMSRotated share: their operands, and results of one row for each box that was taken.
///
/// Operands: boxes [N, boxes, numbers of a box], scores [N, classes, boxes] and limits, single numbers, of which the first
/// is how many to take of each class. Results: a row of image, class and box for each that was taken, a row of image,
/// class and score, and how many there are. How many rows there are depends on the values.
struct BoxSelection {
  /// The best first across images and classes; otherwise image by image, class by class.
  let sortsAcrossImages: Bool
  let indexType: ElementType
  let name: String

  func check() throws(OperatorError) {
    guard indexType == .i64 || indexType == .i32 else {
      throw .mismatch("output type of \(name)", expected: "i32 or i64", found: "\(indexType)")
    }
  }

  func resultTypes(_ operands: [Operand], numbersOfBox: Int) throws(OperatorError) -> [TensorType] {
    let (boxes, scores) = (operands[0].shape, operands[1].shape)
    guard operands[0].elementType.isFloatingPoint, operands[1].elementType.isFloatingPoint, boxes.rank == 3,
      scores.rank == 3, boxes[2].accepts(numbersOfBox), boxes.isCompatible(with: [scores[0], scores[2], boxes[2]])
    else {
      throw .mismatch(
        "operands of \(name)", expected: "boxes [N, boxes, \(numbersOfBox)] and scores [N, classes, boxes]",
        found: "\(operands[0].type), \(operands[1].type)")
    }
    for operand in operands.dropFirst(2)
    where operand.shape.fixed?.elementCount != 1 || operand.elementType == .string {
      throw .mismatch("limits of \(name)", expected: "single numbers", found: "\(operand.type)")
    }
    let rows = try largestCount(operands).map { Dimension.bounded(0...$0) } ?? .dynamic
    let indices = TensorType(indexType, [rows, 3])
    return [indices, TensorType(.f32, [rows, 3]), TensorType(indexType, [1])]
  }

  /// images · classes · min(boxes, how many to take), when all of them are known.
  private func largestCount(_ operands: [Operand]) throws(OperatorError) -> Int? {
    guard let images = operands[1].shape[0].fixedExtent, let classes = operands[1].shape[1].fixedExtent,
      let boxes = operands[1].shape[2].fixedExtent
    else { return nil }
    let wanted = try operands.count > 2 ? operands.integers(at: 2, "limit of \(name)")?.first : 0
    return try Extent.product([images, classes, min(boxes, max(wanted ?? boxes, 0))], of: name)
  }

  /// - Parameters:
  ///   - box: a box of its numbers.
  ///   - sieve: the boxes of one class that are left, with their scores.
  func evaluate<B>(
    _ operands: [Tensor], box: (ArraySlice<Double>) -> B,
    sieve: (
      _ boxes: [B], _ scores: [Double], _ budget: inout ComparisonBudget
    ) throws(OperatorError) -> [(index: Int, score: Double)]
  ) throws(OperatorError) -> [Tensor] {
    let (images, classes, count) = (operands[1].shape[0], operands[1].shape[1], operands[1].shape[2])
    let (numbers, scores) = (operands[0].doubles, operands[1].doubles)
    let size = operands[0].shape[2]
    var found: [Candidate] = []
    var budget = ComparisonBudget()
    for image in 0..<images {
      let boxes = (0..<count).map { box(numbers[((image * count + $0) * size)...].prefix(size)) }
      for category in 0..<classes {
        let first = (image * classes + category) * count
        for (index, score) in try sieve(boxes, Array(scores[first..<first + count]), &budget) {
          found.append(Candidate(image: image, category: category, box: index, score: score))
        }
      }
    }
    if sortsAcrossImages { found.sort { $0.precedes($1) } }
    let rows = Shape(valid: [found.count, 3])
    let indices = found.flatMap { [Double($0.image), Double($0.category), Double($0.box)] }
    return [
      Tensor(indexType, rows, converting: indices),
      Tensor(.f32, rows, converting: found.flatMap { [Double($0.image), Double($0.category), $0.score] }),
      Tensor(indexType, [1], converting: [Double(found.count)]),
    ]
  }

  /// The single number of a limit; 0 for one that is not given.
  static func number(_ operands: [Tensor], _ index: Int) -> Double {
    index < operands.count ? operands[index].doubles.first ?? 0 : 0
  }

  /// How many boxes to take of each class. Clamped before converting: the limit may come with a request.
  static func wanted(_ operands: [Tensor]) -> Int {
    Int(max(0, min(number(operands, 2), Double(Shape.maximumElementCount)).rounded(.towardZero)))
  }

  private struct Candidate {
    let image: Int
    let category: Int
    let box: Int
    let score: Double

    /// Higher scores first; equal ones by image, class and box.
    func precedes(_ other: Candidate) -> Bool {
      score == other.score
        ? (image, category, box) < (other.image, other.category, other.box) : score > other.score
    }
  }
}
