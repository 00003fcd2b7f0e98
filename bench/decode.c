/* decode.c -- one order from Avro, all columns, beside libavro's generic reader in the same run.
 *
 * usage: bench-decode [ORDERS [ROUNDS]] */
#include "avro/avro.h"
#include "base/clock.h"
#include "bench/events.h"
#include "bench/report.h"

#include <stdio.h>

/* Of libavro, whose header's names collide with ours. */
int decode_libavro(const char *schema, const struct str *bodies, uint64_t count, double *ret_ns);

static const struct type_field item_fields[] = {{STR_INIT("sku"), &type_string},
                                                {STR_INIT("qty"), &type_integer},
                                                {STR_INIT("price"), &type_double}};

static double decode_ours(const struct str *bodies, uint64_t count)
{
    static const struct type item = {.kind = TYPE_STRUCT, .field_count = 3, .fields = item_fields};
    static const struct type items = {.kind = TYPE_ARRAY, .item = &item};
    const struct row_column columns[] = {
        {.name = STR("order_id"), .type = &type_string},
        {.name = STR("order_no"), .type = &type_bigint},
        {.name = STR("customer"), .type = &type_bigint},
        {.name = STR("ts"), .type = &type_timestamp},
        {.name = STR("currency"), .type = &type_string},
        {.name = STR("total"), .type = &type_double},
        {.name = STR("status"), .type = &type_string},
        {.name = STR("channel"), .type = &type_string},
        {.name = STR("addr"), .type = &type_string},
        {.name = STR("items"), .type = &items},
        {.name = STR("coupon"), .type = &type_string},
    };
    const uint32_t column_count = sizeof(columns) / sizeof(columns[0]);
    struct avro_target targets[sizeof(columns) / sizeof(columns[0])];
    struct arena arena;
    struct arena batch_arena;
    struct avro_schema *schema;
    const struct avro_decoder *decoder;
    struct why why;
    arena_init(&arena, 0);
    arena_init(&batch_arena, 1 << 20);
    for (uint16_t i = 0; i < column_count; i++)
        targets[i] = (struct avro_target){columns[i].name, columns[i].type, i};
    must(avro_schema_parse(str_from(events_order_schema), &schema, &why) == OK);
    must(avro_decoder_new(&arena, schema, NULL, targets, column_count, false, &decoder, &why) ==
         OK);
    const struct row_type *row_type = row_type_new(&arena, columns, column_count);
    const int64_t begin_ns = clock_cpu_ns();
    for (uint64_t i = 0; i < count;) {
        arena_clear(&batch_arena);
        struct batch *batch = batch_new(&batch_arena, row_type, BATCH_ROWS_MAX);
        for (uint32_t row = 0; row < BATCH_ROWS_MAX && i < count; row++, i++)
            must(avro_decode(decoder, bodies[i], batch->columns, row, &batch_arena) == OK);
    }
    const double ns = (double)(clock_cpu_ns() - begin_ns) / (double)count;
    avro_schema_free(schema);
    arena_release(&batch_arena);
    arena_release(&arena);
    return ns;
}

int main(int argc, char **argv)
{
    const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    const uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 5;
    double times[3][REPORT_ROUNDS_MAX]; /* libavro's, ours, their ratio */
    struct random random = {42};
    struct buf all = {0};
    struct str *bodies = calloc(count, sizeof(*bodies));
    size_t *ends = calloc(count, sizeof(*ends));
    must(bodies != NULL);
    must(ends != NULL);
    must(rounds > 0 && rounds <= REPORT_ROUNDS_MAX);
    report_machine();
    for (uint64_t i = 0; i < count; i++) {
        events_order(&all, events_key(i), EVENTS_BEGIN_MS + (int64_t)i, &random);
        ends[i] = all.size;
    }
    for (uint64_t i = 0; i < count; i++) {
        const size_t begin = i > 0 ? ends[i - 1] : 0;
        bodies[i] = (struct str){all.data + begin, ends[i] - begin};
    }
    printf("%.0f bytes an order\n", (double)all.size / (double)count);
    for (uint64_t round = 0; round < rounds; round++) {
        double theirs;
        must(decode_libavro(events_order_schema, bodies, count, &theirs) == 0);
        const double ours = decode_ours(bodies, count);
        times[0][round] = theirs;
        times[1][round] = ours;
        times[2][round] = theirs / ours;
        printf("  libavro %.0f ns, ours %.0f ns\n", theirs, ours);
    }
    char texts[3][64];
    snprintf(texts[0], sizeof(texts[0]), "%.0f ns", report_median(times[0], rounds));
    snprintf(texts[1], sizeof(texts[1]), "%.0f ns", report_median(times[1], rounds));
    snprintf(texts[2], sizeof(texts[2]), "%.1f x", report_median(times[2], rounds));
    report_row("order decode", texts[1], texts[0], texts[2], "8 x", "15 x");
    free(ends);
    free(bodies);
    buf_release(&all);
    return 0;
}
