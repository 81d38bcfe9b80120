import OctetKernels
import OctetRuntime
import OctetTensor

/// Measures the kernels without a model, on one core: each instruction set's peak, then what its kernels reach of it.
struct KernelBenchmark {
  private static let peakRounds = 1 << 17
  private static let peakRuns = 20

  let instructionSets: [InstructionSet]

  func run() -> [KernelReport] {
    let team = WorkerTeam(threads: 1)
    return instructionSets.map { instructionSet in
      let peaks = [ElementType.u8, .f32].compactMap { Self.peak(of: $0, instructionSet) }
      let rows = KernelShape.all.flatMap { shape in
        KernelCase.all(for: shape, instructionSet, team).map { kernel in
          StandardError.progress("\(instructionSet): \(shape.name)")
          return KernelReport.Row(
            shape: shape.name, kernel: kernel.kernelName, multiplications: shape.geometry.multiplications,
            nanoseconds: kernel.bestNanoseconds(clock: monotonicNanoseconds),
            peak: peaks.first { $0.multiplies == kernel.elementType.rawValue })
        }
      }
      StandardError.progress("")
      return KernelReport(isa: instructionSet.rawValue, peaks: peaks, kernels: rows)
    }
  }

  private static func peak(of elementType: ElementType, _ instructionSet: InstructionSet) -> KernelReport.Peak? {
    guard let peak = MultiplyPeak(of: elementType, instructionSet: instructionSet) else { return nil }
    let speeds = (0..<peakRuns).map { _ in
      let start = monotonicNanoseconds()
      let products = peak.run(rounds: peakRounds)
      return Double(products) / Double(max(1, monotonicNanoseconds() - start))
    }
    return KernelReport.Peak(
      multiplies: elementType.rawValue, instructions: peak.instructions, gigaMACsPerSecond: speeds.max() ?? 0)
  }
}
