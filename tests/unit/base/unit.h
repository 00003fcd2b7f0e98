/* unit.h -- cmocka with the headers it wants before it, and what several tests here need. */
#ifndef UNIT_BASE_UNIT_H
#define UNIT_BASE_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_str(text, literal)                                                                  \
    do {                                                                                           \
        const struct str asserted = (text);                                                        \
        assert_int_equal(asserted.size, sizeof(literal) - 1);                                      \
        assert_memory_equal(asserted.data, literal, sizeof(literal) - 1);                          \
    } while (0)

/* What the function writes to standard error in a process of its own, terminated; the process's
 * end as waitpid tells it. */
static inline int stderr_of(void (*function)(void), char *text, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        signal(SIGABRT, SIG_DFL);
        function();
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    ssize_t got = 0;
    while (used + 1 < size && (got = read(ends[0], text + used, size - used - 1)) > 0)
        used += (size_t)got;
    text[used] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#endif
