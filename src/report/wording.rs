//! The text of findings: what is wrong, why libvirt cares, what to write instead.
//!
//! Messages name things as the author wrote them and are short: together with the help rarely more than a line of a terminal. Text is
//! made here and nowhere else, and only for findings that are printed.

mod expected;
mod faults;
mod rule;
mod schema;
mod syntax;

use crate::diagnostic::{Applicability, Arg, Category, Consequence, Finding, Fix, Span, codes};
use crate::engine::Options;
use crate::table::{Element, NONE, Table, Version};
use crate::xml;
use std::borrow::Cow;
use std::fmt;

/// A finding in words.
#[derive(Clone, Debug, Default)]
pub struct Wording {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
    /// Where libvirt documents it.
    pub url: Option<Url>,
    /// What stands at the second place.
    pub related: Option<(String, Span)>,
    /// A change that mends it.
    pub fix: Option<Fix>,
    /// A few words for the caret.
    pub label: Option<&'static str>,
}

/// A place in libvirt's documentation of the domain format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Url {
    /// Name of the heading.
    pub anchor: &'static str,
}

impl Url {
    /// The page, up to the heading's name.
    pub const PAGE: &'static str = "https://libvirt.org/formatdomain.html#";

    /// The heading of that name; none if it is empty, as where the table knows of no place.
    pub fn of(anchor: &'static str) -> Option<Url> {
        (!anchor.is_empty()).then_some(Url { anchor })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Url::PAGE)?;
        f.write_str(self.anchor)
    }
}

/// Puts a finding into words. `text` is the document's text that the finding's spans refer to.
pub fn wording(finding: &Finding, text: &[u8], options: &Options) -> Wording {
    let context = Context { text, table: options.table, target: options.target, finding };
    let mut wording = match options.table.category(finding.code) {
        _ if finding.code.table_rule().is_some() => rule::wording(&context),
        Category::Syntax => syntax::wording(&context),
        _ => schema::wording(&context),
    };
    wording.message.push_str(consequence(finding));
    if let Some(device) = context.device() {
        wording.message = format!("{device}: {}", wording.message);
    }
    wording
}

/// What libvirt does, where a reader would not expect it of the fault. That it refuses a wrong value and misses what is missing goes
/// without saying, and the words of strange elements and attributes say themselves that they are dropped.
fn consequence(finding: &Finding) -> &'static str {
    let of_value = matches!(finding.code, codes::INVALID_VALUE | codes::INVALID_TEXT);
    match finding.consequence {
        // The rules' own messages say what only `--validate` objects to.
        Some(Consequence::ValidationOnly) if finding.code.table_rule().is_none() => "; only `--validate` objects",
        Some(Consequence::Dropped) if of_value => ", and libvirt drops it silently",
        Some(Consequence::Misread) if of_value => ", and libvirt reads it as another",
        Some(Consequence::Misread) if finding.code == codes::MISSING_ATTRIBUTE => ", and libvirt assumes another",
        _ => "",
    }
}

/// What the words are made from.
struct Context<'a> {
    text: &'a [u8],
    table: &'static Table,
    target: Version,
    finding: &'a Finding,
}

/// How many characters of a name or value are quoted.
const QUOTE: usize = 60;

/// How far one looks back for the start of a tag, and ahead for what names a device. Tags are rarely long; what is further away is not looked
/// for, so that many findings in one long tag stay cheap.
const LOOK: usize = 4 << 10;

/// The text from an offset on, as far as one looks.
fn window(text: &[u8], from: usize) -> &[u8] {
    text.get(from..text.len().min(from + LOOK)).unwrap_or_default()
}

/// A text, cut if it has more characters than are quoted.
fn shortened(text: &str) -> Cow<'_, str> {
    let cut = if text.len() <= QUOTE { None } else { text.char_indices().nth(QUOTE) };
    cut.map_or(text.into(), |(end, _)| format!("{}...", &text[..end]).into())
}

impl<'a> Context<'a> {
    /// The characters of a span, shortened if there are many.
    fn quote(&self, span: Span) -> Cow<'a, str> {
        // Of a long text no more is read than is shown, since many findings may name the same.
        let text = span.of(self.text);
        let head = &text[..text.len().min(4 * (QUOTE + 1))];
        let whole = std::str::from_utf8(head)
            .unwrap_or_else(|error| std::str::from_utf8(&head[..error.valid_up_to()]).expect("so far it is valid"));
        shortened(whole)
    }

    /// The characters of a span, all of them, as fixes need them.
    fn whole(&self, span: Span) -> String {
        String::from_utf8_lossy(span.of(self.text)).into_owned()
    }

    /// Whether the fix of a fault in a tag is sure to be what was meant: it is if the document has no other fault in its markup.
    fn of_a_tag(&self) -> Applicability {
        if self.finding.args[2] == Arg::None { Applicability::Safe } else { Applicability::Unsafe }
    }

    /// What the finding's own span covers.
    fn quoted(&self) -> Cow<'a, str> {
        self.quote(self.finding.span)
    }

    /// An argument that is a span, quoted.
    fn span_arg(&self, index: usize) -> Option<Cow<'a, str>> {
        match self.finding.args[index] {
            Arg::Span(span) => Some(self.quote(span)),
            _ => None,
        }
    }

    /// An argument that is an item's number.
    fn item(&self, index: usize) -> Option<usize> {
        match self.finding.args[index] {
            Arg::Item(item) if item != NONE as u32 => Some(item as usize),
            _ => None,
        }
    }

    /// An argument that is the number of a name.
    fn name(&self, index: usize) -> Option<&'static str> {
        self.item(index).and_then(|item| self.table.names.get(item).copied())
    }

    /// An argument that is the number of an element type.
    fn element(&self, index: usize) -> Option<&'static Element> {
        self.item(index).and_then(|item| self.table.elements.get(item))
    }

    /// An argument that is a version.
    fn version(&self, index: usize) -> Version {
        match self.finding.args[index] {
            Arg::Number(number) => Version(number as u32),
            _ => Version::ALWAYS,
        }
    }

    /// The tag that the finding's span stands in, as it is written.
    fn enclosing_tag(&self) -> Cow<'a, str> {
        let end = (self.finding.span.start as usize).min(self.text.len());
        let from = end.saturating_sub(LOOK);
        let before = &self.text[from..end];
        let Some(open) = memchr::memrchr(b'<', before) else { return Cow::default() };
        let open = from + open;
        let name = window(self.text, open + 1);
        let end = name.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>')).unwrap_or(name.len());
        self.quote(Span::new(open + 1, open + 1 + end))
    }

    /// Where libvirt documents an element type.
    fn url(&self, element: Option<&Element>) -> Option<Url> {
        element.and_then(|element| Url::of(element.docs))
    }

    /// The tag of the device that the finding lies in.
    fn device_tag(&self) -> Option<Cow<'a, str>> {
        let start = (self.finding.owner != u32::MAX).then_some(self.finding.owner as usize + 1)?;
        let rest = window(self.text, start);
        let end = rest.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'))?;
        Some(self.quote(Span::new(start, start + end)))
    }

    /// The device that the finding lies in, as its author would call it: "disk vdb".
    fn device(&self) -> Option<String> {
        let kind = self.device_tag()?;
        let owner = self.finding.owner;
        let text = &self.text[..self.text.len().min(owner as usize + LOOK)];
        let content = xml::content_start(text, owner as usize)?;
        // What names a device, in the order in which people would use it.
        let wanted: &[(&str, &str)] = match &*kind {
            "disk" => &[("target", "dev"), ("alias", "name")],
            "filesystem" => &[("target", "dir"), ("alias", "name")],
            "interface" => &[("target", "dev"), ("mac", "address"), ("alias", "name")],
            "channel" => &[("target", "name"), ("alias", "name")],
            _ => &[("alias", "name")],
        };
        if kind == "controller" {
            let (mut type_, mut index) = (None, None);
            xml::peek_attributes(text, owner as usize, |name, value| match name.of(self.text) {
                b"type" => type_ = Some(self.quote(value)),
                b"index" => index = Some(self.quote(value)),
                _ => {}
            });
            return type_
                .map(|type_| format!("controller {type_}{}", index.map_or(String::new(), |i| format!(" {i}"))));
        }
        let mut names: Vec<Option<Cow<'_, str>>> = vec![None; wanted.len()];
        let text = &self.text[..self.text.len().min(content + LOOK)];
        xml::peek_children(text, content, |child| {
            for (slot, (tag, attribute)) in wanted.iter().enumerate() {
                if child.of(self.text) == tag.as_bytes() && names[slot].is_none() {
                    xml::peek_attributes(text, child.start as usize - 1, |name, value| {
                        if name.of(self.text) == attribute.as_bytes() && !value.is_empty() {
                            names[slot] = Some(self.quote(value));
                        }
                    });
                }
            }
            true
        });
        let name = names.into_iter().flatten().next()?;
        Some(format!("{kind} {name}"))
    }
}
