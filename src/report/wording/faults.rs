//! Words for tags, instructions and declarations that are not well-formed: one code each, and a word that says what is wrong.

use super::{Context, Wording};
use crate::diagnostic::{Arg, Fix};
use crate::xml::tag_faults;
use std::borrow::Cow;

/// The word that the XML layer gave.
fn word(c: &Context<'_>) -> &'static str {
    match c.finding.args[0] {
        Arg::Word(word) => word,
        _ => "",
    }
}

fn say(message: impl Into<String>, help: &str) -> Wording {
    Wording { message: message.into(), help: Some(help.to_owned()), ..Wording::default() }
}

pub(super) fn tag(c: &Context<'_>) -> Wording {
    let quoted = c.quoted();
    let tag = c.finding.related.map_or(Cow::default(), |name| c.quote(name));
    let fault = word(c);
    let removal = Fix { applicability: c.of_a_tag(), edits: vec![(c.finding.span, String::new())] };
    if fault == tag_faults::NO_NAME {
        say(format!("`{quoted}` has no name"), "name the tag, or write &lt; for the character `<`")
    } else if fault == tag_faults::SPACE_BEFORE_NAME {
        let wording = say(format!("white space in front of the name in <{tag}>"), "remove it");
        Wording { fix: Some(removal), ..wording }
    } else if fault == tag_faults::NOT_CLOSED {
        // The finding stands at the tag's name, or at what shows that the tag has no end.
        let at_name = tag.is_empty() || tag.starts_with('<');
        let start = c.finding.span.start as usize;
        let end_tag = !at_name || c.text[..start.min(c.text.len())].ends_with(b"/") || quoted.starts_with("</");
        let name = if at_name { quoted.trim_start_matches(['<', '/']) } else { &tag };
        match end_tag {
            true => say(format!("the end tag </{name}> has no `>`"), "add it"),
            false => say(format!("the tag <{name}> has no `>`"), "add `>` or `/>`"),
        }
    } else if fault == tag_faults::END_TAG_CONTENT {
        say(
            format!("`{quoted}` does not belong in the end tag </{tag}>"),
            "remove it; attributes stand in the start tag",
        )
    } else if fault == tag_faults::STRAY_QUOTE {
        say(format!("a quote in <{tag}> where no value begins"), "remove it, or write name='value'")
    } else if fault == tag_faults::NO_EQUALS {
        say(format!("no `=` between the attribute's name and value in <{tag}>"), "write name='value'")
    } else if fault == tag_faults::SPACE_BEFORE_CLOSE {
        say("white space between `/` and `>`", "write />")
    } else if quoted == "/" {
        // The `/` of `/>` whose `>` is missing.
        say(format!("the tag <{tag}> has a `/` without `>`"), "write />, or remove the `/`")
    } else if fault == tag_faults::UNEXPECTED {
        let help = if quoted == "," || quoted == ";" { "remove it" } else { "write attributes as name='value'" };
        say(format!("`{quoted}` does not belong in the tag <{tag}>"), help)
    } else {
        say(format!("`{quoted}` begins nothing that XML has"), "write <!-- for a comment, or &lt; for the character")
    }
}

pub(super) fn instruction(c: &Context<'_>) -> Wording {
    let quoted = c.quoted();
    match word(c) {
        "not closed" => say(format!("the instruction {quoted} has no closing ?>"), "add ?>"),
        "no target" => say("the instruction has no name", "write <?name text?>, or remove it"),
        "reserved target" => {
            say(format!("an instruction cannot be named `{quoted}`"), "only the first line may be <?xml")
        }
        "colon in the target" => {
            say(format!("`{quoted}` has a colon, which no instruction may"), "write - or _ instead")
        }
        "no space after the target" => {
            say(format!("`{quoted}` follows the instruction's name without a space"), "put a space before it")
        }
        _ => say("this processing instruction is not well-formed", "write <?name text?>"),
    }
}

pub(super) fn declaration(c: &Context<'_>) -> Wording {
    let quoted = c.quoted();
    let whole = "write <?xml version='1.0' encoding='UTF-8'?>";
    match word(c) {
        "no version" => say("the XML declaration has no version", whole),
        "must end with ?>" => say("the XML declaration does not end with ?>", "end it with ?>"),
        "unexpected" | "unknown" => say(format!("`{quoted}` does not belong in the XML declaration"), "remove it"),
        "no space in front of it" => say(format!("`{quoted}` follows without a space"), "put a space before it"),
        "no value" => say(format!("`{quoted}` has no value in the XML declaration"), whole),
        "value without quotes" => say(format!("the value of `{quoted}` is not in quotes"), whole),
        "value not closed" => say(format!("the value {} has no closing quote", quoted.trim_end()), whole),
        "the version comes first" => say(format!("`{quoted}` stands where the version must"), whole),
        "not in this place" => {
            say(format!("`{quoted}` cannot stand here"), "the order is version, encoding, standalone, each once")
        }
        "version is not 1.0" => say(format!("XML version `{quoted}`; libvirt reads 1.0"), "write version='1.0'"),
        "no encoding name" => say(format!("`{quoted}` is no encoding's name"), "write encoding='UTF-8'"),
        "neither yes nor no" => say(format!("`{quoted}` is neither `yes` nor `no`"), "remove standalone"),
        _ => say("the XML declaration is not well-formed", whole),
    }
}

pub(super) fn binding(c: &Context<'_>) -> Wording {
    let quoted = c.quoted();
    match word(c) {
        "xml stands for another URI" => say(
            "the prefix `xml` is bound already, to another name",
            "remove the declaration, or choose another prefix",
        ),
        "xmlns cannot be declared" => say("the prefix `xmlns` cannot be declared", "choose another prefix"),
        "the namespace of xml cannot be the default" => {
            say("the namespace of `xml` cannot be the default one", "remove the declaration")
        }
        "the namespace of xml has the prefix xml only" => {
            say("the namespace of `xml` can have no other prefix", "remove the declaration; `xml:` needs none")
        }
        "the namespace of xmlns cannot be bound" => say("this namespace is XML's own", "remove the declaration"),
        "a prefix cannot be bound to nothing" => {
            say(format!("`{quoted}` is bound to an empty name"), "give it a URI, or remove the declaration")
        }
        "no valid URI" => say(format!("`{quoted}` is no valid URI"), "write a URI such as http://example.org/app"),
        _ => say(
            format!("`{quoted}` is no valid namespace declaration"),
            "bind the prefix to a name that is not reserved",
        ),
    }
}
