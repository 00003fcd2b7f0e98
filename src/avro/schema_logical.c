/* schema_logical.c -- logical types in schema text, by Avro's names and by Connect's. */
#include "avro/schema_parser.h"

/* Digits that a decimal says it has: Avro's own members, else Connect's parameters as text. */
static int64_t decimal_number(const json_t *json, const char *member, const char *parameter,
                              int64_t otherwise)
{
    const json_t *own = json_object_get(json, member);
    if (json_is_integer(own))
        return json_integer_value(own);
    const json_t *text = json_object_get(json_object_get(json, "connect.parameters"), parameter);
    int64_t number;
    if (json_is_string(text) && !str_to_int64(json_text(text), &number))
        return number;
    return otherwise;
}

static void note_decimal(const json_t *json, struct avro_node *node)
{
    const int64_t precision = decimal_number(json, "precision", "connect.decimal.precision", 64);
    const int64_t scale = decimal_number(json, "scale", "scale", 0);
    const bool fits = precision > 0 && precision <= UINT8_MAX && scale >= 0 && scale <= precision &&
                      scale <= DECIMAL_PRECISION_MAX;
    if (!fits || (node->kind != AVRO_BYTES && node->kind != AVRO_FIXED))
        return;
    node->logical = AVRO_DECIMAL;
    node->precision = (uint8_t)precision;
    node->scale = (uint8_t)scale;
}

void avro_note_logical(const json_t *json, struct avro_node *node)
{
    static const struct {
        const char *avro, *connect;
        enum avro_kind kind;
        enum avro_logical logical;
    } words[] = {
        {"date", "org.apache.kafka.connect.data.Date", AVRO_INT, AVRO_DATE},
        {"time-millis", "org.apache.kafka.connect.data.Time", AVRO_INT, AVRO_TIME_MILLIS},
        {"timestamp-millis", "org.apache.kafka.connect.data.Timestamp", AVRO_LONG,
         AVRO_TIMESTAMP_MILLIS},
        {"time-micros", "", AVRO_LONG, AVRO_TIME_MICROS},
        {"timestamp-micros", "", AVRO_LONG, AVRO_TIMESTAMP_MICROS},
    };
    const json_t *avro = json_object_get(json, "logicalType");
    const json_t *connect = json_object_get(json, "connect.name");
    const struct str avro_word = json_is_string(avro) ? json_text(avro) : (struct str){0};
    const struct str connect_word = json_is_string(connect) ? json_text(connect) : (struct str){0};
    if (str_equal(avro_word, STR("decimal")) ||
        str_equal(connect_word, STR("org.apache.kafka.connect.data.Decimal"))) {
        note_decimal(json, node);
        return;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        const bool named = str_equal(avro_word, str_from(words[i].avro)) ||
                           (words[i].connect[0] && connect_word.size > 0 &&
                            str_equal(connect_word, str_from(words[i].connect)));
        if (named && node->kind == words[i].kind)
            node->logical = words[i].logical;
    }
}
