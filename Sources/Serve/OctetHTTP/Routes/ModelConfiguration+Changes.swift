import OctetServing

/// What the `config` of a load request changes in how a model is served: the members of a ModelConfig message that have
/// a meaning here. The others have to be as `GET …/config` shows them.
///
/// Source: Triton Inference Server, protocol/extension_model_repository and model_config.proto.
struct ModelConfigurationChanges {
  private typealias Change = (inout ModelSource) -> Void

  private var changes: [Change] = []
  /// Members that no change is made of.
  private(set) var rest: [JSONValue.Member] = []

  /// - Parameter text: the message, in JSON.
  init(_ text: String) throws(HTTPError) {
    let buffer = ByteBuffer(capacity: text.utf8.count)
    buffer.append(text)
    let value: JSONValue
    do throws(JSONSyntaxError) {
      defer { withExtendedLifetime(buffer) {} }
      value = try JSONValue(parsing: buffer.bytes)
    } catch {
      throw .badRequest("parameters.config is not JSON: \(error)")
    }
    for member in try Self.members(of: value, at: "config") { try read(member) }
  }

  func apply(to source: inout ModelSource) { for change in changes { change(&source) } }

  private mutating func read(_ member: JSONValue.Member) throws(HTTPError) {
    let place = "config.\(member.name.prefix(64))"
    switch member.name {
    case "max_batch_size":
      // 0 stands for a model that joins no requests.
      let rows = try Self.count(member.value, 0...1024, at: place)
      changes.append { $0.options.maximumBatch = max(1, rows) }
    case "version_policy":
      let policy = try Self.versionPolicy(member.value, at: place)
      changes.append { $0.versionPolicy = policy }
    case "instance_group":
      let instances = try Self.instances(member.value, at: place)
      changes.append { $0.options.streams = instances }
    case "dynamic_batching":
      for inner in try Self.members(of: member.value, at: place) { try readBatching(inner, at: place) }
    // They say which software runs a model, and here there is one.
    case "backend", "platform", "runtime": break
    default: rest.append(member)
    }
  }

  private mutating func readBatching(_ member: JSONValue.Member, at outer: String) throws(HTTPError) {
    let place = "\(outer).\(member.name.prefix(64))"
    switch member.name {
    case "preferred_batch_size":
      let sizes = Set(try Self.counts(member.value, 1...1024, at: place))
      changes.append { $0.options.preferredBatches = sizes }
    case "max_queue_delay_microseconds":
      let delay = try Self.count(member.value, 0...10_000_000, at: place)
      changes.append { $0.options.batchDelay = .microseconds(delay) }
    case "default_priority_level":
      let level = try Self.count(member.value, 0...1_000_000, at: place)
      if level > 0 { changes.append { $0.options.defaultPriority = level } }
    case "default_queue_policy":
      for inner in try Self.members(of: member.value, at: place) { try readQueue(inner, at: place) }
    // Answers are sent as soon as they are there, on connections of their own.
    case "preserve_ordering", "priority_levels", "priority_queue_policy": break
    default: throw .badRequest("\(place): there is no such member")
    }
  }

  private mutating func readQueue(_ member: JSONValue.Member, at outer: String) throws(HTTPError) {
    let place = "\(outer).\(member.name.prefix(64))"
    switch member.name {
    case "max_queue_size":
      // 0 stands for no limit of one's own.
      let capacity = try Self.count(member.value, 0...65_536, at: place)
      if capacity > 0 { changes.append { $0.options.queueCapacity = capacity } }
    case "default_timeout_microseconds":
      let timeout = try Self.count(member.value, 0...86_400_000_000, at: place)
      changes.append { $0.options.queueDeadline = timeout == 0 ? nil : .microseconds(timeout) }
    // Late requests are refused, and a client's own timeout counts where it is shorter.
    case "timeout_action", "allow_timeout_override": break
    default: throw .badRequest("\(place): there is no such member")
    }
  }

  // MARK: - Parts

  private static func versionPolicy(_ value: JSONValue, at place: String) throws(HTTPError) -> VersionPolicy {
    let choices = try members(of: value, at: place)
    guard let choice = choices.first, choices.count == 1 else {
      throw .badRequest("\(place): expected one of latest, all and specific")
    }
    let inner = try members(of: choice.value, at: "\(place).\(choice.name.prefix(64))")
    switch choice.name {
    case "all": return .all
    case "latest":
      let number = inner.first { $0.name == "num_versions" }?.value ?? .integer(1)
      // 0 is protobuf's way to say nothing.
      return .latest(max(1, try count(number, 0...1_000_000, at: "\(place).latest.num_versions")))
    case "specific":
      let list = inner.first { $0.name == "versions" }
      return .specific(try counts(list?.value ?? .null, 1...Int.max, at: "\(place).specific.versions"))
    default: throw .badRequest("\(place): expected one of latest, all and specific, found '\(choice.name.prefix(64))'")
    }
  }

  /// Executors of all groups together; 0 leaves their number to the server.
  private static func instances(_ value: JSONValue, at place: String) throws(HTTPError) -> Int {
    guard case .array(let groups) = value else { throw .badRequest("\(place): expected an array") }
    var instances = 0
    for group in groups {
      for member in try members(of: group, at: place) where member.name == "count" {
        instances = min(1024, instances + (try count(member.value, 0...1024, at: "\(place).count")))
      }
    }
    return instances
  }

  private static func members(of value: JSONValue, at place: String) throws(HTTPError) -> [JSONValue.Member] {
    guard case .object(let members) = value else { throw .badRequest("\(place): expected an object") }
    return members
  }

  /// A message of protobuf has 64-bit numbers as texts in JSON.
  private static func count(_ value: JSONValue, _ range: ClosedRange<Int>, at place: String) throws(HTTPError) -> Int {
    let number: Int? =
      switch value {
      case .integer(let number): Int(exactly: number)
      case .string(let text): Int(text)
      default: nil
      }
    guard let number, range.contains(number) else {
      throw .badRequest("\(place): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  private static func counts(
    _ value: JSONValue, _ range: ClosedRange<Int>, at place: String
  ) throws(HTTPError) -> [Int] {
    guard case .array(let values) = value else { throw .badRequest("\(place): expected an array") }
    var counts: [Int] = []
    for value in values { counts.append(try count(value, range, at: place)) }
    return counts
  }
}
