/* function_table.c -- all functions there are, topic by topic, and how they are found. */
#include "functions/function.h"

#include <pthread.h>

#define FUNCTIONS_MAX 256
#define OVERLOADS_MAX 1024

static const struct function_topic *const topics[] = {
    &functions_array,       &functions_average,    &functions_bytes,        &functions_collect,
    &functions_conditional, &functions_conversion, &functions_count,        &functions_date,
    &functions_distinct,    &functions_json,       &functions_lambda,       &functions_map,
    &functions_mask,        &functions_math,       &functions_offset,       &functions_regex,
    &functions_rounding,    &functions_set,        &functions_string,       &functions_table,
    &functions_text_search, &functions_timestamp,  &functions_trigonometry, &functions_url,
};

/* What users see, sorted by name; made once from the topics. */
static struct {
    const struct function_entry *entries[FUNCTIONS_MAX];
    struct function_info infos[FUNCTIONS_MAX];
    const char *signatures[OVERLOADS_MAX];
    struct str names[FUNCTIONS_MAX];
    uint32_t count;
} table;

static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void table_make(void);
static int compare_entries(const void *a, const void *b);

const struct function_info *function_find(struct str name)
{
    pthread_once(&table_once, table_make);
    for (uint32_t i = 0; i < table.count; i++)
        if (str_equal_nocase(table.names[i], name))
            return &table.infos[i];
    return NULL;
}

uint32_t function_count(void)
{
    pthread_once(&table_once, table_make);
    return table.count;
}

const struct function_info *function_at(uint32_t index)
{
    pthread_once(&table_once, table_make);
    must(index < table.count);
    return &table.infos[index];
}

struct str function_nearest(struct str name)
{
    pthread_once(&table_once, table_make);
    return str_nearest(name, table.names, table.count);
}

const char *function_kind_name(enum function_kind kind)
{
    static const char *const names[] = {"SCALAR", "AGGREGATE", "TABLE"};
    must(kind <= FUNCTION_TABLE);
    return names[kind];
}

const struct function_entry *function_entry_find(struct str name)
{
    const struct function_info *info = function_find(name);
    return info ? table.entries[info - table.infos] : NULL;
}

static void table_make(void)
{
    uint32_t signature_count = 0;
    for (size_t t = 0; t < sizeof(topics) / sizeof(*topics); t++)
        for (uint32_t i = 0; i < topics[t]->entry_count; i++) {
            must(table.count < FUNCTIONS_MAX);
            table.entries[table.count++] = &topics[t]->entries[i];
        }
    qsort(table.entries, table.count, sizeof(*table.entries), compare_entries);
    for (uint32_t i = 0; i < table.count; i++) {
        const struct function_entry *entry = table.entries[i];
        table.names[i] = str_from(entry->name);
        table.infos[i] = (struct function_info){
            .name = table.names[i],
            .kind = entry->kind,
            .doc = entry->doc,
            .signatures = &table.signatures[signature_count],
            .signature_count = entry->overload_count,
        };
        must(signature_count + entry->overload_count <= OVERLOADS_MAX);
        for (uint32_t k = 0; k < entry->overload_count; k++)
            table.signatures[signature_count++] = entry->overloads[k].signature;
    }
}

static int compare_entries(const void *a, const void *b)
{
    return strcmp((*(const struct function_entry *const *)a)->name,
                  (*(const struct function_entry *const *)b)->name);
}
