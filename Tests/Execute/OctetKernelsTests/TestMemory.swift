import OctetKernels
import Testing

#if canImport(Glibc)
  import Glibc
#endif

/// Memory as kernels get it: what stands past the end is garbage that must not matter and must not change.
final class TestMemory<Element: BitwiseCopyable> {
  private static var slack: Int { 64 }
  private static var canary: UInt8 { 0xFD }

  private let bytes: UnsafeMutableRawPointer
  let count: Int

  /// `count` elements of canary bytes.
  init(count: Int) {
    let total = count * MemoryLayout<Element>.stride + Self.slack
    bytes = .allocate(byteCount: total, alignment: 64)
    bytes.initializeMemory(as: UInt8.self, repeating: Self.canary, count: total)
    self.count = count
  }

  convenience init(_ values: [Element]) {
    self.init(count: values.count)
    values.withUnsafeBytes { bytes.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(bytes), byteCount: $0.count) }
  }

  deinit { bytes.deallocate() }

  /// Gives the address, and keeps it valid until `body` returns.
  func with<Result>(_ body: (UnsafeMutableRawPointer) throws -> Result) rethrows -> Result {
    try withExtendedLifetime(self) { try body(bytes) }
  }

  var values: [Element] {
    Array(UnsafeBufferPointer(start: bytes.assumingMemoryBound(to: Element.self), count: count))
  }

  /// The element whose bytes nobody wrote.
  static var untouched: Element {
    let one = TestMemory(count: 1)
    return one.values[0]
  }

  var endIsUntouched: Bool {
    let end = count * MemoryLayout<Element>.stride
    return (0..<Self.slack).allSatisfy { bytes.load(fromByteOffset: end + $0, as: UInt8.self) == Self.canary }
  }
}

/// Says where two lists first differ, in bits; nil when they are the same.
func firstDifference<Element: BitwiseCopyable>(_ found: [Element], _ expected: [Element]) -> String? {
  guard found.count == expected.count else { return "\(found.count) elements instead of \(expected.count)" }
  // Swift compares slowly in debug builds, and nearly all lists are the same.
  let same = found.withUnsafeBytes { found in
    expected.withUnsafeBytes { expected in
      guard let first = found.baseAddress, let second = expected.baseAddress else { return true }
      return memcmp(first, second, expected.count) == 0
    }
  }
  if same { return nil }
  let differs = zip(found, expected).map { found, expected in
    withUnsafeBytes(of: found) { found in withUnsafeBytes(of: expected) { !found.elementsEqual($0) } }
  }
  guard let index = differs.firstIndex(of: true) else { return nil }
  return "element \(index) of \(found.count) is \(found[index]) instead of \(expected[index])"
}

/// NaN with one pattern of bits: which one a processor makes depends on the order of the operands.
func canonical(_ values: [Float]) -> [Float] { values.map { $0.isNaN ? .nan : $0 } }

/// SplitMix64: the same numbers in every run.
struct TestRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func floats(_ count: Int, in range: ClosedRange<Float>) -> [Float] {
    (0..<count).map { _ in Float.random(in: range, using: &self) }
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

extension InstructionSet {
  /// The processor capped to this instruction set; cancels the test where it cannot run.
  func cpuOrCancel() throws -> CPU {
    guard isSupportedHere else { try Test.cancel("this processor has no \(rawValue)") }
    return CPU(upTo: self)
  }
}

/// One thread and two: the bytes must be the same.
let testTeams = [WorkerTeam(threads: 1), WorkerTeam(threads: 2)]

/// Values on which conversions go wrong: ties, the edges of u8, and what is no finite number.
let awkwardFloats: [Float] = [
  .nan, .infinity, -.infinity, 1e30, -1e30, 0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 254.5, 255.5, 255, 256, -128.5, -129,
  .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude, 4_194_304.5, -4_194_304.5,
]
