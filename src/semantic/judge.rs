//! Rules against the facts of a domain.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::conditions::{GUARDS, KEYS, OWNS, SETTLED, WHENS};
use super::derive;
use super::facts::{Facts, Fired, NOBODY};
use super::functions::{FUNCTIONS, Function};
use super::view::{Buffers, Symbols, View};
use crate::diagnostic::{Arg, Code, Finding, Span, codes};
use crate::places::Mixer;
use crate::table::{DRIVERS, Judge, NONE, Rule, Step, Table, Verdict, Version};

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

/// What is known of the rules and guards in the domain at hand. Everything in it is marked with the domain's number, so that nothing
/// need be cleared between domains.
pub(super) struct Memory {
    /// Number of the domain at hand.
    domain: u32,
    /// The version that the rules are for.
    target: Version,
    /// By guard: the domain in which it was judged, and whether it held.
    guards: Vec<(u32, bool)>,
    /// By rule.
    rules: Vec<Known>,
}

/// What is to be known of a rule before its condition is asked.
#[derive(Clone, Copy)]
struct Known {
    /// The domain in which it was last looked at.
    domain: u32,
    /// Its subject then.
    subject: u32,
    /// Domain types that it holds for at the target version.
    drivers: u32,
    /// Number of its guard; [`NONE`] if it has none.
    guard: u16,
    /// The subject need not be where the rule's paths lead, since it cannot stand elsewhere.
    exact: bool,
    /// It is judged even where the schema objects. Rules that look further would only repeat it; but what must be unique is so all the
    /// same.
    undaunted: bool,
}

impl Default for Memory {
    fn default() -> Self {
        Memory { domain: 0, target: Version::ALWAYS, guards: Vec::new(), rules: Vec::new() }
    }
}

impl Memory {
    fn new(table: &Table, target: Version) -> Memory {
        let known = |rule: &Rule| Known {
            domain: 0,
            subject: NOBODY,
            drivers: match rule.drivers {
                _ if rule.since > target || rule.until <= target => 0,
                0 => u32::MAX,
                drivers => drivers,
            },
            guard: rule.guard_number,
            exact: rule.exact,
            undaunted: is_unique(rule),
        };
        Memory {
            domain: 0,
            target,
            guards: vec![(0, false); table.rules.len()],
            rules: table.rules.iter().map(known).collect(),
        }
    }
}

impl Facts {
    /// Judges the domain whose node this is, and forgets it. With more findings than `most`, what is left is not judged.
    pub fn judge(
        &mut self,
        domain: u32,
        table: &'static Table,
        target: Version,
        text: &[u8],
        findings: &mut Vec<Finding>,
        most: usize,
    ) {
        if self.fired.is_empty() {
            self.truncate(domain);
            return;
        }
        let mut keys = std::mem::take(&mut self.keys);
        let mut fired = std::mem::take(&mut self.fired);
        let mut memory = std::mem::take(&mut self.memory);
        keys.clear();
        if memory.rules.is_empty() || memory.target != target || memory.domain == u32::MAX {
            memory = Memory::new(table, target);
        }
        memory.domain += 1;
        let symbols = *self.symbols.get_or_insert_with(|| Symbols::new(table));
        let buffers = std::mem::take(&mut self.buffers);
        let view = View::new(table, text, self, domain, symbols, buffers);
        let driver = view.driver();
        for &Fired { rule: number, key, subject } in &fired {
            let Some(known) = memory.rules.get_mut(number as usize) else { continue };
            // Several things may set a rule off for one subject; they come one after another.
            if known.drivers & driver == 0 || (known.domain, known.subject) == (memory.domain, subject) {
                continue;
            }
            (known.domain, known.subject) = (memory.domain, subject);
            let known = *known;
            if known.guard != NONE {
                let guard = &mut memory.guards[known.guard as usize];
                if guard.0 != memory.domain {
                    *guard = (memory.domain, view.guard_holds(&table.rules[number as usize]));
                }
                if !guard.1 {
                    continue;
                }
            }
            if (known.undaunted || !view.node(subject).faulty)
                && (known.exact || view.is_subject(number, subject))
                && (key != 0 || view.condition_holds(number, subject))
            {
                // A condition that was not judged to its end says nothing.
                if view.fuel.get() == 0 || findings.len() > most {
                    break;
                }
                let rule = &table.rules[number as usize];
                match key.checked_sub(1) {
                    Some(key) => {
                        view.claim(number, rule, subject, view.facts.hashes[key as usize], &mut keys, findings);
                    }
                    None => view.judge(number, rule, subject, &mut keys, findings),
                }
            }
        }
        self.buffers = view.into_buffers();
        fired.clear();
        self.keys = keys;
        self.fired = fired;
        self.memory = memory;
        self.truncate(domain);
    }

    /// Of the rules that a start tag sets off, keeps those that may come to something, each once: not those that the target version does not
    /// have, nor those about the element that the values of its attributes alone keep from holding. Those about the element come first.
    pub fn drop_hopeless(
        &mut self,
        node: u32,
        table: &'static Table,
        target: Version,
        text: &[u8],
        fires: &mut Vec<(u16, u8)>,
    ) {
        let symbols = *self.symbols.get_or_insert_with(|| Symbols::new(table));
        let view = View::new(table, text, self, node, symbols, Buffers::default());
        fires.retain(|(number, up)| {
            let rule = &table.rules[*number as usize];
            let dated = rule.since > target || rule.until <= target;
            !dated && (*up != 0 || !view.native || OWNS[*number as usize](&view, node))
        });
        fires.sort_unstable_by_key(|(rule, up)| (*up, *rule));
        fires.dedup();
    }

    /// Forgets a domain.
    fn truncate(&mut self, domain: u32) {
        self.nodes.truncate(domain as usize);
        self.values.clear();
        self.fired.clear();
        self.hashes.clear();
        self.forget_chains();
    }
}

/// Whether a rule is about what no two elements may have the same of.
pub(super) fn is_unique(rule: &Rule) -> bool {
    match rule.judge {
        Judge::Unique(_) => true,
        Judge::Function(function) => !matches!(FUNCTIONS[function as usize].1, Function::Bad(_)),
        _ => false,
    }
}

impl View<'_, '_> {
    /// Whether the part of a rule's condition that depends on the domain alone holds.
    fn guard_holds(&self, rule: &Rule) -> bool {
        if self.native {
            return GUARDS[rule.guard_number as usize](self, self.domain);
        }
        self.holds(rule.guard, self.domain, self.domain)
    }

    /// Whether the rest of it does.
    #[inline]
    fn condition_holds(&self, number: u16, subject: u32) -> bool {
        if self.native {
            return WHENS[number as usize](self, subject);
        }
        let rule = &self.table.rules[number as usize];
        rule.when == NONE || self.holds(rule.when, subject, subject)
    }

    /// The bit of the domain's type among the drivers; the highest one if it is none of them.
    fn driver(&self) -> u32 {
        let type_ = self.attribute(self.domain, self.symbols.type_).unwrap_or_default();
        DRIVERS.iter().position(|driver| driver.as_bytes() == type_).map_or(1 << 31, |bit| 1 << bit)
    }

    /// Whether a node is one that a rule looks at.
    fn is_subject(&self, number: u16, node: u32) -> bool {
        let subjects = self.table.rules[number as usize].subjects;
        subjects.of(self.table.path_lists).iter().any(|path| self.is_at(node, *path))
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

    fn judge(&self, number: u16, rule: &'static Rule, subject: u32, keys: &mut Keys, findings: &mut Vec<Finding>) {
        match rule.judge {
            Judge::Condition => self.report(number, rule, subject, None, None, findings),
            Judge::Unique(paths) => {
                let paths = paths.of(self.table.path_lists);
                let hash = self.key_hash(number, |key| match KEYS.get(number as usize) {
                    Some(Some(write)) if self.native => write(self, subject, key),
                    _ => self.write_key(paths, subject, key),
                });
                if let Some(hash) = hash {
                    self.claim(number, rule, subject, hash, keys, findings);
                }
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
            Judge::OfType(path, type_) => {
                self.ends(path, subject, subject, &mut |place| {
                    // What is a value at another version is for the schema to tell.
                    if self.table.value(type_, place.text(self), Version::LATEST) == Verdict::Bad {
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
                Function::Key(make) | Function::OwnKey(make) => {
                    if let Some(hash) = self.key_hash(number, |key| make(self, subject, key)) {
                        self.claim(number, rule, subject, hash, keys, findings);
                    }
                }
            },
        }
    }

    /// Writes the values at some paths one behind the other; whether there is one at each.
    fn write_key(&self, paths: &[u16], subject: u32, key: &mut Vec<u8>) -> bool {
        paths.iter().all(|path| {
            let before = key.len();
            self.ends(*path, subject, subject, &mut |place| {
                derive::push_key(place.text(self), key);
                false
            });
            let there = key.len() > before;
            key.push(0);
            there
        })
    }

    /// The hash of a key, which stands for it. `None` if the element has none.
    fn key_hash(&self, number: u16, write: impl FnOnce(&mut Vec<u8>) -> bool) -> Option<u64> {
        let mut key = self.key.take();
        key.clear();
        let whole = write(&mut key);
        let mut hasher = Mixer::default();
        hasher.write_u64(number.into());
        hasher.write(&key);
        self.key.replace(key);
        whole.then(|| hasher.finish())
    }

    /// The hash of the key that an element must have for itself under a rule, where the element and what it holds decide about the rule's
    /// condition and about the key. `None` if it has none, or if they do not.
    pub fn own_key(&self, number: u16, subject: u32) -> Option<u64> {
        let rule = &self.table.rules[number as usize];
        if !self.native || !SETTLED[number as usize] || !WHENS[number as usize](self, subject) {
            return None;
        }
        match rule.judge {
            Judge::Unique(_) => {
                KEYS[number as usize].and_then(|write| self.key_hash(number, |key| write(self, subject, key)))
            }
            Judge::Function(function) => match FUNCTIONS[function as usize].1 {
                Function::OwnKey(write) => self.key_hash(number, |key| write(self, subject, key)),
                _ => None,
            },
            _ => None,
        }
    }

    /// Reports the subject if another has the same key.
    fn claim(
        &self,
        number: u16,
        rule: &'static Rule,
        subject: u32,
        hash: u64,
        keys: &mut Keys,
        findings: &mut Vec<Finding>,
    ) {
        match keys.entry(hash) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(subject);
            }
            std::collections::hash_map::Entry::Occupied(entry) => {
                let first = match rule.judge {
                    Judge::Unique(paths) => paths.of(self.table.path_lists).first().copied(),
                    _ => None,
                };
                let place = |node: u32| {
                    let mut span = None;
                    for path in [rule.at, first.unwrap_or(NONE)] {
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
}
