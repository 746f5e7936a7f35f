//! What several tests share: the corpus, and findings as lines of text.
#![allow(dead_code)] // Each test uses its part of it.

pub mod damage;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use virdict::diagnostic::{Finding, LineIndex, Severity, Span};
use virdict::engine::{Checker, Options, Outcome};
use virdict::report::wording::wording;

/// A document of the corpus.
pub struct Document {
    /// `good/NAME.xml` or `bad/NAME.xml`.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl Document {
    /// Whether it lies in `good/`.
    pub fn is_good(&self) -> bool {
        self.name.starts_with("good/")
    }
}

/// The package's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder with this extension, by name.
pub fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

/// The documents of the corpus, by name: those of `bad/`, then those of `good/`.
pub fn corpus() -> Vec<Document> {
    let mut documents = Vec::new();
    for folder in ["bad", "good"] {
        for path in files(&root().join("corpus").join(folder), "xml") {
            let name = format!("{folder}/{}", path.file_name().unwrap().to_str().expect("names are UTF-8"));
            let bytes = std::fs::read(&path).unwrap();
            documents.push(Document { name, path, bytes });
        }
    }
    assert!(documents.len() > 100, "the corpus has only {} documents", documents.len());
    documents
}

/// The codes that stand for each of libvirt's own checks: `tests/rows/*.tsv`. `schema` stands for any code of the schema.
pub fn codes_by_row() -> BTreeMap<String, BTreeSet<String>> {
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in files(&root().join("tests/rows"), "tsv") {
        // These two kinds say why something is as it is, and name no code for a row.
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "defended.tsv" || name.ends_with("left-out.tsv") {
            continue;
        }
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let (row, code) = line.split_once('\t').unwrap();
            codes.entry(row.to_owned()).or_default().insert(code.to_owned());
        }
    }
    codes
}

/// A name for messages, a code's text.
pub fn code(finding: &Finding, options: &Options) -> &'static str {
    options.table.code_name(finding.code)
}

/// Whether any of these is an error.
pub fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// `from-to`, each as `line:column`.
fn place(lines: &mut LineIndex, text: &[u8], span: Span) -> String {
    let (from, to) = (lines.position(text, span.start), lines.position(text, span.end));
    format!("{}:{}-{}:{}", from.line, from.column, to.line, to.column)
}

/// Everything that is to be said of a document: for each finding a line `from-to severity[code] message; help`, and below it its second
/// place and its fix, if it has them.
pub fn report(outcome: &Outcome<'_, '_>, options: &Options) -> String {
    let mut out = String::new();
    let mut lines = LineIndex::new();
    lines.begin(outcome.document.single_byte);
    let text = &outcome.document.text[..];
    for finding in outcome.findings {
        let words = wording(finding, text, options);
        let severity = finding.severity.as_str();
        let at = place(&mut lines, text, finding.span);
        write!(out, "{at} {severity}[{}] {}", code(finding, options), words.message).unwrap();
        if let Some(help) = &words.help {
            write!(out, "; {help}").unwrap();
        }
        out.push('\n');
        if let Some((message, span)) = &words.related {
            writeln!(out, "    beside {} {message}", place(&mut lines, text, *span)).unwrap();
        }
        if let Some(fix) = &words.fix {
            for (span, replacement) in &fix.edits {
                let applicability = format!("{:?}", fix.applicability).to_lowercase();
                writeln!(out, "    {applicability} fix {} {replacement:?}", place(&mut lines, text, *span)).unwrap();
            }
        }
    }
    out
}

/// The findings of a document, by a checker of its own.
pub fn findings(bytes: &[u8], options: &Options) -> Vec<Finding> {
    Checker::new(options).check(bytes, true).findings.to_vec()
}

/// Fails with all of a list of complaints, if there is one.
#[track_caller]
pub fn none_of(complaints: &[String], what: &str) {
    assert!(complaints.is_empty(), "{} {what}:\n{}", complaints.len(), complaints.join("\n"));
}
