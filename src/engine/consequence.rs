//! What libvirt does with what a finding is about, and how much the finding weighs for it.
//!
//! Most faults of a kind have the same end: what libvirt does not know it drops, a wrong value it refuses. What differs is said in the
//! rule files of the attribute, the child, the text or the type ([`crate::table::Handling`]). Nothing here runs on a clean document.

use crate::diagnostic::{Arg, Category, Consequence, Finding, Severity, Span, codes};
use crate::table::checks::ncname;
use crate::table::{Element, Form, Handling, NONE, Table, Verdict};
use crate::xml;

/// Gives findings their consequences, as far as they have none yet.
pub(super) fn settle(findings: &mut [Finding], text: &[u8], table: &'static Table) {
    for finding in findings {
        if finding.consequence.is_none() {
            finding.consequence = of(finding, text, table);
        }
    }
}

/// Gives findings the severities that follow from their consequences.
pub(super) fn weigh(findings: &mut [Finding], table: &'static Table, strict: bool) {
    for finding in findings {
        let only_validation = finding.consequence == Some(Consequence::ValidationOnly);
        if only_validation && strict {
            finding.severity = Severity::Error;
        } else if table.category(finding.code) == Category::Schema {
            finding.severity = if only_validation { Severity::Warning } else { Severity::Error };
        }
    }
}

/// What libvirt does with what a finding is about.
pub(super) fn of(finding: &Finding, text: &[u8], table: &'static Table) -> Option<Consequence> {
    let usual = table.consequence(finding.code);
    // Of broken XML, what is only remarked upon libvirt reads all the same.
    if finding.severity < Severity::Error && table.category(finding.code) == Category::Syntax {
        return None;
    }
    let case = Case { finding, text, table };
    let said = match finding.code {
        codes::BAD_NAME => case.bad_name(),
        codes::INVALID_VALUE => case.wrong_value(),
        codes::INVALID_TEXT => case.wrong_text(),
        codes::TOO_NEW | codes::REMOVED => case.dated(),
        codes::UNKNOWN_ATTRIBUTE | codes::MISPLACED_ATTRIBUTE => case.stands_for_attribute(),
        codes::UNKNOWN_ELEMENT => case.stands_for_child(),
        codes::MISSING_ATTRIBUTE => case.attribute(0, case.name(1)).and_then(|handling| handling.missing.said()),
        codes::MISSING_ELEMENT => case.child(0, case.name(1)).and_then(|handling| handling.missing.said()),
        codes::INCOMPLETE_PAIR => case.incomplete(),
        codes::DUPLICATE_ELEMENT => case.child(0, case.own()).and_then(|handling| handling.twice.said()),
        codes::CONFLICTING_ATTRIBUTES => case.attribute(0, case.own()).and_then(|handling| handling.conflict.said()),
        codes::CONFLICTING_ELEMENTS => {
            let element = case.child(0, case.own()).and_then(|handling| handling.conflict.said());
            element.or_else(|| case.attribute(0, case.own()).and_then(|handling| handling.conflict.said()))
        }
        _ => None,
    };
    said.or(usual)
}

/// A finding with what it is about.
struct Case<'a> {
    finding: &'a Finding,
    text: &'a [u8],
    table: &'static Table,
}

impl<'a> Case<'a> {
    fn element(&self, index: usize) -> Option<&'static Element> {
        match self.finding.args[index] {
            Arg::Item(item) | Arg::Items(item, _) => self.table.elements.get(item as usize),
            _ => None,
        }
    }

    /// The name whose number is an argument.
    fn name(&self, index: usize) -> Option<&'a [u8]> {
        match self.finding.args[index] {
            Arg::Item(item) => self.table.names.get(item as usize).map(|name| name.as_bytes()),
            _ => None,
        }
    }

    /// The name that the finding's span covers.
    fn own(&self) -> Option<&'a [u8]> {
        Some(self.finding.span.of(self.text))
    }

    fn attribute(&self, element: usize, name: Option<&[u8]>) -> Option<Handling> {
        let element = self.element(element)?;
        let slot = self.table.attribute_slot(element, name?)?;
        Some(self.table.attributes_of(element)[slot as usize].handling)
    }

    fn child(&self, element: usize, name: Option<&[u8]>) -> Option<Handling> {
        let element = self.element(element)?;
        let slot = self.table.child_slot(element, name?)?;
        Some(self.table.children_of(element)[slot as usize].handling)
    }

    /// What is no name of XML at all is refused; of one that only namespaces object to libvirt makes no fuss.
    fn bad_name(&self) -> Option<Consequence> {
        let without_colons: Vec<u8> = self.own()?.iter().map(|byte| if *byte == b':' { b'_' } else { *byte }).collect();
        (!ncname(&without_colons)).then_some(Consequence::Refused)
    }

    fn wrong_value(&self) -> Option<Consequence> {
        let Arg::Span(name) = self.finding.args[2] else { return None };
        self.wrong(self.attribute(1, Some(name.of(self.text))), self.finding.span)
    }

    fn wrong_text(&self) -> Option<Consequence> {
        let Arg::Span(name) = self.finding.args[2] else { return None };
        // A blank text is told on the element's name.
        let span = if self.finding.span == name { Span::at(name.end as usize) } else { self.finding.span };
        self.wrong(self.element(1).map(|element| element.text_handling), span)
    }

    /// A value that is not of its type.
    fn wrong(&self, own: Option<Handling>, span: Span) -> Option<Consequence> {
        let type_ = match self.finding.args[0] {
            Arg::Item(item) if item != NONE as u32 => Some(item as u16),
            _ => None,
        };
        let of_type = type_.map(|type_| self.table.types[type_ as usize].handling);
        let mut decoded = Vec::new();
        xml::decode_value(span.of(self.text), &mut decoded);
        let target = crate::table::Version::LATEST;
        let is_of = |type_: fn(Handling) -> u16| {
            [own, of_type]
                .into_iter()
                .flatten()
                .map(type_)
                .any(|type_| type_ != NONE && self.table.value(type_, &decoded, target) == Verdict::Good)
        };
        if is_of(|handling| handling.takes) {
            return Some(Consequence::ValidationOnly);
        }
        if is_of(|handling| handling.misreads) {
            return Some(Consequence::Misread);
        }
        // libvirt's numbers may have white space and a plus in front of them.
        if let Some(type_) = type_
            && matches!(self.table.types[type_ as usize].form, Form::Integer { .. })
        {
            let bare = decoded.trim_ascii_start();
            let bare = bare.strip_prefix(b"+").unwrap_or(bare);
            if bare.len() < decoded.len() && self.table.value(type_, bare, target) == Verdict::Good {
                return Some(Consequence::ValidationOnly);
            }
        }
        let said = |handling: Option<Handling>| handling.and_then(|handling| handling.wrong.said());
        said(own).or_else(|| said(of_type))
    }

    /// What the target does not have: a name it drops, a value it takes for a wrong one.
    fn dated(&self) -> Option<Consequence> {
        let Arg::Word(kind) = self.finding.args[2] else { return None };
        let handling = match *kind {
            "value" => self.attribute(1, self.attribute_before(self.finding.span)),
            "text" => self.element(1).map(|element| element.text_handling),
            _ => return Some(Consequence::Dropped),
        };
        Some(handling.and_then(|handling| handling.wrong.said()).unwrap_or(Consequence::Refused))
    }

    /// The name of the attribute that has its value at a span.
    fn attribute_before(&self, value: Span) -> Option<&'a [u8]> {
        let before = self.text.get(..(value.start as usize).checked_sub(1)?)?;
        let before = before.trim_ascii_end().strip_suffix(b"=")?.trim_ascii_end();
        let start = before.iter().rposition(|byte| byte.is_ascii_whitespace())? + 1;
        Some(&before[start..])
    }

    /// A strange attribute that is written where a required one is missing: libvirt misses that.
    fn stands_for_attribute(&self) -> Option<Consequence> {
        let (element, name) = (self.element(0)?, self.name(1)?);
        let slot = self.table.attribute_slot(element, name)?;
        let required = self.table.blocks[element.block as usize].required_attributes & 1 << slot != 0;
        let missing = self.table.attributes_of(element)[slot as usize].handling.missing.said();
        self.as_missing(required || !self.near(name), missing.or(self.table.consequence(codes::MISSING_ATTRIBUTE)))
    }

    /// A strange child that is written where a required one is missing.
    fn stands_for_child(&self) -> Option<Consequence> {
        let (element, name) = (self.element(0)?, self.name(1)?);
        let slot = self.table.child_slot(element, name)?;
        let required = self.table.blocks[element.block as usize].required_children & 1 << slot != 0;
        let missing = self.table.children_of(element)[slot as usize].handling.missing.said();
        self.as_missing(required || !self.near(name), missing.or(self.table.consequence(codes::MISSING_ELEMENT)))
    }

    /// `Refused` if libvirt refuses the want of what the stranger stands for; else what it does with a stranger counts.
    fn as_missing(&self, required: bool, missing: Option<Consequence>) -> Option<Consequence> {
        missing.filter(|missing| required && *missing == Consequence::Refused)
    }

    /// Whether the name that is written may be a slip for this one; else it stands for it only because that is missing.
    fn near(&self, name: &[u8]) -> bool {
        let written = self.finding.span.of(self.text);
        super::recover::nearest(written, std::str::from_utf8(name).ok().map(|name| (0, name)).into_iter()).is_some()
    }

    fn incomplete(&self) -> Option<Consequence> {
        let element = matches!(self.finding.args[2], Arg::Word(word) if *word == "element");
        let handling = if element { self.child(0, self.name(1)) } else { self.attribute(0, self.name(1)) };
        handling.and_then(|handling| handling.missing.said())
    }
}
