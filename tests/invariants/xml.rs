//! What holds of the XML layer's events and findings, whatever the bytes.

use virdict::diagnostic::{Finding, Severity, Span};
use virdict::xml::{
    Document, Event, Limits, Options, Reader, TagId, Workspace, content_start, content_text, decode_text, decode_value,
    end_tag_name, peek_attributes, peek_children, peek_text,
};

/// What the documents are read with.
fn options() -> Options {
    let namespaces = &[("qemu", "http://libvirt.org/schemas/domain/qemu/1.0"), ("b", "urn:b")];
    Options { namespaces, is_document_root: |name| name == b"domain", limits: Limits::default() }
}

#[track_caller]
fn check_span(text: &[u8], span: Span) {
    let text = std::str::from_utf8(text).unwrap();
    assert!(span.start <= span.end && span.end as usize <= text.len(), "{span:?} in {text:?}");
    assert!(
        text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize),
        "{span:?} in {text:?}"
    );
}

/// Reads one piece of the document after another, as a consumer would; with the second reading, if one is wanted.
fn events<'d>(
    text: &'d [u8],
    workspace: &mut Workspace,
    options: &Options,
    findings: &mut Vec<Finding>,
) -> Vec<Event<'d>> {
    let before = findings.len();
    let mut reader = Reader::new(text, workspace, options);
    let mut events = drain(&mut reader, findings);
    if reader.wants_second_reading() {
        // A consumer trusts in the first reading as much as in the second.
        check_events(text, &events);
        findings.truncate(before);
        events = drain(&mut Reader::again(text, workspace, options), findings);
    }
    events
}

fn drain<'d>(reader: &mut Reader<'d, '_, '_>, findings: &mut Vec<Finding>) -> Vec<Event<'d>> {
    let mut events = Vec::new();
    loop {
        let event = reader.next(findings);
        match event {
            Event::Eof => return events,
            Event::Start(start) => check_attributes(reader, &start),
            _ => {}
        }
        events.push(event);
    }
}

/// Attributes stand in their tag, one behind the other.
fn check_attributes(reader: &mut Reader<'_, '_, '_>, start: &virdict::xml::Start<'_>) {
    let mut last = start.name_span.end;
    for attribute in reader.attributes() {
        assert!(attribute.name.start >= last && attribute.value.start >= attribute.name.end, "{attribute:?}");
        assert!(attribute.value.end <= start.content_start, "{attribute:?} ends behind its tag");
        last = attribute.value.end;
    }
}

/// Elements are balanced, and everything lies where it should.
fn check_events(text: &[u8], events: &[Event<'_>]) {
    let mut depth = 0usize;
    let mut last = 0;
    for event in events {
        match event {
            Event::Start(start) => {
                check_span(text, start.name_span);
                assert_eq!(start.name, start.name_span.of(text));
                assert!(start.name.ends_with(start.local));
                assert!(start.tag_start >= last && start.content_start as usize <= text.len());
                last = start.tag_start;
                depth += 1;
                check_peeks(text, start.tag_start, start.content_start);
            }
            Event::End(end) => {
                check_span(text, end.name);
                assert!(end.tag_start <= end.end && end.end as usize <= text.len());
                depth = depth.checked_sub(1).expect("an end without a start");
            }
            Event::Text(piece) => {
                check_span(text, piece.span);
                assert_eq!(piece.raw, piece.span.of(text));
                assert!(depth > 0);
                let mut out = Vec::new();
                decode_text(piece.raw, &mut out);
                decode_value(piece.raw, &mut out);
                assert!(std::str::from_utf8(&out).is_ok());
                assert_eq!(piece.blank, piece.raw.trim_ascii().is_empty() && !piece.raw.contains(&0xC));
            }
            Event::EndOfDocument => assert_eq!(depth, 0),
            Event::Eof => unreachable!("it is not kept"),
        }
    }
    assert_eq!(depth, 0);
}

/// Looking at a part of the document again is possible from every start tag.
fn check_peeks(text: &[u8], tag_start: u32, content: u32) {
    let from = content as usize;
    let mut scratch = Vec::new();
    let _ = peek_text(text, from, &mut scratch);
    let _ = content_text(&text[from..], &mut scratch);
    let _ = (content_start(text, tag_start as usize), end_tag_name(text, tag_start as usize));
    peek_children(text, from, |name| {
        check_span(text, name);
        true
    });
    peek_attributes(text, tag_start as usize, |name, value| {
        check_span(text, name);
        check_span(text, value);
    });
}

/// Reads any bytes and asserts what must hold; the findings.
pub fn check(bytes: &[u8]) -> Vec<Finding> {
    check_with(bytes, &mut Workspace::default())
}

/// Reads any bytes with a workspace that may have been used before, and asserts what must hold; the findings.
pub fn check_with(bytes: &[u8], workspace: &mut Workspace) -> Vec<Finding> {
    let options = options();
    let mut findings = Vec::new();
    let Some(document) = Document::open(bytes, &options.limits, &mut findings) else {
        assert!(!findings.is_empty());
        return findings;
    };
    let text = &*document.text;
    let events = events(text, workspace, &options, &mut findings);
    check_events(text, &events);
    for finding in &findings {
        check_span(text, finding.span);
        if let Some(related) = finding.related {
            check_span(text, related);
        }
    }
    findings
}

/// Whether roxmltree refuses a document that has no error here. It checks less than we do in much and more in nothing, but for the
/// declarations in a DTD and for several documents in one file.
pub fn refused_by_another_parser(bytes: &[u8], findings: &[Finding]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    if findings.iter().any(|finding| finding.severity == Severity::Error)
        || text.contains("<domain")
        || text.contains("<!DOCTYPE")
    {
        return None;
    }
    roxmltree::Document::parse(text).err().map(|error| error.to_string())
}

/// The bytes with a byte order mark, and the findings that they must have with it. `None` where a mark changes what the bytes mean.
pub fn marked(bytes: &[u8], findings: &[Finding]) -> Option<(Vec<u8>, Vec<Finding>)> {
    let declares = bytes.windows(8).any(|window| window == b"encoding") || bytes.starts_with(b"\xEF\xBB\xBF");
    // Bytes that are UTF-16 without a mark are not with one.
    if declares || bytes.contains(&0) || std::str::from_utf8(bytes).is_err() {
        return None;
    }
    let shift = |span: Span| Span::new(span.start as usize + 3, span.end as usize + 3);
    let mut shifted = findings.to_vec();
    for finding in &mut shifted {
        finding.span = shift(finding.span);
        finding.related = finding.related.map(shift);
    }
    Some(([&b"\xEF\xBB\xBF"[..], bytes].concat(), shifted))
}

/// What a consumer sees of a document: each event, with the attributes of each element.
fn seen(bytes: &[u8], workspace: &mut Workspace) -> Vec<String> {
    let (options, mut findings, mut seen) = (options(), Vec::new(), Vec::new());
    let Some(document) = Document::open(bytes, &options.limits, &mut findings) else { return seen };
    let mut reader = Reader::new(&document.text, workspace, &options);
    loop {
        let event = reader.next(&mut findings);
        seen.push(match event {
            Event::Eof => return seen,
            // The number of a tag is nobody's but the workspace's.
            Event::Start(start) => {
                format!("{:?} {:?}", virdict::xml::Start { id: TagId::NONE, ..start }, reader.attributes())
            }
            other => format!("{other:?}"),
        });
    }
}

/// Asserts what must hold of any bytes, their verdict beside that of another parser, and that a mark changes nothing. `workspace` is one
/// that was used before, and it may keep start tags.
pub fn check_everything(bytes: &[u8], workspace: &mut Workspace) {
    let findings = check_with(bytes, workspace);
    let fresh = check(bytes);
    assert_eq!(findings, fresh, "a workspace that was used before finds something else");
    assert_eq!(
        seen(bytes, workspace),
        seen(bytes, &mut Workspace::default()),
        "a workspace that was used before hands out something else"
    );
    if let Some(error) = refused_by_another_parser(bytes, &findings) {
        panic!("another parser says: {error}, and here nothing is wrong");
    }
    if let Some((marked, expected)) = marked(bytes, &findings) {
        let found = check_with(&marked, workspace);
        let places = |findings: &[Finding]| -> Vec<_> {
            findings.iter().map(|finding| (finding.code, finding.span, finding.related)).collect()
        };
        assert_eq!(places(&found), places(&expected), "a byte order mark changes what is found");
    }
}
