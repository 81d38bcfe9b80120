/// One extent that may be known only when a request arrives.
package enum Dimension: Hashable, Sendable {
  case fixed(Int)
  /// Any extent in the range; `dynamic` without bounds allows all.
  case bounded(ClosedRange<Int>)

  package static let dynamic = Dimension.bounded(0...Int.max)

  package var fixedExtent: Int? {
    if case .fixed(let extent) = self { extent } else { nil }
  }

  package func accepts(_ extent: Int) -> Bool {
    switch self {
    case .fixed(let own): own == extent
    case .bounded(let range): range.contains(extent)
    }
  }
}

extension Dimension: CustomStringConvertible {
  package var description: String {
    switch self {
    case .fixed(let extent): "\(extent)"
    case .bounded(let range) where range == 0...Int.max: "?"
    case .bounded(let range) where range.upperBound == Int.max: "\(range.lowerBound).."
    case .bounded(let range): "\(range.lowerBound)..\(range.upperBound)"
    }
  }
}

extension Dimension: ExpressibleByIntegerLiteral {
  package init(integerLiteral extent: Int) { self = .fixed(extent) }
}

/// A shape of known rank in which some extents may be known only when a request arrives.
package struct PartialShape: Hashable, Sendable {
  package let dimensions: [Dimension]

  package init(_ dimensions: [Dimension]) { self.dimensions = dimensions }
  package init(_ shape: Shape) { dimensions = shape.extents.map(Dimension.fixed) }

  /// Of known rank, all else open.
  package static func open(rank: Int) -> PartialShape {
    PartialShape([Dimension](repeating: .dynamic, count: rank))
  }

  package var rank: Int { dimensions.count }
  package subscript(axis: Int) -> Dimension { dimensions[axis] }

  /// The shape, when every extent is known.
  package var fixed: Shape? {
    var extents: [Int] = []
    for dimension in dimensions {
      guard let extent = dimension.fixedExtent else { return nil }
      extents.append(extent)
    }
    return Shape(extents)
  }

  package func accepts(_ shape: Shape) -> Bool {
    rank == shape.rank && zip(dimensions, shape.extents).allSatisfy { $0.accepts($1) }
  }
}

extension PartialShape: ExpressibleByArrayLiteral {
  package init(arrayLiteral dimensions: Dimension...) { self.init(dimensions) }
}

extension PartialShape: CustomStringConvertible {
  package var description: String { "[" + dimensions.map(\.description).joined(separator: ", ") + "]" }
}

/// What is known of a tensor before it exists.
package struct TensorType: Hashable, Sendable {
  package var elementType: ElementType
  package var shape: PartialShape

  package init(_ elementType: ElementType, _ shape: PartialShape) {
    self.elementType = elementType
    self.shape = shape
  }

  package init(_ elementType: ElementType, _ shape: Shape) { self.init(elementType, PartialShape(shape)) }

  package func with(elementType: ElementType) -> TensorType { TensorType(elementType, shape) }
  package func with(shape: PartialShape) -> TensorType { TensorType(elementType, shape) }
}

extension TensorType: CustomStringConvertible {
  package var description: String { "\(elementType)\(shape)" }
}
