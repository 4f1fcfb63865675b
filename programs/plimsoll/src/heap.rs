//! Memory of one instruction: handed out upwards, never taken back, gone when the instruction ends.
//!
//! The allocator that programs get by default hands out downwards from an end that it checks for at every block, which costs
//! about ten compute units a block; reading the accounts alone takes two blocks an account.

use core::alloc::Layout;

/// Where the runtime maps the heap of every program.
const START: usize = 0x3_0000_0000;
/// Its end where a transaction asks for no more, which none of this program's has to.
const END: usize = START + 32 * 1024;
/// The first word of the heap is where the next block begins.
const FIRST: usize = START + size_of::<usize>();
/// To what every block's length is rounded up, so that most need no other alignment.
const WORD: usize = size_of::<usize>();

/// Where a block begins and the next one may; nothing where the heap is full. `next` is aligned to a word and not beyond the end.
#[inline(always)]
const fn place(next: usize, layout: Layout) -> Option<(usize, usize)> {
    // A layout has at most 2^63 bytes, rounded up to its alignment: nothing wraps.
    let begin = if layout.align() <= WORD { next } else { up_to(next, layout.align()) };
    let end = begin.wrapping_add(up_to(layout.size(), WORD));
    if end > END {
        return None;
    }
    Some((begin, end))
}

/// The next multiple of a power of two.
#[inline(always)]
const fn up_to(number: usize, of: usize) -> usize {
    let rest = of.wrapping_sub(1);
    number.wrapping_add(rest) & !rest
}

#[cfg(not(test))]
#[expect(unsafe_code, reason = "an allocator hands out addresses")]
mod global {
    use core::alloc::{GlobalAlloc, Layout};
    use core::ptr::null_mut;

    use super::{place, FIRST, START};

    /// Begins an empty heap.
    ///
    /// # Safety
    /// Nothing has been allocated; nothing is before this is called.
    #[inline(always)]
    pub unsafe fn begin() {
        // SAFETY: the first word of the heap, which `place` hands to nobody.
        unsafe { *(START as *mut usize) = FIRST };
    }

    struct Heap;

    // SAFETY: blocks are disjoint, aligned and within the heap (see the tests), and are never handed out twice. A program has
    // one thread.
    unsafe impl GlobalAlloc for Heap {
        #[inline]
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let next = START as *mut usize;
            // SAFETY: the first word, as `begin` left it or the block before.
            let Some((begin, end)) = place(unsafe { *next }, layout) else {
                return null_mut();
            };
            // SAFETY: the same.
            unsafe { *next = end };
            begin as *mut u8
        }

        /// What was never handed out is zero.
        #[inline]
        unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
            // SAFETY: as the caller promises.
            unsafe { self.alloc(layout) }
        }

        #[inline]
        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
    }

    #[global_allocator]
    static HEAP: Heap = Heap;
}

#[cfg(not(test))]
pub use global::begin;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layout() -> impl Strategy<Value = Layout> {
        (0usize..6_000, 0u32..9).prop_map(|(size, align)| Layout::from_size_align(size, 1 << align).unwrap())
    }

    proptest! {
        #[test]
        fn blocks_are_aligned_within_the_heap_and_apart(layouts in prop::collection::vec(layout(), 1..60)) {
            let mut next = FIRST;
            for layout in layouts {
                let Some((begin, end)) = place(next, layout) else {
                    let least = next + layout.size();
                    prop_assert!(least + layout.align() + WORD > END, "refused with room: {layout:?} at {next:x}");
                    continue;
                };
                prop_assert_eq!(begin % layout.align(), 0);
                prop_assert!(begin >= next && begin + layout.size() <= end && end <= END);
                next = end;
            }
        }
    }

    #[test]
    fn the_heap_can_be_filled_to_its_last_byte_and_the_largest_layout_is_refused() {
        let whole = Layout::from_size_align(END - FIRST, 8).unwrap();
        assert_eq!(place(FIRST, whole), Some((FIRST, END)));
        assert_eq!(place(END, Layout::new::<u8>()), None);
        assert_eq!(place(END, Layout::new::<()>()), Some((END, END)));
        let largest = Layout::from_size_align(isize::MAX as usize - 7, 8).unwrap();
        assert_eq!(place(FIRST, largest), None);
    }
}
