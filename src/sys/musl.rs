//! What a static program with musl lacks: read-only relocations, an allocator that shares the arena, cheap thread-specific
//! data, and an `fcntl` that is one system call. [`crate::program`] gives the functions here their C names.
//!
//! std allocates a block of memory and a key for its record of the one thread. musl's own functions would take six
//! system calls and three pages for that. All functions of the allocator are defined here, since musl's calloc and
//! realloc would take a block of ours for one of their own.

use std::alloc::{GlobalAlloc, Layout};
use std::ffi::{c_int, c_long, c_ulong, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use super::arena::Arena;

/// Makes the pages read-only that only relocation had to write (PT_GNU_RELRO). A dynamic loader does that. A static-pie
/// with musl has no loader that does it, and the header alone protects nothing.
pub fn protect_relocations() {
    unsafe extern "C" fn protect(object: *mut libc::dl_phdr_info, _size: usize, _data: *mut c_void) -> c_int {
        const PAGE: usize = 4096;
        // SAFETY: the C library passes the headers of the only object, this program.
        let (base, headers) = unsafe {
            let object = &*object;
            (object.dlpi_addr as usize, std::slice::from_raw_parts(object.dlpi_phdr, object.dlpi_phnum.into()))
        };
        for header in headers.iter().filter(|header| header.p_type == libc::PT_GNU_RELRO) {
            let start = (base + header.p_vaddr as usize) & !(PAGE - 1);
            let end = (base + header.p_vaddr as usize + header.p_memsz as usize) & !(PAGE - 1);
            // SAFETY: relocation is over, and nothing else writes to these pages, as the header declares.
            unsafe { libc::mprotect(std::ptr::with_exposed_provenance_mut(start), end - start, libc::PROT_READ) };
        }
        0
    }
    // SAFETY: the callback uses its arguments only.
    unsafe { libc::dl_iterate_phdr(Some(protect), null_mut()) };
}

/// The alignment of every block, and the least space before a block, which ends with the block's size and alignment.
const ALIGN: usize = 16;

/// Returns the layout of a block with the space before it.
fn layout(align: usize, size: usize) -> Option<Layout> {
    Layout::from_size_align(size.checked_add(align)?, align).ok()
}

/// Returns a block.
pub fn malloc(size: usize) -> *mut c_void {
    aligned_alloc(ALIGN, size)
}

/// Returns a block with this alignment.
pub fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    let align = align.max(ALIGN);
    let Some(layout) = layout(align, size) else { return null_mut() };
    // SAFETY: the layout's size is not 0. The block is `align` bytes longer than requested, which is room for two numbers.
    unsafe {
        let start = Arena.alloc(layout);
        if start.is_null() {
            return null_mut();
        }
        let block = start.add(align);
        block.cast::<[usize; 2]>().sub(1).write([size, align]);
        block.cast()
    }
}

/// Stores a block of [`aligned_alloc`] in `place`. Returns 0, or ENOMEM.
///
/// # Safety
///
/// `place` points to room for a pointer.
pub unsafe fn posix_memalign(place: *mut *mut c_void, align: usize, size: usize) -> c_int {
    let block = aligned_alloc(align, size);
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller promises room for a pointer.
    unsafe { place.write(block) };
    0
}

/// Returns a block of zeros.
pub fn calloc(count: usize, size: usize) -> *mut c_void {
    let Some(size) = count.checked_mul(size) else { return null_mut() };
    let block = malloc(size);
    if !block.is_null() {
        // SAFETY: the block has this size.
        unsafe { block.cast::<u8>().write_bytes(0, size) };
    }
    block
}

/// Moves a block to one of another size.
///
/// # Safety
///
/// `pointer` is null, or a block of this allocator.
pub unsafe fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
    let moved = malloc(size);
    if !pointer.is_null() && !moved.is_null() {
        // SAFETY: both blocks are at least this long, and nobody else uses the new one.
        unsafe {
            let [before, _] = pointer.cast::<[usize; 2]>().sub(1).read();
            pointer.cast::<u8>().copy_to_nonoverlapping(moved.cast(), size.min(before));
            free(pointer);
        }
    }
    moved
}

/// Takes a block back.
///
/// # Safety
///
/// `pointer` is null, or a block of this allocator.
pub unsafe fn free(pointer: *mut c_void) {
    if pointer.is_null() {
        return;
    }
    // SAFETY: the size and the alignment are before the block, and made its layout.
    unsafe {
        let [size, align] = pointer.cast::<[usize; 2]>().sub(1).read();
        if let Some(layout) = layout(align, size) {
            Arena.dealloc(pointer.cast::<u8>().sub(align), layout);
        }
    }
}

/// Runs `fcntl`. musl's own sets FD_CLOEXEC a second time after F_DUPFD_CLOEXEC, for kernels before 2.6.24.
///
/// # Safety
///
/// `argument` is what the command takes.
pub unsafe fn fcntl(descriptor: c_int, command: c_int, argument: c_ulong) -> c_int {
    #[cfg(target_pointer_width = "32")]
    const FCNTL: c_long = libc::SYS_fcntl64;
    #[cfg(not(target_pointer_width = "32"))]
    const FCNTL: c_long = libc::SYS_fcntl;
    // SAFETY: the caller promises the right argument.
    unsafe { libc::syscall(FCNTL, descriptor, command, argument) as c_int }
}

/// The values of thread-specific data, by key. There is one thread, and std takes one key.
static SPECIFIC: [AtomicPtr<c_void>; 8] = [const { AtomicPtr::new(null_mut()) }; 8];

/// The next key. std takes 0 for no key.
static NEXT_KEY: AtomicU32 = AtomicU32::new(1);

/// Creates a key. Its destructor never runs: the process ends with _exit. Returns 0, or EAGAIN if no key is left.
///
/// # Safety
///
/// `key` points to room for a key.
pub unsafe fn key_create(key: *mut u32) -> c_int {
    let next = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    if next as usize >= SPECIFIC.len() {
        return libc::EAGAIN;
    }
    // SAFETY: the caller promises room for a key.
    unsafe { key.write(next) };
    0
}

/// Sets the value of a key. Returns 0, or EINVAL for an unknown key.
pub fn set_specific(key: u32, value: *mut c_void) -> c_int {
    match SPECIFIC.get(key as usize) {
        Some(place) => place.store(value, Ordering::Relaxed),
        None => return libc::EINVAL,
    }
    0
}

/// Returns the value of a key, or null.
pub fn specific(key: u32) -> *mut c_void {
    SPECIFIC.get(key as usize).map_or(null_mut(), |value| value.load(Ordering::Relaxed))
}
