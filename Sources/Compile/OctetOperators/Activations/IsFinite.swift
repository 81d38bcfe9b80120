import OctetGraph

/// y = whether x is neither infinite nor NaN  (opset10)
package struct IsFinite: ElementwiseTest {
  package static let name = "IsFinite"

  package init() {}

  package func holds(_ x: Double) -> Bool { x.isFinite }
}
