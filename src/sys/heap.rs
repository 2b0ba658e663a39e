//! The memory beyond the arena: blocks of fixed sizes, whose freed ones are used again, so that no server can make the
//! memory grow. Linking musl's allocator for this would take 7 KB.

use std::alloc::Layout;
use std::hint::spin_loop;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, Ordering};

/// The step from one size of a small block to the next, in bytes, and the alignment of all small blocks. A block has room
/// for a link.
const STEP: usize = 16;

/// The size of the largest small block. A larger block has a power of two as its size.
const SMALL: usize = 1024;

/// The number of sizes: 16 bytes to 1 KiB in steps, and 2 KiB to 1 GiB.
const SIZES: usize = SMALL / STEP + 20;

/// The size of a chunk, from which smaller blocks are cut.
const CHUNK: usize = 128 * 1024;

/// The alignment of a mapping. No larger one is given.
const PAGE: usize = 4096;

/// The blocks that are free.
struct Heap {
    /// The first free block of each size, which begins with a link to the next.
    free: [*mut Block; SIZES],
    /// The part of the last chunk that is not cut yet: its start, and its size.
    rest: (*mut u8, usize),
}

struct Block {
    next: *mut Block,
}

struct Locked(std::cell::UnsafeCell<Heap>, AtomicBool);

// SAFETY: `with` lets one thread in at a time.
unsafe impl Sync for Locked {}

static HEAP: Locked = Locked(
    std::cell::UnsafeCell::new(Heap { free: [null_mut(); SIZES], rest: (null_mut(), 0) }),
    AtomicBool::new(false),
);

impl Locked {
    fn with<T>(&self, step: impl FnOnce(&mut Heap) -> T) -> T {
        // The program has one thread, and its tests have more.
        while self.1.swap(true, Ordering::Acquire) {
            spin_loop();
        }
        // SAFETY: no other thread is here, and no step calls `with`.
        let result = step(unsafe { &mut *self.0.get() });
        self.1.store(false, Ordering::Release);
        result
    }
}

/// Returns the size of the block that a layout gets, and its index, or `None` for a layout that gets none.
fn block_size(layout: Layout) -> Option<(usize, usize)> {
    if layout.align() <= STEP && layout.size() <= SMALL {
        let steps = layout.size().div_ceil(STEP).max(1);
        return Some((steps * STEP, steps - 1));
    }
    let size = layout.size().max(2 * SMALL).checked_next_power_of_two()?;
    let index = SMALL / STEP + (size / (2 * SMALL)).trailing_zeros() as usize;
    if layout.align() <= PAGE && index < SIZES { Some((size, index)) } else { None }
}

/// Returns a block for `layout`, or null if there is no memory. A block that is not small is aligned to its size, up to a
/// page's.
pub fn allocate(layout: Layout) -> *mut u8 {
    let Some((size, index)) = block_size(layout) else { return null_mut() };
    HEAP.with(|heap| {
        let block = heap.free[index];
        if !block.is_null() {
            // SAFETY: a free block begins with a link.
            heap.free[index] = unsafe { (*block).next };
            return block.cast();
        }
        if size >= CHUNK {
            return map(size);
        }
        let (mut start, mut left) = heap.rest;
        let align = if size > SMALL { size.min(PAGE) } else { STEP };
        let gap = start.addr().wrapping_neg() % align;
        if left < gap + size {
            (start, left) = (map(CHUNK), CHUNK);
            if start.is_null() {
                return start;
            }
        } else {
            (start, left) = (start.wrapping_add(gap), left - gap);
        }
        heap.rest = (start.wrapping_add(size), left - size);
        start
    })
}

/// Takes a block back.
///
/// # Safety
///
/// The block comes from [`allocate`], with this layout, and is not used again.
pub unsafe fn free(block: *mut u8, layout: Layout) {
    let Some((_, index)) = block_size(layout) else { return };
    HEAP.with(|heap| {
        let block: *mut Block = block.cast();
        // SAFETY: the block is not used any more, and has room for a link, whose alignment it has.
        unsafe { block.write(Block { next: heap.free[index] }) };
        heap.free[index] = block;
    });
}

/// Returns whether a block for one layout has room for another one.
pub fn fits(before: Layout, wanted: Layout) -> bool {
    block_size(before) == block_size(wanted)
}

/// Returns new memory of the kernel's, or null.
fn map(size: usize) -> *mut u8 {
    let (rights, kind) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: a new mapping changes no other.
    let mapped = unsafe { libc::mmap(null_mut(), size, rights, kind, -1, 0) };
    if mapped == libc::MAP_FAILED { null_mut() } else { mapped.cast() }
}
