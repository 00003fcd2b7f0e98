/* log_tasks.c -- the stored value of positions and marks, and a stored batch, on any bytes. */
#include "log/embedded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte is the size of the name looked for, the name follows, then the value. */
static void find_task(struct str input)
{
    const size_t name_size = (uint8_t)input.data[0] < input.size ? (uint8_t)input.data[0] : 0;
    const struct str name = {input.data + 1, name_size};
    const struct str value = {input.data + 1 + name_size, input.size - 1 - name_size};
    struct task_view view;
    const enum err err = task_value_find(value, name, &view);
    must(err == OK || err == ERR_NOT_FOUND || err == ERR_CORRUPT);
    if (err)
        return;
    must(str_equal(view.name, name));
    static volatile uint64_t sum; /* so that all of it is read */
    for (size_t i = 0; i < view.marks.size; i++)
        sum += (uint8_t)view.marks.data[i];
    for (uint32_t i = 0; i < view.position_count; i++)
        sum += (uint64_t)task_view_position(&view, i).next_offset;
    (void)sum;
}

static void check_batch(struct str input)
{
    struct record_batch_info info;
    struct str value;
    if (input.size < sizeof(uint64_t))
        return;
    const struct str key = {input.data, sizeof(uint64_t)};
    value = (struct str){input.data + key.size, input.size - key.size};
    const enum err err = batch_check(key, value, &info, NULL);
    must(err == OK || err == ERR_CORRUPT || err == ERR_UNSUPPORTED || err == ERR_LIMIT);
    must(err != OK || (info.size == value.size && info.last_offset >= info.base_offset));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {(const char *)data, size};
    if (size > 0) {
        find_task(input);
        check_batch(input);
    }
    return 0;
}
