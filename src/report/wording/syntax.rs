//! Words for findings about XML itself.

use super::{Context, Wording, faults, shortened};
use crate::diagnostic::{Applicability, Arg, Fix, codes};
use std::borrow::Cow;

pub(super) fn wording(c: &Context<'_>) -> Wording {
    let quoted = c.quoted();
    let number = |index: usize| match c.finding.args[index] {
        Arg::Number(number) => number,
        _ => 0,
    };
    let word = |index: usize| match c.finding.args[index] {
        Arg::Word(word) => Some(*word),
        _ => None,
    };
    let character = c.finding.args.iter().find_map(|arg| match arg {
        Arg::Char(c) => Some(*c),
        _ => None,
    });
    let second = c.finding.related.map(|span| (c.quote(span), span));
    let say = |message: String, help: &str| Wording { message, help: Some(help.to_owned()), ..Wording::default() };
    let beside = |wording: Wording, label: &str| Wording {
        related: second.clone().map(|(_, span)| (label.to_owned(), span)),
        ..wording
    };
    match c.finding.code {
        codes::EMPTY_DOCUMENT => say("the file holds no XML".into(), "a domain document begins with <domain>"),
        codes::UNCLOSED_TAG => {
            let help = format!("add </{quoted}>");
            beside(say(format!("<{quoted}> is not closed"), &help), "it must end before this")
        }
        codes::CROSSED_TAGS => {
            let open = second.as_ref().map_or(Cow::default(), |(name, _)| name.clone());
            let help = format!("close <{open}> first");
            beside(say(format!("</{quoted}> crosses <{open}>"), &help), "still open")
        }
        codes::STRAY_END_TAG => {
            let open = second.as_ref().map_or(Cow::default(), |(name, _)| name.clone());
            match second {
                Some(_) => {
                    let help = format!("write </{open}>");
                    // The whole name, however long it is.
                    let name = c.finding.related.map_or(String::new(), |span| c.whole(span));
                    let fix = Fix { applicability: Applicability::Unsafe, edits: vec![(c.finding.span, name)] };
                    let wording = say(format!("</{quoted}> does not match <{open}>"), &help);
                    Wording { fix: Some(fix), ..beside(wording, "opened here") }
                }
                None => say(format!("</{quoted}> closes nothing"), "remove it"),
            }
        }
        codes::MALFORMED_TAG => faults::tag(c),
        codes::UNQUOTED_VALUE => unquoted(c),
        codes::UNCLOSED_VALUE => {
            say(format!("the value `{}` has no closing quote", quoted.trim_end()), "add the closing quote")
        }
        codes::MISSING_VALUE => say(format!("the attribute `{quoted}` has no value"), &format!("write {quoted}='...'")),
        codes::MISSING_SPACE => say(format!("`{quoted}` follows without a space"), "put a space between attributes"),
        codes::DUPLICATE_ATTRIBUTE => {
            beside(say(format!("the attribute `{quoted}` stands twice"), "keep one of them"), "first here")
        }
        codes::BAD_NAME => say(
            format!("`{quoted}` is no XML name"),
            "a name begins with a letter or _ and holds letters, digits, . _ and -",
        ),
        codes::BAD_CHARACTER => {
            let shown = character.map_or(quoted.escape_default().to_string(), |c| format!("U+{:04X}", c as u32));
            say(format!("the character {shown} is not allowed in XML"), "remove it")
        }
        codes::BARE_AMPERSAND => {
            let fix = Fix { applicability: Applicability::Safe, edits: vec![(c.finding.span, "&amp;".into())] };
            let fix = (quoted == "&").then_some(fix);
            Wording {
                fix,
                ..say("`&` begins a reference, and this is none".into(), "write &amp; for the character itself")
            }
        }
        codes::UNKNOWN_ENTITY => say(
            format!("there is no entity `{quoted}`"),
            "XML has &amp; &lt; &gt; &apos; &quot;; write other characters as they are",
        ),
        codes::BAD_CHARACTER_REFERENCE => {
            say(format!("`{quoted}` refers to no character"), "write &#10; or &#xA; with an allowed character's number")
        }
        codes::BARE_LESS_THAN => say("`<` cannot stand here as a character".into(), "write &lt;"),
        codes::CDATA_END_IN_TEXT => say("`]]>` cannot stand in text".into(), "write ]]&gt;"),
        codes::TEXT_OUTSIDE_ROOT => say("text outside of the root element".into(), "move or remove it"),
        codes::SECOND_ROOT => beside(
            say(
                format!("<{quoted}> is a second root element"),
                "a document has one root; put it into a file of its own",
            ),
            "first root",
        ),
        codes::UNCLOSED_COMMENT => say("this comment is not closed".into(), "add -->"),
        codes::DOUBLE_HYPHEN => say("`--` cannot stand in a comment".into(), "write - - or another character"),
        codes::UNCLOSED_CDATA => say("this CDATA section is not closed".into(), "add ]]>"),
        codes::MALFORMED_INSTRUCTION => faults::instruction(c),
        codes::MALFORMED_DECLARATION => faults::declaration(c),
        codes::MISPLACED_DECLARATION => say(
            "the XML declaration must be the very first thing".into(),
            "move it to the first byte of the file, or remove it",
        ),
        codes::DTD => say(
            "a DTD inside the document is refused".into(),
            "remove the part in [...]; libvirt's documents have no DTD",
        ),
        codes::DOCTYPE => say("libvirt's documents have no DOCTYPE".into(), "remove it"),
        codes::MALFORMED_DOCTYPE => say("this declaration is not well-formed".into(), "remove it"),
        codes::INVALID_UTF8 => say(
            format!("byte 0x{:02X} is not valid UTF-8 here", number(0)),
            "save the file as UTF-8, or declare its encoding",
        ),
        codes::UNSUPPORTED_ENCODING => {
            let shown = word(0).map(Cow::Borrowed).or_else(|| c.span_arg(0)).unwrap_or(quoted);
            say(format!("libvirt cannot read the encoding {shown}"), "convert the file: iconv -t UTF-8")
        }
        codes::CONTRADICTING_ENCODING => say(
            format!("`{quoted}` contradicts the encoding that the file declares"),
            "declare the encoding that the file has, such as UTF-8",
        ),
        codes::UNBOUND_PREFIX => {
            say(format!("the prefix `{quoted}` is not bound"), &format!("declare it with xmlns:{quoted}='...'"))
        }
        codes::BAD_NAMESPACE_BINDING => faults::binding(c),
        codes::TOO_LARGE => say(
            format!("the file is larger than {} bytes", number(0)),
            "libvirt reads at most 10 MiB; raise the limit with --max-size",
        ),
        codes::TOO_DEEP => {
            say(format!("elements are nested deeper than {}", number(0)), "raise the limit with --max-depth")
        }
        codes::TOO_MANY_ATTRIBUTES => {
            say(format!("more than {} attributes on one element", number(0)), "raise the limit with --max-attributes")
        }
        codes::TOO_MANY_FINDINGS => {
            say("too many findings in this file; the rest is not told".into(), "raise the limit with --max-findings")
        }
        _ => say(c.table.explanation(c.finding.code).summary.to_owned(), c.table.explanation(c.finding.code).help),
    }
}

/// A value without quotes, or with a quote at one end only.
fn unquoted(c: &Context<'_>) -> Wording {
    let written = c.whole(c.finding.span);
    let bare = written.trim_matches(['\'', '"']);
    let shown = shortened(bare);
    // A value that holds both quotes is more than one that was left bare.
    let quote = ['\'', '"'].into_iter().find(|quote| !bare.contains(*quote));
    let fix = quote.map(|quote| Fix {
        applicability: c.of_a_tag(),
        edits: vec![(c.finding.span, format!("{quote}{bare}{quote}"))],
    });
    let help = match quote {
        Some(quote) => format!("write {quote}{shown}{quote}"),
        None => "write it in quotes, with &apos; for each ' that it holds".to_owned(),
    };
    Wording { message: format!("the value `{shown}` is not in quotes"), help: Some(help), fix, ..Wording::default() }
}
