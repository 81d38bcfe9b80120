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

  /// Matrices that follow each other without a gap.
  var code: octet_gemm_shape {
    code(
      left: MatrixSteps(rows: leftIsTransposed ? inner : rows, columns: leftIsTransposed ? rows : inner, batch: batch),
      right: MatrixSteps(
        rows: rightIsTransposed ? columns : inner, columns: rightIsTransposed ? inner : columns, batch: batch))
  }

  func code(left: MatrixSteps, right: MatrixSteps) -> octet_gemm_shape {
    octet_gemm_shape(
      batch: batch, rows: rows, inner: inner, columns: columns, left_is_transposed: leftIsTransposed,
      right_is_transposed: rightIsTransposed, left_is_shared: leftIsShared, right_is_shared: rightIsShared,
      left: left.code, right: right.code)
  }
}

/// Where the matrices of a batch stand, in elements: row r of matrix b begins at
///
///     b / run · runStep + b % run · matrix + r · row
///
/// and its elements follow each other.
package struct MatrixSteps: Sendable, Hashable {
  package var row: Int
  package var matrix: Int
  package var run: Int
  package var runStep: Int

  package init(row: Int, matrix: Int, run: Int, runStep: Int) {
    precondition(run > 0, "a run has a matrix")
    self.row = row
    self.matrix = matrix
    self.run = run
    self.runStep = runStep
  }

  /// Matrices that follow each other without a gap.
  package init(rows: Int, columns: Int, batch: Int) {
    self.init(row: columns, matrix: rows * columns, run: batch, runStep: 0)
  }

  var code: octet_matrix_steps { octet_matrix_steps(row: row, matrix: matrix, run: run, run_step: runStep) }
}
