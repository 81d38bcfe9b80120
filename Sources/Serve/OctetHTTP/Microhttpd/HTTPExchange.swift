import CMicrohttpd
import OctetServing
import OctetSystem
import Synchronization

/// One request and its answer, on the connection that carries them.
///
/// Belongs to the thread that serves connections; only `deliver` is called from elsewhere. libmicrohttpd keeps it by
/// its address from the request's first call to `request_completed`.
final class HTTPExchange: @unchecked Sendable {
  /// What the next call of libmicrohttpd means.
  private enum Stage {
    case receiving(RequestAssembler)
    case working
    case answered
  }

  /// Where the answer of a deferred route is.
  private enum Answer: UInt8, AtomicRepresentable {
    case awaited
    /// The connection is suspended until it is there.
    case awaitedAsleep
    case ready
  }

  let watched: WatchedConnection
  /// Of the body, as it came in.
  private(set) var bodyByteCount = 0
  private let connection: OpaquePointer
  private let threads: ConnectionThreads
  private let head: RequestHead
  private var stage = Stage.answered
  private let answer = Atomic(Answer.awaited)
  /// Written before `answer` is ready, and read after that.
  private var response: HTTPResponse?

  init(connection: OpaquePointer, head: RequestHead, watched: WatchedConnection, threads: ConnectionThreads) {
    self.connection = connection
    self.head = head
    self.watched = watched
    self.threads = threads
  }

  private var server: HTTPServer { threads.server }

  /// The head has arrived. An answer now would end the connection, so only a request whose body cannot be received, or
  /// is not worth sending, is refused here.
  func begin() -> MHD_Result {
    do throws(HTTPError) {
      guard !watched.isSurplus || head.asksAboutServer else {
        throw HTTPError(503, "there are too many connections; try again later")
      }
      guard !head.hasMalformedField else {
        throw .badRequest("a header field has a space before its colon, or a carriage return or zero byte in its value")
      }
      if !head.isHealthProbe, let token = server.token, !token.isKnown(to: head) {
        throw HTTPError(401, "this server expects Authorization: Bearer and its token")
      }
      guard head.count(of: .host) <= 1 else { throw .badRequest("the request names more than one Host") }
      let assembler = try RequestAssembler(head: head, bodyLimit: server.options.bodyByteCount)
      if head.expectsContinue { _ = try server.router.match(method: head.method, path: head.path) }
      watched.set(.receivingBody(since: .now, byteCount: assembler.announcedLength ?? 0))
      stage = .receiving(assembler)
      return .YES
    } catch {
      watched.markRefused()
      return send(error.response)
    }
  }

  /// More of the body has arrived.
  func receive(_ piece: UnsafeRawBufferPointer) -> MHD_Result {
    guard case .receiving(var assembler) = stage else { return .NO }
    do throws(HTTPError) {
      bodyByteCount += piece.count
      guard server.addBody(piece.count) else {
        throw HTTPError(503, "the bodies of all requests take too much memory; try again later")
      }
      try assembler.append(piece)
      stage = .receiving(assembler)
      return .YES
    } catch {
      watched.cutOff(error)
      return .NO
    }
  }

  /// The body is complete, or the answer is: libmicrohttpd calls again after a suspended connection is resumed.
  func proceed() -> MHD_Result {
    switch stage {
    case .receiving(let assembler):
      watched.set(.working)
      return route(assembler.finish())
    case .working:
      // Called without an answer, it has nothing to do yet.
      guard let response = readyResponse else { return .YES }
      return send(response)
    case .answered:
      return .YES
    }
  }

  private func route(_ body: ByteBuffer) -> MHD_Result {
    do throws(HTTPError) {
      let match = try server.router.match(method: head.method, path: head.path)
      let socket = octet_http_socket(connection)
      let request = RouteRequest(
        http: HTTPRequest(
          head: head, body: body, arrival: .now, isOnProbeThread: watched.isProbe,
          isAbandoned: { SocketCalls.hasHungUp(socket) }),
        context: server.context, path: match.parameters)
      switch match.route.responder {
      case .immediate(let respond):
        return send(try respond(request))
      case .deferred(let respond):
        stage = .working
        respond(request) { response in self.deliver(response) }
        return sendOrSleep()
      }
    } catch {
      return send(error.response)
    }
  }

  /// Sends the answer if it is there already, which saves the connection from being suspended and resumed.
  private func sendOrSleep() -> MHD_Result {
    if let response = readyResponse { return send(response) }
    // Before anybody may know that it sleeps, so that it comes before the resumption.
    MHD_suspend_connection(connection)
    let fellAsleep = answer.compareExchange(
      expected: .awaited, desired: .awaitedAsleep, ordering: .acquiringAndReleasing
    ).exchanged
    // Delivered meanwhile: then nobody else resumes it.
    if !fellAsleep { MHD_resume_connection(connection) }
    return .YES
  }

  /// The answer, once it is there.
  private var readyResponse: HTTPResponse? {
    answer.load(ordering: .acquiring) == .ready ? response : nil
  }

  /// Leaves the answer where `sendOrSleep` or `proceed` finds it. Called once, from any thread.
  private func deliver(_ response: HTTPResponse) {
    self.response = response
    let before = answer.exchange(.ready, ordering: .acquiringAndReleasing)
    if before == .awaitedAsleep { MHD_resume_connection(connection) }
  }

  private func send(_ response: HTTPResponse) -> MHD_Result {
    stage = .answered
    watched.set(.sending(since: .now, byteCount: response.byteCount))
    return response.queue(on: connection, closing: server.isDraining || threads.isRetired)
  }
}

extension HTTPResponse {
  /// Hands the answer to libmicrohttpd, which sends the body from where it is and lets go of it afterwards.
  func queue(on connection: OpaquePointer, closing: Bool) -> MHD_Result {
    let owner = Unmanaged.passRetained(BodyOwner(body))
    guard let created = makeResponse(owner.toOpaque()) else {
      owner.release()
      return .NO
    }
    defer { MHD_destroy_response(created) }
    created.addHeader("Content-Type", contentType)
    for header in headers { created.addHeader(header.name, header.value) }
    if closing { created.addHeader("Connection", "close") }
    return MHD_queue_response(connection, UInt32(status), created)
  }

  private func makeResponse(_ owner: UnsafeMutableRawPointer) -> OpaquePointer? {
    let release: MHD_ContentReaderFreeCallback = { owner in
      owner.map { Unmanaged<BodyOwner>.fromOpaque($0).release() }
    }
    // One piece goes out with the head, in one call of the system; several need one of their own.
    if body.count == 1, let base = body[0].bytes.baseAddress {
      return MHD_create_response_from_buffer_with_free_callback_cls(
        body[0].bytes.count, UnsafeMutableRawPointer(mutating: base), release, owner)
    }
    let pieces = body.map(\.bytes).filter { !$0.isEmpty }.map {
      MHD_IoVec(iov_base: $0.baseAddress, iov_len: $0.count)
    }
    return MHD_create_response_from_iovec(pieces, UInt32(pieces.count), release, owner)
  }
}

extension OpaquePointer {
  /// Of a response. A string that is passed to C by itself is copied into an array first.
  fileprivate func addHeader(_ name: String, _ value: String) {
    _ = name.withCString { name in value.withCString { MHD_add_response_header(self, name, $0) } }
  }
}

/// Keeps a response's bytes in place while they are sent.
private final class BodyOwner {
  let parts: [HTTPResponse.Part]
  init(_ parts: [HTTPResponse.Part]) { self.parts = parts }
}
