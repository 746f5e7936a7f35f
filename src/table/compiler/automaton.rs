//! From a pattern to an automaton: regex-automata builds it, and a flat copy of its transitions is kept.
//!
//! The copy is what is printed into the binary. It has no header, needs no validation at start and is walked with one load per byte.

use std::collections::HashMap;

use regex_automata::dfa::{Automaton as _, dense};
use regex_automata::nfa::thompson;
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, util::primitives::StateID};

use super::compiled::Automaton;

/// Bytes that an automaton may take while it is made. What libvirt's patterns need is a hundredth of it; repetitions of repetitions have no
/// bound.
const LARGEST: usize = 1 << 20;

/// Compiles a pattern that must match a whole value.
pub fn build(pattern: &str) -> Result<Automaton, String> {
    // As in XML Schema, a dot is any character but line ends.
    let pattern = format!("^(?:{pattern})$");
    let dfa = dense::Builder::new()
        .configure(
            dense::Config::new()
                .minimize(true)
                .start_kind(regex_automata::dfa::StartKind::Anchored)
                .dfa_size_limit(Some(LARGEST))
                .determinize_size_limit(Some(LARGEST)),
        )
        .thompson(thompson::Config::new().nfa_size_limit(Some(LARGEST)))
        .syntax(syntax::Config::new().unicode(true).utf8(true).crlf(true))
        .build(&pattern)
        .map_err(|e| e.to_string())?;
    let first = dfa.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|e| e.to_string())?;
    // Number the states that can be reached, the dead state first.
    let mut numbers: HashMap<StateID, u16> = HashMap::new();
    let mut states: Vec<Option<StateID>> = vec![None];
    let mut rows: Vec<[u16; 256]> = vec![[0; 256]];
    let mut accepting = vec![false];
    let mut number = |id: StateID, states: &mut Vec<Option<StateID>>| -> u16 {
        if dfa.is_dead_state(id) || dfa.is_quit_state(id) {
            return 0;
        }
        *numbers.entry(id).or_insert_with(|| {
            states.push(Some(id));
            states.len() as u16 - 1
        })
    };
    let start = number(first, &mut states);
    let mut next = 1;
    while next < states.len() {
        let id = states[next].expect("only state 0 is dead");
        let mut row = [0u16; 256];
        for byte in 0..=255u8 {
            row[byte as usize] = number(dfa.next_state(id, byte), &mut states);
        }
        rows.push(row);
        accepting.push(dfa.is_match_state(dfa.next_eoi_state(id)));
        next += 1;
    }
    if rows.len() > usize::from(u16::MAX) {
        return Err("the pattern has too many states".into());
    }
    // Bytes that every state treats alike form a class.
    let mut columns: HashMap<Vec<u16>, u8> = HashMap::new();
    let mut classes = Vec::with_capacity(256);
    let mut representatives = Vec::new();
    for byte in 0..256 {
        let column: Vec<u16> = rows.iter().map(|row| row[byte]).collect();
        let count = columns.len();
        let class = *columns.entry(column).or_insert_with(|| {
            representatives.push(byte);
            count as u8
        });
        classes.push(class);
    }
    let transitions: Vec<u16> =
        rows.iter().flat_map(|row| representatives.iter().map(|byte| row[*byte]).collect::<Vec<_>>()).collect();
    Ok(Automaton {
        classes: Vec::leak(classes),
        stride: representatives.len() as u16,
        transitions: Vec::leak(transitions),
        accepting: Vec::leak(accepting),
        start,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_the_whole_value() {
        let automaton = build("a+|b{2}").unwrap();
        for (text, accepted) in
            [("a", true), ("aaa", true), ("bb", true), ("", false), ("b", false), ("ab", false), ("a\n", false)]
        {
            assert_eq!(automaton.accepts(text.as_bytes()), accepted, "{text:?}");
        }
    }

    #[test]
    fn a_dot_is_any_character_but_line_ends() {
        let automaton = build(".+").unwrap();
        assert!(automaton.accepts("é".as_bytes()));
        assert!(automaton.accepts(b"a b"));
        assert!(!automaton.accepts(b"a\nb"));
        assert!(!automaton.accepts(b"\r"));
        assert!(!automaton.accepts(b""));
    }

    #[test]
    fn the_empty_pattern_accepts_nothing_but_nothing() {
        let automaton = build("").unwrap();
        assert!(automaton.accepts(b""));
        assert!(!automaton.accepts(b" "));
    }

    #[test]
    fn characters_are_counted_not_bytes() {
        let automaton = build("[^,]{0,2}").unwrap();
        assert!(automaton.accepts("éé".as_bytes()));
        assert!(!automaton.accepts("ééé".as_bytes()));
    }

    #[test]
    fn what_has_no_bound_is_refused() {
        for pattern in ["(a{0,999}){0,999}", "[ab]*a[ab]{20}", "(.*)(.*)(.*)(.*)(.*)x{500}y{500}z{9999}"] {
            assert!(build(pattern).is_err(), "{pattern}");
        }
    }
}
