//! Encodings and byte order marks.

use super::{expect, findings};
use crate::diagnostic::Span;
use crate::xml::{Document, Limits};
use std::borrow::Cow;

#[test]
fn utf8_is_borrowed() {
    let mut findings = Vec::new();
    for bytes in ["<a>\u{E4}</a>".as_bytes(), b"<?xml version='1.0' encoding='UTF-8'?><a/>", b"\xEF\xBB\xBF<a/>"] {
        let document = Document::open(bytes, &Limits::default(), &mut findings).unwrap();
        assert!(matches!(document.text, Cow::Borrowed(text) if text == bytes));
        assert!(!document.single_byte);
    }
    assert_eq!(findings, []);
}

#[test]
fn invalid_utf8_is_told_once_and_the_rest_is_read() {
    let (findings, text) = findings(b"<a>\xE4\xF6<b c=d/></a>");
    assert_eq!(findings.iter().map(super::name_of).collect::<Vec<_>>(), ["invalid-utf8", "unquoted-value"]);
    assert_eq!(findings[0].span, Span::new(3, 4));
    assert_eq!(text, b"<a>__<b c=d/></a>");
    // Surrogates, overlong forms, and a character cut short.
    for bytes in [&b"<a>\xED\xA0\x80</a>"[..], b"<a>\xC0\xAF</a>", b"<a>\xF8</a>", b"<a b='\xC3'/>"] {
        let (findings, _) = super::findings(bytes);
        assert_eq!(findings.len(), 1);
    }
    expect(b"<?xml version='1.0' encoding='utf-8'?><a>\xE4</a>", &[("invalid-utf8", "_")]);
}

#[test]
fn single_bytes_are_decoded() {
    for (encoding, byte, text) in [
        ("ISO-8859-1", 0xE4, "\u{E4}"),
        ("latin1", 0xA4, "\u{A4}"),
        ("iso-8859-15", 0xA4, "\u{20AC}"),
        ("ISO-8859-5", 0xD0, "\u{430}"),
        ("windows-1252", 0x80, "\u{20AC}"),
        ("Windows-1251", 0xC0, "\u{410}"),
        ("cp1250", 0x9C, "\u{15B}"),
    ] {
        let mut bytes = format!("<?xml version='1.0' encoding='{encoding}'?><a b='x'>").into_bytes();
        let at = bytes.len();
        bytes.extend([byte]);
        bytes.extend(b"</a>");
        let mut findings = Vec::new();
        let document = Document::open(&bytes, &Limits::default(), &mut findings).unwrap();
        assert_eq!(findings, []);
        assert!(document.single_byte);
        assert_eq!(&document.text[at..at + text.len()], text.as_bytes(), "{encoding}");
        assert_eq!(std::str::from_utf8(&document.text).unwrap().chars().count(), bytes.len());
    }
    // Names in them are names, and control characters of Latin-1 are none of Windows' letters.
    expect(b"<?xml version='1.0' encoding='ISO-8859-1'?><\xE4/>", &[]);
    expect(b"<?xml version='1.0' encoding='ISO-8859-1'?><a\x83/>", &[("bad-name", "a\u{83}")]);
}

#[test]
fn bytes_that_an_encoding_does_not_have() {
    expect(b"<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>", &[("contradicting-encoding", "\u{81}")]);
    expect(b"<?xml version='1.0' encoding='ISO-8859-3'?><a>\xA5</a>", &[("contradicting-encoding", "\u{FFFD}")]);
    expect(b"<?xml version='1.0' encoding='US-ASCII'?><a>\xC3\xA4</a>", &[("contradicting-encoding", "\u{E4}")]);
    expect(b"<?xml version='1.0' encoding='ascii'?><a>\xE4</a>", &[("contradicting-encoding", "_")]);
    expect(b"<?xml version='1.0' encoding='ascii'?><a/>", &[]);
}

#[test]
fn declarations_that_contradict_the_bytes() {
    expect(b"<?xml version='1.0' encoding='UTF-16'?><a/>", &[("contradicting-encoding", "UTF-16")]);
    expect(b"<?xml version='1.0' encoding='UCS-4'?><a/>", &[("contradicting-encoding", "UCS-4")]);
    // libxml2 believes the mark and does not look at the declaration.
    expect(
        b"\xEF\xBB\xBF<?xml version='1.0' encoding='ISO-8859-1'?><a/>",
        &[("contradicting-encoding?", "ISO-8859-1")],
    );
    expect(b"\xEF\xBB\xBF<?xml version='1.0' encoding='UTF-8'?><a/>", &[]);
}

#[test]
fn what_libvirt_cannot_read() {
    for bytes in [
        &b"\xFE\xFF\0<\0a"[..],
        b"\xFF\xFE<\0a\0",
        b"<\0a\0/\0>\0",
        b"\0<\0a",
        b"\0\0\0<",
        b"\xFF\xFE\0\0<\0\0\0",
        b"\x4C\x6F\xA7\x94",
    ] {
        let (findings, _) = findings(bytes);
        assert_eq!(findings.iter().map(super::name_of).collect::<Vec<_>>(), ["unsupported-encoding"]);
    }
    for name in ["Shift_JIS", "UTF-7", "foo", "KOI8-R", "GB18030", "ISO-8859-12", "EUC-JP"] {
        let document = format!("<?xml version='1.0' encoding='{name}'?><a/>");
        expect(document.as_bytes(), &[("unsupported-encoding", name)]);
    }
}

#[test]
fn a_byte_order_mark_shifts_spans() {
    let (with, _) = findings("\u{FEFF}<a b=c>&x;</a><d/>".as_bytes());
    let (without, _) = findings(b"<a b=c>&x;</a><d/>");
    let shifted: Vec<_> =
        without.iter().map(|f| (f.code, Span::new(f.span.start as usize + 3, f.span.end as usize + 3))).collect();
    assert_eq!(with.iter().map(|f| (f.code, f.span)).collect::<Vec<_>>(), shifted);
}

/// Found by fuzzing: the name of the encoding was told at a place that the text did not have.
#[test]
fn a_declaration_that_is_no_text_names_no_encoding() {
    expect(b"<?xml version='1.0' encoding='IS\xB3O'?><a/>", &[("invalid-utf8", "_")]);
    expect(b"<?xml version='\xFF' encoding='unheard'?><a/>", &[("invalid-utf8", "_"), ("malformed-declaration", "_")]);
}
