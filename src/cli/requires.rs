//! `virdict requires`: the lowest libvirt that takes a document, and the lines that force it.
//!
//! The rule table says of everything since when and until when it is there. Between two neighbouring dates of the table nothing changes,
//! so that checking a document once for each date says exactly which versions take it.

use super::flags::{Requires, RequiresFormat};
use super::{EXIT_CLEAN, EXIT_FAILURE, EXIT_FINDINGS, Failure};
use crate::diagnostic::{Category, Finding, LineIndex, Selection, Severity, codes};
use crate::engine::{Checker, Options};
use crate::report::escape::{path_bytes, push_json, push_visible, visible_path};
use crate::report::json::{push_path_members, push_span};
use crate::report::wording::wording;
use crate::run::{Inputs, path_of, reason};
use crate::table::{Table, Version};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

/// How many of the faults of a document that no version takes are shown to people; machines get all.
const SHOWN: usize = 10;

/// Says for each file which libvirt takes it, and returns the exit code.
pub fn requires(flags: &Requires) -> Result<u8, Failure> {
    let mut inputs = Inputs::default();
    for path in &flags.files {
        if path.is_empty() {
            return Err(Failure::Usage("requires", "a FILE is empty".to_owned()));
        }
        if path == "-" { inputs.stdin = true } else { inputs.push(&path_bytes(Path::new(path))) }
    }
    let mut judge = Judge::new(Table::built_in());
    let mut report = Report::new(flags.output_format);
    let mut exit = EXIT_CLEAN;
    // Standard input stands where a file of that name would.
    let mut order: Vec<Option<u32>> = inputs.sorted().into_iter().map(Some).collect();
    if inputs.stdin {
        let at = order.partition_point(|number| number.is_some_and(|number| inputs.get(number as usize) < &b"-"[..]));
        order.insert(at, None);
    }
    for number in order {
        let bytes = number.map_or(b"-".as_slice(), |number| inputs.get(number as usize));
        // The current folder's path has been brought to nothing.
        let path = path_of(if bytes.is_empty() { b"." } else { bytes });
        match read(number.is_some().then_some(&*path)) {
            Ok(document) => {
                let answer = judge.judge(&document);
                if answer.version.is_none() {
                    exit = exit.max(EXIT_FINDINGS);
                }
                report.push(&path, &answer);
            }
            Err(error) => {
                exit = EXIT_FAILURE;
                let _ = writeln!(io::stderr(), "virdict: {}: {}", visible_path(&path), reason(&error));
            }
        }
    }
    super::print(&report.finish())?;
    Ok(exit)
}

/// Reads a file, standard input if there is none, but no more of it than shows that it is too large to be checked.
fn read(path: Option<&Path>) -> io::Result<Vec<u8>> {
    let limit = Options::default().limits.max_size as u64 + 1;
    let mut bytes = Vec::new();
    match path {
        Some(path) => File::open(path)?.take(limit).read_to_end(&mut bytes)?,
        None => io::stdin().lock().take(limit).read_to_end(&mut bytes)?,
    };
    Ok(bytes)
}

/// What forces a version, or keeps every version from taking the document, in words.
struct Reason {
    code: &'static str,
    message: String,
    /// The object of the place, as in the reports of `check`.
    span: Vec<u8>,
    line: u32,
    column: u32,
}

/// What there is to say of a document.
struct Answer {
    /// The lowest version from which on all known versions take it; `None` if the newest does not.
    version: Option<Version>,
    /// Why no lower one will do; why the newest does not take it.
    reasons: Vec<Reason>,
}

/// Judges documents, one after another.
struct Judge {
    /// Every version at which the table changes, and the newest, in order. The first stands for everything that was before.
    candidates: Vec<(Options, Option<Checker>)>,
}

impl Judge {
    fn new(table: &'static Table) -> Self {
        let mut selection = Selection::none();
        let shape =
            |code: &crate::diagnostic::Code| matches!(table.category(*code), Category::Syntax | Category::Schema);
        table.codes().filter(shape).for_each(|code| selection.insert(code));
        let options = |target| {
            let options = Options { table, target, selection: selection.clone(), ..Options::default() };
            // Checkers are made when they are needed: most documents need all, a broken one needs the newest alone.
            (options, None)
        };
        Judge { candidates: dates(table).into_iter().map(options).collect() }
    }

    fn judge(&mut self, bytes: &[u8]) -> Answer {
        let mut reasons = Vec::new();
        let mut lowest = None;
        for (options, checker) in self.candidates.iter_mut().rev() {
            let outcome = checker.get_or_insert_with(|| Checker::new(options)).check(bytes, true);
            let mut faults = outcome.findings.iter().filter(|finding| finding.severity == Severity::Error).peekable();
            if faults.peek().is_some() {
                let text = &outcome.document.text[..];
                let mut lines = LineIndex::new();
                lines.begin(outcome.document.single_byte);
                reasons = faults.map(|finding| Reason::new(finding, text, options, lowest, &mut lines)).collect();
                break;
            }
            lowest = Some(options.target);
        }
        Answer { version: lowest, reasons }
    }
}

/// Every version at which the table changes, with one before all and the newest, in order.
fn dates(table: &Table) -> Vec<Version> {
    let attributes = table.attribute_rules.iter().flat_map(|rule| [rule.since, rule.until]);
    let children = table.child_rules.iter().flat_map(|rule| [rule.since, rule.until]);
    let words = table.words.iter().flat_map(|word| [word.since, word.until]);
    let shapes = table.elements.iter().map(|element| element.before);
    let mut dates: Vec<Version> = attributes.chain(children).chain(words).chain(shapes).collect();
    dates.push(Version::ALWAYS);
    dates.push(Version::LATEST);
    dates.retain(|date| *date <= Version::LATEST);
    dates.sort_unstable();
    dates.dedup();
    dates
}

impl Reason {
    /// A finding in words. `lowest` is the version that no longer has it.
    fn new(finding: &Finding, text: &[u8], options: &Options, lowest: Option<Version>, lines: &mut LineIndex) -> Self {
        let mut message = wording(finding, text, options).message;
        if let Some(lowest) = lowest {
            // The version that was checked for is none that anybody asked for.
            let target = format!("; the target is {}", options.target);
            message.truncate(message.strip_suffix(&target).map_or(message.len(), str::len));
            if finding.code != codes::TOO_NEW {
                write!(message, " (before libvirt {lowest})").expect("a string takes everything");
            }
        }
        let mut span = Vec::new();
        push_span(&mut span, finding.span, text, lines);
        let start = lines.position(text, finding.span.start);
        Reason { code: options.table.code_name(finding.code), message, span, line: start.line, column: start.column }
    }
}

/// The answers as text.
struct Report {
    format: RequiresFormat,
    out: Vec<u8>,
    begun: bool,
}

impl Report {
    fn new(format: RequiresFormat) -> Self {
        Report { format, out: Vec::new(), begun: false }
    }

    fn push(&mut self, path: &Path, answer: &Answer) {
        match self.format {
            RequiresFormat::Concise => self.push_lines(path, answer),
            RequiresFormat::Json => {
                self.out.extend_from_slice(if self.begun { b",\n  " } else { b"[\n  " });
                self.push_object(path, answer);
            }
            RequiresFormat::Jsonl => {
                self.push_object(path, answer);
                self.out.push(b'\n');
            }
        }
        self.begun = true;
    }

    fn push_lines(&mut self, path: &Path, answer: &Answer) {
        let path = visible_path(path);
        let mut text = match answer.version {
            Some(Version::ALWAYS) => format!("{path}: any known libvirt takes it\n"),
            Some(version) => format!("{path}: needs libvirt {version}\n"),
            None => format!("{path}: not even libvirt {} takes it\n", Version::LATEST),
        };
        let shown = if answer.version.is_some() { usize::MAX } else { SHOWN };
        for reason in answer.reasons.iter().take(shown) {
            write!(text, "{path}:{}:{}: ", reason.line, reason.column).expect("a string takes everything");
            push_visible(&mut text, reason.message.as_bytes());
            text.push('\n');
        }
        let rest = answer.reasons.len().saturating_sub(shown);
        if rest > 0 {
            let s = if rest == 1 { "" } else { "s" };
            writeln!(text, "... and {rest} more fault{s}: virdict check shows all").expect("a string takes everything");
        }
        self.out.extend_from_slice(text.as_bytes());
    }

    fn push_object(&mut self, path: &Path, answer: &Answer) {
        self.out.push(b'{');
        push_path_members(&mut self.out, path);
        self.out.extend_from_slice(b",\"requires\":");
        match answer.version {
            Some(version) => push_json(&mut self.out, &version.to_string()),
            None => self.out.extend_from_slice(b"null"),
        }
        self.out.extend_from_slice(b",\"reasons\":[");
        for (number, reason) in answer.reasons.iter().enumerate() {
            self.out.extend_from_slice(if number == 0 { b"{\"code\":" } else { b",{\"code\":" });
            push_json(&mut self.out, reason.code);
            self.out.extend_from_slice(b",\"message\":");
            push_json(&mut self.out, &reason.message);
            self.out.extend_from_slice(b",\"span\":");
            self.out.extend_from_slice(&reason.span);
            self.out.push(b'}');
        }
        self.out.extend_from_slice(b"]}");
    }

    fn finish(mut self) -> Vec<u8> {
        if self.format == RequiresFormat::Json {
            self.out.extend_from_slice(if self.begun { b"\n]\n" } else { b"[]\n" });
        }
        self.out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_go_from_before_all_dates_to_the_newest_version() {
        let dates = dates(Table::built_in());
        assert_eq!((dates.first(), dates.last()), (Some(&Version::ALWAYS), Some(&Version::LATEST)));
        assert!(dates.is_sorted_by(|a, b| a < b));
        assert!(dates.len() > 20);
    }
}
