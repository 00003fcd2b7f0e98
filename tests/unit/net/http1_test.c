/* http1_test.c -- HTTP/1 as clients speak it, and as nobody should. */
#include "client.h"

static struct site site;

static int setup(void **state)
{
    (void)state;
    site_open(&site, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_server_close(site.server);
    return 0;
}

#define HOST "Host: localhost\r\n"

static const char *body_of(const char *text)
{
    const char *body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    return body + 4;
}

static void answers(void **state)
{
    static const struct {
        struct str request;
        const char *body;
    } cases[] = {
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "\r\n"), "hello"},
        {STR_INIT("\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), "hello"},
        {STR_INIT("GET http://localhost/ HTTP/1.1\r\n" HOST "\r\n"), "hello"},
        {STR_INIT("GET / HTTP/1.0\r\n\r\n"), "hello"},
        {STR_INIT("GET /?a=b HTTP/1.1\r\nhost:127.0.0.1:1\r\n\r\n"), "hello"},
        {STR_INIT("GET /param/a%2Fb%20c HTTP/1.1\r\n" HOST "\r\n"), "a/b c"},
        {STR_INIT("GET /all/a/b HTTP/1.1\r\n" HOST "\r\n"), "a/b"},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabc"), "abc"},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n0002;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n"),
         "abcde"},
        {STR_INIT("HEAD / HTTP/1.1\r\n" HOST "\r\n"), ""},
    };
    char text[4096];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(client_ask(&site, cases[i].request, text, sizeof(text)), 200);
        assert_string_equal(body_of(text), cases[i].body);
    }
}

static void refuses(void **state)
{
    static const struct {
        struct str request;
        int status;
    } cases[] = {
        {STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400},
        {STR_INIT("GET /\r\n\r\n"), 400},
        {STR_INIT("GET /\0 HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n"), 400},
        {STR_INIT("GET / HTTP/1.1\nHost: localhost\n\n"), 400},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "X: a\r\n b\r\n\r\n"), 400},
        {STR_INIT("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"), 400},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "no colon\r\n\r\n"), 400},
        {STR_INIT("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET a HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET /\xc3\xa4 HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET /param/%00 HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET /param/%zz HTTP/1.1\r\n" HOST "\r\n"), 400},
        {STR_INIT("GET / HTTP/3.0\r\n" HOST "\r\n"), 505},
        {STR_INIT("BREW / HTTP/1.1\r\n" HOST "\r\n"), 501},
        {STR_INIT("DELETE / HTTP/1.1\r\n" HOST "\r\n"), 405},
        {STR_INIT("GET /nowhere HTTP/1.1\r\n" HOST "\r\n"), 404},
        {STR_INIT("GET /%2e%2e%2fetc/passwd HTTP/1.1\r\n" HOST "\r\n"), 404},
        {STR_INIT("GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n"), 404},
        {STR_INIT("GET // HTTP/1.1\r\n" HOST "\r\n"), 404},
        {STR_INIT("GET /nothing HTTP/1.1\r\n" HOST "\r\n"), 500},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\na"),
         400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
         400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n\r\na"), 400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"), 400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n"), 400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 104857600\r\n\r\n"), 413},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999999\r\n\r\n"),
         413},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501},
        {STR_INIT("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nx\r\n"), 400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabcd\r\n0\r\n\r\n"),
         400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                  "ffffffffffffffffffff\r\n"),
         400},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n"),
         400},
        {STR_INIT("POST /echo-stream HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\na"), 400},
    };
    char text[4096];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int status = client_ask(&site, cases[i].request, text, sizeof(text));
        if (status != cases[i].status)
            fail_msg("case %zu: %d, not %d: %s", i, status, cases[i].status, text);
    }
    assert_true(counters_get(net_server_counters(site.server), COUNTER_http_refused) > 20);
}

static void guards(void **state)
{
    static const struct {
        struct str request;
        int status;
    } cases[] = {
        {STR_INIT("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403},
        {STR_INIT("GET / HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n"), 403},
        {STR_INIT("GET / HTTP/1.1\r\nHost: LOCALHOST:80\r\n\r\n"), 200},
        {STR_INIT("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), 200},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Origin: http://evil.example\r\n\r\n"), 403},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Origin: null\r\n\r\n"), 403},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Origin: http://localhost\r\n\r\n"), 200},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: cross-site\r\n\r\n"), 403},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: same-origin\r\n\r\n"), 200},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Sec-Fetch-Site: cross-site\r\n"
                  "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n\r\n"),
         200},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Origin: http://localhost\r\n"
                  "Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}"),
         415},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Origin: http://localhost\r\n"
                  "Content-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"),
         200},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Sec-Fetch-Site: none\r\n"
                  "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\n\r\nx"),
         415},
        {STR_INIT("POST /echo HTTP/1.1\r\n" HOST
                  "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1\r\n\r\nx"),
         200},
    };
    char text[4096];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const int status = client_ask(&site, cases[i].request, text, sizeof(text));
        if (status != cases[i].status)
            fail_msg("case %zu: %d, not %d: %s", i, status, cases[i].status, text);
    }
}

static void too_much_is_said_to_be(void **state)
{
    struct buf request = {0};
    char text[4096];
    (void)state;
    buf_append_str(&request, STR("GET /"));
    for (int i = 0; i < 65536; i++)
        buf_append_byte(&request, 'a');
    buf_append_str(&request, STR(" HTTP/1.1\r\n" HOST "\r\n"));
    assert_int_equal(client_ask(&site, buf_str(&request), text, sizeof(text)), 414);
    buf_clear(&request);
    buf_append_str(&request, STR("GET / HTTP/1.1\r\n" HOST));
    for (int i = 0; i < 1000; i++)
        buf_printf(&request, "X-%d: y\r\n", i);
    buf_append_str(&request, STR("\r\n"));
    assert_int_equal(client_ask(&site, buf_str(&request), text, sizeof(text)), 431);
    buf_clear(&request);
    buf_append_str(&request, STR("GET / HTTP/1.1\r\n" HOST "X: "));
    for (int i = 0; i < 20000; i++)
        buf_append_byte(&request, 'a');
    buf_append_str(&request, STR("\r\n\r\n"));
    assert_int_equal(client_ask(&site, buf_str(&request), text, sizeof(text)), 431);
    buf_clear(&request);
    buf_append_str(&request,
                   STR("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 1100; i++) {
        buf_append_str(&request, STR("400\r\n"));
        for (int j = 0; j < 1024; j++)
            buf_append_byte(&request, 'a');
        buf_append_str(&request, STR("\r\n"));
    }
    buf_append_str(&request, STR("0\r\n\r\n"));
    assert_int_equal(client_ask(&site, buf_str(&request), text, sizeof(text)), 413);
    buf_release(&request);
}

/* Any way of cutting a request into packets means the same. */
static void bytes_may_come_one_by_one(void **state)
{
    static const struct str request =
        STR_INIT("POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n0\r\n\r\n");
    char text[4096];
    (void)state;
    const int fd = client_open(&site);
    for (size_t i = 0; i < request.size; i++) {
        client_send(fd, (struct str){request.data + i, 1});
        if (i % 8 == 0)
            clock_sleep_ms(1);
    }
    client_read(fd, "abc", text, sizeof(text));
    assert_string_equal(body_of(text), "abc");
    close(fd);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct buf requests = {0};
    static char text[1 << 20];
    (void)state;
    for (int i = 0; i < 500; i++)
        buf_printf(&requests, "GET /param/n%d HTTP/1.1\r\n" HOST "%s\r\n", i,
                   i == 499 ? "Connection: close\r\n" : "");
    const int fd = client_open(&site);
    client_send(fd, buf_str(&requests));
    client_read(fd, NULL, text, sizeof(text));
    const char *at = text;
    for (int i = 0; i < 500; i++) {
        char wanted[16];
        snprintf(wanted, sizeof(wanted), "\r\n\r\nn%d", i);
        at = strstr(at, wanted);
        assert_non_null(at);
        at++;
    }
    close(fd);
    buf_release(&requests);
}

static void a_body_may_be_asked_for(void **state)
{
    char text[4096];
    (void)state;
    const int fd = client_open(&site);
    client_send(fd, STR("POST /echo HTTP/1.1\r\n" HOST
                        "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
    client_read(fd, "HTTP/1.1 100 Continue\r\n\r\n", text, sizeof(text));
    client_send(fd, STR("hi"));
    client_read(fd, "hi", text, sizeof(text));
    assert_non_null(strstr(text, "200 OK"));
    close(fd);
}

static void a_handler_learns_that_its_client_went(void **state)
{
    char text[4096];
    (void)state;
    const int fd = client_open(&site);
    client_send(fd, STR("GET /silence HTTP/1.1\r\n" HOST "\r\n"));
    client_read(fd, "\r\n\r\n", text, sizeof(text));
    close(fd);
    wait_for(&site.closed_count, 1);
}

static void slow_clients_are_let_go(void **state)
{
    const struct net_deadlines deadlines = {
        .head_ms = 200, .body_ms = 200, .idle_ms = 200, .send_ms = 200};
    struct site hasty;
    char text[4096];
    (void)state;
    site_open(&hasty, &deadlines);
    int fd = client_open(&hasty); /* a head that never ends */
    client_send(fd, STR("GET / HTTP/1.1\r\nX: "));
    client_read(fd, NULL, text, sizeof(text));
    assert_non_null(strstr(text, " 408 "));
    close(fd);
    fd = client_open(&hasty); /* a body that never comes */
    client_send(fd, STR("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n"));
    client_read(fd, NULL, text, sizeof(text));
    assert_non_null(strstr(text, " 408 "));
    close(fd);
    fd = client_open(&hasty); /* nothing at all */
    assert_int_equal(client_read(fd, NULL, text, sizeof(text)), 0);
    close(fd);
    fd = client_open(&hasty); /* takes nothing */
    client_send(fd, STR("GET /endless HTTP/1.1\r\n" HOST "\r\n"));
    wait_for(&hasty.stopped_count, 1);
    const struct counters *counters = net_server_counters(hasty.server);
    for (int i = 0; i < 1000 && counters_get(counters, COUNTER_http_timeouts) < 3; i++)
        clock_sleep_ms(5);
    assert_int_equal(counters_get(counters, COUNTER_http_timeouts), 3);
    close(fd);
    net_server_close(hasty.server);
}

/* A thousand who hold a head open do not keep others from being served. */
static void many_slow_clients_are_held(void **state)
{
    static int fds[1000];
    char text[4096];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        fds[i] = client_open(&site);
        client_send(fds[i], STR("GET / HTTP/1.1\r\nX: "));
    }
    for (int i = 0; i < 100; i++)
        assert_int_equal(
            client_ask(&site, STR("GET / HTTP/1.1\r\n" HOST "\r\n"), text, sizeof(text)), 200);
    for (int i = 0; i < 1000; i++)
        close(fds[i]);
}

/* Closing ends handlers that wait for clients, and clients that wait for handlers. */
static void closing_waits_for_nobody(void **state)
{
    struct site other;
    char text[4096];
    (void)state;
    site_open(&other, NULL);
    const int silent = client_open(&other);
    client_send(silent, STR("GET /silence HTTP/1.1\r\n" HOST "\r\n"));
    client_read(silent, "\r\n\r\n", text, sizeof(text));
    const int endless = client_open(&other);
    client_send(endless, STR("GET /endless HTTP/1.1\r\n" HOST "\r\n"));
    client_read(endless, "\r\n\r\n", text, 16);
    net_server_close(other.server);
    assert_int_equal(atomic_load(&other.closed_count), 1);
    assert_int_equal(atomic_load(&other.stopped_count), 1);
    close(silent);
    close(endless);
}

static void addresses_are_checked(void **state)
{
    static const struct {
        const char *listen;
        enum err err;
    } cases[] = {
        {"nonsense", ERR_SETTING},
        {"127.0.0.1:", ERR_SETTING},
        {"127.0.0.1:70000", ERR_SETTING},
        {"0.0.0.0:0", ERR_SETTING},
        {"[::1]:0", OK},
        {":0", OK},
        {"localhost:0", OK},
    };
    struct why why;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct net_server *server = NULL;
        const struct net_options options = {.listen = str_from(cases[i].listen)};
        assert_int_equal(net_server_open(&options, &server, &why), cases[i].err);
        net_server_close(server);
    }
    struct net_server *server = NULL;
    const struct net_options taken = {.listen = net_server_address(site.server)};
    assert_int_equal(net_server_open(&taken, &server, &why), ERR_UNAVAILABLE);
    assert_non_null(strstr(why.text, "--listen"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(refuses),
        cmocka_unit_test(guards),
        cmocka_unit_test(too_much_is_said_to_be),
        cmocka_unit_test(bytes_may_come_one_by_one),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(a_body_may_be_asked_for),
        cmocka_unit_test(a_handler_learns_that_its_client_went),
        cmocka_unit_test(slow_clients_are_let_go),
        cmocka_unit_test(many_slow_clients_are_held),
        cmocka_unit_test(closing_waits_for_nobody),
        cmocka_unit_test(addresses_are_checked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
