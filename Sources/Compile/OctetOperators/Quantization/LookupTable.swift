package import OctetGraph
package import OctetTensor

/// y = table[q] for u8: any function of one 8-bit operand whose result is 8 bits again.
package struct LookupTable: Operator {
  package static let name = "LookupTable"
  package let table: [UInt8]

  package init(_ table: [UInt8]) {
    precondition(table.count == 256)
    self.table = table
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(1, of: Self.name)
    guard operands[0].elementType == .u8 else {
      throw .mismatch("operand of LookupTable", expected: "u8", found: "\(operands[0].elementType)")
    }
    return [operands[0].type]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    [Tensor(.u8, operands[0].shape, elements: operands[0].elements(as: UInt8.self).map { table[Int($0)] })]
  }
}
