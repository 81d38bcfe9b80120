import OctetKernels

extension MatrixProductShape {
  /// Shapes at the corners of what kernels tell apart.
  static let corners: [MatrixProductShape] = [
    .init(rows: 1, inner: 1, columns: 1), .init(rows: 7, inner: 33, columns: 70),
    .init(batch: 3, rows: 20, inner: 5, columns: 19, leftIsTransposed: true),
    .init(batch: 2, rows: 5, inner: 64, columns: 48, rightIsTransposed: true),
    .init(batch: 2, rows: 9, inner: 35, columns: 150, rightIsTransposed: true),
    .init(batch: 3, rows: 17, inner: 9, columns: 16, leftIsTransposed: true, rightIsTransposed: true),
    .init(batch: 3, rows: 4, inner: 6, columns: 100, rightIsShared: true),
    .init(batch: 2, rows: 18, inner: 3, columns: 5, leftIsTransposed: true, leftIsShared: true),
    .init(batch: 3, rows: 6, inner: 18, columns: 33, leftIsShared: true),
  ]

  var leftCount: Int { (leftIsShared ? 1 : batch) * rows * inner }
  var rightCount: Int { (rightIsShared ? 1 : batch) * inner * columns }
  var outputCount: Int { batch * rows * columns }

  /// The elements that output element `index` multiplies: those of a row of left[b] and a column of right[b].
  func terms(_ index: Int) -> [(left: Int, right: Int)] {
    let column = index % columns, row = index / columns % rows, batch = index / columns / rows
    let left = leftIsShared ? 0 : batch * rows * inner, right = rightIsShared ? 0 : batch * inner * columns
    return (0..<inner).map { k in
      (
        left + (leftIsTransposed ? k * rows + row : row * inner + k),
        right + (rightIsTransposed ? column * inner + k : k * columns + column)
      )
    }
  }
}
