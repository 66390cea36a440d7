// Does one thing that a directive may forbid, and says how it went in one line: `OK DETAIL` or `ERRNO DETAIL`.
//
// Linked statically and in need of no file, so that it runs under any root directory. It is meant to be run as root
// in a machine that is thrown away.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// systemd hands these out to services with DynamicUser=yes.
enum { DYNAMIC_FIRST = 61184, DYNAMIC_LAST = 65519 };

static void answer(long result, const char *detail)
{
    printf("%s %s\n", result < 0 ? strerrorname_np(errno) : "OK", detail);
}

static void answer_number(long number)
{
    char text[32];
    snprintf(text, sizeof text, "%ld", number);
    answer(number < 0 ? -1 : 0, number < 0 ? "" : text);
}

static const char *user(uid_t uid)
{
    static char text[32];
    if (uid >= DYNAMIC_FIRST && uid <= DYNAMIC_LAST)
        return "dynamic";
    snprintf(text, sizeof text, "%u", uid);
    return text;
}

static void answer_stat(const char *path)
{
    struct stat it;
    char text[64] = "";
    int result = stat(path, &it);
    if (result == 0)
        snprintf(text, sizeof text, "uid=%s mode=%o", user(it.st_uid), it.st_mode & 07777);
    answer(result, text);
}

static void answer_contents(const char *path)
{
    char text[512];
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (size < 0) {
        answer(-1, path);
        return;
    }
    for (ssize_t i = 0; i < size; i++)
        if (text[i] == '\n' || text[i] == '\t' || text[i] == 0)
            text[i] = ' ';
    text[size] = 0;
    answer(0, text);
}

static void do_true(char **args) { (void)args; answer(0, ""); }

// ---- files ----

static void do_read(char **args) { answer_contents(args[0]); }
static void do_stat(char **args) { answer_stat(args[0]); }
static void do_open_read(char **args) { answer(open(args[0], O_RDONLY | O_NONBLOCK), args[0]); }
static void do_open_write(char **args) { answer(open(args[0], O_WRONLY | O_NONBLOCK), args[0]); }

static void do_create(char **args)
{
    int fd = open(args[0], O_CREAT | O_WRONLY, 0600);
    if (fd >= 0)
        unlink(args[0]);
    answer(fd, args[0]);
}

static void do_mkdir(char **args)
{
    int result = mkdir(args[0], 0700);
    if (result == 0)
        rmdir(args[0]);
    answer(result, args[0]);
}

static void do_mknod(char **args)
{
    int result = mknod(args[0], S_IFCHR | 0600, makedev(1, 3));
    if (result == 0)
        unlink(args[0]);
    answer(result, args[0]);
}

static void do_suid(char **args)
{
    (void)args;
    char path[] = "/tmp/suid-XXXXXX";
    int fd = mkstemp(path), result = fd < 0 ? -1 : fchmod(fd, 04755), error = errno;
    if (fd >= 0)
        unlink(path);
    errno = error;
    answer(result, "");
}

static void do_size(char **args)
{
    struct stat it;
    answer_number(stat(args[0], &it) < 0 ? -1 : it.st_size);
}

static long entries(const char *path, int numbers_only)
{
    DIR *directory = opendir(path);
    if (!directory)
        return -1;
    long count = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        if (entry->d_name[0] != '.' && (!numbers_only || strspn(entry->d_name, "0123456789")))
            count++;
    return count;
}

static void do_entries(char **args) { answer_number(entries(args[0], 0)); }
static void do_pids(char **args) { (void)args; answer_number(entries("/proc", 1)); }

// Executes a program, and tells whether the kernel let it; what the program does then is its own affair.
static void do_exec(char **args)
{
    int sync[2], error = 0;
    if (pipe2(sync, O_CLOEXEC) < 0) {
        answer(-1, "pipe");
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        dup2(sync[1], 1);
        fcntl(1, F_SETFD, FD_CLOEXEC);
        fcntl(2, F_SETFD, FD_CLOEXEC);
        execl(args[0], args[0], "-c", "exit", NULL);
        error = errno;
        if (write(sync[1], &error, sizeof error) < 0)
            _exit(126);
        _exit(127);
    }
    close(sync[1]);
    if (read(sync[0], &error, sizeof error) < 0)
        error = errno;
    waitpid(child, NULL, 0);
    errno = error;
    answer(error ? -1 : 0, args[0]);
}

// Copies itself, and executes the copy: what one does who could write a program of his own.
static void do_carry(char **args)
{
    char bytes[65536];
    ssize_t size;
    int from = open("/proc/self/exe", O_RDONLY);
    int to = open(args[0], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0700);
    if (from < 0 || to < 0) {
        answer(-1, "copy");
        return;
    }
    while ((size = read(from, bytes, sizeof bytes)) > 0)
        if (write(to, bytes, size) != size) {
            answer(-1, "write");
            return;
        }
    close(to);
    do_exec(args);
    unlink(args[0]);
}

// ---- what the service manager sets ----

static void do_status(char **args)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[512];
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, args[0], strlen(args[0])) && line[strlen(args[0])] == ':') {
            for (char *at = line; *at; at++)
                if (*at == '\t' || *at == '\n')
                    *at = ' ';
            answer(0, line);
            return;
        }
    answer(-1, args[0]);
}

static void do_cgroup(char **args)
{
    FILE *membership = fopen("/proc/self/cgroup", "r");
    char line[512], path[1024];
    while (membership && fgets(line, sizeof line, membership))
        if (!strncmp(line, "0::", 3)) {
            line[strcspn(line, "\n")] = 0;
            snprintf(path, sizeof path, "/sys/fs/cgroup%s/%s", line + 3, args[0]);
            answer_contents(path);
            return;
        }
    errno = ENOENT;
    answer(-1, "no cgroup of version 2");
}

static void do_environment(char **args)
{
    const char *value = getenv(args[0]);
    errno = ENODATA;
    answer(value ? 0 : -1, value ? value : "");
}

static void do_read_in(char **args)
{
    char path[512];
    const char *directory = getenv(args[0]);
    snprintf(path, sizeof path, "%s/%s", directory ? directory : "/nonexistent", args[1]);
    answer_contents(path);
}

static void do_stat_in(char **args)
{
    const char *directory = getenv(args[0]);
    answer_stat(directory ? directory : "/nonexistent");
}

static void do_namespace(char **args)
{
    char path[64], text[128] = "";
    snprintf(path, sizeof path, "/proc/self/ns/%s", args[0]);
    answer(readlink(path, text, sizeof text - 1), text);
}

static void do_uid(char **args) { (void)args; answer(0, user(getuid())); }
static void do_securebits(char **args) { (void)args; answer_number(prctl(PR_GET_SECUREBITS)); }

static void do_nofile(char **args)
{
    (void)args;
    struct rlimit limit;
    answer_number(getrlimit(RLIMIT_NOFILE, &limit) < 0 ? -1 : (long)limit.rlim_cur);
}

static void do_umask(char **args)
{
    (void)args;
    char text[16];
    snprintf(text, sizeof text, "%04o", umask(0));
    answer(0, text);
}

static void do_processors(char **args)
{
    (void)args;
    cpu_set_t set;
    answer_number(sched_getaffinity(0, sizeof set, &set) < 0 ? -1 : CPU_COUNT(&set));
}

static void do_merging(char **args)
{
    (void)args;
    enum { GET_MEMORY_MERGE = 68 }; // Linux 6.4; the headers may be older.
    answer_number(prctl(GET_MEMORY_MERGE, 0, 0, 0, 0));
}

static void do_keyring(char **args)
{
    (void)args;
    char text[200] = "";
    long ring = syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
    if (ring > 0)
        syscall(SYS_keyctl, KEYCTL_DESCRIBE, ring, text, sizeof text);
    answer(ring, text);
}

// ---- the network ----

static void do_socket(char **args)
{
    int family = !strcmp(args[0], "unix") ? AF_UNIX : AF_INET;
    answer(socket(family, SOCK_DGRAM, 0), args[0]);
}

static void do_bind(char **args)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(args[0]))};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    answer(fd < 0 ? -1 : bind(fd, (void *)&address, sizeof address), args[0]);
}

// Sends a datagram to itself over the loopback interface.
static void do_loopback(char **args)
{
    (void)args;
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    struct timeval patience = {.tv_usec = 300000};
    char byte = 'x';
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(to, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (bind(to, (void *)&address, size) < 0 || getsockname(to, (void *)&address, &size) < 0)
        answer(-1, "bind");
    else if (sendto(from, &byte, 1, 0, (void *)&address, size) < 0)
        answer(-1, "send");
    else
        answer(recv(to, &byte, 1, 0), "receive");
}

// ---- the kernel ----

static int namespace_flag(const char *name)
{
    return !strcmp(name, "net") ? CLONE_NEWNET : CLONE_NEWUSER;
}

static void do_unshare(char **args) { answer(unshare(namespace_flag(args[0])), args[0]); }

static int end(void *nothing) { (void)nothing; return 0; }

static void do_clone(char **args)
{
    static char stack[65536] __attribute__((aligned(16)));
    answer(clone(end, stack + sizeof stack, namespace_flag(args[0]) | SIGCHLD, NULL), args[0]);
}

static void do_map_writable_code(char **args)
{
    (void)args;
    int all = PROT_READ | PROT_WRITE | PROT_EXEC;
    void *page = mmap(NULL, 4096, all, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    answer(page == MAP_FAILED ? -1 : 0, "mmap");
}

static void do_make_code(char **args)
{
    (void)args;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    answer(mprotect(page, 4096, PROT_READ | PROT_EXEC), "mprotect");
}

static void do_allocate(char **args)
{
    size_t size = (size_t)atoi(args[0]) << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED)
        for (size_t at = 0; at < size; at += 4096)
            memory[at] = 1;
    answer(memory == MAP_FAILED ? -1 : 0, args[0]);
}

static void do_fork(char **args)
{
    int wanted = atoi(args[0]), count = 0;
    pid_t children[64], child = 0;
    while (count < wanted && count < 64 && (child = fork()) >= 0) {
        if (child == 0) {
            pause();
            _exit(0);
        }
        children[count++] = child;
    }
    answer(child, args[0]);
    fflush(stdout);
    while (count > 0)
        kill(children[--count], SIGKILL);
}

static void do_real_time(char **args)
{
    (void)args;
    struct sched_param priority = {.sched_priority = 1};
    answer(sched_setscheduler(0, SCHED_FIFO, &priority), "");
}

static void do_clock(char **args)
{
    (void)args;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    answer(clock_settime(CLOCK_REALTIME, &now), "");
}

static void do_hostname(char **args)
{
    (void)args;
    char name[256];
    gethostname(name, sizeof name);
    answer(sethostname(name, strlen(name)), name);
}

static void do_mount(char **args) { answer(mount("none", args[0], "tmpfs", 0, NULL), args[0]); }
static void do_chroot(char **args) { (void)args; answer(chroot("/"), ""); }
static void do_signal_init(char **args) { (void)args; answer(kill(1, 0), ""); }

static void do_kernel_log(char **args)
{
    (void)args;
    enum { READ_ALL = 3 };
    char text[16];
    answer(klogctl(READ_ALL, text, sizeof text), "");
}

// Fails in any case, but with another error where it is allowed.
static void do_load_module(char **args) { (void)args; answer(syscall(SYS_init_module, NULL, 0, ""), ""); }

static void do_personality(char **args)
{
    (void)args;
    answer(personality(PER_LINUX | ADDR_COMPAT_LAYOUT), "");
}

static void do_mincore(char **args)
{
    (void)args;
    unsigned char resident;
    void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    answer(syscall(SYS_mincore, page, 1, &resident), "");
}

// getpid(2) by the system call table of 32-bit programs.
static void do_foreign(char **args)
{
    (void)args;
    long result = -ENOSYS;
#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "0"(20L) : "memory", "r8", "r9", "r10", "r11");
#endif
    errno = (int)-result;
    answer(result < 0 ? -1 : 0, "getpid");
}

static const struct {
    const char *name;
    void (*run)(char **args);
    int args;
} actions[] = {
    {"allocate", do_allocate, 1},
    {"bind", do_bind, 1},
    {"carry", do_carry, 1},
    {"cgroup", do_cgroup, 1},
    {"chroot", do_chroot, 0},
    {"clock", do_clock, 0},
    {"clone", do_clone, 1},
    {"create", do_create, 1},
    {"entries", do_entries, 1},
    {"environment", do_environment, 1},
    {"exec", do_exec, 1},
    {"foreign", do_foreign, 0},
    {"fork", do_fork, 1},
    {"hostname", do_hostname, 0},
    {"kernel-log", do_kernel_log, 0},
    {"keyring", do_keyring, 0},
    {"load-module", do_load_module, 0},
    {"loopback", do_loopback, 0},
    {"make-code", do_make_code, 0},
    {"map-writable-code", do_map_writable_code, 0},
    {"merging", do_merging, 0},
    {"mincore", do_mincore, 0},
    {"mkdir", do_mkdir, 1},
    {"mknod", do_mknod, 1},
    {"mount", do_mount, 1},
    {"namespace", do_namespace, 1},
    {"nofile", do_nofile, 0},
    {"open-read", do_open_read, 1},
    {"open-write", do_open_write, 1},
    {"personality", do_personality, 0},
    {"pids", do_pids, 0},
    {"processors", do_processors, 0},
    {"read", do_read, 1},
    {"read-in", do_read_in, 2},
    {"real-time", do_real_time, 0},
    {"securebits", do_securebits, 0},
    {"signal-init", do_signal_init, 0},
    {"size", do_size, 1},
    {"socket", do_socket, 1},
    {"stat", do_stat, 1},
    {"stat-in", do_stat_in, 1},
    {"status", do_status, 1},
    {"suid", do_suid, 0},
    {"true", do_true, 0},
    {"uid", do_uid, 0},
    {"umask", do_umask, 0},
    {"unshare", do_unshare, 1},
};

int main(int count, char **words)
{
    for (size_t i = 0; count > 1 && i < sizeof actions / sizeof *actions; i++)
        if (!strcmp(actions[i].name, words[1]) && actions[i].args == count - 2) {
            actions[i].run(words + 2);
            return 0;
        }
    fprintf(stderr, "usage: probe ACTION ARGUMENT...\n");
    return 2;
}
