/* interrupt.c -- Ctrl-C asks the program, or what it does just now, to end. */
#include "cli/command.h"

#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int asked;
static void (*_Atomic on_interrupt)(void);

static void handle(int signal_number)
{
    (void)signal_number;
    if (atomic_fetch_add(&asked, 1) > 0)
        _exit(EXIT_INTERRUPTED);
    void (*function)(void) = atomic_load(&on_interrupt);
    if (function)
        function();
}

void interrupt_catch(void)
{
    struct sigaction action = {.sa_handler = handle};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk */
}

static void handle_each(int signal_number)
{
    (void)signal_number;
    atomic_store(&asked, 1);
}

void interrupt_catch_each(void)
{
    struct sigaction action = {.sa_handler = handle_each};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

void interrupt_forget(void)
{
    atomic_store(&asked, 0);
}

bool interrupt_wanted(void)
{
    return atomic_load(&asked) > 0;
}

void interrupt_on(void (*function)(void))
{
    atomic_store(&on_interrupt, function);
}
