/* Whether KVM works, asked of KVM itself: some hosts have a /dev/kvm that cannot be opened, makes no machine or hangs
 * for ever. The question is therefore asked in a child that can be killed. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/cleanup.h"
#include "machines/qemu/argv.h"

#ifdef __x86_64__
/* Whether guests get what every 64-bit processor has: long mode, NX and SSE3. Some nested hypervisors run a HLT but
 * offer less, and an operating system then stops half way. */
static bool has_plain_cpu(int kvm)
{
    enum { ENTRIES = 256, SSE3 = 1 << 0, NX = 1 << 20, LONG_MODE = 1 << 29 };
    _cleanup_free_ struct kvm_cpuid2 *ids = calloc(1, sizeof *ids + ENTRIES * sizeof ids->entries[0]);
    if (!ids)
        return false;
    ids->nent = ENTRIES;
    if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, ids) < 0)
        return false;
    uint32_t basic = 0, extended = 0;
    for (uint32_t i = 0; i < ids->nent && i < ENTRIES; i++) {
        if (ids->entries[i].function == 1)
            basic = ids->entries[i].ecx;
        if (ids->entries[i].function == 0x80000001)
            extended = ids->entries[i].edx;
    }
    return (basic & SSE3) && (extended & NX) && (extended & LONG_MODE);
}
#endif

/* One page of guest memory with a HLT at its start, run in real mode. */
static bool run_halt(void)
{
    int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (kvm < 0 || ioctl(kvm, KVM_GET_API_VERSION, 0) != 12)
        return false;
    int vm = ioctl(kvm, KVM_CREATE_VM, 0);
    uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (vm < 0 || page == MAP_FAILED)
        return false;
    page[0] = 0xf4; /* HLT */
    struct kvm_userspace_memory_region region = {
        .guest_phys_addr = 0x1000, .memory_size = 4096, .userspace_addr = (uint64_t)(uintptr_t)page};
    int cpu = ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
    int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (cpu < 0 || size < (int)sizeof(struct kvm_run))
        return false;
    struct kvm_run *run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, cpu, 0);
#ifdef __x86_64__
    if (!has_plain_cpu(kvm))
        return false;
    struct kvm_sregs sregs;
    struct kvm_regs regs;
    if (run == MAP_FAILED || ioctl(cpu, KVM_GET_SREGS, &sregs) < 0)
        return false;
    sregs.cs.base = 0;
    sregs.cs.selector = 0;
    memset(&regs, 0, sizeof regs);
    regs.rip = 0x1000;
    regs.rflags = 2;
    if (ioctl(cpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(cpu, KVM_SET_REGS, &regs) < 0)
        return false;
    return ioctl(cpu, KVM_RUN, 0) == 0 && run->exit_reason == KVM_EXIT_HLT;
#else
    (void)run;
    return false; /* the machines we start are x86 */
#endif
}

bool qemu_kvm_works(unsigned timeout_ms)
{
    pid_t child = fork();
    if (child < 0)
        return false;
    if (child == 0)
        _exit(run_halt() ? 0 : 1);
    _cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, child, 0);
    struct pollfd p = {.fd = pidfd, .events = POLLIN};
    if (pidfd < 0 || poll(&p, 1, (int)timeout_ms) != 1) {
        kill(child, SIGKILL);
        /* one that hangs in the kernel cannot be reaped now: it must not hold us */
        waitpid(child, NULL, WNOHANG);
        return false;
    }
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
