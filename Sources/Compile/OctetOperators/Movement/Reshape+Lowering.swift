import OctetTensor
package import OctetGraph
package import OctetRuntime

extension Reshape {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { try lowerAsAlias(site) }
}

extension Squeeze {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { try lowerAsAlias(site) }
}

extension Unsqueeze {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive { try lowerAsAlias(site) }
}

extension Operator {
  /// Row-major elements keep their places whatever the shape.
  fileprivate func lowerAsAlias(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    _ = try site.operand(0, .planar, dense: true)
    _ = try site.result(0, .planar)
    return Alias()
  }
}
