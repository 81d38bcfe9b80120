package import OctetImages

/// What a model's executors are arranged for.
package enum PerformanceHint: String, CaseIterable, Sendable {
  /// Every processor works on one inference at a time.
  case latency
  /// Every processor works on an inference of its own.
  case throughput
}

/// How one model is served.
package struct ServingOptions: Hashable, Sendable {
  package var hint = PerformanceHint.latency
  /// Threads of all streams together; 0 takes one per processor.
  package var threads = 0
  /// Inferences that run at the same time; 0 follows the hint.
  package var streams = 0
  /// Requests that may wait.
  package var queueCapacity = 256
  /// Bytes of the inputs of the requests that may wait.
  package var queueByteCapacity = 256 << 20
  /// How long a request may wait before its inference starts; nil for as long as it takes.
  package var queueDeadline: Duration?
  /// The priority of requests that name none; 1 is the highest.
  package var defaultPriority = 100
  /// Rows along axis 0 that one inference may join.
  package var maximumBatch = 8
  /// Rows of batches that do not wait for more.
  package var preferredBatches: Set<Int> = []
  /// How long the first request of a batch waits for others; zero joins only what waits anyway.
  package var batchDelay = Duration.zero
  /// An inference that takes no longer than this may run on the thread that its request came in on: changing to another
  /// and back would take longer.
  package var inlineLimit = Duration.microseconds(100)
  /// Look at the quantizers of every n-th inference; 0 never does.
  package var saturationSampling = 64

  package init() {}
}

/// Where a model comes from and how it is served.
package struct ModelSource: Hashable, Sendable {
  package let name: String
  package private(set) var version: Int
  /// A model file or `embedded:NAME`; of a model whose versions have not been looked for yet, also a folder of them.
  package private(set) var path: String
  /// Which versions of a folder are served, and other names of some of them.
  package var versionPolicy = VersionPolicy.latest(1)
  package var versionLabels: [String: Int] = [:]
  /// Refuse a model in which anything that could run in INT8 does not.
  package let strictINT8: Bool
  /// Memory for what one inference computes.
  package var memoryByteCount = 1 << 30
  package var options: ServingOptions
  /// Names of the classes that an output's elements stand for, in their order; empty where there are none.
  package let classLabels: [String]
  /// How a picture becomes the model's only input; nil for a model that is asked with tensors only.
  package let picture: ImagePreprocessing?

  package init(
    name: String, version: Int = 1, path: String, strictINT8: Bool = false,
    options: ServingOptions = ServingOptions(), classLabels: [String] = [],
    picture: ImagePreprocessing? = nil
  ) {
    self.name = name
    self.version = version
    self.path = path
    self.strictINT8 = strictINT8
    self.options = options
    self.classLabels = classLabels
    self.picture = picture
  }

  func at(version: Int, path: String) -> ModelSource {
    var source = self
    source.version = version
    source.path = path
    return source
  }

  /// Names are made of letters, digits, `_`, `.` and `-`, 128 at most: they stand in paths and in labels.
  package static func isName(_ name: String) -> Bool {
    (1...128).contains(name.utf8.count) && name != "." && name != ".."
      && name.utf8.allSatisfy { character in
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
          true
        default: false
        }
      }
  }

  /// The format as the Open Inference Protocol spells it, `<project>_<format>`.
  package var platform: String { path.hasSuffix(".onnx") ? "onnx_onnxv1" : "openvino_ir" }
}

/// How many executors a model has, and how many threads each.
package struct StreamLayout: Hashable, Sendable {
  package let streams: Int
  package let threadsPerStream: Int

  /// threadsPerStream = max(1, threads / streams)
  ///
  /// - Parameter isQuick: the model is done before further threads could help; then every processor has a stream, unless
  ///   the options say otherwise, and there is one more: a thread that is interrupted keeps the one it has.
  package init(_ options: ServingOptions, processors: Int, isQuick: Bool = false) {
    let threads = options.threads > 0 ? options.threads : max(1, processors)
    let isFree = options.threads == 0 && options.streams == 0
    let hinted = options.hint == .latency ? 1 : threads
    streams = options.streams > 0 ? options.streams : isQuick && isFree ? threads + 1 : hinted
    threadsPerStream = max(1, threads / streams)
  }
}
