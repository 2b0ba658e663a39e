/* What a healthy HTTP probe costs at the very least: connect, one GET, one read, and whether the status is 2xx. No deadline,
 * no limits, no words, no checks. For comparison alone. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int count, char **arguments) {
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    char answer[2048];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(count > 1 ? atoi(arguments[1]) : 0)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) _exit(1);
    if (send(connection, request, sizeof request - 1, 0) < 0) _exit(1);
    ssize_t length = recv(connection, answer, sizeof answer, 0);
    _exit(length > 12 && memcmp(answer, "HTTP/1.1 2", 10) == 0 ? 0 : 1);
}
