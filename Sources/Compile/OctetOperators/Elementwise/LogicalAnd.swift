import OctetGraph

/// z = whether x and y are both true  (opset1)
package struct LogicalAnd: ElementwiseLogical {
  package static let name = "LogicalAnd"

  package init() {}

  package static func apply(_ x: Bool, _ y: Bool) -> Bool { x && y }
}
