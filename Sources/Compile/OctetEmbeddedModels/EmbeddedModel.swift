/// The models that octet carries inside its binary, so that it can serve before anybody has brought one.
///
/// A model is two files under `Resources`, two lines in Package.swift and one line here.
package enum EmbeddedModel {
  /// The names that `path: "embedded:NAME"` of the configuration may take.
  package static let names = ["digits"]

  /// The files of an OpenVINO IR: `NAME.xml` and `NAME.bin`; `nil` if no such model is embedded.
  package static func files(named name: String) -> (xml: [UInt8], weights: [UInt8])? {
    switch name {
    case "digits": (PackageResources.digits_xml, PackageResources.digits_bin)
    default: nil
    }
  }
}
