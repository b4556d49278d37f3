/* Phones that fetch: each request of a file on a connection of its own, from an address of its own.

   fetcher PORT FILE AT_ONCE RATE: with RATE 0 the next begins when one ends; else RATE of them begin each second, whatever
   became of those before, and a wait counts from when one should have begun. FILE: for each request its length, itself,
   the length of what its answer must hold, that. Prints: answers, wrong ones, seconds, and p50, p99, longest in us. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 1 << 20, ROOM = 1 << 16, SLOTS = 20000, EVENTS = 256 };

struct request { char *text, *expected; uint32_t length, expected_length; };
struct phone { int fd, sent, number, received; double begun; char *room; };

static struct request requests[MOST];
static struct phone phones[SLOTS];
static double took[MOST];
static int free_slots[SLOTS], free_count, polled, total, done, wrong;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static int smaller(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint32_t length;
    if (!file) exit(2);
    while (total < MOST && fread(&length, 4, 1, file) == 1) {
        struct request *one = &requests[total++];
        one->length = length;
        one->text = malloc(length + 1);
        if (fread(one->text, 1, length, file) != length || fread(&length, 4, 1, file) != 1) exit(2);
        one->expected_length = length;
        one->expected = malloc(length + 1);
        if (fread(one->expected, 1, length, file) != length) exit(2);
    }
    fclose(file);
}

static void end(struct phone *phone, int right)
{
    took[done++] = (now() - phone->begun) * 1e6;
    wrong += !right;
    close(phone->fd);
    free_slots[free_count++] = phone - phones;
}

static void begin(int number, int port, double at)
{
    struct phone *phone = &phones[free_slots[--free_count]];
    struct sockaddr_in own = {.sin_family = AF_INET}, server = {.sin_family = AF_INET};
    int on = 1;
    phone->begun = at, phone->number = number, phone->sent = phone->received = 0;
    phone->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (phone->fd < 0) { perror("socket"); exit(3); }
    if (!phone->room) phone->room = malloc(ROOM);
    own.sin_addr.s_addr = htonl(0x7f010000u + number % 60000 + 1);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK), server.sin_port = htons(port);
    setsockopt(phone->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(phone->fd, (void *)&own, sizeof own)) perror("bind");
    if (connect(phone->fd, (void *)&server, sizeof server) && errno != EINPROGRESS) { end(phone, 0); return; }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = phone};
    epoll_ctl(polled, EPOLL_CTL_ADD, phone->fd, &event);
}

static void go_on(struct phone *phone)
{
    struct request *one = &requests[phone->number];
    if (!phone->sent) {
        ssize_t count = send(phone->fd, one->text, one->length, MSG_NOSIGNAL);
        if (count < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
        if (count != one->length) { end(phone, 0); return; }
        phone->sent = 1;
    }
    for (;;) {
        ssize_t count = recv(phone->fd, phone->room + phone->received, ROOM - phone->received, 0);
        if (count < 0 && errno == EAGAIN) return;
        if (count > 0 && (phone->received += count) < ROOM) continue;
        end(phone, count == 0 && phone->received > 12 && !memcmp(phone->room + 8, " 200", 4) &&
                   memmem(phone->room, phone->received, one->expected, one->expected_length));
        return;
    }
}

int main(int count, char **words)
{
    if (count != 5) return 1;
    int port = atoi(words[1]), at_once = atoi(words[3]), next = 0;
    double rate = atof(words[4]);
    struct rlimit limit;
    struct epoll_event events[EVENTS];
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    load(words[2]);
    polled = epoll_create1(0);
    for (int slot = 0; slot < SLOTS; slot++) free_slots[free_count++] = slot;
    double started = now();
    while (done < total && now() - started < 120) {
        int wait_ms = 1000;
        while (next < total && free_count) {
            double due = rate > 0 ? started + next / rate : now();
            if (rate > 0 ? due > now() : next - done >= at_once) {
                /* It may be due by now: never less than 0, which would be to wait without end. */
                wait_ms = rate <= 0 ? 1000 : due > now() ? (int)((due - now()) * 1000) : 0;
                if (wait_ms < 0) wait_ms = 0;
                break;
            }
            begin(next++, port, due);
        }
        int found = epoll_wait(polled, events, EVENTS, wait_ms);
        for (int i = 0; i < found; i++) go_on(events[i].data.ptr);
    }
    double wall = now() - started;
    wrong += total - done;
    qsort(took, done, sizeof *took, smaller);
    printf("%d %d %.6f %.1f %.1f %.1f\n", total, wrong, wall, done ? took[done / 2] : 0,
           done ? took[(int)(done * 0.99)] : 0, done ? took[done - 1] : 0);
    return 0;
}
