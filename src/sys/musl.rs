//! What a static program of musl's lacks: read-only relocations, an allocator that shares the arena, and thread-specific
//! data without its cost. [`crate::program`] gives the functions here their C names.
//!
//! std asks for a block of memory and a key for its note of the one thread that there is, and musl's own would take six
//! system calls and three pages for that. All of the allocator's functions are defined, since musl's calloc and realloc
//! would take a block of the arena for one of their own.

use std::alloc::Layout;
use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use super::arena::MEMORY;

/// Makes read-only what relocation alone had to write (PT_GNU_RELRO). A dynamic loader does that; in a static-pie of
/// musl's nobody would, and the header alone protects nothing.
pub fn protect_relocations() {
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

// musl's own names for what it calls when another allocator is there.
unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_realloc(pointer: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_free(pointer: *mut c_void);
}

/// The alignment of every block, and the room before one of the arena's, in which its size stands.
const ALIGN: usize = 16;

/// Returns a block of the arena, or of musl's where that is full.
pub fn malloc(size: usize) -> *mut c_void {
    // SAFETY: any size is allowed.
    in_arena(ALIGN, size).unwrap_or_else(|| unsafe { __libc_malloc(size) })
}

/// Returns a block of the arena with this alignment. Where the arena is full there is none: what musl would return could not
/// be given back to it, and nothing but std's own notes asks for one.
pub fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
    in_arena(align.max(ALIGN), size).unwrap_or(null_mut())
}

/// Puts such a block in `place`.
///
/// # Safety
///
/// `place` points to room for a pointer.
pub unsafe fn posix_memalign(place: *mut *mut c_void, align: usize, size: usize) -> c_int {
    let block = aligned_alloc(align, size);
    if block.is_null() {
        return libc::ENOMEM;
    }
    // SAFETY: the caller's promise.
    unsafe { place.write(block) };
    0
}

/// Returns a block of the arena, before which its size stands.
fn in_arena(align: usize, size: usize) -> Option<*mut c_void> {
    let block = MEMORY.bump(Layout::from_size_align(size.checked_add(align)?, align).ok()?)?;
    // SAFETY: the block is `align` bytes longer than was asked for, which are at least ALIGN.
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
        // SAFETY: the block is so long.
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
        // SAFETY: what is not the arena's is musl's.
        return unsafe { __libc_realloc(pointer, size) };
    }
    // SAFETY: a block of the arena has its size before it.
    let before = unsafe { pointer.cast::<usize>().byte_sub(ALIGN).read() };
    let moved = malloc(size);
    if !moved.is_null() {
        // SAFETY: both blocks are at least so long, and the new one is nobody else's.
        unsafe { pointer.cast::<u8>().copy_to_nonoverlapping(moved.cast(), size.min(before)) };
    }
    moved
}

/// Gives a block back to musl, where it is musl's.
///
/// # Safety
///
/// `pointer` is null, or a block of this allocator.
pub unsafe fn free(pointer: *mut c_void) {
    if !MEMORY.owns(pointer.cast()) {
        // SAFETY: what is not the arena's is musl's, or null.
        unsafe { __libc_free(pointer) }
    }
}

/// The values behind the keys of thread-specific data: there is one thread, and std takes one key.
static SPECIFIC: [AtomicPtr<c_void>; 8] = [const { AtomicPtr::new(null_mut()) }; 8];

/// The next key. std takes 0 for none.
static NEXT_KEY: AtomicU32 = AtomicU32::new(1);

/// Makes a key. Its destructor will not run: the process ends by _exit.
///
/// # Safety
///
/// `key` points to room for a key.
pub unsafe fn key_create(key: *mut u32) -> c_int {
    let next = NEXT_KEY.fetch_add(1, Ordering::Relaxed);
    if next as usize >= SPECIFIC.len() {
        return libc::EAGAIN;
    }
    // SAFETY: the caller's promise.
    unsafe { key.write(next) };
    0
}

/// Sets the value behind a key.
pub fn set_specific(key: u32, value: *mut c_void) -> c_int {
    match SPECIFIC.get(key as usize) {
        Some(place) => place.store(value, Ordering::Relaxed),
        None => return libc::EINVAL,
    }
    0
}

/// Returns the value behind a key, or null.
pub fn specific(key: u32) -> *mut c_void {
    SPECIFIC.get(key as usize).map_or(null_mut(), |value| value.load(Ordering::Relaxed))
}
