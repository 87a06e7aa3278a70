/* A disk that fails: the reads of one file, counted over the whole life of a process.

   EIO_FILE   the file, by the end of its name
   EIO_FROM   the first read that fails, counted from 0 in each process
   EIO_TIMES  how many fail; -1: all that follow
   EIO_ERRNO  with what
   EIO_LOG    a file that gets one byte for each read of the file: `!` where it failed, else `.`

   Preloaded into a command by test_read_errors.py. A map (mmap) is no read, and is not seen. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

/* Whether a descriptor is open on the file: asked of the system, so copies of descriptors count. */
static int is_ours(int descriptor) {
    static const char *file;
    static size_t length;
    char link[64], path[PATH_MAX];
    if (!file) {
        file = getenv("EIO_FILE") ? getenv("EIO_FILE") : "";
        length = strlen(file);
    }
    if (!length || descriptor < 3) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t size = readlink(link, path, sizeof path);
    return size >= (ssize_t)length && !memcmp(path + size - length, file, length);
}

static int fails(int descriptor) {
    static long seen;
    if (!is_ours(descriptor)) return 0;
    long place = __atomic_fetch_add(&seen, 1, __ATOMIC_SEQ_CST);
    long from = number("EIO_FROM", LONG_MAX), times = number("EIO_TIMES", -1);
    int failing = place >= from && (times < 0 || place < from + times);
    const char *log = getenv("EIO_LOG");
    if (log) {
        int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
        ssize_t (*put)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        int out = real(log, O_WRONLY | O_APPEND | O_CREAT, 0644);
        if (out >= 0 && put(out, failing ? "!" : ".", 1) == 1) close(out);
    }
    if (!failing) return 0;
    errno = (int)number("EIO_ERRNO", EIO);
    return 1;
}

#define FAILING(name, parameters, arguments)                     \
    ssize_t name parameters {                                    \
        static ssize_t(*real) parameters;                        \
        if (!real) real = dlsym(RTLD_NEXT, #name);               \
        return fails(descriptor) ? -1 : real arguments;          \
    }

FAILING(read, (int descriptor, void *data, size_t size), (descriptor, data, size))
FAILING(readv, (int descriptor, const struct iovec *parts, int count), (descriptor, parts, count))
FAILING(pread, (int descriptor, void *data, size_t size, off_t place), (descriptor, data, size, place))
FAILING(pread64, (int descriptor, void *data, size_t size, off64_t place), (descriptor, data, size, place))
FAILING(preadv, (int descriptor, const struct iovec *parts, int count, off_t place),
        (descriptor, parts, count, place))
FAILING(preadv64, (int descriptor, const struct iovec *parts, int count, off64_t place),
        (descriptor, parts, count, place))
