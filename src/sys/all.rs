//! What makes a start cheap and an end certain, and the only unsafe code: process entry, memory arena, crash
//! handler, immediate exit, the one socket option that tokio does not offer, and what std would ask of musl in vain.

#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
use std::ffi::c_void;
use std::ffi::{CStr, OsStr, OsString, c_char, c_int, c_ulong};
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
        static ARENA: $crate::sys::Arena = $crate::sys::Arena;

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
    handle_crashes();
    MEMORY.populate();
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

/// Has what the process can't help, a panic and a stack that can't grow among it, end in a line and exit code 1, and never
/// in a signal's 128 + N: promise 3.
#[cfg(target_os = "linux")]
fn handle_crashes() {
    static STACK: CrashStack = CrashStack(UnsafeCell::new([0; CRASH_STACK]));
    let stack = libc::stack_t { ss_sp: STACK.0.get().cast(), ss_flags: 0, ss_size: CRASH_STACK };
    // SAFETY: the stack is static, and the handlers' alone, none of which returns.
    unsafe { libc::sigaltstack(&stack, null_mut()) };
    handle(&CRASHES, crashed);
}

/// Has SIGTERM and SIGINT end the process where it is the first of its container, which ignores them otherwise: for a wait
/// that can be long.
#[cfg(target_os = "linux")]
pub fn end_when_told() {
    handle(&[libc::SIGTERM, libc::SIGINT], told);
}

/// Has `handler` end the process at each of `signals`.
#[cfg(target_os = "linux")]
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

/// Other systems are for development.
#[cfg(not(target_os = "linux"))]
fn handle_crashes() {}

/// Other systems are for development.
#[cfg(not(target_os = "linux"))]
pub fn end_when_told() {}

/// What a panic ends in, by one way of building or another (SIGABRT; SIGILL, or SIGTRAP on other processors), what a
/// stack that can't grow ends in (SIGSEGV), and a system call that a seccomp filter traps (SIGSYS).
const CRASHES: [c_int; 4] = [
    libc::SIGABRT,
    if cfg!(any(target_arch = "x86", target_arch = "x86_64")) { libc::SIGILL } else { libc::SIGTRAP },
    libc::SIGSEGV,
    libc::SIGSYS,
];

/// What AVX-512's registers take on it, and room for the handler.
const CRASH_STACK: usize = 8192;

struct CrashStack(UnsafeCell<[u8; CRASH_STACK]>);

// SAFETY: only the kernel touches it, and only for handlers that never return.
unsafe impl Sync for CrashStack {}

extern "C" fn crashed(_signal: c_int) -> ! {
    end(b"lprobe: crashed, out of memory or by a fault of its own\n")
}

extern "C" fn told(_signal: c_int) -> ! {
    end(b"lprobe: told to end while it waited\n")
}

/// Exit code 1, and `line` where it can be read.
fn end(line: &[u8]) -> ! {
    if takes_a_line(libc::STDERR_FILENO) {
        fail_without_signals();
        // SAFETY: write is async-signal-safe, as poll and sigprocmask are.
        unsafe { libc::write(libc::STDERR_FILENO, line.as_ptr().cast(), line.len()) };
    }
    exit(1)
}

/// Whether descriptor `fd` was open when the program began: what it opens itself is closed by exec, and what came through
/// an exec is not. Where a standard stream came closed, a connection may be in its place.
fn was_inherited(fd: c_int) -> bool {
    // SAFETY: F_GETFD takes no pointer.
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    flags >= 0 && flags & libc::FD_CLOEXEC == 0
}

/// Has a write to what nobody reads any more, or to a file beyond its limit, fail with an error and not with a signal.
/// Connections of TCP need none of it, so that a healthy probe doesn't.
pub fn fail_without_signals() {
    // SAFETY: the set is zeroed and then filled in.
    unsafe {
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        libc::sigaddset(&mut blocked, libc::SIGPIPE);
        libc::sigaddset(&mut blocked, libc::SIGXFSZ);
        libc::sigprocmask(libc::SIG_BLOCK, &blocked, null_mut());
    }
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

/// Whether a line can be written to the standard stream `fd` without waiting for a reader: a pipe that has room at all has
/// room for one of less than 4,096 bytes.
pub fn takes_a_line(fd: c_int) -> bool {
    let mut stream = libc::pollfd { fd, events: libc::POLLOUT, revents: 0 };
    // SAFETY: poll writes to the one element it is told of.
    was_inherited(fd) && unsafe { libc::poll(&mut stream, 1, 0) != 0 }
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

/// The bytes in the arena. Pages that nothing touches cost nothing.
const ARENA: usize = 256 * 1024;

/// The arena.
struct Memory(UnsafeCell<[u8; ARENA]>);

static MEMORY: Memory = Memory(UnsafeCell::new([0; ARENA]));

/// How much of it is given out. Not beginning at 0, it is on a page that is written to anyway.
static USED: AtomicUsize = AtomicUsize::new(16);

// SAFETY: `bump` hands out each byte once.
unsafe impl Sync for Memory {}

/// A bump allocator: a probe is over before freeing pays. What does not fit any more comes from the system's
/// allocator, and goes back to it, so that no server makes the memory grow.
pub struct Arena;

impl Memory {
    fn start(&self) -> *mut u8 {
        self.0.get().cast()
    }

    /// Has the kernel make the pages that a probe touches of it, in one call in place of eight page faults. Where it does
    /// not know the call (before Linux 5.14), the faults come.
    fn populate(&self) {
        const TOUCHED: usize = 48 * 1024;
        const PAGE: usize = 4096;
        #[cfg(target_os = "linux")]
        // SAFETY: the pages are the arena's, or beside it and as writable; what they hold does not change.
        unsafe {
            let before = self.start().addr() % PAGE;
            libc::madvise(self.start().wrapping_sub(before).cast(), TOUCHED, libc::MADV_POPULATE_WRITE)
        };
    }

    fn owns(&self, pointer: *mut u8) -> bool {
        (self.start().addr()..self.start().addr() + ARENA).contains(&pointer.addr())
    }

    /// Room for `layout`, unless the arena is used up, or another thread got in between.
    fn bump(&self, layout: Layout) -> Option<*mut u8> {
        let used = USED.load(Ordering::Relaxed);
        let start = self.start().addr();
        let offset = (start + used).next_multiple_of(layout.align()) - start;
        let end = offset.checked_add(layout.size()).filter(|&end| end <= ARENA)?;
        USED.compare_exchange(used, end, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        Some(self.start().wrapping_add(offset))
    }

    /// Whether the block of `size` bytes at `pointer` has room for `wanted`: it shrinks where it is, and grows there if it
    /// was the last given out, as that of a text or a list is that is being built.
    fn resized(&self, pointer: *mut u8, size: usize, wanted: usize) -> bool {
        let end = pointer.addr().wrapping_sub(self.start().addr()).wrapping_add(size);
        let Some(new) = wanted.checked_sub(size).and_then(|more| end.checked_add(more)) else { return wanted <= size };
        new <= ARENA && USED.compare_exchange(end, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

// SAFETY: memory comes from `bump`, which gives each byte once, or from the system's allocator, which gets back
// what it gave: an address tells the two apart.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        MEMORY.bump(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    /// The arena is zero until it is given out, and given out once: its pages stay untouched.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        MEMORY.bump(layout).unwrap_or_else(|| unsafe {
            let block = System.alloc(layout);
            if !block.is_null() {
                // musl's calloc would take a block of the arena for its own.
                block.write_bytes(0, layout.size());
            }
            block
        })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !MEMORY.owns(pointer) {
            // SAFETY: what is not the arena's came from the system, with this layout.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if MEMORY.owns(pointer) && MEMORY.resized(pointer, layout.size(), size) {
            return pointer;
        }
        // SAFETY: the caller's promises: a pointer and layout of this allocator, and a size that makes a layout.
        unsafe {
            let wanted = Layout::from_size_align_unchecked(size, layout.align());
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                pointer.copy_to_nonoverlapping(moved, size.min(layout.size()));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

/// What std asks of the C library for its note of the one thread there is, without the arena: a block of memory, and a key
/// for a destructor. musl's own would take six system calls and three pages for that.
#[cfg(all(target_env = "musl", target_feature = "crt-static"))]
mod instead_of_musls {
    use super::{Layout, MEMORY, c_int, c_void};

    // musl's own names for what it calls when another allocator is there.
    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_free(pointer: *mut c_void);
    }

    #[unsafe(no_mangle)]
    extern "C" fn malloc(size: usize) -> *mut c_void {
        let block = Layout::from_size_align(size, 16).ok().and_then(|layout| MEMORY.bump(layout));
        // SAFETY: any size is allowed.
        block.map_or_else(|| unsafe { __libc_malloc(size) }, <*mut u8>::cast)
    }

    #[unsafe(no_mangle)]
    extern "C" fn free(pointer: *mut c_void) {
        if !MEMORY.owns(pointer.cast()) {
            // SAFETY: what is not the arena's is musl's, or null.
            unsafe { __libc_free(pointer) }
        }
    }

    /// No destructor will run: the process ends by _exit.
    #[unsafe(no_mangle)]
    extern "C" fn pthread_key_create(key: *mut libc::pthread_key_t, _destructor: *mut c_void) -> c_int {
        // SAFETY: the caller has room for a key there.
        unsafe { key.write(1) };
        0
    }

    #[unsafe(no_mangle)]
    extern "C" fn pthread_setspecific(_key: libc::pthread_key_t, _value: *const c_void) -> c_int {
        0
    }
}

/// Natively they see that blocks don't overlap and keep what is in them. Under Miri (`make miri`) they also see each access
/// outside of the arena, each value that nobody set, and each block that the system gets back wrongly.
#[cfg(test)]
mod tests {
    use super::*;

    /// A block of the arena's or the system's, filled with one byte, which it is checked for until it is given back.
    struct Block {
        start: *mut u8,
        layout: Layout,
        fill: u8,
    }

    impl Block {
        fn new(size: usize, align: usize, fill: u8) -> Self {
            let layout = Layout::from_size_align(size, align).expect("a layout");
            // SAFETY: no size here is 0.
            let start = unsafe { Arena.alloc(layout) };
            assert!(!start.is_null() && start.addr().is_multiple_of(align));
            let block = Self { start, layout, fill };
            block.write(0);
            block
        }

        fn write(&self, from: usize) {
            // SAFETY: the block is this one's alone, and so long.
            unsafe { self.start.add(from).write_bytes(self.fill, self.layout.size() - from) };
        }

        #[track_caller]
        fn check(&self, size: usize) {
            // SAFETY: so many bytes have been written.
            let bytes = unsafe { std::slice::from_raw_parts(self.start, size) };
            assert!(bytes == vec![self.fill; size], "someone else wrote into a block of {size}");
        }

        fn resize(&mut self, size: usize) {
            let before = self.layout.size();
            // SAFETY: the block is the allocator's, with this layout, and no size here is 0.
            self.start = unsafe { Arena.realloc(self.start, self.layout, size) };
            assert!(!self.start.is_null() && self.start.addr().is_multiple_of(self.layout.align()));
            self.layout = Layout::from_size_align(size, self.layout.align()).expect("a layout");
            self.check(before.min(size));
            self.write(before.min(size));
        }
    }

    impl Drop for Block {
        fn drop(&mut self) {
            self.check(self.layout.size());
            // SAFETY: the block is the allocator's, with this layout, and is not used again.
            unsafe { Arena.dealloc(self.start, self.layout) };
        }
    }

    fn in_arena(block: &Block) -> bool {
        MEMORY.owns(block.start)
    }

    /// There is one arena, and it does not take anything back.
    #[test]
    fn the_arena_serves_until_it_is_full_and_the_system_from_there() {
        blocks_keep_what_is_in_them();
        the_last_block_grows_where_it_is_and_another_one_moves();
        a_size_that_overflows_is_refused();
        zeroed_memory_is_zero(100);
        what_does_not_fit_any_more_is_the_systems();
        blocks_keep_what_is_in_them();
        zeroed_memory_is_zero(ARENA);
    }

    fn blocks_keep_what_is_in_them() {
        let mut blocks: Vec<_> = (0..60_u8).map(|n| Block::new(1 + usize::from(n) * 7, 1 << (n % 7), n)).collect();
        for (index, size) in [(0, 300), (59, 500), (59, 20), (30, 1), (30, 200), (59, 21)] {
            blocks[index].resize(size);
        }
        for index in [7, 3, 40] {
            blocks.swap_remove(index);
        }
        blocks.push(Block::new(64, 64, 99));
    }

    fn the_last_block_grows_where_it_is_and_another_one_moves() {
        let (mut first, mut last) = (Block::new(16, 16, 1), Block::new(16, 16, 2));
        let before = (first.start, last.start);
        last.resize(4096);
        first.resize(32);
        assert!(last.start == before.1 && first.start != before.0);
        let moved = first.start;
        first.resize(8);
        assert_eq!(first.start, moved, "it shrinks where it is");
    }

    fn what_does_not_fit_any_more_is_the_systems() {
        let mut grows = Block::new(1024, 8, 3);
        for _ in 0..9 {
            let size = grows.layout.size();
            grows.resize(size * 2);
        }
        assert!(!in_arena(&grows), "{} bytes are more than the arena has", grows.layout.size());
        grows.resize(100);
        let mut blocks = Vec::new();
        while blocks.last().is_none_or(in_arena) {
            blocks.push(Block::new(8 << 10, 1 << (blocks.len() % 12), blocks.len() as u8));
        }
        let mut small = Block::new(1, 1, 200);
        small.resize(ARENA);
        assert!(!in_arena(&small));
    }

    fn zeroed_memory_is_zero(size: usize) {
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        // SAFETY: the size is not 0; the block is so long, and given back once.
        unsafe {
            let start = Arena.alloc_zeroed(layout);
            assert!(std::slice::from_raw_parts(start, size) == vec![0; size]);
            Arena.dealloc(start, layout);
        }
    }

    fn a_size_that_overflows_is_refused() {
        let huge = Layout::from_size_align(isize::MAX as usize, 1).expect("a layout");
        assert!(MEMORY.bump(huge).is_none());
        let block = Block::new(8, 1, 4);
        assert!(!MEMORY.resized(block.start, 8, usize::MAX));
    }

    #[test]
    fn arguments_end_at_the_null_pointer() {
        let texts = [c"lprobe", c"", c"tcp://:1", c"\xff"];
        for count in 0..=texts.len() {
            let pointers: Vec<_> = texts[..count].iter().map(|text| text.as_ptr()).chain([std::ptr::null()]).collect();
            // SAFETY: C strings, and a null pointer at the end.
            let collected = unsafe { collect(pointers.as_ptr()) };
            let expected = texts[..count].iter().skip(1).map(|text| OsStr::from_bytes(text.to_bytes()));
            assert!(collected.iter().map(OsString::as_os_str).eq(expected));
        }
    }
}
