import Glibc

/// How many processors this process may keep busy: its affinity mask, or less when a control group's quota is smaller.
package enum ProcessorCount {
  package static var available: Int {
    min(affinity, quota(inControlGroup: controlGroup) ?? Int.max)
  }

  /// The C library's macros for affinity masks are beyond Swift; the kernel prints the same mask as text.
  private static var affinity: Int {
    SystemFile.text("/proc/self/status").flatMap(processors(inStatus:))
      ?? max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Processors in the hexadecimal mask of a line such as `Cpus_allowed:	ff,ffffffff`.
  static func processors(inStatus text: String) -> Int? {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Cpus_allowed:") }) else { return nil }
    let count = line.dropFirst("Cpus_allowed:".count).compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
    return count > 0 ? count : nil
  }

  /// The folder of this process's control group (version 2), from a line such as `0::/system.slice/octet.service`.
  private static var controlGroup: String? {
    SystemFile.text("/proc/self/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::") }.map {
      "/sys/fs/cgroup" + $0.dropFirst(3)
    }
  }

  /// The smallest quota on the way from the group to the root: each level may set one.
  private static func quota(inControlGroup folder: String?) -> Int? {
    guard var folder = folder else { return nil }
    var smallest: Int?
    while folder.hasPrefix("/sys/fs/cgroup") {
      let own = SystemFile.text("\(folder)/cpu.max").flatMap(processors(inQuota:))
      smallest = [smallest, own].compactMap { $0 }.min()
      guard let slash = folder.lastIndex(of: "/") else { break }
      folder = String(folder[..<slash])
    }
    return smallest
  }

  /// Processors that a `cpu.max` file allows, rounded up:  ⌈quota / period⌉, or nil for `max`.
  static func processors(inQuota text: String) -> Int? {
    let fields = text.split(whereSeparator: \.isWhitespace)
    guard fields.count == 2, let quota = Int(fields[0]), let period = Int(fields[1]), quota > 0, period > 0 else {
      return nil
    }
    let (whole, rest) = quota.quotientAndRemainder(dividingBy: period)
    return whole + (rest > 0 ? 1 : 0)
  }
}
