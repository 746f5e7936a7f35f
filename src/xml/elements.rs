//! Which end tag ends what.

use super::Event;
use super::chars::{is_space, skip_name_chars, skip_space};
use super::reader::{Phase, Reader};
use crate::diagnostic::{Arg, Finding, Severity, Span, codes};
use memchr::memchr2;

/// How many ends of crossed elements are remembered, so that they are not told again.
const CROSSED: usize = 16;

impl<'d> Reader<'d, '_, '_> {
    /// `[42] ETag ::= '</' Name S? '>'` at the position.
    #[inline(always)]
    pub(super) fn end_tag(&mut self, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let start = self.position;
        // WFC: Element Type Match. An end tag that is to the letter the one of the innermost element needs no splitting.
        if let Some(open) = self.workspace.open.last() {
            let name = &self.text[open.name.range()];
            let after = start + 2 + name.len();
            if self.text.get(after) == Some(&b'>') && &self.text[start + 2..after] == name {
                self.position = after + 1;
                return self.close(Span::new(start, after + 1), false).map(Event::End);
            }
        }
        self.odd_end_tag(start, findings)
    }

    /// An end tag that is not, to the letter, that of the innermost element.
    #[cold]
    #[inline(never)]
    pub(super) fn odd_end_tag(&mut self, start: usize, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let text = self.text;
        let spaced = skip_space(text, start + 2);
        // Whatever stands in the way of a name is read as one.
        let mut name_end = skip_name_chars(text, spaced);
        while text.get(name_end).is_some_and(|byte| !is_space(*byte) && !matches!(byte, b'<' | b'>' | b'/')) {
            name_end += 1;
        }
        let name = Span::new(spaced, name_end);
        let stop = memchr2(b'<', b'>', &text[name_end..]).map_or(text.len(), |found| name_end + found);
        let closed = text.get(stop) == Some(&b'>');
        let end = stop + usize::from(closed);
        self.position = end;
        let rest = skip_space(text, name_end).min(stop);
        let word: Option<(Span, &'static &'static str)> = if name.is_empty() {
            Some((Span::new(start, end), &super::tag_faults::NO_NAME))
        } else if spaced > start + 2 {
            Some((Span::new(start + 2, spaced), &super::tag_faults::SPACE_BEFORE_NAME))
        } else if rest < stop {
            let length = text[rest..stop].trim_ascii_end().len();
            Some((Span::new(rest, rest + length), &super::tag_faults::END_TAG_CONTENT))
        } else if !closed {
            Some((name, &super::tag_faults::NOT_CLOSED))
        } else {
            None
        };
        // Without a `>` white space behind the name belongs to what follows.
        if !closed {
            self.position = if rest < stop { stop } else { name_end };
        }
        let Some(top) = self.workspace.open.last() else {
            // What is wrong inside a tag that does not belong there is no second fault.
            if self.forget_crossed(name) {
                return None;
            }
            let code = codes::STRAY_END_TAG;
            let span = if name.is_empty() { Span::new(start, end) } else { name };
            self.report(findings, Finding::new(code, Severity::Error, span));
            self.told_text |= self.root.is_none();
            if self.phase == Phase::Begin {
                self.phase = Phase::Prolog;
            }
            return None;
        };
        if let Some((span, word)) = word {
            let finding = Finding::new(codes::MALFORMED_TAG, Severity::Error, span);
            self.report(findings, finding.related(top.name).args([Arg::Word(word), Arg::None, Arg::None]));
        }
        if !closed && rest == text.len() {
            // The document ends inside the tag: what is still open is the same fault.
            self.give_up();
            return None;
        }
        let tag = Span::new(start, self.position);
        let top = top.name;
        if name.is_empty() && self.closing_name(tag.end as usize).is_some_and(|ahead| ahead.of(text) == top.of(text)) {
            return None;
        }
        if name.is_empty() || name.of(text) == top.of(text) {
            return self.close(tag, false).map(Event::End);
        }
        self.mismatched(name, tag, word.is_some(), findings)
    }

    /// An end tag of another name than the innermost element's.
    fn mismatched(&mut self, name: Span, tag: Span, told: bool, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let text = self.text;
        let wanted = name.of(text);
        let depth = self.workspace.open.len();
        let top = self.workspace.open[depth - 1].name;
        let parent = depth.checked_sub(2).map(|at| self.workspace.open[at].name.of(text));
        let further_out = self.find_open(wanted);
        if further_out.is_none() && self.forget_crossed(name) {
            return None;
        }
        let ahead = self.closing_name(tag.end as usize);
        let ahead = ahead.map(|span| span.of(text));
        let error = |code, span| Finding::new(code, Severity::Error, span);
        if let Some(outer) = further_out {
            let outside = outer.checked_sub(1).map(|at| self.workspace.open[at].name.of(text));
            if ahead != outside {
                if ahead == Some(top.of(text)) {
                    // The innermost element's end tag is still to come: the two cross.
                    if !told {
                        let finding =
                            error(codes::CROSSED_TAGS, name).related(top).args([Arg::Span(top), Arg::None, Arg::None]);
                        self.report(findings, finding);
                    }
                    if self.workspace.crossed.len() == CROSSED {
                        self.workspace.crossed.remove(0);
                    }
                    self.workspace.crossed.push(top);
                    return self.close_down_to(outer, depth - 1, tag, findings);
                }
                if ahead.is_some() && ahead == parent {
                    return self.misspelt(name, top, tag, told, findings);
                }
            }
            return self.close_down_to(outer, depth, tag, findings);
        }
        if ahead == Some(top.of(text)) && (parent != ahead || !is_slip(wanted, top.of(text))) {
            if !told {
                self.report(findings, error(codes::STRAY_END_TAG, name));
            }
            return None;
        }
        self.misspelt(name, top, tag, told, findings)
    }

    /// The end tag is meant for the innermost element.
    fn misspelt(
        &mut self,
        name: Span,
        top: Span,
        tag: Span,
        told: bool,
        findings: &mut Vec<Finding>,
    ) -> Option<Event<'d>> {
        if !told {
            let finding = Finding::new(codes::STRAY_END_TAG, Severity::Error, name).related(top);
            self.report(findings, finding.args([Arg::Span(top), Arg::None, Arg::None]));
        }
        self.close(tag, false).map(Event::End)
    }

    /// The end tag is that of the open element number `outer`: those inside it have none. Elements from number `told` on were reported.
    fn close_down_to(
        &mut self,
        outer: usize,
        told: usize,
        tag: Span,
        findings: &mut Vec<Finding>,
    ) -> Option<Event<'d>> {
        let depth = self.workspace.open.len();
        self.poisoned = true;
        let mut related = tag;
        for number in (outer + 1..told).rev() {
            let name = self.workspace.open[number].name;
            let parent = self.workspace.open[number - 1].name;
            if number > outer + 1 && parent.of(self.text) == name.of(self.text) {
                // `<name>mail<name>`: the second one was meant to be the end of the first.
                related = name;
                self.hint_end(parent, name);
                continue;
            }
            if related == tag {
                self.hint(number, tag.start as usize);
            }
            self.report(findings, Finding::new(codes::UNCLOSED_TAG, Severity::Error, name).related(related));
            related = tag;
        }
        self.owed = depth - outer;
        self.owed_broken = self.owed - 1;
        self.owed_tag = tag;
        None
    }

    /// The innermost open element of a name, but for the very innermost.
    fn find_open(&mut self, name: &[u8]) -> Option<usize> {
        let depth = self.workspace.open.len();
        for number in (0..depth - 1).rev() {
            if self.workspace.open[number].name.of(self.text) == name {
                return Some(number);
            }
            if depth - number > 16 && !self.spend(1) {
                return None;
            }
        }
        None
    }

    /// Whether an end tag was spoken of when it was crossed; it is only once.
    fn forget_crossed(&mut self, name: Span) -> bool {
        let text = self.text;
        let found = self.workspace.crossed.iter().position(|crossed| crossed.of(text) == name.of(text));
        found.map(|at| self.workspace.crossed.remove(at)).is_some()
    }

    /// Takes from the budget for reading again; whether there was enough.
    pub(super) fn spend(&mut self, bytes: usize) -> bool {
        let enough = self.budget >= bytes;
        self.budget = self.budget.saturating_sub(bytes);
        enough
    }

    /// Remembers where the elements that are open at the end of the document were meant to end.
    fn hint_all(&mut self, depth: usize) {
        let mut number = depth;
        while number > 1 {
            number -= 1;
            let (name, parent) = (self.workspace.open[number].name, self.workspace.open[number - 1].name);
            if number > 1 && name.of(self.text) == parent.of(self.text) {
                self.hint_end(parent, name);
                number -= 1;
            } else {
                self.hint(number, self.text.len());
            }
        }
    }

    /// The document ends inside elements: that is one fault, told on the innermost of them.
    pub(super) fn unclosed_at_end(&mut self, findings: &mut Vec<Finding>) {
        self.poisoned = true;
        let depth = self.workspace.open.len();
        if let Some(open) = self.workspace.open.last()
            && !open.damaged
        {
            let open = *open;
            self.hint_all(depth);
            // One finding for so many elements: a second reading that tells some of them apart is no worse for it.
            self.told.set(self.told.get() + depth - 1);
            let finding =
                Finding::new(codes::UNCLOSED_TAG, Severity::Error, open.name).related(Span::at(self.text.len()));
            self.report(findings, finding.args([Arg::Number(depth as i64), Arg::None, Arg::None]));
        }
    }
}

/// Whether two names are a slip of the keyboard apart: one character more or less or other, two exchanged, or only case.
pub(super) fn is_slip(left: &[u8], right: &[u8]) -> bool {
    if left.eq_ignore_ascii_case(right) {
        return true;
    }
    let same_start = left.iter().zip(right).take_while(|(l, r)| l == r).count();
    let (left, right) = (&left[same_start..], &right[same_start..]);
    let same_end = left.iter().rev().zip(right.iter().rev()).take_while(|(l, r)| l == r).count();
    let (left, right) = (&left[..left.len() - same_end], &right[..right.len() - same_end]);
    left.len() <= 1 && right.len() <= 1
        || left.len() == 2 && right.len() == 2 && left[0] == right[1] && left[1] == right[0]
}
