//! The program's allocator. A probe ends before freeing memory pays off, so memory comes from an arena that gives out
//! each byte once. What does not fit comes from the heap.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::heap;

/// The size of the arena in bytes. Pages that are never touched cost nothing.
const ARENA: usize = 256 * 1024;

/// The arena.
pub struct Memory(UnsafeCell<[u8; ARENA]>);

pub static MEMORY: Memory = Memory(UnsafeCell::new([0; ARENA]));

/// The number of bytes that are given out. The initial value is not 0, which puts the variable on a page that is
/// written to anyway.
static USED: AtomicUsize = AtomicUsize::new(16);

// SAFETY: `bump` hands out each byte once.
unsafe impl Sync for Memory {}

impl Memory {
    fn start(&self) -> *mut u8 {
        self.0.get().cast()
    }

    pub fn owns(&self, pointer: *mut u8) -> bool {
        (self.start().addr()..self.start().addr() + ARENA).contains(&pointer.addr())
    }

    /// Returns room for `layout`, unless the arena is full, or another thread allocated at the same time.
    pub fn bump(&self, layout: Layout) -> Option<*mut u8> {
        let used = USED.load(Ordering::Relaxed);
        let start = self.start().addr();
        let offset = (start + used).next_multiple_of(layout.align()) - start;
        let end = offset.checked_add(layout.size()).filter(|&end| end <= ARENA)?;
        USED.compare_exchange(used, end, Ordering::Relaxed, Ordering::Relaxed).ok()?;
        Some(self.start().wrapping_add(offset))
    }

    /// Resizes the block of `size` bytes at `pointer` to `wanted` bytes in place, and returns whether that was
    /// possible. A block can always shrink. It can grow if it was the last one given out, as the block of a text or a
    /// list is while it is built.
    fn resize_in_place(&self, pointer: *mut u8, size: usize, wanted: usize) -> bool {
        let end = pointer.addr().wrapping_sub(self.start().addr()).wrapping_add(size);
        let Some(new) = wanted.checked_sub(size).and_then(|more| end.checked_add(more)) else { return wanted <= size };
        new <= ARENA && USED.compare_exchange(end, new, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

/// Makes the kernel provide the pages of the arena that a probe touches, in one call instead of eight page faults.
/// Before Linux 5.14 the kernel does not know the call, and the page faults occur.
pub fn populate() {
    #[cfg(target_os = "linux")]
    {
        const TOUCHED: usize = 52 * 1024;
        const PAGE: usize = 4096;
        let before = MEMORY.start().addr() % PAGE;
        // SAFETY: the pages belong to the arena, or are beside it and as writable; their contents do not change.
        unsafe { libc::madvise(MEMORY.start().wrapping_sub(before).cast(), TOUCHED, libc::MADV_POPULATE_WRITE) };
    }
}

/// The global allocator of the program.
pub struct Arena;

// SAFETY: memory comes from `bump`, which gives out each byte once, or from the heap, which gets back what it gave. The
// address tells the two apart.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MEMORY.bump(layout).unwrap_or_else(|| heap::allocate(layout))
    }

    /// Leaves the pages of the arena untouched: each byte is zero until it is given out, and given out once.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        MEMORY.bump(layout).unwrap_or_else(|| {
            let block = heap::allocate(layout);
            if !block.is_null() {
                // SAFETY: the block has this size.
                unsafe { block.write_bytes(0, layout.size()) };
            }
            block
        })
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !MEMORY.owns(pointer) {
            // SAFETY: a block outside the arena came from the heap, with this layout.
            unsafe { heap::free(pointer, layout) }
        }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller passes a pointer and a layout of this allocator, and a size that makes a layout.
        unsafe {
            let wanted = Layout::from_size_align_unchecked(size, layout.align());
            let in_place = match MEMORY.owns(pointer) {
                true => MEMORY.resize_in_place(pointer, layout.size(), size),
                false => heap::fits(layout, wanted),
            };
            if in_place {
                return pointer;
            }
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                pointer.copy_to_nonoverlapping(moved, size.min(layout.size()));
                self.dealloc(pointer, layout);
            }
            moved
        }
    }
}

/// Natively, these tests detect blocks that overlap or lose their contents. Under Miri (`make miri`), they also detect
/// each access outside the arena and the heap, and each use of an uninitialized value.
#[cfg(test)]
mod tests {
    use super::*;

    /// A block of the arena or of the heap. It is filled with one byte, and checked for this byte until it is freed.
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
            // SAFETY: the block belongs to this value alone, and has this length.
            unsafe { self.start.add(from).write_bytes(self.fill, self.layout.size() - from) };
        }

        #[track_caller]
        fn check(&self, size: usize) {
            // SAFETY: this many bytes have been written.
            let bytes = unsafe { std::slice::from_raw_parts(self.start, size) };
            assert!(bytes == vec![self.fill; size], "someone else wrote into a block of {size}");
        }

        fn resize(&mut self, size: usize) {
            let before = self.layout.size();
            // SAFETY: the block comes from the allocator, with this layout, and no size here is 0.
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
            // SAFETY: the block comes from the allocator, with this layout, and is not used again.
            unsafe { Arena.dealloc(self.start, self.layout) };
        }
    }

    fn in_arena(block: &Block) -> bool {
        MEMORY.owns(block.start)
    }

    /// Runs all checks in one test, since there is one arena, and it takes nothing back.
    #[test]
    fn the_heap_allocates_once_the_arena_is_full() {
        blocks_keep_what_is_in_them();
        the_last_block_grows_where_it_is_and_another_one_moves();
        a_size_that_overflows_is_refused();
        zeroed_memory_is_zero(100);
        the_heap_allocates_what_does_not_fit();
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

    fn the_heap_allocates_what_does_not_fit() {
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
        for (size, align) in [(9 << 10, 1), (64 << 10, 16), (9 << 10, 4096), (1 << 20, 8)] {
            let freed = Block::new(size, align, 5).start;
            assert_eq!(Block::new(size, align, 6).start, freed, "a freed block is used again");
        }
    }

    fn zeroed_memory_is_zero(size: usize) {
        let layout = Layout::from_size_align(size, 8).expect("a layout");
        // SAFETY: the size is not 0; the block has this size, and is freed once.
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
        assert!(!MEMORY.resize_in_place(block.start, 8, usize::MAX));
    }
}
