//! The examples of every code: the bad one has a finding of exactly that code, the good one has neither it nor any error.
//!
//! A bad example of a rule across elements has no fault of the schema or of XML besides, or it would show something else.

mod support;

use std::path::PathBuf;
use support::{Document, code, corpus, files, none_of, root};
use virdict::diagnostic::{Code, Finding, Severity};
use virdict::engine::{Checker, Options};
use virdict::table::{RuleFile, Table, Version};

/// What stands in `<devices>`. A piece with such an element goes there, everything else beside it.
const DEVICES: &[&str] = &[
    "audio",
    "channel",
    "console",
    "controller",
    "crypto",
    "disk",
    "emulator",
    "filesystem",
    "graphics",
    "hostdev",
    "hub",
    "input",
    "interface",
    "iommu",
    "lease",
    "memballoon",
    "nvram",
    "panic",
    "parallel",
    "pstore",
    "redirdev",
    "redirfilter",
    "rng",
    "serial",
    "shmem",
    "smartcard",
    "sound",
    "tpm",
    "video",
    "vsock",
    "watchdog",
];

/// What every guest has; a child that the piece has itself replaces the guest's.
const GUEST: &[(&str, &str)] = &[
    ("name", "<name>guest</name>"),
    ("memory", "<memory unit='GiB'>1</memory>"),
    ("os", "<os><type arch='x86_64' machine='q35'>hvm</type></os>"),
];

/// A hypervisor namespace that pieces may use without saying so.
const QEMU: &str = " xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'";

/// Examples that must not have a namespace that they did not bind.
const UNBOUND: &[&str] = &["schema/missing-namespace", "syntax/unbound-prefix"];

/// A part of a piece: the tag of its element, and its text.
struct Part<'t> {
    tag: String,
    device: bool,
    text: &'t str,
}

/// Whether a piece is a document by itself: it has a domain or a declaration, or no element at all.
fn is_document(piece: &str) -> bool {
    piece.starts_with("<domain") || piece.starts_with("<?xml") || first_tag(piece).is_none()
}

/// The name of the first element.
fn first_tag(piece: &str) -> Option<&str> {
    let starts = piece.match_indices('<').map(|(at, _)| &piece[at + 1..]);
    let name = starts.into_iter().find(|rest| rest.starts_with(|c: char| c.is_alphabetic() || c == '_'))?;
    name.split(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).next()
}

/// The elements of a piece, each with what stands before it. A piece that is not well-formed is one part.
fn parts(piece: &str) -> Vec<Part<'_>> {
    let open = format!("<r{QEMU}>");
    let wrapped = format!("{open}{piece}</r>");
    let Ok(document) = roxmltree::Document::parse(&wrapped) else {
        let tag = first_tag(piece).unwrap_or_default().to_owned();
        return vec![Part { device: DEVICES.contains(&&*tag), tag, text: piece }];
    };
    let mut parts = Vec::new();
    let mut from = 0;
    let elements: Vec<_> = document.root_element().children().filter(|node| node.is_element()).collect();
    for (number, element) in elements.iter().enumerate() {
        let to = if number + 1 == elements.len() { piece.len() } else { element.range().end - open.len() };
        let name = element.tag_name();
        let tag = if name.namespace().is_some() { String::new() } else { name.name().to_owned() };
        // <memory> is the guest's memory, and with a model it is a device.
        let device = DEVICES.contains(&&*tag) || (tag == "memory" && element.has_attribute("model"));
        parts.push(Part { tag, device, text: &piece[from..to] });
        from = to;
    }
    parts
}

/// The document that an example stands for.
fn document(piece: &str, namespace: &str) -> String {
    let piece = piece.trim_matches(['\n', ' ']);
    if is_document(piece) {
        return piece.to_owned();
    }
    let parts = parts(piece);
    let mut out = format!("<domain type='kvm'{namespace}>\n");
    for (tag, text) in GUEST {
        if !parts.iter().any(|part| !part.device && part.tag == *tag) {
            out.push_str(text);
            out.push('\n');
        }
    }
    parts.iter().filter(|part| !part.device).for_each(|part| out.push_str(part.text));
    if parts.iter().any(|part| part.device) {
        out.push_str("\n<devices>\n");
        parts.iter().filter(|part| part.device).for_each(|part| out.push_str(part.text));
        out.push_str("\n</devices>");
    }
    out.push_str("\n</domain>\n");
    out
}

/// Checkers for the versions that examples need.
struct Checkers {
    newest: (Options, Checker),
    others: Vec<(Version, Options, Checker)>,
}

impl Checkers {
    fn new() -> Self {
        let options = Options::default();
        let checker = Checker::new(&options);
        Checkers { newest: (options, checker), others: Vec::new() }
    }

    /// The checker for an example of this code: the newest version's, unless the code is of what came or went.
    fn of(&mut self, table: &Table, code: Code) -> (&Options, &mut Checker) {
        let rule = code.table_rule().map(|number| &table.rules[number]);
        let version = match rule {
            None if table.code_name(code) == "schema/too-new" => Version::new(7, 0, 0),
            Some(rule) if rule.until <= Version::LATEST => rule.since.max(Version::new(7, 0, 0)),
            _ => return (&self.newest.0, &mut self.newest.1),
        };
        let index = match self.others.iter().position(|(known, ..)| *known == version) {
            Some(index) => index,
            None => {
                let options = Options { target: version, ..Options::default() };
                let checker = Checker::new(&options);
                self.others.push((version, options, checker));
                self.others.len() - 1
            }
        };
        let (_, options, checker) = &mut self.others[index];
        (options, checker)
    }
}

/// Findings in a line.
fn list<'f>(findings: impl IntoIterator<Item = &'f Finding>, text: &[u8], options: &Options) -> String {
    let lines = findings.into_iter().map(|finding| {
        let words = virdict::report::wording::wording(finding, text, options);
        format!("        {} [{}] {}", finding.severity.as_str(), code(finding, options), words.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn examples_show_what_their_codes_mean() {
    let table = Table::built_in();
    let mut checkers = Checkers::new();
    let mut complaints = Vec::new();
    let mut shown = 0;
    for number in table.codes() {
        let name = table.code_name(number);
        let explanation = table.explanation(number);
        let is_schema = |finding: &&Finding| {
            let category = table.code_name(finding.code).split('/').next();
            matches!(category, Some("schema" | "syntax")) && finding.severity >= Severity::Warning
        };
        let namespace = if UNBOUND.contains(&name) { "" } else { QEMU };
        // Limits and bytes that are not UTF-8 cannot be shown in a rule file.
        if !explanation.bad.trim().is_empty() || number.table_rule().is_some() || name == "syntax/empty-document" {
            shown += 1;
            let text = document(explanation.bad, namespace);
            let (options, checker) = checkers.of(table, number);
            let outcome = checker.check(text.as_bytes(), true);
            let text = &outcome.document.text[..];
            if !outcome.findings.iter().any(|finding| finding.code == number) {
                let found = list(outcome.findings, text, options);
                complaints.push(format!("    {name}: the bad example has no such finding, but\n{found}"));
            } else if number.table_rule().is_some() && outcome.findings.iter().any(|finding| is_schema(&finding)) {
                let found = list(outcome.findings.iter().filter(is_schema), text, options);
                complaints.push(format!("    {name}: the bad example breaks the schema too\n{found}"));
            } else if number.table_rule().is_none()
                && outcome.findings.iter().any(|f| f.code != number && f.severity == Severity::Error)
            {
                let found = list(outcome.findings, text, options);
                complaints.push(format!("    {name}: the bad example has other errors too\n{found}"));
            }
        }
        if explanation.good.trim().is_empty() {
            if !explanation.bad.trim().is_empty() {
                complaints.push(format!("    {name}: no good example"));
            }
            continue;
        }
        let text = document(explanation.good, namespace);
        let (options, checker) = checkers.of(table, number);
        let outcome = checker.check(text.as_bytes(), true);
        let wrong = |finding: &&Finding| finding.code == number || finding.severity == Severity::Error;
        if outcome.findings.iter().any(|finding| wrong(&finding)) {
            let found = list(outcome.findings.iter().filter(wrong), &outcome.document.text, options);
            complaints.push(format!("    {name}: the good example has\n{found}"));
        }
    }
    assert!(shown > 300, "only {shown} codes have examples");
    none_of(&complaints, "examples do not show what they should");
}

/// Elements that stood before are passed over, and rules see a copy of them without what cannot be set off.
#[test]
fn examples_show_the_same_where_everything_in_them_is_known() {
    let table = Table::built_in();
    let mut checkers = Checkers::new();
    let mut complaints = Vec::new();
    for number in table.codes() {
        let explanation = table.explanation(number);
        for text in [explanation.bad, explanation.good].map(|example| document(example, QEMU)) {
            let (options, checker) = checkers.of(table, number);
            let fresh = Checker::new(options).check(text.as_bytes(), true).findings.to_vec();
            for time in 1..=4 {
                let outcome = checker.check(text.as_bytes(), true);
                if outcome.findings != fresh {
                    let found = list(outcome.findings, &outcome.document.text, options);
                    complaints.push(format!("    {}, time {time}:\n{found}", table.code_name(number)));
                }
            }
        }
    }
    none_of(&complaints, "examples are found otherwise when they are known");
}

#[test]
fn pieces_are_put_where_they_belong() {
    let os = "<os><type arch='x86_64' machine='q35'>hvm</type></os>\n";
    let (name, memory) = ("<name>guest</name>\n", "<memory unit='GiB'>1</memory>\n");
    let piece = "<memory>9</memory><disk/> <memory model='dimm'/>";
    assert_eq!(
        document(piece, ""),
        format!(
            "<domain type='kvm'>\n{name}{os}<memory>9</memory>\n<devices>\n<disk/> <memory model='dimm'/>\n</devices>\n</domain>\n"
        )
    );
    assert_eq!(
        document("\n<disk a/>\n", ""),
        format!("<domain type='kvm'>\n{name}{memory}{os}\n<devices>\n<disk a/>\n</devices>\n</domain>\n")
    );
    assert_eq!(document("<domain/>", ""), "<domain/>");
    assert_eq!(document("<!-- none -->", ""), "<!-- none -->");
}

#[test]
fn rules_that_were_compiled_find_what_rules_that_are_interpreted_find() {
    let mut paths = Vec::new();
    let mut folders = vec![root().join("rules")];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        folders.extend(entries.filter(|path| path.is_dir()));
        paths.extend(files(&folder, "toml"));
    }
    // Numbers follow the order of the files, which is that of `build.rs`.
    paths.sort();
    let read =
        |path: &PathBuf| RuleFile { name: path.display().to_string(), text: std::fs::read_to_string(path).unwrap() };
    let rules: Vec<RuleFile> = paths.iter().map(read).collect();
    let table = Table::load(&rules).unwrap_or_else(|errors| panic!("{}", errors[0]));
    let mut documents = corpus();
    let examples = table.codes().flat_map(|code| {
        let doc = table.explanation(code);
        [("bad", doc.bad), ("good", doc.good)].map(|(kind, text)| (code, kind, text))
    });
    documents.extend(examples.map(|(code, kind, text)| Document {
        name: format!("the {kind} example of {}", table.code_name(code)),
        path: PathBuf::new(),
        bytes: document(text, QEMU).into_bytes(),
    }));
    let mut complaints = Vec::new();
    for target in ["12.8.0", "9.0.0", "7.0.0"] {
        let target = target.parse().unwrap();
        let mut compiled = Checker::new(&Options { target, ..Options::default() });
        let mut interpreted = Checker::new(&Options { table, target, ..Options::default() });
        for document in &documents {
            let expected = compiled.check(&document.bytes, true).findings.to_vec();
            let found = interpreted.check(&document.bytes, true).findings;
            if found != expected {
                complaints.push(format!("{}: {found:?}, and compiled {expected:?}", document.name));
            }
        }
    }
    none_of(&complaints, "documents have other findings when the rules are interpreted");
}
