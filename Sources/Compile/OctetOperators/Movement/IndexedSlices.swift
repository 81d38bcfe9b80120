import OctetGraph
import OctetKernels
import OctetRuntime
import OctetTensor

/// Slices of a tensor that indices point to: for each position, the bytes from the tensor's first to the slice's.
///
///     offset(p) = p·strides + Σ wrapped(indices[p·indexStrides + k])·coordinates[k].stride
struct IndexedSlices {
  /// One axis that is indexed; strides are in bytes.
  struct Coordinate {
    let extent: Int
    let stride: Int
  }

  /// How indices stand in memory.
  private enum IndexWidth {
    case i32, i64

    func load(_ base: UnsafeRawPointer, _ position: Int) -> Int {
      switch self {
      case .i32: Int(base.loadUnaligned(fromByteOffset: position * 4, as: Int32.self))
      case .i64: Int(base.loadUnaligned(fromByteOffset: position * 8, as: Int64.self))
      }
    }
  }

  private let width: IndexWidth
  /// One axis of the positions.
  private typealias Axis = (extent: Int, stride: Int, indexStride: Int)
  private let axes: [Axis]
  private let coordinates: [Coordinate]
  private let wrapsNegatives: Bool
  /// Elements of a slice.
  let count: Int
  let elementSize: Int
  let positionCount: Int

  var byteCount: Int { count * elementSize }

  /// Operand 1 holds the indices, slices are of operand 0. Nil for types that have no kernel.
  ///
  /// - Parameters:
  ///   - positions: extents, with the strides of the tensor and of the indices in elements.
  ///   - coordinates: extents and strides in elements.
  init?(
    _ site: LoweringSite, count: Int, positions: [(extent: Int, stride: Int, indexStride: Int)],
    coordinates: [(extent: Int, stride: Int)], wrapsNegatives: Bool = true
  ) {
    switch site.operands[1].elementType {
    case .i32: width = .i32
    case .i64: width = .i64
    default: return nil
    }
    guard site.operands[0].elementType.isByteAddressable else { return nil }
    let size = site.operands[0].elementType.bitWidth / 8
    (self.count, elementSize, self.wrapsNegatives) = (count, size, wrapsNegatives)
    axes = positions.map { ($0.extent, $0.stride * size, $0.indexStride) }
    self.coordinates = coordinates.map { Coordinate(extent: $0.extent, stride: $0.stride * size) }
    positionCount = positions.reduce(1) { $0 * $1.extent }
  }

  /// Nil when an index is outside of its axis.
  func offset(of position: Int, _ indices: UnsafeRawPointer) -> Int? {
    var (rest, offset, place) = (position, 0, 0)
    var axis = axes.count
    while axis > 0 {
      axis -= 1
      let own = rest % axes[axis].extent
      rest /= axes[axis].extent
      offset += own * axes[axis].stride
      place += own * axes[axis].indexStride
    }
    for number in 0..<coordinates.count {
      let (extent, stride) = (coordinates[number].extent, coordinates[number].stride)
      var index = width.load(indices, place + number)
      // An index near the least integer stays negative: the extent is far below the largest.
      if wrapsNegatives, index < 0 { index += extent }
      guard index >= 0, index < extent else { return nil }
      offset += index * stride
    }
    return offset
  }
}

/// Copies indexed slices of operand 0 one behind the other; zeros where an index is outside of its axis.
struct GatherPrimitive: Primitive {
  private let slices: IndexedSlices

  init(_ slices: IndexedSlices, _ site: LoweringSite) throws(OperatorError) {
    self.slices = slices
    for operand in 0...1 { _ = try site.operand(operand, .planar, dense: true) }
    _ = try site.result(0, .planar)
  }

  var kernelName: String { "gather" }

  func execute(_ step: borrowing StepBuffers) {
    let (source, indices, destination) = (step.operand(0), step.operand(1), step.result(0))
    let byteCount = slices.byteCount
    step.team.forParts(of: slices.positionCount, byteCount: slices.positionCount * byteCount) { range in
      for position in range {
        let target = destination + position * byteCount
        if let offset = slices.offset(of: position, indices) {
          target.copyMemory(from: source + offset, byteCount: byteCount)
        } else {
          target.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        }
      }
    }
  }
}
