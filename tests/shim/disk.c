/* A disk with faults, preloaded into a process: calls on files under TELECARE_DISK_UNDER behave as the
 * first word of the file TELECARE_DISK_CONTROL says at that moment. All other files are left alone.
 *
 *   ok         as without us
 *   nosync     a sync says it succeeded and is not done
 *   slow N     a sync takes N milliseconds longer
 *   eio        a sync fails with EIO
 *   full       a write that would make a file longer fails with ENOSPC
 *   readonly   every write, and every opening for writing, fails with EROFS
 *   stuck      a write never comes back, as with a driver that hangs
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

enum mode { OK, NOSYNC, SLOW, EIO_ON_SYNC, FULL, READONLY, STUCK };

static enum mode mode_now(long *argument) {
    static const char *const words[] = {"ok", "nosync", "slow", "eio", "full", "readonly", "stuck"};
    __typeof__(&open) real_open = (__typeof__(&open))dlsym(RTLD_NEXT, "open");
    const char *control = getenv("TELECARE_DISK_CONTROL");
    char text[64] = "", word[16] = "";
    int fd = control ? real_open(control, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return OK;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    *argument = 0;
    if (length <= 0 || sscanf(text, "%15s %ld", word, argument) < 1) return OK;
    for (int i = 0; i < 7; i++)
        if (strcmp(word, words[i]) == 0) return (enum mode)i;
    return OK;
}

static int is_under(const char *path) {
    const char *under = getenv("TELECARE_DISK_UNDER");
    return under && *under && strncmp(path, under, strlen(under)) == 0;
}

static int is_ours(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_under(path);
}

/* What a sync is to do: 1 = go on and do it, 0 = say it was done, -1 = fail with errno set. */
static int before_sync(int fd) {
    int saved = errno;
    long milliseconds = 0;
    enum mode mode = is_ours(fd) ? mode_now(&milliseconds) : OK;
    errno = saved;
    if (mode == NOSYNC) return 0;
    if (mode == EIO_ON_SYNC) {
        errno = EIO;
        return -1;
    }
    if (mode == SLOW) {
        struct timespec wait = {milliseconds / 1000, (milliseconds % 1000) * 1000000};
        nanosleep(&wait, NULL);
    }
    return 1;
}

/* Whether a write up to `end` bytes of the file may go on; if not, errno is set. */
static int may_write(int fd, off_t end) {
    int saved = errno;
    long unused;
    enum mode mode = is_ours(fd) ? mode_now(&unused) : OK;
    struct stat file;
    errno = saved;
    if (mode == STUCK)
        for (;;) pause();
    if (mode == READONLY) {
        errno = EROFS;
        return 0;
    }
    if (mode == FULL && fstat(fd, &file) == 0 && end > file.st_size) {
        errno = ENOSPC;
        return 0;
    }
    return 1;
}

static off_t end_here(int fd, size_t count) {
    off_t at = lseek(fd, 0, SEEK_CUR);
    return at < 0 ? 0 : at + (off_t)count;
}

static size_t total(const struct iovec *parts, int count) {
    size_t bytes = 0;
    for (int i = 0; i < count; i++) bytes += parts[i].iov_len;
    return bytes;
}

int fsync(int fd) {
    REAL(fsync);
    int go_on = before_sync(fd);
    return go_on == 1 ? real(fd) : go_on;
}

int fdatasync(int fd) {
    REAL(fdatasync);
    int go_on = before_sync(fd);
    return go_on == 1 ? real(fd) : go_on;
}

ssize_t write(int fd, const void *bytes, size_t count) {
    REAL(write);
    return !may_write(fd, end_here(fd, count)) ? -1 : real(fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    return !may_write(fd, end_here(fd, total(parts, count))) ? -1 : real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    REAL(pwrite);
    return !may_write(fd, at + (off_t)count) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    REAL(pwrite64);
    return !may_write(fd, at + (off_t)count) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(pwritev);
    return !may_write(fd, at + (off_t)total(parts, count)) ? -1 : real(fd, parts, count, at);
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return !may_write(fd, length) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    return !may_write(fd, length) ? -1 : real(fd, length);
}

int posix_fallocate(int fd, off_t at, off_t length) {
    REAL(posix_fallocate);
    return !may_write(fd, at + length) ? errno : real(fd, at, length);
}

int posix_fallocate64(int fd, off64_t at, off64_t length) {
    REAL(posix_fallocate64);
    return !may_write(fd, at + length) ? errno : real(fd, at, length);
}

static int may_open(const char *path, int flags) {
    long unused;
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) && is_under(path) && mode_now(&unused) == READONLY) {
        errno = EROFS;
        return 0;
    }
    return 1;
}

#define PERMISSIONS(flags, last)                              \
    mode_t permissions = 0;                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                    \
        va_list rest;                                         \
        va_start(rest, last);                                 \
        permissions = va_arg(rest, mode_t);                   \
        va_end(rest);                                         \
    }

int open(const char *path, int flags, ...) {
    REAL(open);
    PERMISSIONS(flags, flags)
    return may_open(path, flags) ? real(path, flags, permissions) : -1;
}

int open64(const char *path, int flags, ...) {
    REAL(open64);
    PERMISSIONS(flags, flags)
    return may_open(path, flags) ? real(path, flags, permissions) : -1;
}

int openat(int directory, const char *path, int flags, ...) {
    REAL(openat);
    PERMISSIONS(flags, flags)
    return may_open(path, flags) ? real(directory, path, flags, permissions) : -1;
}
