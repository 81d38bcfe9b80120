import OctetTensor

/// Why an operator refuses its operands or attributes: a sentence without the place, which the caller adds.
package struct OperatorError: Error, Hashable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }

  package static func mismatch(_ what: String, expected: String, found: String) -> OperatorError {
    OperatorError("\(what): expected \(expected), found \(found)")
  }
}

extension [Operand] {
  /// Checks the number of operands.
  package func expect(_ counts: ClosedRange<Int>, of name: String) throws(OperatorError) {
    guard counts.contains(count) else {
      let expected =
        counts.lowerBound == counts.upperBound ? "\(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)"
      throw .mismatch("operands of \(name)", expected: expected, found: "\(count)")
    }
  }

  package func expect(_ count: Int, of name: String) throws(OperatorError) { try expect(count...count, of: name) }

  /// The integers of a constant operand, such as axes or a target shape; nil when it is not known at load time.
  package func integers(at index: Int, _ what: String) throws(OperatorError) -> [Int]? {
    guard indices.contains(index), let constant = self[index].constant else { return nil }
    guard let integers = constant.integers else {
      throw .mismatch(what, expected: "whole numbers", found: "\(constant.elementType) values that are not")
    }
    return integers
  }
}
