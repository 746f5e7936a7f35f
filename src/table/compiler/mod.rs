//! The rule table's compiler: from the TOML of `rules/` to flat arrays.
//!
//! This folder is compiled twice: into `build.rs`, which prints the built-in table as Rust source, and into the library, which compiles
//! rule files at run time. So it names nothing of the crate outside itself.

// Each of the two uses leaves something out.
#![allow(dead_code)]

pub mod automaton;
pub mod checks;
pub mod compile;
pub mod compiled;
pub mod compiled_rules;
pub mod conditions;
mod elements;
pub mod emit;
pub mod expression;
pub mod handling;
pub mod key;
mod parts;
pub mod rules;
pub mod source;
mod triggers;
mod variants;
pub mod version;
mod weights;
