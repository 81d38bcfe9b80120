/// What every prepared convolution can do, whatever its elements.
package protocol ConvolutionKernel: AnyObject, Sendable {
  /// The kernel that computes the widest part of the output.
  var kernelName: String { get }

  /// Bytes of scratch memory that a run needs.
  var scratchByteCount: Int { get }

  /// Computes all output pixels; only the output's channels are written.
  func run(
    input: UnsafeRawPointer, output: UnsafeMutableRawPointer, operands: EpilogueOperands,
    scratch: UnsafeMutableRawPointer, team: WorkerTeam)
}

extension QuantizedConvolution: ConvolutionKernel {}
extension WinogradConvolution: ConvolutionKernel {}
extension FloatConvolution: ConvolutionKernel {}
extension DepthwiseConvolution: ConvolutionKernel {}
