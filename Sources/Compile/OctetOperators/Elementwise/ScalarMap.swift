import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

/// A function of single elements for which no vectorized kernel exists: one value at a time, with NumPy broadcasting.
struct ScalarMap: Primitive {
  enum Function: Sendable {
    case unary(@Sendable (Double) -> Double)
    case real(@Sendable (Double, Double) -> Double)
    case integer(@Sendable (Int64, Int64) -> Int64)
  }

  /// How many bytes could be moved in the time of one element.
  private static let bytesPerElement = 32

  private let function: Function
  private let source: ScalarType
  private let result: ScalarType
  private let walk: BroadcastWalk

  /// Nil for element types that have no kernel.
  init?(_ function: Function, _ site: LoweringSite) throws(OperatorError) {
    guard let source = ScalarType(site.operands[0].elementType), let result = ScalarType(site.results[0].elementType)
    else { return nil }
    (self.function, self.source, self.result) = (function, source, result)
    walk = try BroadcastWalk(site)
  }

  var kernelName: String { "scalar" }

  func execute(_ step: borrowing StepBuffers) {
    let (x, z) = (step.operand(0), step.result(0))
    switch function {
    case .unary(let f):
      walk.run(step.team, bytesPerElement: Self.bytesPerElement) { place, a, _, _ in
        result.store(f(source.load(x, a)), z, place)
      }
    case .real(let f):
      let y = step.operand(1)
      walk.run(step.team, bytesPerElement: Self.bytesPerElement) { place, a, b, _ in
        result.store(f(source.load(x, a), source.load(y, b)), z, place)
      }
    case .integer(let f):
      let y = step.operand(1)
      walk.run(step.team, bytesPerElement: Self.bytesPerElement) { place, a, b, _ in
        result.store(f(source.loadInteger(x, a), source.loadInteger(y, b)), z, place)
      }
    }
  }
}

/// The elements of up to three operands that each element of a result is made of, all row-major.
struct BroadcastWalk {
  private let extents: [Int]
  /// Per axis of the result, of each operand.
  private let strides: [SIMD4<Int>]
  let count: Int
  /// The last axis.
  private let length: Int
  private let step: SIMD4<Int>

  /// Asks for all operands and result 0 as planar tensors.
  init(_ site: LoweringSite) throws(OperatorError) {
    let shape = try site.result(0, .planar).shape
    var strides = [SIMD4<Int>](repeating: .zero, count: shape.rank)
    for index in site.operands.indices {
      let own = try site.operand(index, .planar, dense: true).strides(broadcastTo: shape)
      for axis in own.indices { strides[axis][index] = own[axis] }
    }
    self.strides = strides
    extents = shape.extents
    count = shape.elementCount
    (length, step) = (extents.last ?? 1, strides.last ?? .zero)
  }

  func run(_ team: WorkerTeam, bytesPerElement: Int, _ body: (_ place: Int, _ a: Int, _ b: Int, _ c: Int) -> Void) {
    let rows = count / max(length, 1)
    team.forParts(of: rows, byteCount: count * bytesPerElement) { range in
      for row in range {
        var rest = row, base = SIMD4<Int>.zero
        var axis = extents.count - 1
        while axis > 0 {
          axis -= 1
          base &+= strides[axis] &* SIMD4(repeating: rest % extents[axis])
          rest /= extents[axis]
        }
        for place in row * length..<(row + 1) * length {
          body(place, base[0], base[1], base[2])
          base &+= step
        }
      }
    }
  }
}
