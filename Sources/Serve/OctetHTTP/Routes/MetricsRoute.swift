import OctetServing

/// What Prometheus reads. Version 3 refuses a scrape whose content type it does not know.
enum MetricsRoute {
  static func respond(_ request: RouteRequest) throws(HTTPError) -> HTTPResponse {
    HTTPResponse(
      contentType: "text/plain; version=0.0.4; charset=utf-8", text: request.context.metrics.text)
  }
}
