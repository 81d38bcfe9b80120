import Dispatch
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
  private static let largeBodies = DispatchQueue(label: "octet.bodies", qos: .userInitiated, attributes: .concurrent)

  static func respond(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    // How long reading takes is known of plain bodies only.
    let isCompressed = request.http.head.value(of: "Content-Encoding") != nil
    let byteCount = isCompressed ? Int.max : request.http.body.bytes.count
    perform(byteCount) { answer(request, mayRunHere: byteCount <= inlineByteCount, reply) }
  }

  private static func perform(_ byteCount: Int, _ work: @escaping @Sendable () -> Void) {
    if byteCount <= inlineByteCount { work() } else { largeBodies.async(execute: work) }
  }

  private static func answer(_ request: RouteRequest, mayRunHere: Bool, _ reply: @escaping Route.Reply) {
    var known: ModelRepository.Entry?
    do throws(HTTPError) {
      let body = try Body(request)
      let entry = try request.entry(orNamed: body.modelName)
      known = entry
      try submit(body, from: request, to: entry, mayRunHere: mayRunHere, reply)
    } catch {
      // What names no model that is known is counted nowhere: names of strangers must not make series.
      known?.count(error.status, since: request.http.arrival)
      reply(error.response)
    }
  }

  private static func submit(
    _ body: Body, from request: RouteRequest, to entry: ModelRepository.Entry, mayRunHere: Bool,
    _ reply: @escaping Route.Reply
  ) throws(HTTPError) {
    let coding = ContentCoding.preferred(by: request.http.head)
    let model: ServedModel
    do throws(ServingError) { model = try entry.servedModel() } catch { throw HTTPError(error) }
    let (tensors, format) = try body.prepare(for: model.signature)
    entry.metrics.finishReading(after: request.http.arrival.duration(to: .now))
    let inference = InferenceRequest(
      inputs: tensors, patience: body.patience, priority: body.priority, isAbandoned: request.http.isAbandoned)
    model.queue.submit(inference, mayRunHere: mayRunHere) { result in
      switch result {
      case .failure(let error):
        let refusal = HTTPError(error)
        entry.count(refusal.status, since: request.http.arrival)
        reply(refusal.response)
      case .success(let response):
        perform(response.outputs.reduce(0) { $0 + $1.byteCount }) {
          let start = Instant.now
          var answer = HTTPResponse(response, from: model, format: format)
          if let coding { answer.compress(as: coding) }
          entry.metrics.finishWriting(after: start.duration(to: .now))
          entry.count(answer.status, since: request.http.arrival)
          reply(answer)
        }
      }
    }
  }
}

extension ModelRepository.Entry {
  fileprivate func count(_ status: Int, since arrival: Instant) {
    metrics.finish(status: status, after: arrival.duration(to: .now))
  }
}

extension RouteRequest {
  /// The model of the path, or the one that the body names, or the default one.
  fileprivate func entry(orNamed name: String?) throws(HTTPError) -> ModelRepository.Entry {
    guard let name else { return try entry() }
    guard path.model == nil || path.model == name else {
      throw .badRequest("the path names model '\(path.model ?? "")', but the body names '\(name.prefix(64))'")
    }
    return try RouteRequest(http: http, context: context, path: PathParameters(model: name, version: path.version))
      .entry()
  }
}
