import OctetGraph

/// z = whether x ≥ y  (opset1)
package struct GreaterEqual: ElementwiseComparison {
  package static let name = "GreaterEqual"

  package init() {}

  package static func holds<Number: Comparable>(_ x: Number, _ y: Number) -> Bool { x >= y }
}
