import Dispatch
import OctetImages
import OctetServing
import OctetTensor

/// An inference:  body → tensors → queue → tensors → body.
///
/// Small bodies are read where they arrive and small answers written where they are made, because a change of threads
/// costs more than they do. Large ones are left to other threads: meanwhile the connections' thread serves others, and
/// the executor takes up the next request.
enum Infer {
  /// What takes about as long to read or write as a change of threads.
  private static let inlineByteCount = 16_384
  /// The same of raw tensors, which are used where they stand, or copied.
  private static let inlineRawByteCount = 1 << 20
  private static let largeBodies = DispatchQueue(label: "octet.bodies", qos: .userInitiated, attributes: .concurrent)

  /// A request whose body has been read: whom it asks, for what, and how the answer is written.
  struct Prepared: Sendable {
    let model: ServedModel
    let request: InferenceRequest
    let answer: @Sendable (InferenceResponse) throws(HTTPError) -> HTTPResponse
  }

  /// Reads a body. As soon as the model is known, `known` is to be set: what is refused after that counts as its.
  typealias Read = @Sendable (RouteRequest, _ known: inout ModelRepository.Entry?) throws(HTTPError) -> Prepared

  /// An inference of the Open Inference Protocol.
  static func respond(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    let body = request.http.body.bytes
    let headerLength = body.count <= inlineRawByteCount ? try? request.http.head.inferenceHeaderLength : nil
    respond(
      request, textByteCount: headerLength ?? body.count, mayHoldPicture: ImageFormat(of: body) != nil, reading: read,
      reply)
  }

  /// - Parameter textByteCount: bytes of the body that are read one by one.
  static func respond(
    _ request: RouteRequest, textByteCount: Int, mayHoldPicture: Bool, reading read: @escaping Read,
    _ reply: @escaping Route.Reply
  ) {
    // The size tells how long reading takes of plain bodies only: a few bytes may be a large picture.
    let isPlain = request.http.head.value(of: .contentEncoding) == nil && !mayHoldPicture
    guard isPlain, textByteCount <= inlineByteCount else {
      return largeBodies.async { submit(request, read, mayRunHere: false, reply) }
    }
    submit(request, read, mayRunHere: !request.http.isOnProbeThread, reply)
  }

  private static func submit(
    _ request: RouteRequest, _ read: Read, mayRunHere: Bool, _ reply: @escaping Route.Reply
  ) {
    var known: ModelRepository.Entry?
    do throws(HTTPError) {
      let prepared = try read(request, &known)
      let reading = request.http.arrival.duration(to: .now)
      prepared.model.queue.submit(prepared.request, mayRunHere: mayRunHere) { result in
        let byteCount = (try? result.get())?.outputs.reduce(0) { $0 + $1.byteCount } ?? 0
        guard byteCount <= inlineByteCount else {
          return largeBodies.async { finish(result, of: prepared, reading: reading, request, reply) }
        }
        finish(result, of: prepared, reading: reading, request, reply)
      }
    } catch {
      // What names no model that is known is counted nowhere: names of strangers must not make series.
      known?.metrics.count(error.status, of: request)
      reply(error.response)
    }
  }

  private static func finish(
    _ result: Result<InferenceResponse, ServingError>, of prepared: Prepared, reading: Duration,
    _ request: RouteRequest, _ reply: Route.Reply
  ) {
    let metrics = prepared.model.metrics
    do throws(HTTPError) {
      let response: InferenceResponse
      do throws(ServingError) { response = try result.get() } catch { throw HTTPError(error) }
      let start = Instant.now
      var answer = try prepared.answer(response)
      if let coding = ContentCoding.preferred(by: request.http.head) { answer.compress(as: coding) }
      metrics.count(answer.status, of: request, reading: reading, writing: start.duration(to: .now))
      reply(answer)
    } catch {
      metrics.count(error.status, of: request, reading: reading)
      reply(error.response)
    }
  }

  private static func read(
    _ request: RouteRequest, _ known: inout ModelRepository.Entry?
  ) throws(HTTPError) -> Prepared {
    let body = try Body(request)
    let entry = try request.entry(orNamed: body.modelName)
    known = entry
    let model = try entry.model()
    if case .picture(let bytes) = body { return try PictureInference.prepare(bytes, for: model, request) }
    let (tensors, format) = try body.prepare(for: model.signature)
    return Prepared(
      model: model,
      request: InferenceRequest(
        inputs: tensors, patience: body.patience, priority: body.priority, isAbandoned: request.http.isAbandoned),
      answer: { response in HTTPResponse(response, from: model, format: format) })
  }
}

extension ModelMetrics {
  fileprivate func count(
    _ status: Int, of request: RouteRequest, reading: Duration? = nil, writing: Duration? = nil
  ) {
    finish(status: status, after: request.http.arrival.duration(to: .now), reading: reading, writing: writing)
  }
}

extension ModelRepository.Entry {
  /// The model, if it is ready.
  func model() throws(HTTPError) -> ServedModel {
    do throws(ServingError) { return try servedModel() } catch { throw HTTPError(error) }
  }
}

extension RouteRequest {
  /// The model of the path, or the one that the body names, or the default one.
  fileprivate func entry(orNamed name: String?) throws(HTTPError) -> ModelRepository.Entry {
    guard let name else { return try entry() }
    guard path.model == nil || path.model == name else {
      throw .badRequest("the path names model '\(path.model ?? "")', but the body names '\(name.prefix(64))'")
    }
    var named = path
    named.model = name
    return try RouteRequest(http: http, context: context, path: named).entry()
  }
}
