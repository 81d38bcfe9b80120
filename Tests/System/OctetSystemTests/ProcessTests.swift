import Testing

@testable import OctetSystem

@Suite struct ProcessTests {
  @Test(
    arguments: [
      ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1), ("1 100000\n", 1),
      ("", nil), ("x 100000", nil), ("100000", nil), ("100000 0", nil), ("-1 100000", nil),
    ] as [(String, Int?)])
  func readsTheQuotaOfAControlGroup(_ text: String, _ processors: Int?) {
    #expect(ProcessorCount.processors(inQuota: text) == processors)
  }

  @Test(
    arguments: [
      ("Name:\ta\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n", 2), ("Cpus_allowed:\tff,ffffffff\n", 40),
      ("Cpus_allowed:\t0\n", nil), ("Name:\ta\n", nil),
    ] as [(String, Int?)])
  func readsTheAffinityMask(_ text: String, _ processors: Int?) {
    #expect(ProcessorCount.processors(inStatus: text) == processors)
  }

  @Test func thereIsAProcessor() { #expect(ProcessorCount.available >= 1) }

  @Test func theCommandOfAProcessMayHoldAnything() {
    #expect(ProcessStatistics.fields(ofStat: "12 (a) b (c)) S 1 2").first == "S")
    #expect(ProcessStatistics.fields(ofStat: "") == [])
  }

  @Test func knowsThisProcess() throws {
    let process = ProcessStatistics.current
    #expect(process.processorSeconds > 0)
    #expect(try #require(process.residentBytes) > 1 << 20)
    #expect(try #require(process.virtualBytes) >= #require(process.residentBytes))
    #expect(try #require(process.openDescriptors) >= 3)
    #expect(try #require(process.threads) >= 1)
    // After 2020 and not in the future.
    let start = try #require(process.startTime)
    #expect(start > 1_577_836_800)
    #expect(start <= Double(Timestamp.now.seconds) + 1)
  }
}
