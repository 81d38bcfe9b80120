#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>

// Swift can neither call a variadic function nor take a va_list, so this file does.

struct octet_http_callbacks {
  void *context;
  MHD_AccessHandlerCallback handle_request;
  MHD_RequestCompletedCallback request_completed;
  MHD_NotifyConnectionCallback connection_changed;
  void *(*request_line_received)(void *context, const char *uri, struct MHD_Connection *connection);
  void (*log)(void *context, const char *message);
};

static inline void octet_http_log(void *context, const char *format, va_list arguments) {
  const struct octet_http_callbacks *callbacks = (const struct octet_http_callbacks *)context;
  char message[512];
  vsnprintf(message, sizeof message, format, arguments);
  callbacks->log(callbacks->context, message);
}

// Paths stay as they were sent: a decoded %00 would end the string early. The router decodes them.
static inline size_t octet_http_keep_escapes(void *context, struct MHD_Connection *connection, char *text) {
  (void)context;
  (void)connection;
  size_t length = 0;
  while (text[length] != 0)
    ++length;
  return length;
}

// Starts a daemon on a socket that listens already. `callbacks` has to stay where it is until the daemon has stopped.
static inline struct MHD_Daemon *octet_http_start(int listening_socket, unsigned int connection_limit,
                                                  unsigned int idle_seconds, size_t connection_memory,
                                                  const struct octet_http_callbacks *callbacks) {
  const unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
  return MHD_start_daemon(flags, 0, NULL, NULL, callbacks->handle_request, callbacks->context,
                          // First, so that it sees what the other options have to say.
                          MHD_OPTION_EXTERNAL_LOGGER, octet_http_log, (void *)callbacks,
                          MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listening_socket,
                          MHD_OPTION_CONNECTION_LIMIT, connection_limit,
                          MHD_OPTION_CONNECTION_TIMEOUT, idle_seconds,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,
                          MHD_OPTION_NOTIFY_COMPLETED, callbacks->request_completed, callbacks->context,
                          MHD_OPTION_NOTIFY_CONNECTION, callbacks->connection_changed, callbacks->context,
                          MHD_OPTION_URI_LOG_CALLBACK, callbacks->request_line_received, callbacks->context,
                          MHD_OPTION_UNESCAPE_CALLBACK, octet_http_keep_escapes, NULL, MHD_OPTION_END);
}

// The socket of a connection, or -1.
static inline int octet_http_socket(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  return info ? (int)info->connect_fd : -1;
}

// What `connection_changed` has stored with the connection.
static inline void *octet_http_socket_context(struct MHD_Connection *connection) {
  const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info ? info->socket_context : NULL;
}
