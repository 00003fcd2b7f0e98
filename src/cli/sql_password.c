/* sql_password.c -- asks who sits at the terminal for a password, without showing it. */
#include "cli/sql_password.h"

#include <errno.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#define PASSWORD_BYTES_MAX 1024

/* One line, without its end. */
static enum err read_line(struct buf *line, struct why *why)
{
    char byte;
    for (;;) {
        const ssize_t got = read(STDIN_FILENO, &byte, 1);
        if (got < 0 && errno == EINTR && !sql_is_interrupted())
            continue;
        if (got <= 0)
            return why_set(why, ERR_CLOSED, "no password was given");
        if (byte == '\n')
            return OK;
        if (line->size == PASSWORD_BYTES_MAX)
            return why_set(why, ERR_LIMIT, "a password is at most %d bytes", PASSWORD_BYTES_MAX);
        buf_append_byte(line, (uint8_t)byte);
    }
}

enum err sql_password_ask(struct str user, struct arena *arena, struct str *ret_password,
                          struct why *why)
{
    struct termios shown, hidden;
    struct buf line = {0};
    if (tcgetattr(STDIN_FILENO, &shown) != 0)
        return why_set(why, ERR_IO, "the terminal cannot be asked for a password");
    hidden = shown;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    /* Hidden before it is asked for: who types ahead is not shown either. */
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    fprintf(stderr, "password of %.*s: ", STR_ARGS(user));
    fflush(stderr);
    const enum err err = read_line(&line, why);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
    fprintf(stderr, "\n");
    if (err == OK)
        *ret_password = arena_str(arena, buf_str(&line));
    buf_release(&line);
    return err;
}
