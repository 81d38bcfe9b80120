import OctetGraph
import OctetRuntime
import OctetTestSupport
import Testing

@Suite struct IRFuzzTests {
  /// A trap would end the test process, so reaching the end is half of what is tested; the other half is that a model
  /// which is refused is refused by name.
  @Test func aDamagedFileGivesAGraphOrASentence() {
    var generator = SeededRandom(seed: 2026)
    var refused = 0
    for round in 0..<2000 {
      let (xml, weights) = Self.damaged(&generator)
      do throws(ModelError) {
        _ = try SmallIR.graph(xml, weights: weights)
      } catch {
        refused += 1
        #expect(error.description.hasPrefix("small.xml: "), "round \(round)")
      }
    }
    #expect(refused > 500)
  }

  private static func damaged(_ generator: inout SeededRandom) -> (xml: [UInt8], weights: [UInt8]) {
    var xml = Array(SmallIR.xml.utf8)
    var weights = SmallIR.weights
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: xml.removeLast(Int.random(in: 1..<xml.count, using: &generator))
    case 1: weights.removeLast(Int.random(in: 0...weights.count, using: &generator))
    case 2:
      // Digits only: ids, extents, offsets and sizes that lie but are well-formed.
      let digits = xml.indices.filter { (48...57).contains(xml[$0]) }
      for _ in 0..<3 {
        if let place = digits.randomElement(using: &generator) {
          xml[place] = UInt8.random(in: 48...57, using: &generator)
        }
      }
    default:
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        xml[Int.random(in: xml.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
    }
    return (xml, weights)
  }
}
