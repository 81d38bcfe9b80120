package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension DetectionOutput {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let (scores, priors) = (try site.shape(ofOperand: 1), try site.shape(ofOperand: 2))
    guard site.operands[0].elementType == .f32, scores.elementCount <= Int32.max else {
      return ReferencePrimitive(self, site)
    }
    for operand in 0...2 { _ = try site.operand(operand, .planar, dense: true) }
    let rows = try site.result(0, .planar).shape[2]
    let count = priors[2] / 4
    return DetectionPrimitive(
      op: self, images: scores[0], count: count, classes: scores[1] / count, sharesPriors: priors[0] == 1, rows: rows,
      keepLimit: min(settings.keepLimit, scores[1]))
  }
}

/// The same steps as the meaning, in memory that was planned.
private struct DetectionPrimitive: Primitive {
  let op: DetectionOutput
  let images: Int
  /// Priors.
  let count: Int
  let classes: Int
  let sharesPriors: Bool
  let rows: Int
  let keepLimit: Int
  private let memory: WorkspaceMemory

  init(
    op: DetectionOutput, images: Int, count: Int, classes: Int, sharesPriors: Bool, rows: Int, keepLimit: Int
  ) {
    (self.op, self.images, self.count, self.classes) = (op, images, count, classes)
    (self.sharesPriors, self.rows, self.keepLimit) = (sharesPriors, rows, keepLimit)
    memory = WorkspaceMemory(count: count, classes: classes, keepLimit: keepLimit)
  }

  var kernelName: String { "detection" }
  var scratchByteCount: Int { memory.byteCount }

  func execute(_ step: borrowing StepBuffers) throws(ModelError) {
    let workspace = Workspace(memory, in: step.scratch)
    let result = step.result(0).assumingMemoryBound(to: Float.self)
    result.update(repeating: 0, count: rows * 7)
    var budget = ComparisonBudget()
    var row = 0
    do throws(OperatorError) {
      for image in 0..<images {
        let input = Image(self, image, step)
        workspace.collect(input, self)
        let kept = try workspace.sieve(input, self, &budget)
        for detection in workspace.best(kept, self) {
          workspace.write(detection, of: input, self, to: result + row * 7)
          row += 1
        }
      }
    } catch {
      throw .input(error.description)
    }
    if row < rows { result[row * 7] = -1 }
  }
}

/// What one image brings.
private struct Image {
  let number: Int
  let offsets: UnsafePointer<Float>
  let scores: UnsafePointer<Float>
  let priors: UnsafePointer<Float>

  init(_ detection: DetectionPrimitive, _ image: Int, _ step: borrowing StepBuffers) {
    func elements(_ base: UnsafeRawPointer, _ perImage: Int) -> UnsafePointer<Float> {
      base.assumingMemoryBound(to: Float.self) + perImage
    }
    number = image
    let perPriors = detection.count * (detection.op.settings.isVarianceEncoded ? 4 : 8)
    offsets = elements(step.operand(0), image * detection.count * 4)
    scores = elements(step.operand(1), image * detection.count * detection.classes)
    priors = elements(step.operand(2), detection.sharesPriors ? 0 : image * perPriors)
  }

  /// The box of a prior, moved by its offsets.
  func box(_ prior: Int, _ detection: DetectionPrimitive) -> Box {
    func four(_ values: UnsafePointer<Float>) -> SIMD4<Double> {
      SIMD4(Double(values[0]), Double(values[1]), Double(values[2]), Double(values[3]))
    }
    var moves = four(offsets + prior * 4)
    if !detection.op.settings.isVarianceEncoded { moves *= four(priors + (detection.count + prior) * 4) }
    return detection.op.decode(Box(corners: four(priors + prior * 4)), moves)
  }
}

/// Where everything stands that one image needs.
private struct WorkspaceMemory {
  /// Scores and priors that pass, `count` for each class; after sieving those that were taken, from the front.
  let scores: ScratchLayout.Part<Float>
  let priors: ScratchLayout.Part<Int32>
  /// How many there are of each class; after sieving, where those of each class end.
  let ends: ScratchLayout.Part<Int32>
  /// The candidates of one class in order, then the best of an image.
  let sortedScores: ScratchLayout.Part<Float>
  let sorted: ScratchLayout.Part<Int32>
  let boxes: ScratchLayout.Part<Box>
  let isDecoded: ScratchLayout.Part<Bool>
  let byteCount: Int

  init(count: Int, classes: Int, keepLimit: Int) {
    var layout = ScratchLayout()
    (scores, priors, ends) = (layout.room(count * classes), layout.room(count * classes), layout.room(classes))
    let longest = max(count, keepLimit)
    (sortedScores, sorted) = (layout.room(longest), layout.room(longest))
    (boxes, isDecoded) = (layout.room(count), layout.room(count))
    byteCount = layout.byteCount
  }
}

private struct Workspace {
  private let scores: UnsafeMutablePointer<Float>
  private let priors: UnsafeMutablePointer<Int32>
  private let ends: UnsafeMutablePointer<Int32>
  private let sortedScores: UnsafeMutablePointer<Float>
  private let sorted: UnsafeMutablePointer<Int32>
  private let boxes: UnsafeMutablePointer<Box>
  private let isDecoded: UnsafeMutablePointer<Bool>

  init(_ memory: WorkspaceMemory, in scratch: UnsafeMutableRawPointer) {
    (scores, priors, ends) = (memory.scores(in: scratch), memory.priors(in: scratch), memory.ends(in: scratch))
    (sortedScores, sorted) = (memory.sortedScores(in: scratch), memory.sorted(in: scratch))
    (boxes, isDecoded) = (memory.boxes(in: scratch), memory.isDecoded(in: scratch))
  }

  /// The candidates of all classes: scores are read once, in the order of memory.
  func collect(_ image: Image, _ detection: DetectionPrimitive) {
    ends.update(repeating: 0, count: detection.classes)
    let threshold = detection.op.settings.scoreThreshold, background = detection.op.settings.backgroundClass
    for prior in 0..<detection.count {
      let own = image.scores + prior * detection.classes
      for category in 0..<detection.classes where Double(own[category]) > threshold && category != background {
        let place = category * detection.count + Int(ends[category])
        (scores[place], priors[place]) = (own[category], Int32(truncatingIfNeeded: prior))
        ends[category] += 1
      }
    }
    isDecoded.update(repeating: false, count: detection.count)
  }

  /// Takes of each class the best that do not overlap; the number of all that were taken.
  func sieve(
    _ image: Image, _ detection: DetectionPrimitive, _ budget: inout ComparisonBudget
  ) throws(OperatorError) -> Int {
    let settings = detection.op.settings
    var taken = 0
    for category in 0..<detection.classes {
      let first = category * detection.count
      let candidates = min(Int(ends[category]), settings.candidateLimit ?? detection.count)
      select(candidates, from: scores + first, Int(ends[category]), sortsByIndex: false)
      for place in 0..<candidates {
        sorted[place] = priors[first + Int(sorted[place])]
        let prior = Int(sorted[place])
        if !isDecoded[prior] { (boxes[prior], isDecoded[prior]) = (image.box(prior, detection), true) }
      }
      // No more are taken than there were, so that those of later classes stay.
      let start = taken
      for place in 0..<candidates {
        try budget.spend(taken - start)
        guard isFree(sorted[place], start..<taken, threshold: settings.overlapThreshold) else { continue }
        (scores[taken], priors[taken]) = (sortedScores[place], sorted[place])
        taken += 1
      }
      ends[category] = Int32(truncatingIfNeeded: taken)
    }
    return taken
  }

  private func isFree(_ candidate: Int32, _ taken: Range<Int>, threshold: Double) -> Bool {
    for place in taken where boxes[Int(priors[place])].overlap(boxes[Int(candidate)]) > threshold { return false }
    return true
  }

  /// Which of those that were taken are kept, by class.
  func best(_ taken: Int, _ detection: DetectionPrimitive) -> UnsafeMutableBufferPointer<Int32> {
    let kept = min(taken, detection.keepLimit)
    select(kept, from: scores, taken, sortsByIndex: true)
    return UnsafeMutableBufferPointer(start: sorted, count: kept)
  }

  private func select(_ count: Int, from source: UnsafePointer<Float>, _ extent: Int, sortsByIndex: Bool) {
    guard count > 0 else { return }
    BestOfColumn<Int32>(values: sortedScores, indices: sorted, stride: 1, isMaximum: true)
      .select(count, from: source, extent, sortsByIndex: sortsByIndex)
  }

  func write(
    _ place: Int32, of image: Image, _ detection: DetectionPrimitive, to row: UnsafeMutablePointer<Float>
  ) {
    let prior = Int(priors[Int(place)])
    var category = 0
    while place >= ends[category] { category += 1 }
    let box = detection.op.settings.clipsAfterSieving ? boxes[prior].clipped : boxes[prior]
    (row[0], row[1], row[2]) = (Float(image.number), Float(category), scores[Int(place)])
    (row[3], row[4], row[5], row[6]) = (Float(box.left), Float(box.top), Float(box.right), Float(box.bottom))
  }
}
