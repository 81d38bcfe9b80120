package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension MaxPool {
  package func lower(_ site: LoweringSite) throws(OperatorError) -> any Primitive {
    guard indexType == nil, let element = VectorElement(site.operands[0].elementType) else {
      return ReferencePrimitive(self, site)
    }
    let x = try site.operand(0, .channelsLast)
    let y = try site.result(0, .channelsLast)
    return PoolPrimitive(kernel: Pool(maximumOf: element, pooling.geometry(x, y), cpu: site.cpu))
  }
}

struct PoolPrimitive: Primitive {
  let kernel: Pool

  var kernelName: String { kernel.kernelName }

  func execute(_ step: borrowing StepBuffers) {
    kernel.run(step.operand(0), into: step.result(0), team: step.team)
  }
}

extension PoolingWindow {
  func geometry(_ x: TensorView, _ y: TensorView) -> PoolGeometry {
    let axes = (0..<window.rank).map { axis in
      let pads = window.pads(axis: axis, input: x.shape[axis + 2], kernel: kernel[axis])
      return PoolGeometry.Axis(
        input: x.shape[axis + 2], output: y.shape[axis + 2], kernel: kernel[axis], stride: window.strides[axis],
        dilation: window.dilations[axis], padBegin: pads.begin, padEnd: pads.end)
    }
    return PoolGeometry(
      batch: x.shape[0], channels: x.shape[1], axes: axes, sourceStride: x.pixelStride,
      destinationStride: y.pixelStride)
  }
}

extension VectorElement {
  /// Fails for types that the simple kernels do not read.
  init?(_ elementType: ElementType) {
    switch elementType {
    case .u8: self = .u8
    case .i8: self = .i8
    case .f32: self = .f32
    default: return nil
    }
  }
}
