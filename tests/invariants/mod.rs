//! What must hold whatever the input: shared by the tests, which try real documents with damage, and by the fuzz targets in `fuzz/`, which
//! try everything else.
#![allow(dead_code)] // Each user needs its part of it.

pub mod cost;
pub mod document;
pub mod rule_file;
pub mod xml;
