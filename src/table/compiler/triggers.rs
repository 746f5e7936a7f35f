//! What sets rules off.
//!
//! A rule is judged only for elements that have what its condition needs. Of all that it needs, the least common thing is looked for
//! while the document is read: an attribute, possibly with one of some values, or an element. So a thousand rules cost an ordinary
//! document little more than the few that it comes near to breaking.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::{Compiler, push};
use super::compiled::*;
use super::expression::{Condition, PathText, StepText, Value};
use super::rules::{IRREGULAR, Types};

impl Compiler<'_> {
    /// The elements themselves as what sets a rule off.
    pub(super) fn itself(&self, types: &Types) -> Candidate {
        let common = types.iter().any(|type_| COMMON_NAMES.contains(&self.tag_of(*type_)));
        let atoms = types
            .iter()
            .map(|element| Atom {
                element: *element,
                attribute: String::new(),
                words: Vec::new(),
                least: i64::MIN,
                up: 0,
                tail: Vec::new(),
            })
            .collect();
        Candidate { score: if common { 40 } else { 10 }, atoms }
    }

    fn tag_of(&self, element: u16) -> &str {
        self.tags.get(&element).map_or("", String::as_str)
    }

    /// What must be there for a condition to hold; `None` if nothing in particular.
    pub(super) fn needs(&self, condition: &Condition, types: &Types) -> Option<Candidate> {
        match condition {
            // Both must hold, so the less common of them is enough; of alternatives, each must be looked for.
            Condition::And(a, b) => match (self.needs(a, types), self.needs(b, types)) {
                (Some(a), Some(b)) => Some(if a.score <= b.score { a } else { b }),
                (a, b) => a.or(b),
            },
            Condition::Or(a, b) => {
                let (mut a, b) = (self.needs(a, types)?, self.needs(b, types)?);
                a.score += b.score;
                a.atoms.extend(b.atoms);
                Some(a)
            }
            Condition::Not(_) => None,
            Condition::Exists(path) => self.path_atoms(path, types, &[]),
            // More than none of something means that there is some of it.
            Condition::Compare(operator, Value::Count(path), Value::Number(least)) => {
                let some = matches!((*operator, *least), (">", 0..) | (">=" | "=", 1..));
                if some { self.path_atoms(path, types, &[]) } else { None }
            }
            // A number other than 0 is one from 1 on, or is not written as numbers usually are, such as one with a sign.
            Condition::Compare("!=", Value::Path(path), Value::Number(0)) if path.attribute.is_some() => {
                let mut candidate = self.path_atoms(path, types, &[])?;
                candidate.score = candidate.score.min(9);
                let mut irregular = candidate.atoms.clone();
                irregular.iter_mut().for_each(|atom| atom.words = vec![IRREGULAR.to_owned()]);
                candidate.atoms.iter_mut().for_each(|atom| atom.least = 1);
                candidate.atoms.extend(irregular);
                Some(candidate)
            }
            // A number beyond what is usual is rare.
            Condition::Compare(operator @ (">" | ">="), value, Value::Number(bound)) if numbers(value).is_some() => {
                let path = numbers(value).expect("it was asked for");
                let mut candidate = self.path_atoms(path, types, &[])?;
                if path.attribute.is_some() {
                    let least = bound + i128::from(*operator == ">");
                    candidate.score = if least > 255 { 1 } else { candidate.score.min(9) };
                    candidate.atoms.iter_mut().for_each(|atom| atom.least = i64::try_from(least).unwrap_or(i64::MAX));
                }
                Some(candidate)
            }
            Condition::Compare(operator, a, b) => {
                if let ("=", Value::Path(path), Value::Word(word)) | ("=", Value::Word(word), Value::Path(path)) =
                    (*operator, a, b)
                {
                    return self.path_atoms(path, types, std::slice::from_ref(word));
                }
                [a, b]
                    .into_iter()
                    .filter_map(|value| self.value_needs(value, types))
                    .min_by_key(|candidate| candidate.score)
            }
            Condition::Among(Value::Path(path), words) => self.path_atoms(path, types, words),
            // Irregular numbers are rare, so that they are worth a trigger of their own.
            Condition::Test(name, Value::Path(path), _) if name == "irregular" => {
                let mut candidate = self.path_atoms(path, types, &[])?;
                candidate.score = 1;
                candidate.atoms.iter_mut().for_each(|atom| atom.words = vec![IRREGULAR.to_owned()]);
                Some(candidate)
            }
            Condition::Among(value, _) | Condition::Test(_, value, _) => self.value_needs(value, types),
        }
    }

    fn value_needs(&self, value: &Value, types: &Types) -> Option<Candidate> {
        match value {
            Value::Path(path) => self.path_atoms(path, types, &[]),
            Value::Call(name, Some(path)) if name != "bus" => self.path_atoms(path, types, &[]),
            Value::Arithmetic(_, a, b) => {
                let candidates = [self.value_needs(a, types), self.value_needs(b, types)];
                candidates.into_iter().flatten().min_by_key(|candidate| candidate.score)
            }
            _ => None,
        }
    }

    /// The end of a path from the subject as what sets a rule off. Only paths straight down name something that the subject holds.
    pub(super) fn path_atoms(&self, path: &PathText, types: &Types, words: &[String]) -> Option<Candidate> {
        // From a domain, a path that begins at the domain leads straight down.
        let from_domain = path.origin == Some('/') && types.is_subset(&self.domains());
        // In a filter, a path that begins at the rule's element leads elsewhere.
        let elsewhere = (path.origin == Some('/') && !from_domain) || path.origin == Some('$');
        if elsewhere || (path.steps.is_empty() && path.attribute.is_none()) {
            return None;
        }
        let mut ends = types.clone();
        let mut tail: Vec<String> = Vec::new();
        let mut filtered: Option<Candidate> = None;
        for step in &path.steps {
            let StepText::Down(tag, filter) = step else { return None };
            ends = self.step(&ends, step);
            tail.push(tag.clone());
            // What a filter needs stands further down on the way.
            let Some(mut candidate) = filter.as_ref().and_then(|filter| self.needs(filter, &ends)) else { continue };
            for atom in &mut candidate.atoms {
                atom.up += tail.len() as u8;
                atom.tail = [&tail[..], &atom.tail].concat();
            }
            if filtered.as_ref().is_none_or(|least| candidate.score < least.score) {
                filtered = Some(candidate);
            }
        }
        let up = path.steps.len() as u8;
        // A word that ends in `*` is no word to look for.
        // Nor is a word that a text has to be.
        let vague = path.attribute.is_none() || words.iter().any(|word| word.ends_with('*'));
        let words: Vec<String> = if vague { Vec::new() } else { words.to_vec() };
        let rare_tag = ends.iter().all(|type_| !COMMON_NAMES.contains(&self.tag_of(*type_)));
        let (attribute, score) = match &path.attribute {
            None => (String::new(), if rare_tag { 5 } else { 30 }),
            Some(attribute) => {
                let rare_name = !COMMON_NAMES.contains(&attribute.as_str());
                let rare_words = !words.is_empty() && words.iter().all(|word| !COMMON_WORDS.contains(&word.as_str()));
                let score = match (rare_tag, rare_name, rare_words) {
                    (_, true, true) => 2,
                    (_, _, true) => 4,
                    (_, true, false) => 6,
                    (true, false, _) => 10,
                    _ => 25,
                };
                (attribute.clone(), score)
            }
        };
        let with_attribute = |type_: &&u16| attribute.is_empty() || self.slot_of(**type_, &attribute).is_some();
        let atoms = ends
            .iter()
            .filter(with_attribute)
            .map(|element| Atom {
                element: *element,
                attribute: attribute.clone(),
                words: words.clone(),
                least: i64::MIN,
                up,
                tail: tail.clone(),
            })
            .collect();
        let end = Candidate { score, atoms };
        Some(filtered.filter(|filtered| filtered.score < end.score).unwrap_or(end))
    }

    /// Whether what sets a rule off stands nowhere but below one of its subjects, on the way that the rule's condition goes.
    pub(super) fn is_exact(&self, atom: &Atom, subjects: Range) -> bool {
        let tail =
            atom.tail.iter().map(|tag| if tag == "*" { NONE } else { self.name_ids.get(tag).copied().unwrap_or(NONE) });
        let tail: Vec<u16> = tail.collect();
        let tag = |step: &Step| match step {
            Step::Down(tag, _) => *tag,
            Step::Up => NONE,
        };
        let paths: Vec<Vec<u16>> = subjects
            .of(&self.out.path_lists)
            .iter()
            .map(|path| {
                self.out.paths[*path as usize].steps.of(&self.out.steps).iter().map(tag).chain(tail.clone()).collect()
            })
            .collect();
        self.only_there(self.out.elements[atom.element as usize].key, &paths, &mut Vec::new())
    }

    /// Whether every way up from an element type to a domain is one of the paths. `way` is what was gone so far, from below.
    fn only_there(&self, key: &str, paths: &[Vec<u16>], way: &mut Vec<u16>) -> bool {
        let fits = |path: &Vec<u16>, whole: bool| {
            (if whole { path.len() == way.len() } else { path.len() >= way.len() })
                && path.iter().rev().zip(way.iter()).all(|(wanted, tag)| *wanted == NONE || wanted == tag)
        };
        let domain = self.domains().iter().any(|domain| self.out.elements[*domain as usize].key == key);
        if domain {
            return paths.iter().any(|path| fits(path, true));
        }
        // A way that is longer than all paths leads elsewhere, and so does every way that goes on from it.
        if !paths.iter().any(|path| fits(path, false)) {
            return false;
        }
        let above = self.steps.iter().filter(|(_, list)| list.iter().any(|below| below == key));
        let above: Vec<(String, u16)> =
            above.filter_map(|((parent, tag), _)| Some((parent.clone(), *self.name_ids.get(tag)?))).collect();
        above.iter().all(|(parent, tag)| {
            way.push(*tag);
            let there = self.only_there(parent, paths, way);
            way.pop();
            there
        })
    }

    /// Gives every shape of every element type its triggers.
    pub(super) fn set_triggers(&mut self, atoms: Atoms) {
        let mut by_element: BTreeMap<u16, Vec<(String, Trigger)>> = BTreeMap::new();
        for ((element, attribute, words, least), rules) in atoms {
            let irregular = words.iter().any(|word| word == IRREGULAR);
            let words = if irregular { Vec::new() } else { words.iter().map(|word| self.word(word)).collect() };
            let words = push(&mut self.out.trigger_words, words);
            let rules = push(&mut self.out.trigger_rules, rules.into_iter().collect());
            self.out.elements[element as usize].read = true;
            by_element.entry(element).or_default().push((attribute, Trigger { least, words, irregular, rules }));
        }
        for (element, list) in by_element {
            let mut shape = element;
            while shape != NONE {
                let mut by_slot: BTreeMap<usize, Vec<Trigger>> = BTreeMap::new();
                for (attribute, trigger) in &list {
                    if attribute.is_empty() {
                        self.out.elements[shape as usize].sets_off = trigger.rules;
                    } else if let Some(slot) = self.slot_of(shape, attribute) {
                        by_slot.entry(slot).or_default().push(*trigger);
                    }
                }
                let mask = by_slot.keys().fold(0u64, |mask, slot| mask | 1 << slot);
                let ranges: Vec<Range> =
                    by_slot.into_values().map(|triggers| push(&mut self.out.triggers, triggers)).collect();
                let first = self.out.trigger_slots.len() as u16;
                self.out.trigger_slots.extend(ranges);
                let entry = &mut self.out.elements[shape as usize];
                entry.trigger_attributes = mask;
                entry.trigger_slots = first;
                shape = entry.older;
            }
        }
    }
}

/// The path whose numbers a value is, as they are or read in base 8.
fn numbers(value: &Value) -> Option<&PathText> {
    match value {
        Value::Path(path) => Some(path),
        Value::Call(name, Some(path)) if matches!(name.as_str(), "octal" | "number") => Some(path),
        _ => None,
    }
}

/// What sets a rule off: an element type, or one of its attributes, possibly with one of some values; the subject is `up` levels above.
#[derive(Clone)]
pub(super) struct Atom {
    pub(super) element: u16,
    pub(super) attribute: String,
    pub(super) words: Vec<String>,
    /// The least number that the attribute must have.
    pub(super) least: i64,
    pub(super) up: u8,
    /// The tags on the way from the subject; `*` for any.
    pub(super) tail: Vec<String>,
}

/// Atoms of which one must be there, and how common they are.
pub(super) struct Candidate {
    pub(super) score: u32,
    pub(super) atoms: Vec<Atom>,
}

/// Rules by what sets them off.
pub(super) type Atoms = BTreeMap<(u16, String, Vec<String>, i64), BTreeSet<(u16, u8)>>;

/// Tags and attributes that nearly every domain has.
const COMMON_NAMES: &[&str] = &[
    "domain",
    "name",
    "uuid",
    "memory",
    "currentMemory",
    "vcpu",
    "os",
    "type",
    "boot",
    "features",
    "acpi",
    "apic",
    "cpu",
    "clock",
    "timer",
    "devices",
    "emulator",
    "disk",
    "driver",
    "source",
    "target",
    "alias",
    "address",
    "controller",
    "interface",
    "mac",
    "model",
    "serial",
    "console",
    "channel",
    "input",
    "graphics",
    "listen",
    "video",
    "memballoon",
    "sound",
    "rng",
    "backend",
    "device",
    "bus",
    "dev",
    "file",
    "index",
    "unit",
    "slot",
    "function",
    "arch",
    "machine",
    "mode",
    "path",
    "port",
    "autoport",
    "placement",
    "id",
    "cpus",
    "heads",
    "vram",
    "primary",
    "feature",
    "policy",
    "check",
    "network",
    "bridge",
    "on_crash",
    "on_reboot",
    "on_poweroff",
    "state",
    "offset",
    "format",
    "cache",
];

/// Values that are everywhere.
const COMMON_WORDS: &[&str] = &[
    "pci",
    "virtio",
    "file",
    "block",
    "disk",
    "cdrom",
    "kvm",
    "qemu",
    "hvm",
    "usb",
    "ide",
    "sata",
    "scsi",
    "network",
    "bridge",
    "user",
    "qcow2",
    "raw",
    "drive",
    "yes",
    "no",
    "on",
    "off",
    "unix",
    "pty",
    "vnc",
    "spice",
    "pci-root",
    "pcie-root",
    "pcie-root-port",
    "none",
    "x86_64",
    "virtio-serial",
    "host-passthrough",
    "custom",
    "static",
    "isa",
    "ccw",
    "tablet",
    "mouse",
    "keyboard",
    "ps2",
];
