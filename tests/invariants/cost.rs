//! What a piece of work costs: memory at its peak, and time of the processor.

#![allow(unsafe_code)] // An allocator cannot be written without; the library and the program forbid it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

/// The system's allocator; it keeps count of what each thread holds. Who wants to measure makes it the global one.
pub struct Measured;

thread_local! {
    /// Bytes that the thread holds. What another thread gave it to free makes this wrong, and negative if need be.
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    // A thread that is being torn down has nothing to count with any more.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Measured {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it is moved, both are there.
        count(size as isize);
        let moved = unsafe { System.realloc(pointer, layout, size) };
        count(-(layout.size() as isize));
        moved
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What some work cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// How many bytes more than before the thread held at its peak.
    pub bytes: usize,
    /// How long the thread ran. Where the system does not tell, how long it took.
    pub time: Duration,
}

/// Does some work on this thread.
pub fn cost<R>(work: impl FnOnce() -> R) -> (R, Cost) {
    let (held, begun) = (HELD.get(), now());
    PEAK.set(held);
    let result = work();
    (result, Cost { bytes: (PEAK.get() - held) as usize, time: now() - begun })
}

/// How long this thread has run: on a machine that is busy with other things too, this says more than a clock.
#[cfg(unix)]
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(not(unix))]
fn now() -> Duration {
    std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default()
}
