/* notify.c -- tells the service manager that started the program how it goes: sd_notify(3)'s
 * protocol, a datagram of "NAME=value" lines to the socket that $NOTIFY_SOCKET names. */
#include "cli/command.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void notify_manager(const char *news)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (!path || !strchr("/@", path[0]) || strlen(path) >= sizeof(address.sun_path))
        return;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@') /* a name, not a file */
        address.sun_path[0] = '\0';
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
    /* Nobody to tell is no failure of ours. */
    (void)sendto(fd, news, strlen(news), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
    close(fd);
}
