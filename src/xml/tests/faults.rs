//! What a person does wrong in an editor: one diagnostic, at its place, and no cascade.

use super::{Seen, expect, expect_related, options, read};

#[test]
fn unclosed_values() {
    expect(b"<interface><mac address=\"11:22:33:44:55:66:/> </interface>", &[("unclosed-value", "11:22:33:44:55:66:")]);
    expect(b"<d><mac address=\"11:22/>\n<x y=\"z\"/>\n<x y=\"z\"/></d>", &[("unclosed-value", "11:22")]);
    expect(b"<d><a b=\"c>x</a><e f=\"g\"/></d>", &[("unclosed-value", "c")]);
    expect(b"<d a='vda c='d'/>", &[("unclosed-value", "vda")]);
    expect(b"<d a='vda\" c='d'/>", &[("unclosed-value", "vda")]);
    expect(b"<d>\n<a x='1' y='2\n  z='3'/><b/></d>", &[("unclosed-value", "2")]);
    expect(b"<d><a file='/var/lib/a b.img/><c d='e'/></d>", &[("unclosed-value", "/var/lib/a b.img")]);
    expect(b"<d><a b='/><c d='e'/></d>", &[("unclosed-value", "'")]);
    expect(b"<d><a b='c'/><a b='c <e f='g'/></d>", &[("unclosed-value", "c")]);
    expect(b"<d><a b='c", &[("unclosed-value", "c")]);
    expect(b"<d a='vda c=\"e\" f='g'/>", &[("unclosed-value", "vda")]);
}

#[test]
fn the_attributes_around_an_unclosed_value_are_there() {
    let text = b"<d><a x='1' y='2 z='3'/><b/></d>";
    let mut findings = Vec::new();
    let events = read(text, &options(), &mut findings);
    let tags: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Seen::Start(start, attributes) => Some((start.local, *attributes, start.damaged, start.self_closing)),
            _ => None,
        })
        .collect();
    assert_eq!(tags, [(&b"d"[..], 0, false, false), (b"a", 3, true, true), (b"b", 0, false, true)]);
}

#[test]
fn unclosed_tags() {
    expect_related("<d><a><b></a></d>", "unclosed-tag", "b", "</a>");
    expect_related("<d>\n  <a>x\n  <b/>\n</d>", "unclosed-tag", "a", "b");
    expect_related("<d><a>x<a><b/></d>", "unclosed-tag", "a", "a");
    expect_related("<d><a><b/>", "unclosed-tag", "a", "");
    expect_related("<d>\n <e>\n  <a>\n   <b/>\n  <a>\n   <b/>\n  </a>\n </e>\n</d>", "unclosed-tag", "a", "a");
    expect_related("<d><a><b/><a><b/></a></d>", "unclosed-tag", "a", "a");
    expect(b"<d>\n <a>x\n <b>y\n <c/>\n</d>", &[("unclosed-tag", "a"), ("unclosed-tag", "b")]);
}

#[test]
fn a_missing_end_tag_does_not_move_the_siblings() {
    let text = b"<d>\n  <disk>\n    <source/>\n  <disk>\n    <source/>\n  </disk>\n</d>";
    let mut depth = 0;
    let mut tags = Vec::new();
    for event in read(text, &options(), &mut Vec::new()) {
        match event {
            Seen::Start(start, _) => {
                tags.push((depth, start.local));
                depth += 1;
            }
            Seen::End(_) => depth -= 1,
            _ => {}
        }
    }
    assert_eq!(tags, [(0, &b"d"[..]), (1, b"disk"), (2, b"source"), (1, b"disk"), (2, b"source")]);
}

#[test]
fn crossed_tags() {
    expect_related("<d><a><b></a></b></d>", "crossed-tags", "a", "b");
    expect_related("<d><a>x<b>y</a>z</b><c/></d>", "crossed-tags", "a", "b");
    expect_related("<a><b></a></b>", "crossed-tags", "a", "b");
}

#[test]
fn misspelt_and_stray_end_tags() {
    expect_related("<d><name>x</nmae></d>", "stray-end-tag", "nmae", "name");
    expect_related("<D></d>", "stray-end-tag", "d", "D");
    expect_related("<d><s></disk><t/></d>", "stray-end-tag", "disk", "s");
    expect_related("<disk><source></disk><target/></disk>", "stray-end-tag", "disk", "source");
    expect(b"<d><a></a></a><b/></d>", &[("stray-end-tag", "a")]);
    expect(b"<d><acpi/></acpi><apic/></d>", &[("stray-end-tag", "acpi")]);
    expect(b"<d></d></d>", &[("stray-end-tag", "d")]);
    expect(b"</d>", &[("stray-end-tag", "d")]);
    expect(b"<d></></d>", &[("malformed-tag", "</>")]);
}

#[test]
fn a_tag_without_its_end_is_what_its_end_tag_says() {
    for (text, depths) in [(&b"<d><a b='c' <e/></d>"[..], [0, 1, 1]), (b"<d><a b='c' <e/></a></d>", [0, 1, 2])] {
        expect(text, &[("malformed-tag", "a")]);
        let mut depth = 0;
        let mut seen = Vec::new();
        for event in read(text, &options(), &mut Vec::new()) {
            match event {
                Seen::Start(..) => {
                    seen.push(depth);
                    depth += 1;
                }
                Seen::End(_) => depth -= 1,
                _ => {}
            }
        }
        assert_eq!(seen, depths);
    }
}

#[test]
fn several_faults_are_several_diagnostics() {
    expect(
        b"<d>\n <a b=c/>\n <e f='g' f='h'/>\n x & y\n <i j='k'l='m'/>\n</d>",
        &[("unquoted-value", "c"), ("duplicate-attribute", "f"), ("bare-ampersand", "&"), ("missing-space", "l")],
    );
}

#[test]
fn what_follows_from_a_fault_is_marked() {
    let mut findings = Vec::new();
    let events = read(b"<d><a b='&x;' c='1'/>&y;<e><f></e></d>", &options(), &mut findings);
    let broken: Vec<bool> =
        events.iter().filter_map(|e| if let Seen::End(end) = e { Some(end.broken) } else { None }).collect();
    assert_eq!(broken, [false, true, false, false]);
    assert!(events.iter().any(|event| matches!(event, Seen::Text(text) if text.damaged)));
    assert!(events.iter().any(|event| matches!(event, Seen::Start(start, 2) if start.damaged)));
}

#[test]
fn values_with_blanks() {
    expect(b"<d a=VM Network' b='c'/>", &[("unquoted-value", "VM Network'")]);
    expect(b"<d a='ftps b='/url/path/file.iso'>x</d>", &[("unclosed-value", "ftps")]);
    expect(b"<d a=VM b='c'/>", &[("unquoted-value", "VM")]);
}
