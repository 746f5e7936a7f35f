//! virdict
#![forbid(unsafe_code)]

pub mod cli;
pub mod diagnostic;
pub mod engine;
pub mod report;
pub mod run;
pub mod semantic;
pub mod table;
pub mod xml;
