//! The rule compiler on rule files that are wrong: it says what is wrong and where, and never fails otherwise.

mod invariants;
mod support;

use invariants::rule_file::check;
use proptest::prelude::*;
use std::fs;
use support::damage::{apply, mishap, runner};
use support::root;
use virdict::table::{RuleFile, compile};

/// A table that stands alone.
fn whole() -> String {
    fs::read_to_string(root().join("fuzz/seeds/whole.toml")).unwrap()
}

#[test]
fn the_table_that_fuzzing_begins_with_is_whole() {
    let files = [RuleFile { name: "whole.toml".into(), text: whole() }];
    if let Err(errors) = compile(&files, &[]) {
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

/// Compiles a rule file and asserts what is wrong with it.
#[track_caller]
fn refused(text: &str, complaint: &str) {
    assert!(!check(text), "it compiles");
    let files = [RuleFile { name: "rules.toml".into(), text: text.into() }];
    let errors = compile(&files, &[]).err().unwrap();
    assert!(errors.iter().any(|error| error.message.contains(complaint)), "{errors:?}");
}

#[test]
fn groups_that_do_not_end_are_refused() {
    let element = "[element.a]\nis = \"An a.\"\ndocs = \"a\"\nuse = [\"g0\"]\n";
    refused(&format!("{element}[group.g0]\nuse = [\"g0\", \"g0\"]\n"), "takes itself in");
    refused(&format!("{element}[group.g0]\nuse = [\"g1\"]\n[group.g1.when.b.c]\nuse = [\"g0\"]\n"), "takes itself in");
    let doubling = |n: usize| format!("[group.g{n}]\nuse = [\"g{}\", \"g{}\"]\n", n + 1, n + 1);
    let groups: String = (0..14).map(doubling).collect();
    refused(&format!("{element}{groups}[group.g14]\n"), "takes itself in, or others too often");
}

#[test]
fn names_with_the_same_ends_are_refused() {
    let attribute = |middle: &str| format!("attributes.abcdefgh{middle}ijklmnop = {{ one-of = [\"a\"] }}\n");
    let element = "[element.a]\nis = \"An a.\"\ndocs = \"a\"\n";
    refused(&format!("{element}{}{}", attribute("1"), attribute("2")), "cannot be told apart");
    assert!(check(&format!("{element}{}{}", attribute("1"), attribute("22"))));
}

#[test]
fn types_that_are_wrong_are_refused() {
    refused("[type.a]\nis = \"x\"\npattern = '('\n", "pattern of type `a`");
    refused("[type.a]\nis = \"x\"\ncheck = \"none\"\n", "there is no function named `none`");
    refused("[type.a]\nis = \"x\"\n", "has no form");
}

/// What fuzzing has found once.
#[test]
fn found_by_chance() {
    // A block decided by an attribute of a type that there is none of.
    let element = "[element.a]\nis = \"An a.\"\ndocs = \"a\"\n";
    let block = "attributes.b = \"text\"\n[element.a.when.b.otherwise]\n";
    refused(&format!("{element}{block}"), "there is no type named `text`");
}
