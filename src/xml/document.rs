//! What the bytes of a file say as text: encodings and byte order marks.

use super::Limits;
use super::chars::{skip_name, skip_space};
use crate::diagnostic::{Arg, Finding, Severity, Span, codes};
use encoding_rs::Encoding;
use memchr::memchr;
use std::borrow::Cow;

/// The byte order mark of UTF-8.
pub(crate) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// How far into the file an encoding declaration is looked for.
const DECLARATION: usize = 1024;

/// A document's text.
#[derive(Clone, Debug)]
pub struct Document<'b> {
    /// The text in UTF-8, a byte order mark included. All spans refer to it.
    pub text: Cow<'b, [u8]>,
    /// Each character of the text was one byte of the file, so that an offset in the file is a number of characters of the text.
    pub single_byte: bool,
}

/// What the declared encoding is, to us.
enum Declared {
    Utf8,
    Ascii,
    /// Two or four bytes a character.
    Wide,
    SingleByte(&'static Encoding),
    Unknown,
}

impl<'b> Document<'b> {
    /// The text of a file. `None` if it cannot be read as text, which is reported; text is borrowed unless it has to be decoded.
    pub fn open(bytes: &'b [u8], limits: &Limits, findings: &mut Vec<Finding>) -> Option<Self> {
        let limit = limits.max_size.min(u32::MAX as usize - 1);
        let error = |code, span| Finding::new(code, Severity::Error, span);
        if bytes.len() > limit {
            let args = [Arg::Number(limit as i64), Arg::Number(bytes.len() as i64), Arg::None];
            findings.push(error(codes::TOO_LARGE, Span::at(0)).args(args));
            return None;
        }
        if let Some(name) = wide(bytes) {
            findings.push(error(codes::UNSUPPORTED_ENCODING, Span::at(0)).args([
                Arg::Word(name),
                Arg::None,
                Arg::None,
            ]));
            return None;
        }
        let declared = declared_encoding(bytes);
        let kind = declared.map_or(Declared::Utf8, |span| classify(span.of(bytes)));
        let place = declared.unwrap_or_default();
        if bytes.starts_with(BOM) {
            // The mark decides; libxml2 does not look at the declaration then.
            if !matches!(kind, Declared::Utf8 | Declared::Ascii) {
                findings.push(Finding::new(codes::CONTRADICTING_ENCODING, Severity::Warning, place));
            }
            return Some(Document { text: utf8(bytes, findings), single_byte: false });
        }
        match kind {
            Declared::Utf8 => Some(Document { text: utf8(bytes, findings), single_byte: false }),
            // A name that is itself no text, or stands behind what is none, names nothing that could be shown.
            Declared::Unknown if std::str::from_utf8(&bytes[..place.end as usize]).is_err() => {
                Some(Document { text: utf8(bytes, findings), single_byte: false })
            }
            Declared::Ascii => {
                if bytes.is_ascii() {
                    return Some(Document { text: Cow::Borrowed(bytes), single_byte: false });
                }
                let at = bytes.iter().position(|byte| *byte > 0x7F).unwrap_or(0);
                let length = super::chars::char_len(bytes[at]).min(bytes.len() - at);
                let whole = std::str::from_utf8(&bytes[at..at + length]).is_ok();
                findings.push(error(codes::CONTRADICTING_ENCODING, Span::new(at, at + if whole { length } else { 1 })));
                Some(Document { text: utf8(bytes, &mut Vec::new()), single_byte: false })
            }
            Declared::Wide => {
                // The declaration could be read, so it is wrong.
                findings.push(error(codes::CONTRADICTING_ENCODING, place));
                Some(Document { text: utf8(bytes, &mut Vec::new()), single_byte: false })
            }
            Declared::SingleByte(encoding) => Some(single_byte(bytes, encoding, place, findings)),
            Declared::Unknown => {
                findings.push(error(codes::UNSUPPORTED_ENCODING, place));
                None
            }
        }
    }

    /// What there is to show of a file that [`Document::open`] refused: its first bytes, as far as they are text.
    pub fn unreadable(bytes: &'b [u8]) -> Self {
        let head = &bytes[..bytes.len().min(1 << 16)];
        let valid = match std::str::from_utf8(head) {
            Ok(_) => head.len(),
            Err(error) => error.valid_up_to(),
        };
        Document { text: Cow::Borrowed(&head[..valid]), single_byte: false }
    }
}

/// Bytes that are meant to be UTF-8. What is not is reported once, and replaced byte for byte, so that offsets stay as they are.
fn utf8<'b>(bytes: &'b [u8], findings: &mut Vec<Finding>) -> Cow<'b, [u8]> {
    if simdutf8::basic::from_utf8(bytes).is_ok() {
        return Cow::Borrowed(bytes);
    }
    let mut text = bytes.to_vec();
    let mut at = 0;
    let mut first = None;
    let mut count = 0;
    while let Err(error) = simdutf8::compat::from_utf8(&bytes[at..]) {
        let start = at + error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - start);
        first.get_or_insert(Span::new(start, start + length));
        count += 1;
        text[start..start + length].fill(b'_');
        at = start + length;
    }
    if let Some(span) = first {
        let byte = i64::from(bytes[span.start as usize]);
        let finding = Finding::new(codes::INVALID_UTF8, Severity::Error, span);
        findings.push(finding.args([Arg::Number(byte), Arg::Number(count), Arg::None]));
    }
    Cow::Owned(text)
}

/// Bytes of an encoding with one byte a character.
fn single_byte<'b>(
    bytes: &'b [u8],
    encoding: &'static Encoding,
    declared: Span,
    findings: &mut Vec<Finding>,
) -> Document<'b> {
    if bytes.is_ascii() {
        return Document { text: Cow::Borrowed(bytes), single_byte: false };
    }
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let mut text = text.into_owned();
    let name = declared.of(bytes);
    let iso = name
        .get(..3)
        .is_some_and(|start| !start.eq_ignore_ascii_case(b"win") && !start[..2].eq_ignore_ascii_case(b"cp"));
    // Where an ISO-8859 set has control characters, the Windows set that encoding_rs has under its name has others. None of them may stand
    // in a name, and neither matters elsewhere; but bytes that the Windows set does not have are no characters of it.
    let wrong =
        text.chars().position(|c| c == char::REPLACEMENT_CHARACTER || (!iso && matches!(c, '\u{80}'..='\u{9F}')));
    if let Some(position) = wrong {
        let (start, character) = text.char_indices().nth(position).unwrap_or((0, ' '));
        let span = Span::new(start, start + character.len_utf8());
        findings.push(Finding::new(codes::CONTRADICTING_ENCODING, Severity::Error, span));
    }
    if iso {
        // U+0192 and its like would be letters.
        let windows =
            ['\u{152}', '\u{153}', '\u{160}', '\u{161}', '\u{178}', '\u{17D}', '\u{17E}', '\u{192}', '\u{2C6}'];
        if encoding == encoding_rs::WINDOWS_1252 && text.contains(windows) {
            text = bytes.iter().map(|byte| *byte as char).collect();
        }
    }
    Document { text: Cow::Owned(text.into_bytes()), single_byte: true }
}

/// The name of an encoding with more than one byte a character, or of no relation to ASCII, if the first bytes show one (appendix F).
fn wide(bytes: &[u8]) -> Option<&'static &'static str> {
    match bytes {
        [0, 0, 0xFE, 0xFF, ..] | [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0, b'<', ..] | [b'<', 0, 0, 0, ..] => Some(&"UTF-32"),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'<', ..] | [b'<', 0, ..] => Some(&"UTF-16"),
        [0x4C, 0x6F, 0xA7, 0x94, ..] => Some(&"EBCDIC"),
        _ => None,
    }
}

/// Where the XML declaration names an encoding, if it does. `[80] EncodingDecl ::= S 'encoding' Eq ('"' EncName '"' | "'" EncName "'")`
fn declared_encoding(bytes: &[u8]) -> Option<Span> {
    let start = if bytes.starts_with(BOM) { BOM.len() } else { 0 };
    let head = &bytes[..bytes.len().min(start + DECLARATION)];
    if !head[start..].starts_with(b"<?xml") {
        return None;
    }
    let head = &head[..memchr(b'>', head)?];
    let mut at = start + 5;
    loop {
        let name = skip_space(head, at);
        let end = skip_name(head, name);
        let equals = skip_space(head, end);
        if end == name || head.get(equals) != Some(&b'=') {
            return None;
        }
        let open = skip_space(head, equals + 1);
        let quote = head.get(open).copied().filter(|quote| matches!(quote, b'"' | b'\''))?;
        let close = open + 1 + memchr(quote, &head[open + 1..])?;
        if &head[name..end] == b"encoding" {
            return Some(Span::new(open + 1, close));
        }
        at = close + 1;
    }
}

/// What a declared name stands for.
fn classify(name: &[u8]) -> Declared {
    let is = |word: &[u8]| name.eq_ignore_ascii_case(word);
    let starts = |word: &[u8]| name.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    let wide: [&[u8]; 6] = [b"utf-16", b"utf16", b"utf-32", b"ucs-", b"ucs2", b"iso-10646-ucs"];
    if is(b"utf-8") || is(b"utf8") {
        return Declared::Utf8;
    }
    if is(b"us-ascii") || is(b"ascii") {
        return Declared::Ascii;
    }
    // A name that is none is for the declaration's own check to tell.
    if !name.first().is_some_and(u8::is_ascii_alphabetic) {
        return Declared::Utf8;
    }
    if wide.iter().any(|wide| starts(wide)) {
        return Declared::Wide;
    }
    let families: [&[u8]; 6] = [b"iso-8859-", b"iso8859-", b"iso_8859-", b"latin", b"windows-125", b"cp125"];
    let known = families.iter().any(|family| starts(family));
    // The label is looked up whatever its case.
    match Encoding::for_label(name).filter(|encoding| known && encoding.is_single_byte()) {
        Some(encoding) => Declared::SingleByte(encoding),
        None => Declared::Unknown,
    }
}
