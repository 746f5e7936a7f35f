//! A schema and the rule table, walked side by side from `<domain>`.

use super::schema::{Id, Schema, Values};
use super::shape::At;
use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::Path;
use virdict::table::{Table, Version};

/// The tag that the walk begins at.
const ROOT: &str = "domain";

/// Lengths at which libvirt's patterns end.
const LENGTHS: &[usize] = &[1, 4, 8, 12, 16, 20, 32, 40, 60, 64, 127, 128, 255, 256];

/// Values of many forms.
const FORMS: &[&str] = &[
    "",
    "0",
    "-1",
    "7",
    "007",
    "1.5",
    "0x1f",
    "0xffff",
    "0xfffff",
    "0x1ffffffff",
    "1,3-5,^4",
    "5K",
    "a",
    "A",
    "aB",
    "a1",
    "1a",
    "a b",
    "a,b",
    "a;b",
    "a=b",
    "a:b",
    "a/b",
    "a\\b",
    "a.b",
    "a-b",
    "a_b",
    "a+b",
    "a@b",
    "a#b",
    "a%b",
    "a'b",
    "a\"b",
    "a<b",
    "a~b",
    "a\nb",
    "a\tb",
    "\u{e9}",
    "/",
    "/a",
    "/a b",
    "//a",
    "vda",
    "hda1",
    "sda",
    "fd0",
    "eth0",
    "eth0.1",
    "vnet%d",
    "br-x_1",
    "example.org",
    "*.example.org",
    "192.168.0.1",
    "192.168.0.256",
    "192.168.0.1/24",
    "fe80::1",
    "::",
    "[::1]",
    "52:54:00:aa:bb:cc",
    "53:54:00:aa:bb:cc",
    "52-54-00-aa-bb-cc",
    "5254:00",
    "deadbeef",
    "DEADBEEF",
    "3e3fce45-4f53-4fa7-bb32-11f34168b82b",
    "3e3fce454f534fa7bb3211f34168b82b",
    "3e3fce45-4f53",
    "2026-11-24T10:00:00",
    "2026-11-24T10:00:00Z",
    "2026-11-24",
    "11/24/2026",
    "10:20",
    "0000:00:1f.2",
    "1.2.3",
    "iqn.2013-07.com.example:iscsi",
    "naa.5000c50015ea71ac",
    "5000c50015ea71ac",
    "qemu:///system",
    "http://a/b?c=d",
    "yes",
    "on",
    "-",
    "--a",
    "_a",
    ".a",
    "a.",
    "a-",
    ".",
    "..",
    "^a",
    "$a",
    "(a)",
    "{a}",
    "1.0",
    "1.10",
    "+5",
    "-0",
    "00",
    "08",
];

/// The differences between a folder of libvirt's schemas and the rule table at a version, one line for each, in the order of the walk.
///
/// An element that stands in several places is compared once for each pairing of what the schema and the table say it is, at the first
/// place where the walk comes upon it: so the walk ends although elements hold themselves, and a difference is told once.
pub fn drift(folder: &Path, version: Version) -> Result<Vec<String>, String> {
    let table = Table::built_in();
    let schema = Schema::read(&folder.join("domain.rng"), table.namespaces)?;
    let root = table.root(ROOT.as_bytes()).ok_or("the table has no <domain>")?;
    let mut walk =
        Walk { schema, at: At { table, version }, seen: HashSet::new(), next: VecDeque::new(), lines: Vec::new() };
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
        for (who, mine, theirs) in
            [("schema", &content.required, &shape.required), ("table", &shape.required, &content.required)]
        {
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
        } else if !values.opaque {
            self.probe(place, values, types);
        }
    }

    /// Asks both sides about values at the bounds of what they say, and of many forms.
    fn probe(&mut self, place: &str, values: &Values, types: &BTreeSet<u16>) {
        let mut bounds = self.at.bounds(types);
        bounds.extend(values.data.iter().flat_map(|data| [data.min, data.max]).flatten());
        let lengths = values.data.iter().filter_map(|data| data.longest).chain(LENGTHS.iter().copied());
        let numbers = bounds.iter().flat_map(|bound| [bound - 1, *bound, bound + 1]).map(|number| number.to_string());
        let texts = lengths.flat_map(|length| [length, length + 1]).map(|length| "x".repeat(length));
        let forms = FORMS.iter().map(|form| (*form).to_owned());
        // What an element without text is taken for is another question.
        let probes: BTreeSet<String> =
            numbers.chain(texts).chain(forms).filter(|probe| !probe.is_empty() || !place.ends_with("text()")).collect();
        let (mut schema, mut table) = (Vec::new(), Vec::new());
        for probe in probes {
            match (values.takes(&probe), self.at.takes(types, &probe)) {
                (true, false) => schema.push(probe),
                (false, true) => table.push(probe),
                _ => {}
            }
        }
        for (who, probes) in [("schema", schema), ("table", table)] {
            if let Some(probe) = probes.iter().min_by_key(|probe| probe.len()) {
                self.lines.push(format!("{who} alone takes {place} = {probe:?}"));
            }
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
