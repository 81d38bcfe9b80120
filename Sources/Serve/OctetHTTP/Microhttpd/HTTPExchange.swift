import CMicrohttpd
import OctetServing
import OctetSystem

/// One request and its answer, on the connection that carries them.
///
/// Belongs to the thread that serves connections; only `deliver` is called from elsewhere. libmicrohttpd keeps it by
/// its address from the request's first call to `request_completed`.
final class HTTPExchange: @unchecked Sendable {
  /// What the next call of libmicrohttpd means.
  private enum Stage {
    case receiving(RequestAssembler)
    /// Suspended, until `deliver` has an answer.
    case working
    case answered
  }

  let watched: ConnectionWatch.Identifier
  private let connection: OpaquePointer
  private let server: HTTPServer
  private let head: RequestHead
  private var stage = Stage.answered
  private let answer = Lock<HTTPResponse?>(nil)

  init(connection: OpaquePointer, head: RequestHead, watched: ConnectionWatch.Identifier, server: HTTPServer) {
    self.connection = connection
    self.head = head
    self.watched = watched
    self.server = server
  }

  /// The head has arrived. An answer now would end the connection, so only a request whose body cannot be received, or
  /// is not worth sending, is refused here.
  func begin() -> MHD_Result {
    do throws(HTTPError) {
      let assembler = try RequestAssembler(head: head, bodyLimit: server.options.bodyByteCount)
      if head.expectsContinue { _ = try server.router.match(method: head.method, path: head.path) }
      server.watch.set(
        .receivingBody(since: .now, byteCount: assembler.announcedLength ?? 0), of: watched)
      stage = .receiving(assembler)
      return .YES
    } catch {
      server.watch.markRefused(watched)
      return send(error.response)
    }
  }

  /// More of the body has arrived.
  func receive(_ piece: UnsafeRawBufferPointer) -> MHD_Result {
    guard case .receiving(var assembler) = stage else { return .NO }
    do throws(HTTPError) {
      try assembler.append(piece)
      stage = .receiving(assembler)
      return .YES
    } catch {
      server.watch.cutOff(watched, error)
      return .NO
    }
  }

  /// The body is complete, or the answer is: libmicrohttpd calls again after a suspended connection is resumed.
  func proceed() -> MHD_Result {
    switch stage {
    case .receiving(let assembler):
      server.watch.set(.working, of: watched)
      return route(assembler.finish())
    case .working:
      // Called without an answer, it has nothing to do yet.
      guard let response = answer.withLock({ $0.take() }) else { return .YES }
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
        http: HTTPRequest(head: head, body: body, arrival: .now, isAbandoned: { SocketCalls.hasHungUp(socket) }),
        context: server.context, path: match.parameters)
      switch match.route.responder {
      case .immediate(let respond):
        return send(try respond(request))
      case .deferred(let respond):
        stage = .working
        // First this, then the work: the answer may be there before this call returns.
        MHD_suspend_connection(connection)
        respond(request) { response in self.deliver(response) }
        return .YES
      }
    } catch {
      return send(error.response)
    }
  }

  /// Leaves the answer where `proceed` finds it. Called once, from any thread.
  private func deliver(_ response: HTTPResponse) {
    answer.withLock { $0 = response }
    MHD_resume_connection(connection)
  }

  private func send(_ response: HTTPResponse) -> MHD_Result {
    stage = .answered
    server.watch.set(.sending(since: .now, byteCount: response.byteCount), of: watched)
    return response.queue(on: connection, closing: server.isDraining)
  }
}

extension HTTPResponse {
  /// Hands the answer to libmicrohttpd, which sends the body from where it is and lets go of it afterwards.
  func queue(on connection: OpaquePointer, closing: Bool) -> MHD_Result {
    let owner = Unmanaged.passRetained(BodyOwner(body))
    let pieces = body.map(\.bytes).filter { !$0.isEmpty }.map {
      MHD_IoVec(iov_base: $0.baseAddress, iov_len: $0.count)
    }
    let created = MHD_create_response_from_iovec(
      pieces, UInt32(pieces.count), { $0.map { Unmanaged<BodyOwner>.fromOpaque($0).release() } }, owner.toOpaque())
    guard let created else {
      owner.release()
      return .NO
    }
    defer { MHD_destroy_response(created) }
    MHD_add_response_header(created, "Content-Type", contentType)
    for header in headers { MHD_add_response_header(created, header.name, header.value) }
    if closing { MHD_add_response_header(created, "Connection", "close") }
    return MHD_queue_response(connection, UInt32(status), created)
  }
}

/// Keeps a response's bytes in place while they are sent.
private final class BodyOwner {
  let parts: [HTTPResponse.Part]
  init(_ parts: [HTTPResponse.Part]) { self.parts = parts }
}
