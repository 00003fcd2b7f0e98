/* memory.c -- what a million buffered orders take: index beside their bytes, and the process.
 *
 * usage: bench-memory [ORDERS]
 *
 * The join's window holds all orders and waits for payments. The payload is what the orders' values
 * take in the log. The process is all that is resident, without the pages of log.mdb. */
#include "bench/events.h"
#include "bench/join_world.h"
#include "bench/report.h"

#include <sys/wait.h>
#include <unistd.h>

#define WINDOW_MS (1ll << 40)
#define KEY_BYTES 16
#define HEAD_BYTES 5

static double payload_bytes(uint64_t orders)
{
    struct random random = {EVENTS_ORDER_SEED};
    struct buf body = {0};
    double bytes = 0;
    for (uint64_t i = 0; i < orders; i++) {
        buf_clear(&body);
        events_order(&body, events_key(i), EVENTS_BEGIN_MS + (int64_t)i, &random);
        bytes += (double)(body.size + HEAD_BYTES);
    }
    buf_release(&body);
    return bytes;
}

/* In a process of its own, so that its memory is not measured. */
static void fill(const char *directory, uint64_t orders)
{
    fflush(NULL);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        struct join_world world;
        join_world_open(&world, directory, 0);
        join_world_fill_orders(&world, orders);
        join_world_close(&world);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    must(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    const uint64_t orders = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    char directory[512];
    char texts[3][64];
    struct join_world world;
    uint64_t state_bytes;
    uint64_t rows;
    report_machine();
    report_make_directory(directory, sizeof(directory));
    const double payload = payload_bytes(orders);
    fill(directory, orders);
    join_world_open(&world, directory, 0);
    join_world_start(&world, SHAPE_KEYED, WINDOW_MS);
    must(engine_wait_idle(world.engine, 600000) == OK);
    join_world_state(&world, &state_bytes, &rows);
    must(rows == orders);
    const double resident = (double)report_resident_bytes(getpid());
    join_world_close(&world);
    report_remove_directory(directory);
    const double index =
        ((double)state_bytes - payload - KEY_BYTES * (double)orders) / (double)orders;
    printf("memory: %llu orders buffered, payload %.1f MB, state %.1f MB, resident %.1f MB\n",
           (unsigned long long)rows, payload / 1e6, (double)state_bytes / 1e6, resident / 1e6);
    snprintf(texts[0], sizeof(texts[0]), "%.1f B", index);
    report_row("index a buffered event", texts[0], "", texts[0], "48 B", "32 B");
    snprintf(texts[0], sizeof(texts[0]), "%.0f MB", resident / 1e6);
    snprintf(texts[1], sizeof(texts[1]), "payload %.0f MB", payload / 1e6);
    snprintf(texts[2], sizeof(texts[2]), "x %.2f + 32 MB", (resident - 32e6) / payload);
    report_row("Rss without log.mdb", texts[0], texts[1], texts[2], "x 1.60 + 48", "x 1.25 + 32");
    return 0;
}
