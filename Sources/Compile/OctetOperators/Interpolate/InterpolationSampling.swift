import Glibc

/// How much element `index` of an axis counts for one result.
package struct InterpolationWeight: Hashable, Sendable {
  let index: Int
  let weight: Double
}

/// Where results lie between elements, and which elements they are made of.
package struct InterpolationSampling: Hashable, Sendable {
  package enum Mode: String, CaseIterable, Sendable {
    case nearest
    /// A triangle over the neighbours, which widens when shrinking with `antialias`.
    case linear
    /// The two neighbours.
    case linearONNX = "linear_onnx"
    case cubic
    case bilinearPillow = "bilinear_pillow"
    case bicubicPillow = "bicubic_pillow"
  }

  package enum Coordinates: String, CaseIterable, Sendable {
    case halfPixel = "half_pixel"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case asymmetric
    case tfHalfPixelForNN = "tf_half_pixel_for_nn"
    case alignCorners = "align_corners"
  }

  package enum Rounding: String, CaseIterable, Sendable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor, ceil
    /// Up when shrinking, else down.
    case simple
  }

  package let mode: Mode
  package let coordinates: Coordinates
  package let rounding: Rounding
  package let antialias: Bool
  package let cubeCoefficient: Double

  package init(mode: Mode, coordinates: Coordinates, rounding: Rounding, antialias: Bool, cubeCoefficient: Double) {
    self.mode = mode
    self.coordinates = coordinates
    self.rounding = rounding
    self.antialias = antialias
    self.cubeCoefficient = cubeCoefficient
  }

  var description: String {
    let detail = mode == .nearest ? " \(rounding.rawValue)" : (antialias ? " antialias" : "")
    return "\(mode.rawValue) \(coordinates.rawValue)\(detail)"
  }

  /// For each position of the result the elements of the source that it is made of.
  ///
  /// - Parameter scale: as the model gives it; nil when it gives sizes.
  func weights(source: Int, result: Int, scale: Double?) -> [[InterpolationWeight]] {
    guard source > 0 else { return [[InterpolationWeight]](repeating: [], count: result) }
    let scale = scale ?? Double(Float(result) / Float(source))
    return (0..<result).map { position in
      if source == result, scale == 1 { return [InterpolationWeight(index: position, weight: 1)] }
      switch mode {
      case .nearest:
        let index = nearest(coordinate(Float(position), source, result, Float(scale)), shrinks: scale < 1)
        return [InterpolationWeight(index: min(max(index, 0), source - 1), weight: 1)]
      case .linearONNX: return twoNeighbours(coordinate(Double(position), source, result, scale), source)
      case .linear: return triangle(coordinate(Double(position), source, result, scale), source, scale)
      case .cubic: return fourNeighbours(coordinate(Double(position), source, result, scale), source)
      case .bilinearPillow: return pillow(position, source, result, support: 1) { max(0, 1 - abs($0)) }
      case .bicubicPillow: return pillow(position, source, result, support: 2, cubic)
      }
    }
  }

  /// Where a result lies between the elements. Nearest elements are chosen in f32, as they were when the model was made:
  /// ties must fall the same way.
  private func coordinate<Number: BinaryFloatingPoint>(
    _ position: Number, _ source: Int, _ result: Int, _ scale: Number
  ) -> Number {
    switch coordinates {
    case .halfPixel: (position + 0.5) / scale - 0.5
    case .pytorchHalfPixel: result > 1 ? (position + 0.5) / scale - 0.5 : 0
    case .asymmetric: position / scale
    case .tfHalfPixelForNN: (position + 0.5) / scale
    case .alignCorners: result == 1 ? 0 : position * Number(source - 1) / Number(result - 1)
    }
  }

  private func nearest(_ coordinate: Float, shrinks: Bool) -> Int {
    let rounded =
      switch rounding {
      case .preferFloor: (coordinate - 0.5).rounded(.up)
      case .preferCeil: (coordinate + 0.5).rounded(.down)
      case .floor: coordinate.rounded(.down)
      case .ceil: coordinate.rounded(.up)
      case .simple: coordinate.rounded(shrinks ? .up : .towardZero)
      }
    return Int(rounded)
  }

  private func twoNeighbours(_ coordinate: Double, _ source: Int) -> [InterpolationWeight] {
    let inside = min(max(coordinate, 0), Double(source - 1))
    let lower = Int(inside)
    let upper = min(lower + 1, source - 1)
    let fraction = inside - Double(lower)
    return [
      InterpolationWeight(index: lower, weight: 1 - fraction), InterpolationWeight(index: upper, weight: fraction),
    ]
  }

  /// w ∝ max(0, 1 − a·|x − k|), a being the scale when an antialiased axis shrinks and else 1.
  private func triangle(_ coordinate: Double, _ source: Int, _ scale: Double) -> [InterpolationWeight] {
    let slope = antialias ? min(scale, 1) : 1
    let radius = scale > 1 || slope == 1 ? 2 : (2 / slope).rounded(.up)
    let centre = coordinate.rounded(.toNearestOrEven)
    let (first, last) = (max(0, centre - radius), min(Double(source - 1), centre + radius))
    guard first <= last else { return [] }
    return normalized(Int(first)...Int(last)) { max(0, 1 - slope * abs(coordinate - Double($0))) }
  }

  private func fourNeighbours(_ coordinate: Double, _ source: Int) -> [InterpolationWeight] {
    let base = coordinate.rounded(.down)
    return (-1...2).map { offset in
      let index = min(max(Int(base) + offset, 0), source - 1)
      return InterpolationWeight(index: index, weight: cubic(coordinate - base - Double(offset)))
    }
  }

  /// Keys' kernel with this operator's coefficient: 1 at 0, and 0 from 2 on.
  private func cubic(_ distance: Double) -> Double {
    let (x, a) = (abs(distance), cubeCoefficient)
    if x <= 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
    return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0
  }

  /// The resampling of the Python imaging library: pixel centres at halves, and a filter as wide as a shrunken pixel.
  private func pillow(
    _ position: Int, _ source: Int, _ result: Int, support: Double, _ filter: (Double) -> Double
  ) -> [InterpolationWeight] {
    let step = Double(source) / Double(result)
    let width = max(step, 1)
    let centre = (Double(position) + 0.5) * step
    let first = max(0, Int(centre - support * width + 0.5))
    let last = min(source, Int(centre + support * width + 0.5)) - 1
    guard first <= last else { return [] }
    return normalized(first...last) { filter((Double($0) - centre + 0.5) / width) }
  }

  private func normalized(_ indices: ClosedRange<Int>, _ weight: (Int) -> Double) -> [InterpolationWeight] {
    let weights = indices.map(weight)
    let sum = weights.reduce(0, +)
    return zip(indices, weights).map { InterpolationWeight(index: $0, weight: sum == 0 ? 0 : $1 / sum) }
  }
}
