//! Rules across elements: facts are collected in the pass, and judged when a domain ends.
//!
//! Only what some rule reads becomes a fact ([`facts`]); the table says what that is. The rules themselves are data
//! (`rules/semantic/`, `rules/advice/`); [`evaluate`] holds them against the facts, with values that libvirt derives ([`derive`]) and a few
//! functions for what the language of conditions cannot say ([`functions`]).

mod derive;
mod evaluate;
mod facts;
mod functions;
mod route;
mod sets;
mod usb;

pub use derive::{is_regular, may_reach};
pub use facts::{Facts, Node, Value};
