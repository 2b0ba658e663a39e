//! Signals that end the process: crashes, and orders to stop. Each ends in one line and exit code 1 (promise 3).

use std::cell::UnsafeCell;
use std::ffi::{c_int, c_ulong};
use std::ptr::null_mut;

use super::{entry, stdio};

/// The signals of a panic (SIGABRT; SIGILL, or SIGTRAP on other processors), of a stack that can't grow (SIGSEGV), and of a
/// system call that a seccomp filter traps (SIGSYS).
const CRASHES: [c_int; 4] = [
    libc::SIGABRT,
    if cfg!(any(target_arch = "x86", target_arch = "x86_64")) { libc::SIGILL } else { libc::SIGTRAP },
    libc::SIGSEGV,
    libc::SIGSYS,
];

/// The size of the handlers' stack: room for AVX-512's registers and for the handler.
const CRASH_STACK: usize = 8192;

struct CrashStack(UnsafeCell<[u8; CRASH_STACK]>);

// SAFETY: only the kernel touches it, and only for handlers that never return.
unsafe impl Sync for CrashStack {}

/// Installs a handler for every crash, on a stack of its own.
pub fn handle_crashes() {
    static STACK: CrashStack = CrashStack(UnsafeCell::new([0; CRASH_STACK]));
    let stack = libc::stack_t { ss_sp: STACK.0.get().cast(), ss_flags: 0, ss_size: CRASH_STACK };
    // SAFETY: the stack is static, and the handlers' alone, none of which returns.
    unsafe { libc::sigaltstack(&stack, null_mut()) };
    handle(&CRASHES, crashed);
}

/// Makes SIGTERM and SIGINT end the process where it is the first of its container, which ignores them otherwise: for a
/// wait that can be long.
pub fn end_at_signals() {
    handle(&[libc::SIGTERM, libc::SIGINT], stopped);
}

/// Installs `handler`, which ends the process, for each of `signals`.
fn handle(signals: &[c_int], handler: extern "C" fn(c_int) -> !) {
    /// A `struct sigaction` as the kernel takes it. The C library's own call asks the kernel twice more.
    #[repr(C)]
    struct Action {
        handler: extern "C" fn(c_int) -> !,
        flags: c_ulong,
        /// What the handler would return to.
        restorer: Option<extern "C" fn()>,
        mask: u64,
    }
    const SA_RESTORER: c_ulong = 0x0400_0000;
    let action = Action { handler, flags: libc::SA_ONSTACK as c_ulong | SA_RESTORER, restorer: None, mask: 0 };
    for &signal in signals {
        // SAFETY: the handler never returns, and calls nothing but what is async-signal-safe; the action is as the kernel
        // has it, with a mask of the size that is told.
        unsafe {
            libc::syscall(libc::SYS_rt_sigaction, signal, &raw const action, null_mut::<Action>(), size_of::<u64>())
        };
    }
}

extern "C" fn crashed(_signal: c_int) -> ! {
    end(b"lprobe: crashed, out of memory or by a fault of its own\n")
}

extern "C" fn stopped(_signal: c_int) -> ! {
    end(b"lprobe: told to end while it waited\n")
}

/// Prints `line` where it can be read, and exits with code 1.
fn end(line: &[u8]) -> ! {
    if stdio::is_writable(libc::STDERR_FILENO) {
        stdio::block_write_signals();
        // SAFETY: write is async-signal-safe, as poll and sigprocmask are.
        unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
    }
    entry::exit(1)
}
