//! What a part of a document can say of a condition, whatever stands around it.
//!
//! A rule that cannot hold for what stands in a start tag, or in an element and all that it holds, need not be judged for it in any document.
//! So each condition has weaker forms in which everything that asks for more than such a part is taken to be as it would have to be for the
//! condition to hold.

use super::compiled::*;
use super::conditions::are_devices;
use super::rules::CALLS;

/// The part of a document that is known.
#[derive(Clone, Copy)]
pub(super) enum Part {
    /// The start tag of the rule's element.
    Tag,
    /// A child of the domain or of its devices, and all that it holds. The place at hand and the rule's element are so many levels below it.
    Subtree {
        /// The level of the place at hand.
        here: usize,
        /// The level of the rule's element.
        subject: usize,
    },
}

impl Part {
    /// The subtree that holds a rule's element. `None` if no subtree does.
    pub(super) fn subtree(table: &Table, rule: &Rule) -> Option<Part> {
        let level = |path: &u16| {
            let steps = table.paths[*path as usize].steps.of(table.steps);
            let below_devices = steps.get(..1).is_some_and(|first| are_devices(table, first));
            steps.len().checked_sub(1 + usize::from(below_devices))
        };
        // Higher up, less is inside of the subtree, so that the least level is right for all.
        let subject = rule.subjects.of(table.path_lists).iter().filter_map(level).min()?;
        Some(Part::Subtree { here: subject, subject })
    }

    /// Whether the part decides about a condition.
    pub(super) fn decides(self, table: &Table, expression: u16) -> bool {
        match table.expressions[expression as usize] {
            Expression::And(a, b) | Expression::Or(a, b) => self.decides(table, a) && self.decides(table, b),
            Expression::Not(a) => self.decides(table, a),
            Expression::Exists(path) => self.holds(table, path),
            Expression::Compare(_, a, b) => self.knows(table, a) && self.knows(table, b),
            Expression::Among(operand, _) | Expression::Test(_, operand, _) => self.knows(table, operand),
        }
    }

    /// Whether the part holds all that an operand depends on.
    fn knows(self, table: &Table, operand: u16) -> bool {
        match table.operands[operand as usize] {
            Operand::Literal(_) | Operand::Number(_) => true,
            Operand::Values(path) | Operand::Count(path) => self.holds(table, path),
            // Some functions look at more than what their path leads to.
            Operand::Call(call, path) => {
                let looks_around = match CALLS[call as usize] {
                    "machine" | "arch" | "bus-model" | "position" | "serial-again" => true,
                    "bus" | "disk-index" => matches!(self, Part::Tag),
                    _ => false,
                };
                !looks_around && self.holds(table, path)
            }
            Operand::Arithmetic(_, a, b) => self.knows(table, a) && self.knows(table, b),
        }
    }

    /// Whether a path leads to nothing outside of the part.
    pub(super) fn holds(self, table: &Table, path: u16) -> bool {
        let path = table.paths[path as usize];
        let steps = path.steps.of(table.steps);
        let Part::Subtree { here, subject } = self else {
            return path.origin != Origin::Domain && steps.is_empty() && matches!(path.last, Last::Value(_));
        };
        let mut level = match path.origin {
            Origin::Here => here,
            Origin::Subject => subject,
            Origin::Domain => return false,
        };
        steps.iter().all(|step| match *step {
            Step::Up => {
                let inside = level > 0;
                level = level.saturating_sub(1);
                inside
            }
            Step::Down(_, filter) => {
                level += 1;
                filter == NONE || Part::Subtree { here: level, subject }.decides(table, filter)
            }
        })
    }
}
