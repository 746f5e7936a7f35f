//! The reader: what comes next in the document, and what state that leaves it in.

use super::chars::{skip_indentation, skip_plain_text};
use super::namespaces::Bindings;
use super::splitter::tag_end;
use super::tag_cache::{Probe, TagCache};
use super::{Attribute, End, Event, Namespace, Options, Start, Text, TextKind};
use crate::diagnostic::{Finding, Severity, Span, codes};
use memchr::memchr;
use std::cell::Cell;

/// An open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// The name in the start tag.
    pub name: Span,
    /// How many bindings were in force outside.
    pub bindings: u32,
    /// The default namespace outside.
    pub default_namespace: Namespace,
    /// A syntax fault may have hidden some of the content.
    pub damaged: bool,
}

/// Buffers of a reader, kept between documents so that a clean document allocates nothing of ours.
#[derive(Default)]
pub struct Workspace {
    pub(super) open: Vec<Open>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) declarations: Vec<Attribute>,
    pub(super) bindings: Bindings,
    pub(super) scratch: Vec<u8>,
    /// Names of the attributes of a tag that has many, sorted.
    pub(super) order: Vec<Span>,
    /// Prefixes that were reported.
    pub(super) unbound: Vec<Span>,
    /// Where elements without an end tag are to end, by offset: what one pass has learned for the next.
    pub(super) hints: Vec<Hint>,
    /// Names of elements that were ended by a crossing end tag: their own end tag is still to come and was spoken of.
    pub(super) crossed: Vec<Span>,
    /// Start tags that were read before.
    pub(super) tags: TagCache,
    /// The last start tag, up to its delimiter, was known: its attributes are read if they are asked for.
    pub(super) unread: Option<Span>,
}

impl Workspace {
    /// Knows start tags again from now on, which pays where there are many documents.
    pub fn keep_tags(&mut self) {
        self.tags = TagCache::new();
    }
}

/// Where an element without an end tag is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hint {
    /// Offset of the start tag in front of which it ends.
    pub at: u32,
    /// Offset of the element's name; where several end at one place, the inner ones come first.
    pub element: std::cmp::Reverse<u32>,
    /// The tag at `at` is meant to be the element's end tag and lacks only its slash.
    pub is_end: bool,
}

/// What may stand here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing was read yet: an XML declaration may stand here.
    Begin,
    /// `[22] prolog`, in front of the root.
    Prolog,
    /// `[43] content` of the root.
    Content,
    /// `[27] Misc`, behind the root.
    Epilog,
}

/// Reads one document, or a stream of them, in one pass.
pub struct Reader<'d, 'w, 'o> {
    pub(super) text: &'d [u8],
    /// Offset of what is read next.
    pub(super) position: usize,
    pub(super) workspace: &'w mut Workspace,
    pub(super) options: &'o Options,
    pub(super) phase: Phase,
    pub(super) default_namespace: Namespace,
    /// Depth from which on a start tag needs a look at the limits.
    pub(super) depth_watch: usize,
    /// Number of attributes beyond which a start tag needs a look at them as a whole.
    pub(super) few: usize,
    /// End events to deliver before anything else is read.
    pub(super) owed: usize,
    /// How many of these, the first ones, are broken.
    pub(super) owed_broken: usize,
    /// The end tag that they stand for.
    pub(super) owed_tag: Span,
    /// The start of the next document's root, behind an [`Event::EndOfDocument`].
    pub(super) held: Option<Start<'d>>,
    /// Inside a second root, of which nothing is delivered.
    pub(super) muted: bool,
    /// The current document's root.
    pub(super) root: Option<Span>,
    /// A declaration of the next document in a stream, until its root shows that there is one.
    pub(super) pending_declaration: Option<Span>,
    /// A document type declaration of the current document.
    pub(super) doctype: Option<super::markup::Doctype>,
    /// `standalone="yes"` was declared.
    pub(super) standalone: bool,
    /// A document type declaration of the next document in a stream.
    pub(super) pending_doctype: Option<super::markup::Doctype>,
    /// Text outside the root was reported.
    pub(super) told_text: bool,
    /// A second root was reported.
    pub(super) told_root: bool,
    /// There is no `?>` or `]]>` from here on.
    pub(super) no_instruction_end: bool,
    pub(super) no_cdata_end: bool,
    /// Bytes that may still be spent on reading again and ahead.
    pub(super) budget: usize,
    /// The budget is spent: the splitter, which may read far to find the end of a broken tag, is not asked any more.
    pub(super) alone: bool,
    /// Offset from which on a start tag needs a look at `alone` and at the hints.
    pub(super) watch: usize,
    /// The next one of the workspace's hints, if this is the second time that the document is read.
    pub(super) next_hint: usize,
    pub(super) second_time: bool,
    /// How many findings were reported.
    pub(super) told: Cell<usize>,
    pub(super) poisoned: bool,
}

impl<'d, 'w, 'o> Reader<'d, 'w, 'o> {
    /// A reader at the start of a document. `document` must be valid UTF-8, as [`super::Document::text`] is; of anything else the
    /// verdict says nothing, but there is one.
    pub fn new(document: &'d [u8], workspace: &'w mut Workspace, options: &'o Options) -> Self {
        workspace.open.clear();
        workspace.attributes.clear();
        workspace.declarations.clear();
        workspace.bindings.clear();
        workspace.unbound.clear();
        workspace.crossed.clear();
        workspace.hints.clear();
        workspace.unread = None;
        // Spans are 32 bits wide; `Document::open` refuses what is longer.
        let text = &document[..document.len().min(u32::MAX as usize - 1)];
        Reader {
            text,
            position: if text.starts_with(super::document::BOM) { super::document::BOM.len() } else { 0 },
            workspace,
            options,
            phase: Phase::Begin,
            default_namespace: Namespace::None,
            depth_watch: options.limits.max_depth.min(super::USUAL_DEPTH),
            few: options.limits.max_attributes.min(super::tags::FEW),
            owed: 0,
            owed_broken: 0,
            owed_tag: Span::at(0),
            held: None,
            muted: false,
            root: None,
            pending_declaration: None,
            doctype: None,
            standalone: false,
            pending_doctype: None,
            told_text: false,
            told_root: false,
            no_instruction_end: false,
            no_cdata_end: false,
            budget: look_ahead(text),
            alone: false,
            watch: usize::MAX,
            next_hint: 0,
            second_time: false,
            told: Cell::new(0),
            poisoned: false,
        }
    }

    /// What comes next. Faults up to there are appended to `findings`.
    #[inline(always)]
    pub fn next(&mut self, findings: &mut Vec<Finding>) -> Event<'d> {
        if self.owed > 0
            && let Some(event) = self.pay()
        {
            return event;
        }
        loop {
            let event = match self.text.get(self.position) {
                Some(b'<') => match self.text.get(self.position + 1) {
                    Some(b'/') => self.end_tag(findings),
                    Some(b'!' | b'?') => self.markup(findings),
                    _ => self.tag(findings),
                },
                Some(_) => self.text(findings),
                None => return self.finish(findings),
            };
            if let Some(event) = event
                && !self.muted
            {
                return event;
            }
            if self.owed > 0
                && let Some(event) = self.pay()
            {
                return event;
            }
        }
    }

    /// How many bytes were read beyond what was handed out, to tell what is meant where tags are broken: at most four times the document and
    /// 64 KiB. A consumer that reads many pieces of one document counts them.
    pub fn looked_ahead(&self) -> usize {
        look_ahead(self.text) - self.budget
    }

    /// The attributes of the element that began last, without namespace declarations.
    #[inline]
    pub fn attributes(&mut self) -> &[Attribute] {
        if let Some(tag) = self.workspace.unread.take() {
            self.scan(tag.start as usize, tag.end as usize);
        }
        &self.workspace.attributes
    }

    /// The namespace declarations of the element that began last.
    pub fn namespace_declarations(&self) -> &[Attribute] {
        &self.workspace.declarations
    }

    /// Passes over the content of the element that began last and over its end tag, up to `end`. They were read before, in some document
    /// or this one; `height` is how deep at most they are nested. Whether that could be done.
    #[inline]
    pub fn pass_over(&mut self, end: usize, height: usize) -> bool {
        let open = &mut self.workspace.open;
        let declares = !self.workspace.declarations.is_empty();
        // The end of an element without content is owed.
        let owes = self.owed > usize::from(end == self.position);
        if self.second_time || declares || owes || end > self.watch || open.len() + height >= self.depth_watch {
            return false;
        }
        self.owed = 0;
        open.pop();
        self.workspace.unread = None;
        self.position = end;
        true
    }

    /// Offset of what is read next.
    #[inline]
    pub fn position(&self) -> usize {
        self.position
    }

    /// A syntax fault was found after which it is not sure that what was read is what was meant: what is missing in the document from
    /// here on may be missing for that reason.
    pub fn poisoned(&self) -> bool {
        self.poisoned
    }

    /// How many elements are open.
    pub fn depth(&self) -> usize {
        self.workspace.open.len()
    }

    /// Adds a finding, unless there are too many: one more than the limit is kept, so that it shows.
    #[cold]
    pub(super) fn report(&self, findings: &mut Vec<Finding>, finding: Finding) {
        self.told.set(self.told.get() + 1);
        if findings.len() <= self.options.limits.max_findings {
            findings.push(finding);
        }
    }

    /// A start tag, of which the `<` is at the position.
    #[inline(always)]
    fn tag(&mut self, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let start = self.position;
        if start >= self.watch {
            return self.watched_tag(start, findings);
        }
        self.split_tag(start, findings)
    }

    /// A start tag at `start`, as the splitter sees it.
    #[inline(always)]
    pub(super) fn split_tag(&mut self, start: usize, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        // In a default namespace, names are others than they seem; no tag of libvirt's stands in one.
        let mut probe = match self.default_namespace {
            Namespace::None => self.workspace.tags.probe(self.text, start),
            _ => Probe::NONE,
        };
        if let Some(known) = self.workspace.tags.find(probe, self.text, start) {
            if let Some(event) = self.known_tag(start, start + probe.len, known) {
                return Some(event);
            }
            probe.id = known.id;
        }
        match tag_end(self.text, start) {
            Some(end) => self.start_tag(start, end, probe, findings),
            None => self.repair(start, self.text.len(), findings),
        }
    }

    /// Text up to the next `<`.
    #[inline(always)]
    fn text(&mut self, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let start = self.position;
        let text = self.text;
        let inked = skip_indentation(text, start);
        if matches!(text.get(inked), None | Some(b'<')) {
            self.position = inked;
            if self.phase == Phase::Begin {
                self.phase = Phase::Prolog;
            }
            return None;
        }
        let plain = skip_plain_text(text, inked);
        if self.phase == Phase::Content && text.get(plain) == Some(&b'<') {
            self.position = plain;
            return Some(Event::Text(Text {
                raw: &text[start..plain],
                span: Span::new(start, plain),
                kind: TextKind::Plain,
                blank: false,
                needs_decoding: false,
                damaged: false,
            }));
        }
        let end = memchr(b'<', &text[plain..]).map_or(text.len(), |found| plain + found);
        self.inked_text(start, inked, end, findings)
    }

    /// Delivers what is owed: nearly always the end of an element without content.
    #[inline(always)]
    fn pay(&mut self) -> Option<Event<'d>> {
        if self.owed > 1 || self.owed_broken > 0 || self.held.is_some() {
            return self.pay_more();
        }
        self.owed = 0;
        self.close(self.owed_tag, false).map(Event::End)
    }

    /// Delivers what else may be owed: the start of a stream's next root, then the ends of elements.
    #[cold]
    #[inline(never)]
    fn pay_more(&mut self) -> Option<Event<'d>> {
        if let Some(start) = self.held.take() {
            self.owed -= 1;
            return Some(Event::Start(start));
        }
        while self.owed > 0 {
            self.owed -= 1;
            let broken = self.owed_broken > 0;
            self.owed_broken = self.owed_broken.saturating_sub(1);
            if let Some(end) = self.close(self.owed_tag, broken) {
                return Some(Event::End(end));
            }
        }
        None
    }

    /// Takes the innermost element from the stack. `None` if it is not delivered.
    #[inline(always)]
    pub(super) fn close(&mut self, tag: Span, broken: bool) -> Option<End> {
        let open = self.workspace.open.pop()?;
        if self.workspace.bindings.len() != open.bindings as usize {
            self.workspace.bindings.truncate(open.bindings as usize, self.text);
        }
        self.default_namespace = open.default_namespace;
        let muted = self.muted;
        if self.workspace.open.is_empty() {
            self.phase = Phase::Epilog;
            self.muted = false;
        }
        if muted {
            return None;
        }
        Some(End { name: open.name, tag_start: tag.start, end: tag.end, broken: broken | open.damaged })
    }

    /// The document has ended.
    #[cold]
    fn finish(&mut self, findings: &mut Vec<Finding>) -> Event<'d> {
        let end = self.text.len();
        let open = self.workspace.open.len();
        if open > 0 {
            self.unclosed_at_end(findings);
            self.owed = open;
            self.owed_broken = open;
            self.owed_tag = Span::at(end);
            if let Some(event) = self.pay() {
                return event;
            }
        }
        if let Some(declaration) = self.pending_declaration.take() {
            self.report(findings, Finding::new(codes::MISPLACED_DECLARATION, Severity::Error, declaration));
        }
        // [1] document ::= prolog element Misc*
        if self.root.is_none() && !self.told_text && !self.poisoned {
            self.told_text = true;
            self.report(findings, Finding::new(codes::EMPTY_DOCUMENT, Severity::Error, Span::at(end)));
        }
        Event::Eof
    }

    /// Gives up on the rest of the document: all open elements end here.
    #[cold]
    pub(super) fn give_up(&mut self) {
        self.position = self.text.len();
        self.poisoned = true;
        self.owed = self.workspace.open.len();
        self.owed_broken = self.owed;
        self.owed_tag = Span::at(self.text.len());
    }

    /// What stands in the innermost open element may not be all that the author wrote there.
    pub(super) fn damage(&mut self) {
        self.poisoned = true;
        if let Some(open) = self.workspace.open.last_mut() {
            open.damaged = true;
        }
    }
}

/// How many bytes may be read ahead in a document; as many with a byte order mark as without, so that a mark changes no finding.
fn look_ahead(text: &[u8]) -> usize {
    let text = text.strip_prefix(super::document::BOM).unwrap_or(text);
    text.len().saturating_mul(4).saturating_add(1 << 16)
}
