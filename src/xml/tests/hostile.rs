//! Documents that are made to take long. Time must be linear: each case is read at two sizes, and the larger may take no longer than its
//! size allows, with much room for noise.

use super::{drain, findings, options, read};
use crate::xml::{Limits, Options, Reader, Workspace};
use std::time::{Duration, Instant};

/// Reads a document with limits that stop nothing.
fn time(text: &str) -> Duration {
    let limits =
        Limits { max_size: usize::MAX, max_depth: usize::MAX, max_attributes: usize::MAX, max_findings: 100_000 };
    let options = Options { limits, ..options() };
    let start = Instant::now();
    read(text.as_bytes(), &options, &mut Vec::new());
    start.elapsed()
}

/// Thirty-two times the size may take 256 times as long, since other work and cold memory make eight times of it; what is quadratic takes
/// a thousand times.
#[track_caller]
fn linear(make: impl Fn(usize) -> String, size: usize) {
    let (small, large) = (make(size / 32), make(size));
    let mut tries = Vec::new();
    for _ in 0..4 {
        let small = time(&small).max(Duration::from_micros(200));
        let large = time(&large);
        if large < small * 256 {
            return;
        }
        tries.push((small, large));
    }
    panic!("{tries:?}");
}

#[test]
fn unclosed_things() {
    for piece in [
        "<a>",
        "<a",
        "<a ",
        "<a b='",
        "<a b=\"x>",
        "<a '",
        "<a b='>'",
        "</a>",
        "</a",
        "</",
        "<",
        "< ",
        "<1",
        "<!--",
        "<!-- ",
        "<!-- - ",
        "<!--x-->",
        "<![CDATA[",
        "<?a ",
        "<?",
        "<!",
        "<!DOCTYPE",
        "<!DOCTYPE a '",
        "<?xml ",
        "&",
        "&#",
        "&a",
        "]]>",
        "\u{1}",
        "'",
        "=",
        "/",
        "<a><b></a>",
        "<a></b>",
        "<a></b></a>",
        "<a b c",
        "<p:a>",
        "<a b='c ",
        "<a b='c d=",
        "<a \n",
        "<a b='\n",
        "<a\u{E4}",
        "<a b='1'c='",
        "\n <a>",
        "\n <a>x",
    ] {
        linear(|size| format!("<r>{}", piece.repeat(size / piece.len())), 1 << 17);
        linear(|size| format!("<r>{}'>", piece.repeat(size / piece.len())), 1 << 17);
        linear(|size| format!("<r>{}\"/> ?> --> ]]></r>", piece.repeat(size / piece.len())), 1 << 17);
    }
}

#[test]
fn many_attributes() {
    let many = |size: usize| (0..size / 12).map(|number| format!(" a{number:06}='x'")).collect::<String>();
    linear(|size| format!("<a{}/>", many(size)), 1 << 20);
    linear(|size| format!("<a{} b=c/>", many(size)), 1 << 20);
    linear(|size| format!("<a{}/>", " a=''".repeat(size / 5)), 1 << 20);
    linear(|size| format!("<a xmlns:p='u'{}/>", many(size).replace(" a", " p:a")), 1 << 20);
}

#[test]
fn many_bindings() {
    let many = |size: usize| (0..size / 16).map(|number| format!(" xmlns:a{number:06}='x'")).collect::<String>();
    linear(|size| format!("<a{}/>", many(size)), 1 << 19);
    linear(|size| format!("<a{}>{}</a>", many(size / 2), "<a000001:b/>".repeat(size / 24)), 1 << 19);
    linear(|size| format!("<a{}>{}</a>", many(size / 2), "<b xmlns:a000001='y'/>".repeat(size / 44)), 1 << 19);
}

#[test]
fn nesting() {
    linear(|size| "<a>".repeat(size / 7) + &"</a>".repeat(size / 7), 1 << 20);
    linear(|size| "<a>".repeat(size / 14) + &"<b>".repeat(size / 14) + &"</a>".repeat(size / 14), 1 << 20);
    linear(|size| "<a>".repeat(size / 14) + &"</b>".repeat(size / 8), 1 << 20);
    linear(
        |size| {
            (0..size / 10)
                .map(|n| format!("<a{}>", n % 10_000))
                .chain((0..size / 10).map(|n| format!("</a{}>", n % 7_777)))
                .collect()
        },
        1 << 19,
    );
}

#[test]
fn long_things() {
    linear(|size| format!("<a>{}</a>", "x".repeat(size)), 1 << 22);
    linear(|size| format!("<a b='{}'/>", "x\t".repeat(size / 2)), 1 << 22);
    linear(|size| format!("<{0}></{0}>", "x".repeat(size / 2)), 1 << 22);
    linear(|size| format!("<a>{}</a>", "&amp;".repeat(size / 5)), 1 << 22);
    linear(|size| format!("<a><!--{}--></a>", "- ".repeat(size / 2)), 1 << 22);
    linear(|size| format!("<a {}/>", " ".repeat(size)), 1 << 22);
}

#[test]
fn a_million_of_each() {
    let start = Instant::now();
    let attributes: String = (0..1_000_000).map(|number| format!(" a{number}=''")).collect();
    assert_eq!(
        findings(format!("<a{attributes}/>").as_bytes()).0.iter().map(super::name_of).collect::<Vec<_>>(),
        ["too-large"]
    );
    time(&format!("<a{attributes}/>"));
    time(&"<a>".repeat(1_000_000));
    time(&"<a>\n".repeat(1_000_000));
    let many = format!("<a>{}</a>", "&".repeat(1_000_000));
    let options = options();
    let mut found = Vec::new();
    let mut workspace = Workspace::default();
    drain(&mut Reader::new(many.as_bytes(), &mut workspace, &options), &mut found);
    assert_eq!(found.len(), options.limits.max_findings + 1);
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_workspace_that_was_used_says_the_same() {
    let options = options();
    let documents = [
        &b"<a xmlns:p='urn:x'><p:b></a>"[..],
        b"<p:a/>",
        b"<a><b></a></b>",
        b"</b>",
        b"<a b='1' b='2'/>",
        b"<a>\n <b>\n <c/>\n</a>",
        b"<a/>",
    ];
    let mut workspace = Workspace::default();
    for first in documents {
        for second in documents {
            drain(&mut Reader::new(first, &mut workspace, &options), &mut Vec::new());
            let (mut used, mut fresh) = (Vec::new(), Vec::new());
            drain(&mut Reader::new(second, &mut workspace, &options), &mut used);
            drain(&mut Reader::new(second, &mut Workspace::default(), &options), &mut fresh);
            assert_eq!(used, fresh);
        }
    }
}

/// A broken document may be so long that looking ahead has an end; that is the same with a byte order mark.
#[test]
fn a_mark_gives_no_more_to_look_ahead() {
    let (options, mut workspace) = (options(), Workspace::default());
    let document = "<a b='".repeat(100);
    let budget = Reader::new(document.as_bytes(), &mut workspace, &options).budget;
    let marked = format!("\u{FEFF}{document}");
    assert_eq!(Reader::new(marked.as_bytes(), &mut workspace, &options).budget, budget);
}

/// What the property tests have found once.
#[test]
fn found_by_chance() {
    for document in [
        "<a b\u{FFFE}xmlns:p='u'<a>",
        "<a\u{FFFE}xmlns:p='u'->",
        "<a b='c\u{FFFE}=\" f=\"g<a>",
        "<a b&amp;\u{FFFE}=\"&m% f=\"g<a>o&\"_;kb&\n\t<b",
    ] {
        super::properties::check(document.as_bytes());
    }
}
