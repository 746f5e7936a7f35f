//! The data types of XML Schema that libvirt's schemas use.

use regex_automata::dfa::{Automaton, dense};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::cell::RefCell;
use std::collections::HashMap;

/// A data type, restricted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    kind: Kind,
    /// Patterns that the raw value must match, all of them.
    patterns: Vec<String>,
    /// Bounds of a number.
    pub min: Option<i128>,
    /// Bounds of a number.
    pub max: Option<i128>,
    /// Most characters of a string.
    pub longest: Option<usize>,
    /// Values that are not of it.
    pub except: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    String,
    Integer,
    Name,
    Date,
}

impl Data {
    /// A type by its name, with the bounds that are its own.
    pub fn new(name: &str) -> Result<Data, String> {
        let unsigned = |bits: u32| (Some(0), Some((1i128 << bits) - 1));
        let signed = |bits: u32| (Some(-(1i128 << (bits - 1))), Some((1i128 << (bits - 1)) - 1));
        let (kind, (min, max)) = match name {
            "string" | "token" => (Kind::String, (None, None)),
            "NCName" => (Kind::Name, (None, None)),
            "dateTime" => (Kind::Date, (None, None)),
            "integer" => (Kind::Integer, (None, None)),
            "positiveInteger" => (Kind::Integer, (Some(1), None)),
            "nonNegativeInteger" => (Kind::Integer, (Some(0), None)),
            "long" => (Kind::Integer, signed(64)),
            "int" => (Kind::Integer, signed(32)),
            "short" => (Kind::Integer, signed(16)),
            "byte" => (Kind::Integer, signed(8)),
            "unsignedLong" => (Kind::Integer, unsigned(64)),
            "unsignedInt" => (Kind::Integer, unsigned(32)),
            "unsignedShort" => (Kind::Integer, unsigned(16)),
            "unsignedByte" => (Kind::Integer, unsigned(8)),
            other => return Err(format!("the data type {other} is not understood")),
        };
        Ok(Data { kind, patterns: Vec::new(), min, max, longest: None, except: Vec::new() })
    }

    /// Restricts the type.
    pub fn restrict(&mut self, facet: &str, value: &str) -> Result<(), String> {
        let number = || value.trim().parse::<i128>().map_err(|error| format!("{facet}: {error}"));
        match facet {
            "pattern" => self.patterns.push(value.to_owned()),
            "minInclusive" => self.min = self.min.max(Some(number()?)),
            "maxInclusive" => self.max = Some(self.max.map_or(number()?, |max| max.min(number().unwrap_or(max)))),
            "maxLength" => self.longest = Some(value.trim().parse().map_err(|error| format!("{facet}: {error}"))?),
            other => return Err(format!("the facet {other} is not understood")),
        }
        Ok(())
    }

    /// Whether a value is of the type. Values that differ from others in nothing but white space are not asked about.
    pub fn takes(&self, value: &str) -> bool {
        let kind = match self.kind {
            Kind::String => self.longest.is_none_or(|longest| value.chars().count() <= longest),
            Kind::Integer => value.parse::<i128>().is_ok_and(|number| {
                self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max)
            }),
            // Of the letters beyond ASCII, the first few are enough here.
            Kind::Name => {
                matches_whole("[A-Za-z_\u{c0}-\u{d6}\u{e0}-\u{f6}][A-Za-z0-9._\u{c0}-\u{d6}\u{e0}-\u{f6}-]*", value)
            }
            Kind::Date => matches_whole(
                "-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})?",
                value,
            ),
        };
        kind && !self.except.iter().any(|word| word == value)
            && self.patterns.iter().all(|pattern| matches_whole(pattern, value))
    }
}

/// Whether a pattern matches all of a value. The patterns of XML Schema that libvirt uses mean the same here.
fn matches_whole(pattern: &str, value: &str) -> bool {
    thread_local! {
        // Building an automaton takes longer than everything else that the report does.
        static BUILT: RefCell<HashMap<String, dense::DFA<Vec<u32>>>> = RefCell::new(HashMap::new());
    }
    BUILT.with_borrow_mut(|built| {
        let automaton = built.entry(pattern.to_owned()).or_insert_with(|| {
            dense::Builder::new()
                .configure(dense::Config::new().start_kind(regex_automata::dfa::StartKind::Anchored))
                .syntax(syntax::Config::new().crlf(true))
                .build(&format!("^(?:{pattern})$"))
                .unwrap_or_else(|error| panic!("{pattern}: {error}"))
        });
        let input = Input::new(value).anchored(Anchored::Yes);
        // A match that ends before the value does is none.
        automaton.try_search_fwd(&input).is_ok_and(|found| found.is_some_and(|found| found.offset() == value.len()))
    })
}
