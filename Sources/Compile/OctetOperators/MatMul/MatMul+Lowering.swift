package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension MatMul: FusionBase {
  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    guard let constant = site.operands[1].constant, constant.shape.rank == 2, constant.elementType != .u8, !transposeA
    else {
      return try lowerProduct(site, fusing: chain) ?? reference(site, chain)
    }
    let types = (site.operands[0].elementType, constant.elementType)
    let x = try site.shape(ofOperand: 0)
    guard types == (.u8, .i8) || (types == (.f32, .f32) && terms == nil), x.rank > 0, x.elementCount > 0,
      constant.elementCount > 0
    else {
      return reference(site, chain)
    }
    // [N, K], the order of convolution weights.
    let columns = transposeB ? constant : constant.transposed([1, 0])
    let (zeroPoint, shifts) = types.0 == .u8 ? Self.split(leftZeroPoint, columns) : (0, [])
    guard let program = EpilogueProgram(chain, channelAxis: site.results[0].shape.rank - 1, initialShifts: shifts)
    else {
      return reference(site, chain)
    }

    _ = try site.operand(0, .planar, dense: true)
    let y = try site.result(0, .planar)
    let (outputs, inputs) = (columns.shape[0], columns.shape[1])
    let epilogue = try PreparedEpilogue(program, site: site, baseOperandCount: 2, result: y, channels: outputs)
    let rowLength = x[x.rank - 1]
    let geometry = ConvolutionGeometry.matrixProduct(
      rows: x.elementCount / rowLength, inputChannels: inputs, outputChannels: outputs)
    let isa = site.cpu.best
    let packed: PackedConvolutionWeights = site.weights.packed(
      constant, "matmul \(transposeB) \(isa)", byteCount: \.byteCount
    ) {
      PackedConvolutionWeights.packing(columns, for: geometry, isa)
    }
    if types.0 == .f32 {
      let kernel = FloatConvolution(
        geometry: geometry, weights: packed, operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue)
      return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue)
    }
    let kernel = QuantizedConvolution(
      geometry: geometry, weights: packed, inputZeroPoint: zeroPoint, inputPixelStride: rowLength,
      operandPixelStrides: epilogue.pixelStrides, epilogue: epilogue.epilogue)
    return ConvolutionPrimitive(kernel: kernel, epilogue: epilogue, inputOffset: terms?.lowerBound ?? 0)
  }

  private func reference(_ site: LoweringSite, _ chain: [FusedOperation]) -> any Primitive {
    ReferencePrimitive(fused(chain, at: site), site)
  }

  /// Σ (a − z)·w = Σ (a − zᵢ)·w − (z − zᵢ)·Σ w: the kernel takes the integer zᵢ, the rest is a shift per column.
  private static func split(_ zeroPoint: Double, _ columns: Tensor) -> (integer: UInt8, shifts: [Double]) {
    let integer = UInt8(min(max(zeroPoint.rounded(), 0), 255))
    let rest = zeroPoint - Double(integer)
    guard rest != 0 else { return (integer, []) }
    let inner = columns.shape[1]
    let shifts = columns.withElements(as: Int8.self) { weights in
      (0..<columns.shape[0]).map { row in
        -rest * Double(weights[row * inner..<(row + 1) * inner].reduce(0) { $0 + Int($1) })
      }
    }
    return (integer, shifts)
  }
}
