//! Rules against facts.

use std::borrow::Cow;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::derive;
use super::facts::{Facts, NOBODY, Node};
use super::functions::{FUNCTIONS, Function};
use crate::diagnostic::{Arg, Code, Finding, Span, codes};
use crate::table::{
    Comparison, DRIVERS, Expression, Judge, Key, Last, NONE, Operand, Origin, Rule, Step, Table, Version, trim,
};
use crate::xml;

/// First place of each key that must be unique, by rule and key.
pub(super) type Keys = HashMap<u64, u32, BuildHasherDefault<Folded>>;

/// The keys are hashes already.
#[derive(Default)]
pub(super) struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
        }
    }
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// A value in a comparison.
#[derive(Clone, Debug)]
pub(super) enum Datum<'d> {
    /// Text without white space at its ends.
    Text(Cow<'d, [u8]>),
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

/// What is known of a rule in the domain of this number.
#[derive(Clone, Copy, Default)]
pub(super) struct Memory {
    epoch: u32,
    /// It holds for the domain's type, the target version, and what else of the domain it asks for.
    holds: bool,
    /// Its last subject.
    last: u32,
}

macro_rules! symbols {
    ($($field:ident = $name:literal,)*) => {
        /// Numbers of the names that functions ask for.
        #[derive(Clone, Copy)]
        pub(super) struct Symbols { $(pub $field: u16,)* }
        impl Symbols {
            fn new(table: &Table) -> Self {
                Symbols { $($field: table.name($name.as_bytes()).unwrap_or(NONE),)* }
            }
        }
    };
}

symbols! {
    type_ = "type", os = "os", machine = "machine", arch = "arch", target = "target", dev = "dev", bus = "bus", device = "device",
    unit = "unit", address = "address", domain = "domain", slot = "slot", function = "function", controller = "controller",
    backing_store = "backingStore", disk = "disk", hostdev = "hostdev", hub = "hub", index = "index", port = "port", ports = "ports",
    source = "source", cell = "cell", id = "id", prefix = "prefix", netmask = "netmask", base = "base", cache = "cache", cachetune = "cachetune", cpu = "cpu", cpus = "cpus", devices = "devices",
    iothreads = "iothreads", label = "label", memory = "memory", memorytune = "memorytune", model = "model",
    node = "node", nodeset = "nodeset", numa = "numa", size = "size", uuid = "uuid", vcpu = "vcpu", vcpus = "vcpus",
}

/// The facts of a domain while rules look at them.
pub(super) struct View<'v, 'd> {
    pub table: &'static Table,
    pub text: &'d [u8],
    pub facts: &'v Facts,
    /// The domain's node.
    pub domain: u32,
    pub symbols: Symbols,
    /// The class of the machine, derived when it is first asked for.
    pub machine: OnceCell<&'d [u8]>,
    /// A key under construction.
    key: RefCell<Vec<u8>>,
    /// How many elements may still be looked at. Rules that hold every element against every other would take hours on a document made
    /// of a hundred thousand devices; no guest has as many as this allows for.
    fuel: Cell<u64>,
}

/// How many elements the rules may look at in a domain, beside a hundred for each that it has.
const FUEL: u64 = 20_000_000;

impl Facts {
    /// Judges the domain whose node this is, and forgets it.
    pub fn judge(
        &mut self,
        domain: u32,
        table: &'static Table,
        target: Version,
        text: &[u8],
        findings: &mut Vec<Finding>,
    ) {
        if self.fired.is_empty() {
            self.truncate(domain);
            return;
        }
        let mut keys = std::mem::take(&mut self.keys);
        let mut fired = std::mem::take(&mut self.fired);
        let mut memory = std::mem::take(&mut self.memory);
        keys.clear();
        memory.resize(table.rules.len(), Memory::default());
        self.epoch = self.epoch.wrapping_add(1).max(1);
        let epoch = self.epoch;
        let symbols = *self.symbols.get_or_insert_with(|| Symbols::new(table));
        let key = RefCell::new(std::mem::take(&mut self.key));
        let view = View {
            table,
            text,
            facts: self,
            domain,
            symbols,
            machine: OnceCell::new(),
            key,
            fuel: Cell::new(FUEL + 100 * self.nodes.len() as u64),
        };
        let driver = view.driver();
        for (number, subject) in fired.drain(..) {
            if view.fuel.get() == 0 {
                break;
            }
            let rule = &table.rules[number as usize];
            let known = &mut memory[number as usize];
            if known.epoch != epoch {
                let holds = (rule.drivers == 0 || rule.drivers & driver != 0)
                    && rule.since <= target
                    && rule.until > target
                    && (rule.guard == NONE || view.holds(rule.guard, domain, domain));
                *known = Memory { epoch, holds, last: NOBODY };
            }
            // Several things may set a rule off for one subject; they come one after another.
            if !known.holds || known.last == subject {
                continue;
            }
            known.last = subject;
            // Where the schema objects, rules that look further would only repeat it; but what must be unique is so all the same.
            let faulty = view.node(subject).faulty && !matches!(rule.judge, Judge::Unique(_));
            if !faulty
                && rule.subjects.of(table.path_lists).iter().any(|path| view.is_at(subject, *path))
                && (rule.when == NONE || view.holds(rule.when, subject, subject))
            {
                view.judge(number, rule, subject, &mut keys, findings);
            }
        }
        self.key = view.key.into_inner();
        self.keys = keys;
        self.fired = fired;
        self.memory = memory;
        self.truncate(domain);
    }

    /// Forgets a domain.
    fn truncate(&mut self, domain: u32) {
        self.nodes.truncate(domain as usize);
        self.values.clear();
        self.fired.clear();
    }
}

impl<'d> View<'_, 'd> {
    pub fn node(&self, node: u32) -> &Node {
        &self.facts.nodes[node as usize]
    }

    /// The bit of the domain's type among the drivers.
    fn driver(&self) -> u32 {
        let type_ = self.attribute(self.domain, self.symbols.type_).unwrap_or_default();
        DRIVERS.iter().position(|driver| driver.as_bytes() == type_).map_or(0, |bit| 1 << bit)
    }

    /// The raw value of an attribute.
    pub fn attribute(&self, node: u32, name: u16) -> Option<&'d [u8]> {
        self.facts.values_of(node).iter().find(|value| value.name == name).map(|value| value.span.of(self.text))
    }

    /// Counts an element that is looked at; whether there may be more.
    #[inline]
    fn burn(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether a node is where a path from the domain leads.
    fn is_at(&self, mut node: u32, path: u16) -> bool {
        for step in self.table.paths[path as usize].steps.of(self.table.steps).iter().rev() {
            let Step::Down(tag, _) = *step else { return false };
            if node == self.domain || (tag != NONE && self.node(node).name != tag) {
                return false;
            }
            node = self.node(node).parent;
        }
        node == self.domain
    }

    /// The first child of a name.
    pub fn child(&self, node: u32, name: u16) -> Option<u32> {
        let mut found = None;
        self.children(node, |child| {
            if self.node(child).name == name {
                found = Some(child);
            }
            found.is_none()
        });
        found
    }

    /// Visits the children of a node until told to stop; whether it was not.
    pub fn children(&self, node: u32, mut visit: impl FnMut(u32) -> bool) -> bool {
        let end = self.node(node).next.min(self.facts.nodes.len() as u32);
        let mut child = node + 1;
        while child < end {
            if !self.burn() {
                return false;
            }
            if !visit(child) {
                return false;
            }
            child = self.node(child).next;
        }
        true
    }

    fn judge(&self, number: u16, rule: &'static Rule, subject: u32, keys: &mut Keys, findings: &mut Vec<Finding>) {
        match rule.judge {
            Judge::Condition => self.report(number, rule, subject, None, None, findings),
            Judge::Unique(paths) => {
                let paths = paths.of(self.table.path_lists);
                let mut key = self.key.take();
                key.clear();
                for path in paths {
                    let before = key.len();
                    self.ends(*path, subject, subject, &mut |place| {
                        derive::push_key(&place.text(self), &mut key);
                        false
                    });
                    if key.len() == before {
                        self.key.replace(key);
                        return;
                    }
                    key.push(0);
                }
                self.unique(number, rule, subject, &key, paths.first().copied(), keys, findings);
                self.key.replace(key);
            }
            Judge::Refers(from, to) => {
                self.ends(from, subject, subject, &mut |place| {
                    let wanted = place.text(self);
                    let mut found = false;
                    self.ends(to, subject, subject, &mut |candidate| {
                        found |= candidate.text(self) == wanted;
                        !found
                    });
                    if !found {
                        self.report(number, rule, subject, Some(place.span(self)), None, findings);
                    }
                    true
                });
            }
            Judge::Function(function) => match FUNCTIONS[function as usize].1 {
                Function::Bad(bad) => {
                    if bad(self, subject) {
                        self.report(number, rule, subject, None, None, findings);
                    }
                }
                Function::Key(make) => {
                    let mut key = self.key.take();
                    key.clear();
                    if make(self, subject, &mut key) {
                        self.unique(number, rule, subject, &key, None, keys, findings);
                    }
                    self.key.replace(key);
                }
            },
        }
    }

    /// Reports the subject if another has the same key.
    #[allow(clippy::too_many_arguments)]
    fn unique(
        &self,
        number: u16,
        rule: &'static Rule,
        subject: u32,
        key: &[u8],
        path: Option<u16>,
        keys: &mut Keys,
        findings: &mut Vec<Finding>,
    ) {
        let mut hash = 0xCBF2_9CE4_8422_2325u64 ^ u64::from(number);
        for byte in key {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3);
        }
        match keys.entry(hash) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(subject);
            }
            std::collections::hash_map::Entry::Occupied(entry) => {
                let place = |node: u32| {
                    let mut span = None;
                    for path in [rule.at, path.unwrap_or(NONE)] {
                        if path != NONE && span.is_none() {
                            self.ends(path, node, node, &mut |place| {
                                span = Some(place.span(self));
                                false
                            });
                        }
                    }
                    span.unwrap_or(self.node(node).name_span)
                };
                self.report(number, rule, subject, Some(place(subject)), Some(place(*entry.get())), findings);
            }
        }
    }

    fn report(
        &self,
        number: u16,
        rule: &'static Rule,
        subject: u32,
        at: Option<Span>,
        beside: Option<Span>,
        findings: &mut Vec<Finding>,
    ) {
        let node = self.node(subject);
        let first = |path: u16| {
            let mut span = None;
            if path != NONE {
                self.ends(path, subject, subject, &mut |place| {
                    span = Some(place.span(self));
                    false
                });
            }
            span
        };
        let span = at.or_else(|| first(rule.at)).unwrap_or(node.name_span);
        let code = Code(codes::COUNT + number);
        let mut finding = Finding::new(code, self.table.severity(code), span);
        finding.related = beside.or_else(|| first(rule.beside)).filter(|beside| *beside != span);
        finding.owner = node.owner;
        for (slot, path) in finding.args.iter_mut().zip(rule.arguments.of(self.table.path_lists)) {
            *slot = first(*path).map_or(Arg::None, Arg::Span);
        }
        findings.push(finding);
    }

    /// Whether a condition holds. `here` is where bare paths begin, `subject` where `$` begins.
    pub fn holds(&self, expression: u16, here: u32, subject: u32) -> bool {
        match self.table.expressions[expression as usize] {
            Expression::And(a, b) => self.holds(a, here, subject) && self.holds(b, here, subject),
            Expression::Or(a, b) => self.holds(a, here, subject) || self.holds(b, here, subject),
            Expression::Not(a) => !self.holds(a, here, subject),
            Expression::Exists(path) => match self.any_node(path, here, subject) {
                Some(found) => found,
                None => !self.ends(path, here, subject, &mut |_| false),
            },
            Expression::Compare(comparison, a, b) => {
                if let Some(found) = self.compares_simply(comparison, a, b, here, subject) {
                    return found;
                }
                let mut found = false;
                self.data(a, here, subject, &mut |left| {
                    self.data(b, here, subject, &mut |right| {
                        found = compares(comparison, &left, &right);
                        !found
                    });
                    !found
                });
                found
            }
            Expression::Among(operand, words) => {
                let words = words.of(self.table.literals);
                let among = |key: Key, raw: &[u8]| {
                    words.iter().any(|word| {
                        word.is(key, raw)
                            || word
                                .text
                                .strip_suffix('*')
                                .is_some_and(|beginning| raw.starts_with(beginning.as_bytes()))
                    })
                };
                if let Operand::Values(path) = self.table.operands[operand as usize]
                    && let Some(found) = self.any_raw(path, here, subject, among)
                {
                    return found;
                }
                let mut found = false;
                self.data(operand, here, subject, &mut |datum| {
                    found = match &datum {
                        Datum::Text(text) => among(Key::of(text), text),
                        Datum::Number(number) => words.iter().any(|word| word.text.parse() == Ok(*number)),
                    };
                    !found
                });
                found
            }
            Expression::Test(test, operand, word) => {
                if let Operand::Values(path) = self.table.operands[operand as usize]
                    && let Some(found) = self.any_raw(path, here, subject, |_, raw| derive::test_text(test, raw, word))
                {
                    return found;
                }
                let mut found = false;
                self.data(operand, here, subject, &mut |datum| {
                    found = derive::test(test, &datum, word);
                    !found
                });
                found
            }
        }
    }

    /// A comparison of a value at a short path with a constant.
    #[inline]
    fn compares_simply(&self, comparison: Comparison, a: u16, b: u16, here: u32, subject: u32) -> Option<bool> {
        let number = |path: u16, read: fn(&[u8]) -> Option<i128>, right: i128| {
            self.any_raw(path, here, subject, |_, raw| {
                read(raw).is_some_and(|left| ordered(comparison, left.cmp(&right)))
            })
        };
        match (self.table.operands[a as usize], self.table.operands[b as usize]) {
            (Operand::Values(path), Operand::Literal(word)) => match comparison {
                Comparison::Equal => self.any_raw(path, here, subject, |key, raw| word.is(key, raw)),
                Comparison::Unequal => self.any_raw(path, here, subject, |key, raw| !word.is(key, raw)),
                _ => None,
            },
            (Operand::Values(path), Operand::Number(right)) => number(path, derive::number, right),
            (Operand::Call(call, path), Operand::Number(right)) => match crate::table::CALLS[call as usize] {
                "octal" => number(path, derive::octal, right),
                "number" => number(path, derive::number, right),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether a short path leads to a node or an attribute.
    #[inline]
    fn any_node(&self, path: u16, here: u32, subject: u32) -> Option<bool> {
        let entry = &self.table.paths[path as usize];
        if entry.last != Last::Node {
            return self.any_raw(path, here, subject, |_, _| true);
        }
        match (entry.origin, entry.steps.of(self.table.steps)) {
            (Origin::Here, [Step::Down(tag, NONE)]) if *tag != NONE => Some(self.child(here, *tag).is_some()),
            _ => None,
        }
    }

    /// Whether any value at a short path is right: the attribute of the node at hand or of its children of a name. `None` if the path is of
    /// another kind. Nearly all conditions are of this kind, and need no closures and no copies.
    #[inline]
    fn any_raw(&self, path: u16, here: u32, subject: u32, right: impl Fn(Key, &[u8]) -> bool) -> Option<bool> {
        let path = &self.table.paths[path as usize];
        let Last::Value(name) = path.last else { return None };
        let node = match path.origin {
            Origin::Here => here,
            Origin::Domain => self.domain,
            Origin::Subject => subject,
        };
        let of_node = |node: u32| {
            let value = self.facts.values_of(node).iter().find(|value| value.name == name)?;
            if value.coded {
                return Some(None);
            }
            let raw = trim(value.span.of(self.text));
            Some(Some(right(Key::of(raw), raw)))
        };
        match path.steps.of(self.table.steps) {
            [] => match of_node(node) {
                None => Some(false),
                Some(verdict) => verdict,
            },
            [Step::Up] => match self.node(node).parent {
                NOBODY => Some(false),
                parent => of_node(parent).unwrap_or(Some(false)),
            },
            [Step::Down(tag, NONE)] if *tag != NONE => {
                let end = self.node(node).next.min(self.facts.nodes.len() as u32);
                let mut child = node + 1;
                while child < end && self.burn() {
                    let entry = self.node(child);
                    if entry.name == *tag {
                        match of_node(child) {
                            None | Some(Some(false)) => {}
                            Some(Some(true)) => return Some(true),
                            Some(None) => return None,
                        }
                    }
                    child = entry.next;
                }
                Some(false)
            }
            _ => None,
        }
    }

    /// Visits the values of an operand until told to stop; whether it was not.
    fn data(&self, operand: u16, here: u32, subject: u32, visit: &mut dyn FnMut(Datum<'d>) -> bool) -> bool {
        match self.table.operands[operand as usize] {
            Operand::Literal(word) => visit(Datum::Text(Cow::Borrowed(word.text.as_bytes()))),
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
            Operand::Call(call, path) => derive::call(self, call, path, here, subject, visit),
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

    /// The class of the domain's machine.
    pub fn machine_class(&self) -> &'d [u8] {
        self.machine.get_or_init(|| derive::machine_class(derive::machine(self)))
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
            Step::Down(name, filter) => self.children(node, |child| {
                let fits = (name == NONE || self.node(child).name == name)
                    && (filter == NONE || self.holds(filter, child, subject));
                !fits || self.walk(rest, last, child, subject, visit)
            }),
        }
    }
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
    ordered(comparison, ordering)
}

/// Whether an ordering is what a comparison asks for.
fn ordered(comparison: Comparison, ordering: std::cmp::Ordering) -> bool {
    match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::Unequal => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }
}

/// Where a path led.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub node: u32,
    /// The attribute's number, if the path ends in one.
    value: Option<u32>,
    /// The path ends in an element.
    element: bool,
}

impl Place {
    /// What stands there: the attribute's value, or the element's text.
    pub fn text<'d>(&self, view: &View<'_, 'd>) -> Cow<'d, [u8]> {
        match self.value {
            Some(value) => {
                let value = &view.facts.values[value as usize];
                let raw = value.span.of(view.text);
                if value.coded {
                    let mut decoded = Vec::new();
                    xml::decode_value(raw, &mut decoded);
                    return Cow::Owned(decoded.trim_ascii().to_vec());
                }
                Cow::Borrowed(raw.trim_ascii())
            }
            None => {
                let raw = view.node(self.node).text.of(view.text);
                if memchr::memchr2(b'&', b'<', raw).is_some() {
                    let mut decoded = Vec::new();
                    return Cow::Owned(xml::content_text(raw, &mut decoded).trim_ascii().to_vec());
                }
                Cow::Borrowed(raw.trim_ascii())
            }
        }
    }

    /// What is underlined there.
    pub fn span(&self, view: &View<'_, '_>) -> Span {
        match self.value {
            Some(value) => view.facts.values[value as usize].span,
            None if self.element => view.node(self.node).name_span,
            None => {
                let span = view.node(self.node).text;
                let raw = span.of(view.text);
                let start = span.start as usize + (raw.len() - raw.trim_ascii_start().len());
                Span::new(start, start + raw.trim_ascii().len())
            }
        }
    }
}
