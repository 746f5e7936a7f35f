//! The command line, through the real binary.

mod formats;
mod reference;
mod streams;
mod support;
#[cfg(unix)]
mod terminal;
mod tree;
mod usage;
