/* examine.h -- whether a server can be had, step by step, for people: name, port, TLS. */
#ifndef NET_EXAMINE_H
#define NET_EXAMINE_H

#include "net/http_client.h"
#include "net/reach.h"

enum examined {
    EXAMINED_OK,
    EXAMINED_ODD,   /* works, and is worth a look */
    EXAMINED_WRONG, /* does not work */
    EXAMINED_AWAY   /* nobody answers */
};

/* Whoever is told. */
struct examiner {
    /* A step ("login") begins, which may take seconds. */
    void (*begin)(void *context, const char *step, const char *place);
    /* What came of it, and what to do about it (NULL: the words say it). Borrowed; never a secret.
     */
    void (*say)(void *context, const char *step, enum examined verdict, const char *words,
                const char *advice);
    void *context;
};

/* How TLS is to be spoken. Borrowed; NULL and false are the safe defaults. */
struct examine_tls {
    struct http_tls files;
    const char *ca_pem;           /* certificates to trust, as text, beside ca_file */
    const char *certificate_type; /* "P12": the key is in it; NULL: PEM */
    bool trusts_any;              /* certificates are not checked */
    bool takes_any_name;          /* host names are not */
    const char *ca_setting;       /* for advice: "ssl.ca.location" */
};

/* Says name, port and, unless `tls` is NULL, TLS of "host:port" or a URL; false after the first
 * that failed. A certificate's last two weeks are EXAMINED_ODD. */
bool examine_way(const struct examiner *examiner, struct str place, const char *port,
                 const struct examine_tls *tls);
/* Says step "clock": how far another's clock is from ours. Within 5 s is OK. */
void examine_clock(const struct examiner *examiner, int64_t their_wall_ms);

#endif
