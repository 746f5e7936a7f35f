//! The conditions of rules as Rust source.
//!
//! `build.rs` prints a function for each condition of the built-in table, so that judging a rule costs a few comparisons and no
//! interpretation. A table made at run time is interpreted (`semantic::interpret`); both say the same, which a test holds. The functions
//! use what `semantic::view` offers.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::compiled::*;
use super::parts::Part;
use super::rules::{CALLS, TESTS};

/// Prints the functions, and the arrays that find them by rule and by guard.
pub fn emit(table: &Table) -> String {
    let mut out = String::new();
    let mut guards: BTreeMap<u16, u16> = BTreeMap::new();
    let [mut whens, mut owns, mut inners, mut settled, mut keys] = [const { String::new() }; 5];
    for (number, rule) in table.rules.iter().enumerate() {
        let subject = Subject::of(table, rule);
        if rule.guard != NONE {
            guards.entry(rule.guard_number).or_insert(rule.guard);
        }
        if let Judge::Unique(paths) = rule.judge {
            key(&mut out, table, number, subject, paths.of(table.path_lists));
            let _ = writeln!(keys, "    Some(key_{number}),");
        } else {
            keys.push_str("    None,\n");
        }
        if rule.when == NONE {
            whens.push_str("    always,\n");
        } else {
            function(&mut out, table, &format!("when_{number}"), subject, rule.when);
            let _ = writeln!(whens, "    when_{number},");
        }
        weakened(&mut out, table, number, rule, Some(Part::Tag), "own", &mut owns);
        let subtree = Part::subtree(table, rule);
        weakened(&mut out, table, number, rule, subtree, "inner", &mut inners);
        let settles = |part: Part| {
            let key = match rule.judge {
                Judge::Unique(paths) => paths.of(table.path_lists).iter().all(|path| part.holds(table, *path)),
                _ => true,
            };
            key && (rule.when == NONE || part.decides(table, rule.when))
        };
        let _ = writeln!(settled, "    {},", subtree.is_some_and(settles));
    }
    let mut list = String::new();
    for (number, expression) in &guards {
        function(&mut out, table, &format!("guard_{number}"), Subject::Domain, *expression);
        let _ = writeln!(list, "    guard_{number},");
    }
    let _ = write!(out, "pub(super) static WHENS: &[Check] = &[\n{whens}];\n");
    let _ = write!(out, "pub(super) static OWNS: &[Check] = &[\n{owns}];\n");
    let _ = write!(out, "pub(super) static INNERS: &[Check] = &[\n{inners}];\n");
    let _ = write!(out, "pub(super) static SETTLED: &[bool] = &[\n{settled}];\n");
    let _ = write!(out, "pub(super) static GUARDS: &[Check] = &[\n{list}];\n");
    let _ = write!(out, "pub(super) static KEYS: &[Option<Key>] = &[\n{keys}];\n");
    out
}

/// A function that writes the key of a rule of which no two elements may have the same, if the element has all its parts.
fn key(out: &mut String, table: &Table, rule: usize, subject: Subject, paths: &[u16]) {
    let mut body = String::new();
    for path in paths {
        let mut writer = Writer { table, subject, variables: 0 };
        let path = table.paths[*path as usize];
        let part = writer.path(path, "subject", &mut |writer, node| {
            writer.text(path.last, node, &mut |_, datum| match datum {
                Datum::Value(value) => format!("{{ derive::push_key(&view.text_of({value}), key); true }}"),
                Datum::Text(text) | Datum::Number(text) => format!("{{ derive::push_key(&{text}, key); true }}"),
            })
        });
        let _ = write!(body, "    let before = key.len();\n    let _ = {part};\n");
        body.push_str("    if key.len() == before {\n        return false;\n    }\n    key.push(0);\n");
    }
    let _ = write!(
        out,
        "fn key_{rule}(view: &View<'_, '_>, subject: u32, key: &mut Vec<u8>) -> bool {{\n{body}    true\n}}\n"
    );
}

/// A function that says whether a condition holds.
fn function(out: &mut String, table: &Table, name: &str, subject: Subject, condition: u16) {
    let body = Writer { table, subject, variables: 0 }.condition(condition, "subject");
    write_function(out, name, &body);
}

fn write_function(out: &mut String, name: &str, body: &str) {
    let _ = write!(out, "fn {name}(view: &View<'_, '_>, subject: u32) -> bool {{\n    {body}\n}}\n");
}

/// A function that says whether a rule's condition may hold in some document that has this part, and its place in a list.
fn weakened(
    out: &mut String,
    table: &Table,
    number: usize,
    rule: &Rule,
    part: Option<Part>,
    name: &str,
    list: &mut String,
) {
    let subject = Subject::of(table, rule);
    let weak = match part {
        Some(part) if rule.when != NONE => {
            // What the part decides altogether has a function already.
            if part.decides(table, rule.when) {
                let _ = writeln!(list, "    when_{number},");
                return;
            }
            Writer { table, subject, variables: 0 }.weaken(rule.when, part, true)
        }
        _ => Weak::Sure(true),
    };
    match weak {
        Weak::Sure(_) => list.push_str("    always,\n"),
        Weak::Condition(body) => {
            write_function(out, &format!("{name}_{number}"), &body);
            let _ = writeln!(list, "    {name}_{number},");
        }
    }
}

/// What a rule looks at, as far as there are short ways from it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Subject {
    Domain,
    Devices,
    Other,
}

impl Subject {
    fn of(table: &Table, rule: &Rule) -> Subject {
        let kind = |path: &u16| match table.paths[*path as usize].steps.of(table.steps) {
            [] => Subject::Domain,
            steps if are_devices(table, steps) => Subject::Devices,
            _ => Subject::Other,
        };
        let mut kinds = rule.subjects.of(table.path_lists).iter().map(kind);
        let first = kinds.next().unwrap_or(Subject::Other);
        if kinds.all(|kind| kind == first) { first } else { Subject::Other }
    }
}

/// Whether these steps from the domain lead to its devices.
pub(super) fn are_devices(table: &Table, steps: &[Step]) -> bool {
    matches!(steps, [Step::Down(tag, NONE)] if *tag != NONE && table.names[*tag as usize] == "devices")
}

/// What an operand gave, as the name of a Rust variable.
enum Datum {
    /// An attribute's value.
    Value(String),
    /// Bytes without white space at their ends.
    Text(String),
    /// A number.
    Number(String),
}

/// What a part of a document says of a condition.
enum Weak {
    /// It holds or does not, as far as the part can say.
    Sure(bool),
    /// It holds if this Rust condition does.
    Condition(String),
}

impl Weak {
    /// Both of two, or one of them.
    fn join(self, other: Weak, both: bool) -> Weak {
        match (self, other) {
            (Weak::Sure(sure), weak) | (weak, Weak::Sure(sure)) => {
                if sure == both {
                    weak
                } else {
                    Weak::Sure(sure)
                }
            }
            (Weak::Condition(a), Weak::Condition(b)) => {
                Weak::Condition(format!("({a} {} {b})", if both { "&&" } else { "||" }))
            }
        }
    }
}

struct Writer<'t> {
    table: &'t Table,
    /// What `subject` is.
    subject: Subject,
    /// How many variables there are.
    variables: usize,
}

/// Says, for a datum, the Rust condition that asks for it.
type Then<'a, 't> = &'a mut dyn FnMut(&mut Writer<'t>, Datum) -> String;

impl<'t> Writer<'t> {
    fn variable(&mut self, prefix: &str) -> String {
        self.variables += 1;
        format!("{prefix}{}", self.variables)
    }

    fn condition(&mut self, expression: u16, here: &str) -> String {
        match self.table.expressions[expression as usize] {
            Expression::And(a, b) => format!("({} && {})", self.condition(a, here), self.condition(b, here)),
            Expression::Or(a, b) => format!("({} || {})", self.condition(a, here), self.condition(b, here)),
            Expression::Not(a) => format!("!{}", self.condition(a, here)),
            Expression::Exists(path) => {
                let path = self.table.paths[path as usize];
                self.path(path, here, &mut |writer, node| match path.last {
                    Last::Node => "true".to_owned(),
                    Last::Value(name) => format!("view.has({node}, {name})"),
                    Last::Content => writer.has_text(node),
                })
            }
            Expression::Compare(comparison, a, b) => self.operand(a, here, &mut |writer, left| {
                writer.operand(b, here, &mut |writer, right| writer.compare(comparison, &left, &right, a, b))
            }),
            Expression::Among(operand, words) => {
                let words = words.of(self.table.literals);
                self.operand(operand, here, &mut |_, datum| among(&datum, words))
            }
            Expression::Test(test, operand, word) => {
                let test = TESTS[test as usize];
                self.operand(operand, here, &mut |_, datum| match datum {
                    Datum::Value(value) => format!("derive::test(\"{test}\", &view.text_of({value}), {word:?})"),
                    Datum::Text(text) => format!("derive::test(\"{test}\", &{text}, {word:?})"),
                    Datum::Number(number) => format!("derive::test_number(\"{test}\", {number}, {word:?})"),
                })
            }
        }
    }

    /// A condition of the rule's element, where what the part does not decide is taken to hold, or not to hold.
    fn weaken(&mut self, expression: u16, part: Part, rest: bool) -> Weak {
        match self.table.expressions[expression as usize] {
            Expression::And(a, b) => self.weaken(a, part, rest).join(self.weaken(b, part, rest), true),
            Expression::Or(a, b) => self.weaken(a, part, rest).join(self.weaken(b, part, rest), false),
            Expression::Not(a) => match self.weaken(a, part, !rest) {
                Weak::Sure(sure) => Weak::Sure(!sure),
                Weak::Condition(condition) => Weak::Condition(format!("!{condition}")),
            },
            _ if part.decides(self.table, expression) => Weak::Condition(self.condition(expression, "subject")),
            _ => Weak::Sure(rest),
        }
    }

    /// A comparison of what two operands, whose numbers these are, gave.
    fn compare(&mut self, comparison: Comparison, left: &Datum, right: &Datum, a: u16, b: u16) -> String {
        let sign = match comparison {
            Comparison::Equal => "==",
            Comparison::Unequal => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        };
        let alike = matches!(comparison, Comparison::Equal | Comparison::Unequal);
        let literal = |operand: u16| match self.table.operands[operand as usize] {
            Operand::Literal(word) => Some(word),
            _ => None,
        };
        match (left, right) {
            (Datum::Value(value), _) if alike && literal(b).is_some() => {
                format!("{value}.word {sign} {}", literal(b).expect("it was asked for"))
            }
            (_, Datum::Value(value)) if alike && literal(a).is_some() => {
                format!("{value}.word {sign} {}", literal(a).expect("it was asked for"))
            }
            (Datum::Value(a), Datum::Value(b)) if alike => format!("(view.text_of({a}) {sign} view.text_of({b}))"),
            (Datum::Value(a), Datum::Text(b)) if alike => format!("(view.text_of({a})[..] {sign} {b}[..])"),
            (Datum::Text(a), Datum::Value(b)) if alike => format!("({a}[..] {sign} view.text_of({b})[..])"),
            (Datum::Text(a), Datum::Text(b)) if alike => format!("({a}[..] {sign} {b}[..])"),
            _ => {
                let (one, other) = (self.variable("a"), self.variable("b"));
                let (left, right) = (number(left), number(right));
                format!("{left}.is_some_and(|{one}| {right}.is_some_and(|{other}| {one} {sign} {other}))")
            }
        }
    }

    /// A Rust condition that holds if `then` holds for anything that an operand gives.
    fn operand(&mut self, operand: u16, here: &str, then: Then<'_, 't>) -> String {
        match self.table.operands[operand as usize] {
            Operand::Literal(word) => {
                let text = self.table.vocabulary[word as usize].text;
                then(self, Datum::Text(format!("b{:?}", text)))
            }
            Operand::Number(number) => then(self, Datum::Number(format!("{number}i128"))),
            Operand::Values(path) => {
                let path = self.table.paths[path as usize];
                self.path(path, here, &mut |writer, node| writer.text(path.last, node, then))
            }
            Operand::Count(path) => {
                let path = self.table.paths[path as usize];
                let count = self.variable("count");
                let counted = format!("{{ {count} += 1; false }}");
                let walk = self.path(path, here, &mut |_, node| match path.last {
                    Last::Node => counted.clone(),
                    Last::Value(name) => format!("(view.has({node}, {name}) && {counted})"),
                    Last::Content => format!("(view.has_text({node}) && {counted})"),
                });
                let then = then(self, Datum::Number(count.clone()));
                format!("{{ let mut {count} = 0i128; let _ = {walk}; {then} }}")
            }
            Operand::Call(call, path) => match CALLS[call as usize] {
                "machine" => then(self, Datum::Text("view.machine_class()".to_owned())),
                "arch" => then(self, Datum::Text("view.arch()".to_owned())),
                call => self.call(call, path, here, then),
            },
            Operand::Arithmetic(operator, a, b) => {
                let (first, second, result) = (self.variable("first"), self.variable("second"), self.variable("sum"));
                let take = |variable: &str, datum: &Datum| {
                    format!("{{ {variable} = {}; {variable}.is_some() }}", number(datum))
                };
                let left = self.operand(a, here, &mut |_, datum| take(&first, &datum));
                let right = self.operand(b, here, &mut |_, datum| take(&second, &datum));
                let method = match operator {
                    '+' => "checked_add",
                    '-' => "checked_sub",
                    '*' => "checked_mul",
                    _ => "checked_rem",
                };
                let then = then(self, Datum::Number(result.clone()));
                format!(
                    "{{ let mut {first}: Option<i128> = None; let _ = {left}; let mut {second}: Option<i128> = None; let _ = {right}; \
                     match ({first}, {second}) {{ (Some(a), Some(b)) => a.{method}(b).is_some_and(|{result}| {then}), _ => false }} }}"
                )
            }
        }
    }

    /// A named function of a path.
    fn call(&mut self, call: &str, path: u16, here: &str, then: Then<'_, 't>) -> String {
        let path = self.table.paths[path as usize];
        let result = self.variable("result");
        self.path(path, here, &mut |writer, node| match call {
            // These are about the element and not about its text.
            "bus" | "disk-index" | "position" | "serial-again" => {
                let (function, datum) = match call {
                    "bus" => ("disk_bus", Datum::Text(result.clone())),
                    "position" => ("position", Datum::Number(result.clone())),
                    "serial-again" => ("serial_again", Datum::Number(result.clone())),
                    _ => ("disk_number", Datum::Number(result.clone())),
                };
                let then = then(writer, datum);
                format!("derive::{function}(view, {node}).is_some_and(|{result}| {then})")
            }
            _ => {
                let inner = writer.variable("text");
                let datum = if call == "bus-model" { Datum::Text } else { Datum::Number };
                let then = then(writer, datum(result.clone()));
                let (read, there) = match path.last {
                    Last::Value(name) => (format!("view.value({node}, {name})"), "view.text_of"),
                    Last::Content => (format!("view.has_text({node}).then_some({node})"), "view.content"),
                    Last::Node => (format!("Some({node})"), "view.content"),
                };
                let number = match call {
                    "bus-model" => format!("derive::bus_model(view, &{there}({inner}))"),
                    "bytes" => format!("derive::bytes_of(view, {node}, &{there}({inner}))"),
                    _ => format!("derive::{}(&{there}({inner}))", call.replace('-', "_")),
                };
                format!("{read}.is_some_and(|{inner}| {number}.is_some_and(|{result}| {then}))")
            }
        })
    }

    fn has_text(&self, node: &str) -> String {
        format!("view.has_text({node})")
    }

    /// What stands at the end of a path.
    fn text(&mut self, last: Last, node: &str, then: Then<'_, 't>) -> String {
        match last {
            Last::Value(name) => {
                let value = self.variable("value");
                let then = then(self, Datum::Value(value.clone()));
                format!("view.value({node}, {name}).is_some_and(|{value}| {then})")
            }
            Last::Node | Last::Content => {
                let text = self.variable("text");
                let condition = then(self, Datum::Text(text.clone()));
                let there = if last == Last::Content { format!("{} && ", self.has_text(node)) } else { String::new() };
                format!("({there}{{ let {text} = view.content({node}); {condition} }})")
            }
        }
    }

    /// A Rust condition that holds if `then` holds for any node that a path's steps lead to.
    fn path(&mut self, path: Path, here: &str, then: &mut dyn FnMut(&mut Writer<'t>, &str) -> String) -> String {
        let steps = path.steps.of(self.table.steps);
        let from = match path.origin {
            Origin::Here => here,
            Origin::Subject => "subject",
            Origin::Domain => "view.domain",
        };
        let from_domain = from == "view.domain" || (from == "subject" && self.subject == Subject::Domain);
        let (devices, sections) = (self.table.device_tags, self.table.section_tags);
        // Devices and what else a domain has are found by their tags.
        let short_cut = match steps {
            [first, Step::Down(tag, filter), rest @ ..]
                if from_domain && are_devices(self.table, &[*first]) && chain(devices, *tag).is_some() =>
            {
                Some((chain(devices, *tag), filter, rest))
            }
            [Step::Down(tag, filter), rest @ ..] if from_domain => Some((chain(sections, *tag), filter, rest)),
            [Step::Down(tag, filter), rest @ ..] if from == "subject" && self.subject == Subject::Devices => {
                Some((chain(devices, *tag), filter, rest))
            }
            _ => None,
        };
        let Some((Some(chain), filter, rest)) = short_cut else { return self.walk(steps, from, then) };
        let node = self.variable("node");
        let inner = self.filtered(*filter, rest, &node, then);
        format!("view.any_in_chain({chain}, |{node}| {inner})")
    }

    fn walk(&mut self, steps: &[Step], from: &str, then: &mut dyn FnMut(&mut Writer<'t>, &str) -> String) -> String {
        let Some((step, rest)) = steps.split_first() else { return then(self, from) };
        let node = self.variable("node");
        match *step {
            Step::Up => {
                let inner = self.walk(rest, &node, then);
                format!("view.parent({from}).is_some_and(|{node}| {inner})")
            }
            Step::Down(NONE, filter) => {
                let inner = self.filtered(filter, rest, &node, then);
                format!("view.any_child({from}, |{node}| {inner})")
            }
            Step::Down(name, filter) => {
                let inner = self.filtered(filter, rest, &node, then);
                format!("view.any({from}, {name}, |{node}| {inner})")
            }
        }
    }

    fn filtered(
        &mut self,
        filter: u16,
        rest: &[Step],
        node: &str,
        then: &mut dyn FnMut(&mut Writer<'t>, &str) -> String,
    ) -> String {
        if filter == NONE {
            return self.walk(rest, node, then);
        }
        let filter = self.condition(filter, node);
        let rest = self.walk(rest, node, then);
        format!("({filter} && {rest})")
    }
}

/// The number of a tag's chain.
fn chain(tags: &[u8], tag: u16) -> Option<u8> {
    tags.get(tag as usize).copied().filter(|chain| *chain != NO_CHAIN)
}

/// A datum as a number, in an `Option`.
fn number(datum: &Datum) -> String {
    match datum {
        Datum::Value(value) => format!("view.number({value})"),
        Datum::Text(text) => format!("derive::number(&{text}[..])"),
        Datum::Number(number) => format!("Some({number})"),
    }
}

/// Whether a datum is one of some words or begins with one.
fn among(datum: &Datum, words: &[Wanted]) -> String {
    let exact: Vec<&Wanted> = words.iter().filter(|word| word.word != NONE).collect();
    let beginnings: Vec<&Wanted> = words.iter().filter(|word| word.word == NONE).collect();
    let mut any = Vec::new();
    let text = match datum {
        Datum::Value(value) => {
            let numbers: Vec<String> = exact.iter().map(|word| word.word.to_string()).collect();
            if !numbers.is_empty() {
                any.push(format!("matches!({value}.word, {})", numbers.join(" | ")));
            }
            format!("view.text_of({value})")
        }
        Datum::Text(text) => {
            let texts: Vec<String> = exact.iter().map(|word| format!("b{:?}", word.text)).collect();
            if !texts.is_empty() {
                any.push(format!("matches!(&{text}[..], {})", texts.join(" | ")));
            }
            text.clone()
        }
        Datum::Number(number) => {
            let numbers = words.iter().filter_map(|word| word.text.parse::<i128>().ok());
            any.extend(numbers.map(|word| format!("{number} == {word}")));
            return if any.is_empty() { "false".to_owned() } else { format!("({})", any.join(" || ")) };
        }
    };
    any.extend(beginnings.iter().map(|word| format!("{text}.starts_with(b{:?})", word.text)));
    format!("({})", any.join(" || "))
}
