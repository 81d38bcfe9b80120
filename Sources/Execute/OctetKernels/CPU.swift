package import COctetKernels

#if canImport(Glibc)
  import Glibc
#endif

/// The instruction sets that kernels are written for; each includes those before it.
package enum InstructionSet: String, CaseIterable, Sendable, Comparable {
  case scalar, sse42, avx2, avxvnni, avx512, avx512vnni

  package static func < (a: InstructionSet, b: InstructionSet) -> Bool { a.code.rawValue < b.code.rawValue }

  /// Whether this processor and operating system can run it.
  package var isSupportedHere: Bool { octet_isa_is_supported(code) }

  package var code: octet_isa {
    switch self {
    case .scalar: OCTET_ISA_SCALAR
    case .sse42: OCTET_ISA_SSE42
    case .avx2: OCTET_ISA_AVX2
    case .avxvnni: OCTET_ISA_AVXVNNI
    case .avx512: OCTET_ISA_AVX512
    case .avx512vnni: OCTET_ISA_AVX512VNNI
    }
  }
}

/// The processor as kernels see it.
package struct CPU: Sendable {
  /// Every supported set up to the cap, worst first. `scalar` is always among them.
  package let instructionSets: [InstructionSet]

  package init(upTo cap: InstructionSet = .avx512vnni) {
    instructionSets = InstructionSet.allCases.filter { $0 <= cap && $0.isSupportedHere }
  }

  package var best: InstructionSet { instructionSets.last ?? .scalar }

  /// The machine, capped by the environment variable OCTET_MAX_ISA where that names an instruction set.
  package static let current: CPU = {
    guard let name = getenv("OCTET_MAX_ISA"), let cap = InstructionSet(rawValue: String(cString: name)) else {
      return CPU()
    }
    return CPU(upTo: cap)
  }()
}
