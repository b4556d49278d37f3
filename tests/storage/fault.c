/* Makes the k-th call of one kind on a file below FAULT_ROOT fail, once, when it is told to. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static char armed[16];
static int countdown, error_number, hits;

void fault_arm(const char *call, int k, int error) {
    strncpy(armed, call, sizeof armed - 1);
    countdown = k;
    error_number = error;
    hits = 0;
}

int fault_hits(void) { return hits; }

static int ours(int fd) {
    char link[32], path[4096];
    const char *root = getenv("FAULT_ROOT");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0 || root == NULL) return 0;
    path[length] = 0;
    return strncmp(path, root, strlen(root)) == 0;
}

static int strikes(const char *call) {
    if (strcmp(call, armed) != 0 || countdown <= 0 || --countdown > 0) return 0;
    hits++;
    errno = error_number;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t size) {
    if (armed[0] && ours(fd) && strikes("write")) return -1;
    return REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    if (armed[0] && ours(fd) && strikes("pwrite")) return -1;
    return REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    if (armed[0] && ours(fd) && strikes("pwrite")) return -1;
    return REAL(pwrite64)(fd, data, size, at);
}
int fsync(int fd) {
    if (armed[0] && ours(fd) && strikes("fsync")) return -1;
    return REAL(fsync)(fd);
}
int fdatasync(int fd) {
    if (armed[0] && ours(fd) && strikes("fsync")) return -1;
    return REAL(fdatasync)(fd);
}
int ftruncate(int fd, off_t size) {
    if (armed[0] && ours(fd) && strikes("ftruncate")) return -1;
    return REAL(ftruncate)(fd, size);
}
int link(const char *from, const char *to) {
    if (armed[0] && strikes("link")) return -1;
    return REAL(link)(from, to);
}
int rename(const char *from, const char *to) {
    if (armed[0] && strikes("rename")) return -1;
    return REAL(rename)(from, to);
}
int mkdir(const char *path, mode_t mode) {
    if (armed[0] && strikes("mkdir")) return -1;
    return REAL(mkdir)(path, mode);
}
