//! The rule compiler on rule files that are wrong: it says what is wrong and where, and never fails otherwise.

mod invariants;
mod support;

use invariants::rule_file::check;
use proptest::prelude::*;
use std::fs;
use support::damage::{apply, mishap, runner};
use support::root;

/// A table that stands alone.
fn whole() -> String {
    fs::read_to_string(root().join("fuzz/seeds/whole.toml")).unwrap()
}

#[test]
fn the_table_that_fuzzing_begins_with_is_whole() {
    let files = [virdict::table::RuleFile { name: "whole.toml".into(), text: whole() }];
    if let Err(errors) = virdict::table::compile(&files, &[]) {
        panic!("{}", errors.iter().map(|error| format!("{error}\n")).collect::<String>());
    }
    assert!(check(&whole()));
}

/// What TOML and the conditions in it are written with.
const MARKS: &[u8] = b"[]{}=\"'.,# \n@/$()*-_<>0123456789";

/// What is inserted: pieces of the language.
const PIECES: &[&str] = &[
    "[[rule]]\n",
    "[element.disk]\n",
    ".when.type.absent",
    "since = \"7.1.0\"\n",
    "one-of = [\"a\"]",
    "use = [\"named\"]\n",
    "is = \"disk\"",
    "open = true\n",
    "many = true, ",
    "\x27\x27\x27",
    "\"",
    " and ",
    " or not(",
    "count(",
    "../",
    "$",
    "@type",
    "[@type='file']",
    "text()",
    "{0,999}",
    "(a*)*",
    "99999999999999999999",
    "\u{FEFF}",
    "\u{E4}",
    "\0",
];

/// How many damaged rule files are tried.
const CASES: u32 = 500;

#[test]
fn any_damage_is_told_with_its_place() {
    let damaged = prop::collection::vec(mishap(MARKS, PIECES), 1..4);
    let result = runner(CASES).run(&damaged, |mishaps| {
        let mut bytes = whole().into_bytes();
        mishaps.iter().for_each(|mishap| apply(&mut bytes, mishap));
        if let Ok(text) = String::from_utf8(bytes) {
            check(&text);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
