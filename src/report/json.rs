//! `json` and `jsonl`: one object for each finding.
//!
//! All members are always there, so that a reader needs no cases: what a finding does not have is `null`, or `[]`. `path` holds
//! bytes that are no UTF-8 as `\xff`; only such a path has the member `path_bytes`, its bytes in hexadecimal.

use super::escape::{path_bytes, push_json, push_json_text, push_number, push_visible};
use super::wording::{Url, Wording};
use crate::diagnostic::{Applicability, Consequence, Finding, LineIndex, Position, Span};
use std::fmt::Write;
use std::path::Path;

/// Appends the members that say which file it is, ready to stand first in an object.
pub fn push_path_members(out: &mut Vec<u8>, path: &Path) {
    let bytes = path_bytes(path);
    out.extend_from_slice(b"\"path\":");
    match std::str::from_utf8(&bytes) {
        Ok(text) => push_json(out, text),
        Err(_) => {
            // Only what is no UTF-8 is written as `\xff` here: the rest is escaped by JSON's own means.
            let mut text = String::new();
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                push_visible(&mut text, chunk.invalid());
            }
            push_json(out, &text);
            let mut hex = String::with_capacity(bytes.len() * 2);
            bytes.iter().for_each(|byte| write!(hex, "{byte:02x}").expect("a string takes everything"));
            out.extend_from_slice(b",\"path_bytes\":\"");
            out.extend_from_slice(hex.as_bytes());
            out.push(b'"');
        }
    }
}

/// Appends the object of one finding, without a line end. `path_members` is what [`push_path_members`] made.
pub fn push_finding(
    out: &mut Vec<u8>,
    path_members: &[u8],
    code: &str,
    finding: &Finding,
    wording: &Wording,
    text: &[u8],
    lines: &mut LineIndex,
) {
    out.push(b'{');
    out.extend_from_slice(path_members);
    out.extend_from_slice(b",\"code\":");
    push_json(out, code);
    out.extend_from_slice(b",\"severity\":\"");
    out.extend_from_slice(finding.severity.as_str().as_bytes());
    out.extend_from_slice(b"\",\"consequence\":");
    push_option(out, finding.consequence.map(Consequence::as_str));
    out.extend_from_slice(b",\"message\":");
    push_json(out, &wording.message);
    out.extend_from_slice(b",\"help\":");
    push_option(out, wording.help.as_deref());
    out.extend_from_slice(b",\"url\":");
    match wording.url {
        Some(url) => {
            out.push(b'"');
            out.extend_from_slice(Url::PAGE.as_bytes());
            push_json_text(out, url.anchor);
            out.push(b'"');
        }
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"span\":");
    push_span(out, finding.span, text, lines);
    out.extend_from_slice(b",\"related\":[");
    if let Some((message, span)) = &wording.related {
        out.extend_from_slice(b"{\"message\":");
        push_json(out, message);
        out.extend_from_slice(b",\"span\":");
        push_span(out, *span, text, lines);
        out.push(b'}');
    }
    out.extend_from_slice(b"],\"fix\":");
    match &wording.fix {
        None => out.extend_from_slice(b"null"),
        Some(fix) => {
            out.extend_from_slice(match fix.applicability {
                Applicability::Safe => b"{\"applicability\":\"safe\",\"edits\":[",
                Applicability::Unsafe => b"{\"applicability\":\"unsafe\",\"edits\":[",
            });
            for (number, (span, replacement)) in fix.edits.iter().enumerate() {
                if number > 0 {
                    out.push(b',');
                }
                out.extend_from_slice(b"{\"span\":");
                push_span(out, *span, text, lines);
                out.extend_from_slice(b",\"text\":");
                push_json(out, replacement);
                out.push(b'}');
            }
            out.extend_from_slice(b"]}");
        }
    }
    out.push(b'}');
}

fn push_option(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => push_json(out, text),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends the object of a place.
pub fn push_span(out: &mut Vec<u8>, span: Span, text: &[u8], lines: &mut LineIndex) {
    out.extend_from_slice(b"{\"start\":");
    push_position(out, lines.position(text, span.start));
    out.extend_from_slice(b",\"end\":");
    push_position(out, lines.position(text, span.end));
    out.push(b'}');
}

fn push_position(out: &mut Vec<u8>, position: Position) {
    out.extend_from_slice(b"{\"line\":");
    push_number(out, position.line as u64);
    out.extend_from_slice(b",\"column\":");
    push_number(out, position.column as u64);
    out.extend_from_slice(b",\"offset\":");
    push_number(out, position.offset as u64);
    out.push(b'}');
}
