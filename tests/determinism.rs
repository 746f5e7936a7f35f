//! What holds of findings whatever the document: they are the same each time, they lie in the document, and what means nothing changes
//! nothing.

mod support;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::path::Path;
use support::{Document, code, corpus, findings, none_of};
use virdict::diagnostic::{Arg, Finding, Severity, Span};
use virdict::engine::{Checker, Options};
use virdict::report::wording::wording;
use virdict::report::{Format, Look, Reporter};

#[test]
fn a_checker_that_is_used_again_finds_the_same() {
    let options = Options::default();
    let documents = corpus();
    let fresh: Vec<Vec<Finding>> = documents.iter().map(|document| findings(&document.bytes, &options)).collect();
    let mut checker = Checker::new(&options);
    let mut complaints = Vec::new();
    // Forwards, backwards, and each twice in a row, so that every kind of document comes before every other kind.
    let (forwards, backwards) = (0..documents.len(), (0..documents.len()).rev());
    for index in forwards.chain(backwards).flat_map(|index| [index, index]) {
        let outcome = checker.check(&documents[index].bytes, true);
        if outcome.findings != fresh[index] {
            complaints
                .push(format!("{}: {:?}, and before {:?}", documents[index].name, outcome.findings, fresh[index]));
        }
    }
    none_of(&complaints, "documents have other findings when the checker is used again");
}

/// What must hold of the findings of any bytes. Puts each into words and into every format.
fn check_findings(bytes: &[u8], named: bool, checker: &mut Checker, options: &Options) -> Result<(), String> {
    let outcome = checker.check(bytes, named);
    let text =
        std::str::from_utf8(&outcome.document.text).map_err(|error| format!("the text is not UTF-8: {error}"))?;
    let inside = |span: Span| {
        let (start, end) = (span.start as usize, span.end as usize);
        start <= end && end <= text.len() && text.is_char_boundary(start) && text.is_char_boundary(end)
    };
    if !outcome.findings.is_sorted_by_key(|finding| finding.span) {
        return Err("findings are not sorted".into());
    }
    for finding in outcome.findings {
        let what = code(finding, options);
        if !inside(finding.span) || !finding.related.is_none_or(inside) {
            return Err(format!("{what}: a span lies outside: {finding:?}"));
        }
        if finding.owner != u32::MAX && text.as_bytes().get(finding.owner as usize) != Some(&b'<') {
            return Err(format!("{what}: the device does not begin at {}", finding.owner));
        }
        for arg in finding.args {
            if let Arg::Span(span) = arg
                && !inside(span)
            {
                return Err(format!("{what}: an argument lies outside: {finding:?}"));
            }
        }
    }
    // Thousands of findings of one kind have thousands of times the same to show.
    for finding in outcome.findings.iter().take(20) {
        let words = wording(finding, text.as_bytes(), options);
        let what = code(finding, options);
        if words.message.is_empty() {
            return Err(format!("{what}: no message"));
        }
        if let Some((_, span)) = words.related
            && !inside(span)
        {
            return Err(format!("{what}: the second place lies outside"));
        }
        let edits = words.fix.map_or(Vec::new(), |fix| fix.edits);
        if edits.iter().any(|(span, _)| !inside(*span)) || edits.windows(2).any(|pair| pair[0].0.end > pair[1].0.start)
        {
            return Err(format!("{what}: edits of a fix overlap or lie outside: {edits:?}"));
        }
    }
    Ok(())
}

/// Renders the findings in every format, and looks whether the bytes are what the format promises.
fn check_reports(bytes: &[u8], checker: &mut Checker, options: &Options) -> Result<(), String> {
    let outcome = checker.check(bytes, true);
    for format in [Format::Full, Format::Concise, Format::Jsonl, Format::Github] {
        let mut reporter = Reporter::new(options, format, Look::PLAIN);
        let mut out = Vec::new();
        reporter.begin(Path::new("a.xml"), outcome.document.single_byte);
        let shown = outcome.findings.len().min(4);
        for finding in &outcome.findings[..shown] {
            reporter.finding(finding, &outcome.document.text, &mut out);
        }
        let out = String::from_utf8(out).map_err(|error| format!("{format:?} is not UTF-8: {error}"))?;
        if let Some(control) = out.chars().find(|c| c.is_control() && *c != '\n') {
            return Err(format!("{format:?} has the control character {control:?}"));
        }
        if format != Format::Full && out.lines().count() != shown {
            return Err(format!("{format:?} has {} lines for {shown} findings", out.lines().count()));
        }
        if format == Format::Jsonl {
            for line in out.lines() {
                let object: serde_json::Value =
                    serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?;
                if !object["message"].is_string() || !object["span"]["end"]["offset"].is_u64() {
                    return Err(format!("incomplete: {line}"));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn findings_lie_in_the_document() {
    let options = Options::default();
    let mut checker = Checker::new(&options);
    let mut complaints = Vec::new();
    for Document { name, bytes, .. } in corpus() {
        let done = check_findings(&bytes, true, &mut checker, &options)
            .and_then(|()| check_reports(&bytes, &mut checker, &options));
        if let Err(complaint) = done {
            complaints.push(format!("{name}: {complaint}"));
        }
    }
    none_of(&complaints, "documents have findings that cannot be");
}

/// Where markup may be inserted without changing what a document means: before elements, and before the end of elements that have
/// children, unless text stands there.
fn gaps(text: &str) -> Vec<usize> {
    let Ok(document) = roxmltree::Document::parse(text) else { return Vec::new() };
    let mut gaps = vec![document.root_element().range().start, document.root_element().range().end];
    for element in document.descendants().filter(|node| node.is_element()) {
        let has_text =
            element.children().any(|child| child.is_text() && child.text().is_some_and(|text| !text.trim().is_empty()));
        let children: Vec<_> = element.children().filter(|child| child.is_element()).collect();
        if let (false, Some(last)) = (has_text, children.last()) {
            gaps.extend(children.iter().map(|child| child.range().start));
            gaps.push(last.range().end);
        }
    }
    gaps.sort_unstable();
    gaps.dedup();
    gaps
}

/// A finding as it is when `length` bytes are inserted at `gap`.
fn shifted(finding: &Finding, gap: usize, length: usize) -> Finding {
    let offset = |at: u32| if at as usize >= gap { at + length as u32 } else { at };
    // A span that ends at the gap does not grow.
    let span = |span: Span| {
        let end = if span.is_empty() || span.end as usize > gap { offset(span.end) } else { span.end };
        Span { start: offset(span.start), end }
    };
    let mut moved = *finding;
    moved.span = span(finding.span);
    moved.related = finding.related.map(span);
    if finding.owner != u32::MAX {
        moved.owner = offset(finding.owner);
    }
    for arg in &mut moved.args {
        if let Arg::Span(place) = arg {
            *arg = Arg::Span(span(*place));
        }
    }
    moved
}

#[test]
fn what_means_nothing_changes_nothing() {
    let options = Options::default();
    let mut checker = Checker::new(&options);
    let mut complaints = Vec::new();
    let mut tried = 0;
    for document in corpus() {
        let Ok(text) = std::str::from_utf8(&document.bytes) else { continue };
        let before = checker.check(text.as_bytes(), true).findings.to_vec();
        for gap in gaps(text) {
            for insert in ["<!-- <disk> & so on -->", "<?editor fold='yes'?>", "\n\t \r\n"] {
                tried += 1;
                let changed = [&text[..gap], insert, &text[gap..]].concat();
                let after = checker.check(changed.as_bytes(), true).findings;
                let expected: Vec<Finding> = before.iter().map(|finding| shifted(finding, gap, insert.len())).collect();
                if after != expected {
                    complaints
                        .push(format!("{}: {insert:?} at {gap}:\n  {after:?}\nand not\n  {expected:?}", document.name));
                }
            }
        }
    }
    assert!(tried > 5000, "only {tried} were tried");
    complaints.truncate(10);
    none_of(&complaints, "insertions change findings");
}

/// The document with the element children of every `tag` in reverse order. `None` if there is nothing to reverse.
fn reversed(text: &str, tag: &str) -> Option<String> {
    let document = roxmltree::Document::parse(text).ok()?;
    let parent = document.descendants().find(|node| node.has_tag_name(tag))?;
    let children: Vec<_> = parent.children().filter(|child| child.is_element()).map(|child| child.range()).collect();
    let (first, last) = (children.first()?, children.last()?);
    let turned: Vec<&str> = children.iter().rev().map(|range| &text[range.clone()]).collect();
    Some([&text[..first.start], &turned.join("\n"), &text[last.end..]].concat())
}

/// Codes that are about order: of the consoles only the first can be a serial port, and the first graphics card is the primary one.
const ABOUT_ORDER: &[&str] =
    &["semantic/console-serial-not-first", "semantic/console-untyped-not-first", "semantic/video-secondary-models"];

#[test]
fn the_order_of_interleaved_children_changes_nothing() {
    let options = Options::default();
    let mut checker = Checker::new(&options);
    let mut complaints = Vec::new();
    let mut tried = 0;
    let codes = |findings: &[Finding]| {
        let mut codes: Vec<&str> = findings.iter().map(|finding| options.table.code_name(finding.code)).collect();
        codes.retain(|code| !ABOUT_ORDER.contains(code));
        codes.sort_unstable();
        codes
    };
    for document in corpus().iter().filter(|document| document.is_good()) {
        let Ok(text) = std::str::from_utf8(&document.bytes) else { continue };
        let before = codes(checker.check(text.as_bytes(), true).findings);
        for tag in ["domain", "devices", "os", "features", "cputune"] {
            let Some(turned) = reversed(text, tag) else { continue };
            tried += 1;
            let outcome = checker.check(turned.as_bytes(), true);
            if codes(outcome.findings) != before {
                let found = support::report(&outcome, &options);
                complaints.push(format!(
                    "{} with <{tag}> reversed, where {before:?} was found before:\n{found}",
                    document.name
                ));
            }
        }
    }
    assert!(tried > 100, "only {tried} were tried");
    none_of(&complaints, "documents are judged by the order of children that have none");
}

/// What happens to a document between the editor and us.
#[derive(Clone, Debug)]
enum Mishap {
    /// A byte is another one.
    Byte(usize, u8),
    /// Some bytes are missing.
    Cut(usize, usize),
    /// Some bytes stand there twice.
    Double(usize, usize),
    /// Some bytes stand elsewhere too.
    Copy(usize, usize, usize),
    /// Something of the language's own is inserted.
    Insert(usize, &'static str),
    /// The end is missing.
    Truncate(usize),
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let at = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    prop_oneof![
        3 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mishap::Byte(at, byte)),
        3 => (at.clone(), prop::sample::select(&b"<>/'\"=& \n;!-[]?:#"[..])).prop_map(|(at, byte)| Mishap::Byte(at, byte)),
        3 => (at.clone(), 1..40usize).prop_map(|(at, length)| Mishap::Cut(at, length)),
        2 => (at.clone(), 1..200usize).prop_map(|(at, length)| Mishap::Double(at, length)),
        2 => (at.clone(), 1..200usize, at.clone()).prop_map(|(from, length, to)| Mishap::Copy(from, length, to)),
        3 => (at.clone(), prop::sample::select(vec![
            "<", ">", "</", "/>", "&", "&amp;", "&#0;", "<!--", "-->", "<![CDATA[", "]]>", "<?", "?>", "<domain>", "</domain>", "<devices>", "</devices>",
            "<disk type='file'>", "</disk>", "<source file='a'/>", "xmlns:qemu='urn:x' ", "qemu:", "type='", "'", "\u{202E}", "\u{FEFF}", "\0", "\u{1B}[31m",
        ])).prop_map(|(at, text)| Mishap::Insert(at, text)),
        1 => at.prop_map(Mishap::Truncate),
    ]
}

fn apply(bytes: &mut Vec<u8>, mishap: &Mishap) {
    let place = |at: usize, bytes: &[u8]| at % (bytes.len() + 1);
    let range = |at: usize, length: usize, bytes: &[u8]| {
        let start = place(at, bytes);
        start..(start + length).min(bytes.len())
    };
    match *mishap {
        Mishap::Byte(at, byte) => {
            let at = place(at, bytes);
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
        }
        Mishap::Cut(at, length) => {
            bytes.drain(range(at, length, bytes));
        }
        Mishap::Double(at, length) => {
            let range = range(at, length, bytes);
            let (copy, end) = (bytes[range.clone()].to_vec(), range.end);
            bytes.splice(end..end, copy);
        }
        Mishap::Copy(from, length, to) => {
            let copy = bytes[range(from, length, bytes)].to_vec();
            let to = place(to, bytes);
            bytes.splice(to..to, copy);
        }
        Mishap::Insert(at, text) => {
            let at = place(at, bytes);
            bytes.splice(at..at, text.bytes());
        }
        Mishap::Truncate(at) => bytes.truncate(place(at, bytes)),
    }
}

/// How many damaged documents are tried. They are the same in each run; `DAMAGE_SEED=7 cargo test --test determinism` tries others.
const CASES: u32 = 3000;

#[test]
fn any_damage_gives_findings_in_the_document() {
    let documents = corpus();
    let options = Options::default();
    let mut checker = Checker::new(&options);
    let seed = std::env::var("DAMAGE_SEED").map_or(1, |seed| seed.parse::<u64>().expect("DAMAGE_SEED is a number"));
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let damaged = (0..documents.len(), prop::collection::vec(mishap(), 1..6), any::<bool>());
    let checker = std::cell::RefCell::new(&mut checker);
    let result = runner.run(&damaged, |(index, mishaps, named)| {
        let mut bytes = documents[index].bytes.clone();
        mishaps.iter().for_each(|mishap| apply(&mut bytes, mishap));
        let mut checker = checker.borrow_mut();
        check_findings(&bytes, named, &mut checker, &options)
            .and_then(|()| check_reports(&bytes, &mut checker, &options))
            .map_err(|complaint| TestCaseError::fail(format!("{complaint}\n{}", bytes.escape_ascii())))?;
        let reused = checker.check(&bytes, true).findings.to_vec();
        prop_assert_eq!(
            findings(&bytes, &options),
            reused,
            "a fresh checker finds something else in {}",
            bytes.escape_ascii()
        );
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn severities_are_those_of_the_codes() {
    let options = Options::default();
    let mut complaints = Vec::new();
    for document in corpus() {
        for finding in findings(&document.bytes, &options) {
            // A finding may weigh less than its code, never more.
            if finding.severity > options.table.severity(finding.code) || finding.severity < Severity::Info {
                complaints.push(format!(
                    "{}: {} is {}",
                    document.name,
                    code(&finding, &options),
                    finding.severity.as_str()
                ));
            }
        }
    }
    none_of(&complaints, "findings weigh more than their codes");
}
