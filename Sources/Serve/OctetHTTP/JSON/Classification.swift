import OctetTensor

/// The largest values of a tensor and where they stand.
///
///     shape [rows, …] ⇒ [rows, count] for a model whose axis 0 is a batch, else [count]
///
/// Of equal values the first comes first; what is not a number comes last.
/// Source: Triton Inference Server, protocol/extension_classification.
struct Classification {
  struct Class: Hashable {
    let index: Int
    let value: Double
    /// As JSON would have it: the shortest text that reads back as the same value of the tensor's type.
    let valueText: String

    /// `value:place`, or `value:place:label` where there is one.
    func text(_ labels: [String]) -> String {
      labels.indices.contains(index) ? "\(valueText):\(index):\(labels[index])" : "\(valueText):\(index)"
    }
  }

  let shape: [Int]
  /// Those of the first row, then those of the second, and so on.
  let classes: [Class]

  init(of tensor: Tensor, isBatch: Bool, count: Int) {
    let rows = isBatch ? tensor.shape.extents.first ?? 1 : 1
    let values = tensor.doubles
    let rowCount = rows == 0 ? 0 : values.count / rows
    let best = min(count, rowCount)
    shape = isBatch ? [rows, best] : [best]
    classes = (0..<rows).flatMap { row in
      Self.largest(best, of: values[row * rowCount..<(row + 1) * rowCount]).map { index in
        let value = values[row * rowCount + index]
        return Class(index: index, value: value, valueText: Self.text(value, tensor.elementType))
      }
    }
  }

  /// The places of the `count` largest values, largest first.
  private static func largest(_ count: Int, of values: ArraySlice<Double>) -> [Int] {
    let start = values.startIndex
    // Infinity below everything stands for what is not a number.
    func rank(_ index: Int) -> Double { values[start + index].isNaN ? -.infinity : values[start + index] }
    let order = (0..<values.count).sorted { (rank($0), -$0) > (rank($1), -$1) }
    return Array(order.prefix(count))
  }

  private static func text(_ value: Double, _ elementType: ElementType) -> String {
    switch elementType {
    case .f64: "\(value)"
    case .f32, .f16, .bf16: "\(Float(value))"
    default: Int64(exactly: value).map(String.init) ?? "\(value)"
    }
  }
}
