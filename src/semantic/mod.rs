//! Rules across elements: facts are collected in the pass, and judged when a domain ends.
//!
//! Only what some rule reads becomes a fact ([`facts`]); the table says what that is. The rules themselves are data
//! (`rules/semantic/`, `rules/advice/`); [`judge`] holds them against the facts. The conditions of the built-in rules are Rust functions that
//! `build.rs` made of them ([`conditions`]), those of other rule files are interpreted ([`interpret`]); both see the facts through a
//! [`view`], with values that libvirt derives ([`derive`]). [`functions`] has what the language of conditions cannot say, and [`excerpts`] keeps
//! the facts of elements that will come again.

mod conditions;
mod derive;
mod drives;
mod excerpts;
mod facts;
mod functions;
mod interpret;
mod judge;
mod route;
mod sets;
mod usb;
mod view;

pub use derive::{is_regular, may_reach};
pub use excerpts::{Excerpt, Excerpts, Mark};
pub use facts::{Facts, NOBODY, Node, Role, Value};
