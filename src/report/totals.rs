//! What a run adds up to: the summary line and `--statistics`.

use super::escape::{push_json, push_number};
use super::{Format, Look};
use crate::diagnostic::{Code, Finding, Severity};
use crate::table::Table;
use std::fmt::Write;

/// Numbers of a run, or of one thread's share of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files that were checked.
    pub checked: u64,
    /// Files in folders whose root is nothing of libvirt's.
    pub skipped: u64,
    /// Files and folders that could not be read.
    pub failures: u64,
    /// Findings by severity: info, warning, error.
    pub by_severity: [u64; 3],
    /// Findings by the code's number.
    pub by_code: Vec<u64>,
}

impl Totals {
    /// Counts the findings of one file.
    pub fn count(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.by_severity[finding.severity as usize] += 1;
            let code = finding.code.0 as usize;
            if self.by_code.len() <= code {
                self.by_code.resize(code + 1, 0);
            }
            self.by_code[code] += 1;
        }
    }

    /// Adds the numbers of another share of the run.
    pub fn add(&mut self, other: &Totals) {
        self.checked += other.checked;
        self.skipped += other.skipped;
        self.failures += other.failures;
        for (sum, part) in self.by_severity.iter_mut().zip(other.by_severity) {
            *sum += part;
        }
        if self.by_code.len() < other.by_code.len() {
            self.by_code.resize(other.by_code.len(), 0);
        }
        for (sum, part) in self.by_code.iter_mut().zip(&other.by_code) {
            *sum += part;
        }
    }

    /// All findings.
    pub fn findings(&self) -> u64 {
        self.by_severity.iter().sum()
    }

    /// Whether there is a finding of this severity or a worse one.
    pub fn reaches(&self, severity: Severity) -> bool {
        self.by_severity[severity as usize..].iter().any(|count| *count > 0)
    }

    /// The summary that stands under a report for people, with its line end.
    pub fn summary(&self, look: &Look) -> String {
        let mut out = String::new();
        let reset = look.reset();
        if self.findings() == 0 {
            let worst = if self.failures > 0 { look.severity(Severity::Error) } else { "" };
            out.push_str(if self.checked == 0 && self.failures == 0 { "No files checked" } else { "" });
            if self.checked > 0 {
                write!(out, "{}No findings{reset} in {}", look.bold(), files(self.checked))
                    .expect("a string takes everything");
            } else if self.failures > 0 {
                write!(out, "{worst}No files could be checked{reset}").expect("a string takes everything");
            }
        } else {
            let mut first = true;
            for severity in [Severity::Error, Severity::Warning, Severity::Info] {
                let count = self.by_severity[severity as usize];
                if count > 0 {
                    let name = match (severity, count) {
                        (Severity::Error, 1) => "error",
                        (Severity::Error, _) => "errors",
                        (Severity::Warning, 1) => "warning",
                        (Severity::Warning, _) => "warnings",
                        (Severity::Info, 1) => "remark",
                        (Severity::Info, _) => "remarks",
                    };
                    let comma = if first { "" } else { ", " };
                    let colour = look.severity(severity);
                    write!(out, "{comma}{colour}{count} {name}{reset}").expect("a string takes everything");
                    first = false;
                }
            }
            write!(out, " in {}", files(self.checked)).expect("a string takes everything");
        }
        if self.skipped > 0 {
            write!(
                out,
                ", {} skipped that {} not libvirt's",
                files(self.skipped),
                if self.skipped == 1 { "is" } else { "are" }
            )
            .expect("a string takes everything");
        }
        if self.failures > 0 {
            write!(out, ", {} could not be read", self.failures).expect("a string takes everything");
        }
        out.push('\n');
        out
    }
}

fn files(count: u64) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

/// The report of `--statistics`: how often each code was found, the most frequent first, equal counts by name.
pub fn statistics(totals: &Totals, table: &Table, format: Format, look: &Look) -> Vec<u8> {
    let mut rows: Vec<(u64, &str, Code)> = totals
        .by_code
        .iter()
        .enumerate()
        .filter(|(_, count)| **count > 0)
        .map(|(number, count)| (*count, table.code_name(Code(number as u16)), Code(number as u16)))
        .collect();
    rows.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    let mut out = Vec::new();
    match format {
        Format::Json | Format::Jsonl => {
            let array = format == Format::Json;
            for (number, (count, name, code)) in rows.iter().enumerate() {
                if array {
                    out.extend_from_slice(if number == 0 { b"[\n  " } else { b",\n  " });
                }
                out.extend_from_slice(b"{\"code\":");
                push_json(&mut out, name);
                out.extend_from_slice(b",\"severity\":");
                push_json(&mut out, table.severity(*code).as_str());
                out.extend_from_slice(b",\"count\":");
                push_number(&mut out, *count);
                out.extend_from_slice(b",\"summary\":");
                push_json(&mut out, table.explanation(*code).summary);
                out.extend_from_slice(if array { b"}" } else { b"}\n" });
            }
            if array {
                out.extend_from_slice(if rows.is_empty() { b"[]\n" } else { b"\n]\n" });
            }
        }
        Format::Full | Format::Concise | Format::Github => {
            let mut text = String::new();
            let width = rows.iter().map(|(count, ..)| count.to_string().len()).max().unwrap_or(0);
            let names = rows.iter().map(|(_, name, _)| name.len()).max().unwrap_or(0);
            for (count, name, code) in rows {
                let severity = table.severity(code);
                let (bold, colour, reset) = (look.bold(), look.severity(severity), look.reset());
                let line = format!(
                    "{bold}{count:>width$}{reset}  {colour}{:<7}{reset}  {name:<names$}  {}",
                    severity.as_str(),
                    table.explanation(code).summary
                );
                text.push_str(line.trim_end());
                text.push('\n');
            }
            out.extend_from_slice(text.as_bytes());
        }
    }
    out
}
