import COctetKernels

/// Normalizes the rows of a matrix, in f32.
///
///     mean:              y = x − μ                        with μ = Σ x / n
///     mean and variance: y = (x − μ) / d,  d from v = Σ (x − μ)² / n
///     length:            y = x / d,        d from v = Σ x²
///
/// then y·gamma + beta where there are any, stored as f32 or rounded to bytes, or both.
package struct NormalizationF32: Sendable {
  package enum Operation: Hashable, Sendable {
    case mean
    case meanAndVariance(Epsilon)
    case length(Epsilon)
  }

  /// How a small number keeps the divisor d from 0.
  package enum Epsilon: Hashable, Sendable {
    /// d = √(v + ε)
    case insideRoot(Float)
    /// d = √v + ε
    case outsideRoot(Float)
    /// d = √max(v, ε)
    case least(Float)

    fileprivate var code: (octet_epsilon_mode, Float) {
      switch self {
      case .insideRoot(let value): (OCTET_EPSILON_INSIDE_ROOT, value)
      case .outsideRoot(let value): (OCTET_EPSILON_OUTSIDE_ROOT, value)
      case .least(let value): (OCTET_EPSILON_LEAST, value)
      }
    }
  }

  /// A factor and a summand for every row, repeating after `gamma.count` rows, or for every column.
  package enum Parameters: Hashable, Sendable {
    case none
    case rows(gamma: [Float], beta: [Float])
    case columns(gamma: [Float], beta: [Float])

    fileprivate var code: (octet_normalization_parameter, gamma: [Float], beta: [Float]) {
      switch self {
      case .none: (OCTET_NORMALIZATION_PLAIN, [], [])
      case .rows(let gamma, let beta): (OCTET_NORMALIZATION_PER_ROW, gamma, beta)
      case .columns(let gamma, let beta): (OCTET_NORMALIZATION_PER_COLUMN, gamma, beta)
      }
    }
  }

  /// The bytes that are written beside the floats: clamp(roundHalfEven(y · scale + shift), low, high), of each column.
  package struct Quantizer: Hashable, Sendable {
    package var scale: [Float]
    package var shift: [Float]
    package var result: VectorResult

    package init(scale: [Float], shift: [Float], result: VectorResult) {
      self.scale = scale
      self.shift = shift
      self.result = result
    }
  }

  private let prepared: PreparedKernel<octet_normalization_plan>

  package init(
    _ operation: Operation, _ layout: RowLayout, source: VectorElement = .f32, parameters: Parameters = .none,
    result: VectorResult = .f32, quantizer: Quantizer? = nil, cpu: CPU = .current
  ) {
    let (parameter, gamma, beta) = parameters.code
    precondition(gamma.count == beta.count, "\(gamma.count) factors and \(beta.count) summands")
    precondition(parameters == .none || !gamma.isEmpty, "no factors")
    precondition(
      parameter != OCTET_NORMALIZATION_PER_COLUMN || gamma.count == layout.columns,
      "\(gamma.count) factors for \(layout.columns) columns")
    precondition(quantizer == nil || result == .f32, "bytes are written beside floats, not beside bytes")
    precondition(
      quantizer.map { $0.scale.count == layout.columns && $0.shift.count == layout.columns } ?? true,
      "a quantizer of other columns than \(layout.columns)")
    let (code, epsilon) = operation.code
    let constants = [gamma, beta].map(Constants.init)
    let ofQuantizer = quantizer.map { [$0.scale, $0.shift].map(Constants.init) } ?? []
    let (low, high) = (quantizer?.result ?? result).bounds
    let plan = octet_normalization_plan(
      operation: code, epsilon_mode: epsilon.0, epsilon: epsilon.1, parameter: parameter, gamma: constants[0].base,
      beta: constants[1].base, parameter_count: gamma.count, rows: layout.rows, columns: layout.columns,
      source_stride: layout.sourceStride, destination_stride: layout.destinationStride,
      source_type: source.code, destination_type: result.element,
      scale: ofQuantizer.first.map { UnsafePointer($0.base) },
      shift: ofQuantizer.last.map { UnsafePointer($0.base) }, low: low, high: high)
    // The row is read once for the mean, once for the variance, and once more to be written.
    prepared = PreparedKernel(
      RangeKernel(octet_normalization_f32_kernels(), cpu: cpu), plan: plan, constants: constants + ofQuantizer,
      units: layout.rows, bytes: 16 * layout.elementCount)
  }

  package var kernelName: String { prepared.kernel.name }

  /// A destination of f32 may be the source. The rows of `quantized` follow each other; it is wanted where there is a
  /// quantizer.
  package func run(
    _ source: UnsafeRawPointer, into destination: UnsafeMutableRawPointer, quantized: UnsafeMutableRawPointer? = nil,
    team: WorkerTeam
  ) {
    precondition((quantized != nil) == (prepared.plan.scale != nil), "bytes are written where there is a quantizer")
    prepared.run(on: team) { plan in
      octet_normalization_arguments(
        plan: plan, source: source, destination: destination,
        quantized: quantized?.assumingMemoryBound(to: UInt8.self))
    }
  }
}

extension NormalizationF32.Operation {
  fileprivate var code: (octet_normalization_operation, (octet_epsilon_mode, Float)) {
    switch self {
    case .mean: (OCTET_NORMALIZE_MEAN, (OCTET_EPSILON_INSIDE_ROOT, 0))
    case .meanAndVariance(let epsilon): (OCTET_NORMALIZE_MEAN_AND_VARIANCE, epsilon.code)
    case .length(let epsilon): (OCTET_NORMALIZE_LENGTH, epsilon.code)
    }
  }
}
