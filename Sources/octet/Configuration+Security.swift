import OctetHTTP
import OctetSystem

extension Configuration.Security {
  static let credential = "credential:"

  /// The keys of the configuration file.
  static var files: [(key: String, file: WritableKeyPath<Self, String?>)] {
    [("token_file", \.tokenFile), ("certificate_file", \.certificateFile), ("key_file", \.keyFile)]
  }

  /// Reads the secrets.
  func apply(
    to options: inout HTTPServerOptions, environment: (String) -> String? = environmentVariable
  ) throws(ConfigurationError) {
    if let tokenFile {
      guard let token = BearerToken(try Self.bytes(of: tokenFile, environment)) else {
        throw ConfigurationError(problems: [
          "\(tokenFile): expected a token of at least \(BearerToken.minimumLength) characters without spaces"
        ])
      }
      options.token = token
    }
    if let certificateFile, let keyFile {
      options.identity = TLSIdentity(
        certificates: try Self.bytes(of: certificateFile, environment), key: try Self.bytes(of: keyFile, environment))
    }
  }

  private static func bytes(
    of file: String, _ environment: (String) -> String?
  ) throws(ConfigurationError) -> [UInt8] {
    var path = file
    if file.hasPrefix(credential) {
      guard let folder = environment("CREDENTIALS_DIRECTORY") else {
        throw ConfigurationError(problems: ["\(file): systemd has handed no credentials to this process"])
      }
      path = "\(folder)/\(file.dropFirst(credential.count))"
    }
    do throws(SystemError) {
      return try SystemFile.bytes(path, limit: 1 << 20)
    } catch {
      throw ConfigurationError(problems: ["\(file): \(error)"])
    }
  }
}
