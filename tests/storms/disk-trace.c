// Records every change below DISK_TRACE_ROOT into DISK_TRACE_FILE, in order, with the marks of what
// was synced. Loaded with LD_PRELOAD; tests/storms/trace.ts reads the records. One lock around call
// and record keeps the order of the trace that of the disk. What is not recorded (mmap,
// copy_file_range) counts as never having reached it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, MAKE_FOLDER, RENAME, UNLINK, REMOVE_FOLDER };

typedef struct {
  uint32_t kind, flags;
  uint64_t inode, offset, length;
} Record;

#define DESCRIPTORS 65536
// 0: not ours; 1: below the root; 2: opened with O_DSYNC or O_SYNC too.
static unsigned char ours[DESCRIPTORS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int trace = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int is_below(const char *path) {
  const char *root = getenv("DISK_TRACE_ROOT");
  size_t length = root ? strlen(root) : 0;
  return length > 0 && path && strncmp(path, root, length) == 0 && path[length] == '/';
}

static void put(uint32_t kind, uint32_t flags, uint64_t inode, uint64_t offset,
                const void *bytes, uint64_t length) {
  if (trace < 0) {
    const char *path = getenv("DISK_TRACE_FILE");
    trace = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  }
  Record record = {kind, flags, inode, offset, length};
  struct iovec parts[2] = {{&record, sizeof record}, {(void *)bytes, bytes ? length : 0}};
  int error = errno;
  if (syscall(SYS_writev, trace, parts, 2) < 0) abort();
  errno = error;
}

static uint64_t inode_of(int fd) {
  struct stat found;
  return fstat(fd, &found) == 0 ? found.st_ino : 0;
}

// Closing is not seen (libuv calls the kernel itself): the number may be that of a pipe by now.
static int tracks(int fd) {
  struct stat found;
  if (fd < 0 || fd >= DESCRIPTORS || !ours[fd] || fstat(fd, &found) != 0) return 0;
  return S_ISREG(found.st_mode) || S_ISDIR(found.st_mode);
}

// Where a plain write goes: the position of the descriptor, or the end of a file that only grows.
static uint64_t position(int fd) {
  struct stat found;
  if (fcntl(fd, F_GETFL) & O_APPEND) return fstat(fd, &found) == 0 ? found.st_size : 0;
  return lseek(fd, 0, SEEK_CUR);
}

static void put_parts(int fd, uint64_t offset, const struct iovec *parts, int count, ssize_t done) {
  uint64_t inode = inode_of(fd);
  for (int index = 0; index < count && done > 0; index++) {
    uint64_t length = parts[index].iov_len < (size_t)done ? parts[index].iov_len : (size_t)done;
    put(WRITE, ours[fd] == 2, inode, offset, parts[index].iov_base, length);
    offset += length;
    done -= length;
  }
}

#define WRITING(call, at, parts, count)                  \
  if (!tracks(fd)) return call;                          \
  pthread_mutex_lock(&lock);                             \
  uint64_t offset_before = at;                           \
  ssize_t done = call;                                   \
  put_parts(fd, offset_before, parts, count, done);      \
  pthread_mutex_unlock(&lock);                           \
  return done;

ssize_t write(int fd, const void *bytes, size_t length) {
  struct iovec part = {(void *)bytes, length};
  WRITING(REAL(write)(fd, bytes, length), position(fd), &part, 1)
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
  WRITING(REAL(writev)(fd, parts, count), position(fd), parts, count)
}
ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset) {
  struct iovec part = {(void *)bytes, length};
  WRITING(REAL(pwrite64)(fd, bytes, length, offset), offset, &part, 1)
}
ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset) {
  return pwrite64(fd, bytes, length, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
  WRITING(REAL(pwritev64)(fd, parts, count, offset), offset, parts, count)
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
  return pwritev64(fd, parts, count, offset);
}

int ftruncate64(int fd, off64_t length) {
  if (!tracks(fd)) return REAL(ftruncate64)(fd, length);
  pthread_mutex_lock(&lock);
  int result = REAL(ftruncate64)(fd, length);
  if (result == 0) put(TRUNCATE, 0, inode_of(fd), length, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

// DISK_TRACE_LIES: the disk says that it has written and has not; a real sync is spared too.
static int sync_with(int fd, int (*real)(int)) {
  if (!tracks(fd)) return real(fd);
  pthread_mutex_lock(&lock);
  int lies = getenv("DISK_TRACE_LIES") != 0;
  int result = lies ? 0 : real(fd);
  if (result == 0 && !lies) put(SYNC, 0, inode_of(fd), 0, 0, 0);
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) { return sync_with(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_with(fd, REAL(fdatasync)); }

static int open_with(int folder, const char *path, int flags, mode_t mode) {
  int below = is_below(path);
  if (!below) {
    int fd = syscall(SYS_openat, folder, path, flags, mode);
    if (fd >= 0 && fd < DESCRIPTORS) ours[fd] = 0;
    return fd;
  }
  pthread_mutex_lock(&lock);
  struct stat before;
  int existed = stat(path, &before) == 0;
  int fd = syscall(SYS_openat, folder, path, flags, mode);
  if (fd >= 0 && fd < DESCRIPTORS) {
    int synced = (flags & (O_DSYNC | O_SYNC)) && !getenv("DISK_TRACE_LIES");
    ours[fd] = synced ? 2 : 1;
    uint64_t inode = inode_of(fd);
    if (!existed) put(CREATE, 0, inode, 0, path, strlen(path));
    else if ((flags & O_TRUNC) && before.st_size > 0) put(TRUNCATE, 0, inode, 0, 0, 0);
  }
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE(flags)                             \
  mode_t mode = 0;                              \
  if (flags & (O_CREAT | O_TMPFILE)) {          \
    va_list rest;                               \
    va_start(rest, flags);                      \
    mode = va_arg(rest, mode_t);                \
    va_end(rest);                               \
  }
int open64(const char *path, int flags, ...) {
  MODE(flags)
  return open_with(AT_FDCWD, path, flags, mode);
}
int open(const char *path, int flags, ...) {
  MODE(flags)
  return open_with(AT_FDCWD, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags)
  return open_with(folder, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
  MODE(flags)
  return open_with(folder, path, flags, mode);
}

static void put_path(uint32_t kind, const char *path) { put(kind, 0, 0, 0, path, strlen(path)); }

int mkdir(const char *path, mode_t mode) {
  pthread_mutex_lock(&lock);
  int result = REAL(mkdir)(path, mode);
  struct stat made;
  if (result == 0 && is_below(path) && stat(path, &made) == 0)
    put(MAKE_FOLDER, 0, made.st_ino, 0, path, strlen(path));
  pthread_mutex_unlock(&lock);
  return result;
}
int rename(const char *from, const char *to) {
  pthread_mutex_lock(&lock);
  int result = REAL(rename)(from, to);
  if (result == 0 && is_below(to)) {
    char both[8192] = {0};
    size_t length = strlen(from);
    memcpy(both, from, length);
    strcpy(both + length + 1, to);
    put(RENAME, 0, 0, 0, both, length + 1 + strlen(to));
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int unlink(const char *path) {
  pthread_mutex_lock(&lock);
  int result = REAL(unlink)(path);
  if (result == 0 && is_below(path)) put_path(UNLINK, path);
  pthread_mutex_unlock(&lock);
  return result;
}
int rmdir(const char *path) {
  pthread_mutex_lock(&lock);
  int result = REAL(rmdir)(path);
  if (result == 0 && is_below(path)) put_path(REMOVE_FOLDER, path);
  pthread_mutex_unlock(&lock);
  return result;
}
