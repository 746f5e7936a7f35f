//! virdict reads libvirt domain XML and says what libvirt will refuse, drop, ignore or regret.
//!
//! # Rooms
//! Imports point one way, from the top of this list to its end; a test fails on an arrow that points up.
//!
//! - [`cli`]: flags, subcommands, exit codes.
//! - [`run`]: paths to files to threads to ordered output; the only room with threads and the file system.
//! - [`report`]: findings to words ([`report::wording`]) and words to bytes, one file for each format.
//! - [`engine`]: XML events and the rule table to findings; cannot fail and does no I/O.
//! - [`semantic`]: facts collected in the pass, and the rules across elements over them.
//! - [`table`]: the rule table: its language, its compiler, its compiled form.
//! - [`xml`]: bytes to checked XML events with spans; knows nothing of libvirt.
//! - [`diagnostic`]: findings, spans, codes, the line index.
//! - [`places`]: tables of what is kept between documents.
//!
//! # Use
//! ```text
//! let mut checker = engine::Checker::new(&engine::Options::default());
//! let outcome = checker.check(bytes, true);
//! for finding in outcome.findings {
//!     let words = report::wording::wording(finding, &outcome.document.text, &options);
//! }
//! ```
//! A checker is made once for each thread and reused: checking an ordinary clean document allocates nothing.
#![forbid(unsafe_code)]

// What the fuzz targets assert is asserted in unit tests too, and names the crate as they do.
#[cfg(test)]
extern crate self as virdict;

pub mod cli;
pub mod diagnostic;
pub mod engine;
mod places;
pub mod report;
pub mod run;
pub mod semantic;
pub mod table;
pub mod xml;
