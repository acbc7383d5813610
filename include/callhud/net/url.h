/* Addresses of servers, and which of them may be spoken to in plain text. */
#ifndef CALLHUD_NET_URL_H
#define CALLHUD_NET_URL_H

#include "callhud/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Longer ones do not fit libwebsockets' Host header, which it clips without a word. */
#define URL_HOST_BYTES 101
/* Likewise its request line. */
#define URL_PATH_MAX_BYTES 2000

struct url {
    bool is_tls;
    bool is_v6;                /* the host is an IPv6 address (written in brackets) */
    char host[URL_HOST_BYTES]; /* without brackets */
    int port;
    bool is_port_usual; /* 80 or 443 by scheme */
    const char *path;   /* into the text parsed: "/..." with the query; "/" when there is none */
};

/* scheme is "ws" or "http": plain, or with an s for TLS. Plain text is only for loopback; names and
 * passwords in the address are refused, since they end up in logs. RC_CONFIG with a sentence. */
enum rc url_parse(const char *text, const char *scheme, struct url *out, struct err *err);

/* An address that a server names, for people: clean, and without what may hold a token. */
void url_show(char *out, size_t size, const char *text);

/* 127.0.0.0/8, ::1, localhost. */
bool url_is_loopback(const char *host);
bool url_is_numeric(const char *host);

#endif
