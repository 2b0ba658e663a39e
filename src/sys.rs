//! What makes a start cheap and an end certain, and the only unsafe code: process entry, memory arena, crash
//! handler, immediate exit, and the one socket option that tokio does not offer.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
use std::ffi::c_void;
use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Makes `run`, from arguments without the program's name to an exit code, the program.
///
/// It stands in for std's own entry, whose start-up a probe has no use for.
#[macro_export]
macro_rules! program {
    ($run:path) => {
        #[global_allocator]
        static ARENA: $crate::sys::Arena = $crate::sys::Arena::new();

        #[unsafe(no_mangle)]
        extern "C" fn main(
            _count: ::std::ffi::c_int,
            arguments: *const *const ::std::ffi::c_char,
        ) -> ::std::ffi::c_int {
            // SAFETY: this is the process's entry, called once, by the C runtime.
            unsafe { $crate::sys::enter(arguments, $run) }
        }
    };
}

/// Readies the process, runs `run`, and exits with what it says: nothing is dropped or flushed on the way out.
///
/// # Safety
///
/// `arguments` is the C runtime's `argv`, and no other thread runs yet.
pub unsafe fn enter(arguments: *const *const c_char, run: fn(Vec<OsString>) -> i32) -> ! {
    #[cfg(all(target_env = "musl", target_feature = "crt-static"))]
    protect_relocations();
    keep_standard_streams();
    handle_signals();
    // SAFETY: the caller's promise.
    let code = run(unsafe { collect(arguments) });
    exit(code)
}

/// The arguments after the program's name.
///
/// # Safety
///
/// `arguments` is an array of C strings with a null pointer at its end.
unsafe fn collect(mut arguments: *const *const c_char) -> Vec<OsString> {
    let mut collected = Vec::new();
    // SAFETY: each read is at most that of the array's null pointer, and each other element is a C string.
    unsafe {
        while !(*arguments).is_null() {
            collected.push(OsStr::from_bytes(CStr::from_ptr(*arguments).to_bytes()).to_owned());
            arguments = arguments.add(1);
        }
    }
    // An exec without even a name is allowed.
    collected.drain(..collected.len().min(1));
    collected
}

/// Makes read-only what relocation alone had to write (PT_GNU_RELRO). A dynamic loader does that; in a static-pie of
/// musl's nobody would, and the header alone protects nothing.
#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
fn protect_relocations() {
    unsafe extern "C" fn protect(object: *mut libc::dl_phdr_info, _size: usize, _data: *mut c_void) -> c_int {
        const PAGE: usize = 4096;
        // SAFETY: the C library hands over the headers of the one object there is, this program.
        let (base, headers) = unsafe {
            let object = &*object;
            (object.dlpi_addr as usize, std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()))
        };
        for header in headers.iter().filter(|header| header.p_type == libc::PT_GNU_RELRO) {
            let start = (base + header.p_vaddr as usize) & !(PAGE - 1);
            let end = (base + header.p_vaddr as usize + header.p_memsz as usize) & !(PAGE - 1);
            // SAFETY: relocation is over, and nothing else writes to these pages: that is what the header says.
            unsafe { libc::mprotect(std::ptr::with_exposed_provenance_mut(start), end - start, libc::PROT_READ) };
        }
        0
    }
    // SAFETY: the callback keeps to what it is handed.
    unsafe { libc::dl_iterate_phdr(Some(protect), null_mut()) };
}

/// Fills whichever of the descriptors 0 to 2 came closed, so that no socket lands there and is written to as stderr.
fn keep_standard_streams() {
    let mut streams = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // SAFETY: poll writes to the three elements it is told of.
    let ready = unsafe { libc::poll(streams.as_mut_ptr(), 3, 0) };
    if ready > 0 && streams.iter().any(|stream| stream.revents & libc::POLLNVAL != 0) {
        // The root directory is there without a /dev, and takes no writes. As a path alone it needs no permission.
        #[cfg(target_os = "linux")]
        const UNREAD: c_int = libc::O_PATH;
        #[cfg(not(target_os = "linux"))]
        const UNREAD: c_int = libc::O_RDONLY;
        // SAFETY: the path is a C string. The lowest free descriptor is taken, so this ends at 3 or on failure.
        while (0..2).contains(&unsafe { libc::open(c"/".as_ptr(), UNREAD | libc::O_CLOEXEC) }) {}
    }
}

/// Makes failures of what kills by default, so that the exit code is 0 or 1 and never a signal's 128 + N: promise 3.
fn handle_signals() {
    // A write to a connection or a stderr that is gone, or to a file beyond its limit, fails with an error. Where the
    // process can't help a signal, a panic and a stack that can't grow among them, it says so and exits.
    static STACK: CrashStack = CrashStack(UnsafeCell::new([0; CRASH_STACK]));
    // SAFETY: zeroed sets and actions are valid and then filled in; the stack is static, and the handler's alone;
    // the handler calls nothing but what is async-signal-safe.
    unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut blocked, libc::SIGPIPE);
        libc::sigaddset(&mut blocked, libc::SIGXFSZ);
        libc::sigprocmask(libc::SIG_BLOCK, &blocked, null_mut());

        let stack = libc::stack_t { ss_sp: STACK.0.get().cast(), ss_flags: 0, ss_size: CRASH_STACK };
        libc::sigaltstack(&stack, null_mut());
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = crashed as extern "C" fn(c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_ONSTACK;
        for signal in CRASHES {
            libc::sigaction(signal, &action, null_mut());
        }
    }
}

/// What a panic ends in, by one way of building or another (SIGABRT, SIGILL, SIGTRAP), what memory that is not to be
/// had ends in (SIGBUS, SIGSEGV), and a system call that a seccomp filter traps (SIGSYS).
const CRASHES: [c_int; 6] = [libc::SIGABRT, libc::SIGBUS, libc::SIGILL, libc::SIGSEGV, libc::SIGSYS, libc::SIGTRAP];

/// What AVX-512's registers take on it, and room for the handler.
const CRASH_STACK: usize = 8192;

struct CrashStack(UnsafeCell<[u8; CRASH_STACK]>);

// SAFETY: only the kernel touches it, and only for the one handler.
unsafe impl Sync for CrashStack {}

extern "C" fn crashed(_signal: c_int) {
    const LINE: &[u8] = b"lprobe: crashed, out of memory or by a fault of its own\n";
    // SAFETY: write and _exit are async-signal-safe.
    unsafe { libc::write(libc::STDERR_FILENO, LINE.as_ptr().cast(), LINE.len()) };
    exit(1)
}

/// Whether a variable of the environment has a name that begins with `prefix`.
pub fn has_variables(prefix: &str) -> bool {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    // SAFETY: nothing changes the environment: an array of C strings with a null pointer at its end, or null.
    unsafe {
        let mut variable = environ;
        while !variable.is_null() && !(*variable).is_null() {
            if libc::strncmp(*variable, prefix.as_ptr().cast(), prefix.len()) == 0 {
                return true;
            }
            variable = variable.add(1);
        }
    }
    false
}

/// The path that this program was started by. Linux hands it over at exec, so that no /proc is needed.
///
/// # Errors
///
/// The system does not tell.
pub fn program() -> io::Result<PathBuf> {
    #[cfg(target_os = "linux")]
    {
        // SAFETY: getauxval reads what the kernel left, and AT_EXECFN, where it is there, is a C string.
        unsafe {
            let path = libc::getauxval(libc::AT_EXECFN) as *const c_char;
            if path.is_null() {
                return Err(io::ErrorKind::NotFound.into());
            }
            Ok(OsStr::from_bytes(CStr::from_ptr(path).to_bytes()).into())
        }
    }
    #[cfg(not(target_os = "linux"))]
    std::env::current_exe()
}

fn exit(code: i32) -> ! {
    // SAFETY: it never returns.
    unsafe { libc::_exit(code) }
}

/// Whether a line can be written to descriptor `fd` without waiting for a reader: a pipe that has room at all has room
/// for one of less than 4,096 bytes.
pub fn takes_a_line(fd: c_int) -> bool {
    let mut stream = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: poll writes to the one element it is told of.
    unsafe { libc::poll(&mut stream, 1, 0) != 0 }
}

/// Has `bind` to port 0 leave the choice of the port to `connect`. Where a kernel does not know the option, the
/// bind still works, with fewer ports to choose from: so its failure is not one.
#[cfg(target_os = "linux")]
pub fn bind_address_no_port(socket: &impl AsRawFd) {
    let on: c_int = 1;
    // SAFETY: the option's value is an int, and its size is told.
    unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_IP,
            libc::IP_BIND_ADDRESS_NO_PORT,
            (&raw const on).cast(),
            size_of_val(&on) as libc::socklen_t,
        )
    };
}

/// Linux alone has the option.
#[cfg(not(target_os = "linux"))]
pub fn bind_address_no_port(_socket: &impl AsRawFd) {}

/// The bytes in the arena: a healthy HTTP probe takes 125 KB, most of it for clap. Pages that nothing touches cost
/// nothing.
const ARENA: usize = 256 * 1024;

/// A bump allocator: a probe is over before freeing pays. What does not fit any more comes from the system's
/// allocator, and goes back to it, so that no server makes the memory grow.
pub struct Arena {
    memory: UnsafeCell<[u8; ARENA]>,
    used: AtomicUsize,
}

// SAFETY: `bump` hands out each byte of `memory` once.
unsafe impl Sync for Arena {}

impl Arena {
    /// An arena with all its bytes to give.
    #[expect(clippy::new_without_default, reason = "a static needs a const fn")]
    pub const fn new() -> Self {
        Self { memory: UnsafeCell::new([0; ARENA]), used: AtomicUsize::new(0) }
    }

    fn start(&self) -> *mut u8 {
        self.memory.get().cast()
    }

    fn owns(&self, pointer: *mut u8) -> bool {
        (self.start().addr()..self.start().addr() + ARENA).contains(&pointer.addr())
    }

    /// Room for `layout`, unless the arena is used up, or another thread got in between.
    fn bump(&self, layout: Layout) -> Option<*mut u8> {
        let used = self.used.load(Ordering::Relaxed);
        let start = self.start().addr();
        let offset = (start + used).next_multiple_of(layout.align()) - start;
        let end = offset.checked_add(layout.size()).filter(|&end| end <= ARENA)?;
        self.used.compare_exchange(used, end, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        Some(self.start().wrapping_add(offset))
    }
}

// SAFETY: memory comes from `bump`, which gives each byte once, or from the system's allocator, which gets back
// what it gave: an address tells the two apart.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.bump(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    /// The arena is zero until it is given out, and given out once: its pages stay untouched.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        self.bump(layout).unwrap_or_else(|| unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !self.owns(pointer) {
            // SAFETY: what is not the arena's came from the system, with this layout.
            unsafe { System.dealloc(pointer, layout) }
        }
    }
}
