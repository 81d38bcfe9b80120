import OctetRuntime
import OctetTestSupport
import Testing

@testable import OctetServing

@Suite struct MetricsTests {
  @Test func aHistogramCountsEachValueInEveryBucketThatHoldsIt() {
    let histogram = Histogram.ofBatchSizes()
    for value in [1.0, 2, 3, 200] { histogram.record(value) }
    #expect(histogram.cumulativeCounts == [1, 2, 3, 3, 3, 3, 3, 3, 4])
    #expect(histogram.total == 206)
  }

  @Test func aHistogramOfSecondsKeepsNanoseconds() {
    let histogram = Histogram.ofSeconds()
    histogram.record(Duration.microseconds(100))
    histogram.record(Duration.seconds(60))
    #expect(histogram.cumulativeCounts.first == 1)
    #expect(histogram.cumulativeCounts.last == 2)
    #expect(abs(histogram.total - 60.0001) < 1e-9)
  }

  @Test func writesTheTextFormat() {
    var text = MetricsText()
    text.family("octet_things_total", .counter, "Things.")
    text.sample("octet_things_total", [("name", "a\"b\\c\nd")], 3)
    text.sample("octet_things_total", [], Double.infinity)
    #expect(
      text.text == """
        # HELP octet_things_total Things.
        # TYPE octet_things_total counter
        octet_things_total{name="a\\"b\\\\c\\nd"} 3
        octet_things_total +Inf

        """)
  }

  @Test func everyFamilyStandsTogetherAndOnce() {
    let repository = ModelRepository(processors: 1) { _ in FakeModel.doubling() }
    repository.load(["a", "b"].map { ModelSource(name: $0, path: $0) }, defaultModel: nil)
    let lines = Metrics(repository: repository, includesLayers: true).text.split(separator: "\n")
    let families = lines.filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] }
    #expect(Set(families).count == families.count)

    var current: Substring = ""
    for line in lines where !line.hasPrefix("# HELP ") {
      if line.hasPrefix("# TYPE ") {
        current = line.split(separator: " ")[2]
      } else {
        #expect(line.hasPrefix(current), "a sample stands outside its family")
      }
    }
    for line in lines.filter({ $0.hasPrefix("# TYPE ") && $0.hasSuffix(" counter") }) {
      #expect(line.split(separator: " ")[2].hasSuffix("_total"))
    }
    let samples = lines.filter { !$0.hasPrefix("#") }.map { $0.prefix(upTo: $0.lastIndex(of: " ") ?? $0.endIndex) }
    #expect(Set(samples).count == samples.count, "a sample stands there twice")
  }

  @Test func layersCanBeLeftOut() {
    let repository = ModelRepository(processors: 1) { _ in FakeModel.doubling() }
    repository.load([ModelSource(name: "a", path: "a")], defaultModel: nil)
    #expect(Metrics(repository: repository, includesLayers: true).text.contains("octet_layer_executions_total{"))
    #expect(!Metrics(repository: repository, includesLayers: false).text.contains("octet_layer"))
  }

  @Test func modelsThatDidNotLoadAreListedAsNotReady() {
    let repository = ModelRepository(processors: 1) { _ in throw ModelError.model("no") }
    repository.load([ModelSource(name: "a", path: "a")], defaultModel: nil)
    let text = Metrics(repository: repository, includesLayers: true).text
    #expect(text.contains("octet_model_ready{model=\"a\",version=\"1\"} 0\n"))
    #expect(!text.contains("octet_model_load_seconds{"))
  }
}
