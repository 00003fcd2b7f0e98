/* http_client_test.c -- the client against servers that answer right, wrong, slowly, or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server of one connection: reads the request's head, sends what it was given, again and again if
 * so told, and then closes or waits. */
struct server {
    int listener;
    int port;
    pthread_t thread;
    struct str answer;
    struct str endless; /* sent until the client leaves */
    bool waits;         /* keeps the connection open until the client leaves */
    struct buf request;
};

static void *serve(void *context)
{
    struct server *server = context;
    char piece[4096];
    ssize_t size;
    const int socket = accept(server->listener, NULL, NULL);
    if (socket < 0)
        return NULL;
    while (server->request.size < 4 || !strstr(buf_text(&server->request), "\r\n\r\n")) {
        size = recv(socket, piece, sizeof(piece), 0);
        if (size <= 0)
            break;
        buf_append(&server->request, piece, (size_t)size);
    }
    (void)!send(socket, server->answer.data, server->answer.size, MSG_NOSIGNAL);
    while (server->endless.size > 0 &&
           send(socket, server->endless.data, server->endless.size, MSG_NOSIGNAL) > 0)
        ;
    while (server->waits && recv(socket, piece, sizeof(piece), 0) > 0)
        ;
    close(socket);
    return NULL;
}

static void server_start(struct server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 4), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_end(struct server *server)
{
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
    buf_release(&server->request);
}

/* One exchange with it. */
struct seen {
    struct buf body;
    size_t body_bytes_max; /* 0: none; beyond it the exchange is ended */
    atomic_bool unwanted;
    struct http_answer answer;
    struct why why;
};

static bool take(void *context, const struct http_answer *answer, struct str piece)
{
    struct seen *seen = context;
    assert_true(answer->status > 0);
    buf_append_str(&seen->body, piece);
    return seen->body_bytes_max == 0 || seen->body.size <= seen->body_bytes_max;
}

static bool is_unwanted(void *context)
{
    return atomic_load(&((struct seen *)context)->unwanted);
}

static enum err ask(struct server *server, struct seen *seen, int64_t timeout_ms)
{
    char url[64];
    struct http_client *client;
    server_start(server);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d/", server->port);
    const struct http_client_options options = {.url = str_from(url)};
    assert_int_equal(http_client_new(&options, &client, NULL), OK);
    const struct http_request request = {.path = "/ksql",
                                         .body = STR("{}"),
                                         .content_type = "application/json",
                                         .timeout_ms = timeout_ms,
                                         .on_piece = take,
                                         .is_unwanted = is_unwanted,
                                         .context = seen};
    const enum err err = http_client_send(client, &request, &seen->answer, &seen->why);
    http_client_free(client);
    return err;
}

static void test_answer(void **state)
{
    struct server server = {.answer = STR("HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\n"
                                          "Content-Length: 5\r\n\r\nhello")};
    struct seen seen = {0};
    (void)state;
    assert_int_equal(ask(&server, &seen, 0), OK);
    assert_int_equal(seen.answer.status, 400);
    assert_string_equal(seen.answer.content_type, "application/json");
    assert_string_equal(buf_text(&seen.body), "hello");
    const char *request = buf_text(&server.request);
    assert_non_null(strstr(request, "POST /ksql HTTP/1.1\r\n"));
    assert_non_null(strstr(request, "Content-Type: application/json\r\n"));
    assert_null(strstr(request, "Expect:"));
    server_end(&server);
    buf_release(&seen.body);
}

static void test_no_body(void **state)
{
    struct server server = {.answer = STR("HTTP/1.1 204 None\r\n\r\n")};
    struct seen seen = {0};
    (void)state;
    assert_int_equal(ask(&server, &seen, 0), OK);
    assert_int_equal(seen.answer.status, 204);
    server_end(&server);
}

/* A redirect is an answer like any other. */
static void test_redirect(void **state)
{
    struct server server = {.answer = STR("HTTP/1.1 307 No\r\nLocation: file:///etc/passwd\r\n"
                                          "Content-Length: 0\r\n\r\n")};
    struct seen seen = {0};
    (void)state;
    assert_int_equal(ask(&server, &seen, 0), OK);
    assert_int_equal(seen.answer.status, 307);
    server_end(&server);
}

static void test_broken(void **state)
{
    static const struct {
        struct str answer;
        enum err err;
    } cases[] = {
        {STR_INIT(""), ERR_UNAVAILABLE},
        {STR_INIT("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"), ERR_UNAVAILABLE},
        {STR_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
         ERR_UNAVAILABLE},
        {STR_INIT("SSH-2.0-OpenSSH_9.2\r\n"), ERR_MALFORMED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct server server = {.answer = cases[i].answer};
        struct seen seen = {0};
        assert_int_equal(ask(&server, &seen, 0), cases[i].err);
        assert_non_null(strstr(seen.why.text, "http://127.0.0.1:"));
        server_end(&server);
        buf_release(&seen.body);
    }
}

static void test_endless_headers(void **state)
{
    struct server server = {.answer = STR("HTTP/1.1 200 OK\r\n"),
                            .endless = STR("X-More: and more and more and more\r\n")};
    struct seen seen = {0};
    (void)state;
    assert_int_equal(ask(&server, &seen, 0), ERR_LIMIT);
    server_end(&server);
}

static void test_endless_body(void **state)
{
    struct server server = {.answer = STR("HTTP/1.1 200 OK\r\n\r\n"), .endless = STR("more")};
    struct seen seen = {.body_bytes_max = 1 << 20};
    (void)state;
    assert_int_equal(ask(&server, &seen, 0), ERR_CLOSED);
    assert_int_equal(seen.answer.status, 200);
    assert_true(seen.body.size < 2 << 20);
    server_end(&server);
    buf_release(&seen.body);
}

static void test_silence(void **state)
{
    struct server server = {.waits = true};
    struct seen seen = {0};
    (void)state;
    assert_int_equal(ask(&server, &seen, 100), ERR_AGAIN);
    server_end(&server);
}

static void *want_no_more(void *context)
{
    struct seen *seen = context;
    clock_sleep_ms(50);
    atomic_store(&seen->unwanted, true);
    return NULL;
}

/* Nothing comes, and nobody waits for it any more. */
static void test_unwanted(void **state)
{
    struct server server = {.answer = STR("HTTP/1.1 200 OK\r\n\r\n"), .waits = true};
    struct seen seen = {0};
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, want_no_more, &seen), 0);
    assert_int_equal(ask(&server, &seen, 0), ERR_CLOSED);
    pthread_join(thread, NULL);
    server_end(&server);
}

static void test_nobody(void **state)
{
    struct server server = {0};
    struct seen seen = {0};
    struct http_client *client;
    char url[64];
    (void)state;
    server_start(&server); /* finds a port, and leaves it */
    server_end(&server);
    snprintf(url, sizeof(url), "http://127.0.0.1:%d", server.port);
    const struct http_client_options options = {.url = str_from(url)};
    assert_int_equal(http_client_new(&options, &client, NULL), OK);
    const struct http_request request = {.path = "/info", .on_piece = take, .context = &seen};
    assert_int_equal(http_client_send(client, &request, &seen.answer, &seen.why), ERR_UNAVAILABLE);
    assert_non_null(strstr(seen.why.text, "cannot reach http://127.0.0.1:"));
    http_client_free(client);
}

static void test_urls(void **state)
{
    static const struct {
        const char *url;
        enum err err;
    } cases[] = {
        {"http://localhost:8088", OK},
        {"https://[::1]:8088/path/", OK},
        {"localhost", ERR_SETTING},
        {"", ERR_SETTING},
        {"file:///etc/passwd", ERR_SETTING},
        {"ftp://host", ERR_SETTING},
        {"http://", ERR_SETTING},
        {"http://host:99999", ERR_SETTING},
        {"http://host/?a=b", ERR_SETTING},
        {"http://user:secret@host", ERR_SETTING},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct http_client_options options = {.url = str_from(cases[i].url)};
        struct http_client *client = NULL;
        struct why why = {0};
        assert_int_equal(http_client_new(&options, &client, &why), cases[i].err);
        assert_null(strstr(why.text, "secret"));
        http_client_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),          cmocka_unit_test(test_no_body),
        cmocka_unit_test(test_redirect),        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_endless_headers), cmocka_unit_test(test_endless_body),
        cmocka_unit_test(test_silence),         cmocka_unit_test(test_unwanted),
        cmocka_unit_test(test_nobody),          cmocka_unit_test(test_urls),
    };
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
