import COctetKernels

/// The extents of batched products of two matrices, both known only when they run.
///
/// left[b] is rows × inner, or inner × rows where it is transposed; right[b] is inner × columns, or columns × inner.
package struct MatrixProductShape: Sendable, Hashable {
  package var batch: Int
  package var rows: Int
  package var inner: Int
  package var columns: Int
  package var leftIsTransposed: Bool
  package var rightIsTransposed: Bool
  /// Whether one matrix serves the whole batch.
  package var leftIsShared: Bool
  package var rightIsShared: Bool

  package init(
    batch: Int = 1, rows: Int, inner: Int, columns: Int, leftIsTransposed: Bool = false,
    rightIsTransposed: Bool = false, leftIsShared: Bool = false, rightIsShared: Bool = false
  ) {
    precondition([batch, rows, inner, columns].allSatisfy { $0 > 0 }, "extents of a matrix product are positive")
    self.batch = batch
    self.rows = rows
    self.inner = inner
    self.columns = columns
    self.leftIsTransposed = leftIsTransposed
    self.rightIsTransposed = rightIsTransposed
    self.leftIsShared = leftIsShared
    self.rightIsShared = rightIsShared
  }

  var code: octet_gemm_shape {
    octet_gemm_shape(
      batch: batch, rows: rows, inner: inner, columns: columns, left_is_transposed: leftIsTransposed,
      right_is_transposed: rightIsTransposed, left_step: leftIsShared ? 0 : rows * inner,
      right_step: rightIsShared ? 0 : inner * columns)
  }
}
