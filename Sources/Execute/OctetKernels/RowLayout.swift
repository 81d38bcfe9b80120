/// Rows of a matrix in memory; strides count elements from one row to the next.
package struct RowLayout: Hashable, Sendable {
  package var rows: Int, columns: Int
  package var sourceStride: Int, destinationStride: Int

  package init(rows: Int, columns: Int, sourceStride: Int? = nil, destinationStride: Int? = nil) {
    self.rows = rows
    self.columns = columns
    self.sourceStride = sourceStride ?? columns
    self.destinationStride = destinationStride ?? columns
    precondition(
      rows >= 0 && columns >= 0 && self.sourceStride >= columns && self.destinationStride >= columns,
      "rows overlap in \(self)")
  }

  var elementCount: Int { rows * columns }

  /// The same elements in one row, where rows follow each other without gaps.
  var flattened: RowLayout {
    sourceStride == columns && destinationStride == columns ? RowLayout(rows: 1, columns: elementCount) : self
  }
}
