//! What a value type expects, in words, and which of its values was meant.

use crate::table::{Distance, Form, Table, Version};

/// How many values are listed before only the nearest are.
const LISTED: usize = 8;

/// What to say of a bad value: help, and the value that was meant if one is near.
pub(super) struct Expectation {
    pub help: String,
    pub meant: Option<&'static str>,
}

/// What the type expects in place of `wrong`.
pub(super) fn expectation(table: &'static Table, type_: usize, wrong: &str, target: Version) -> Expectation {
    let words = words(table, type_, target);
    if !words.is_empty() {
        return among(&words, wrong);
    }
    let type_ = &table.types[type_];
    let help = match type_.example {
        "" => format!("expected {}", type_.is),
        // Some types name an example in their own words.
        _ if type_.is.contains("such as") => format!("expected {}", type_.is),
        example => format!("expected {}, such as `{example}`", type_.is),
    };
    Expectation { help, meant: None }
}

/// The words of an enumeration, also one inside of alternatives.
fn words(table: &'static Table, type_: usize, target: Version) -> Vec<&'static str> {
    match table.types[type_].form {
        Form::Words(range) => {
            let current = range.of(table.words).iter().filter(|word| word.since <= target && word.until > target);
            current.map(|word| word.name.text).collect()
        }
        _ => Vec::new(),
    }
}

fn among(words: &[&'static str], wrong: &str) -> Expectation {
    let wrong_trimmed = wrong.trim();
    // What begins like a value is one that was cut short or written with something behind it; that is likelier than slips.
    let begins = |word: &str| !wrong_trimmed.is_empty() && word.starts_with(wrong_trimmed);
    let from_wrong = Distance::from(wrong_trimmed);
    let mut ranked: Vec<(usize, &'static str)> = words
        .iter()
        .map(|word| {
            let distance = if word.eq_ignore_ascii_case(wrong_trimmed) { 0 } else { from_wrong.to(word) };
            (distance, *word)
        })
        .collect();
    ranked.sort_by_key(|(distance, word)| (*distance, !begins(word)));
    // Two letters or more that begin a single value mean it.
    let mut starts = ranked.iter().filter(|(_, word)| begins(word));
    if let (Some(start), None) = (starts.next().copied(), starts.next())
        && wrong_trimmed.len() > 1
        && ranked[0].0 > 0
    {
        ranked.retain(|other| *other != start);
        ranked.insert(0, start);
    }
    let (distance, nearest) = ranked[0];
    let begun = wrong_trimmed.len() > 1 && begins(nearest);
    let near = wrong.len() <= 64
        && !wrong_trimmed.is_empty()
        && (begun || (distance <= 1 + nearest.len() / 4 && distance < nearest.len().max(2)));
    if near {
        let others = words.len() - 1;
        let help = match others {
            0 => format!("write `{nearest}`"),
            1..=3 => {
                format!("did you mean `{nearest}`? also possible: {}", list(words.iter().filter(|w| **w != nearest)))
            }
            _ => format!("did you mean `{nearest}`?"),
        };
        return Expectation { help, meant: Some(nearest) };
    }
    let help = if words.len() == 1 {
        format!("write `{}`", words[0])
    } else if words.len() <= LISTED {
        format!("expected {}", list(words.iter()))
    } else {
        let first = ranked.iter().take(3).map(|(_, word)| word);
        format!("expected {} or one of {} more", list_comma(first), words.len() - 3)
    };
    Expectation { help, meant: None }
}

/// `a`, `b` or `c`.
pub(super) fn list<'a>(words: impl Iterator<Item = &'a &'static str>) -> String {
    joined(words, " or ")
}

/// `a`, `b`, `c`.
fn list_comma<'a>(words: impl Iterator<Item = &'a &'static str>) -> String {
    joined(words, ", ")
}

/// Words in quotes, with commas between them, and with something else before the last one.
fn joined<'a>(words: impl Iterator<Item = &'a &'static str>, last: &str) -> String {
    let mut words = words.peekable();
    let mut out = String::new();
    while let Some(word) = words.next() {
        if !out.is_empty() {
            out.push_str(if words.peek().is_some() { ", " } else { last });
        }
        out.push('`');
        out.push_str(word);
        out.push('`');
    }
    out
}
