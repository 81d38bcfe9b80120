import CJansson

/// A JSON value, read and written by jansson: configuration, metadata and the envelopes of responses.
package indirect enum JSONValue: Hashable, Sendable {
  case null
  case boolean(Bool)
  case integer(Int64)
  case real(Double)
  case string(String)
  case array([JSONValue])
  /// Members in their order.
  case object([Member])

  package struct Member: Hashable, Sendable {
    package let name: String
    package let value: JSONValue
  }

  package static func object(_ members: (String, JSONValue)...) -> JSONValue {
    .object(members.map { Member(name: $0.0, value: $0.1) })
  }
}

/// Why a text is not JSON, with the line and column where that shows.
package struct JSONSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  package let line: Int
  package let column: Int
  package let reason: String

  package var description: String { "line \(line), column \(column): \(reason)" }
}

// MARK: - Reading

extension JSONValue {
  /// Reads a whole text. A member that stands twice is an error.
  package init(parsing bytes: UnsafeRawBufferPointer) throws(JSONSyntaxError) {
    var error = json_error_t()
    let flags = size_t(JSON_REJECT_DUPLICATES | JSON_DECODE_ANY)
    guard let base = bytes.baseAddress,
      let root = json_loadb(base.assumingMemoryBound(to: CChar.self), bytes.count, flags, &error)
    else {
      let reason = withUnsafeBytes(of: error.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      throw JSONSyntaxError(
        line: max(1, Int(error.line)), column: Int(error.column), reason: reason.isEmpty ? "nothing is there" : reason)
    }
    defer { json_decref(root) }
    self.init(root)
  }

  private init(_ value: UnsafeMutablePointer<json_t>) {
    switch value.pointee.type {
    case JSON_TRUE: self = .boolean(true)
    case JSON_FALSE: self = .boolean(false)
    case JSON_INTEGER: self = .integer(json_integer_value(value))
    case JSON_REAL: self = .real(json_real_value(value))
    case JSON_STRING: self = .string(Self.string(json_string_value(value), json_string_length(value)))
    case JSON_ARRAY:
      self = .array((0..<json_array_size(value)).compactMap { json_array_get(value, $0).map(JSONValue.init) })
    case JSON_OBJECT: self = .object(Self.members(of: value))
    default: self = .null
    }
  }

  private static func members(of object: UnsafeMutablePointer<json_t>) -> [Member] {
    var members: [Member] = []
    var iterator = json_object_iter(object)
    while let position = iterator {
      if let name = json_object_iter_key(position), let value = json_object_iter_value(position) {
        members.append(Member(name: String(cString: name), value: JSONValue(value)))
      }
      iterator = json_object_iter_next(object, position)
    }
    return members
  }

  private static func string(_ bytes: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
  }
}

// MARK: - Writing

extension JSONValue {
  /// Appends the text, without any space that is not needed.
  ///
  /// - Parameter isOpen: leave out the outermost brackets, so that more members can follow.
  func write(to buffer: ByteBuffer, isOpen: Bool = false) {
    let value = makeValue()
    defer { json_decref(value) }
    let flags = size_t(JSON_COMPACT | JSON_ENCODE_ANY | (isOpen ? JSON_EMBED : 0))
    let context = Unmanaged.passUnretained(buffer).toOpaque()
    let result = json_dump_callback(
      value,
      { bytes, count, context in
        guard let context else { return -1 }
        let buffer = Unmanaged<ByteBuffer>.fromOpaque(context).takeUnretainedValue()
        buffer.append(UnsafeRawBufferPointer(start: bytes, count: count))
        return 0
      }, context, flags)
    precondition(result == 0, "jansson refuses to write a value that it has made")
  }

  /// The text as a string.
  package var text: String {
    let buffer = ByteBuffer()
    write(to: buffer)
    return String(decoding: buffer.bytes, as: UTF8.self)
  }

  private func makeValue() -> UnsafeMutablePointer<json_t> {
    let value =
      switch self {
      case .null: json_null()
      case .boolean(let truth): truth ? json_true() : json_false()
      case .integer(let integer): json_integer(integer)
      // JSON has no word for what is not finite.
      case .real(let real): real.isFinite ? json_real(real) : json_null()
      case .string(let string): Self.makeString(string)
      case .array(let elements): Self.makeArray(elements)
      case .object(let members): Self.makeObject(members)
      }
    guard let value else { preconditionFailure("jansson has no memory left") }
    return value
  }

  private static func makeString(_ string: String) -> UnsafeMutablePointer<json_t>? {
    var string = string
    return string.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        characters.baseAddress.flatMap { json_stringn($0, characters.count) } ?? json_string("")
      }
    }
  }

  private static func makeArray(_ elements: [JSONValue]) -> UnsafeMutablePointer<json_t>? {
    let array = json_array()
    for element in elements { json_array_append_new(array, element.makeValue()) }
    return array
  }

  private static func makeObject(_ members: [Member]) -> UnsafeMutablePointer<json_t>? {
    let object = json_object()
    for member in members { json_object_set_new(object, member.name, member.value.makeValue()) }
    return object
  }
}
