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

  /// What the environment variable OCTET_MAX_ISA says, if it is set.
  private static let requestedCap: String? = getenv("OCTET_MAX_ISA").map { String(cString: $0) }

  /// Why the cap cannot be followed: it names no instruction set.
  package static var capError: String? {
    guard let requestedCap, InstructionSet(rawValue: requestedCap) == nil else { return nil }
    let known = InstructionSet.allCases.map(\.rawValue).joined(separator: ", ")
    return "OCTET_MAX_ISA is '\(requestedCap)'; expected one of \(known)"
  }

  /// The machine, capped by OCTET_MAX_ISA.
  package static let current: CPU = requestedCap.flatMap(InstructionSet.init(rawValue:)).map { CPU(upTo: $0) } ?? CPU()
}
