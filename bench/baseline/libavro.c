/* libavro.c -- libavro's generic reader over the same bodies: the yardstick for decoding. */
#include <avro.h>

#include <stdint.h>
#include <string.h>
#include <time.h>

struct str {
    const char *data;
    size_t size;
};

int decode_libavro(const char *schema, const struct str *bodies, uint64_t count, double *ret_ns);

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* One value is reused, libavro's quickest way. */
int decode_libavro(const char *schema, const struct str *bodies, uint64_t count, double *ret_ns)
{
    avro_schema_t parsed;
    avro_value_t value;
    if (avro_schema_from_json_length(schema, strlen(schema), &parsed))
        return 1;
    avro_value_iface_t *class = avro_generic_class_from_schema(parsed);
    avro_generic_value_new(class, &value);
    avro_reader_t reader = avro_reader_memory(bodies[0].data, (int64_t)bodies[0].size);
    const double begin = cpu_ns();
    for (uint64_t i = 0; i < count; i++) {
        avro_reader_memory_set_source(reader, bodies[i].data, (int64_t)bodies[i].size);
        avro_value_reset(&value);
        if (avro_value_read(reader, &value))
            return 1;
    }
    *ret_ns = (cpu_ns() - begin) / (double)count;
    avro_reader_free(reader);
    avro_value_decref(&value);
    avro_value_iface_decref(class);
    avro_schema_decref(parsed);
    return 0;
}
