//! The lines of source that a human report shows, cut, made safe, and offered to miette as a source of their own.
//!
//! miette counts lines from the front of its source for every label, and prints what it is given. So it is not given the document: for
//! each finding the few lines around its labels are copied, long ones cut around the label, treacherous characters escaped, and the
//! labels moved accordingly. The copy's cost does not depend on the size of the document or of its lines.

use super::escape::push_visible_char;
use crate::diagnostic::{LineIndex, Span};
use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::fmt::Write;

/// Bytes of a line that are shown before a label, where the line is cut.
const BEFORE: usize = 60;
/// Bytes of a line that are shown from the start of a label on, where the line is cut.
const AFTER: usize = 100;
/// Bytes within which a line that is shown for context alone must end, or else it is left out.
const CONTEXT: usize = 400;
/// Bytes of the copy between two pieces that do not follow each other, so that no label touches both.
const GAP: usize = 16;

/// A label, and where it is in the copy.
#[derive(Debug)]
pub struct Label {
    /// The label's range in the copy.
    pub place: Span,
    /// What it says.
    pub text: Option<String>,
    /// Line of the document, from 0.
    line: usize,
    /// Column of the document, from 0, in characters.
    column: usize,
}

/// Part of one line of the document.
#[derive(Clone, Copy, Debug)]
struct Row {
    /// Line of the document, from 0.
    line: usize,
    /// First byte that is shown.
    start: usize,
    /// Byte after the last that is shown.
    end: usize,
    /// Whether the line begins before `start`.
    cut_before: bool,
    /// Whether the line ends after `end`.
    cut_after: bool,
    /// Whether it is shown for a label, and not only around one.
    labelled: bool,
}

/// Lines that follow each other.
#[derive(Debug)]
struct Chunk {
    /// Offset in the copy.
    start: usize,
    text: String,
    /// Line of the document that is the chunk's first, from 0.
    line: usize,
    lines: usize,
}

/// The copy.
#[derive(Debug)]
pub struct Snippet {
    name: String,
    chunks: Vec<Chunk>,
    /// The labels, in the order in which they were given.
    pub labels: Vec<Label>,
}

impl Snippet {
    /// Copies what is to be seen around labels. A label that covers several lines is shown on its first line. `name` is safe to print.
    pub fn new(name: &str, text: &[u8], lines: &mut LineIndex, labels: Vec<(Span, Option<String>)>) -> Self {
        let mut rows = Vec::with_capacity(3 * labels.len());
        let mut spans = Vec::with_capacity(labels.len());
        for (span, _) in &labels {
            let start = (span.start as usize).min(text.len());
            let end = (span.end as usize).clamp(start, text.len());
            let position = lines.position(text, start as u32);
            let row = labelled_row(text, start, end, position.line as usize - 1);
            if !row.cut_before {
                rows.extend(row_before(text, &row));
            }
            if !row.cut_after {
                rows.extend(row_after(text, &row));
            }
            rows.push(row);
            spans.push((start, end.min(row.end).max(start), position));
        }
        let mut snippet =
            Snippet { name: name.to_owned(), chunks: Vec::new(), labels: Vec::with_capacity(labels.len()) };
        for ((_, text), (.., position)) in labels.into_iter().zip(&spans) {
            let (line, column) = (position.line as usize - 1, position.column as usize - 1);
            snippet.labels.push(Label { place: Span::default(), text, line, column });
        }
        let mut last: Option<Row> = None;
        for row in merge(rows) {
            if last.is_none_or(|last| row.line != last.line + 1) {
                let start = snippet.chunks.last().map_or(0, |chunk| chunk.start + chunk.text.len() + GAP);
                snippet.chunks.push(Chunk { start, text: String::new(), line: row.line, lines: 0 });
            }
            snippet.push_row(text, &row, &spans);
            last = Some(row);
        }
        snippet
    }

    /// Copies a row to the last chunk, and places the labels that lie in it.
    fn push_row(&mut self, text: &[u8], row: &Row, spans: &[(usize, usize, crate::diagnostic::Position)]) {
        let Some(chunk) = self.chunks.last_mut() else { return };
        let out = &mut chunk.text;
        if row.cut_before {
            out.push('…');
        }
        // The labels of this row, and for each whether its start and its end still have to be met.
        let here = |start: usize| row.labelled && row.start <= start && start <= row.end;
        let mut offset = row.start;
        let place = |labels: &mut [Label], offset: usize, at: usize| {
            for (label, (start, end, position)) in labels.iter_mut().zip(spans) {
                if position.line as usize - 1 != row.line || !here(*start) {
                    continue;
                }
                // Every place up to the label moves its bounds along; the last that is not beyond them stays.
                if offset <= *start {
                    label.place.start = at as u32;
                }
                if offset <= *end {
                    label.place.end = at as u32;
                }
            }
        };
        for piece in text[row.start..row.end].utf8_chunks() {
            for c in piece.valid().chars() {
                place(&mut self.labels, offset, chunk.start + out.len());
                if c == '\t' {
                    out.push(c)
                } else {
                    push_visible_char(out, c)
                }
                offset += c.len_utf8();
            }
            for byte in piece.invalid() {
                place(&mut self.labels, offset, chunk.start + out.len());
                write!(out, "\\x{byte:02x}").expect("a string takes everything");
                offset += 1;
            }
        }
        place(&mut self.labels, offset, chunk.start + out.len());
        if row.cut_after {
            out.push('…');
        }
        out.push('\n');
        chunk.lines += 1;
    }
}

/// The line that a label starts on, cut around the label.
fn labelled_row(text: &[u8], start: usize, end: usize, line: usize) -> Row {
    let floor = start.saturating_sub(BEFORE);
    let (row_start, cut_before) = match memchr::memrchr(b'\n', &text[floor..start]) {
        Some(at) => (floor + at + 1, false),
        None => (floor, floor > 0 && text[floor - 1] != b'\n'),
    };
    // A byte order mark is no part of what is shown.
    let row_start = if row_start == 0 && text.starts_with(b"\xEF\xBB\xBF") { 3.min(start) } else { row_start };
    let ceiling = text.len().min(start + AFTER.max((end - start).min(AFTER) + AFTER / 2));
    let (row_end, cut_after) = match memchr::memchr(b'\n', &text[start..ceiling]) {
        Some(at) => (start + at, false),
        None => (ceiling, ceiling < text.len() && text[ceiling] != b'\n'),
    };
    let row_end = if cut_after { row_end } else { without_cr(text, start, row_end) };
    let (row_start, row_end) = (boundary(text, row_start, start), boundary_before(text, row_end, start));
    Row { line, start: row_start, end: row_end, cut_before, cut_after, labelled: true }
}

/// The line before a row that is not cut at its start.
fn row_before(text: &[u8], row: &Row) -> Option<Row> {
    let line = row.line.checked_sub(1)?;
    let end = text[..row.start].iter().rposition(|byte| *byte == b'\n')?;
    let floor = end.saturating_sub(CONTEXT);
    let start = match memchr::memrchr(b'\n', &text[floor..end]) {
        Some(at) => floor + at + 1,
        None if floor == 0 => 0,
        None => return None,
    };
    let start = if start == 0 && text.starts_with(b"\xEF\xBB\xBF") { 3.min(end) } else { start };
    Some(context_row(text, start, end, line))
}

/// The line after a row that is not cut at its end.
fn row_after(text: &[u8], row: &Row) -> Option<Row> {
    // Between the row's end and the next line there is a line end at most.
    let start = row.end + text[row.end..].iter().take(2).position(|byte| *byte == b'\n')? + 1;
    let ceiling = text.len().min(start + CONTEXT);
    let end = match memchr::memchr(b'\n', &text[start..ceiling]) {
        Some(at) => start + at,
        None if ceiling == text.len() && ceiling > start => ceiling,
        None => return None,
    };
    Some(context_row(text, start, end, row.line + 1))
}

fn context_row(text: &[u8], start: usize, end: usize, line: usize) -> Row {
    let end = without_cr(text, start, end);
    let shown = boundary_before(text, end.min(start + BEFORE + AFTER), start);
    Row { line, start, end: shown, cut_before: false, cut_after: shown < end, labelled: false }
}

/// A line's end without the CR of a CR LF.
fn without_cr(text: &[u8], start: usize, end: usize) -> usize {
    if end > start && text[end - 1] == b'\r' { end - 1 } else { end }
}

/// The first start of a character at or after `at`, not beyond `most`.
fn boundary(text: &[u8], mut at: usize, most: usize) -> usize {
    while at < most && text[at] & 0xC0 == 0x80 {
        at += 1;
    }
    at
}

/// The last start of a character (or the end) at or before `at`, not before `least`.
fn boundary_before(text: &[u8], mut at: usize, least: usize) -> usize {
    while at > least && at < text.len() && text[at] & 0xC0 == 0x80 {
        at -= 1;
    }
    at
}

/// Rows in the order of their lines, each line once unless two labels are far apart on it.
fn merge(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| (row.line, !row.labelled, row.start));
    let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.line == row.line && !row.labelled => {}
            Some(last) if last.line == row.line && row.start <= last.end + AFTER => {
                if row.end > last.end {
                    (last.end, last.cut_after) = (row.end, row.cut_after);
                }
            }
            _ => merged.push(row),
        }
    }
    merged
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        context_lines_before: usize,
        context_lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        let chunk = self
            .chunks
            .iter()
            .find(|chunk| chunk.start <= start && end <= chunk.start + chunk.text.len())
            .ok_or(MietteError::OutOfBounds)?;
        let mut place = (chunk.line, 0);
        if context_lines_before == 0 && context_lines_after == 0 {
            // miette asks where a label is, to print it as the snippet's place.
            if let Some(label) = self.labels.iter().find(|label| label.place.start as usize == start) {
                place = (label.line, label.column);
            }
        }
        let whole = SourceSpan::new(chunk.start.into(), chunk.text.len());
        let data = chunk.text.as_bytes();
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, whole, place.0, place.1, chunk.lines)))
    }
}
