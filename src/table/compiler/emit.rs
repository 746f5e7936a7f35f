//! The compiled table as Rust source.

use std::fmt::{Debug, Write};

use super::compiled::Table;

/// Prints the table as the definition of a `static TABLE`. The `Debug` form of its values is valid Rust; only nested slices need help.
pub fn emit(table: &Table) -> String {
    // One destructuring, so that a new array of the table cannot be forgotten here.
    let Table {
        names,
        elements,
        attributes,
        children,
        slots,
        blocks,
        attribute_rules,
        child_rules,
        groups,
        cases,
        word_blocks,
        case_values,
        choices,
        choice_blocks,
        sets,
        orders,
        order_slots,
        types,
        words,
        type_lists,
        automata,
        roots,
        namespaces,
        codes,
        rules,
        trigger_slots,
        triggers,
        trigger_words,
        trigger_rules,
        expressions,
        operands,
        paths,
        steps,
        path_lists,
        literals,
        vocabulary,
        vocabulary_slots,
        names_in_order,
        device_tags,
        section_tags,
    } = table;
    let mut out = String::from("pub static TABLE: Table = Table {\n");
    macro_rules! arrays {
        ($($name:ident)*) => { $(array(&mut out, stringify!($name), $name);)* };
    }
    arrays!(names elements attributes children slots blocks attribute_rules child_rules groups cases word_blocks case_values choices
        choice_blocks sets orders order_slots types words type_lists roots namespaces codes rules trigger_slots triggers trigger_words trigger_rules
        expressions operands paths steps path_lists literals vocabulary vocabulary_slots names_in_order device_tags section_tags);
    out.push_str("    automata: &[\n");
    for automaton in *automata {
        let _ = writeln!(
            out,
            "        Automaton {{ classes: &{:?}, stride: {}, transitions: &{:?}, accepting: &{:?}, start: {} }},",
            automaton.classes, automaton.stride, automaton.transitions, automaton.accepting, automaton.start
        );
    }
    out.push_str("    ],\n};\n");
    out
}

fn array<T: Debug>(out: &mut String, name: &str, items: &[T]) {
    let _ = writeln!(out, "    {name}: &[");
    for item in items {
        let _ = writeln!(out, "        {item:?},");
    }
    out.push_str("    ],\n");
}
