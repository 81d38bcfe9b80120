package import OctetGraph
package import OctetTensor

/// How a window moves over the spatial axes (those behind batch and channels): shared by convolution and pooling.
package struct SpatialWindow: Hashable, Sendable {
  package enum AutoPad: String, Sendable {
    case explicit, valid
    case sameUpper = "same_upper"
    case sameLower = "same_lower"
  }

  package enum Rounding: String, Sendable {
    case floor, ceil
    /// Like ceil, but a last window that would start in the padding behind the image is left out.
    case ceilTorch = "ceil_torch"
  }

  package let strides: [Int]
  package let dilations: [Int]
  package let padsBegin: [Int]
  package let padsEnd: [Int]
  package let autoPad: AutoPad
  package let rounding: Rounding

  /// Extents, strides and paddings beyond this are refused: sums and products of them must not overflow.
  private static let maximum = 1 << 24

  package init(
    strides: [Int], dilations: [Int], padsBegin: [Int], padsEnd: [Int], autoPad: AutoPad = .explicit,
    rounding: Rounding = .floor
  ) throws(OperatorError) {
    let rank = strides.count
    guard (1...3).contains(rank), dilations.count == rank, padsBegin.count == rank, padsEnd.count == rank else {
      throw OperatorError("strides, dilations and pads must have 1 to 3 values each and equally many")
    }
    guard (strides + dilations).allSatisfy({ (1...Self.maximum).contains($0) }) else {
      throw .mismatch("strides and dilations", expected: "1 to \(Self.maximum)", found: "\(strides) and \(dilations)")
    }
    guard (padsBegin + padsEnd).allSatisfy({ (0...Self.maximum).contains($0) }) else {
      throw .mismatch("pads", expected: "0 to \(Self.maximum)", found: "\(padsBegin) and \(padsEnd)")
    }
    self.strides = strides
    self.dilations = dilations
    self.padsBegin = padsBegin
    self.padsEnd = padsEnd
    self.autoPad = autoPad
    self.rounding = rounding
  }

  package var rank: Int { strides.count }

  /// Whether no position ever reaches into the padding, whatever the extents.
  package var neverPads: Bool {
    autoPad == .valid || (autoPad == .explicit && (padsBegin + padsEnd).allSatisfy { $0 == 0 } && rounding == .floor)
  }

  /// The same window over an image with a wider border; nil when its padding depends on the extents, or would shrink.
  package func padded(begin: ArraySlice<Int>, end: ArraySlice<Int>) -> SpatialWindow? {
    guard autoPad == .explicit || autoPad == .valid, (begin + end).allSatisfy({ $0 >= 0 }) else { return nil }
    let own = autoPad == .valid ? [Int](repeating: 0, count: rank) : nil
    return try? SpatialWindow(
      strides: strides, dilations: dilations, padsBegin: zip(own ?? padsBegin, begin).map { $0 + $1 },
      padsEnd: zip(own ?? padsEnd, end).map { $0 + $1 }, rounding: rounding)
  }

  /// For dumps: what differs from a window that moves by one and is not padded.
  package func description(kernel: [Int]? = nil) -> String {
    func list(_ values: [Int]) -> String { values.map(String.init).joined(separator: "×") }
    var parts = kernel.map { ["kernel \(list($0))"] } ?? []
    if strides.contains(where: { $0 != 1 }) { parts.append("strides \(list(strides))") }
    if dilations.contains(where: { $0 != 1 }) { parts.append("dilations \(list(dilations))") }
    switch autoPad {
    case .explicit where (padsBegin + padsEnd).contains { $0 != 0 }:
      parts.append("pads \(list(padsBegin))…\(list(padsEnd))")
    case .sameUpper, .sameLower: parts.append(autoPad.rawValue)
    default: break
    }
    return parts.joined(separator: " ")
  }

  /// The spatial part of a shape of rank `rank + 2`.
  package func spatial(of shape: PartialShape, _ name: String) throws(OperatorError) -> [Dimension] {
    guard shape.rank == rank + 2 else {
      throw .mismatch("operand of \(name)", expected: "rank \(rank + 2)", found: "\(shape)")
    }
    return Array(shape.dimensions[2...])
  }

  /// The padding in front and behind along one axis, `same_*` resolved.
  package func pads(axis: Int, input: Int, kernel: Int) -> (begin: Int, end: Int) {
    switch autoPad {
    case .explicit: return (padsBegin[axis], padsEnd[axis])
    case .valid: return (0, 0)
    case .sameUpper, .sameLower:
      let output = (input + strides[axis] - 1) / strides[axis]
      let total = max(0, (output - 1) * strides[axis] + (kernel - 1) * dilations[axis] + 1 - input)
      return autoPad == .sameUpper ? (total / 2, total - total / 2) : (total - total / 2, total / 2)
    }
  }

  /// Positions of the window: ⌊(input + pads − dilation·(kernel − 1) − 1) / stride⌋ + 1, or rounded up.
  package func outputDimension(axis: Int, input: Dimension, kernel: Int) throws(OperatorError) -> Dimension {
    guard let input = input.fixedExtent else { return .dynamic }
    guard input <= Self.maximum, (1...Self.maximum).contains(kernel) else {
      throw .mismatch("extents", expected: "at most \(Self.maximum)", found: "input \(input), kernel \(kernel)")
    }
    let pads = pads(axis: axis, input: input, kernel: kernel)
    let (reach, overflow) = (kernel - 1).multipliedReportingOverflow(by: dilations[axis])
    let span = input + pads.begin + pads.end - reach - 1
    guard !overflow, span >= 0 else {
      throw .mismatch(
        "window", expected: "to fit into the padded extent \(input + pads.begin + pads.end)", found: "kernel \(kernel)")
    }
    var output = span / strides[axis] + 1
    if rounding != .floor, span % strides[axis] != 0 { output += 1 }
    if rounding == .ceilTorch, (output - 1) * strides[axis] >= input + pads.begin { output -= 1 }
    return .fixed(output)
  }

  package func outputDimensions(input: [Dimension], kernel: [Int]) throws(OperatorError) -> [Dimension] {
    var dimensions: [Dimension] = []
    for axis in 0..<rank {
      dimensions.append(try outputDimension(axis: axis, input: input[axis], kernel: kernel[axis]))
    }
    return dimensions
  }
}

/// One window over one image, as lists of valid taps: what the plain loops of `evaluate` walk over.
struct WindowTaps {
  private let input: [Int]
  private let kernel: [Int]
  private let window: SpatialWindow
  private let begin: [Int]
  let output: [Int]

  init(_ window: SpatialWindow, input: [Int], kernel: [Int], output: [Int]) {
    self.window = window
    self.input = input
    self.kernel = kernel
    self.output = output
    begin = (0..<window.rank).map { window.pads(axis: $0, input: input[$0], kernel: kernel[$0]).begin }
  }

  var kernelCount: Int { kernel.reduce(1, *) }

  /// For tap `tap`, each output position whose input position lies inside the image: (output index, input index).
  func forEachPosition(ofTap tap: Int, _ body: (_ output: Int, _ input: Int) -> Void) {
    var tapCoordinates = [Int](repeating: 0, count: kernel.count)
    var rest = tap
    for axis in kernel.indices.reversed() {
      tapCoordinates[axis] = rest % kernel[axis]
      rest /= kernel[axis]
    }
    walk(axis: 0, outputBase: 0, inputBase: 0, tapCoordinates, body)
  }

  private func walk(
    axis: Int, outputBase: Int, inputBase: Int, _ tap: [Int], _ body: (_ output: Int, _ input: Int) -> Void
  ) {
    for position in 0..<output[axis] {
      let source = position * window.strides[axis] + tap[axis] * window.dilations[axis] - begin[axis]
      guard source >= 0, source < input[axis] else { continue }
      let outputIndex = outputBase * output[axis] + position
      let inputIndex = inputBase * input[axis] + source
      if axis == output.count - 1 {
        body(outputIndex, inputIndex)
      } else {
        walk(axis: axis + 1, outputBase: outputIndex, inputBase: inputIndex, tap, body)
      }
    }
  }
}
