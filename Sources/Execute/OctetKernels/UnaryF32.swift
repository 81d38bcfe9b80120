import COctetKernels

/// A function of every element, f32 to f32.
///
///     y = operation(x)
///
/// NaN gives NaN, but for operations that clamp: there it gives what the lower bound gives.
package struct UnaryF32: Sendable {
  package enum Operation: Hashable, Sendable {
    case relu
    case leakyRelu(slope: Float)
    case clamp(ClosedRange<Float>)
    case hardSwish
    /// min(max(alpha·x + beta, 0), 1)
    case hardSigmoid(alpha: Float, beta: Float)
    case sigmoid
    /// x / (1 + e^(−beta·x))
    case swish(beta: Float)
    case tanh
    case geluErf
    case geluTanh
    case elu(alpha: Float)
    /// lambda·(x > 0 ? x : alpha·(e^x − 1))
    case selu(alpha: Float, lambda: Float)
    case mish, softplus
    case exp, log, sqrt, abs, negative
    case floor, ceiling, roundHalfEven, roundHalfAway
    case reciprocal, erf, sign, square
  }

  /// What the slopes of a parametric ReLU belong to.
  package enum Channels: Hashable, Sendable {
    /// Row r has slope r modulo their count, as in planar images.
    case rows
    /// Column c has slope c, as in channels-last images.
    case columns
  }

  private let prepared: PreparedKernel<octet_unary_plan>

  package init(_ operation: Operation, _ layout: RowLayout, cpu: CPU = .current) {
    let (code, alpha, beta) = operation.code
    self.init(code, alpha: [alpha], OCTET_PARAMETER_SCALAR, beta: beta, layout.flattened, cpu: cpu)
  }

  /// y = x < 0 ? slope·x : x
  package init(parametricRelu slopes: [Float], along channels: Channels, _ layout: RowLayout, cpu: CPU = .current) {
    precondition(
      !slopes.isEmpty && (channels == .rows || slopes.count == layout.columns),
      "\(slopes.count) slopes for \(layout.columns) columns")
    let parameter = channels == .rows ? OCTET_PARAMETER_PER_ROW : OCTET_PARAMETER_PER_COLUMN
    self.init(OCTET_UNARY_LEAKY_RELU, alpha: slopes, parameter, beta: 0, layout, cpu: cpu)
  }

  private init(
    _ operation: octet_unary_operation, alpha: [Float], _ parameter: octet_unary_parameter, beta: Float,
    _ layout: RowLayout, cpu: CPU
  ) {
    let constants = Constants(alpha)
    let plan = octet_unary_plan(
      operation: operation, parameter: parameter, alpha: constants.base, alpha_count: alpha.count, beta: beta,
      rows: layout.rows, columns: layout.columns, source_stride: layout.sourceStride,
      destination_stride: layout.destinationStride)
    prepared = PreparedKernel(
      RangeKernel(octet_unary_f32_kernels(), cpu: cpu), plan: plan, constants: [constants],
      units: withUnsafePointer(to: plan) { octet_unary_units($0) }, bytes: 8 * layout.elementCount)
  }

  package var kernelName: String { prepared.kernel.name }

  /// Up to 60 bytes past the end of the source are read. The destination may be the source.
  package func run(_ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, team: WorkerTeam) {
    prepared.run(on: team) { plan in
      octet_unary_arguments(
        plan: plan, source: source.assumingMemoryBound(to: Float.self),
        destination: destination.assumingMemoryBound(to: Float.self))
    }
  }
}

extension UnaryF32.Operation {
  /// The kernels' name of the operation, and its parameters.
  var code: (octet_unary_operation, alpha: Float, beta: Float) {
    switch self {
    case .relu: (OCTET_UNARY_RELU, 0, 0)
    case .leakyRelu(let slope): (OCTET_UNARY_LEAKY_RELU, slope, 0)
    case .clamp(let range): (OCTET_UNARY_CLAMP, range.lowerBound, range.upperBound)
    case .hardSwish: (OCTET_UNARY_HARD_SWISH, 0, 0)
    case .hardSigmoid(let alpha, let beta): (OCTET_UNARY_HARD_SIGMOID, alpha, beta)
    case .sigmoid: (OCTET_UNARY_SIGMOID, 0, 0)
    case .swish(let beta): (OCTET_UNARY_SWISH, 0, beta)
    case .tanh: (OCTET_UNARY_TANH, 0, 0)
    case .geluErf: (OCTET_UNARY_GELU_ERF, 0, 0)
    case .geluTanh: (OCTET_UNARY_GELU_TANH, 0, 0)
    case .elu(let alpha): (OCTET_UNARY_ELU, alpha, 0)
    case .selu(let alpha, let lambda): (OCTET_UNARY_SELU, alpha, lambda)
    case .mish: (OCTET_UNARY_MISH, 0, 0)
    case .softplus: (OCTET_UNARY_SOFTPLUS, 0, 0)
    case .exp: (OCTET_UNARY_EXP, 0, 0)
    case .log: (OCTET_UNARY_LOG, 0, 0)
    case .sqrt: (OCTET_UNARY_SQRT, 0, 0)
    case .abs: (OCTET_UNARY_ABS, 0, 0)
    case .negative: (OCTET_UNARY_NEGATIVE, 0, 0)
    case .floor: (OCTET_UNARY_FLOOR, 0, 0)
    case .ceiling: (OCTET_UNARY_CEILING, 0, 0)
    case .roundHalfEven: (OCTET_UNARY_ROUND_HALF_EVEN, 0, 0)
    case .roundHalfAway: (OCTET_UNARY_ROUND_HALF_AWAY, 0, 0)
    case .reciprocal: (OCTET_UNARY_RECIPROCAL, 0, 0)
    case .erf: (OCTET_UNARY_ERF, 0, 0)
    case .sign: (OCTET_UNARY_SIGN, 0, 0)
    case .square: (OCTET_UNARY_SQUARE, 0, 0)
    }
  }
}
