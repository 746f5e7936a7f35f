//! Reading a piece of a document again, without findings and without a reader: for messages, and to decide what is meant.

use super::chars::{char_len, skip_name, skip_space};
use super::guess::skip_markup;
use super::references::{decode_line_ends, decode_text};
use crate::diagnostic::Span;
use memchr::{memchr, memchr2};

/// Calls `visit` with the name of each child of the element whose content begins at `from`, in their order, until it says `false` or the
/// element or the text ends. Tolerant of faults: what it sees of a broken document is a guess.
pub fn peek_children(text: &[u8], from: usize, mut visit: impl FnMut(Span) -> bool) {
    let mut depth = 0usize;
    let mut at = from;
    while let Some(found) = text.get(at..).and_then(|rest| memchr(b'<', rest)) {
        let start = at + found;
        if text.get(start + 1) == Some(&b'/') {
            if depth == 0 {
                return;
            }
            depth -= 1;
            at = start + 2;
            continue;
        }
        let end = skip_name(text, start + 1);
        if end > start + 1 && depth == 0 && !visit(Span::new(start + 1, end)) {
            return;
        }
        let Some((next, opens)) = skip_markup(text, start) else { return };
        depth += usize::from(opens);
        at = next;
    }
}

/// The offset of the content of the element whose start tag is at `tag_start`. `None` if it has none or the tag does not end.
pub fn content_start(text: &[u8], tag_start: usize) -> Option<usize> {
    match skip_markup(text, tag_start) {
        Some((end, true)) => Some(end),
        _ => None,
    }
}

/// The offset behind the first end tag of a name, without a blank in it.
pub fn peek_end(text: &[u8], name: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr(b'<', text.get(at..)?)? + 1;
        let Some(tag) = text[at..].strip_prefix(b"/") else { continue };
        if tag.get(name.len()) == Some(&b'>') && tag.starts_with(name) {
            return Some(at + 1 + name.len() + 1);
        }
    }
}

/// The name in the end tag of the element whose start tag is at `tag_start`; `Some(None)` if it has none, as in `<a/>`; `None` if the text
/// ends before it.
pub fn end_tag_name(text: &[u8], tag_start: usize) -> Option<Option<Span>> {
    let (mut at, opens) = skip_markup(text, tag_start)?;
    if !opens {
        return Some(None);
    }
    let mut depth = 0usize;
    loop {
        let start = at + memchr(b'<', text.get(at..)?)?;
        if text.get(start + 1) == Some(&b'/') {
            if depth == 0 {
                return Some(Some(Span::new(start + 2, skip_name(text, start + 2))));
            }
            depth -= 1;
            at = start + 2;
        } else {
            let (next, opens) = skip_markup(text, start)?;
            depth += usize::from(opens);
            at = next;
        }
    }
}

/// Calls `visit` with name and value of each attribute of the start tag at `tag_start`, in their order, declarations of namespaces
/// included. What is not an attribute with a quoted value is passed over.
pub fn peek_attributes(text: &[u8], tag_start: usize, mut visit: impl FnMut(Span, Span)) {
    let mut at = skip_name(text, skip_space(text, tag_start + 1));
    loop {
        at = skip_space(text, at);
        let byte = match text.get(at) {
            None | Some(b'>' | b'<') => return,
            Some(byte) => *byte,
        };
        let end = skip_name(text, at);
        if end == at {
            at += char_len(byte);
            continue;
        }
        let equals = skip_space(text, end);
        if text.get(equals) != Some(&b'=') {
            at = end;
            continue;
        }
        let open = skip_space(text, equals + 1);
        let quote = match text.get(open) {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => {
                at = open;
                continue;
            }
        };
        match memchr2(quote, b'<', &text[open + 1..]) {
            Some(length) if text[open + 1 + length] == quote => {
                visit(Span::new(at, end), Span::new(open + 1, open + 1 + length));
                at = open + length + 2;
            }
            _ => at = open + 1,
        }
    }
}

/// The text that stands in front of the first child of the element whose content begins at `from`, decoded and without comments and
/// instructions: borrowed from the document if it is in one plain piece, else from `scratch`, which is overwritten.
pub fn peek_text<'a>(text: &'a [u8], from: usize, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let Some(rest) = text.get(from..) else { return b"" };
    let mut end = 0;
    // Comments, instructions and sections belong to the text; a tag ends it.
    while let Some(found) = memchr(b'<', &rest[end..]) {
        let start = end + found;
        if !matches!(rest.get(start + 1), Some(b'!' | b'?')) {
            return content_text(&rest[..start], scratch);
        }
        match skip_markup(rest, start) {
            Some((next, _)) => end = next,
            None => break,
        }
    }
    content_text(rest, scratch)
}

/// The text of a piece of content: all its character data and sections, decoded and joined, without comments, instructions and tags.
/// Borrowed if it is one plain piece, else from `scratch`, which is overwritten.
pub fn content_text<'a>(raw: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
    if !raw.iter().any(|byte| matches!(byte, b'<' | b'&' | b'\r')) {
        return raw;
    }
    scratch.clear();
    let mut at = 0;
    while let Some(found) = memchr(b'<', &raw[at..]) {
        let start = at + found;
        decode_text(&raw[at..start], scratch);
        let end_tag = raw.get(start + 1) == Some(&b'/');
        let next = if end_tag { end_tag_end(raw, start) } else { skip_markup(raw, start).map(|(end, _)| end) };
        let Some(next) = next else { return scratch };
        if raw[start..].starts_with(b"<![CDATA[") {
            decode_line_ends(&raw[start + 9..next - 3], scratch);
        }
        at = next;
    }
    decode_text(&raw[at..], scratch);
    scratch
}

/// The offset after the end tag at `start`.
fn end_tag_end(raw: &[u8], start: usize) -> Option<usize> {
    memchr(b'>', &raw[start..]).map(|end| start + end + 1)
}
