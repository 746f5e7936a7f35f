//! What judging a condition costs, and what it depends on: the order in which its parts are judged, and which of them once for a domain.

use super::expression::{Condition, PathText, StepText, Value};

/// Takes a condition apart at its outermost `and`s.
pub(super) fn conjuncts_of<'c>(condition: &'c Condition, out: &mut Vec<&'c Condition>) {
    match condition {
        Condition::And(a, b) => {
            conjuncts_of(a, out);
            conjuncts_of(b, out);
        }
        other => out.push(other),
    }
}

/// How much it costs to judge a condition, roughly.
pub(super) fn cost(condition: &Condition) -> usize {
    fn path_cost(path: &PathText) -> usize {
        let filtered = path.steps.iter().any(|step| matches!(step, StepText::Down(_, Some(_))));
        1 + 2 * path.steps.len() + 16 * usize::from(filtered || path.origin == Some('/'))
    }
    fn value_cost(value: &Value) -> usize {
        match value {
            Value::Word(_) | Value::Number(_) => 0,
            Value::Path(path) => path_cost(path),
            Value::Count(path) => 8 + path_cost(path),
            Value::Call(_, path) => 6 + path.as_ref().map_or(0, path_cost),
            Value::Arithmetic(_, a, b) => 2 + value_cost(a) + value_cost(b),
        }
    }
    match condition {
        Condition::And(a, b) | Condition::Or(a, b) => cost(a) + cost(b),
        Condition::Not(a) => 1 + cost(a),
        Condition::Exists(path) => path_cost(path),
        Condition::Compare(_, a, b) => value_cost(a) + value_cost(b),
        Condition::Among(value, words) => value_cost(value) + words.len() / 4,
        Condition::Test(_, value, _) => 4 + value_cost(value),
    }
}

/// Whether a condition depends on the domain alone.
pub(super) fn of_domain(condition: &Condition) -> bool {
    match condition {
        Condition::And(a, b) | Condition::Or(a, b) => of_domain(a) && of_domain(b),
        Condition::Not(a) => of_domain(a),
        Condition::Exists(path) => path_of_domain(path),
        Condition::Compare(_, a, b) => value_of_domain(a) && value_of_domain(b),
        Condition::Among(value, _) | Condition::Test(_, value, _) => value_of_domain(value),
    }
}

fn value_of_domain(value: &Value) -> bool {
    match value {
        Value::Path(path) | Value::Count(path) | Value::Call(_, Some(path)) => path_of_domain(path),
        Value::Word(_) | Value::Number(_) | Value::Call(_, None) => true,
        Value::Arithmetic(_, a, b) => value_of_domain(a) && value_of_domain(b),
    }
}

/// Filters may look back at the element with `$`.
fn path_of_domain(path: &PathText) -> bool {
    fn looks_back(condition: &Condition) -> bool {
        match condition {
            Condition::And(a, b) | Condition::Or(a, b) => looks_back(a) || looks_back(b),
            Condition::Not(a) => looks_back(a),
            Condition::Exists(path) => path_looks_back(path),
            Condition::Compare(_, a, b) => value_looks_back(a) || value_looks_back(b),
            Condition::Among(value, _) | Condition::Test(_, value, _) => value_looks_back(value),
        }
    }
    fn value_looks_back(value: &Value) -> bool {
        match value {
            Value::Path(path) | Value::Count(path) | Value::Call(_, Some(path)) => path_looks_back(path),
            Value::Word(_) | Value::Number(_) | Value::Call(_, None) => false,
            Value::Arithmetic(_, a, b) => value_looks_back(a) || value_looks_back(b),
        }
    }
    fn path_looks_back(path: &PathText) -> bool {
        path.origin == Some('$')
            || path.steps.iter().any(|step| matches!(step, StepText::Down(_, Some(filter)) if looks_back(filter)))
    }
    path.origin == Some('/') && !path_looks_back(path)
}
