package import OctetTensor

extension Tensor {
  /// y[i₀, i₁, …] = x[indices₀[i₀], indices₁[i₁], …]
  package func selecting(_ indices: [[Int]]) -> Tensor {
    precondition(indices.count == shape.rank)
    let strides = shape.strides
    var gathered = [0]
    for (axis, taken) in indices.enumerated() {
      gathered = gathered.flatMap { base in taken.map { base + $0 * strides[axis] } }
    }
    return gathering(gathered, shape: Shape(valid: indices.map(\.count)))
  }

  /// The same with all indices of the other axes.
  package func selecting(_ indices: [Int], alongAxis axis: Int) -> Tensor {
    selecting(shape.extents.enumerated().map { $0 == axis ? indices : Array(0..<$1) })
  }

  /// Axis k of the result is axis order[k] of this tensor.
  package func transposed(_ order: [Int]) -> Tensor {
    let strides = shape.strides
    var indices = [0]
    for axis in order {
      indices = indices.flatMap { base in (0..<shape[axis]).map { base + $0 * strides[axis] } }
    }
    return gathering(indices, shape: Shape(valid: order.map { shape[$0] }))
  }

  /// A copy in which element `places[k]` is element `sources[k]` of `updates`, whatever the element type.
  package func replacing(_ places: [Int], by sources: [Int], of updates: Tensor) -> Tensor {
    precondition(places.count == sources.count && elementType == updates.elementType && elementType.isByteAddressable)
    let width = elementType.bitWidth / 8
    var result = self
    updates.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { destination in
        for (place, index) in zip(places, sources) {
          for byte in 0..<width { destination[place * width + byte] = source[index * width + byte] }
        }
      }
    }
    return result
  }

  /// Every element is the first of this tensor.
  package func filling(_ shape: Shape) -> Tensor {
    gathering([Int](repeating: 0, count: shape.elementCount), shape: shape)
  }
}

extension Shape {
  /// The coordinates of the element with this row-major index.
  package func coordinates(of index: Int) -> [Int] {
    var rest = index
    var coordinates = [Int](repeating: 0, count: rank)
    for axis in extents.indices.reversed() where extents[axis] > 0 {
      coordinates[axis] = rest % extents[axis]
      rest /= extents[axis]
    }
    return coordinates
  }

  /// The row-major index of an element.
  package func index(of coordinates: [Int]) -> Int {
    zip(coordinates, extents).reduce(0) { $0 * $1.1 + $1.0 }
  }
}
