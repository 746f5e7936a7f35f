//! The whole check: any bytes to findings, words, fixes and reports.
#![no_main]

#[path = "../../tests/invariants/mod.rs"]
mod invariants;

use invariants::cost::{Measured, cost};
use invariants::document::Checkers;
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

thread_local! {
    // They live on from one input to the next, so that what one document leaves behind meets another.
    static CHECKERS: RefCell<Checkers> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    CHECKERS.with_borrow_mut(|checkers| {
        let (done, cost) = cost(|| checkers.check(bytes));
        if let Err(complaint) = done {
            panic!("{complaint}");
        }
        // Several copies of the document are made to try its fixes; what a check itself takes is less.
        assert!(cost.bytes <= 4 * bytes.len() + (20 << 20), "{cost:?} for a document of {} bytes", bytes.len());
        assert!(cost.time < Duration::from_secs(1), "{cost:?} for a document of {} bytes", bytes.len());
    });
});
