// The smallest service that can be healthy: answers every request on $PORT with 200 and the value of $SAYS; with an argument it prints that, and
// ends. Ends when it is told to: as the first process of its container it would ignore SIGTERM otherwise, and be waited for.
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void end(int number)
{
    (void)number;
    _exit(0);
}

int main(int count, char **words)
{
    (void)words;
    const char *port = getenv("PORT"), *says = getenv("SAYS");
    if (!says) says = "ok";
    if (count > 1) return puts(says) < 0;
    char reply[1024];
    const int length = snprintf(reply, sizeof reply, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%.800s",
                                strnlen(says, 800), says);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(port ? port : "8080"))};
    const int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    signal(SIGTERM, end);
    signal(SIGPIPE, SIG_IGN);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 128) != 0) return 1;
    for (;;) {
        char request[4096];
        const int client = accept(listener, NULL, NULL);
        if (client < 0) continue;
        if (read(client, request, sizeof request) > 0) (void)!write(client, reply, (size_t)length);
        shutdown(client, SHUT_WR);
        while (read(client, request, sizeof request) > 0) {}
        close(client);
    }
}
