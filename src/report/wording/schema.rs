//! Words for findings about the document's shape.

use super::expected::{expectation, list};
use super::{Context, Url, Wording, shortened};
use crate::diagnostic::{Applicability, Arg, Consequence, Fix, Span, codes};
use crate::table::{Distance, Element, Form, Verdict};
use crate::xml;
use std::borrow::Cow;

pub(super) fn wording(c: &Context<'_>) -> Wording {
    match c.finding.code {
        codes::NOT_LIBVIRT => not_libvirt(c),
        codes::UNKNOWN_ELEMENT => unknown_element(c),
        codes::MISPLACED_ELEMENT => misplaced_element(c),
        codes::FOREIGN_ELEMENT => foreign_element(c),
        codes::MISSING_NAMESPACE => missing_namespace(c),
        codes::UNKNOWN_ATTRIBUTE => unknown_attribute(c),
        codes::MISPLACED_ATTRIBUTE => misplaced_attribute(c),
        codes::INVALID_VALUE => invalid_value(c),
        codes::INVALID_TEXT => invalid_text(c),
        codes::UNEXPECTED_TEXT => unexpected_text(c),
        codes::MISSING_ATTRIBUTE => missing_attribute(c),
        codes::MISSING_ELEMENT => missing_element(c),
        codes::DUPLICATE_ELEMENT => duplicate_element(c),
        codes::TOO_FEW_ELEMENTS | codes::TOO_MANY_ELEMENTS => count(c),
        codes::CONFLICTING_ATTRIBUTES | codes::CONFLICTING_ELEMENTS => conflict(c),
        codes::INCOMPLETE_PAIR => incomplete(c),
        codes::WRONG_ORDER => wrong_order(c),
        codes::WRONG_VARIANT => wrong_variant(c),
        codes::PADDED_VALUE => padded(c),
        codes::MINUS_ZERO => minus_zero(c),
        codes::TOO_NEW => dated(c, true),
        codes::REMOVED => dated(c, false),
        _ => Wording { message: c.table.explanation(c.finding.code).summary.to_owned(), ..Wording::default() },
    }
}

/// Replaces the finding's span.
pub(super) fn replace(c: &Context<'_>, text: &str) -> Option<Fix> {
    Some(Fix { applicability: Applicability::Unsafe, edits: vec![(c.finding.span, text.to_owned())] })
}

/// How long an element may be whose name a fix changes at both its ends: thousands that lie in each other would be read as often.
const RENAMED: usize = 64 << 10;

/// Replaces an element's name in its start tag and, where it has one, in its end tag.
fn rename(c: &Context<'_>, text: &str) -> Option<Fix> {
    let start = c.finding.span;
    let mut edits = vec![(start, text.to_owned())];
    let near = &c.text[..c.text.len().min(start.start as usize + RENAMED)];
    if let Some(end) = xml::end_tag_name(near, start.start as usize - 1)? {
        // Where tags are broken, the next end tag may be that of another element.
        if end.of(c.text) != start.of(c.text) {
            return None;
        }
        edits.push((end, text.to_owned()));
    }
    Some(Fix { applicability: Applicability::Unsafe, edits })
}

fn not_libvirt(c: &Context<'_>) -> Wording {
    let root = c.quoted();
    if c.name(0).is_some_and(|name| name == root) {
        // The name is right, so it is the namespace that is not.
        return Wording {
            message: format!("<{root}> is in a namespace; libvirt's documents are in none"),
            help: Some(format!("remove the xmlns from <{root}>")),
            ..Wording::default()
        };
    }
    Wording {
        message: format!("<{root}> is no root element of libvirt's domains"),
        help: Some(c.name(0).map_or("the root must be <domain>".into(), |name| format!("did you mean <{name}>?"))),
        fix: c.name(0).and_then(|name| rename(c, name)),
        ..Wording::default()
    }
}

fn unknown_element(c: &Context<'_>) -> Wording {
    let (name, parent) = (c.quoted(), c.span_arg(2).unwrap_or_default());
    let help = match c.name(1) {
        Some(right) => Some(format!("did you mean <{right}>?")),
        None => match c.finding.related {
            Some(span) => Some(format!("move it into <{}>, which needs it", c.quote(span))),
            None => homes(c, &name, &parent).or_else(|| contents(c)).or_else(|| Some("remove it".into())),
        },
    };
    Wording {
        message: format!("unknown element <{name}> in <{parent}>, which libvirt drops silently"),
        help,
        url: c.url(c.element(0)),
        fix: c.name(1).filter(|right| near(right, &name)).and_then(|right| rename(c, right)),
        label: Some("unknown element"),
        related: needed(c),
    }
}

/// Where an element is missing that stands somewhere else.
fn needed(c: &Context<'_>) -> Option<(String, Span)> {
    c.finding.related.map(|span| (format!("<{}> needs it", c.quote(span)), span))
}

/// Whether one name may be a slip for the other, so that replacing it is a fix and not a guess.
fn near(right: &str, wrong: &str) -> bool {
    Distance::from(wrong).to(right) <= 2
}

/// "<x> belongs in <y>", for a name that is right elsewhere.
fn homes(c: &Context<'_>, name: &str, here: &str) -> Option<String> {
    let table = c.table;
    // Most strangers are at home nowhere.
    table.name(name.as_bytes())?;
    let holds = |element: &Element, tag: &str| table.child_slot(element, tag.as_bytes()).is_some();
    // What is known of each name of the table, by its number, as bits.
    const HOME: u8 = 1;
    const ABOVE: u8 = 2;
    const INSIDE: u8 = 4;
    const BESIDE: u8 = 8;
    const GENERAL: u8 = 16;
    let mut known = vec![0u8; table.names.len()];
    let mut homes: Vec<(usize, &'static str)> = Vec::new();
    let tagged = || table.elements.iter().filter(|element| !element.tag.is_empty());
    for element in tagged().filter(|element| element.tag != here) {
        let tag = element.tag_name as usize;
        if known[tag] & HOME == 0 && holds(element, name) {
            known[tag] |= HOME;
            homes.push((tag, element.tag));
        }
    }
    // The device that this lies in is the likeliest.
    if let Some(device) = c.device_tag().filter(|device| homes.iter().any(|(_, tag)| tag == device)) {
        return Some(format!("<{name}> belongs in <{device}>"));
    }
    // What one means is near: a child, the parent or a sibling of the element, or near to the root.
    for element in tagged().filter(|element| holds(element, here)) {
        known[element.tag_name as usize] |= ABOVE;
    }
    for element in tagged() {
        let of_children = if element.tag == here { INSIDE } else { 0 }
            | if known[element.tag_name as usize] & ABOVE != 0 { BESIDE } else { 0 }
            | if element.tag == "domain" { GENERAL } else { 0 };
        if of_children != 0 {
            for child in table.children_of(element) {
                known[child.name as usize] |= of_children;
            }
        }
    }
    let distance = |(number, tag): (usize, &'static str)| match (known[number], tag) {
        (known, _) if known & ABOVE != 0 => 0,
        (known, _) if known & INSIDE != 0 => 1,
        (known, _) if known & BESIDE != 0 && known & GENERAL == 0 => 2,
        (_, "domain" | "devices") => 3,
        (_, "os" | "features" | "cpu") => 4,
        (known, _) if known & GENERAL != 0 => 5,
        _ => 6,
    };
    let mut ranked: Vec<(usize, bool, &'static str)> =
        homes.iter().map(|home| (distance(*home), !matches!(home.1, "features" | "os" | "cpu"), home.1)).collect();
    ranked.sort_by_key(|(distance, rare, _)| (*distance, *rare));
    match ranked.as_slice() {
        [] => None,
        [(_, _, home)] => Some(format!("<{name}> belongs in <{home}>")),
        [(_, _, one), (_, _, two)] => Some(format!("<{name}> belongs in <{one}> or <{two}>")),
        [(near, _, one), (6, ..), ..] if *near < 6 => Some(format!("<{name}> belongs in <{one}> and others")),
        [(_, _, one), (_, _, two), ..] => Some(format!("<{name}> belongs in <{one}>, <{two}> and others")),
    }
}

/// What the parent may hold, if that is little.
fn contents(c: &Context<'_>) -> Option<String> {
    let children = c.table.children_of(c.element(0)?);
    match children.len() {
        0 => Some("it has no children".into()),
        1..=6 => {
            let names: Vec<String> =
                children.iter().map(|child| format!("<{}>", c.table.names[child.name as usize])).collect();
            Some(format!("possible here: {}", names.join(", ")))
        }
        _ => None,
    }
}

fn misplaced_element(c: &Context<'_>) -> Wording {
    let (name, parent) = (c.quoted(), c.span_arg(1).unwrap_or_default());
    let message = match c.span_arg(2) {
        Some(decided) => format!("<{name}> does not belong in <{parent} {decided}>"),
        None => format!("<{name}> does not belong in this kind of <{parent}>"),
    };
    let help = match c.finding.related {
        Some(span) => format!("move it into <{}>, which needs it", c.quote(span)),
        None => "remove it, or change the type".into(),
    };
    Wording { message, help: Some(help), url: c.url(c.element(0)), related: needed(c), ..Wording::default() }
}

fn foreign_element(c: &Context<'_>) -> Wording {
    let (name, parent) = (c.quoted(), c.span_arg(1).unwrap_or_default());
    // Someone who writes a hypervisor's usual prefix means that hypervisor's namespace.
    let usual =
        name.split_once(':').and_then(|(prefix, _)| c.table.namespaces.iter().find(|(known, _)| *known == prefix));
    if let Some((prefix, uri)) = usual {
        return Wording {
            message: format!("<{name}> is in a namespace that libvirt does not read"),
            help: Some(format!("write xmlns:{prefix}='{uri}'")),
            ..Wording::default()
        };
    }
    Wording {
        message: format!("<{name}> in <{parent}> is in a namespace that libvirt does not read"),
        help: Some("move it into <metadata>, where any namespace may stand".into()),
        url: Url::of("general-metadata"),
        ..Wording::default()
    }
}

fn missing_namespace(c: &Context<'_>) -> Wording {
    let Arg::Number(number) = c.finding.args[1] else { return Wording::default() };
    let (prefix, uri) = c.table.namespaces[number as usize];
    let name = c.quoted();
    Wording {
        message: format!("<{name}> without its namespace is dropped silently"),
        help: Some(format!("add xmlns:{prefix}='{uri}' to <domain>")),
        label: Some("prefix is not bound"),
        ..Wording::default()
    }
}

fn unknown_attribute(c: &Context<'_>) -> Wording {
    let (name, tag) = (c.quoted(), c.enclosing_tag());
    let right = c.name(1);
    let help = match right {
        Some(right) if near(right, &name) => Some(format!("did you mean `{right}`?")),
        Some(right) => Some(format!("write `{right}=`, which is required here")),
        None => c.element(0).and_then(|element| {
            let known = c.table.attributes_of(element);
            match known.len() {
                0 => Some("it has no attributes".into()),
                1..=5 => {
                    let names: Vec<&'static str> = known.iter().map(|a| c.table.names[a.name as usize]).collect();
                    Some(format!("possible here: {}", list(names.iter())))
                }
                _ => None,
            }
        }),
    };
    // Where it stands for something that is required, libvirt refuses the document for want of that.
    let refused = c.finding.consequence == Some(Consequence::Refused);
    let consequence = if refused { "" } else { ", which libvirt drops silently" };
    Wording {
        message: format!("unknown attribute `{name}` on <{tag}>{consequence}"),
        help,
        url: c.url(c.element(0)),
        fix: right.and_then(|right| replace(c, right)),
        label: Some("unknown attribute"),
        ..Wording::default()
    }
}

fn misplaced_attribute(c: &Context<'_>) -> Wording {
    let (name, tag) = (c.quoted(), c.enclosing_tag());
    let message = match c.span_arg(2) {
        Some(decided) => format!("`{name}` does not belong on <{tag} {decided}>"),
        None => format!("`{name}` does not belong on this kind of <{tag}>"),
    };
    let help = c
        .name(1)
        .map_or("remove it, or change the type".into(), |right| format!("write `{right}=`, which is required here"));
    Wording {
        message,
        help: Some(help),
        url: c.url(c.element(0)),
        fix: c.name(1).and_then(|right| replace(c, right)),
        ..Wording::default()
    }
}

fn invalid_value(c: &Context<'_>) -> Wording {
    let value = c.quoted();
    let name = c.span_arg(2).unwrap_or_default();
    let message =
        if value.is_empty() { format!("`{name}` is empty") } else { format!("`{value}` is no valid `{name}`") };
    let Some(type_) = c.item(0) else {
        return Wording { message, help: Some("remove it".into()), url: c.url(c.element(1)), ..Wording::default() };
    };
    if c.table.types[type_].key == "mac-unicast"
        && let Some(unicast) = unicast(&value)
    {
        return Wording {
            message: format!("`{value}` is a multicast MAC address, which no card can have"),
            help: Some(format!("make the second digit even: `{unicast}`")),
            url: c.url(c.element(1)),
            fix: replace(c, &unicast),
            ..Wording::default()
        };
    }
    if let Some(wording) = surrounded(c, type_, c.finding.span) {
        return wording;
    }
    if let Some((number, unit)) = number_and_unit(c, type_, &value) {
        let help = Some(format!("write {name}='{number}' unit='{unit}'"));
        return Wording { message, help, url: c.url(c.element(1)), ..Wording::default() };
    }
    let expected = expectation(c.table, type_, &value, c.target);
    Wording {
        message,
        help: Some(expected.help),
        url: c.url(c.element(1)),
        fix: expected.meant.and_then(|meant| replace(c, meant)),
        ..Wording::default()
    }
}

/// The unicast address that differs from a multicast one in nothing but that bit.
fn unicast(value: &str) -> Option<String> {
    if !crate::table::checks::mac(value.as_bytes()) {
        return None;
    }
    let digit = value.as_bytes()[1] as char;
    let even = char::from_digit(digit.to_digit(16)? & !1, 16)?;
    Some(format!("{}{even}{}", &value[..1], &value[2..]))
}

fn padded(c: &Context<'_>) -> Wording {
    let value = String::from_utf8_lossy(c.finding.span.of(c.text)).trim().to_owned();
    Wording {
        message: format!("`{value}` has white space around it, and libvirt refuses it so"),
        help: Some(format!("write `{value}`")),
        url: c.url(c.element(1)),
        fix: replace(c, &value),
        ..Wording::default()
    }
}

fn minus_zero(c: &Context<'_>) -> Wording {
    let value = String::from_utf8_lossy(c.finding.span.of(c.text)).trim().to_owned();
    Wording {
        message: format!("`{value}` has a sign, and libvirt refuses one before a number that cannot be negative"),
        help: Some("write `0`, or a number from 1".to_owned()),
        url: c.url(c.element(1)),
        fix: replace(c, "0"),
        ..Wording::default()
    }
}

/// A value that would be right without the white space around it. `span` is the value with it.
fn surrounded(c: &Context<'_>, type_: usize, span: Span) -> Option<Wording> {
    let written = span.of(c.text);
    let value = written.trim_ascii();
    if value.len() == written.len() || c.table.value(type_ as u16, value, c.target) != Verdict::Good {
        return None;
    }
    let value = String::from_utf8_lossy(value).into_owned();
    Some(Wording {
        message: format!("`{}` has white space around it", shortened(&value)),
        help: Some(format!("write `{}`", shortened(&value))),
        url: c.url(c.element(1)),
        fix: Some(Fix { applicability: Applicability::Unsafe, edits: vec![(span, value)] }),
        ..Wording::default()
    })
}

/// The span together with the white space around it.
fn with_space(text: &[u8], span: Span) -> Span {
    let before = &text[..(span.start as usize).min(text.len())];
    let after = text.get(span.end as usize..).unwrap_or_default();
    let start = before.trim_ascii_end().len();
    Span::new(start, span.end as usize + (after.len() - after.trim_ascii_start().len()))
}

/// The parts of `2 GiB`, if the number alone would be right, the unit is one that libvirt knows, and the element has an attribute for it.
fn number_and_unit<'v>(c: &Context<'_>, type_: usize, value: &'v str) -> Option<(&'v str, &'v str)> {
    c.table.attribute_slot(c.element(1)?, b"unit")?;
    let end = value.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = (&value[..end], value[end..].trim());
    let prefixes = ["", "k", "K", "M", "G", "T", "P", "E"];
    let known = matches!(unit, "b" | "bytes" | "B")
        || prefixes.iter().any(|prefix| unit.strip_prefix(prefix).is_some_and(|rest| matches!(rest, "B" | "iB" | "")));
    let right = end > 0 && c.table.value(type_ as u16, number.as_bytes(), c.target) == Verdict::Good;
    (right && known && !unit.is_empty()).then_some((number, unit))
}

fn invalid_text(c: &Context<'_>) -> Wording {
    let tag = c.span_arg(2).unwrap_or_default();
    let blank = matches!(c.finding.args[2], Arg::Span(name) if name == c.finding.span);
    let value = if blank { Cow::default() } else { c.quoted() };
    let message = if value.is_empty() { format!("<{tag}> is empty") } else { format!("`{value}` is no valid <{tag}>") };
    if !blank && let Some(type_) = c.item(0) {
        // The finding's span is the text without the white space around it.
        if let Some(wording) = surrounded(c, type_, with_space(c.text, c.finding.span)) {
            return wording;
        }
        if let Some((number, unit)) = number_and_unit(c, type_, &value) {
            return Wording {
                message,
                help: Some(format!("write <{tag} unit='{unit}'>{number}</{tag}>")),
                url: c.url(c.element(1)),
                ..Wording::default()
            };
        }
    }
    let expected = c.item(0).map(|type_| expectation(c.table, type_, &value, c.target));
    Wording {
        message,
        fix: expected.as_ref().and_then(|e| e.meant).filter(|_| !blank).and_then(|meant| replace(c, meant)),
        help: expected.map(|e| e.help),
        url: c.url(c.element(1)),
        ..Wording::default()
    }
}

fn unexpected_text(c: &Context<'_>) -> Wording {
    let tag = c.span_arg(2).unwrap_or_default();
    Wording {
        message: format!("text in <{tag}>, where none belongs"),
        help: Some("remove it; libvirt ignores it".into()),
        url: c.url(c.element(0)),
        label: Some("text"),
        ..Wording::default()
    }
}

fn missing_attribute(c: &Context<'_>) -> Wording {
    let tag = c.quoted();
    let name = c.name(1).unwrap_or_default();
    if let Arg::Items(_, choice) = c.finding.args[2] {
        let choice = &c.table.choices[choice as usize];
        let mut names: Vec<&'static str> = Vec::new();
        if let Some(element) = c.element(0) {
            for block in choice.blocks.of(c.table.choice_blocks) {
                let required = c.table.blocks[*block as usize].required_attributes;
                if required != 0 {
                    names.push(
                        c.table.names[c.table.attributes_of(element)[required.trailing_zeros() as usize].name as usize],
                    );
                }
            }
        }
        names.dedup();
        if names.len() > 1 {
            return Wording {
                message: format!("<{tag}> needs {}", list(names.iter())),
                help: Some(format!("add one, such as `{}=`", names[0])),
                url: c.url(c.element(0)),
                ..Wording::default()
            };
        }
    }
    let help = c.item(2).map_or(format!("add {name}='...'"), |type_| how_to_add(c, name, type_));
    Wording {
        message: format!("<{tag}> needs the attribute `{name}`"),
        help: Some(help),
        url: c.url(c.element(0)),
        ..Wording::default()
    }
}

/// How to write an attribute of a type.
fn how_to_add(c: &Context<'_>, name: &str, type_: usize) -> String {
    let type_ = &c.table.types[type_];
    let Form::Words(words) = type_.form else {
        let example = if type_.example.is_empty() { "..." } else { type_.example };
        return format!("add {name}='{example}'");
    };
    let words = words.of(c.table.words).iter().filter(|word| word.since <= c.target && word.until > c.target);
    let words: Vec<&'static str> = words.map(|word| word.name.text).collect();
    match words.as_slice() {
        [] => format!("add {name}='...'"),
        [word] => format!("add {name}='{word}'"),
        [_, _] | [_, _, _] => format!("add {name}='...': {}", list(words.iter())),
        [first, ..] => format!("add {name}, such as {name}='{first}'"),
    }
}

fn missing_element(c: &Context<'_>) -> Wording {
    let (tag, name) = (c.quoted(), c.name(1).unwrap_or_default());
    let attributes = c.element(2).map_or(String::new(), |element| {
        let block = &c.table.blocks[element.block as usize];
        let slots = c.table.attributes_of(element);
        let required = (0..slots.len()).filter(|slot| block.required_attributes & 1 << slot != 0);
        required.map(|slot| format!(" {}='...'", c.table.names[slots[slot].name as usize])).collect()
    });
    let text = c.element(2).is_some_and(|e| c.table.blocks[e.block as usize].text != crate::table::Text::Blank);
    let shown = if text { format!("<{name}{attributes}>...</{name}>") } else { format!("<{name}{attributes}/>") };
    Wording {
        message: format!("<{tag}> needs a <{name}>"),
        help: Some(format!("add {shown}")),
        url: c.url(c.element(0)),
        ..Wording::default()
    }
}

fn duplicate_element(c: &Context<'_>) -> Wording {
    let (name, parent) = (c.quoted(), c.span_arg(1).unwrap_or_default());
    Wording {
        message: format!("<{name}> stands twice in <{parent}>"),
        help: Some("keep one of them".into()),
        url: c.url(c.element(0)),
        related: c.finding.related.map(|span| ("first here".into(), span)),
        ..Wording::default()
    }
}

fn count(c: &Context<'_>) -> Wording {
    let number = |index: usize| match c.finding.args[index] {
        Arg::Number(number) => number,
        _ => 0,
    };
    if c.finding.code == codes::TOO_MANY_ELEMENTS {
        let name = c.quoted();
        return Wording {
            message: format!("one <{name}> too many"),
            help: Some(format!("there must be {}", number(1))),
            ..Wording::default()
        };
    }
    let name = c.name(0).unwrap_or_default();
    Wording {
        message: format!("<{}> has {} <{name}> instead of {}", c.quoted(), number(2), number(1)),
        help: Some(format!("add the missing <{name}>")),
        ..Wording::default()
    }
}

fn conflict(c: &Context<'_>) -> Wording {
    let name = c.quoted();
    let other = c.span_arg(1);
    let attribute = c.finding.code == codes::CONFLICTING_ATTRIBUTES;
    let show = |name: &str, attribute: bool| if attribute { format!("`{name}`") } else { format!("<{name}>") };
    let other_is_attribute = match c.finding.args[2] {
        Arg::Word(word) => *word == "attribute",
        _ => attribute,
    };
    let message = match &other {
        Some(other) => format!("{} cannot stand beside {}", show(&name, attribute), show(other, other_is_attribute)),
        None => format!("{} does not fit what else stands here", show(&name, attribute)),
    };
    Wording {
        message,
        help: Some("keep one of them".into()),
        url: c.url(c.element(0)),
        related: c.finding.related.map(|span| ("excludes it".into(), span)),
        ..Wording::default()
    }
}

fn incomplete(c: &Context<'_>) -> Wording {
    let missing = c.name(1).unwrap_or_default();
    let element_missing = matches!(c.finding.args[2], Arg::Word(word) if *word == "element");
    let shown = if element_missing { format!("<{missing}>") } else { format!("`{missing}`") };
    let (present, element) = match c.finding.args[0] {
        Arg::Items(element, present) => {
            let name = c.table.names[present as usize];
            let shown = if element_missing { format!("<{name}>") } else { format!("`{name}`") };
            (shown, c.table.elements.get(element as usize))
        }
        _ => (format!("`{}`", c.quoted()), c.element(0)),
    };
    Wording {
        message: format!("{present} needs {shown} beside it"),
        help: Some(format!("add {shown}, or remove {present}")),
        url: c.url(element),
        ..Wording::default()
    }
}

fn wrong_order(c: &Context<'_>) -> Wording {
    let name = c.quoted();
    let other = c.span_arg(1).or_else(|| c.name(1).map(Cow::Borrowed)).unwrap_or_default();
    let word = match c.finding.args[2] {
        Arg::Word(word) => *word,
        _ => "before",
    };
    Wording {
        message: format!("<{name}> must stand {word} <{other}>"),
        help: Some(format!("move it {word} <{other}>")),
        url: c.url(c.element(0)),
        related: c.finding.related.map(|span| (format!("<{other}>"), span)),
        ..Wording::default()
    }
}

fn wrong_variant(c: &Context<'_>) -> Wording {
    let attribute = c.name(1).unwrap_or_default();
    let Arg::Item(case) = c.finding.args[2] else { return Wording::default() };
    let words = c.table.cases[case as usize].values.of(c.table.case_values);
    let written = c.text.get(c.finding.span.start as usize - 1).is_some_and(|b| matches!(b, b'"' | b'\''));
    let message = if written {
        format!("{attribute}='{}' does not fit what <{}> holds", c.quoted(), c.enclosing_tag())
    } else {
        format!("<{}> holds what needs another `{attribute}`", c.quoted())
    };
    Wording {
        message,
        help: Some(format!("with {attribute}='{}' it is right", words[0].text)),
        url: c.url(c.element(0)),
        fix: if written { replace(c, words[0].text) } else { None },
        ..Wording::default()
    }
}

fn dated(c: &Context<'_>, new: bool) -> Wording {
    let kind = match c.finding.args[2] {
        Arg::Word(word) => *word,
        _ => "value",
    };
    let shown = match kind {
        "element" => format!("<{}>", c.quoted()),
        "attribute" => format!("attribute `{}`", c.quoted()),
        _ => format!("`{}`", c.quoted()),
    };
    let (version, target) = (c.version(0), c.target);
    let (message, help) = if new {
        (
            format!("{shown} came with libvirt {version}; the target is {target}"),
            "remove it, or check for a newer libvirt".to_owned(),
        )
    } else {
        (format!("{shown} is gone since libvirt {version}; the target is {target}"), "remove it".to_owned())
    };
    Wording { message, help: Some(help), url: c.url(c.element(1)), ..Wording::default() }
}
