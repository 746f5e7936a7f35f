//! The command line, through the real binary.

mod formats;
mod reference;
mod streams;
mod support;
mod tree;
mod usage;
