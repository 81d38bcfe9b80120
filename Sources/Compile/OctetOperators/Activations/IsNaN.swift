import OctetGraph

/// y = whether x is not a number  (opset10)
package struct IsNaN: ElementwiseTest {
  package static let name = "IsNaN"

  package init() {}

  package func holds(_ x: Double) -> Bool { x.isNaN }
}
