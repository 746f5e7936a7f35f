//! The table that `build.rs` made of `rules/`.

#![allow(clippy::all, missing_docs)]

use super::compiler::compiled::{
    By::*, Comparison::*, Consequence::*, Expression::*, Form::*, Judge::*, Last::*, Lexical::*, Operand::*, Origin::*,
    Step::*, Text::*, *,
};
use super::compiler::key::{Key, Name};
use super::compiler::version::Version;

include!(concat!(env!("OUT_DIR"), "/table.rs"));
