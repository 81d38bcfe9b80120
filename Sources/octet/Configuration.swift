import OctetHTTP
import OctetImages
import OctetServing
import OctetSystem

/// What `octet serve` does. Every default stands here; `config.example.json` shows the same.
struct Configuration: Equatable {
  struct Listen: Equatable {
    var host = "127.0.0.1"
    /// 0 takes a port that is free.
    var port = 8080
    /// A Unix socket, instead of host and port.
    var path: String?
    /// Threads that serve connections; 0 takes one more than there are processors, at most 5.
    var threads = 0
  }

  struct Model: Equatable {
    struct Queue: Equatable {
      var capacity = 256
      /// Bytes of the inputs that wait.
      var bytes = 256 << 20
      /// 0 lets a request wait as long as it takes.
      var deadlineMilliseconds = 0
      /// Of requests that name none; 1 is the highest.
      var defaultPriority = 100
    }

    struct Batching: Equatable {
      var maximum = 8
      /// Rows of batches that do not wait for more.
      var preferred: [Int] = []
      var delayMicroseconds = 0
    }

    struct Versions: Equatable {
      /// The highest so many of a folder; 0 serves all.
      var latest = 1
      /// If there are any, these and no others.
      var specific: [Int] = []
    }

    var name: String
    var path: String
    var versions = Versions()
    /// Other names of versions.
    var versionLabels: [String: Int] = [:]
    var hint = PerformanceHint.latency
    /// 0 takes every processor.
    var threads = 0
    /// 0 follows the hint.
    var streams = 0
    var strictINT8 = false
    /// An inference that takes no longer may run on its connection's thread; 0: none does.
    var inlineMicroseconds = 100
    var queue = Queue()
    var batching = Batching()
    /// Names of the classes that an output's elements stand for.
    var labels: [String] = []
    /// How a picture becomes the model's input; nil takes tensors only.
    var picture: ImagePreprocessing?
  }

  struct Security: Equatable {
    /// Files, or `credential:NAME` for what systemd hands to the service.
    var tokenFile: String?
    var certificateFile: String?
    var keyFile: String?
  }

  struct Limits: Equatable {
    var bodyBytes = 64 << 20
    var picturePixels = 32 << 20
    /// Of all requests together.
    var totalBodyBytes = 1 << 30
    /// For what one inference computes.
    var inferenceBytes = 1 << 30
    var connections = 1024
    /// Of one address; 0: as many as there are.
    var connectionsPerAddress = 0
    /// For the head of a request.
    var headSeconds = 10
    /// For a body, and one more for each MiB of it.
    var bodySeconds = 30
    /// Between two requests of one connection.
    var idleSeconds = 120
  }

  struct Repository: Equatable {
    /// Whether models may be loaded and unloaded over HTTP.
    var changes = false
  }

  struct Shutdown: Equatable {
    /// How long connections are still taken after readiness has turned false.
    var delaySeconds = 0
    /// How long the requests that are under way may take after that.
    var deadlineSeconds = 30
  }

  struct MetricsOptions: Equatable {
    var layers = true
    /// The quantizers of every n-th inference are looked at; 0 never does.
    var saturationSampling = 64
  }

  struct Log: Equatable {
    var level = LogLevel.info
    var format = LogFormat.text
  }

  enum LogLevel: String, CaseIterable {
    case trace, debug, info, notice, warning, error, critical
  }

  var listen = Listen()
  /// The model that answers when a request names none; without it, the first.
  var defaultModel: String? = "digits"
  var models = [Model.digits]
  var security = Security()
  var limits = Limits()
  var repository = Repository()
  var shutdown = Shutdown()
  var metrics = MetricsOptions()
  var log = Log()
}

extension Configuration.Model {
  /// The embedded model. It takes a picture of a dark digit on light paper, and ink is 16.
  static var digits: Self {
    var model = Self(name: "digits", path: "embedded:digits")
    model.labels = (0...9).map(String.init)
    var picture = ImagePreprocessing()
    picture.colors = .gray
    picture.mean = [255]
    picture.scale = [-15.9375]
    model.picture = picture
    return model
  }
}

// MARK: - What the parts of the server take

extension Configuration {
  var sources: [ModelSource] {
    models.map { model in
      var options = ServingOptions()
      options.hint = model.hint
      options.threads = model.threads
      options.streams = model.streams
      options.inlineLimit = .microseconds(model.inlineMicroseconds)
      options.queueCapacity = model.queue.capacity
      options.queueByteCapacity = model.queue.bytes
      options.defaultPriority = model.queue.defaultPriority
      options.queueDeadline =
        model.queue.deadlineMilliseconds == 0 ? nil : .milliseconds(model.queue.deadlineMilliseconds)
      options.maximumBatch = model.batching.maximum
      options.preferredBatches = Set(model.batching.preferred)
      options.batchDelay = .microseconds(model.batching.delayMicroseconds)
      options.saturationSampling = metrics.saturationSampling
      var source = ModelSource(
        name: model.name, path: model.path, strictINT8: model.strictINT8, options: options, classLabels: model.labels,
        picture: model.picture)
      source.memoryByteCount = limits.inferenceBytes
      source.versionPolicy = model.versions.policy
      source.versionLabels = model.versionLabels
      return source
    }
  }

  var serverOptions: HTTPServerOptions {
    var options = HTTPServerOptions()
    options.bodyByteCount = limits.bodyBytes
    options.picturePixels = limits.picturePixels
    options.totalBodyByteCount = limits.totalBodyBytes
    options.allowsRepositoryChanges = repository.changes
    // Connections stay with their thread. One more than there are processors finds work while another waits for clients.
    options.threads = listen.threads > 0 ? listen.threads : min(ProcessorCount.available + 1, 5)
    options.connections.total = limits.connections
    options.connections.perAddress = limits.connectionsPerAddress > 0 ? limits.connectionsPerAddress : Int.max
    options.times.head = .seconds(limits.headSeconds)
    options.times.body = .seconds(limits.bodySeconds)
    options.times.idle = .seconds(limits.idleSeconds)
    return options
  }
}

extension Configuration.Model.Versions {
  fileprivate var policy: VersionPolicy {
    if !specific.isEmpty { return .specific(specific) }
    return latest == 0 ? .all : .latest(latest)
  }
}
