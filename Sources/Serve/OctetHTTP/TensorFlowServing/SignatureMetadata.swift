import OctetRuntime
import OctetServing
import OctetTensor

/// A model's only signature, as TensorFlow Serving describes it: a SignatureDef message in JSON, extents as texts.
///
/// Source: TensorFlow Serving, api_rest.md, and get_model_metadata.proto.
enum SignatureMetadata {
  /// The only signature that a model has here.
  static let signatureName = "serving_default"

  static func respond(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    let model = try request.entry().model()
    let signature = JSONValue.object(
      ("inputs", tensors(model.signature.inputs)), ("outputs", tensors(model.signature.outputs)),
      ("method_name", .string("tensorflow/serving/predict")))
    return HTTPResponse(
      json: .object(
        (
          "model_spec",
          .object(
            ("name", .string(model.name)), ("signature_name", .string("")), ("version", .string(String(model.version))))
        ),
        (
          "metadata",
          .object(("signature_def", .object(("signature_def", .object((signatureName, signature))))))
        )))
  }

  private static func tensors(_ ports: [Port]) -> JSONValue {
    .object(ports.map { JSONValue.Member(name: $0.name, value: tensor($0)) })
  }

  private static func tensor(_ port: Port) -> JSONValue {
    let extents = port.type.shape.protocolExtents.map { extent in
      JSONValue.object(("size", .string(String(extent))), ("name", .string("")))
    }
    return .object(
      ("dtype", .string(port.type.elementType.tensorFlowName)),
      ("tensor_shape", .object(("dim", .array(extents)), ("unknown_rank", .boolean(false)))),
      ("name", .string(port.name)))
  }
}

extension ElementType {
  /// The name of TensorFlow's DataType; types that it has no name for are invalid to it.
  fileprivate var tensorFlowName: String {
    switch self {
    case .f64: "DT_DOUBLE"
    case .f32: "DT_FLOAT"
    case .f16: "DT_HALF"
    case .bf16: "DT_BFLOAT16"
    case .i64, .i32, .i16, .i8, .i4, .u64, .u32, .u16, .u8, .u4:
      "DT_" + (isSigned ? "INT" : "UINT") + String(bitWidth)
    case .boolean: "DT_BOOL"
    case .string: "DT_STRING"
    case .u1: "DT_INVALID"
    }
  }
}
