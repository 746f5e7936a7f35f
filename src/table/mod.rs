//! The rule table: what libvirt's domain format may hold, since when, and why.
//!
//! The table is written in TOML under `rules/` (its language is described in `rules/README.md`), compiled by `compiler`, and read by the
//! engine as flat static arrays ([`Table`]). Everything that the program knows of libvirt is in it.

mod built_in;
mod compiler;
mod distance;
mod lookup;
mod value;

pub use compiler::checks;
pub use compiler::compile::{Error, RuleFile, compile};
pub use compiler::compiled::{
    Attribute, AttributeRule, Automaton, Block, By, CHAINS, Case, Child, ChildRule, Choice, CodeDoc, Comparison,
    Consequence, DRIVERS, Element, Expression, Form, Group, Handling, Judge, Last, Lexical, NO_CHAIN, NONE, Operand,
    Order, Origin, Path, Range, Rule, Set, Step, Table, Text, Trigger, Type, Wanted, Word,
};
pub use compiler::key::{Key, Name};
pub use compiler::rules::{CALLS, FUNCTIONS, TESTS};
pub use compiler::version::Version;
pub use distance::Distance;
pub use lookup::{Counts, Explanation};
pub use value::{Verdict, trim};
