//! Looking ahead, to tell what a broken tag was meant to be. Only used where there is a fault.

use super::chars::{is_space, skip_name};
use super::document::BOM;
use super::reader::{Hint, Reader, Workspace};
use super::{Event, Options};
use crate::diagnostic::{Finding, Severity, Span, codes};
use memchr::{memchr, memchr3, memrchr};
use std::cmp::Reverse;

/// How far to look ahead for one fault, in bytes.
const FAR: usize = 1 << 16;

impl Reader<'_, '_, '_> {
    /// The name in the end tag that ends the element which is open at `from`, if all that follows is balanced. `None` if the document ends
    /// first, if that is too far away, or if too much was looked ahead already.
    pub(super) fn closing_name(&mut self, from: usize) -> Option<Span> {
        let window = &self.text[..self.text.len().min(from + FAR.min(self.budget))];
        let mut depth = 0usize;
        let mut at = from;
        let found = loop {
            let Some(found) = memchr(b'<', &window[at..]) else { break None };
            let start = at + found;
            match window.get(start + 1) {
                Some(b'/') => {
                    if depth == 0 {
                        break Some(Span::new(start + 2, skip_name(window, start + 2)));
                    }
                    depth -= 1;
                    at = start + 2;
                }
                _ => match skip_markup(window, start) {
                    Some((end, opens)) => {
                        depth += usize::from(opens);
                        at = end;
                    }
                    None => break None,
                },
            }
        };
        // Where nothing was found, all of it was read.
        let read = if found.is_some() { at } else { window.len() };
        self.spend(read.saturating_sub(from) + 1);
        found
    }
}

/// How many hints are kept: a document with more elements that do not end is no work of a keyboard.
const HINTS: usize = 256;

/// The second reading of a document. When an end tag is missing, that shows only where the parent ends, and by then all that follows has
/// been taken for content of the element. Where the element was meant to end can mostly be told from the indentation; a second reading
/// ends it there.
impl<'d, 'w, 'o> Reader<'d, 'w, 'o> {
    /// After [`Event::Eof`]: whether reading the document again, with [`Reader::again`], would show it as it was meant. Only so if end tags
    /// are missing. Findings of this reading are then to be dropped, since the second one reports them all again.
    pub fn wants_second_reading(self) -> bool {
        if self.second_time || self.workspace.hints.is_empty() {
            return false;
        }
        self.workspace.hints.sort_unstable();
        // The guess is good if the document reads better with it.
        let told = self.told.get();
        let mut reader = Reader::again(self.text, &mut *self.workspace, self.options);
        let mut findings = Vec::new();
        while !matches!(reader.next(&mut findings), Event::Eof) {}
        let better = reader.told.get() <= told;
        if !better {
            self.workspace.hints.clear();
        }
        better
    }

    /// A reader for the second reading of the document that the workspace was used for last.
    pub fn again(document: &'d [u8], workspace: &'w mut Workspace, options: &'o Options) -> Self {
        let hints = std::mem::take(&mut workspace.hints);
        let mut reader = Reader::new(document, workspace, options);
        reader.watch = hints.first().map_or(usize::MAX, |hint| hint.at as usize);
        reader.workspace.hints = hints;
        reader.second_time = true;
        reader
    }

    /// A start tag that needs a look at more than itself.
    #[cold]
    #[inline(never)]
    pub(super) fn watched_tag(&mut self, start: usize, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        while let Some(hint) = self.workspace.hints.get(self.next_hint).copied()
            && self.second_time
            && hint.at as usize <= start
        {
            self.next_hint += 1;
            let Some(open) = self.workspace.open.last().copied().filter(|open| open.name.start == hint.element.0)
            else {
                continue;
            };
            if hint.at as usize != start {
                continue;
            }
            let name = Span::new(start + 1, skip_name(self.text, start + 1));
            self.report(findings, Finding::new(codes::UNCLOSED_TAG, Severity::Error, open.name).related(name));
            self.poisoned = true;
            let end = if hint.is_end {
                memchr(b'>', &self.text[start..]).map_or(start, |found| start + found + 1)
            } else {
                start
            };
            self.position = end;
            return self.close(Span::new(start, end), !hint.is_end).map(Event::End);
        }
        let next = self.workspace.hints.get(self.next_hint).filter(|_| self.second_time);
        self.watch = if self.alone { 0 } else { next.map_or(usize::MAX, |hint| hint.at as usize) };
        if self.alone { self.repair(start, start, findings) } else { self.split_tag(start, findings) }
    }

    /// The open element number `number` has no end tag and is ended at `limit`: remembers where it was meant to end.
    pub(super) fn hint(&mut self, number: usize, limit: usize) {
        if self.second_time || self.workspace.hints.len() >= HINTS {
            return;
        }
        let name = self.workspace.open[number].name;
        let from = name.end as usize;
        if !self.spend(limit.saturating_sub(from)) {
            return;
        }
        let parent = number.checked_sub(1).and_then(|parent| self.indentation(self.workspace.open[parent].name));
        let own = self.indentation(name);
        // Without indentation only a child of the same name shows that the element was to end before it.
        let indented = own > parent && parent.is_some();
        let text = &self.text[..limit];
        let mut depth = 0usize;
        let Some((mut at, _)) = skip_markup(text, from - name.len() - 1) else { return };
        while let Some(found) = memchr(b'<', &text[at..]) {
            let start = at + found;
            if text.get(start + 1) == Some(&b'/') {
                depth = depth.saturating_sub(1);
                at = start + 2;
                continue;
            }
            let child = Span::new(start + 1, skip_name(text, start + 1));
            let outdented = indented && self.indentation(child).is_some_and(|indentation| Some(indentation) <= own);
            if !child.is_empty() && (outdented || (!indented && depth == 0 && child.of(text) == name.of(text))) {
                self.workspace.hints.push(Hint { at: start as u32, element: Reverse(name.start), is_end: false });
                return;
            }
            let Some((end, opens)) = skip_markup(text, start) else { return };
            depth += usize::from(opens);
            at = end;
        }
    }

    /// The start tag of the name `tag` is meant to be the end tag of the element `name`.
    pub(super) fn hint_end(&mut self, name: Span, tag: Span) {
        if !self.second_time && self.workspace.hints.len() < HINTS && self.text.get(tag.end as usize) == Some(&b'>') {
            self.workspace.hints.push(Hint { at: tag.start - 1, element: Reverse(name.start), is_end: true });
        }
    }

    /// How far the start tag of a name is indented, in bytes. `None` if it is not the first thing on its line.
    fn indentation(&self, name: Span) -> Option<usize> {
        let tag = (name.start as usize).checked_sub(1)?;
        // Nobody indents by more than this, and looking back further would be work for nothing.
        let near = tag.saturating_sub(256);
        let line = match memrchr(b'\n', &self.text[near..tag]) {
            Some(found) => near + found + 1,
            None if near == 0 && self.text.starts_with(BOM) => BOM.len().min(tag),
            None if near == 0 => 0,
            None => return None,
        };
        self.text[line..tag].iter().all(|byte| is_space(*byte)).then_some(tag - line)
    }
}

/// The offset after the comment, instruction, section or start tag at `start`, and whether it opens an element. Tolerant: what has no end
/// ends at the next `<`, or is not there.
pub(super) fn skip_markup(text: &[u8], start: usize) -> Option<(usize, bool)> {
    let rest = &text[start..];
    let after = |delimiter: &[u8], from: usize| {
        memchr::memmem::find(rest.get(from..)?, delimiter).map(|found| (start + from + found + delimiter.len(), false))
    };
    if rest.starts_with(b"<!--") {
        return after(b"-->", 4);
    }
    if rest.starts_with(b"<![CDATA[") {
        return after(b"]]>", 9);
    }
    if rest.starts_with(b"<?") {
        return after(b"?>", 2);
    }
    if skip_name(text, start + 1) == start + 1 {
        return Some((start + 1, false));
    }
    let end = tag_end(text, start + 1)?;
    Some((end, text[end - 1] == b'>' && text[end - 2] != b'/'))
}

/// The offset after the `>` of the start tag whose name begins at `from`, or of the `<` of the next tag. `None` if the text ends first.
pub(super) fn tag_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'<' | b'>'))?;
        match text[at] {
            b'>' => return Some(at + 1),
            b'<' => return Some(at),
            quote => {
                // Only what follows an equals sign is a value, and a value has no `<`.
                let before = text[from..at].iter().rev().find(|byte| !is_space(**byte));
                let close = memchr3(quote, b'<', b'<', &text[at + 1..])?;
                at += 1;
                if before == Some(&b'=') && text[at + close] == quote {
                    at += close + 1;
                }
            }
        }
    }
}
