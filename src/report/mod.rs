//! Findings to bytes: the words ([`wording`]), and one file for each format.
//!
//! A [`Reporter`] belongs to one thread and renders the findings of one file after another into the buffer that it is given. What spans
//! files (the brackets of a JSON array, the cap of the human report) is the business of the one [`Assembly`] of a run, which puts the
//! files' pieces together in their order.

pub mod escape;

mod assembly;
mod concise;
mod full;
mod github;
pub(crate) mod json;
mod look;
mod snippet;
mod totals;
pub mod wording;

pub use assembly::{Assembly, Piece};
pub use look::Look;
pub use totals::{Totals, statistics};

use crate::diagnostic::{Finding, LineIndex};
use crate::engine::Options;
use std::path::Path;

/// What a report looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Source lines with carets, for people.
    Full,
    /// A line for each finding.
    Concise,
    /// One JSON array.
    Json,
    /// A JSON object on a line of its own for each finding.
    Jsonl,
    /// Workflow commands of GitHub Actions.
    Github,
}

impl Format {
    /// Whether the report is for people, and so comes with a summary.
    pub fn is_human(self) -> bool {
        matches!(self, Format::Full | Format::Concise)
    }
}

/// Renders findings, file by file. One for each thread.
pub struct Reporter<'o> {
    options: &'o Options,
    format: Format,
    look: Look,
    lines: LineIndex,
    /// The file's name in the form that the format prints.
    path: Vec<u8>,
    path_text: String,
    /// The text of a finding in a format that is made as text.
    scratch: String,
    full: Option<full::Renderer>,
}

impl<'o> Reporter<'o> {
    /// A reporter for findings that were made with these options.
    pub fn new(options: &'o Options, format: Format, look: Look) -> Self {
        Reporter {
            options,
            format,
            look,
            lines: LineIndex::new(),
            path: Vec::new(),
            path_text: String::new(),
            scratch: String::new(),
            full: None,
        }
    }

    /// Begins a file that has findings. `single_byte` is the document's.
    pub fn begin(&mut self, path: &Path, single_byte: bool) {
        self.lines.begin(single_byte);
        self.path.clear();
        self.path_text.clear();
        match self.format {
            Format::Json | Format::Jsonl => json::push_path_members(&mut self.path, path),
            Format::Full | Format::Concise | Format::Github => {
                escape::push_visible(&mut self.path_text, &escape::path_bytes(path));
            }
        }
    }

    /// Appends one finding of the file. `text` is the document's.
    pub fn finding(&mut self, finding: &Finding, text: &[u8], out: &mut Vec<u8>) {
        let wording = wording::wording(finding, text, self.options);
        let code = self.options.table.code_name(finding.code);
        self.scratch.clear();
        match self.format {
            Format::Json => {
                // The assembly drops the comma before the first object of all.
                out.extend_from_slice(b",\n  ");
                json::push_finding(out, &self.path, code, finding, &wording, text, &mut self.lines);
            }
            Format::Jsonl => {
                json::push_finding(out, &self.path, code, finding, &wording, text, &mut self.lines);
                out.push(b'\n');
            }
            Format::Concise => {
                let position = self.lines.position(text, finding.span.start);
                concise::push_finding(
                    &mut self.scratch,
                    &self.look,
                    &self.path_text,
                    code,
                    finding,
                    &wording,
                    position,
                );
            }
            Format::Github => {
                let start = self.lines.position(text, finding.span.start);
                let end = self.lines.position(text, finding.span.end);
                github::push_finding(&mut self.scratch, &self.path_text, code, finding, &wording, start, end);
            }
            Format::Full => {
                let full = self.full.get_or_insert_with(|| full::Renderer::new(&self.look));
                full.push_finding(&mut self.scratch, &self.path_text, code, finding, &wording, text, &mut self.lines);
            }
        }
        out.extend_from_slice(self.scratch.as_bytes());
    }
}
