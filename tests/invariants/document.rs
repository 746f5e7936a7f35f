//! What holds of a check, whatever the bytes: of findings, of their words and fixes, and of the reports.

use std::borrow::Cow;
use std::path::Path;
use virdict::diagnostic::{Applicability, Arg, Category, Code, Finding, Fix, Selection, Severity, Span};
use virdict::engine::{Checker, Kind, Options};
use virdict::report::wording::wording;
use virdict::report::{Assembly, Format, Look, Piece, Reporter, Totals};
use virdict::table::Version;

/// How many findings of a document are put into words. Thousands of findings of one kind have thousands of times the same to show.
const WORDED: usize = 20;

/// How many fixes of a document are tried one by one.
const FIXED: usize = 4;

/// Checkers that are used for one document after another, as a run uses them.
pub struct Checkers {
    /// With the options that everybody uses.
    pub options: Options,
    checker: Checker,
    older: Vec<(Options, Checker)>,
    /// Without the rules across elements.
    schema: (Options, Checker),
}

impl Default for Checkers {
    fn default() -> Self {
        let options = Options::default();
        let with = |options: Options| {
            let checker = Checker::new(&options);
            (options, checker)
        };
        let mut selection = Selection::none();
        options.table.codes().filter(|code| is_schema(*code, &options)).for_each(|code| selection.insert(code));
        let older = [Version::new(7, 0, 0), Version::new(9, 0, 0), Version::new(11, 3, 0)];
        Checkers {
            checker: Checker::new(&options),
            older: older.map(|target| with(Options { target, ..options.clone() })).into(),
            schema: with(Options { selection, ..options.clone() }),
            options,
        }
    }
}

impl Checkers {
    /// Everything that must hold of a document. What does not is said in words.
    pub fn check(&mut self, bytes: &[u8]) -> Result<(), String> {
        let Checkers { options, checker, older, schema } = self;
        check_findings(bytes, true, checker, options)?;
        check_reports(bytes, checker, options)?;
        let findings = checker.check(bytes, true).findings.to_vec();
        same("a checker that was used before", &findings, Checker::new(options).check(bytes, true).findings)?;
        let unnamed = checker.check(bytes, false);
        match unnamed.kind {
            Kind::Checked => same("a file that was not named", unnamed.findings, &findings)?,
            Kind::NotLibvirt => same("a file that is passed over", unnamed.findings, &[])?,
        }
        let without: Vec<Finding> =
            findings.iter().filter(|finding| is_schema(finding.code, options)).copied().collect();
        same("a check without rules across elements", schema.1.check(bytes, true).findings, &without)?;
        check_fixes(bytes, checker, options)?;
        // One of the versions is enough for one document, and documents are many.
        let (options, checker) = &mut older[bytes.len() % 3];
        check_findings(bytes, true, checker, options)
            .map_err(|complaint| format!("for {}: {complaint}", options.target))
    }
}

fn same(what: &str, found: &[Finding], expected: &[Finding]) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    let but = |some: &[Finding], others: &[Finding]| -> Vec<Finding> {
        some.iter().filter(|finding| !others.contains(finding)).copied().collect()
    };
    Err(format!("{what} has the findings {:#?}\nand not {:#?}", but(found, expected), but(expected, found)))
}

/// Whether a code is about XML or the schema, and so about nothing across elements.
fn is_schema(code: Code, options: &Options) -> bool {
    matches!(options.table.category(code), Category::Syntax | Category::Schema)
}

fn code(finding: &Finding, options: &Options) -> &'static str {
    options.table.code_name(finding.code)
}

/// What must hold of the findings of any bytes, and of their words.
pub fn check_findings(bytes: &[u8], named: bool, checker: &mut Checker, options: &Options) -> Result<(), String> {
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
    for finding in outcome.findings.iter().take(WORDED) {
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
        // What has two places is the name of an element.
        if edits.windows(2).any(|pair| pair[0].0.of(text.as_bytes()) != pair[1].0.of(text.as_bytes())) {
            return Err(format!("{what}: a fix renames two things: {edits:?}"));
        }
    }
    Ok(())
}

/// Renders the findings in every format, and looks whether the bytes are what the format promises.
pub fn check_reports(bytes: &[u8], checker: &mut Checker, options: &Options) -> Result<(), String> {
    let outcome = checker.check(bytes, true);
    let shown = outcome.findings.len().min(4);
    let findings = &outcome.findings[..shown];
    for format in [Format::Full, Format::Concise, Format::Json, Format::Jsonl, Format::Github] {
        let mut reporter = Reporter::new(options, format, Look::PLAIN);
        let mut piece = Piece::default();
        reporter.begin(Path::new("a.xml"), outcome.document.single_byte);
        for finding in findings {
            reporter.finding(finding, &outcome.document.text, &mut piece.bytes);
            piece.ends.push(piece.bytes.len());
            piece.findings += 1;
        }
        let mut assembly = Assembly::new(format, None);
        let mut out = Vec::new();
        assembly.piece(&piece, &mut out).and_then(|()| assembly.finish(&mut out)).expect("a vector takes everything");
        let out = String::from_utf8(out).map_err(|error| format!("{format:?} is not UTF-8: {error}"))?;
        if let Some(control) = out.chars().find(|c| c.is_control() && *c != '\n') {
            return Err(format!("{format:?} has the control character {control:?}"));
        }
        let lines = out.lines().count();
        match format {
            Format::Full => {}
            Format::Json => {
                let array: Vec<serde_json::Value> =
                    serde_json::from_str(&out).map_err(|error| format!("{error} in {out}"))?;
                if array.len() != shown {
                    return Err(format!("{} objects for {shown} findings", array.len()));
                }
            }
            _ if lines != shown => return Err(format!("{format:?} has {lines} lines for {shown} findings")),
            Format::Jsonl => out.lines().try_for_each(check_object)?,
            Format::Concise | Format::Github => {}
        }
    }
    let mut totals = Totals::default();
    totals.count(outcome.findings);
    Ok(())
}

/// A line of JSON Lines is a whole object.
fn check_object(line: &str) -> Result<(), String> {
    let object: serde_json::Value = serde_json::from_str(line).map_err(|error| format!("{error} in {line}"))?;
    if object["message"].is_string() && object["span"]["end"]["offset"].is_u64() {
        return Ok(());
    }
    Err(format!("incomplete: {line}"))
}

/// How many errors a document has.
#[derive(Clone, Copy, Debug)]
struct Errors {
    /// Against XML.
    syntax: usize,
    /// Against the schema.
    schema: usize,
}

impl Errors {
    fn of(findings: &[Finding], options: &Options) -> Self {
        let count = |category| {
            let is_one = |finding: &&Finding| {
                finding.severity == Severity::Error && options.table.category(finding.code) == category
            };
            findings.iter().filter(is_one).count()
        };
        Errors { syntax: count(Category::Syntax), schema: count(Category::Schema) }
    }
}

/// The text with edits, which must not overlap.
fn edited(text: &str, edits: &[&(Span, String)]) -> String {
    let mut out = String::new();
    let mut at = 0;
    for (span, replacement) in edits {
        out.push_str(&text[at..span.start as usize]);
        out.push_str(replacement);
        at = span.end as usize;
    }
    out.push_str(&text[at..]);
    out
}

/// Applies the fixes that a report offers, one by one, and all safe ones together. None makes the document worse.
pub fn check_fixes(bytes: &[u8], checker: &mut Checker, options: &Options) -> Result<(), String> {
    let outcome = checker.check(bytes, true);
    // The spans of other documents are not places in the file.
    let Cow::Borrowed(text) = outcome.document.text else { return Ok(()) };
    let text = std::str::from_utf8(text).expect("it was checked");
    let findings = outcome.findings.to_vec();
    let before = Errors::of(&findings, options);
    let fix = |finding: &Finding| wording(finding, text.as_bytes(), options).fix.map(|fix| (*finding, fix));
    let fixes: Vec<(Finding, Fix)> = findings.iter().take(WORDED).filter_map(fix).collect();
    let mut try_edits = |what: &str, edits: &[&(Span, String)]| {
        let changed = edited(text, edits);
        let after = Errors::of(checker.check(changed.as_bytes(), true).findings, options);
        // What stands in a broken tag is judged only when the tag is mended.
        if after.syntax <= before.syntax && (before.syntax > 0 || after.schema <= before.schema) {
            return Ok(());
        }
        Err(format!("{what} makes a document worse: {before:?} and then {after:?}:\n{}", changed.escape_debug()))
    };
    for (finding, fix) in fixes.iter().take(FIXED) {
        // A fix that needs a person's eyes says what one finding needs; between broken tags it may mean something else.
        if fix.applicability == Applicability::Unsafe && before.syntax > 0 {
            continue;
        }
        let what = format!("the fix of {} at {:?}", code(finding, options), finding.span);
        try_edits(&what, &fix.edits.iter().collect::<Vec<_>>())?;
    }
    let mut safe: Vec<&(Span, String)> = Vec::new();
    for (_, fix) in fixes.iter().filter(|(_, fix)| fix.applicability == Applicability::Safe) {
        // Who applies several fixes leaves out what touches one that was applied.
        let from = fix.edits.first().map_or(0, |(span, _)| span.start);
        if safe.last().is_none_or(|(last, _)| last.end < from) {
            safe.extend(&fix.edits);
        }
    }
    if safe.len() > 1 {
        try_edits("applying all safe fixes", &safe)?;
    }
    Ok(())
}
