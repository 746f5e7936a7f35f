//! References, and the decoding of text and values.

use super::Attribute;
use super::chars::{char_at, char_len, is_char, is_name_start, skip_name};
use crate::diagnostic::{Arg, Code, Span, codes};
use memchr::{memchr, memchr2, memchr3};

/// What a `&` begins.
pub(super) enum Reference {
    /// A character reference or one of the five entities: the character and the reference's length.
    Char(char, usize),
    /// A well-formed reference to an entity that XML itself does not have: its length.
    Entity(usize),
    /// Not a reference: what is wrong, and how many bytes to blame.
    Bad(Code, usize),
}

/// `[67] Reference ::= EntityRef | CharRef` at the start of `bytes`, which is a `&`.
pub(super) fn reference(bytes: &[u8]) -> Reference {
    if bytes.get(1) == Some(&b'#') {
        return char_reference(bytes);
    }
    // [68] EntityRef ::= '&' Name ';'
    let end = skip_name(bytes, 1);
    if end == 1 || bytes.get(end) != Some(&b';') {
        // What is meant to be an entity of XML lacks its semicolon; anything else is no reference at all.
        let meant = matches!(&bytes[1..end], b"amp" | b"lt" | b"gt" | b"quot" | b"apos");
        return Reference::Bad(codes::BARE_AMPERSAND, if meant { end } else { 1 });
    }
    // WFC: Entity Declared. Without a DTD there are the five of section 4.6.
    let character = match &bytes[1..end] {
        b"amp" => '&',
        b"lt" => '<',
        b"gt" => '>',
        b"quot" => '"',
        b"apos" => '\'',
        _ => return Reference::Entity(end + 1),
    };
    Reference::Char(character, end + 1)
}

/// `[66] CharRef ::= '&#' [0-9]+ ';' | '&#x' [0-9a-fA-F]+ ';'`
fn char_reference(bytes: &[u8]) -> Reference {
    let (radix, digits) = if bytes.get(2) == Some(&b'x') { (16, 3) } else { (10, 2) };
    let mut end = digits;
    let mut number: u32 = 0;
    while let Some(digit) = bytes.get(end).and_then(|byte| (*byte as char).to_digit(radix)) {
        number = number.saturating_mul(radix).saturating_add(digit);
        end += 1;
    }
    if bytes.get(end) != Some(&b';') {
        // `&#X41;` and `&#65 ` are blamed up to the end of what was meant to be the number.
        while bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
            end += 1;
        }
        if bytes.get(end) == Some(&b';') {
            end += 1;
        }
        return Reference::Bad(codes::BAD_CHARACTER_REFERENCE, end);
    }
    end += 1;
    // WFC: Legal Character
    match char::from_u32(number) {
        Some(character) if is_char(character) && end > digits + 1 => Reference::Char(character, end),
        _ => Reference::Bad(codes::BAD_CHARACTER_REFERENCE, end),
    }
}

/// The references of a piece of text or a value: calls `fault` for each that is wrong, with the code, its place and an argument. Unknown
/// entities come as `UNKNOWN_ENTITY`. Whether all were right.
#[cold]
pub(super) fn check_references(bytes: &[u8], offset: usize, mut fault: impl FnMut(Code, Span, Arg)) -> bool {
    let mut at = 0;
    let mut right = true;
    while let Some(found) = memchr(b'&', &bytes[at..]) {
        at += found;
        let (code, length) = match reference(&bytes[at..]) {
            Reference::Char(_, length) => {
                at += length;
                continue;
            }
            Reference::Entity(length) => (codes::UNKNOWN_ENTITY, length),
            Reference::Bad(code, length) => (code, length),
        };
        right = false;
        let next = char_at(bytes, at + 1).filter(|next| is_name_start(*next) || *next == '#');
        fault(code, Span::new(offset + at, offset + at + length), next.map_or(Arg::None, Arg::Char));
        at += length;
    }
    right
}

/// Text as a parser hands it on: references replaced, line ends turned into LF (2.11). Appended to `out`. What is not right stays as it is.
pub fn decode_text(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(found) = memchr2(b'&', b'\r', rest) {
        out.extend_from_slice(&rest[..found]);
        rest = &rest[found..];
        rest = if rest[0] == b'&' {
            decode_reference(rest, out)
        } else {
            out.push(b'\n');
            rest.strip_prefix(b"\r\n").unwrap_or(&rest[1..])
        };
    }
    out.extend_from_slice(rest);
}

/// Line ends alone (2.11), as a CDATA section wants it. Appended to `out`.
pub(super) fn decode_line_ends(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some(found) = memchr(b'\r', rest) {
        out.extend_from_slice(&rest[..found]);
        out.push(b'\n');
        rest = &rest[found..];
        rest = rest.strip_prefix(b"\r\n").unwrap_or(&rest[1..]);
    }
    out.extend_from_slice(rest);
}

/// A value as a parser hands it on: references replaced, white space turned into blanks (3.3.3, CDATA type). Appended to `out`.
pub fn decode_value(raw: &[u8], out: &mut Vec<u8>) {
    let mut rest = raw;
    loop {
        // The next byte of interest: a line end or tabulator in front of the next `&` comes first.
        let ampersand = memchr(b'&', rest).unwrap_or(rest.len());
        let mut plain = &rest[..ampersand];
        while let Some(found) = memchr3(b'\t', b'\n', b'\r', plain) {
            out.extend_from_slice(&plain[..found]);
            out.push(b' ');
            plain = &plain[found..];
            plain = plain.strip_prefix(b"\r\n").unwrap_or(&plain[1..]);
        }
        out.extend_from_slice(plain);
        if ampersand == rest.len() {
            return;
        }
        rest = decode_reference(&rest[ampersand..], out);
    }
}

/// Decodes the reference at the start of `bytes`; what follows it.
fn decode_reference<'b>(bytes: &'b [u8], out: &mut Vec<u8>) -> &'b [u8] {
    let length = match reference(bytes) {
        Reference::Char(character, length) => {
            out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            length
        }
        Reference::Entity(length) => {
            out.extend_from_slice(&bytes[..length]);
            length
        }
        Reference::Bad(..) => {
            out.push(b'&');
            1
        }
    };
    &bytes[length..]
}

/// The value of an attribute: borrowed from the text where nothing is to be decoded, else from `scratch`, which is overwritten.
#[inline]
pub fn value<'a>(text: &'a [u8], attribute: &Attribute, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let raw = attribute.value.of(text);
    if !attribute.needs_normalising {
        return raw;
    }
    scratch.clear();
    decode_value(raw, scratch);
    scratch
}

/// Whether a character is what `bytes` hold at `at`; helper for messages.
pub(super) fn char_span(bytes: &[u8], at: usize) -> Span {
    let length = bytes.get(at).map_or(0, |byte| char_len(*byte));
    Span::new(at, (at + length).min(bytes.len()))
}
