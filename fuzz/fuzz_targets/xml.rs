//! The XML layer: any bytes to events and findings.
#![no_main]

#[path = "../../tests/invariants/mod.rs"]
mod invariants;

use invariants::cost::{Measured, cost};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::time::Duration;
use virdict::xml::Workspace;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

thread_local! {
    // It lives on from one input to the next, so that what one document leaves behind meets another.
    static WORKSPACE: RefCell<Workspace> = {
        let mut workspace = Workspace::default();
        workspace.keep_tags();
        RefCell::new(workspace)
    };
}

fuzz_target!(|bytes: &[u8]| {
    WORKSPACE.with_borrow_mut(|workspace| {
        let ((), cost) = cost(|| invariants::xml::check_everything(bytes, workspace));
        assert!(cost.bytes <= 4 * bytes.len() + (20 << 20), "{cost:?} for a document of {} bytes", bytes.len());
        assert!(cost.time < Duration::from_secs(1), "{cost:?} for a document of {} bytes", bytes.len());
    });
});
