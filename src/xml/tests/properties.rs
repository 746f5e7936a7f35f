//! What holds of any bytes.

use super::{Seen, options, read};
use crate::diagnostic::{Finding, Span};
use crate::xml::{
    Document, content_start, content_text, decode_text, decode_value, end_tag_name, peek_attributes, peek_children,
    peek_text,
};
use proptest::prelude::*;

/// Pieces that documents and their faults are made of.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "<a>", "</a>", "<b c='d'>", "</b>", "<b/>", "<domain>", "</domain>", "<domain/>", "<", ">", "/>", "</", "'", "\"", "=", " ", "\n", "&", ";",
            "&amp;", "&#x41;", "&#", "]]>", "<!--", "-->", "--", "->", "<![CDATA[", "<?", "?>", "<?xml version='1.0'?>", "<?xml", "<!DOCTYPE a", "<!DOCTYPE",
            "[", "]", "<!", "xmlns:p='u'", "xmlns=''", "p:e", "<p:e>", "</p:e>", "\u{FEFF}", "\u{E4}", "\u{FFFE}", "\0", "\r", "\t", " f='g' ", " f=\"g", " f=g",
            "<a b='c", "<a b", "  <a>\n", "encoding='ISO-8859-1'",
        ]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => "[ -~]{0,6}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn check_span(text: &[u8], span: Span) {
    let text = std::str::from_utf8(text).unwrap();
    assert!(span.start <= span.end && span.end as usize <= text.len(), "{span:?} in {text:?}");
    assert!(
        text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize),
        "{span:?} in {text:?}"
    );
}

/// Reads any bytes and checks what must hold; the findings.
pub(super) fn check(bytes: &[u8]) -> Vec<Finding> {
    let options = options();
    let mut findings = Vec::new();
    let Some(document) = Document::open(bytes, &options.limits, &mut findings) else {
        assert!(!findings.is_empty());
        return findings;
    };
    let text = &*document.text;
    let mut depth = 0usize;
    let mut last = 0;
    for event in read(text, &options, &mut findings) {
        match event {
            Seen::Start(start, _) => {
                check_span(text, start.name_span);
                assert_eq!(start.name, start.name_span.of(text));
                assert!(start.tag_start >= last && start.content_start as usize <= text.len());
                last = start.tag_start;
                depth += 1;
                let from = start.content_start as usize;
                let mut scratch = Vec::new();
                let _ = peek_text(text, from, &mut scratch);
                let _ = content_text(&text[from..], &mut scratch);
                let _ = (content_start(text, start.tag_start as usize), end_tag_name(text, start.tag_start as usize));
                peek_children(text, from, |name| {
                    check_span(text, name);
                    true
                });
                peek_attributes(text, start.tag_start as usize, |name, value| {
                    check_span(text, name);
                    check_span(text, value);
                });
            }
            Seen::End(end) => {
                check_span(text, end.name);
                assert!(end.tag_start <= end.end && end.end as usize <= text.len());
                depth = depth.checked_sub(1).expect("an end without a start");
            }
            Seen::Text(piece) => {
                check_span(text, piece.span);
                assert!(depth > 0);
                let mut out = Vec::new();
                decode_text(piece.raw, &mut out);
                decode_value(piece.raw, &mut out);
                assert!(std::str::from_utf8(&out).is_ok());
                assert_eq!(piece.blank, piece.raw.trim_ascii().is_empty() && !piece.raw.contains(&0xC));
            }
            Seen::Boundary => assert_eq!(depth, 0),
        }
    }
    assert_eq!(depth, 0);
    for finding in &findings {
        check_span(text, finding.span);
        if let Some(related) = finding.related {
            check_span(text, related);
        }
    }
    findings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn soup_of_markup(bytes in soup()) {
        check(&bytes);
    }

    /// roxmltree is stricter in nothing: what it takes (and what has no DTD), is taken here too, unless a rule of ours has another name.
    #[test]
    fn what_another_parser_refuses_is_refused(bytes in soup()) {
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let errors = check(&bytes).iter().filter(|finding| finding.severity == crate::diagnostic::Severity::Error).count();
            if errors == 0 && !text.contains("<domain") && !text.contains("<!DOCTYPE") {
                prop_assert!(roxmltree::Document::parse(text).is_ok(), "{:?}: {:?}", text, roxmltree::Document::parse(text).err());
            }
        }
    }

    #[test]
    fn a_byte_order_mark_changes_nothing(bytes in soup()) {
        let declares = bytes.windows(8).any(|window| window == b"encoding") || bytes.starts_with(b"\xEF\xBB\xBF");
        // Bytes that are UTF-16 without a mark are not with one.
        if let (Ok(_), false) = (std::str::from_utf8(&bytes), declares || bytes.contains(&0)) {
            let plain = check(&bytes);
            let marked = check(&[&b"\xEF\xBB\xBF"[..], &bytes].concat());
            let shift = |span: Span| Span::new(span.start as usize + 3, span.end as usize + 3);
            let expected: Vec<_> = plain.iter().map(|f| (f.code, shift(f.span), f.related.map(shift))).collect();
            prop_assert_eq!(marked.iter().map(|f| (f.code, f.span, f.related)).collect::<Vec<_>>(), expected);
        }
    }
}
