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

struct octet_http_options {
  unsigned int connection_limit;
  unsigned int idle_seconds;
  // Of each connection: holds its head, and pieces of its body. It is cleared for every request.
  size_t connection_memory;
  // PEM texts that stay where they are; both or none.
  const char *certificate;
  const char *key;
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

// Starts a daemon with one thread, which serves the connections that are added to it. `callbacks` has to stay where it is
// until the daemon has stopped.
static inline struct MHD_Daemon *octet_http_start(struct octet_http_options options,
                                                  const struct octet_http_callbacks *callbacks) {
  const unsigned int flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME |
                             MHD_USE_ERROR_LOG | (options.certificate ? MHD_USE_TLS : 0);
  struct MHD_OptionItem security[] = {
      {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options.certificate},
      {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options.key},
      {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)"SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
      {MHD_OPTION_END, 0, NULL},
  };
  return MHD_start_daemon(flags, 0, NULL, NULL, callbacks->handle_request, callbacks->context,
                          // First, so that it sees what the other options have to say.
                          MHD_OPTION_EXTERNAL_LOGGER, octet_http_log, (void *)callbacks,
                          MHD_OPTION_CONNECTION_LIMIT, options.connection_limit,
                          MHD_OPTION_CONNECTION_TIMEOUT, options.idle_seconds,
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, options.connection_memory,
                          MHD_OPTION_NOTIFY_COMPLETED, callbacks->request_completed, callbacks->context,
                          MHD_OPTION_NOTIFY_CONNECTION, callbacks->connection_changed, callbacks->context,
                          MHD_OPTION_URI_LOG_CALLBACK, callbacks->request_line_received, callbacks->context,
                          MHD_OPTION_UNESCAPE_CALLBACK, octet_http_keep_escapes, NULL,
                          MHD_OPTION_ARRAY, options.certificate ? security : security + 3, MHD_OPTION_END);
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

static inline unsigned int octet_http_connection_count(struct MHD_Daemon *daemon) {
  const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
  return info ? info->num_connections : 0;
}
