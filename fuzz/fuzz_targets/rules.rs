//! The rule compiler: any text to a table, or to errors that say where they are.
#![no_main]

#[path = "../../tests/invariants/mod.rs"]
mod invariants;

use invariants::memory::{Measured, peak};
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

fuzz_target!(|text: &str| {
    let (_, held) = peak(|| invariants::rule_file::check(text));
    assert!(held <= 256 << 20, "{held} bytes for {} bytes of rules", text.len());
});
