import OctetGraph
import OctetTensor

/// Memory of a lifetime of its own inside the arena; the memory planner gives it an offset.
struct RegionID: Hashable {
  let index: Int
}

/// Where a tensor is, before the arena is laid out.
enum Place: Equatable {
  case input(Int)
  case output(Int)
  case constant(TensorStorage)
  case region(RegionID, offset: Int)
  /// An operand that the kernel does not read, such as weights that were packed.
  case unused

  var region: (id: RegionID, offset: Int)? {
    if case .region(let id, let offset) = self { (id, offset) } else { nil }
  }

  static func == (a: Place, b: Place) -> Bool {
    switch (a, b) {
    case (.input(let x), .input(let y)), (.output(let x), .output(let y)): x == y
    case (.constant(let x), .constant(let y)): x === y
    case (.region(let x, let i), .region(let y, let j)): x == y && i == j
    case (.unused, .unused): true
    default: false
    }
  }
}

/// One layout of a value, and where it is.
struct Form {
  let view: TensorView
  let place: Place
}

extension TensorView {
  /// Bytes from the first element to behind the last.
  var spanBytes: Int {
    let width = max(elementType.bitWidth / 8, 1)
    guard layout == .channelsLast, pixelCount > 0 else { return elementType.byteCount(of: shape.elementCount) ?? 0 }
    return ((pixelCount - 1) * pixelStride + channels) * width
  }
}

/// The forms of every value and the regions that hold them.
struct BufferTable {
  struct Region {
    var byteCount: Int
    /// Set when the region is the caller's memory for this output.
    var output: Int?
  }

  private(set) var regions: [Region] = []
  private var forms: [Value: [Form]] = [:]
  private var concatenationRegions: [NodeID: RegionID] = [:]

  func forms(of value: Value) -> [Form] { forms[value] ?? [] }
  mutating func define(_ value: Value, _ form: Form) { forms[value, default: []].append(form) }

  mutating func newRegion(byteCount: Int) -> RegionID {
    regions.append(Region(byteCount: byteCount, output: nil))
    return RegionID(index: regions.count - 1)
  }

  mutating func grow(_ region: RegionID, to byteCount: Int) {
    regions[region.index].byteCount = max(regions[region.index].byteCount, byteCount)
  }

  /// The region of a whole concatenation, made when its first part is written.
  mutating func region(of concatenation: NodeID) -> RegionID {
    if let known = concatenationRegions[concatenation] { return known }
    let region = newRegion(byteCount: 0)
    concatenationRegions[concatenation] = region
    return region
  }

  /// Makes a region the memory of an output; false when it is one already, larger than the output, or written in parts:
  /// steps know an output by its beginning only.
  mutating func assign(_ region: RegionID, toOutput output: Int, byteCount: Int) -> Bool {
    guard regions[region.index].output == nil, regions[region.index].byteCount == byteCount,
      !concatenationRegions.values.contains(region)
    else { return false }
    regions[region.index].output = output
    return true
  }

  /// Bytes of the callers' memory for outputs.
  var outputByteCount: Int { regions.reduce(0) { $0 + ($1.output == nil ? 0 : $1.byteCount) } }
}
