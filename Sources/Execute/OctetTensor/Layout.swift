/// The order in which a tensor's elements stand in memory. Shapes and axes always speak of the logical order (NCHW).
package enum Layout: Hashable, Sendable {
  /// Row-major in the logical order.
  case planar
  /// Axis 1, the channels, innermost: NHWC for a logical NCHW. For ranks of 3 and more.
  case channelsLast

  package var other: Layout { self == .planar ? .channelsLast : .planar }

  /// Whether both layouts of this shape are the same bytes.
  package static func coincide(for shape: Shape) -> Bool {
    shape.rank < 3 || shape[1] == 1 || shape.count(in: 2..<shape.rank) == 1
  }
}
