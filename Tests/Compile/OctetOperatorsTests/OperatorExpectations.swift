import OctetGraph
import OctetOperators
import OctetTensor
import Testing

extension Operator {
  /// The first result for these values, after the operator has accepted their types.
  func result(_ operands: Tensor...) throws -> Tensor {
    let types = try resultTypes(operands.map { Operand(type: $0.type, constant: $0) })
    let results = try evaluate(operands)
    #expect(
      results.map(\.type) == types.map { TensorType($0.elementType, $0.shape.fixed.map(PartialShape.init) ?? []) })
    return results[0]
  }

  /// The sentence with which the operator refuses operands of these types.
  func refusal(_ operands: Operand...) -> String? {
    do throws(OperatorError) {
      _ = try resultTypes(operands)
      return nil
    } catch {
      return error.description
    }
  }
}

extension Tensor {
  static func f32(_ values: [Double], _ shape: Shape) -> Tensor { Tensor(.f32, shape, converting: values) }
  static func f32(_ values: Double...) -> Tensor { Tensor(.f32, Shape(valid: [values.count]), converting: values) }
  static func integers(_ values: Int...) -> Tensor {
    Tensor(.i64, Shape(valid: [values.count]), converting: values.map(Double.init))
  }
}

extension Operand {
  static func of(_ shape: PartialShape) -> Operand { of(.f32, shape) }

  static func of(_ elementType: ElementType, _ shape: PartialShape) -> Operand {
    Operand(type: TensorType(elementType, shape))
  }

  static func known(_ values: Int...) -> Operand {
    let tensor = Tensor(.i64, Shape(valid: [values.count]), converting: values.map(Double.init))
    return Operand(type: tensor.type, constant: tensor)
  }
}
