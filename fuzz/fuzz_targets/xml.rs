//! The XML layer: any bytes to events and findings.
#![no_main]

#[path = "../../tests/invariants/mod.rs"]
mod invariants;

use invariants::memory::{Measured, peak};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use virdict::xml::Workspace;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

thread_local! {
    // It lives on from one input to the next, so that what one document leaves behind meets another.
    static WORKSPACE: RefCell<Workspace> = RefCell::default();
}

fuzz_target!(|bytes: &[u8]| {
    WORKSPACE.with_borrow_mut(|workspace| {
        let ((), held) = peak(|| invariants::xml::check_everything(bytes, workspace));
        assert!(held <= 4 * bytes.len() + (20 << 20), "{held} bytes for a document of {}", bytes.len());
    });
});
