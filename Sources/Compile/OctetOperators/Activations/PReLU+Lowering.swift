package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension PReLU {
  /// A kernel for slopes that belong to the channels.
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    let shape = try site.shape(ofOperand: 0)
    guard site.operands[0].elementType == .f32, shape.rank > 1, let slopes = slopes(site, shape) else {
      return ReferencePrimitive(self, site)
    }
    guard shape.rank > 2, site.preferredLayout(ofOperand: 0) == .channelsLast else {
      _ = try site.operand(0, .planar, dense: true)
      _ = try site.result(0, .planar)
      let rows = RowLayout(rows: shape[0] * shape[1], columns: shape.count(in: 2..<shape.rank))
      return UnaryPrimitive(kernel: UnaryF32(parametricRelu: slopes, along: .rows, rows, cpu: site.cpu))
    }
    let (x, y) = (try site.operand(0, .channelsLast), try site.result(0, .channelsLast))
    let rows = RowLayout(
      rows: x.pixelCount, columns: x.channels, sourceStride: x.pixelStride, destinationStride: y.pixelStride)
    return UnaryPrimitive(kernel: UnaryF32(parametricRelu: slopes, along: .columns, rows, cpu: site.cpu))
  }

  /// One for each channel.
  private func slopes(_ site: LoweringSite, _ shape: Shape) -> [Float]? {
    guard let constant = site.operands[1].constant,
      let aligned = Self.aligned(PartialShape(constant.shape), to: PartialShape(shape)).fixed,
      let values = Broadcasting.perChannel(constant.reshaped(to: aligned), to: PartialShape(shape), channelAxis: 1)
    else { return nil }
    return (0..<shape[1]).map { Float(values[values.count == 1 ? 0 : $0]) }
  }
}
