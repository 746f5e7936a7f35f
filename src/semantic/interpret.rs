//! Conditions and paths, interpreted: for rules that were loaded at run time, and for the places that findings speak of.

use super::derive;
use super::facts::NOBODY;
use super::view::{Place, View};
use crate::table::{CALLS, Comparison, Expression, Last, NONE, Operand, Origin, Step, TESTS};

/// A value in a comparison.
#[derive(Clone, Debug)]
pub(super) enum Datum<'v> {
    /// Text without white space at its ends.
    Text(&'v [u8]),
    /// A number.
    Number(i128),
}

impl Datum<'_> {
    fn number(&self) -> Option<i128> {
        match self {
            Datum::Number(number) => Some(*number),
            Datum::Text(text) => derive::number(text),
        }
    }
}

impl<'v> View<'v, '_> {
    /// Whether a condition holds. `here` is where bare paths begin, `subject` where `$` begins.
    pub fn holds(&self, expression: u16, here: u32, subject: u32) -> bool {
        match self.table.expressions[expression as usize] {
            Expression::And(a, b) => self.holds(a, here, subject) && self.holds(b, here, subject),
            Expression::Or(a, b) => self.holds(a, here, subject) || self.holds(b, here, subject),
            Expression::Not(a) => !self.holds(a, here, subject),
            Expression::Exists(path) => !self.ends(path, here, subject, &mut |_| false),
            Expression::Compare(comparison, a, b) => !self.data(a, here, subject, &mut |left| {
                self.data(b, here, subject, &mut |right| !compares(comparison, &left, &right))
            }),
            Expression::Among(operand, words) => {
                let words = words.of(self.table.literals);
                !self.data(operand, here, subject, &mut |datum| match &datum {
                    Datum::Text(text) => !words.iter().any(|word| {
                        let wanted = word.text.as_bytes();
                        if word.word == NONE { text.starts_with(wanted) } else { text[..] == *wanted }
                    }),
                    Datum::Number(number) => !words.iter().any(|word| word.text.parse() == Ok(*number)),
                })
            }
            Expression::Test(test, operand, word) => {
                let test = TESTS[test as usize];
                !self.data(operand, here, subject, &mut |datum| match datum {
                    Datum::Text(text) => !derive::test(test, text, word),
                    Datum::Number(number) => !derive::test_number(test, number, word),
                })
            }
        }
    }

    /// Visits the values of an operand until told to stop; whether it was not.
    fn data(&self, operand: u16, here: u32, subject: u32, visit: &mut dyn FnMut(Datum<'v>) -> bool) -> bool {
        match self.table.operands[operand as usize] {
            Operand::Literal(word) => visit(Datum::Text(self.table.vocabulary[word as usize].text.as_bytes())),
            Operand::Number(number) => visit(Datum::Number(number)),
            Operand::Values(path) => self.ends(path, here, subject, &mut |place| visit(Datum::Text(place.text(self)))),
            Operand::Count(path) => {
                let mut count = 0;
                self.ends(path, here, subject, &mut |_| {
                    count += 1;
                    true
                });
                visit(Datum::Number(count))
            }
            Operand::Call(call, path) => match CALLS[call as usize] {
                "machine" => visit(Datum::Text(self.machine_class())),
                "arch" => visit(Datum::Text(self.arch())),
                call => self.ends(path, here, subject, &mut |place| match derived(self, call, place) {
                    Some(datum) => visit(datum),
                    None => true,
                }),
            },
            Operand::Arithmetic(operator, a, b) => {
                let (Some(a), Some(b)) = (self.first_number(a, here, subject), self.first_number(b, here, subject))
                else {
                    return true;
                };
                let result = match operator {
                    '+' => a.checked_add(b),
                    '-' => a.checked_sub(b),
                    '*' => a.checked_mul(b),
                    _ => a.checked_rem(b),
                };
                result.is_none_or(|result| visit(Datum::Number(result)))
            }
        }
    }

    fn first_number(&self, operand: u16, here: u32, subject: u32) -> Option<i128> {
        let mut number = None;
        self.data(operand, here, subject, &mut |datum| {
            number = datum.number();
            number.is_none()
        });
        number
    }

    /// Visits where a path leads until told to stop; whether it was not.
    pub fn ends(&self, path: u16, here: u32, subject: u32, visit: &mut dyn FnMut(Place) -> bool) -> bool {
        let path = &self.table.paths[path as usize];
        let from = match path.origin {
            Origin::Here => here,
            Origin::Subject => subject,
            Origin::Domain => self.domain,
        };
        self.walk(path.steps.of(self.table.steps), path.last, from, subject, visit)
    }

    fn walk(&self, steps: &[Step], last: Last, node: u32, subject: u32, visit: &mut dyn FnMut(Place) -> bool) -> bool {
        let Some((step, rest)) = steps.split_first() else {
            return match last {
                Last::Node => visit(Place { node, value: None, element: true }),
                Last::Content => self.node(node).text.is_empty() || visit(Place { node, value: None, element: false }),
                Last::Value(name) => {
                    let values = self.facts.values_of(node);
                    let first = self.node(node).values as usize;
                    match values.iter().position(|value| value.name == name) {
                        Some(index) => visit(Place { node, value: Some((first + index) as u32), element: false }),
                        None => true,
                    }
                }
            };
        };
        match *step {
            Step::Up => {
                let parent = self.node(node).parent;
                parent == NOBODY || self.walk(rest, last, parent, subject, visit)
            }
            Step::Down(name, filter) => !self.any_child(node, |child| {
                (name == NONE || self.node(child).name == name)
                    && (filter == NONE || self.holds(filter, child, subject))
                    && !self.walk(rest, last, child, subject, visit)
            }),
        }
    }
}

/// What a named function gives of a place.
fn derived<'v>(view: &View<'v, '_>, call: &str, place: Place) -> Option<Datum<'v>> {
    let text = || place.text(view);
    let number = match call {
        "bus" => return derive::disk_bus(view, place.node).map(Datum::Text),
        "bus-model" => return derive::bus_model(view, text()).map(Datum::Text),
        "disk-index" => derive::disk_number(view, place.node),
        "position" => derive::position(view, place.node),
        "serial-again" => derive::serial_again(view, place.node),
        "bytes" => derive::bytes_of(view, place.node, text()),
        "unit-bytes" => derive::unit_bytes(text()),
        "number" => derive::number(text()),
        "octal" => derive::octal(text()),
        "length" => derive::length(text()),
        "digits" => derive::digits(text()),
        "cpu-count" => derive::cpu_count(text()),
        "cpu-min" => derive::cpu_min(text()),
        "cpu-max" => derive::cpu_max(text()),
        "hex" => derive::hex(text()),
        _ => None,
    };
    number.map(Datum::Number)
}

fn compares(comparison: Comparison, left: &Datum<'_>, right: &Datum<'_>) -> bool {
    let ordering = match (left, right) {
        (Datum::Text(a), Datum::Text(b)) => match comparison {
            Comparison::Equal => return a == b,
            Comparison::Unequal => return a != b,
            // Texts that are put in order are numbers.
            _ => match (left.number(), right.number()) {
                (Some(a), Some(b)) => a.cmp(&b),
                _ => return false,
            },
        },
        _ => match (left.number(), right.number()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => return false,
        },
    };
    match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::Unequal => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}
