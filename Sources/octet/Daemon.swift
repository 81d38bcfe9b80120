import Dispatch
import Glibc
import Logging
import OctetHTTP
import OctetServing
import OctetSystem
import Synchronization

/// The life of `octet serve`:  load → bind → serve → drain → stop.
///
/// Signals, the watchdog and the end of the process are decided on one serial queue. SIGHUP loads the configuration
/// again beside the models that serve; SIGTERM and SIGINT drain; a second one of these ends the process at once.
final class Daemon: @unchecked Sendable {
  private enum Stage {
    case loading
    case serving(HTTPServer)
    case draining
  }

  /// Reads the configuration again, with the command line's words added to it.
  typealias ReadConfiguration = @Sendable () throws -> Configuration

  private let configuration: Configuration
  private let options: HTTPServerOptions
  private let readConfiguration: ReadConfiguration
  private let repository: ModelRepository
  private let notifier = ServiceNotifier()
  private let logger = Logger(label: "octet.daemon")
  private let control = DispatchQueue(label: "octet.control")
  /// Reloads take long, and a signal to stop must not wait for them.
  private let reloads = DispatchQueue(label: "octet.reload")
  private let reloadsWaiting = Atomic(0)
  private var signals: SignalWatch?
  /// Only used on `control`.
  private var stage = Stage.loading

  init(
    _ configuration: Configuration, _ options: HTTPServerOptions, reading: @escaping ReadConfiguration,
    load: @escaping ModelRepository.Load
  ) {
    self.configuration = configuration
    self.options = options
    readConfiguration = reading
    repository = ModelRepository(processors: ProcessorCount.available, load: load)
  }

  /// Why there is nothing to serve with, or no place to do it.
  enum StartError: Error {
    /// Not one model can be loaded; the reasons.
    case noModel([String])
    case system(SystemError)
  }

  /// Serves until a signal ends the process.
  ///
  /// - Throws: what keeps the server from answering anything. A model that cannot be loaded does not while there are
  ///   others: then the server is not ready, and says why.
  func run() throws(StartError) -> Never {
    signals = SignalWatch(Signal.allCases, on: control) { self.receive($0) }
    load()
    let entries = repository.entries
    guard entries.contains(where: { $0.ready != nil }) else {
      throw .noModel(entries.compactMap(\.notReadyReason))
    }
    let server: HTTPServer
    do throws(SystemError) { server = try makeServer() } catch { throw .system(error) }
    control.sync {
      stage = .serving(server)
      startWatchdog(server)
    }
    notifier.send(.ready, .status(status))
    let place: Logger.Metadata =
      configuration.listen.path.map { ["path": "\($0)"] }
      ?? ["host": "\(configuration.listen.host)", "port": "\(server.name?.port ?? 0)"]
    logger.info("listening", metadata: place)
    while true { pause() }
  }

  private func makeServer() throws(SystemError) -> HTTPServer {
    try HTTPServer(
      listeningOn: try listen(), repository: repository,
      metrics: Metrics(repository: repository, includesLayers: configuration.metrics.layers), options: options)
  }

  /// The socket that systemd hands over, or else the one that the configuration asks for.
  private func listen() throws(SystemError) -> ListeningSocket {
    if let inherited = try ListeningSocket.inherited() { return inherited }
    let listen = configuration.listen
    if let path = listen.path { return try ListeningSocket(path: path) }
    return try ListeningSocket(host: listen.host, port: UInt16(clamping: listen.port))
  }

  private func load() {
    let count = configuration.models.count
    repository.load(configuration.sources, defaultModel: configuration.defaultModel) { source, loaded in
      // Loading is the only thing that may take long before systemd hears that the service is ready.
      notifier.send(
        .extendTimeout(.seconds(120)), .status("loading model \(source.name) (\(loaded + 1) of \(count))"))
    }
  }

  private var status: String {
    let reasons = repository.notReadyReasons
    return reasons.isEmpty ? "serving \(repository.entries.count) models" : reasons.joined(separator: "; ")
  }

  // MARK: - Signals

  private func receive(_ signal: Signal) {
    switch (stage, signal) {
    case (.serving, .hangup): scheduleReload()
    case (_, .hangup): break
    case (.loading, _): _exit(0)
    case (.serving(let server), _): drain(server)
    case (.draining, _):
      logger.warning("stopping at once")
      _exit(0)
    }
  }

  /// However many signals come during a reload, one more reload sees the newest file.
  private func scheduleReload() {
    guard reloadsWaiting.compareExchange(expected: 0, desired: 1, ordering: .relaxed).exchanged else { return }
    reloads.async {
      self.reloadsWaiting.store(0, ordering: .relaxed)
      self.reload()
    }
  }

  private func reload() {
    notifier.send(.reloading, .extendTimeout(.seconds(120)), .status("reloading"))
    do {
      let new = try readConfiguration()
      warnOfWhatStays(new)
      guard case .serving(let server) = control.sync(execute: { stage }) else { return }
      var secrets = HTTPServerOptions()
      try new.security.apply(to: &secrets)
      let security = try server.prepareSecurity(token: secrets.token, identity: secrets.identity)
      do {
        try repository.reload(new.sources, defaultModel: new.defaultModel)
      } catch {
        security.discard()
        throw error
      }
      server.adopt(security)
      logger.notice("reloaded")
      notifier.send(.ready, .status(status))
    } catch {
      logger.error("not reloaded, nothing has changed: \(error)")
      notifier.send(.ready, .status("the last reload failed and changed nothing: \(error)"))
    }
  }

  private func warnOfWhatStays(_ new: Configuration) {
    var rest = new
    rest.models = configuration.models
    rest.defaultModel = configuration.defaultModel
    rest.security = configuration.security
    let isEncrypted = configuration.security.certificateFile != nil
    if rest != configuration || (new.security.certificateFile != nil) != isEncrypted {
      logger.warning("only models, default_model, token and certificate are read again; the rest needs a restart")
    }
  }

  // MARK: - The end

  /// Ready turns false, then connections are no longer taken, then what is under way is answered.
  private func drain(_ server: HTTPServer) {
    stage = .draining
    let limits = configuration.shutdown
    repository.beginDraining()
    server.beginDraining()
    notifier.send(.stopping, .status("draining"))
    logger.notice("draining", metadata: ["requests": "\(server.requestsInFlight)"])
    // Not on `control`, where a second signal has to be heard.
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(limits.delaySeconds)) {
      server.stopListening()
      guard server.stop(patience: .seconds(limits.deadlineSeconds)) else {
        self.logger.error("requests are still under way after \(limits.deadlineSeconds) seconds; stopping all the same")
        _exit(0)
      }
      self.logger.notice("stopped")
      _exit(0)
    }
  }

  // MARK: - Watchdog

  /// Feeds systemd's watchdog at half its interval, from a thread of its own because the probe waits for an answer.
  private func startWatchdog(_ server: HTTPServer) {
    guard let interval = notifier.watchdogInterval, let name = server.name else { return }
    let probe = HealthProbe(name: name, isEncrypted: options.identity != nil)
    let thread = DispatchQueue(label: "octet.watchdog")
    @Sendable func feed() {
      if probe.answers() && isMakingProgress(within: interval) { notifier.send(.watchdog) }
      thread.asyncAfter(deadline: .now() + .nanoseconds(Int(interval / .nanoseconds(2))), execute: feed)
    }
    thread.async(execute: feed)
  }

  /// Whether no inference has been running for longer than the watchdog waits.
  private func isMakingProgress(within interval: Duration) -> Bool {
    repository.entries.compactMap { $0.ready?.queue.oldestRunningBatch }.allSatisfy { .now - $0 < interval }
  }
}
