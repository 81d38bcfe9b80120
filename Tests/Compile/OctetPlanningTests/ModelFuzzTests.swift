import FoundationEssentials
import Glibc
import OctetGraph
import OctetImport
import OctetKernels
import OctetPlanning
import OctetRuntime
import OctetSystem
import OctetTensor
import OctetTestSupport
import Testing

/// Models of every operator with lies in them: attributes, extents, types, ports, constants and inputs.
///
/// A trap would end the test process, so reaching the end is what is tested. `OCTET_FUZZ_ROUNDS` asks for more models of each
/// operator, `OCTET_FUZZ_SEED` for others, and with `OCTET_FUZZ_TRACE` every model is printed before it is tried.
@Suite struct ModelFuzzTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let rounds = environment["OCTET_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 8
  private static let seed = environment["OCTET_FUZZ_SEED"].flatMap { UInt64($0) } ?? 2026
  private static let isTraced = environment["OCTET_FUZZ_TRACE"] != nil

  @Test(arguments: try OperatorGoldens.names)
  func aDamagedModelRunsOrIsRefused(_ name: String) throws {
    let goldens = try OperatorGoldens.named(name)
    var random = SeededRandom(seed: name.utf8.reduce(Self.seed) { $0 &* 31 &+ UInt64($1) })
    for _ in 0..<Self.rounds {
      guard let golden = goldens.cases.randomElement(using: &random) else { break }
      var model = DamagedModel(golden)
      model.damage(&random)
      if Self.isTraced {
        print("\(name): \(String(decoding: model.xml, as: UTF8.self))\n\(model.weights)")
        fflush(nil)
      }
      // Whether it is refused, and where, does not matter.
      _ = try? Self.run(model, golden, &random)
    }
  }

  private static func run(
    _ model: DamagedModel, _ golden: GoldenCase, _ random: inout SeededRandom
  ) throws -> [Tensor] {
    let graph = try ModelImporter.graph(
      xml: FileContents(bytes: model.xml), weights: FileContents(bytes: model.weights), name: "damaged")
    let compiled = try ModelCompiler(memoryLimit: MemoryLimit(byteCount: 1 << 24)).compile(graph)
    let shapes = compiled.smallestInputShapes
    guard shapes.allSatisfy({ $0.elementCount <= 1 << 12 }) else { return [] }
    let inputs = zip(compiled.signature.inputs, shapes).map { port, shape in
      DamagedModel.input(port.type.elementType, shape, &random)
    }
    return try Executor(model: compiled, team: WorkerTeam(threads: 1)).run(inputs)
  }
}

/// The files of a model, to be changed for the worse.
struct DamagedModel {
  private static let numbers = [
    "", "-1", "0", "1", "2", "3", "7", "64", "1000", "1048576", "4294967296", "1099511627776", "9223372036854775807",
    "-9223372036854775808", "18446744073709551616", "0.5", "-0.5", "1e30", "-1e30", "1e400", "nan", "inf", "1,2",
    "0,0,0",
    "-1,-1", "1,1,1,1,1", "?", "1..", "2..3",
  ]
  private static let integers: [Int64] = [
    .min, -(1 << 40), -7, -2, -1, 0, 1, 2, 3, 5, 1 << 20, 1 << 31, 1 << 40, 1 << 62, .max,
  ]
  private static let reals: [Double] = [
    .nan, .infinity, -.infinity, 1e30, -1e30, 1e300, -0.0, 0, 1e-30, -1, 0.5, 1, 3, 7.5, 255, 0x1p31, 0x1p63,
  ]

  private(set) var xml: [UInt8]
  private(set) var weights: [UInt8]

  init(_ golden: GoldenCase) {
    xml = Array(golden.xml.utf8)
    weights = Array(golden.weights)
  }

  mutating func damage(_ random: inout SeededRandom) {
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      if Int.random(in: 0..<4, using: &random) == 0 { damageWeights(&random) } else { damageText(&random) }
    }
  }

  /// One attribute or extent becomes another.
  private mutating func damageText(_ random: inout SeededRandom) {
    let values = values
    guard let place = values.randomElement(using: &random) else { return }
    let text = String(decoding: xml[place], as: UTF8.self)
    let isNumber = text.allSatisfy { $0.isNumber || "-+.,e ".contains($0) }
    let other: String?
    if ElementType(rawValue: text) != nil {
      other = ElementType.allCases.randomElement(using: &random)?.rawValue
    } else if isNumber, Int.random(in: 0..<4, using: &random) > 0 {
      other = Self.numbers.randomElement(using: &random)
    } else {
      other = values.randomElement(using: &random).map { String(decoding: xml[$0], as: UTF8.self) }
    }
    xml.replaceSubrange(place, with: (other ?? "").utf8)
  }

  /// What stands between quotes, and between the tags of an extent.
  private var values: [Range<Int>] {
    var found: [Range<Int>] = []
    var start: Int?
    for (index, character) in xml.enumerated() {
      if character == UInt8(ascii: "\"") {
        if let begin = start { found.append(begin..<index) }
        start = start == nil ? index + 1 : nil
      } else if character == UInt8(ascii: ">"), xml[..<index].suffix(4).elementsEqual("<dim".utf8) {
        found.append(index + 1..<(xml[index...].firstIndex(of: UInt8(ascii: "<")) ?? index + 1))
      }
    }
    return found
  }

  private mutating func damageWeights(_ random: inout SeededRandom) {
    let width = [1, 4, 8].randomElement(using: &random) ?? 8
    guard weights.count >= width else { return }
    let place = Int.random(in: 0...(weights.count - width) / width, using: &random) * width
    let bits: UInt64
    switch (width, Bool.random(using: &random)) {
    case (8, true): bits = UInt64(bitPattern: Self.integers.randomElement(using: &random) ?? 0)
    case (8, false): bits = (Self.reals.randomElement(using: &random) ?? 0).bitPattern
    case (4, true): bits = UInt64(truncatingIfNeeded: Self.integers.randomElement(using: &random) ?? 0)
    case (4, false): bits = UInt64(Float(Self.reals.randomElement(using: &random) ?? 0).bitPattern)
    default: bits = random.next()
    }
    for byte in 0..<width { weights[place + byte] = UInt8(truncatingIfNeeded: bits >> (8 * UInt64(byte))) }
  }

  /// What a request may hold.
  static func input(_ type: ElementType, _ shape: Shape, _ random: inout SeededRandom) -> Tensor {
    let isTame = Bool.random(using: &random)
    if type == .i64 {
      let values = (0..<shape.elementCount).map { _ in
        isTame ? Int64.random(in: 0...3, using: &random) : integers.randomElement(using: &random) ?? 0
      }
      return Tensor(type, shape, elements: values)
    }
    let values = (0..<shape.elementCount).map { _ in
      isTame ? Double.random(in: -2...2, using: &random) : reals.randomElement(using: &random) ?? 0
    }
    return Tensor(type, shape, converting: values)
  }
}
