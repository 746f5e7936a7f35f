//! The conditions of the built-in rules, as functions that `build.rs` made of them (`table::compiler::conditions`).

// Machines write what people would not.
#![allow(clippy::all, unused)]

use super::derive;
use super::view::View;

/// Whether a condition holds for a subject.
pub(super) type Check = fn(&View<'_, '_>, u32) -> bool;

/// Writes the key of a subject, of which no other may have the same; whether it has one.
pub(super) type Key = fn(&View<'_, '_>, u32, &mut Vec<u8>) -> bool;

/// The condition of a rule that has none.
fn always(_: &View<'_, '_>, _: u32) -> bool {
    true
}

include!(concat!(env!("OUT_DIR"), "/conditions.rs"));
