import Glibc

/// What the `process_*` metrics report of this process.
package struct ProcessStatistics: Sendable {
  package let processorSeconds: Double
  package let residentBytes: Int?
  package let virtualBytes: Int?
  package let openDescriptors: Int?
  package let maximumDescriptors: Int?
  package let threads: Int?
  /// Seconds since 1970.
  package let startTime: Double?

  package static var current: ProcessStatistics {
    let stat = SystemFile.text("/proc/self/stat").map(fields(ofStat:)) ?? []
    func number(_ index: Int) -> Int? { stat.indices.contains(index) ? Int(stat[index]) : nil }
    return ProcessStatistics(
      processorSeconds: processorSeconds,
      residentBytes: number(21).map { $0 * Int(getpagesize()) },
      virtualBytes: number(20),
      openDescriptors: openDescriptorCount,
      maximumDescriptors: descriptorLimit,
      threads: number(17),
      startTime: startTime(ticks: number(19)))
  }

  /// The fields of /proc/self/stat from the third on. The second, the command, may hold spaces and parentheses.
  static func fields(ofStat text: String) -> [Substring] {
    guard let end = text.lastIndex(of: ")") else { return [] }
    return text[text.index(after: end)...].split(whereSeparator: \.isWhitespace)
  }

  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static var openDescriptorCount: Int? {
    guard let folder = opendir("/proc/self/fd") else { return nil }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    // Not counted: `.`, `..` and the descriptor that reads the folder.
    return count - 3
  }

  private static var descriptorLimit: Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
    return Int(exactly: limit.rlim_cur)
  }

  /// The kernel counts the start in clock ticks since boot, which is now less the uptime.
  private static func startTime(ticks: Int?) -> Double? {
    guard let ticks else { return nil }
    var now = timespec()
    var uptime = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    clock_gettime(CLOCK_BOOTTIME, &uptime)
    let boot = Double(now.tv_sec - uptime.tv_sec) + Double(now.tv_nsec - uptime.tv_nsec) / 1e9
    return boot + Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }
}
