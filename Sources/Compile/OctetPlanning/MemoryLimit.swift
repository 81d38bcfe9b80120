import OctetRuntime

#if canImport(Glibc)
  import Glibc
#endif

/// Refuses plans that the machine cannot hold: an absurd shape in a model or a request must not end the process.
enum MemoryLimit {
  /// The physical memory in bytes; what no system call tells counts as unlimited.
  private static let physicalByteCount: Int = {
    let (bytes, overflow) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
    return overflow || bytes <= 0 ? .max : bytes
  }()

  static func check(_ byteCount: Int) throws(ModelError) {
    guard byteCount <= physicalByteCount else {
      throw .model(
        "activations would take \(byteCount >> 20) MiB; this machine has \(physicalByteCount >> 20) MiB in all")
    }
  }
}
