import CExpat
import OctetRuntime

/// Reads the XML of an IR with expat.
///
/// An IR needs no document type, so one is refused: with it goes every entity, and with those every file whose few bytes
/// expand to billions. Whatever remains is bounded by the limits below.
enum IRParser {
  /// Bounds on what a file may ask for; real models stay far below.
  enum Limits {
    static let byteCount = 1 << 28
    static let depth = 64
    static let attributeLength = 1 << 20
    static let elementCount = 1 << 22
  }

  /// Documentation of how a model was made: large, and no part of its meaning.
  private static let skippedElements: Set<String> = ["rt_info", "meta_data"]

  /// The root element.
  static func parse(_ bytes: UnsafeRawBufferPointer) throws(ModelError) -> XMLElement {
    guard bytes.count <= Limits.byteCount else {
      throw .model("expected at most \(Limits.byteCount) bytes of XML, found \(bytes.count)")
    }
    guard let parser = XML_ParserCreate("UTF-8") else { throw .model("out of memory for the XML parser") }
    defer { XML_ParserFree(parser) }
    let reader = Reader(parser: parser)
    // The reader outlives the parser: both end with this function.
    XML_SetUserData(parser, Unmanaged.passUnretained(reader).toOpaque())
    install(on: parser)

    // All at once: the length is bounded above, so it fits.
    let status = XML_Parse(
      parser, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count), 1)
    if let refusal = reader.refusal { throw refusal }
    guard status == XML_STATUS_OK, let root = reader.root else {
      let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "no element"
      throw .model("line \(XML_GetCurrentLineNumber(parser)): expected well-formed XML, found: \(reason)")
    }
    return root
  }

  private static func install(on parser: XML_Parser) {
    XML_SetElementHandler(
      parser,
      { reader, name, attributes in IRParser.reader(reader)?.begin(name, attributes) },
      { reader, _ in IRParser.reader(reader)?.end() })
    XML_SetCharacterDataHandler(parser) { reader, characters, count in
      IRParser.reader(reader)?.add(characters, Int(count))
    }
    XML_SetStartDoctypeDeclHandler(parser) { reader, _, _, _, _ in
      IRParser.reader(reader)?.refuse("a DOCTYPE is not allowed")
    }
  }

  private static func reader(_ userData: UnsafeMutableRawPointer?) -> Reader? {
    userData.map { Unmanaged<Reader>.fromOpaque($0).takeUnretainedValue() }
  }

  /// What expat's handlers share: the elements that are open, innermost last.
  private final class Reader {
    private let parser: XML_Parser
    private var open: [XMLElement] = []
    private var elementCount = 0
    /// Levels below the outermost skipped element, counting it; 0 outside of any.
    private var skippedDepth = 0
    private(set) var root: XMLElement?
    private(set) var refusal: ModelError?

    init(parser: XML_Parser) { self.parser = parser }

    func refuse(_ finding: String) {
      guard refusal == nil else { return }
      refusal = .model("line \(XML_GetCurrentLineNumber(parser)): \(finding)")
      XML_StopParser(parser, XML_Bool(XML_FALSE))
    }

    func begin(_ name: UnsafePointer<CChar>?, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) {
      guard refusal == nil, let name else { return }
      let elementName = String(cString: name)
      elementCount += 1
      guard elementCount <= Limits.elementCount else { return refuse("more than \(Limits.elementCount) elements") }
      guard open.count + skippedDepth < Limits.depth else {
        return refuse("elements nested more than \(Limits.depth) deep, the last of them <\(elementName)>")
      }
      if skippedDepth > 0 || IRParser.skippedElements.contains(elementName) {
        skippedDepth += 1
        return
      }
      let values = values(of: attributes)
      if let tooLong = values.first(where: { $0.value.utf8.count > Limits.attributeLength }) {
        return refuse(
          "<\(elementName)>: attribute '\(tooLong.key)': expected at most \(Limits.attributeLength) bytes, found "
            + "\(tooLong.value.utf8.count)")
      }
      let line = Int(clamping: XML_GetCurrentLineNumber(parser))
      open.append(XMLElement(name: elementName, attributes: values, line: line))
    }

    func end() {
      guard refusal == nil else { return }
      if skippedDepth > 0 {
        skippedDepth -= 1
        return
      }
      guard let element = open.popLast() else { return }
      if open.isEmpty { root = element } else { open[open.count - 1].children.append(element) }
    }

    func add(_ characters: UnsafePointer<CChar>?, _ count: Int) {
      // Only <dim> has text that matters; what stands between elements is indentation.
      guard refusal == nil, skippedDepth == 0, let characters, let last = open.indices.last, open[last].name == "dim"
      else { return }
      let bytes = UnsafeRawBufferPointer(start: characters, count: count)
      guard open[last].text.utf8.count + count <= Limits.attributeLength else { return refuse("a <dim> without end") }
      open[last].text += String(decoding: bytes, as: UTF8.self)
    }

    /// Names and values alternate and end with null.
    private func values(of attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> [String: String] {
      var values: [String: String] = [:]
      var index = 0
      while let name = attributes?[index], let value = attributes?[index + 1] {
        values[String(cString: name)] = String(cString: value)
        index += 2
      }
      return values
    }
  }
}
