/* feed_test.c -- Server-Sent Events: who comes, who comes back, who falls behind. */
#include "client.h"

#include <zlib.h>

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

static int follow(const char *last_id)
{
    struct buf request = {0};
    const int fd = client_open(&site);
    buf_append_str(&request, STR("GET /feed HTTP/1.1\r\nHost: localhost\r\n"));
    if (last_id)
        buf_printf(&request, "Last-Event-ID: %s\r\n", last_id);
    buf_append_str(&request, STR("\r\n"));
    client_send(fd, buf_str(&request));
    buf_release(&request);
    return fd;
}

static void publish(int number)
{
    char update[32];
    char snapshot[32];
    snprintf(update, sizeof(update), "u%d", number);
    snprintf(snapshot, sizeof(snapshot), "s%d", number);
    net_feed_publish(site.feed, str_from(update), str_from(snapshot));
}

/* The id in the last frame that came. */
static void last_id(const char *text, char *id)
{
    const char *at = NULL;
    for (const char *next = text; (next = strstr(next, "id: ")) != NULL; next++)
        at = next;
    assert_non_null(at);
    const size_t size = strcspn(at + 4, "\n");
    memcpy(id, at + 4, size);
    id[size] = '\0';
}

static void a_snapshot_then_updates(void **state)
{
    char text[8192];
    (void)state;
    publish(1);
    const int fd = follow(NULL);
    client_read(fd, "data: s1\n\n\r\n", text, sizeof(text));
    assert_non_null(strstr(text, "Content-Type: text/event-stream"));
    assert_non_null(strstr(text, "retry: 2000\n\n"));
    assert_non_null(strstr(text, "event: snapshot\n"));
    publish(2);
    client_read(fd, "event: update\ndata: u2\n\n\r\n", text, sizeof(text));
    close(fd);
}

/* Reads a packed response without chunks (HTTP/1.0) until its text ends so. */
static void read_packed(int fd, const char *end, char *text, size_t size)
{
    struct buf raw = {0};
    size_t head = 0;
    for (;;) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&poll_fd, 1, CLIENT_PATIENCE_MS), 1);
        const ssize_t got = recv(fd, buf_reserve(&raw, 4096), 4096, 0);
        assert_true(got > 0);
        raw.size += (size_t)got;
        const char *body = strstr(buf_text(&raw), "\r\n\r\n");
        if (!body)
            continue;
        head = (size_t)(body + 4 - raw.data);
        z_stream stream = {.next_in = (Bytef *)raw.data + head,
                           .avail_in = (uInt)(raw.size - head),
                           .next_out = (Bytef *)text,
                           .avail_out = (uInt)(size - 1)};
        assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK); /* gzip's head is wanted */
        const int result = inflate(&stream, Z_SYNC_FLUSH);
        assert_true(result == Z_OK || result == Z_BUF_ERROR);
        text[size - 1 - stream.avail_out] = '\0';
        inflateEnd(&stream);
        if (str_ends_with(str_from(text), str_from(end)))
            break;
    }
    raw.data[head] = '\0';
    assert_non_null(strstr(raw.data, "content-encoding: gzip\r\n"));
    buf_release(&raw);
}

static void who_takes_gzip_gets_the_same_packed(void **state)
{
    char text[8192];
    (void)state;
    publish(100);
    const int fd = client_open(&site);
    client_send(fd,
                STR("GET /feed HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: gzip, br\r\n\r\n"));
    read_packed(fd, "data: s100\n\n", text, sizeof(text));
    assert_non_null(strstr(text, "retry: 2000\n\n"));
    assert_non_null(strstr(text, "event: snapshot\n"));
    close(fd);
    const int late = client_open(&site);
    client_send(late,
                STR("GET /feed HTTP/1.0\r\nHost: localhost\r\nAccept-Encoding: gzip\r\n\r\n"));
    net_feed_publish(site.feed, STR("u101"), (struct str){0}); /* the snapshot before still holds */
    net_feed_publish(site.feed, STR("u102"), (struct str){0});
    read_packed(late, "data: u102\n\n", text, sizeof(text));
    assert_non_null(strstr(text, "data: s100\n\n"));
    assert_non_null(strstr(text, "data: u101\n\n"));
    close(late);
}

static void who_comes_back_gets_what_was_missed(void **state)
{
    char text[8192];
    char id[64];
    (void)state;
    publish(3);
    int fd = follow(NULL);
    client_read(fd, "data: s3\n\n\r\n", text, sizeof(text));
    last_id(text, id);
    close(fd);
    for (int i = 4; i < 24; i++) /* more than a client may be behind while it is there */
        publish(i);
    fd = follow(id);
    client_read(fd, "data: u23\n\n\r\n", text, sizeof(text));
    assert_null(strstr(text, "event: snapshot"));
    assert_non_null(strstr(text, "data: u4\n"));
    close(fd);
    fd = follow("1-99"); /* of a process that is gone */
    client_read(fd, "data: s23\n\n\r\n", text, sizeof(text));
    close(fd);
}

static uint64_t resets(void)
{
    return counters_get(net_server_counters(site.server), COUNTER_feed_resets);
}

/* What came ends in the last update, or in a snapshot. */
static bool is_last(const char *text, size_t size)
{
    const char *const end = text + (size > 64 ? size - 64 : 0);
    return strstr(end, "data: last\n\n") != NULL || strstr(end, "data: short\n\n") != NULL;
}

static void who_falls_behind_gets_a_snapshot(void **state)
{
    static char line[1 << 18];
    static char text[16 << 20];
    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    const uint64_t before = resets();
    const int fd = follow(NULL);
    client_read(fd, "\n\n\r\n", text, sizeof(text));
    /* It takes nothing while more comes than its socket and its frames hold. */
    for (int i = 0; i < 100; i++)
        net_feed_publish(site.feed, (struct str){line, sizeof(line) - 1}, STR("short"));
    net_feed_publish(site.feed, STR("last"), STR("short"));
    size_t used = 0;
    do {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&poll_fd, 1, CLIENT_PATIENCE_MS), 1);
        const ssize_t got = recv(fd, text + used, sizeof(text) - used - 1, 0);
        assert_true(got > 0);
        used += (size_t)got;
        text[used] = '\0';
    } while (!is_last(text, used));
    assert_non_null(strstr(text, "data: short\n\n"));
    assert_true(resets() > before);
    close(fd);
}

static void many_follow(void **state)
{
    static int fds[1000];
    char text[8192];
    (void)state;
    publish(50);
    for (int i = 0; i < 1000; i++)
        fds[i] = follow(NULL);
    for (int i = 0; i < 1000; i++)
        client_read(fds[i], "data: s50\n\n\r\n", text, sizeof(text));
    publish(51);
    for (int i = 0; i < 1000; i++)
        client_read(fds[i], "data: u51\n\n\r\n", text, sizeof(text));
    assert_true(net_feed_clients(site.feed) >= 1000);
    for (int i = 0; i < 1000; i++)
        close(fds[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_snapshot_then_updates),
        cmocka_unit_test(who_takes_gzip_gets_the_same_packed),
        cmocka_unit_test(who_comes_back_gets_what_was_missed),
        cmocka_unit_test(who_falls_behind_gets_a_snapshot),
        cmocka_unit_test(many_follow),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
