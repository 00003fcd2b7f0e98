/* decode.c -- one order from Avro, all columns, beside libavro's generic reader in the same run.
 *
 * usage: bench-decode [ORDERS [ROUNDS]] */
#include "avro/avro.h"
#include "base/clock.h"
#include "bench/events.h"

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

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
    const uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    const uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 5;
    double ratios[64];
    struct random random = {42};
    struct buf all = {0};
    struct str *bodies = calloc(count, sizeof(*bodies));
    size_t *ends = calloc(count, sizeof(*ends));
    must(bodies != NULL);
    must(ends != NULL);
    must(rounds > 0 && rounds <= 64);
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
        ratios[round] = theirs / ours;
        printf("  libavro %.0f ns, ours %.0f ns: %.1f times faster\n", theirs, ours, ratios[round]);
    }
    qsort(ratios, rounds, sizeof(ratios[0]), compare_doubles);
    printf("decode: %.1f times faster than libavro (median of %llu)\n", ratios[rounds / 2],
           (unsigned long long)rounds);
    free(ends);
    free(bodies);
    buf_release(&all);
    return 0;
}
