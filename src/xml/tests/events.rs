//! What a consumer gets.

use super::{Seen, expect, findings, options, read};
use crate::diagnostic::Span;
use crate::xml::{
    Attribute, Event, Options, Reader, TextKind, Workspace, content_start, content_text, decode_text, decode_value,
    end_tag_name, peek_attributes, peek_children, peek_text, value,
};

/// Events as one line of text.
fn line(text: &str) -> String {
    let mut line = String::new();
    for event in read(text.as_bytes(), &options(), &mut Vec::new()) {
        match event {
            Seen::Start(start, _) => line += &format!("<{}", String::from_utf8_lossy(start.local)),
            Seen::End(end) => line += if end.broken { "!>" } else { ">" },
            Seen::Text(text) if text.blank => line += "_",
            Seen::Text(text) if text.kind == TextKind::Cdata => {
                line += &format!("[{}]", String::from_utf8_lossy(text.raw))
            }
            Seen::Text(text) => line += &format!("({})", String::from_utf8_lossy(text.raw)),
            Seen::Boundary => line += " | ",
        }
    }
    line
}

#[test]
fn events() {
    assert_eq!(line("<?xml version='1.0'?>\n<a> <b/>x<!-- y -->z<![CDATA[&]]>\n</a>\n"), "<a<b>(x)(z)[&]>");
    assert_eq!(line("<a><b><c></b></a>"), "<a<b<c!>>>");
    assert_eq!(line("<a/><b><c/>x</b>"), "<a>");
    assert_eq!(line("<a><b"), "<a!>");
    assert_eq!(line("x"), "");
}

#[test]
fn streams() {
    let second = "<?xml version='1.0'?>\n<!DOCTYPE domain>\n<domain><a/></domain>";
    assert_eq!(line(&format!("<domain/>\n{second}\n<!-- x -->\n{second}")), "<domain> | <domain<a>> | <domain<a>>");
    expect(b"<domain/><domain x='1'/>\n<?xml version='1.0'?><domain>&b;</domain>", &[("unknown-entity", "&b;")]);
    expect(b"<domain/>x<domain/>y", &[("text-outside-root", "x"), ("text-outside-root", "y")]);
    expect(b"<domain/><?xml version='1.0'?><a/>", &[("second-root", "a")]);
    expect(b"<domain/><p:domain xmlns:p='urn:x'/>", &[("second-root", "p:domain")]);
    // A root in a stream that is self-closing has its attributes.
    let mut workspace = Workspace::default();
    let options = options();
    let mut reader = Reader::new(b"<domain/><domain a='1' b='2'/>", &mut workspace, &options);
    let mut starts = Vec::new();
    loop {
        match reader.next(&mut Vec::new()) {
            Event::Start(_) => starts.push(reader.attributes().len()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(starts, [0, 2]);
}

#[test]
fn places() {
    let text = b"\n<a:b  c = 'd' >x</a:b >";
    let mut findings = Vec::new();
    let mut workspace = Workspace::default();
    let options = options();
    let mut reader = Reader::new(text, &mut workspace, &options);
    let Event::Start(start) = reader.next(&mut findings) else { panic!() };
    assert_eq!((start.tag_start, start.name_span, start.content_start), (1, Span::new(2, 5), 16));
    assert_eq!((start.name, start.local, start.unbound), (&b"a:b"[..], &b"b"[..], true));
    let attribute = reader.attributes()[0];
    assert_eq!((attribute.name.of(text), attribute.value.of(text)), (&b"c"[..], &b"d"[..]));
    let Event::Text(piece) = reader.next(&mut findings) else { panic!() };
    assert_eq!((piece.span, piece.raw), (Span::new(16, 17), &b"x"[..]));
    let Event::End(end) = reader.next(&mut findings) else { panic!() };
    assert_eq!((end.tag_start, end.end, end.name), (17, 24, start.name_span));
    assert!(matches!(reader.next(&mut findings), Event::Eof));
    assert!(matches!(reader.next(&mut findings), Event::Eof));
}

#[test]
fn declarations_are_apart() {
    let mut workspace = Workspace::default();
    let options = options();
    let mut reader =
        Reader::new(b"<a xmlns='urn:x' b='1' xmlns:p='urn:b' xmlnsx='2' p:c='3'/>", &mut workspace, &options);
    let _ = reader.next(&mut Vec::new());
    assert_eq!(reader.attributes().len(), 3);
    assert_eq!(reader.namespace_declarations().len(), 2);
    let prefixed = reader.attributes()[2];
    assert_eq!(reader.attribute_namespace(&prefixed), crate::xml::Namespace::Known(1));
    assert!(prefixed.prefixed);
}

#[test]
fn decoding() {
    let decoded = |decode: fn(&[u8], &mut Vec<u8>), raw: &str| {
        let mut out = Vec::new();
        decode(raw.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(decoded(decode_text, "a&amp;b\r\nc\rd\n&#xE9;&#13;&lt;"), "a&b\nc\nd\n\u{E9}\r<");
    assert_eq!(decoded(decode_text, "&x;&&#0;&"), "&x;&&#0;&");
    assert_eq!(decoded(decode_value, "a\tb\r\nc\n&#10;&quot;\r"), "a b c \n\" ");
    assert_eq!(decoded(decode_value, ""), "");
    let text = b"<a b='x&amp;y'/>";
    let attribute = Attribute {
        name: Span::new(3, 4),
        value: Span::new(6, 13),
        prefixed: false,
        needs_normalising: true,
        damaged: false,
    };
    assert_eq!(value(text, &attribute, &mut Vec::new()), b"x&y");
}

#[test]
fn peeking() {
    let text = b"<a b='1' c = \"2>\"> x<!-- <n/> -->&amp;<d><n/></d><e/><![CDATA[<n>]]><f></f></a>";
    let content = content_start(text, 0).unwrap();
    let mut scratch = Vec::new();
    assert_eq!(peek_text(text, content, &mut scratch), b" x&");
    let mut names = Vec::new();
    peek_children(text, content, |name| {
        names.push(name.of(text)[0]);
        true
    });
    assert_eq!(names, b"def");
    let mut attributes = Vec::new();
    peek_attributes(text, 0, |name, value| attributes.push((name.of(text), value.of(text))));
    assert_eq!(attributes, [(&b"b"[..], &b"1"[..]), (b"c", b"2>")]);
    assert_eq!(end_tag_name(text, 0).unwrap().unwrap().of(text), b"a");
    assert_eq!(end_tag_name(b"<a/>", 0), Some(None));
    assert_eq!(end_tag_name(b"<a><b></b>", 0), None);
    assert_eq!(content_start(b"<a/>", 0), None);
    assert_eq!(content_text(b"a<b>c</b><![CDATA[&]]>\r\n<?x?>", &mut scratch), b"ac&\n");
    assert_eq!(content_text(b"plain", &mut scratch), b"plain");
}

#[test]
fn limits() {
    let mut options = options();
    let count = |text: &str, options: &Options| {
        let mut findings = Vec::new();
        read(text.as_bytes(), options, &mut findings);
        findings.iter().map(super::name_of).collect::<Vec<_>>()
    };
    let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
    assert_eq!(count(&nested(256), &options), [""; 0]);
    assert_eq!(count(&nested(257), &options), ["too-deep?"]);
    assert_eq!(count(&nested(2048), &options), ["too-deep?"]);
    assert_eq!(count(&nested(2049), &options), ["too-deep?", "too-deep"]);
    options.limits.max_depth = 3;
    assert_eq!(count(&nested(3), &options), [""; 0]);
    assert_eq!(count(&nested(9), &options), ["too-deep"]);
    options.limits.max_attributes = 2;
    assert_eq!(count("<a b='' c=''/>", &options), [""; 0]);
    let many: String = (0..20).map(|number| format!(" a{number}=''")).collect();
    assert_eq!(count(&format!("<a{many}><b/></a>"), &options), ["too-many-attributes"]);
    assert_eq!(count("<a b='' c='' d=''/>", &options), ["too-many-attributes"]);
    assert!(count("<a b='' c=''/>", &options).is_empty());
    options.limits.max_findings = 5;
    assert_eq!(count(&format!("<a>{}</a>", "&".repeat(50)), &options).len(), 6);
    options.limits.max_size = 10;
    let mut found = Vec::new();
    assert!(crate::xml::Document::open(b"<a></a><!-- -->", &options.limits, &mut found).is_none());
    assert_eq!(super::name_of(&found[0]), "too-large");
    assert!(findings(b"<a></a>").0.is_empty());
}
