//! What a static program with musl lacks: read-only relocations, an allocator that shares the arena, and cheap
//! thread-specific data. [`crate::program`] gives the functions here their C names.
//!
//! std allocates a block of memory and a key for its record of the one thread. musl's own functions would take six
//! system calls and three pages for that. All functions of the allocator are defined here, since musl's calloc and
//! realloc would take a block of the arena for one of their own.

use std::alloc::Layout;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use super::arena::MEMORY;

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

// musl's names for its own functions, if the program defines another allocator.
unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_realloc(pointer: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(pointer: *mut c_void);
}

/// The alignment of every block, and the size of the space before a block of the arena, which stores the block's size.
const ALIGN: usize = 16;

/// Returns a block of the arena, or of musl if the arena is full.
pub fn malloc(size: usize) -> *mut c_void {
    // SAFETY: any size is allowed.
    in_arena(ALIGN, size).unwrap_or_else(|| unsafe { __libc_malloc(size) })
}

/// Returns a block of the arena with this alignment, or null if the arena is full. An aligned block of musl could not
/// be returned to it, and only std's record of the thread needs one.
pub fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    in_arena(align.max(ALIGN), size).unwrap_or(null_mut())
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

/// Returns a block of the arena, with its size stored before it.
fn in_arena(align: usize, size: usize) -> Option<*mut c_void> {
    let block = MEMORY.bump(Layout::from_size_align(size.max(1).checked_add(align)?, align).ok()?)?;
    // SAFETY: the block is `align` bytes longer than requested, which is at least ALIGN.
    unsafe {
        let block = block.add(align);
        block.sub(ALIGN).cast::<usize>().write(size);
        Some(block.cast())
    }
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

/// Resizes a block, or moves it.
///
/// # Safety
///
/// `pointer` is null, or a block of this allocator.
pub unsafe fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
    if pointer.is_null() {
        return malloc(size);
    }
    if !MEMORY.owns(pointer.cast()) {
        // SAFETY: a block outside the arena is musl's.
        return unsafe { __libc_realloc(pointer, size) };
    }
    // SAFETY: a block of the arena has its size before it.
    let before = unsafe { pointer.cast::<usize>().byte_sub(ALIGN).read() };
    let moved = malloc(size);
    if !moved.is_null() {
        // SAFETY: both blocks are at least this long, and nobody else uses the new one.
        unsafe { pointer.cast::<u8>().copy_to_nonoverlapping(moved.cast(), size.min(before)) };
    }
    moved
}

/// Returns a block of musl to musl. A block of the arena is never freed.
///
/// # Safety
///
/// `pointer` is null, or a block of this allocator.
pub unsafe fn free(pointer: *mut c_void) {
    if !MEMORY.owns(pointer.cast()) {
        // SAFETY: a block outside the arena is musl's, or null.
        unsafe { __libc_free(pointer) }
    }
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
