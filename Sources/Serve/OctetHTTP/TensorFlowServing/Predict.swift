import OctetRuntime
import OctetServing

/// An inference in TensorFlow Serving's words: rows of `instances` or columns of `inputs`.
///
/// Source: TensorFlow Serving, api_rest.md.
enum Predict {
  static func respond(_ request: RouteRequest, _ reply: @escaping Route.Reply) {
    // Of a model that takes pictures, base64 may be one.
    let mayHoldPicture = (try? request.entry())?.source.picture != nil
    Infer.respond(
      request, textByteCount: request.http.body.bytes.count, mayHoldPicture: mayHoldPicture, reading: read, reply)
  }

  private static func read(
    _ request: RouteRequest, _ known: inout ModelRepository.Entry?
  ) throws(HTTPError) -> Infer.Prepared {
    let entry = try request.entry()
    known = entry
    let model = try entry.model()
    let body = try PredictBody(try request.plainBody(), for: model, options: request.context.options)
    let layout = body.layout
    return Infer.Prepared(
      model: model,
      request: InferenceRequest(inputs: body.tensors, isAbandoned: request.http.isAbandoned),
      answer: { (response) throws(HTTPError) in
        try HTTPResponse(predictions: response, names: model.signature.outputs.map(\.name), layout: layout)
      })
  }
}
