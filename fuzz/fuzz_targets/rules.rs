//! The rule compiler: any text to a table, or to errors that say where they are.
#![no_main]

#[path = "../../tests/invariants/mod.rs"]
mod invariants;

use invariants::cost::{Measured, cost};
use libfuzzer_sys::fuzz_target;
use std::time::Duration;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

fuzz_target!(|text: &str| {
    let (_, cost) = cost(|| invariants::rule_file::check(text));
    assert!(cost.bytes <= 256 << 20, "{cost:?} for {} bytes of rules", text.len());
    assert!(cost.time < Duration::from_secs(1), "{cost:?} for {} bytes of rules", text.len());
});
