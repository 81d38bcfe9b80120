import OctetRuntime
import OctetSystem
import OctetTensor

/// Runs one or more requests as a single inference:  rows of all → run → rows of each.
///
/// A single request runs on its own tensors. Several are gathered along axis 0, which costs the one copy that a request
/// may cost; their answers are views of the joint outputs.
struct BatchRunner {
  private let signature: ModelSignature
  private let executor: Executor
  private let model: CompiledModel

  init(model: CompiledModel, executor: Executor) {
    self.model = model
    self.executor = executor
    signature = model.signature
  }

  func run(_ request: InferenceRequest) throws(ModelError) -> InferenceResponse {
    InferenceResponse(outputs: try executor.run(request.inputs))
  }

  /// The answers, in the order of the requests.
  func run(_ requests: [InferenceRequest]) throws(ModelError) -> [InferenceResponse] {
    guard requests.count > 1 else {
      var responses: [InferenceResponse] = []
      for request in requests { responses.append(try run(request)) }
      return responses
    }
    let inputs = signature.inputs.indices.map { input in gather(requests.map { $0.inputs[input] }) }
    let outputs = try executor.run(inputs)
    return split(outputs, rows: requests.map { $0.inputs[0].shape[0] })
  }

  /// Makes the plans of every batch that may come.
  static func makePlans(of model: CompiledModel, maximumBatch: Int) throws(ModelError) {
    guard model.signature.isBatchable else { return }
    for rows in 1...max(1, min(maximumBatch, model.signature.largestBatch)) {
      let batch = model.smallestInputShapes.map { Shape(valid: [rows] + $0.extents.dropFirst()) }
      guard zip(model.signature.inputs, batch).allSatisfy({ $0.type.shape.accepts($1) }) else { continue }
      _ = try model.plan(for: batch)
    }
  }

  /// Runs the smallest inputs a few times, so that memory is in place.
  ///
  /// - Returns: how long an inference of them keeps this thread busy. While others serve, this one may have to wait.
  func warmUp(runs: Int) throws(ModelError) -> Duration {
    let shapes = model.smallestInputShapes
    let inputs = zip(signature.inputs, shapes).map { Tensor($0.type.elementType, $1) }
    var quickest = Duration.seconds(1)
    for _ in 0..<runs {
      let start = ThreadTime.now
      do throws(ModelError) {
        _ = try executor.run(inputs)
      } catch let error where error.cause == .input {
        // Zeros may be values that an operator refuses, such as bounds; that says nothing of requests.
        return quickest
      }
      quickest = min(quickest, ThreadTime.now - start)
    }
    return quickest
  }

  private func gather(_ tensors: [Tensor]) -> Tensor {
    let first = tensors[0]
    let rows = tensors.reduce(0) { $0 + $1.shape[0] }
    var joint = Tensor(first.elementType, Shape(valid: [rows] + first.shape.extents.dropFirst()))
    joint.withUnsafeMutableBytes { destination in
      var offset = 0
      for tensor in tensors {
        tensor.withUnsafeBytes { source in
          UnsafeMutableRawBufferPointer(rebasing: destination[offset...]).copyMemory(from: source)
        }
        offset += tensor.byteCount
      }
    }
    return joint
  }

  private func split(_ outputs: [Tensor], rows: [Int]) -> [InferenceResponse] {
    var start = 0
    return rows.map { count in
      let parts = outputs.map { $0.rows(start..<start + count) }
      start += count
      return InferenceResponse(outputs: parts)
    }
  }
}

extension Tensor {
  /// A view of some rows along axis 0.
  fileprivate func rows(_ range: Range<Int>) -> Tensor {
    let rowBytes = shape[0] == 0 ? 0 : byteCount / shape[0]
    let bytes = UnsafeRawBufferPointer(start: storage.base, count: byteCount)
    let view = UnsafeRawBufferPointer(rebasing: bytes[range.lowerBound * rowBytes..<range.upperBound * rowBytes])
    let part = Shape(valid: [range.count] + shape.extents.dropFirst())
    guard let tensor = Tensor(elementType, part, storage: TensorStorage(viewing: view, keeping: storage)) else {
      preconditionFailure("rows \(range) of \(type) are not \(part)")
    }
    return tensor
  }
}
