//! Production by production: what is well-formed, and what is not. The verdicts are libxml2's.

use super::{expect, findings};

#[track_caller]
fn good(documents: &[&str]) {
    for document in documents {
        expect(document.as_bytes(), &[]);
    }
}

#[track_caller]
fn bad(code: &str, documents: &[(&str, &str)]) {
    for (document, span) in documents {
        expect(document.as_bytes(), &[(code, span)]);
    }
}

#[test]
fn document_1() {
    good(&["<a/>", " <a/> ", "<!--x--><a/><!--y--><?z?>\n", "<a></a\n\t>", "\u{FEFF}<a/>"]);
    bad("empty-document", &[("", ""), (" \n", ""), ("<!-- nothing -->", ""), ("<?xml version='1.0'?>", "")]);
    bad(
        "text-outside-root",
        &[("x<a/>", "x"), ("<a/> x y ", "x y"), ("<a/>&#32;", "&#32;"), ("x", "x"), ("<a/>x<!-- -->y", "x")],
    );
    bad("text-outside-root", &[("<![CDATA[x]]><a/>", "<![CDATA["), ("\u{FEFF}\u{FEFF}<a/>", "\u{FEFF}")]);
    bad("second-root", &[("<a/><b/>", "b"), ("<a/><b><c/></b><d/>", "b"), ("<domain/><network/>", "network")]);
}

#[test]
fn char_2() {
    good(&[
        "<a>\t\r\n\u{7F}\u{85}\u{2028}\u{D7FF}\u{E000}\u{FFFD}\u{10000}\u{10FFFF}\u{FEFF}</a>",
        "<a b='\u{E000}\u{FFFD}\u{F000}'/>",
    ]);
    bad(
        "bad-character",
        &[
            ("<a>x\u{B}y</a>", "\u{B}"),
            ("<a b='\u{1}'/>", "\u{1}"),
            ("<!--\u{2}--><a/>", "\u{2}"),
            ("<a><?b \u{3}?></a>", "\u{3}"),
        ],
    );
    bad(
        "bad-character",
        &[("<a>\u{FFFE}</a>", "\u{FFFE}"), ("<a b='x\u{FFFF}'/>", "\u{FFFF}"), ("<a><![CDATA[\u{0}]]></a>", "\u{0}")],
    );
    // Several in one text are one fault.
    bad("bad-character", &[("<a>x\u{1}y\u{2}</a>", "\u{1}")]);
}

#[test]
fn name_5() {
    good(&[
        "<a-b.c_1/>",
        "<_/>",
        "<\u{E9}t\u{E9}/>",
        "<a \u{E9}='1'/>",
        "<a\u{B7}/>",
        "<\u{10000}/>",
        "<a><?\u{E9} x?></a>",
        "<x\u{300}\u{203F}/>",
    ]);
    bad(
        "bad-name",
        &[
            ("<1a></1a>", "1a"),
            ("<-a/>", "-a"),
            ("<na$me>x</na$me>", "na$me"),
            ("<a\u{D7}/>", "a\u{D7}"),
            ("<a 1b='x'/>", "1b"),
        ],
    );
    bad(
        "bad-name",
        &[
            ("<a b$='x'/>", "b$"),
            ("<a .b='x'/>", ".b"),
            ("<a \u{B7}b='x'/>", "\u{B7}b"),
            ("<a b\u{F7}c='x'/>", "b\u{F7}c"),
        ],
    );
    bad(
        "bare-less-than",
        &[
            ("<a><\u{B7}</a>", "<"),
            ("<a>1 <2</a>", "<"),
            ("<a>1 < 2</a>", "<"),
            ("<a><=</a>", "<"),
            ("<a><<b/></a>", "<"),
        ],
    );
}

#[test]
fn att_value_10() {
    good(&[
        "<a b='\"' c=\"'\"/>",
        "<a b='>'/>",
        "<a b=']]>'/>",
        "<a b='&lt;&#60;&amp;'/>",
        "<a b = '1'\n\tc\r\n=\n\"2\"/>",
        "<a b=''/>",
    ]);
    bad(
        "bare-less-than",
        &[("<a b='<'/>", "<"), ("<a b='a < b'/>", "<"), ("<a b=\"x <y> z\"/>", "<"), ("<a>\n<b c='x<'/></a>", "<")]
            .map(|(d, s)| (d, s)),
    );
    expect(b"<a b='1 < 2 < 3'/>", &[("bare-less-than", "<")]);
    bad(
        "unquoted-value",
        &[
            ("<a b=c/>", "c"),
            ("<a b=c d='e'/>", "c"),
            ("<a b=c>x</a>", "c"),
            ("<a b=/dev/sda/>", "/dev/sda"),
            ("<a b=c'/>", "c'"),
        ],
    );
    bad(
        "missing-value",
        &[
            ("<a b/>", "b"),
            ("<a b>x</a>", "b"),
            ("<a b c='d'/>", "b"),
            ("<a b=/>", "b"),
            ("<a b= c='d'/>", "b"),
            ("<a b=c='d'/>", "b"),
        ],
    );
}

#[test]
fn char_data_14() {
    good(&["<a>]]</a>", "<a>]]&gt;</a>", "<a>]]<!-- -->></a>", "<a>></a>", "<a>]] ></a>"]);
    bad("cdata-end-in-text", &[("<a>]]></a>", "]]>"), ("<a>x ]]]> y</a>", "]]>")]);
    expect(b"<a>]]>]]></a>", &[("cdata-end-in-text", "]]>"), ("cdata-end-in-text", "]]>")]);
}

#[test]
fn comment_15() {
    good(&["<a><!----></a>", "<a><!-- - - --></a>", "<a><!-- < & ]]> -> --></a>", "<a><!-->--></a>"]);
    bad(
        "double-hyphen",
        &[
            ("<a><!-- -- --></a>", "--"),
            ("<a><!-- ---></a>", "--"),
            ("<a><!-- a--b--c --></a>", "--"),
            ("<a><!-----></a>", "--"),
        ],
    );
    bad(
        "unclosed-comment",
        &[
            ("<a><!-- x</a>", "<!--"),
            ("<a><!-- x <b/> <!-- y --></a>", "<!--"),
            ("<a><!---></a>", "<!--"),
            ("<!-- x", "<!--"),
        ],
    );
    bad("unclosed-comment", &[("<a><!-- x -> <b/> <!-- y --></a>", "<!--"), ("<a><!-- x -- ><b/></a>", "<!--")]);
    bad("malformed-tag", &[("<a><!- x --></a>", "<!"), ("<a><! x></a>", "<!"), ("<a><!ELEMENT b ANY></a>", "<!")]);
}

#[test]
fn pi_16() {
    good(&[
        "<a><?b?></a>",
        "<?b c?><a/>",
        "<a><?b ? > ?></a>",
        "<a/><?b ??>",
        "<a><?xml-stylesheet href='x'?></a>",
        "<a><?xmlb?></a>",
    ]);
    bad(
        "malformed-instruction",
        &[("<a><?b c></a>", "<?b"), ("<a><? b?></a>", "<?"), ("<a><??></a>", "<?"), ("<a><?b+c?></a>", "+")],
    );
    bad(
        "malformed-instruction",
        &[("<a><?XML b?></a>", "XML"), ("<a><?b?c?></a>", "?"), ("<a><?b:c d?></a>", "b:c"), ("<a><?1b?></a>", "<?")],
    );
    bad(
        "misplaced-declaration",
        &[
            (" <?xml version='1.0'?><a/>", "<?xml"),
            ("<a><?xml version='1.0'?></a>", "<?xml"),
            ("<a/><?xml version='1.0'?>", "<?xml"),
        ],
    );
}

#[test]
fn cdsect_18() {
    good(&["<a><![CDATA[]]></a>", "<a><![CDATA[<b>&c;]]]]></a>", "<a><![CDATA[ ]] > ]]></a>"]);
    bad("unclosed-cdata", &[("<a><![CDATA[ x </a>", "<![CDATA["), ("<a><b><![CDATA[ x ]] ></b><c/></a>", "<![CDATA[")]);
    bad("malformed-tag", &[("<a><![CDATA></a>", "<!"), ("<a><![x]></a>", "<!"), ("<a><![cdata[x>y]]></a>", "<!")]);
}

#[test]
fn declaration_23() {
    good(&[
        "<?xml version='1.0'?><a/>",
        "<?xml version = \"1.0\" encoding='utf-8' standalone='no' ?>\n<a/>",
        "<?xml\tversion='1.0'\nstandalone='yes'?><a/>",
    ]);
    bad("malformed-declaration?", &[("<?xml version='1.1'?><a/>", "1.1"), ("<?xml version='1.'?><a/>", "1.")]);
    let wrong = [
        ("<?xml?><a/>", "<?xml"),
        ("<?xml encoding='UTF-8'?><a/>", "encoding"),
        ("<?xml version='2.0'?><a/>", "2.0"),
        ("<?xml version=' 1.0'?><a/>", " 1.0"),
        ("<?xml version='1.0a'?><a/>", "1.0a"),
        ("<?xml version=1.0?><a/>", "version"),
        ("<?xml version='1.0'encoding='UTF-8'?><a/>", "encoding"),
        ("<?xml version='1.0' encoding=''?><a/>", ""),
        ("<?xml version='1.0' encoding='8-UTF'?><a/>", "8-UTF"),
        ("<?xml version='1.0' standalone='YES'?><a/>", "YES"),
        ("<?xml version='1.0' standalone='yes' encoding='UTF-8'?><a/>", "encoding"),
        ("<?xml version='1.0' version='1.0'?><a/>", "version"),
        ("<?xml version='1.0' lang='de'?><a/>", "lang"),
        ("<?xml version='1.0'><a/>", ">"),
        ("<?xml version='1.0' <a/>", ""),
        ("<?xml version='1.0\"?><a/>", "'1.0\""),
        ("<?xml version='1.0',?><a/>", ","),
    ];
    bad("malformed-declaration", &wrong);
}

#[test]
fn doctypedecl_28() {
    bad(
        "doctype?",
        &[("<!DOCTYPE a><a/>", "<!DOCTYPE a>"), ("<!DOCTYPE a SYSTEM 'x>y'><a/>", "<!DOCTYPE a SYSTEM 'x>y'>")],
    );
    bad(
        "doctype?",
        &[
            ("<!DOCTYPE a PUBLIC '-//x' \"y\" ><a/>", "<!DOCTYPE a PUBLIC '-//x' \"y\" >"),
            ("<!DOCTYPE b\n><a/>", "<!DOCTYPE b\n>"),
        ],
    );
    let wrong = [
        ("<!DOCTYPE><a/>", "<!DOCTYPE"),
        ("<!DOCTYPE 1><a/>", "1"),
        ("<!doctype a><a/>", "<!doctype"),
        ("<!DOCTYPE a PUBLIC 'x'><a/>", "<!DOCTYPE"),
        ("<!DOCTYPE a PUBLIC 'x''y'><a/>", "'"),
        ("<!DOCTYPE a PUBLIC '{' 'y'><a/>", "{"),
        ("<!DOCTYPE a SYSTEM x><a/>", "x"),
        ("<!DOCTYPE a SYSTEM'x'><a/>", "'"),
        ("<!DOCTYPE a FOO 'x'><a/>", "F"),
        ("<!DOCTYPE a SYSTEM 'x' y><a/>", "y"),
        ("<!DOCTYPE a <a/>", "<!DOCTYPE"),
        ("<a><!DOCTYPE a></a>", "<!DOCTYPE"),
        ("<a/><!DOCTYPE a>", "<!DOCTYPE"),
    ];
    bad("malformed-doctype", &wrong);
    expect(b"<!DOCTYPE a><!DOCTYPE a><a/>", &[("doctype?", "<!DOCTYPE a>"), ("malformed-doctype", "<!DOCTYPE")]);
}

#[test]
fn internal_subset_28b() {
    bad(
        "dtd",
        &[
            ("<!DOCTYPE a []><a/>", "["),
            ("<!DOCTYPE a [<!ENTITY b 'c]>'>]><a>&b;&c;</a>", "["),
            ("<!DOCTYPE a [ <!-- ]> --> <?b ]> ?> ] ><a d='&b;'/>", "["),
        ],
    );
    bad(
        "dtd",
        &[
            ("<!DOCTYPE a [<!ENTITY b \"", "["),
            ("<!DOCTYPE a SYSTEM 'b' [<!ELEMENT a ANY>]><a/>", "["),
            ("<!doctype a []><a/>", "["),
        ],
    );
}

#[test]
fn element_39() {
    good(&["<a><b></b><b/></a>", "<a><a><a/></a></a>", "<a>x<b>y</b>z</a>"]);
    bad(
        "malformed-tag",
        &[
            ("<a></a b='1'>", "b='1'"),
            ("<a></ a>", " "),
            ("< a/>", " "),
            ("<a b='1' / >", "/ >"),
            ("<a><></a>", "<>"),
            ("<a><b></></a>", "</>"),
        ],
    );
    bad(
        "malformed-tag",
        &[
            ("<a b='1', c='2'/>", ","),
            ("<a b='1' / c='2'/>", "/"),
            ("<a b='1''/>", "'"),
            ("<a \"b\"/>", "\""),
            ("<a b'1'/>", "b"),
            ("<a =b/>", "="),
        ],
    );
    bad(
        "malformed-tag",
        &[
            ("<a><b c='1' <d/></a>", "b"),
            ("<a><b</a>", "b"),
            ("<a><b c='1'></b <d/></a>", "b"),
            ("<a><b", "b"),
            ("<a><b></b", "b"),
            ("<a><b></a", "a"),
        ],
    );
    bad("missing-space", &[("<a b='1'c='2'/>", "c"), ("<a b=\"1\"c='2' d='3'/>", "c")]);
    bad(
        "duplicate-attribute",
        &[
            ("<a b='1' b='2'/>", "b"),
            ("<a b='1' c='2' b='3'/>", "b"),
            ("<a xmlns:b='urn:c' xmlns:b='urn:d'/>", "xmlns:b"),
        ],
    );
    expect(b"<a b='1' b='2' b='3'/>", &[("duplicate-attribute", "b"), ("duplicate-attribute", "b")]);
}

#[test]
fn reference_67() {
    good(&["<a>&amp;&lt;&gt;&quot;&apos;</a>", "<a>&#65;&#x41;&#x10FFFF;&#9;&#00065;</a>", "<a b='&#10;&amp;'/>"]);
    bad(
        "bare-ampersand",
        &[
            ("<a>R&D</a>", "&"),
            ("<a>& </a>", "&"),
            ("<a>&</a>", "&"),
            ("<a b='x&y'/>", "&"),
            ("<a>&amp</a>", "&amp"),
            ("<a>&1;</a>", "&"),
            ("<a b='&lt'/>", "&lt"),
        ],
    );
    bad(
        "unknown-entity",
        &[
            ("<a>&nbsp;</a>", "&nbsp;"),
            ("<a b='&foo;'/>", "&foo;"),
            ("<a>&AMP;</a>", "&AMP;"),
            ("<!-- --><a>&b:c;</a>", "&b:c;"),
        ],
    );
    let wrong = [
        "&#0;",
        "&#x0;",
        "&#xD800;",
        "&#xFFFE;",
        "&#x110000;",
        "&#99999999999;",
        "&#1;",
        "&#;",
        "&#x;",
        "&#X41;",
        "&#65",
        "&#a;",
        "&#x4G;",
    ];
    for reference in wrong {
        expect(format!("<a>{reference} </a>").as_bytes(), &[("bad-character-reference", reference)]);
        expect(format!("<a b='{reference} '/>").as_bytes(), &[("bad-character-reference", reference)]);
    }
    // With an external subset that is not read, an entity may be declared; not so if the document stands alone.
    expect(
        b"<!DOCTYPE a SYSTEM 'b'><a>&c;</a>",
        &[("doctype?", "<!DOCTYPE a SYSTEM 'b'>"), ("unknown-entity?", "&c;")],
    );
    let (found, _) = findings(b"<?xml version='1.0' standalone='yes'?><!DOCTYPE a SYSTEM 'b'><a>&c;</a>");
    assert_eq!(super::name_of(&found[1]), "unknown-entity");
}
