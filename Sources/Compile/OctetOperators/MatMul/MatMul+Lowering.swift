package import OctetGraph
import OctetKernels
package import OctetRuntime
import OctetTensor

extension MatMul: FusionBase {
  package func lower(_ site: LoweringSite, fusing chain: [FusedOperation]) throws(OperatorError) -> any Primitive {
    guard site.operands[0].elementType == .u8, let constant = site.operands[1].constant, constant.elementType == .i8,
      constant.shape.rank == 2, !transposeA
    else { return reference(site, chain) }
    let x = try site.operand(0, .planar, dense: true)
    let y = try site.result(0, .planar)
    let (inputs, outputs) = (constant.shape[transposeB ? 1 : 0], constant.shape[transposeB ? 0 : 1])
    let columns = transposeB ? constant : Self.transposed(constant)
    let (zeroPoint, shifts) = Self.split(leftZeroPoint, columns)
    guard let program = EpilogueProgram(chain, channelAxis: x.shape.rank - 1, initialShifts: shifts),
      x.shape.elementCount > 0, y.shape.elementCount > 0
    else { return reference(site, chain) }

    let epilogue = try PreparedEpilogue(program, site: site, baseOperandCount: 2, result: y, channels: outputs)
    let isa = site.cpu.best
    let packed = site.weights.packed(constant, "matmul \(transposeB) \(isa)", byteCount: \.byteCount) {
      columns.withElements(as: Int8.self) { elements in
        PackedConvolutionWeights(
          weights: elements, inputChannels: inputs, outputChannels: outputs, instructionSet: isa)
      }
    }
    let geometry = ConvolutionGeometry.matrixProduct(
      rows: x.shape.elementCount / inputs, inputChannels: inputs, outputChannels: outputs)
    let kernel = QuantizedConvolution(
      geometry: geometry, weights: packed, inputZeroPoint: zeroPoint, operandPixelStrides: epilogue.pixelStrides,
      epilogue: epilogue.epilogue)
    return QuantizedConvolutionPrimitive(kernel: kernel, epilogue: epilogue)
  }

  private func reference(_ site: LoweringSite, _ chain: [FusedOperation]) -> any Primitive {
    ReferencePrimitive(Fused(base: self, baseOperandCount: 2, chain: chain), site)
  }

  /// [K, N] as [N, K], the order of convolution weights.
  private static func transposed(_ matrix: Tensor) -> Tensor {
    let (rows, columns) = (matrix.shape[0], matrix.shape[1])
    let indices = (0..<columns).flatMap { column in (0..<rows).map { $0 * columns + column } }
    return matrix.gathering(indices, shape: Shape(valid: [columns, rows]))
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
