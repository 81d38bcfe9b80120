import OctetGraph

/// z = whether x or y is true  (opset1)
package struct LogicalOr: ElementwiseLogical {
  package static let name = "LogicalOr"

  package init() {}

  package static func apply(_ x: Bool, _ y: Bool) -> Bool { x || y }
}
