//! Compiles rules across elements: resolves their paths against the element types, and notes what they read.

use std::collections::BTreeSet;

use super::compile::{Compiler, Error, keep, push};
use super::compiled::*;
use super::expression::{self, Condition, PathText, StepText, Value};
use super::source::{self, Spanned};
use super::triggers::Atoms;
use super::version::Version;
use super::weights::{conjuncts_of, cost, of_domain};

/// Functions of a path that conditions may call, and what they give. They live in `semantic::derive`.
pub const CALLS: &[&str] = &[
    "arch",
    "bus",
    "bus-model",
    "bytes",
    "cpu-count",
    "cpu-max",
    "cpu-min",
    "digits",
    "disk-index",
    "hex",
    "length",
    "machine",
    "number",
    "octal",
    "position",
    "serial-again",
    "unit-bytes",
];

/// Tests of a value with a word. They live in `semantic::derive`.
pub const TESTS: &[&str] = &[
    "within",
    "starts-with",
    "ends-with",
    "contains",
    "power-of-two",
    "overlaps",
    "longer-than",
    "irregular",
    "not-plain",
];

/// Stands among the words of a trigger for every value that is neither a plain decimal number nor one with 0x.
pub const IRREGULAR: &str = "\0irregular";

/// Functions that judge an element by themselves. They live in `semantic::functions`.
pub const FUNCTIONS: &[&str] = &[
    "pci-address-duplicate",
    "drive-address-duplicate",
    "host-pci-device-duplicate",
    "disk-target-unparsable",
    "cell-cpus-overlap",
    "page-nodeset-overlap",
    "vcpusched-overlap",
    "iothreadsched-overlap",
    "cachetune-duplicate",
    "resctrl-group-overlap",
    "monitor-outside-group",
    "monitor-overlap",
    "monitor-vcpus-empty",
    "monitor-duplicate",
    "iotune-group-differs",
    "memory-devices-exceed-memory",
    "max-memory-below-memory",
    "memory-address-overlap",
    "uuid-differs",
    "uuid-malformed",
    "usb-port-missing",
    "usb-path-port-missing",
    "usb-hub-missing",
    "usb-hub-port-missing",
    "numa-cell-id-duplicate",
    "route-host-bits",
    "drive-address-of-disk",
    "backing-chain-too-deep",
    "nvme-serial-missing",
    "nvme-serial-differs",
    "bios-date-malformed",
];

/// How deep the elements of a step such as `backingStore*` may stand in each other; chains of images are not that long.
const NESTED: usize = 4;

/// The paths that a path with a step `tag*` stands for: without the tag, with one, with one in another, and so on.
fn nestings(path: &str) -> Vec<String> {
    let repeated =
        path.match_indices("*/").map(|(star, _)| star).find(|star| *star > 0 && !path[..*star].ends_with('/'));
    let Some(star) = repeated else { return vec![path.to_owned()] };
    let start = path[..star].rfind('/').map_or(0, |slash| slash + 1);
    let tag = &path[start..star];
    (0..=NESTED)
        .map(|count| format!("{}{}{}", &path[..start], format!("{tag}/").repeat(count), &path[star + 2..]))
        .collect()
}

/// Element types that a path may lead to.
pub(super) type Types = BTreeSet<u16>;

/// What a rule's paths are resolved against.
struct Subject<'s> {
    types: &'s Types,
    /// Where mistakes are told.
    at: &'s Spanned<String>,
    file: usize,
}

impl Compiler<'_> {
    pub(super) fn rules(&mut self, rules: &[(usize, source::Rule)]) {
        let mut atoms = Atoms::new();
        let mut names = BTreeSet::new();
        for (file, rule) in rules {
            if !names.insert(rule.code.get_ref().clone()) {
                self.tell(*file, &rule.code, 0, format!("code `{}` stands twice", rule.code.get_ref()));
            }
            self.rule(*file, rule, &mut atoms);
        }
        // Which rules hold depends on the domain's type.
        for domain in self.domains() {
            if let Some(slot) = self.slot_of(domain, "type") {
                self.out.elements[domain as usize].read_attributes |= 1 << slot;
            }
        }
        self.set_triggers(atoms);
        self.spread_to_older();
    }

    fn tell(&mut self, file: usize, at: &Spanned<String>, offset: usize, message: impl Into<String>) {
        let file = &self.files[file];
        // The text of a string begins behind its quote.
        let start = at.span().start + if offset > 0 { offset + 1 } else { 0 };
        self.errors.push(Error::at(&file.name, &file.text, start, message));
    }

    fn rule(&mut self, file: usize, source: &source::Rule, atoms: &mut Atoms) {
        let mut types = Types::new();
        let mut subjects = Vec::new();
        for path in &source.r#for.0 {
            let subject = Subject { types: &Types::new(), at: path, file };
            for nesting in nestings(path.get_ref()) {
                match expression::path(&nesting) {
                    Ok(mut parsed) => {
                        parsed.origin = Some('/');
                        types.extend(self.resolve(&parsed, &subject, &Types::new()));
                        subjects.push(self.path(&parsed, &subject, &Types::new()));
                    }
                    Err((offset, message)) => self.tell(file, path, offset, format!("for: {message}")),
                }
            }
        }
        let subjects = push(&mut self.out.path_lists, subjects);
        for type_ in &types {
            self.out.elements[*type_ as usize].read = true;
        }
        let date = |compiler: &mut Self, version: &Option<Spanned<String>>, absent| match version {
            None => absent,
            Some(version) => version.get_ref().parse().unwrap_or_else(|e: String| {
                compiler.tell(file, version, 0, e);
                absent
            }),
        };
        let since = date(self, &source.since, Version::ALWAYS);
        let until = date(self, &source.until, Version::NEVER);
        let mut condition = None;
        let (mut guard, mut guard_number, mut when) = (NONE, NONE, NONE);
        if let Some(text) = &source.when {
            let subject = Subject { types: &types, at: text, file };
            match expression::condition(text.get_ref()) {
                Ok(parsed) => {
                    // What does not depend on the element is judged once for each domain.
                    let mut conjuncts = Vec::new();
                    conjuncts_of(&parsed, &mut conjuncts);
                    let (domain, mut own): (Vec<&Condition>, Vec<&Condition>) =
                        conjuncts.into_iter().partition(|c| of_domain(c));
                    // What is cheap to judge goes first.
                    own.sort_by_key(|condition| cost(condition));
                    guard = self.all_of(&domain, &subject, &types);
                    if guard != NONE {
                        let next = self.guard_ids.len() as u16;
                        guard_number = *self.guard_ids.entry(format!("{domain:?}")).or_insert(next);
                    }
                    when = self.all_of(&own, &subject, &types);
                    condition = Some(parsed);
                }
                Err((offset, message)) => self.tell(file, text, offset, format!("when: {message}")),
            }
        }
        for path in &source.reads {
            self.path_at(file, path, &types);
        }
        let mut keys = Vec::new();
        let judge = if let Some(unique) = &source.unique {
            keys = unique.iter().map(|key| self.path_at(file, key, &types)).collect();
            Judge::Unique(push(&mut self.out.path_lists, keys.clone()))
        } else if let (Some(refers), Some(to)) = (&source.refers, &source.to) {
            let from = self.path_at(file, refers, &types);
            keys.push(from);
            Judge::Refers(from, self.path_at(file, to, &types))
        } else if let (Some(value), Some(type_)) = (&source.value, &source.r#type) {
            let path = self.path_at(file, value, &types);
            let id = self.type_ids.get(type_.get_ref()).copied().unwrap_or_else(|| {
                self.tell(file, type_, 0, format!("type: there is no type named `{}`", type_.get_ref()));
                0
            });
            Judge::OfType(path, id)
        } else if let Some(check) = &source.check {
            match FUNCTIONS.iter().position(|name| name == check.get_ref()) {
                Some(index) => Judge::Function(index as u16),
                None => {
                    self.tell(file, check, 0, format!("check: there is no function named `{}`", check.get_ref()));
                    Judge::Condition
                }
            }
        } else {
            if source.when.is_none() {
                self.tell(
                    file,
                    &source.code,
                    0,
                    "the rule needs `when`, `unique`, `refers` and `to`, `value` and `type`, or `check`",
                );
            }
            Judge::Condition
        };
        let place = |compiler: &mut Self, path: &Option<Spanned<String>>| {
            path.as_ref().map_or(NONE, |path| compiler.path_at(file, path, &types))
        };
        let at = place(self, &source.at);
        let beside = place(self, &source.beside);
        let mut arguments = Vec::new();
        let message = self.template(file, &source.message, &types, &mut arguments);
        let advice = self.template(file, &source.help, &types, &mut arguments);
        if arguments.len() > 3 {
            self.tell(file, &source.message, 0, "message and help have more than three different values");
        }
        let arguments: Vec<u16> = arguments.into_iter().map(|(_, path)| path).collect();
        let arguments = push(&mut self.out.path_lists, arguments);
        let mut drivers = 0u32;
        for driver in &source.driver {
            let family: &[&str] = match driver.get_ref().as_str() {
                "qemu" => &["qemu", "kqemu", "kvm", "hvf"],
                other => &[other],
            };
            for name in family {
                match DRIVERS.iter().position(|d| d == name) {
                    Some(bit) => drivers |= 1 << bit,
                    None => self.tell(file, driver, 0, format!("driver: `{name}` is no domain type")),
                }
            }
        }
        let category = source.code.get_ref().split('/').next().unwrap_or("");
        let severity = match (source.severity.as_ref().map(|s| s.get_ref().as_str()), category) {
            (Some("error"), _) | (None, "semantic" | "schema") => 2,
            (Some("warning"), _) | (None, "security" | "deprecated") => 1,
            (Some("info"), _) | (None, "performance" | "portability" | "style") => 0,
            _ => {
                self.tell(file, source.severity.as_ref().unwrap_or(&source.code), 0, "unknown severity or category");
                2
            }
        };
        let consequence = match self.consequence(file, "consequence", source.consequence.as_ref()) {
            Consequence::Unsaid if category == "semantic" && severity == 2 => Consequence::Refused,
            said => said,
        };
        let number = self.out.rules.len() as u16;
        self.out.rules.push(Rule {
            subjects,
            drivers,
            since,
            until,
            guard,
            guard_number,
            exact: false,
            when,
            judge,
            at,
            beside,
            arguments,
        });
        self.out.codes.push(CodeDoc {
            name: keep(source.code.get_ref()),
            severity,
            summary: keep(&without_paths(source.message.get_ref())),
            why: keep(&source.why),
            help: keep(&without_paths(source.help.get_ref())),
            bad: keep(&source.bad),
            good: keep(&source.good),
            docs: keep(&source.docs),
            message: keep(&message),
            advice: keep(&advice),
            consequence,
        });
        // The least common thing that must be there sets the rule off.
        let mut candidates = vec![self.itself(&types)];
        if let Some(condition) = &condition {
            candidates.extend(self.needs(condition, &types));
        }
        for key in source.unique.iter().flatten().chain(&source.refers).chain(&source.value) {
            if let Ok(path) = expression::path(key.get_ref()) {
                candidates.extend(self.path_atoms(&path, &types, &[]));
            }
        }
        if let Some(best) = candidates.into_iter().min_by_key(|candidate| candidate.score) {
            self.out.rules[number as usize].exact = best.atoms.iter().all(|atom| self.is_exact(atom, subjects));
            for atom in best.atoms {
                atoms
                    .entry((atom.element, atom.attribute, atom.words, atom.least))
                    .or_default()
                    .insert((number, atom.up));
            }
        }
    }

    /// Compiles conditions that must all hold; `NONE` if there is none.
    fn all_of(&mut self, conditions: &[&Condition], subject: &Subject<'_>, types: &Types) -> u16 {
        let mut all = NONE;
        for condition in conditions {
            let one = self.condition(condition, subject, types);
            all = if all == NONE {
                one
            } else {
                self.out.expressions.push(Expression::And(all, one));
                self.out.expressions.len() as u16 - 1
            };
        }
        all
    }

    /// Replaces `{path}` by `{0}`, `{1}`, `{2}`.
    fn template(
        &mut self,
        file: usize,
        text: &Spanned<String>,
        types: &Types,
        arguments: &mut Vec<(String, u16)>,
    ) -> String {
        let mut out = String::new();
        let mut rest = text.get_ref().as_str();
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}') else { break };
            let written = &rest[open + 1..open + close];
            out.push_str(&rest[..open]);
            rest = &rest[open + close + 1..];
            let number = match arguments.iter().position(|(path, _)| path == written) {
                Some(number) => number,
                None => {
                    let id = self.path_text(file, text, written, types);
                    arguments.push((written.to_owned(), id));
                    arguments.len() - 1
                }
            };
            out.push_str(&format!("{{{number}}}"));
        }
        out.push_str(rest);
        out
    }

    fn path_at(&mut self, file: usize, path: &Spanned<String>, types: &Types) -> u16 {
        self.path_text(file, path, path.get_ref(), types)
    }

    fn path_text(&mut self, file: usize, at: &Spanned<String>, text: &str, types: &Types) -> u16 {
        match expression::path(text) {
            Ok(parsed) => self.path(&parsed, &Subject { types, at, file }, types),
            Err((offset, message)) => {
                self.tell(file, at, offset, format!("`{text}`: {message}"));
                0
            }
        }
    }

    fn path(&mut self, path: &PathText, subject: &Subject<'_>, here: &Types) -> u16 {
        let ends = self.resolve(path, subject, here);
        let last = if let Some(attribute) = &path.attribute {
            let found: Vec<(u16, usize)> =
                ends.iter().filter_map(|t| self.slot_of(*t, attribute).map(|slot| (*t, slot))).collect();
            if found.is_empty() && !ends.is_empty() {
                self.tell(
                    subject.file,
                    subject.at,
                    0,
                    format!("there is no attribute `{attribute}` where the path leads"),
                );
            }
            for (type_, slot) in found {
                self.out.elements[type_ as usize].read_attributes |= 1 << slot;
            }
            Last::Value(self.name(attribute))
        } else if path.text {
            Last::Content
        } else {
            Last::Node
        };
        let origin = match path.origin {
            Some('/') => Origin::Domain,
            Some(_) => Origin::Subject,
            None => Origin::Here,
        };
        let mut from = match origin {
            Origin::Domain => self.domains(),
            Origin::Subject => subject.types.clone(),
            Origin::Here => here.clone(),
        };
        let mut steps = Vec::new();
        for step in &path.steps {
            from = self.step(&from, step);
            steps.push(match step {
                StepText::Up => Step::Up,
                StepText::Down(tag, filter) => {
                    let filter = filter.as_ref().map_or(NONE, |filter| self.condition(filter, subject, &from));
                    Step::Down(if tag == "*" { NONE } else { self.name(tag) }, filter)
                }
            });
        }
        let steps = push(&mut self.out.steps, steps);
        self.out.paths.push(Path { origin, steps, last });
        self.out.paths.len() as u16 - 1
    }

    pub(super) fn slot_of(&self, element: u16, attribute: &str) -> Option<usize> {
        let slots = self.out.elements[element as usize].attributes.of(&self.out.attributes);
        slots.iter().position(|slot| self.names[slot.name as usize] == attribute)
    }

    /// The element types of domains.
    pub(super) fn domains(&self) -> Types {
        self.out.elements.iter().enumerate().filter(|(_, e)| is_domain(e.key)).map(|(i, _)| i as u16).collect()
    }

    /// The element types that a path leads to. All of them, and those on the way, are read.
    fn resolve(&mut self, path: &PathText, subject: &Subject<'_>, here: &Types) -> Types {
        let mut types = match path.origin {
            Some('/') => self.domains(),
            Some(_) => subject.types.clone(),
            None => here.clone(),
        };
        for step in &path.steps {
            let before = types.is_empty();
            types = self.step(&types, step);
            for type_ in &types {
                self.out.elements[*type_ as usize].read = true;
            }
            if types.is_empty() && !before {
                let shown = match step {
                    StepText::Up => "..",
                    StepText::Down(tag, _) => tag,
                };
                self.tell(subject.file, subject.at, 0, format!("`{shown}` leads to no element"));
            }
        }
        types
    }

    pub(super) fn step(&self, from: &Types, step: &StepText) -> Types {
        let keys: BTreeSet<&str> = from.iter().map(|t| self.out.elements[*t as usize].key).collect();
        let ids =
            |keys: BTreeSet<&str>| keys.into_iter().filter_map(|key| self.element_ids.get(key).copied()).collect();
        match step {
            StepText::Up => ids(self
                .steps
                .iter()
                .filter(|(_, list)| list.iter().any(|is| keys.contains(is.as_str())))
                .map(|((key, _), _)| key.as_str())
                .collect()),
            StepText::Down(tag, _) => {
                let fits = |key: &str, name: &str| keys.contains(key) && (tag == "*" || tag == name);
                ids(self
                    .steps
                    .iter()
                    .filter(|((key, name), _)| fits(key, name))
                    .flat_map(|(_, list)| list.iter().map(String::as_str))
                    .collect())
            }
        }
    }

    fn condition(&mut self, condition: &Condition, subject: &Subject<'_>, here: &Types) -> u16 {
        let compiled = match condition {
            Condition::And(a, b) => Expression::And(self.condition(a, subject, here), self.condition(b, subject, here)),
            Condition::Or(a, b) => Expression::Or(self.condition(a, subject, here), self.condition(b, subject, here)),
            Condition::Not(a) => Expression::Not(self.condition(a, subject, here)),
            Condition::Exists(path) => Expression::Exists(self.path(path, subject, here)),
            Condition::Compare(operator, a, b) => {
                let comparison = match *operator {
                    "=" => Comparison::Equal,
                    "!=" => Comparison::Unequal,
                    "<" => Comparison::Less,
                    "<=" => Comparison::LessOrEqual,
                    ">" => Comparison::Greater,
                    _ => Comparison::GreaterOrEqual,
                };
                Expression::Compare(comparison, self.value(a, subject, here), self.value(b, subject, here))
            }
            Condition::Among(value, words) => {
                let value = self.value(value, subject, here);
                let words = words.iter().map(|word| match word.strip_suffix('*') {
                    Some(beginning) => Wanted { word: NONE, text: keep(beginning) },
                    None => Wanted { word: self.word(word), text: keep(word) },
                });
                let words = words.collect();
                Expression::Among(value, push(&mut self.out.literals, words))
            }
            Condition::Test(name, value, word) => {
                let test = TESTS.iter().position(|test| test == name).unwrap_or_else(|| {
                    self.tell(subject.file, subject.at, 0, format!("there is no test named `{name}`"));
                    0
                });
                Expression::Test(test as u16, self.value(value, subject, here), keep(word))
            }
        };
        self.out.expressions.push(compiled);
        self.out.expressions.len() as u16 - 1
    }

    fn value(&mut self, value: &Value, subject: &Subject<'_>, here: &Types) -> u16 {
        let compiled = match value {
            Value::Path(path) => Operand::Values(self.path(path, subject, here)),
            Value::Word(word) => Operand::Literal(self.word(word)),
            Value::Number(number) => Operand::Number(*number),
            Value::Count(path) => Operand::Count(self.path(path, subject, here)),
            Value::Call(name, path) => {
                let call = CALLS.iter().position(|call| call == name).unwrap_or_else(|| {
                    self.tell(subject.file, subject.at, 0, format!("there is no function named `{name}`"));
                    0
                });
                // What the functions read beside the path they are given.
                let (path, more): (PathText, &[&str]) = match (name.as_str(), path) {
                    ("machine", _) => {
                        (expression::path("/os/type@machine").expect("a path"), &["/os/type@arch", "/os/type/text()"])
                    }
                    ("arch", _) => {
                        (expression::path("/os/type@arch").expect("a path"), &["/os/type@machine", "/os/type/text()"])
                    }
                    ("bus", Some(path)) => (
                        path.clone(),
                        &["/devices/disk/target@dev", "/devices/disk/target@bus", "/devices/disk@device"],
                    ),
                    ("bus-model", Some(path)) => (
                        path.clone(),
                        &["/devices/controller@type", "/devices/controller@index", "/devices/controller@model"],
                    ),
                    ("serial-again", Some(path)) => {
                        (path.clone(), &["/devices/console/target@type", "/devices/serial", "/os/type/text()"])
                    }
                    ("bytes", Some(path)) => {
                        let mut unit = path.clone();
                        unit.attribute = Some("unit".into());
                        unit.text = false;
                        let ends = self.resolve(&unit, subject, here);
                        for type_ in ends {
                            if let Some(slot) = self.slot_of(type_, "unit") {
                                self.out.elements[type_ as usize].read_attributes |= 1 << slot;
                            }
                        }
                        (path.clone(), &[])
                    }
                    (_, Some(path)) => (path.clone(), &[]),
                    (_, None) => (PathText::default(), &[]),
                };
                for read in more {
                    let read = expression::path(read).expect("a path");
                    self.path(&read, subject, here);
                }
                Operand::Call(call as u16, self.path(&path, subject, here))
            }
            Value::Arithmetic(operator, a, b) => {
                Operand::Arithmetic(*operator, self.value(a, subject, here), self.value(b, subject, here))
            }
        };
        self.out.operands.push(compiled);
        self.out.operands.len() as u16 - 1
    }

    /// Older shapes of an element are read like the current one.
    fn spread_to_older(&mut self) {
        for index in 0..self.element_ids.len() {
            let (read, mask, mut older) = {
                let element = &self.out.elements[index];
                (element.read, element.read_attributes, element.older)
            };
            let slots = self.out.elements[index].attributes.of(&self.out.attributes);
            let names: Vec<u16> =
                (0..slots.len()).filter(|slot| mask & 1 << slot != 0).map(|slot| slots[slot].name).collect();
            while older != NONE {
                let slots = self.out.elements[older as usize].attributes.of(&self.out.attributes);
                let mask = slots
                    .iter()
                    .enumerate()
                    .filter(|(_, s)| names.contains(&s.name))
                    .fold(0, |mask, (slot, _)| mask | 1u64 << slot);
                let element = &mut self.out.elements[older as usize];
                element.read = read;
                element.read_attributes = mask;
                older = element.older;
            }
        }
    }
}

/// A template for reading, without a document: `...` stands for values.
fn without_paths(template: &str) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("...");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}
