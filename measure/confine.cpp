// Measure, private to contain: a process gives up what a kernel has no use for. Knows no check.
#include "measure/confine.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace sepconv::measure {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t kArchitecture = 0;
#endif

constexpr uint32_t kRefuse = SECCOMP_RET_ERRNO | EPERM;
/// glibc then starts threads by clone, whose flags a filter can see.
constexpr uint32_t kMissing = SECCOMP_RET_ERRNO | ENOSYS;

using Filter = std::vector<sock_filter>;

void load(Filter& filter, size_t offset) {
  filter.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
}

void end(Filter& filter, uint32_t verdict) { filter.push_back(BPF_STMT(BPF_RET | BPF_K, verdict)); }

size_t argument(int index) {
  return offsetof(seccomp_data, args) + sizeof(uint64_t) * static_cast<size_t>(index);
}

/// The call ends in `verdict`. The number of the call is loaded before and after.
void refuse(Filter& filter, long call, uint32_t verdict = kRefuse) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
  end(filter, verdict);
}

/// The call ends in `verdict` when the argument has any of the bits (or, `unless`, none of them).
void refuse_bits(Filter& filter, long call, int index, uint32_t bits, uint32_t verdict,
                 bool unless = false) {
  const uint8_t yes = unless ? 1 : 0;
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 4));
  load(filter, argument(index));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, yes, static_cast<uint8_t>(1 - yes)));
  end(filter, verdict);
  load(filter, offsetof(seccomp_data, nr));
}

/// The call is refused unless the argument is `value`.
void refuse_unless(Filter& filter, long call, int index, uint32_t value) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 4));
  load(filter, argument(index));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
  end(filter, kRefuse);
  load(filter, offsetof(seccomp_data, nr));
}

void refuse_processes(Filter& filter) {
  refuse(filter, __NR_execve, SECCOMP_RET_KILL_PROCESS);
  refuse(filter, __NR_execveat, SECCOMP_RET_KILL_PROCESS);
#ifdef __NR_fork
  refuse(filter, __NR_fork, SECCOMP_RET_KILL_PROCESS);
  refuse(filter, __NR_vfork, SECCOMP_RET_KILL_PROCESS);
#endif
  refuse(filter, __NR_clone3, kMissing);
  refuse_bits(filter, __NR_clone, 0, CLONE_THREAD, SECCOMP_RET_KILL_PROCESS, true);
  refuse(filter, __NR_ptrace);
  refuse(filter, __NR_kill);
  refuse(filter, __NR_tkill);
  refuse_unless(filter, __NR_tgkill, 0, static_cast<uint32_t>(getpid()));
}

void refuse_files(Filter& filter) {
  constexpr uint32_t kWriting = O_CREAT | O_WRONLY | O_RDWR | O_TRUNC;
  refuse_bits(filter, __NR_openat, 2, kWriting, kRefuse);
  refuse(filter, __NR_unlinkat);
  refuse(filter, __NR_mkdirat);
  refuse(filter, __NR_renameat2);
#ifdef __NR_open
  refuse_bits(filter, __NR_open, 1, kWriting, kRefuse);
  refuse(filter, __NR_creat);
  refuse(filter, __NR_unlink);
  refuse(filter, __NR_rmdir);
  refuse(filter, __NR_mkdir);
  refuse(filter, __NR_rename);
#endif
  refuse(filter, __NR_socket);
}

/// Fails silently where the system knows no filters, as under an emulator.
void filter_calls() {
  if (kArchitecture == 0) return;
  Filter filter;
  load(filter, offsetof(seccomp_data, arch));
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  end(filter, SECCOMP_RET_KILL_PROCESS);
  load(filter, offsetof(seccomp_data, nr));
  refuse_processes(filter);
  refuse_files(filter);
  end(filter, SECCOMP_RET_ALLOW);
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return;
  prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

void limit(__rlimit_resource resource, rlim_t value) {
  const rlimit bound{value, value};
  setrlimit(resource, &bound);
}

/// SIGXCPU first, which says why; then SIGKILL.
void limit_cpu(rlim_t seconds) {
  const rlimit bound{seconds, seconds + 1};
  setrlimit(RLIMIT_CPU, &bound);
}

/// Address space in use, in bytes.
rlim_t mapped_bytes() {
  unsigned long pages = 0;
  if (FILE* file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%lu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return static_cast<rlim_t>(pages) * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

/// Where memory runs short, the system ends this process before any other.
void offer_for_killing() {
  const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  (void)!write(file, "1000", 4);
  close(file);
}

}  // namespace

void confine(const Containment& limits) {
  setpgid(0, 0);
  offer_for_killing();
  limit(RLIMIT_CORE, 0);
  if (limits.cpu_seconds > 0) limit_cpu(static_cast<rlim_t>(std::ceil(limits.cpu_seconds)));
  if (limits.driver) return;
  limit(RLIMIT_FSIZE, static_cast<rlim_t>(std::max<int64_t>(limits.output_bytes, 0)));
  limit(RLIMIT_AS, mapped_bytes() + static_cast<rlim_t>(std::max<int64_t>(limits.memory_bytes, 0)));
  filter_calls();
}

}  // namespace sepconv::measure
