#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use rejoin::{Causal, OrSet, ReplicaId, Writer};

struct NoMemory;

// SAFETY: it never hands out memory.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static NO_MEMORY: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Uses the crate from end to end, so that the linker cannot leave it out.
#[unsafe(no_mangle)]
pub extern "C" fn insert(id: u64, value: u32) -> usize {
    let mut set =
        Writer::with_ids(Causal::<OrSet<u32>>::default(), move || ReplicaId::from_u128(u128::from(id)));
    let delta = set.edit_at(0, |set| set.insert(value));
    set.apply(delta);
    set.len()
}
