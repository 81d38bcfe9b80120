import ArgumentParser
import OctetKernels
import OctetRuntime

#if canImport(Glibc)
  import Glibc
#endif

/// The command: its subcommands, and how an error becomes a sentence and an exit code.
@main
struct Octet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "octet",
    abstract: "Serves quantized neural networks over plain HTTP from INT8 kernels.",
    discussion: """
      MODEL is model.xml (OpenVINO IR, its .bin beside it) or embedded:digits.

        octet serve                                  serve the embedded model at http://127.0.0.1:8080
        octet serve --model resnet=model.xml         serve your own
        octet explain model.xml                      is it really INT8, and why not?
        octet benchmark model.xml                    how fast is it here?
      """,
    subcommands: [Serve.self, Run.self, Benchmark.self, Explain.self, Verify.self])

  static func main() {
    if let error = CPU.capError { fail(error, code: .usage) }
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as ModelError {
      fail(error.description, code: .badData)
    } catch let error as CommandError {
      fail(error.description, code: error.code)
    } catch {
      exit(withError: error)
    }
  }

  private static func fail(_ description: String, code: CommandError.Code) -> Never {
    StandardError.write("octet: \(description)")
    exit(withError: ExitCode(code.rawValue))
  }
}
