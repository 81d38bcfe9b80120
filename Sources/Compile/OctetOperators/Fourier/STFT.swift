package import OctetGraph
package import OctetTensor

/// Fourier transforms of windows that move over a signal  (opset15).
///
///     y[b, t, k] = Σ x[b, t·step + n] · w[n] · e^(−2πi·n·k/N),  k ≤ N/2
///
/// Operands: x [length] or [B, length], the window w, which stands in the middle of N elements, N and the step. The result
/// has a last axis of 2, real and imaginary part.
package struct STFT: Operator {
  package static let name = "STFT"
  /// Frequencies before times.
  package let isTransposed: Bool

  package init(isTransposed: Bool) { self.isTransposed = isTransposed }

  package var attributes: String { isTransposed ? "transposed" : "" }

  private func frames(_ operands: [Operand]) throws(OperatorError) -> (size: Int, step: Int) {
    let size = try operands.requiredInteger(at: 2, "frame size of \(Self.name)")
    let step = try operands.requiredInteger(at: 3, "frame step of \(Self.name)")
    guard (1...Shape.maximumElementCount).contains(size), (1...Shape.maximumElementCount).contains(step) else {
      throw .mismatch("frames of \(Self.name)", expected: "a size and a step above 0", found: "\(size) and \(step)")
    }
    return (size, step)
  }

  package func resultTypes(_ operands: [Operand]) throws(OperatorError) -> [TensorType] {
    try operands.expect(4, of: Self.name)
    let (x, window) = (operands[0], operands[1])
    guard x.elementType.isFloatingPoint, window.elementType == x.elementType, (1...2).contains(x.shape.rank),
      window.shape.rank == 1
    else {
      throw .mismatch(
        "operands of \(Self.name)", expected: "a signal [length] or [B, length] and a window of its type",
        found: "\(x.type), \(window.type)")
    }
    var (times, frequencies): (Dimension, Dimension) = (.dynamic, .dynamic)
    if operands.know(2, 3) {
      let (size, step) = try frames(operands)
      if let length = window.shape[0].fixedExtent, length > size {
        throw .mismatch("window of \(Self.name)", expected: "at most \(size) elements", found: "\(length)")
      }
      frequencies = .fixed(size / 2 + 1)
      times = try x.shape[x.shape.rank - 1].map { (length) throws(OperatorError) in
        guard length >= size else {
          throw .mismatch("signal of \(Self.name)", expected: "\(size) elements or more", found: "\(length)")
        }
        return (length - size) / step + 1
      }
    }
    let planes = isTransposed ? [frequencies, times] : [times, frequencies]
    return [x.type.with(shape: PartialShape(x.shape.dimensions.dropLast() + planes + [2]))]
  }

  package func evaluate(_ operands: [Tensor]) throws(OperatorError) -> [Tensor] {
    let shape = try fixedResultShape(operands)
    let (size, step) = try frames(operands.known)
    let axis = shape.rank - 3
    let (times, frequencies) = isTransposed ? (shape[axis + 1], shape[axis]) : (shape[axis], shape[axis + 1])
    let length = operands[0].shape[operands[0].shape.rank - 1]
    let (x, own) = (operands[0].doubles, operands[1].doubles)
    let margin = (size - own.count) / 2
    let window = (0..<size).map { own.indices.contains($0 - margin) ? own[$0 - margin] : 0 }
    let spectrum = try Spectrum(length: size, isInverse: false)
    var y = [Double](repeating: 0, count: shape.elementCount)
    for row in 0..<shape.count(in: 0..<axis) {
      for time in 0..<times {
        let first = row * length + time * step
        let frame = spectrum.transformed((0..<size).map { Spectrum.Complex(x[first + $0] * window[$0], 0) })
        for frequency in 0..<frequencies {
          let place =
            isTransposed
            ? (row * frequencies + frequency) * times + time : (row * times + time) * frequencies + frequency
          (y[2 * place], y[2 * place + 1]) = (frame[frequency].x, frame[frequency].y)
        }
      }
    }
    return [Tensor(operands[0].elementType, shape, converting: y)]
  }
}
