/* Preloaded into a process: of all reads of files whose name ends in FAIL_NAME, number FAIL_AT (from 1)
   fails with EIO, as a disk or a network file system does now and then. All other calls pass through. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long seen;

static int fails(int fd) {
    const char *name = getenv("FAIL_NAME"), *at = getenv("FAIL_AT");
    char link[32], path[4096];
    ssize_t length;
    if (name == NULL || at == NULL) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path);
    if (length < (ssize_t)strlen(name)) return 0;
    if (memcmp(path + length - strlen(name), name, strlen(name)) != 0) return 0;
    if (++seen != atol(at)) return 0;
    errno = EIO;
    return 1;
}

#define PASS(name, types, arguments)                            \
    ssize_t name types {                                        \
        static ssize_t(*real) types;                            \
        if (real == NULL) *(void **)&real = dlsym(RTLD_NEXT, #name); \
        return fails(fd) ? -1 : real arguments;                 \
    }

PASS(read, (int fd, void *to, size_t size), (fd, to, size))
PASS(readv, (int fd, const struct iovec *to, int count), (fd, to, count))
PASS(pread, (int fd, void *to, size_t size, off_t at), (fd, to, size, at))
PASS(pread64, (int fd, void *to, size_t size, off64_t at), (fd, to, size, at))
PASS(preadv, (int fd, const struct iovec *to, int count, off_t at), (fd, to, count, at))
PASS(preadv64, (int fd, const struct iovec *to, int count, off64_t at), (fd, to, count, at))
