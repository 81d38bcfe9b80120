import OctetKernels

extension LayoutChange {
  /// Where the element of an image, a channel and a pixel stands.
  func offset(in side: Side, _ image: Int, _ channel: Int, _ pixel: Int) -> Int {
    switch side {
    case .planar: (image * channels + channel) * inner + pixel
    case .channelsLast(let stride): (image * inner + pixel) * stride + channel
    }
  }

  /// Elements that one side takes, gaps included.
  func extent(of side: Side) -> Int {
    switch side {
    case .planar: batch * channels * inner
    case .channelsLast(let stride): batch * inner * stride
    }
  }
}
