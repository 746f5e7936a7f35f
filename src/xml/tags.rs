//! Start tags that are right: names, attributes, uniqueness.
//!
//! The scan below is the hot path of the whole program. It takes only what is right and ASCII in its names; at the first sign of anything
//! else it gives the tag to `repair`, which reads it again with all due care.

use super::chars::{IN_VALUE, NAME, NAME_START, char_at, is, is_char, is_space, skip_space};
use super::reader::{Open, Phase, Reader};
use super::references::check_references;
use super::tag_cache::{Known, Probe};
use super::{Attribute, Event, Namespace, Start, TagId};
use crate::diagnostic::{Arg, Finding, Severity, Span, codes};
use memchr::memchr;

/// What a scan found besides the attributes.
#[derive(Clone, Copy, Default)]
pub(super) struct Shape {
    /// Offset after the element's name.
    pub name_end: usize,
    /// Offset of the colon in the element's name; 0 for none.
    pub colon: usize,
    /// A value holds a `&`.
    pub references: bool,
    /// An attribute's name has a prefix.
    pub prefixes: bool,
    /// Two names may be the same.
    pub duplicates: bool,
    /// A fault was reported.
    pub damaged: bool,
    /// What was looked for among the tags that are kept.
    pub probe: Probe,
}

/// With more attributes than this, duplicates are found by sorting.
pub(super) const FEW: usize = 16;

impl<'d> Reader<'d, '_, '_> {
    /// A start tag from `start` to `end`, by the splitter's reckoning.
    #[inline(always)]
    pub(super) fn start_tag(
        &mut self,
        start: usize,
        end: usize,
        probe: Probe,
        findings: &mut Vec<Finding>,
    ) -> Option<Event<'d>> {
        let self_closing = self.text[end - 2] == b'/';
        let content_end = end - 1 - usize::from(self_closing);
        self.workspace.declarations.clear();
        match self.scan(start + 1, content_end) {
            Some(shape) => self.open(start, end, self_closing, Shape { probe, ..shape }, findings),
            None => self.repair(start, end, findings),
        }
    }

    /// A start tag that was read before. `None` if where it stands needs a closer look.
    #[inline(always)]
    pub(super) fn known_tag(&mut self, start: usize, end: usize, known: Known) -> Option<Event<'d>> {
        let depth = self.workspace.open.len();
        if depth == 0 || depth >= self.depth_watch {
            return None;
        }
        let self_closing = self.text[end - 2] == b'/';
        let name_span = Span::new(start + 1, start + 1 + known.name);
        self.workspace.declarations.clear();
        self.workspace.unread = Some(Span::new(start + 1, end - 1 - usize::from(self_closing)));
        self.position = end;
        self.enter(self.element(name_span), end, self_closing);
        let name = name_span.of(self.text);
        Some(Event::Start(Start {
            name,
            local: name,
            namespace: Namespace::None,
            name_span,
            tag_start: start as u32,
            content_start: end as u32,
            self_closing,
            damaged: false,
            id: known.id,
            unbound: false,
        }))
    }

    /// `[40] STag ::= '<' Name (S Attribute)* S? '>'` and `[44] EmptyElemTag`, between their delimiters. `None` if anything about it
    /// needs a closer look.
    #[inline(always)]
    pub(super) fn scan(&mut self, from: usize, to: usize) -> Option<Shape> {
        self.workspace.attributes.clear();
        self.workspace.unread = None;
        let tag = self.text.get(..to)?;
        let mut shape = Shape::default();
        // [5] Name
        if !is(*tag.get(from)?, NAME_START) {
            return None;
        }
        let mut at = from + 1;
        while at < to && is(tag[at], NAME) {
            at += 1;
        }
        if at < to && tag[at] == b':' {
            shape.colon = at;
            at = prefixed(tag, at)?;
        }
        shape.name_end = at;
        let mut seen = 0u64;
        while at < to {
            // [3] S, which must be there
            if !is_space(tag[at]) {
                return None;
            }
            at = skip_space(tag, at + 1);
            if at == to {
                break;
            }
            // [41] Attribute ::= Name Eq AttValue
            let name_start = at;
            let first = tag[at];
            if !is(first, NAME_START) {
                return None;
            }
            at += 1;
            while at < to && is(tag[at], NAME) {
                at += 1;
            }
            let mut prefix = false;
            if at < to && tag[at] == b':' {
                at = prefixed(tag, at)?;
                prefix = true;
            }
            let name_end = at;
            // Two equal names have the same key; two that differ seldom do.
            let mix = ((name_end - name_start) as u8).wrapping_mul(7) ^ first ^ tag[name_end - 1].wrapping_mul(5);
            let key = 1u64 << (mix % 64);
            shape.duplicates |= seen & key != 0;
            seen |= key;
            // [25] Eq ::= S? '=' S?
            if *tag.get(at)? != b'=' {
                at = skip_space(tag, at);
                if *tag.get(at)? != b'=' {
                    return None;
                }
            }
            at += 1;
            let mut quote = *tag.get(at)?;
            if is_space(quote) {
                at = skip_space(tag, at);
                quote = *tag.get(at)?;
            }
            if quote != b'\'' && quote != b'"' {
                return None;
            }
            // [10] AttValue ::= '"' ([^<&"] | Reference)* '"' | "'" ([^<&'] | Reference)* "'"
            at += 1;
            let value_start = at;
            let mut needs_normalising = false;
            loop {
                let byte = *tag.get(at)?;
                if is(byte, IN_VALUE) {
                    if byte == quote {
                        break;
                    }
                    match byte {
                        b'"' | b'\'' => {}
                        b'&' => {
                            needs_normalising = true;
                            shape.references = true;
                        }
                        b'\t' | b'\n' | b'\r' => needs_normalising = true,
                        0xEF if char_at(tag, at).is_some_and(is_char) => {}
                        _ => return None,
                    }
                }
                at += 1;
            }
            let attribute = Attribute {
                name: Span::new(name_start, name_end),
                value: Span::new(value_start, at),
                prefixed: prefix,
                needs_normalising,
                damaged: false,
            };
            at += 1;
            let five = name_end - name_start == 5;
            if first == b'x'
                && (five || tag.get(name_start + 5) == Some(&b':'))
                && tag[name_start..].starts_with(b"xmlns")
            {
                self.workspace.declarations.push(attribute);
                continue;
            }
            shape.prefixes |= prefix;
            self.workspace.attributes.push(attribute);
        }
        Some(shape)
    }

    /// Puts an element on the stack and checks what concerns the tag as a whole. `end` is the offset after the tag.
    #[inline(always)]
    pub(super) fn open(
        &mut self,
        start: usize,
        end: usize,
        self_closing: bool,
        shape: Shape,
        findings: &mut Vec<Finding>,
    ) -> Option<Event<'d>> {
        self.position = end;
        let name_span = Span::new(start + 1, shape.name_end);
        let depth = self.workspace.open.len();
        if depth == 0 || depth >= self.depth_watch {
            self.outermost_or_deep(name_span, depth, findings)?;
        }
        let open = self.element(name_span);
        let mut damaged = shape.damaged;
        if shape.duplicates
            || shape.references
            || self.workspace.attributes.len() + self.workspace.declarations.len() > self.few
        {
            damaged |= self.check_attributes(shape, findings);
        }
        if !self.workspace.declarations.is_empty() {
            self.declare(findings);
        }
        let plain = !damaged && !shape.references && !shape.prefixes && self.workspace.declarations.is_empty();
        let mut id = TagId::NONE;
        if shape.probe.len > 0 && plain && shape.colon == 0 {
            id = self.workspace.tags.keep(shape.probe, &self.text[start..end], name_span.len());
        }
        self.enter(open, end, self_closing);
        let text = self.text;
        let name = &text[start + 1..shape.name_end];
        let (mut local, mut namespace, mut unbound) = (name, self.default_namespace, false);
        if shape.colon != 0 {
            local = &text[shape.colon + 1..shape.name_end];
            let (found, bound) = self.resolve(Span::new(start + 1, shape.colon), findings);
            (namespace, unbound) = (found, !bound);
        }
        if shape.prefixes {
            self.check_prefixes(findings);
        }
        let event = Start {
            name,
            local,
            namespace,
            name_span,
            tag_start: start as u32,
            content_start: end as u32,
            self_closing,
            damaged,
            id,
            unbound,
        };
        if depth == 0 && self.root.is_some_and(|root| root != name_span) {
            return self.next_root(event, findings);
        }
        if depth == 0 {
            self.root = Some(name_span);
        }
        Some(Event::Start(event))
    }

    /// An element of this name, with what is in force outside of it.
    #[inline(always)]
    fn element(&self, name: Span) -> Open {
        let bindings = self.workspace.bindings.len() as u32;
        Open { name, bindings, default_namespace: self.default_namespace, damaged: false }
    }

    /// Puts an element on the stack, and owes its end if it has no content. `end` is the offset after the tag.
    #[inline(always)]
    fn enter(&mut self, open: Open, end: usize, self_closing: bool) {
        self.workspace.open.push(open);
        if self_closing {
            self.owed = 1;
            self.owed_tag = Span::at(end);
        }
    }

    /// The root begins, or nesting gets deep. `None` if the reader gave up.
    #[cold]
    fn outermost_or_deep(&mut self, name: Span, depth: usize, findings: &mut Vec<Finding>) -> Option<()> {
        if depth == 0 {
            self.phase = Phase::Content;
        }
        let limit = self.options.limits.max_depth;
        if depth >= limit {
            let finding = Finding::new(codes::TOO_DEEP, Severity::Error, name);
            self.report(findings, finding.args([Arg::Number(limit as i64), Arg::None, Arg::None]));
            self.give_up();
            return None;
        }
        if depth >= self.depth_watch {
            let finding = Finding::new(codes::TOO_DEEP, Severity::Warning, name);
            self.report(findings, finding.args([Arg::Number(super::USUAL_DEPTH as i64), Arg::None, Arg::None]));
            self.depth_watch = limit;
        }
        Some(())
    }

    /// A root behind the first one: a stream's next document, or one too many.
    #[cold]
    fn next_root(&mut self, start: Start<'d>, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let first = self.root.unwrap_or_default();
        let is_root = self.options.is_document_root;
        if start.namespace == Namespace::None && !start.unbound && is_root(first.of(self.text)) && is_root(start.local)
        {
            self.root = Some(start.name_span);
            self.doctype = self.pending_doctype.take();
            self.pending_declaration = None;
            self.told_text = false;
            self.held = Some(start);
            self.owed += 1;
            return Some(Event::EndOfDocument);
        }
        if !self.told_root {
            self.told_root = true;
            self.pending_declaration = None;
            let finding = Finding::new(codes::SECOND_ROOT, Severity::Error, start.name_span);
            self.report(findings, finding.related(first));
        }
        self.muted = true;
        None
    }

    /// References in values, names that occur twice, and how many attributes there are; whether anything is wrong.
    #[cold]
    fn check_attributes(&mut self, shape: Shape, findings: &mut Vec<Finding>) -> bool {
        let text = self.text;
        let limit = self.options.limits.max_attributes.min(u16::MAX as usize);
        let before = findings.len();
        for declaration in [false, true] {
            let list = if declaration { &mut self.workspace.declarations } else { &mut self.workspace.attributes };
            if list.len() > limit {
                let name = list[limit].name;
                list.truncate(limit);
                let finding = Finding::new(codes::TOO_MANY_ATTRIBUTES, Severity::Error, name);
                self.report(findings, finding.args([Arg::Number(limit as i64), Arg::None, Arg::None]));
            }
        }
        if shape.references {
            for declaration in [false, true] {
                let count =
                    if declaration { self.workspace.declarations.len() } else { self.workspace.attributes.len() };
                for number in 0..count {
                    let list = if declaration { &self.workspace.declarations } else { &self.workspace.attributes };
                    let attribute = list[number];
                    let raw = attribute.value.of(text);
                    if attribute.needs_normalising && !attribute.damaged && memchr(b'&', raw).is_some() {
                        let right = self.check_value_references(attribute.value, findings);
                        let list =
                            if declaration { &mut self.workspace.declarations } else { &mut self.workspace.attributes };
                        list[number].damaged = !right;
                    }
                }
            }
        }
        for declaration in [false, true] {
            let list = if declaration { &self.workspace.declarations } else { &self.workspace.attributes };
            // WFC: Unique Att Spec
            if list.len() <= FEW {
                for second in 1..list.len() {
                    let name = list[second].name;
                    if let Some(first) = list[..second].iter().find(|first| first.name.of(text) == name.of(text)) {
                        let finding = Finding::new(codes::DUPLICATE_ATTRIBUTE, Severity::Error, name);
                        self.report(findings, finding.related(first.name));
                    }
                }
                continue;
            }
            // Sorted by name, then by place, equal names stand side by side with the first of them in front.
            let mut order = std::mem::take(&mut self.workspace.order);
            order.clear();
            order.extend(list.iter().map(|attribute| attribute.name));
            order.sort_unstable_by(|a, b| a.of(text).cmp(b.of(text)).then(a.start.cmp(&b.start)));
            let mut first = Span::at(0);
            let mut repeated = Vec::new();
            for name in &order {
                if name.of(text) == first.of(text) {
                    repeated.push((*name, first));
                } else {
                    first = *name;
                }
            }
            self.workspace.order = order;
            repeated.sort_unstable_by_key(|(name, _)| name.start);
            for (name, first) in repeated {
                let finding = Finding::new(codes::DUPLICATE_ATTRIBUTE, Severity::Error, name);
                self.report(findings, finding.related(first));
            }
        }
        findings.len() > before
    }

    /// The references of a value; whether all are right.
    pub(super) fn check_value_references(&self, value: Span, findings: &mut Vec<Finding>) -> bool {
        let knows = self.entity_severity();
        check_references(value.of(self.text), value.start as usize, |code, span, arg| {
            let severity = if code == codes::UNKNOWN_ENTITY { knows } else { Some(Severity::Error) };
            if let Some(severity) = severity {
                self.report(findings, Finding::new(code, severity, span).args([arg, Arg::None, Arg::None]));
            }
        })
    }
}

/// `[8] PrefixedName ::= Prefix ':' LocalPart` from its colon on: the offset after it.
#[inline]
fn prefixed(tag: &[u8], colon: usize) -> Option<usize> {
    let mut at = colon + 1;
    if !is(*tag.get(at)?, NAME_START) {
        return None;
    }
    while at < tag.len() && is(tag[at], NAME) {
        at += 1;
    }
    // A second colon is for `repair` to tell.
    if tag.get(at) == Some(&b':') { None } else { Some(at) }
}
