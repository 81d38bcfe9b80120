package import OctetGraph
package import OctetKernels
import OctetTensor

extension LayoutChange {
  /// From one view of a tensor to another of the same shape.
  package init(from source: TensorView, to destination: TensorView) {
    let shape = source.shape
    guard shape.rank > 1 else {
      self.init(batch: 1, channels: 1, inner: shape.elementCount, from: .planar, to: .planar)
      return
    }
    self.init(
      batch: shape[0], channels: shape[1], inner: shape.count(in: 2..<shape.rank), from: source.side,
      to: destination.side)
  }
}

extension TensorView {
  fileprivate var side: LayoutChange.Side {
    layout == .planar ? .planar : .channelsLast(stride: pixelStride)
  }
}
