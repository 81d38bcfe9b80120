import OctetImages
import OctetRuntime
import OctetServing
import OctetSystem
import OctetTensor

/// An inference that is asked with a picture, by a person, and answered so that a person can read it.
enum PictureInference {
  /// Pictures with more pixels than this are decoded one at a time: each takes several bytes of memory for a pixel.
  private static let largePixelCount = 1 << 20
  private static let largePictures = Lock(())
  /// Classes that an answer names.
  private static let classCount = 5

  static func prepare(
    _ bytes: ByteBuffer, for model: ServedModel, _ request: RouteRequest
  ) throws(HTTPError) -> Infer.Prepared {
    let tensor = try withExtendedLifetime(bytes) { () throws(HTTPError) in
      try self.tensor(of: bytes.bytes, for: model, options: request.context.options)
    }
    return Infer.Prepared(
      model: model, request: InferenceRequest(inputs: [tensor], isAbandoned: request.http.isAbandoned),
      answer: { response in answer(response, of: model) })
  }

  /// The model's only input, made of a picture as the configuration says.
  static func tensor(
    of bytes: UnsafeRawBufferPointer, for model: ServedModel, options: HTTPServerOptions
  ) throws(HTTPError) -> Tensor {
    guard let preprocessing = model.source.picture, model.signature.inputs.count == 1 else {
      throw .badRequest("model '\(model.name)' takes tensors; picture in its configuration would describe pictures")
    }
    let type = model.signature.inputs[0].type
    do {
      let size = try PictureSize(of: bytes, limit: options.picturePixels)
      let pixels = try preprocessing.largestPixelCount(of: size, for: type)
      guard pixels <= options.picturePixels else {
        throw ImageError.tooLarge(width: size.width, height: size.height, limit: options.picturePixels)
      }
      guard pixels > largePixelCount else {
        return try preprocessing.tensor(decoding: bytes, for: type, limit: options.picturePixels)
      }
      return try largePictures.withLock { _ in
        try preprocessing.tensor(decoding: bytes, for: type, limit: options.picturePixels)
      }
    } catch let error as ImageError {
      if case .tooLarge = error { throw HTTPError(413, error.description) }
      throw .badRequest(error.description)
    } catch {
      throw HTTPError(500, "model '\(model.name)': \(error)")
    }
  }

  // MARK: - The answer

  private static func answer(_ response: InferenceResponse, of model: ServedModel) -> HTTPResponse {
    let labels = model.source.classLabels
    let labelled = response.outputs.first { $0.elementCount == labels.count && $0.elementType != .string }
    guard let scores = labelled, !labels.isEmpty else {
      let outputs = model.signature.outputs.indices.filter {
        model.signature.outputs[$0].type.elementType.numberType != nil
      }
      return HTTPResponse(
        response, from: model,
        format: ResponseFormat(
          identifier: nil, outputs: outputs.map { ResponseFormat.Output(index: $0, isBinary: false) }))
    }
    let best = Classification(of: scores, isBatch: false, count: classCount)
    let lines = best.classes.map { found in
      let label = JSONValue.string(labels[found.index]).text
      return
        #"{"label": \#(label), "score": \#(found.value.isFinite ? found.valueText : "null"), "index": \#(found.index)}"#
    }
    return HTTPResponse(
      text: """
        {
          "model_name": \(JSONValue.string(model.name).text),
          "model_version": "\(model.version)",
          "predictions": [
            \(lines.joined(separator: ",\n    "))
          ]
        }

        """)
  }
}
