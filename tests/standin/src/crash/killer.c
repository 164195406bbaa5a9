/* Runs PROGRAM, writes each of its file operations into LIST, and kills it right before the Nth one; N = 0 kills nothing.
 * Usage: killer N LIST PROGRAM ARGUMENT...
 * It looks from outside (ptrace), because a program may ask the kernel without the C library. Threads count; programs that it
 * starts run freely, and their start is one operation. Ends as PROGRAM ends: by the same signal, or with the same status. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct { long number; const char *name; int path; } CHANGES[] = {
#ifdef SYS_rename
    {SYS_rename, "rename", 1}, {SYS_unlink, "unlink", 0}, {SYS_mkdir, "mkdir", 0}, {SYS_rmdir, "rmdir", 0},
    {SYS_link, "link", 1}, {SYS_symlink, "symlink", 1}, {SYS_chmod, "chmod", 0}, {SYS_chown, "chown", 0},
#endif
#ifdef SYS_renameat
    {SYS_renameat, "rename", 3},
#endif
    {SYS_renameat2, "rename", 3}, {SYS_unlinkat, "unlink", 1}, {SYS_mkdirat, "mkdir", 1}, {SYS_linkat, "link", 3},
    {SYS_symlinkat, "symlink", 2}, {SYS_truncate, "truncate", 0}, {SYS_fchmodat, "chmod", 1}, {SYS_fchownat, "chown", 1},
    {SYS_ftruncate, "ftruncate", -1}, {SYS_fchmod, "fchmod", -1}, {SYS_fchown, "fchown", -1}, {SYS_fsync, "fsync", -1},
    {SYS_fdatasync, "fdatasync", -1}, {-1, NULL, 0},
};

static uint64_t word(pid_t task, uint64_t address) {
    errno = 0;
    long found = ptrace(PTRACE_PEEKDATA, task, (void *)address, NULL);
    return errno ? 0 : (uint64_t)found;
}

static void text(pid_t task, uint64_t address, char *into, size_t room) {
    size_t length = 0;
    for (; length + sizeof(long) < room; length += sizeof(long)) {
        uint64_t eight = word(task, address + length);
        memcpy(into + length, &eight, sizeof eight);
        if (memchr(&eight, 0, sizeof eight)) return;
    }
    into[length] = 0;
}

/* The name of a change, and what it is about; NULL for a call that changes nothing. */
static const char *change(pid_t task, const struct __ptrace_syscall_info *call, char *about, size_t room) {
    long number = (long)call->entry.nr;
    const __typeof__(call->entry.args[0]) *argument = call->entry.args;
    about[0] = 0;
    if (number == SYS_write || number == SYS_pwrite64 || number == SYS_writev) {
        snprintf(about, room, "%d", (int)argument[0]);
        return (int)argument[0] > 2 ? "write" : NULL;
    }
    int at = number == SYS_openat;
#ifdef SYS_open
    if (number == SYS_open || at) {
#else
    if (at) {
#endif
        text(task, argument[at], about, room);
        return argument[at + 1] & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC) ? "open" : NULL;
    }
    uint64_t flags = number == SYS_clone ? argument[0] : number == SYS_clone3 ? word(task, argument[0]) : CLONE_THREAD;
#ifdef SYS_vfork
    if (number == SYS_vfork || number == SYS_fork) flags = 0;
#endif
    if (!(flags & CLONE_THREAD)) return "start";
    for (int i = 0; CHANGES[i].name; i++)
        if (CHANGES[i].number == number) {
            if (CHANGES[i].path >= 0) text(task, argument[CHANGES[i].path], about, room);
            return CHANGES[i].name;
        }
    return NULL;
}

static int ended(int status) {
    if (WIFEXITED(status)) exit(WEXITSTATUS(status));
    signal(WTERMSIG(status), SIG_DFL);
    kill(getpid(), WTERMSIG(status));
    return 70;
}

int main(int count, char **words) {
    if (count < 4) return 64;
    long wanted = atol(words[1]), seen = 0;
    FILE *list = fopen(words[2], "w");
    if (!list) return 66;
    pid_t program = fork();
    if (program == 0) {
        fclose(list);
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL)) _exit(126);
        raise(SIGSTOP);
        execv(words[3], words + 3);
        _exit(127);
    }
    int status;
    if (waitpid(program, &status, 0) != program || !WIFSTOPPED(status)) return 71;
    long options = PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
    if (ptrace(PTRACE_SETOPTIONS, program, NULL, (void *)options)) return 71;
    ptrace(PTRACE_SYSCALL, program, NULL, NULL);
    for (int begun = 0;;) {
        pid_t task = waitpid(-1, &status, __WALL);
        if (task < 0) return 71;
        if (!WIFSTOPPED(status)) {
            if (task == program) return ended(status);
            continue;
        }
        int signal = WSTOPSIG(status), event = status >> 16;
        /* A thread begins stopped. */
        long pass = event || signal == SIGTRAP || signal == SIGSTOP ? 0 : signal;
        if (event == PTRACE_EVENT_EXEC) begun = 1;
        if (signal == (SIGTRAP | 0x80)) {
            struct __ptrace_syscall_info call;
            char about[512];
            pass = 0;
            ptrace(PTRACE_GET_SYSCALL_INFO, task, (void *)sizeof call, &call);
            if (begun && call.op == PTRACE_SYSCALL_INFO_ENTRY) {
                const char *name = change(task, &call, about, sizeof about);
                if (name) {
                    fprintf(list, "%s %s\n", name, about);
                    fflush(list);
                    if (++seen == wanted) kill(program, SIGKILL);
                }
            }
        }
        ptrace(PTRACE_SYSCALL, task, NULL, (void *)pass);
    }
}
