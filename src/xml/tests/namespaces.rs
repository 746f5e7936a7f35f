//! Namespaces in XML 1.0.

use super::{Seen, expect, expect_related, options, read};
use crate::xml::Namespace;

#[test]
fn good_bindings() {
    for document in [
        "<a xmlns='urn:x'><b xmlns=''/></a>",
        "<p:a xmlns:p='urn:x' p:b='1'/>",
        "<a xmlns:p='foo'/>",
        "<xml:a/>",
        "<a xml:lang='de' xml:space='preserve'/>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:p='urn:x' xmlns:q='urn:y' p:b='1' q:b='2' b='3'/>",
        "<p:a xmlns:p='urn:x&amp;y'><p:b xmlns:p='urn:z'/><p:c/></p:a>",
    ] {
        expect(document.as_bytes(), &[]);
    }
}

#[test]
fn unbound_prefixes() {
    expect(b"<p:a/>", &[("unbound-prefix", "p")]);
    expect(b"<a p:b='1'/>", &[("unbound-prefix", "p")]);
    expect(b"<xmlns:a/>", &[("unbound-prefix", "xmlns")]);
    expect(b"<a><b xmlns:p='urn:x'/><p:c/></a>", &[("unbound-prefix", "p")]);
    // Each prefix once, not each use.
    expect(b"<a><p:b p:c='1'><p:d/></p:b><q:e/></a>", &[("unbound-prefix", "p"), ("unbound-prefix", "q")]);
}

#[test]
fn bad_bindings() {
    for (document, span) in [
        ("<a xmlns:p=''><p:b/></a>", "xmlns:p"),
        ("<a xmlns:xml='urn:x'/>", "urn:x"),
        ("<a xmlns:xmlns='urn:x'/>", "xmlns:xmlns"),
        ("<a xmlns='http://www.w3.org/XML/1998/namespace'/>", "http://www.w3.org/XML/1998/namespace"),
        ("<a xmlns='http://www.w3.org/2000/xmlns/'/>", "http://www.w3.org/2000/xmlns/"),
        ("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>", "http://www.w3.org/XML/1998/namespace"),
        ("<a xmlns:p='http://www.w3.org/2000/xmlns/'/>", "http://www.w3.org/2000/xmlns/"),
    ] {
        expect(document.as_bytes(), &[("bad-namespace-binding", span)]);
    }
}

#[test]
fn names_of_namespaces_are_uris() {
    let good = [
        "a+b:c",
        "a/b:c",
        "?a:b",
        "http://[::1]/x",
        "http://a:80/",
        "//x",
        "http://u@h/",
        "a'b",
        "%41",
        "http:///x",
        "a?b?c",
        "a#[b]",
        "mailto:x@y",
        "x:",
        "urn:a:b",
    ];
    for uri in good {
        expect(format!("<a xmlns:p=\"{uri}\"/>").as_bytes(), &[]);
    }
    let bad = [
        "urn:\u{E4}",
        "[x",
        ":v",
        "1a:b",
        "a_b:c",
        "#a#b",
        "a[b]",
        "http://a:b/",
        "http://a:99999999999/",
        "http://u@h@g/",
        "a b",
        "%zz",
        "a|b",
        "a?[b]",
        "a\\b",
        "a^b",
        "http://x:/",
        "http://a[b/",
        "http://x/[y]",
    ];
    for uri in bad {
        expect(format!("<a xmlns:p=\"{uri}\"/>").as_bytes(), &[("bad-namespace-binding?", uri)]);
    }
}

#[test]
fn qualified_names() {
    for (document, span) in [
        ("<a:/>", "a:"),
        ("<:a/>", ":a"),
        ("<a:b:c xmlns:a='urn:x'/>", "a:b:c"),
        ("<a b:='1'/>", "b:"),
        ("<a :b='1'/>", ":b"),
        ("<a xmlns:='urn:x'/>", "xmlns:"),
        ("<p:1 xmlns:p='urn:x'/>", "p:1"),
    ] {
        expect(document.as_bytes(), &[("bad-name", span)]);
    }
}

#[test]
fn attributes_are_unique_by_namespace() {
    expect_related("<a xmlns:p='urn:x' xmlns:q='urn:x' p:b='1' q:b='2'/>", "duplicate-attribute", "q:b", "p:b");
    expect_related("<a xmlns:p='urn:x' p:b='1' p:b='2'/>", "duplicate-attribute", "p:b", "p:b");
}

#[test]
fn scopes() {
    let text = b"<a xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:b/><c xmlns='urn:b'><d/><q:e xmlns:q='urn:c'/><q:f/></c><g/></a>";
    let mut findings = Vec::new();
    let names: Vec<_> = read(text, &options(), &mut findings)
        .iter()
        .filter_map(
            |event| if let Seen::Start(start, _) = event { Some((start.local[0], start.namespace)) } else { None },
        )
        .collect();
    use Namespace::{Foreign, Known};
    let expected = [
        (b'a', Namespace::None),
        (b'b', Known(0)),
        (b'c', Known(1)),
        (b'd', Known(1)),
        (b'e', Foreign),
        (b'f', Known(0)),
        (b'g', Namespace::None),
    ];
    assert_eq!(names, expected);
    assert_eq!(findings, []);
}

#[test]
fn many_bindings_are_found_like_few() {
    // Beyond 32 bindings an index is kept; hiding and ending must work in it too.
    let mut text = String::from("<a");
    for number in 0..100 {
        text += &format!(" xmlns:p{number}='urn:{number}'");
    }
    text += "><p7:b xmlns:p7='urn:b'><p7:c/><p99:d/></p7:b><p7:e/><p100:f/></a>";
    let mut findings = Vec::new();
    let events = read(text.as_bytes(), &options(), &mut findings);
    let known: Vec<_> = events
        .iter()
        .filter_map(
            |event| if let Seen::Start(start, _) = event { Some(start.namespace == Namespace::Known(1)) } else { None },
        )
        .collect();
    assert_eq!(known, [false, true, true, false, false, false]);
    assert_eq!(findings.len(), 1);
}
