/* sql_history.c -- what was typed, kept in a file. */
#include "cli/sql_history.h"

#include "base/buf.h"
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (64 << 20)

const char *sql_history_path(struct arena *arena)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    struct str directory;
    if (state && state[0] == '/')
        directory = arena_printf(arena, "%s/drivethru", state);
    else if (home && home[0] == '/')
        directory = arena_printf(arena, "%s/.local/state/drivethru", home);
    else
        return NULL;
    if (file_make_directory(directory.data, NULL) != OK)
        return NULL;
    return arena_printf(arena, "%s/sql_history", directory.data).data;
}

static void append_entry(struct buf *buf, struct str entry)
{
    for (size_t i = 0; i < entry.size; i++) {
        if (entry.data[i] == '\n')
            buf_append_str(buf, STR("\\n"));
        else if (entry.data[i] == '\\')
            buf_append_str(buf, STR("\\\\"));
        else
            buf_append_byte(buf, (uint8_t)entry.data[i]);
    }
    buf_append_byte(buf, '\n');
}

static struct str read_entry(struct str line, struct arena *arena)
{
    char *text = arena_alloc(arena, line.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < line.size; i++) {
        const bool is_escape = line.data[i] == '\\' && i + 1 < line.size;
        if (is_escape)
            i++;
        text[size++] = is_escape && line.data[i] == 'n' ? '\n' : line.data[i];
    }
    text[size] = '\0';
    return (struct str){text, size};
}

/* Appends to the file, or makes a new one; only its owner reads it. */
static void write_file(const char *path, int flags, struct str text)
{
    const int file =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | flags, S_IRUSR | S_IWUSR);
    if (file < 0)
        return;
    /* Without its owner's rights alone on the file, nothing is kept in it. */
    if (fchmod(file, S_IRUSR | S_IWUSR) == 0) {
        const ssize_t written = write(file, text.data, text.size);
        (void)written;
    }
    close(file);
}

static void rewrite(const char *path, const struct str *entries, uint32_t count,
                    struct arena *arena)
{
    struct buf text = {0};
    const char *fresh = arena_printf(arena, "%s.%d", path, (int)getpid()).data;
    for (uint32_t i = 0; i < count; i++)
        append_entry(&text, entries[i]);
    write_file(fresh, O_TRUNC, buf_str(&text));
    if (rename(fresh, path) != 0)
        unlink(fresh);
    buf_release(&text);
}

void sql_history_load(const char *path, struct arena *arena, struct str **ret_entries,
                      uint32_t *ret_count)
{
    struct str text = {0};
    struct str *entries = ARENA_ARRAY(arena, struct str, SQL_HISTORY_ENTRIES_MAX);
    uint32_t lines = 0;
    uint32_t count = 0;
    if (file_read(path, FILE_BYTES_MAX, arena, &text, NULL) != OK)
        text = (struct str){0};
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    for (uint32_t n = 0; n < lines; n++) {
        const struct str line = {text.data, str_index(text, '\n')};
        text = (struct str){text.data + line.size + 1, text.size - line.size - 1};
        if (n + SQL_HISTORY_ENTRIES_MAX >= lines)
            entries[count++] = read_entry(line, arena);
    }
    if (lines > 2 * SQL_HISTORY_ENTRIES_MAX)
        rewrite(path, entries, count, arena);
    *ret_entries = entries;
    *ret_count = count;
}

void sql_history_append(const char *path, struct str entry)
{
    struct buf line = {0};
    if (entry.size > SQL_HISTORY_ENTRY_BYTES_MAX)
        return;
    append_entry(&line, entry);
    write_file(path, O_APPEND, buf_str(&line));
    buf_release(&line);
}
