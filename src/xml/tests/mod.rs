//! Documents and what is to be said of them, side by side.

mod encodings;
mod events;
mod faults;
mod hostile;
mod namespaces;
mod productions;
mod properties;

use super::{Document, End, Event, Limits, Options, Reader, Start, Text, Workspace};
use crate::diagnostic::{Finding, Severity, codes};

/// Two namespaces to know.
const KNOWN: &[(&str, &str)] = &[("qemu", "http://libvirt.org/schemas/domain/qemu/1.0"), ("b", "urn:b")];

/// What the tests read with.
fn options() -> Options {
    Options { namespaces: KNOWN, is_document_root: |name| name == b"domain", limits: Limits::default() }
}

/// An event, without what it borrows.
#[derive(Clone, Copy, Debug)]
enum Seen<'d> {
    Start(Start<'d>, usize),
    End(End),
    Text(Text<'d>),
    Boundary,
}

/// Reads a document's text to its end, as a consumer would; with its second reading, if it wants one.
fn read<'d>(text: &'d [u8], options: &Options, findings: &mut Vec<Finding>) -> Vec<Seen<'d>> {
    let mut workspace = Workspace::default();
    let before = findings.len();
    let mut reader = Reader::new(text, &mut workspace, options);
    let mut events = drain(&mut reader, findings);
    if reader.wants_second_reading() {
        findings.truncate(before);
        events = drain(&mut Reader::again(text, &mut workspace, options), findings);
    }
    events
}

fn drain<'d>(reader: &mut Reader<'d, '_, '_>, findings: &mut Vec<Finding>) -> Vec<Seen<'d>> {
    let mut events = Vec::new();
    loop {
        events.push(match reader.next(findings) {
            Event::Start(start) => Seen::Start(start, reader.attributes().len()),
            Event::End(end) => Seen::End(end),
            Event::Text(text) => Seen::Text(text),
            Event::EndOfDocument => Seen::Boundary,
            Event::Eof => return events,
        });
    }
}

/// The findings of a file's bytes, by place, and its text.
fn findings(bytes: &[u8]) -> (Vec<Finding>, Vec<u8>) {
    let options = options();
    let mut findings = Vec::new();
    let text = match Document::open(bytes, &options.limits, &mut findings) {
        Some(document) => {
            read(&document.text, &options, &mut findings);
            document.text.into_owned()
        }
        None => Document::unreadable(bytes).text.into_owned(),
    };
    findings.sort_by_key(|finding| finding.span);
    (findings, text)
}

/// The name of a finding's code, without its category; warnings with a question mark.
fn name_of(finding: &Finding) -> String {
    let name = codes::NAMES[finding.code.0 as usize].trim_start_matches("syntax/");
    format!("{name}{}", if finding.severity == Severity::Error { "" } else { "?" })
}

/// Asserts what is found in a document: codes, and the text of their spans.
#[track_caller]
fn expect(document: &[u8], expected: &[(&str, &str)]) {
    let (findings, text) = findings(document);
    let found: Vec<(String, String)> = findings
        .iter()
        .map(|finding| (name_of(finding), String::from_utf8_lossy(finding.span.of(&text)).into_owned()))
        .collect();
    let expected: Vec<(String, String)> =
        expected.iter().map(|(code, text)| (code.to_string(), text.to_string())).collect();
    assert_eq!(found, expected, "in {}", String::from_utf8_lossy(document));
}

/// Asserts that there is one finding, and its second place.
#[track_caller]
fn expect_related(document: &str, code: &str, span: &str, related: &str) {
    let (findings, text) = findings(document.as_bytes());
    assert_eq!(findings.len(), 1, "{findings:?} in {document}");
    let second = findings[0].related.map(|span| String::from_utf8_lossy(span.of(&text)).into_owned());
    let first = String::from_utf8_lossy(findings[0].span.of(&text)).into_owned();
    assert_eq!((&*name_of(&findings[0]), &*first, second.as_deref()), (code, span, Some(related)), "in {document}");
}
