import OctetKernels
import Testing

@testable import octet

/// What `octet benchmark --kernels` prints, not how fast it is: times differ from run to run.
@Suite struct KernelBenchmarkTests {
  private static let peak = KernelReport.Peak(
    multiplies: "u8", instructions: "vpdpbusd", gigaMACsPerSecond: 200)

  private static func report(_ rows: [KernelReport.Row]) -> KernelReport {
    KernelReport(isa: "avx512vnni", peaks: [peak], kernels: rows)
  }

  private static func row(_ shape: String, nanoseconds: UInt64, peak: KernelReport.Peak?) -> KernelReport.Row {
    KernelReport.Row(
      shape: shape, kernel: "kernel", multiplications: 1_000_000, nanoseconds: nanoseconds, peak: peak)
  }

  @Test func theTableHoldsSpeedAndShareOfThePeakInColumns() {
    let report = Self.report([
      Self.row("1×1 64→64", nanoseconds: 10_000, peak: Self.peak), Self.row("3×3", nanoseconds: 2_000_000, peak: nil),
    ])
    #expect(
      report.text == """
        avx512vnni, one core
          peak of u8: 200.0 GMAC/s (vpdpbusd)
          layer      kernel  GMAC/s  of peak
          1×1 64→64  kernel  100.00   50.0 %
          3×3        kernel    0.50        -
        """)
  }

  @Test func jsonHoldsTheSame() throws {
    let text = try JSONText.encode(Self.report([Self.row("3×3", nanoseconds: 10_000, peak: Self.peak)]))
    #expect(
      text == #"{"isa":"avx512vnni","kernels":[{"gmacs_per_second":100,"kernel":"kernel","percent_of_peak":50,"#
        + #""shape":"3×3"}],"peaks":[{"gmacs_per_second":200,"instructions":"vpdpbusd","multiplies":"u8"}]}"#)
  }

  @Test func shapesAreThoseOfTheNetworksThatTheyComeFrom() throws {
    let names = KernelShape.all.map(\.name)
    #expect(Set(names).count == names.count)
    let first = try #require(KernelShape.all.first)
    #expect(first.name == "7×7 3→64 stride 2, 112×112")
    #expect(first.geometry.multiplications == 118_013_952)
    #expect(KernelShape.all.count { $0.isDepthwise } == 4)
    #expect(KernelShape.all.contains { $0.name == "fully connected 2048→1000, rows 1" })
  }

  /// One small shape of each kind, on everything that this processor has.
  @Test(arguments: InstructionSet.allCases.filter(\.isSupportedHere))
  func everyKernelOfAnInstructionSetIsMeasuredOnce(_ instructionSet: InstructionSet) throws {
    let team = WorkerTeam(threads: 1)
    let product = KernelShape(
      name: "product", geometry: .matrixProduct(rows: 5, inputChannels: 40, outputChannels: 24))
    let depthwise = KernelShape(
      name: "depthwise",
      geometry: ConvolutionGeometry(
        inputExtents: [1, 6, 6], kernel: [1, 3, 3], padsBegin: [0, 1, 1], outputExtents: [1, 6, 6], groups: 20,
        inputChannels: 20, outputChannels: 20))
    for (shape, family) in [(product, "convolution"), (depthwise, "depthwise")] {
      let cases = KernelCase.all(for: shape, instructionSet, team)
      let names = cases.map(\.kernelName)
      #expect(Set(names).count == names.count)
      #expect(names.first?.hasPrefix(family + "_u8s8s32") == true)
      #expect(names.last?.hasPrefix(family + "_f32") == true)
      var time: UInt64 = 0
      for kernel in cases {
        // A clock that ticks a twentieth of the measurement at every look, so that it ends after some runs.
        #expect(
          kernel.bestNanoseconds(clock: {
            time += 5_000_000
            return time
          }) == 5_000_000)
      }
    }
  }
}
