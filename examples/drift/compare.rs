//! A schema and the rule table, walked side by side from `<domain>`.

use super::schema::{Id, Schema, Values};
use super::shape::At;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::Path;
use virdict::table::{Table, Version};

/// The tag that the walk begins at.
const ROOT: &str = "domain";

/// The differences between a folder of libvirt's schemas and the rule table at a version, one line for each, in the order of the walk.
///
/// An element that stands in several places is compared once for each pairing of what the schema and the table say it is, at the first
/// place where the walk comes upon it: so the walk ends although elements hold themselves, and a difference is told once.
pub fn drift(folder: &Path, version: Version) -> Result<Vec<String>, String> {
    let table = Table::built_in();
    let schema = Schema::read(&folder.join("domain.rng"), table.namespaces)?;
    let root = table.root(ROOT.as_bytes()).ok_or("the table has no <domain>")?;
    let mut walk = Walk { schema, at: At { table, version }, seen: HashSet::new(), next: VecDeque::new(), lines: Vec::new() };
    walk.next.push_back((format!("/{ROOT}"), walk.schema.roots(ROOT)?, BTreeSet::from([root])));
    while let Some((path, patterns, elements)) = walk.next.pop_front() {
        walk.element(&path, patterns, elements);
    }
    Ok(walk.lines)
}

/// A place and what stands there, by the schema and by the table.
type Place = (String, BTreeSet<Id>, BTreeSet<u16>);

struct Walk {
    schema: Schema,
    at: At,
    seen: HashSet<(BTreeSet<Id>, BTreeSet<u16>)>,
    next: VecDeque<Place>,
    lines: Vec<String>,
}

impl Walk {
    fn element(&mut self, path: &str, patterns: BTreeSet<Id>, elements: BTreeSet<u16>) {
        let (content, shape) = (self.schema.content(&patterns), self.at.shape(&elements));
        if !self.seen.insert((patterns, elements)) {
            return;
        }
        let before = self.lines.len();
        for (name, values) in &content.attributes {
            match shape.attributes.get(name.as_str()) {
                None => self.lines.push(format!("table lacks attribute {path}@{name}")),
                Some(types) => self.values(&format!("{path}@{name}"), values, types),
            }
        }
        for name in shape.attributes.keys().filter(|name| !content.attributes.contains_key(**name)) {
            self.lines.push(format!("schema lacks attribute {path}@{name}"));
        }
        self.text(path, &content.text, &shape.text);
        for (tag, patterns) in &content.children {
            match shape.children.get(tag.as_str()) {
                None => self.lines.push(format!("table lacks element {path}/{tag}")),
                Some(elements) => self.next.push_back((format!("{path}/{tag}"), patterns.clone(), elements.clone())),
            }
        }
        for tag in shape.children.keys().filter(|tag| !content.children.contains_key(**tag)) {
            self.lines.push(format!("schema lacks element {path}/{tag}"));
        }
        if content.open != shape.open {
            let who = if content.open { "schema" } else { "table" };
            self.lines.push(format!("{who} alone takes any element in {path}"));
        }
        // What one side lacks was told, and is not told again as what the other requires.
        let told = |name: &str, lines: &[String]| {
            let sign = if name.starts_with('@') { "" } else { "/" };
            lines.iter().any(|line| line.ends_with(&format!(" {path}{sign}{name}")))
        };
        let lines = &self.lines[before..];
        let mut required = Vec::new();
        for (who, mine, theirs) in [("schema", &content.required, &shape.required), ("table", &shape.required, &content.required)] {
            for name in mine.difference(theirs).filter(|name| !told(name, lines)) {
                let sign = if name.starts_with('@') { "" } else { "/" };
                required.push(format!("{who} alone requires {path}{sign}{name}"));
            }
        }
        self.lines.extend(required);
    }

    /// Compares values of an attribute or a text.
    fn values(&mut self, place: &str, values: &Values, types: &BTreeSet<u16>) {
        for word in &values.words {
            if !self.at.takes(types, word) {
                self.lines.push(format!("table lacks value {place} = '{word}'"));
            }
        }
        let (words, open) = self.at.words(types);
        for word in words.iter().filter(|word| !values.takes(word)) {
            self.lines.push(format!("schema lacks value {place} = '{word}'"));
        }
        if values.is_enumeration() && open {
            self.lines.push(format!("schema alone enumerates the values of {place}"));
        } else if !values.is_enumeration() && !values.is_nothing() && !open && !words.is_empty() {
            self.lines.push(format!("table alone enumerates the values of {place}"));
        }
    }

    fn text(&mut self, path: &str, values: &Values, types: &BTreeSet<u16>) {
        let place = format!("{path}/text()");
        match (values.is_nothing(), types.is_empty()) {
            (true, true) => {}
            (true, false) => self.lines.push(format!("schema lacks text {place}")),
            (false, true) => self.lines.push(format!("table lacks text {place}")),
            (false, false) => self.values(&place, values, types),
        }
    }
}
