/* http2_test.c -- HTTP/2 frames by hand: what floods, what never ends, what is let go. Well-behaved
 * HTTP/2 is tried with real clients, in tests/clients. */
#include "client.h"

#define PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

enum frame_type {
    FRAME_DATA,
    FRAME_HEADERS,
    FRAME_RST_STREAM = 3,
    FRAME_SETTINGS,
    FRAME_PING = 6,
    FRAME_GOAWAY,
    FRAME_CONTINUATION = 9
};
#define END_STREAM 1
#define END_HEADERS 4

/* HPACK by the static table: GET http / of localhost. */
#define GET_ROOT "\x82\x86\x84\x41\x09localhost"

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

static void add_frame(struct buf *to, enum frame_type type, uint8_t flags, uint32_t stream_id,
                      struct str payload)
{
    const uint8_t head[9] = {(uint8_t)(payload.size >> 16),
                             (uint8_t)(payload.size >> 8),
                             (uint8_t)payload.size,
                             (uint8_t)type,
                             flags,
                             (uint8_t)(stream_id >> 24),
                             (uint8_t)(stream_id >> 16),
                             (uint8_t)(stream_id >> 8),
                             (uint8_t)stream_id};
    buf_append(to, head, sizeof(head));
    buf_append_str(to, payload);
}

/* Opens a connection that has said hello. */
static int hello(const struct site *to)
{
    struct buf bytes = {0};
    const int fd = client_open(to);
    buf_append_str(&bytes, STR(PREFACE));
    add_frame(&bytes, FRAME_SETTINGS, 0, 0, STR(""));
    client_send(fd, buf_str(&bytes));
    buf_release(&bytes);
    return fd;
}

/* Reads frames until one of the type came, or the connection ends; its payload. */
static bool read_until(int fd, enum frame_type wanted, char *payload, size_t *ret_size)
{
    for (;;) {
        uint8_t head[9];
        size_t used = 0;
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        while (used < sizeof(head)) {
            assert_int_equal(poll(&poll_fd, 1, CLIENT_PATIENCE_MS), 1);
            const ssize_t got = recv(fd, head + used, sizeof(head) - used, 0);
            if (got <= 0)
                return false;
            used += (size_t)got;
        }
        const size_t size = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        assert_true(size <= 16384);
        for (used = 0; used < size;) {
            const ssize_t got = recv(fd, payload + used, size - used, 0);
            if (got <= 0)
                return false;
            used += (size_t)got;
        }
        *ret_size = size;
        if (head[3] == (uint8_t)wanted)
            return true;
    }
}

static void assert_served(void)
{
    char text[4096];
    assert_int_equal(
        client_ask(&site, STR("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), text, sizeof(text)),
        200);
}

static void answers(void **state)
{
    struct buf bytes = {0};
    char payload[16384];
    size_t size;
    (void)state;
    const int fd = hello(&site);
    add_frame(&bytes, FRAME_HEADERS, END_STREAM | END_HEADERS, 1, STR(GET_ROOT));
    client_send(fd, buf_str(&bytes));
    assert_true(read_until(fd, FRAME_DATA, payload, &size));
    assert_int_equal(size, 5);
    assert_memory_equal(payload, "hello", 5);
    close(fd);
    buf_release(&bytes);
}

/* A body that its handler reads piece by piece comes back piece by piece. */
static void streams_both_ways(void **state)
{
    struct buf bytes = {0};
    char payload[16384];
    size_t size;
    (void)state;
    const int fd = hello(&site);
    add_frame(&bytes, FRAME_HEADERS, END_HEADERS, 1,
              STR("\x83\x86\x44\x0c/echo-stream\x41\x09localhost"));
    add_frame(&bytes, FRAME_DATA, 0, 1, STR("one"));
    client_send(fd, buf_str(&bytes));
    assert_true(read_until(fd, FRAME_DATA, payload, &size));
    assert_int_equal(size, 3);
    buf_clear(&bytes);
    add_frame(&bytes, FRAME_DATA, END_STREAM, 1, STR("more"));
    client_send(fd, buf_str(&bytes));
    assert_true(read_until(fd, FRAME_DATA, payload, &size));
    assert_memory_equal(payload, "more", 4);
    close(fd);
    buf_release(&bytes);
}

/* Sends the bytes over and over; the server has to say that it is enough, or close. */
static void assert_flood_ends(struct str frames, uint32_t times)
{
    char payload[16384];
    size_t size;
    const int fd = hello(&site);
    for (uint32_t i = 0; i < times; i++)
        client_send(fd, frames);
    if (read_until(fd, FRAME_GOAWAY, payload, &size))
        assert_int_not_equal(payload[7], 0); /* an error code, not a farewell */
    close(fd);
    assert_served();
}

static void floods_end(void **state)
{
    struct buf frames = {0};
    (void)state;
    for (int i = 0; i < 100; i++)
        add_frame(&frames, FRAME_PING, 0, 0, STR("12345678"));
    assert_flood_ends(buf_str(&frames), 100);
    buf_clear(&frames);
    for (int i = 0; i < 100; i++)
        add_frame(&frames, FRAME_SETTINGS, 0, 0, STR(""));
    assert_flood_ends(buf_str(&frames), 100);
    buf_release(&frames);
}

static void rapid_resets_end(void **state)
{
    struct buf frames = {0};
    char payload[16384];
    size_t size;
    (void)state;
    const int fd = hello(&site);
    for (uint32_t i = 0; i < 5000; i++) {
        add_frame(&frames, FRAME_HEADERS, END_STREAM | END_HEADERS, 2 * i + 1, STR(GET_ROOT));
        add_frame(&frames, FRAME_RST_STREAM, 0, 2 * i + 1, (struct str){"\0\0\0\x08", 4});
    }
    client_send(fd, buf_str(&frames));
    if (read_until(fd, FRAME_GOAWAY, payload, &size))
        assert_int_not_equal(payload[7], 0);
    close(fd);
    assert_served();
    buf_release(&frames);
}

static void endless_heads_end(void **state)
{
    struct buf frames = {0};
    char payload[16384];
    size_t size;
    (void)state;
    const int fd = hello(&site);
    add_frame(&frames, FRAME_HEADERS, END_STREAM, 1, STR(GET_ROOT));
    for (int i = 0; i < 1000; i++)
        add_frame(&frames, FRAME_CONTINUATION, 0, 1, STR("\x40\x01x\x01y"));
    client_send(fd, buf_str(&frames));
    if (read_until(fd, FRAME_GOAWAY, payload, &size))
        assert_int_not_equal(payload[7], 0);
    close(fd);
    assert_served();
    buf_release(&frames);
}

/* A head or a body that does not come, a connection that asks nothing. */
static void slow_clients_are_let_go(void **state)
{
    const struct net_deadlines deadlines = {
        .head_ms = 200, .body_ms = 200, .idle_ms = 200, .send_ms = 200};
    struct buf frames = {0};
    struct site hasty;
    char payload[16384];
    size_t size;
    (void)state;
    site_open(&hasty, &deadlines);
    int fd = hello(&hasty);
    while (read_until(fd, FRAME_GOAWAY, payload, &size))
        ;
    close(fd);
    fd = hello(&hasty);
    add_frame(&frames, FRAME_HEADERS, END_STREAM, 1, STR(GET_ROOT));
    client_send(fd, buf_str(&frames));
    while (read_until(fd, FRAME_GOAWAY, payload, &size))
        ;
    close(fd);
    fd = hello(&hasty);
    buf_clear(&frames);
    add_frame(&frames, FRAME_HEADERS, END_HEADERS, 1,
              STR("\x83\x86\x44\x05/echo\x41\x09localhost"));
    client_send(fd, buf_str(&frames));
    assert_true(read_until(fd, FRAME_RST_STREAM, payload, &size));
    close(fd);
    net_server_close(hasty.server);
    buf_release(&frames);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),           cmocka_unit_test(streams_both_ways),
        cmocka_unit_test(floods_end),        cmocka_unit_test(rapid_resets_end),
        cmocka_unit_test(endless_heads_end), cmocka_unit_test(slow_clients_are_let_go),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
