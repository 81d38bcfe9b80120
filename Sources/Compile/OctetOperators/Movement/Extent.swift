package import OctetGraph
package import OctetTensor

/// Arithmetic on extents that come from a file: nothing may overflow, and no axis is longer than the longest tensor.
package enum Extent {
  package static func sum(_ a: Int, _ b: Int, of name: String) throws(OperatorError) -> Int {
    try checked(a.addingReportingOverflow(b), of: name)
  }

  package static func product(_ a: Int, _ b: Int, of name: String) throws(OperatorError) -> Int {
    try checked(a.multipliedReportingOverflow(by: b), of: name)
  }

  package static func product(_ extents: [Int], of name: String) throws(OperatorError) -> Int {
    var result = 1
    for extent in extents { result = try product(result, extent, of: name) }
    return result
  }

  private static func checked(
    _ result: (partialValue: Int, overflow: Bool), of name: String
  ) throws(OperatorError) -> Int {
    guard !result.overflow, (0...Shape.maximumElementCount).contains(result.partialValue) else {
      throw .mismatch(
        "extent of \(name)", expected: "0 to \(Shape.maximumElementCount)",
        found: result.overflow ? "an overflow" : "\(result.partialValue)")
    }
    return result.partialValue
  }
}

extension Dimension {
  /// The extent after `change`; open when it is open.
  package func map(_ change: (Int) throws(OperatorError) -> Int) throws(OperatorError) -> Dimension {
    guard let extent = fixedExtent else { return .dynamic }
    return .fixed(try change(extent))
  }
}

extension [Operand] {
  /// Checks that the elements of an operand can be moved one by one: packed ones cannot.
  package func expectMovable(_ index: Int = 0, of name: String) throws(OperatorError) {
    guard indices.contains(index), self[index].elementType.isByteAddressable else {
      let found = indices.contains(index) ? "\(self[index].elementType)" : "none"
      throw .mismatch("operand \(index) of \(name)", expected: "elements of 8 bits or more", found: found)
    }
  }

  /// The integers of an operand that decides the result's shape.
  package func requiredIntegers(at index: Int, _ what: String) throws(OperatorError) -> [Int] {
    guard let values = try integers(at: index, what) else { throw OperatorError("\(what): expected constants") }
    return values
  }

  /// The only integer of an operand that decides the result's shape.
  package func requiredInteger(at index: Int, _ what: String) throws(OperatorError) -> Int {
    let values = try requiredIntegers(at: index, what)
    guard let value = values.first, values.count == 1 else {
      throw .mismatch(what, expected: "one value", found: "\(values.count)")
    }
    return value
  }

  /// Whether the values of these operands are known already; those that may be missing are.
  package func know(_ indices: Int...) -> Bool { indices.allSatisfy { $0 >= count || self[$0].constant != nil } }

  /// How many values an operand holds that is no more than a list of axes or extents.
  package func valueCount(at index: Int, _ what: String) throws(OperatorError) -> Int {
    guard indices.contains(index), let shape = self[index].shape.fixed, shape.elementCount <= 64 else {
      throw .mismatch(
        what, expected: "up to 64 values", found: indices.contains(index) ? "\(self[index].type)" : "none")
    }
    return shape.elementCount
  }
  package func expectIndices(at index: Int, of name: String) throws(OperatorError) {
    guard indices.contains(index), self[index].elementType.isInteger else {
      let found = indices.contains(index) ? "\(self[index].elementType)" : "none"
      throw .mismatch("indices of \(name)", expected: "whole numbers", found: found)
    }
  }
}

extension [Tensor] {
  /// As operands whose values are all known, for operators that ask `resultTypes` again when they run.
  package var known: [Operand] { map { Operand(type: $0.type, constant: $0) } }
}
