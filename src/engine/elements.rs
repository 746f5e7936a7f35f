//! Children, text, and the ends of elements.

use super::Pass;
use super::attributes::dated;
use super::frame::{Decided, Frame, State, TextState};
use super::memo::{Ending, NO_VARIANT};
use crate::diagnostic::{Arg, Finding, Span, codes};
use crate::semantic::NOBODY;
use crate::table::{Block, By, ChildRule, Element, NONE, Text, Verdict};
use crate::xml;

impl<'d> Pass<'_, 'd> {
    /// A child of the innermost open element begins.
    pub(super) fn child(&mut self, start: &xml::Start<'d>, reader: &mut xml::Reader<'d, '_, '_>) {
        let text = self.text;
        let at = self.state.frames.len() - 1;
        let parent = &mut self.state.frames[at];
        parent.has_child = true;
        let (variant, parent_element, parent_owner) = (parent.variant, parent.element, parent.owner);
        let owner = if parent_element == self.state.devices { start.tag_start } else { parent_owner };
        if let Some(number) = self.state.memo.find(variant, start.id, || after(text, start)) {
            let opened = self.state.memo.opened(number);
            let is_section = opened.is_section;
            let bit = 1u128 << opened.slot;
            if opened.joins_freely && (opened.repeats || parent.children & bit == 0) {
                parent.children |= bit;
                if opened.is_placed {
                    self.state.placed.push((opened.slot, start.name_span));
                }
            } else if let Some(rule) = opened.rule {
                self.join(at, opened.slot, rule, start, owner);
            }
            if is_section && self.pass_over(start, reader, variant, number, owner) {
                return;
            }
            self.reopen(start, number, owner);
            return;
        }
        if start.id == xml::TagId::NONE {
            self.state.subtrees.abandon();
        }
        let element = &self.table.elements[parent_element as usize];
        let slot = match start.namespace {
            xml::Namespace::None => self.table.child_slot(element, start.local),
            xml::Namespace::Known(number) => self.prefixed_child(element, number, start.local),
            xml::Namespace::Foreign => None,
        };
        let found = slot.and_then(|slot| self.child_rule(at, slot).map(|rule| (slot, rule)));
        let Some((slot, rule)) = found else {
            if element.open {
                self.skip = 1;
                self.state.subtrees.abandon();
                return;
            }
            self.unknown_child(start, reader, slot, owner);
            return;
        };
        if rule.since > self.target || rule.until <= self.target {
            let (code, version) = dated(rule.since, rule.until, self.target);
            let args = [Arg::Number(version.0 as i64), Arg::Item(rule.element as u32), Arg::Word(&"element")];
            self.tell(code, start.name_span, owner, args);
            // What stands in it is as new or as old.
            self.state.frames[at].children |= 1 << slot;
            self.skip = 1;
            return;
        }
        let steady = start.id != xml::TagId::NONE && variant != NO_VARIANT && self.is_steady(at, slot, rule);
        self.join(at, slot, rule, start, owner);
        let name = self.table.children_of(element)[slot as usize].name;
        let findings = self.findings.len();
        self.open(start, reader.attributes(), rule.element, name, owner, None);
        if steady && self.findings.len() == findings {
            self.remember(start, variant, Some(rule), name);
        }
    }

    /// A child with a rule joins those that its parent has already.
    fn join(&mut self, at: usize, slot: u8, rule: &'static ChildRule, start: &xml::Start<'d>, owner: u32) {
        let (parent_element, there) = (self.state.frames[at].element, self.state.frames[at].children);
        let element = &self.table.elements[parent_element as usize];
        let bit = 1u128 << slot;
        if there & bit != 0 && rule.at_most == 1 {
            let parent = self.state.frames[at];
            self.duplicate_child(start, &parent, owner);
        } else if element.ordered & bit != 0 {
            let parent = self.state.frames[at];
            self.judge_order(&parent, slot, start, owner);
        }
        let frame = &mut self.state.frames[at];
        frame.children |= bit;
        if rule.is_counted() {
            frame.counted = frame.counted.saturating_add(1);
            if frame.counted as u32 == rule.at_most + 1 {
                let args = [Arg::Item(parent_element as u32), Arg::Number(rule.at_most as i64), Arg::None];
                self.tell(codes::TOO_MANY_ELEMENTS, start.name_span, owner, args);
            }
        }
        if element.deferred {
            self.state.placed.push((slot, start.name_span));
        }
    }

    /// Whether a child of this slot has the same rule whatever stands beside it.
    fn is_steady(&self, at: usize, slot: u8, rule: &ChildRule) -> bool {
        let (from, to) = self.blocks_of(at);
        let mut blocks = self.state.blocks[from..to].iter().map(|block| &self.table.blocks[*block as usize]);
        blocks.all(|block| {
            self.says_only(block, slot, rule)
                && self.deferred_blocks(block).all(|block| self.says_only(block, slot, rule))
        })
    }

    /// Whether a block and its choices say this of a child or nothing.
    fn says_only(&self, block: &'static Block, slot: u8, rule: &ChildRule) -> bool {
        let bit = 1u128 << slot;
        let own = block.children & bit == 0
            || block.child_rules.of(self.table.child_rules)[rank(block.children, slot)] == *rule;
        let choices = block.choices.of(self.table.choices).iter();
        own && choices
            .filter(|choice| choice.children & bit != 0)
            .flat_map(|choice| choice.blocks.of(self.table.choice_blocks))
            .all(|block| self.says_only(&self.table.blocks[*block as usize], slot, rule))
    }

    /// The slot of a child in a hypervisor's namespace: the table has it under its usual prefix.
    fn prefixed_child(&mut self, element: &Element, namespace: u8, local: &[u8]) -> Option<u8> {
        let (prefix, _) = self.table.namespaces[namespace as usize];
        let scratch = &mut self.state.scratch;
        scratch.clear();
        scratch.extend_from_slice(prefix.as_bytes());
        scratch.push(b':');
        scratch.extend_from_slice(local);
        self.table.child_slot(element, scratch)
    }

    /// What the blocks in force say of a child; of blocks that the end will decide about, any.
    #[inline]
    pub(super) fn child_rule(&self, at: usize, slot: u8) -> Option<&'static ChildRule> {
        let (from, to) = self.blocks_of(at);
        // Most elements have one block, and it speaks of the child itself.
        if let [block] = self.state.blocks[from..to] {
            let block = &self.table.blocks[block as usize];
            let bit = 1u128 << slot;
            if block.children & bit != 0 {
                let index = rank(block.children, slot);
                return Some(&block.child_rules.of(self.table.child_rules)[index]);
            }
        }
        self.child_rule_of_blocks(at, from, to, slot)
    }

    /// The same where several blocks are in force, or choices.
    fn child_rule_of_blocks(&self, at: usize, from: usize, to: usize, slot: u8) -> Option<&'static ChildRule> {
        let blocks = &self.state.blocks[from..to];
        // A later block is the narrower one.
        let there = self.state.frames[at].children;
        let direct = blocks.iter().rev().find_map(|block| self.rule_in(*block, slot, there));
        direct.or_else(|| {
            blocks.iter().find_map(|block| {
                self.deferred_blocks(&self.table.blocks[*block as usize])
                    .find_map(|block| self.rule_of(block, slot, there))
            })
        })
    }

    /// What a block or its choices say of a child.
    fn rule_in(&self, block: u16, slot: u8, there: u128) -> Option<&'static ChildRule> {
        self.rule_of(&self.table.blocks[block as usize], slot, there)
    }

    fn rule_of(&self, block: &'static Block, slot: u8, there: u128) -> Option<&'static ChildRule> {
        let bit = 1u128 << slot;
        if block.children & bit != 0 {
            let index = rank(block.children, slot);
            return Some(&block.child_rules.of(self.table.child_rules)[index]);
        }
        let choices = block.choices.of(self.table.choices).iter().filter(|choice| choice.children & bit != 0);
        let blocks = choices.flat_map(|choice| {
            // A block that has what already stands here is the one that is being written.
            let seen = there & choice.children;
            let blocks = choice.blocks.of(self.table.choice_blocks);
            let fits = move |block: &&u16| seen & !self.table.blocks[**block as usize].children == 0;
            blocks.iter().filter(fits).chain(blocks.iter())
        });
        let mut blocks = blocks.map(|block| &self.table.blocks[*block as usize]);
        blocks.find_map(|block| self.rule_of(block, slot, there))
    }

    /// Where a frame's blocks are.
    pub(super) fn blocks_of(&self, at: usize) -> (usize, usize) {
        let from = self.state.frames[at].blocks as usize;
        let to = self.state.frames.get(at + 1).map_or(self.state.blocks.len(), |next| next.blocks as usize);
        (from, to)
    }

    /// Some children stand in a fixed order.
    fn judge_order(&mut self, parent: &Frame, slot: u8, start: &xml::Start<'d>, owner: u32) {
        let (from, to) = self.blocks_of(self.state.frames.len() - 1);
        for index in from..to {
            let block = &self.table.blocks[self.state.blocks[index] as usize];
            let mut broken = self.broken_order(block, slot, parent.children);
            for choice in block.choices.of(self.table.choices) {
                for block in choice.blocks.of(self.table.choice_blocks) {
                    broken |= self.broken_order(&self.table.blocks[*block as usize], slot, parent.children);
                }
            }
            if broken != 0 {
                self.wrong_order(parent, broken, start.name_span, owner);
                return;
            }
        }
    }

    /// The children already there that an order of the block puts behind this one.
    fn broken_order(&self, block: &Block, slot: u8, there: u128) -> u128 {
        let mut broken = 0;
        for order in block.orders.of(self.table.orders) {
            let slots = order.slots.of(self.table.order_slots);
            if let Some(rank) = slots.iter().position(|s| *s == slot) {
                broken |= slots[rank + 1..].iter().fold(0u128, |mask, slot| mask | 1 << slot) & there;
            }
        }
        broken
    }

    /// A piece of text that is not all white space.
    pub(super) fn text_chunk(&mut self, text: &xml::Text<'d>) {
        let Some(frame) = self.state.frames.last_mut() else { return };
        match frame.text_state {
            TextState::Told => return,
            _ if text.damaged => {
                frame.text_state = TextState::Told;
                self.distrust();
                return;
            }
            TextState::None
                if !text.needs_decoding && text.kind == xml::TextKind::Plain && text.span.start == frame.content =>
            {
                frame.text = text.span;
                frame.text_state = TextState::Plain;
            }
            // White space or a comment may stand in front, so that the pieces must be joined.
            TextState::None => {
                frame.text = text.span;
                frame.text_state = TextState::Pieces;
            }
            TextState::Plain | TextState::Pieces => frame.text_state = TextState::Pieces,
        }
        let known = self.state.memo.variant(frame.variant).ending;
        let at = self.state.frames.len() - 1;
        if !matches!(known, Ending::Text { .. }) && !self.takes_text(at) {
            let frame = &mut self.state.frames[at];
            frame.text_state = TextState::Told;
            let (element, owner) = (frame.element, frame.owner);
            let span = trimmed(self.text, text.span);
            let name = self.state.frames[at].name;
            self.tell(codes::UNEXPECTED_TEXT, span, owner, [Arg::Item(element as u32), Arg::None, Arg::Span(name)]);
        }
    }

    /// Whether any block in force takes text.
    fn takes_text(&self, at: usize) -> bool {
        let (from, to) = self.blocks_of(at);
        self.state.blocks[from..to].iter().any(|block| {
            let block = &self.table.blocks[*block as usize];
            block.text != Text::Blank || block.choices.of(self.table.choices).iter().any(|choice| choice.text)
        })
    }

    /// The innermost open element ends.
    pub(super) fn end(&mut self, end: &xml::End) {
        let Some(frame) = self.state.frames.last() else { return };
        let variant = self.state.memo.variant(frame.variant);
        let ending = variant.ending;
        let faultless = !end.broken && self.findings.len() as u32 == frame.findings;
        if faultless && ending != Ending::Judged && variant.required_children & !frame.children == 0 {
            let known = match (ending, frame.text_state) {
                (Ending::Plain | Ending::Text { optional: true, .. }, TextState::None) => true,
                (Ending::Text { type_, .. }, TextState::Plain) => {
                    frame.text.end == end.tag_start
                        && self.table.value(type_, frame.text.of(self.text), self.target) == Verdict::Good
                }
                (Ending::Choices, TextState::None) => {
                    self.state.memo.ended(frame, &self.state.viable[frame.viable as usize..])
                }
                _ => false,
            };
            if known {
                self.end_plainly();
                return;
            }
        }
        let frame = *frame;
        let at = self.state.frames.len() - 1;
        let element = &self.table.elements[frame.element as usize];
        let content_end = end.tag_start as usize;
        self.judge_text(&frame, at, content_end, end.broken);
        if element.deferred {
            self.decide(&frame, at);
        }
        if !end.broken {
            self.judge_children(&frame, at, element, content_end);
            if faultless
                && self.findings.len() as u32 == frame.findings
                && (ending, frame.text_state) == (Ending::Choices, TextState::None)
            {
                let State { memo, viable, .. } = &mut *self.state;
                memo.keep_ending(&frame, &viable[frame.viable as usize..]);
            }
        }
        if element.decides {
            let depth = at as u32;
            self.state.decided.push(Decided { depth, element: frame.element, text: frame.text });
        }
        if frame.node != u32::MAX {
            // Of text beside elements, which is told, nothing is read.
            let text = match frame.text_state {
                _ if frame.has_child => Span::at(frame.content as usize),
                TextState::None => Span::at(frame.content as usize),
                _ => Span::new(frame.content as usize, content_end.max(frame.content as usize)),
            };
            let mut faults = self.findings.len() as u32 - frame.findings.min(self.findings.len() as u32);
            if element.domain {
                faults = faults.saturating_sub(std::mem::take(&mut self.state.faults_of_devices));
            } else if frame.element == self.state.devices {
                self.state.faults_of_devices = faults;
            }
            let plain = frame.text_state == TextState::Plain && frame.text.end as usize == content_end;
            let decoded = if text.is_empty() || plain {
                NOBODY
            } else {
                let joined = xml::content_text(text.of(self.text), &mut self.state.scratch);
                self.state.facts.decode(joined.trim_ascii())
            };
            let faulty = faults > 0 || end.broken;
            self.state.facts.close(frame.node, text, decoded, faulty);
            if faulty {
                self.state.facts.disarm(self.table, frame.node, frame.fired);
            }
            if element.domain {
                self.state.facts.judge(frame.node, self.table, self.target, self.text, self.findings, self.most);
            }
        }
        self.state.leave(&frame);
        if self.findings.len() as u32 > frame.findings && !element.domain {
            self.reconsider(&frame, content_end);
        }
    }

    /// The innermost open element ends, and there is nothing to judge.
    #[inline]
    fn end_plainly(&mut self) {
        let Some(frame) = self.state.frames.last().copied() else { return };
        if frame.node != NOBODY {
            let text = match frame.text_state {
                TextState::Plain if !frame.has_child => frame.text,
                _ => Span::at(frame.content as usize),
            };
            self.state.facts.close(frame.node, text, NOBODY, false);
        }
        self.state.leave(&frame);
    }

    /// Judges the text of an element that ends.
    fn judge_text(&mut self, frame: &Frame, at: usize, content_end: usize, broken: bool) {
        // Where an element stands in text, that was told, and the pieces of text around it are not worth another word.
        if frame.text_state == TextState::Told || frame.has_child {
            return;
        }
        let (from, to) = self.blocks_of(at);
        for index in from..to {
            let Text::Typed { type_, optional } = self.table.blocks[self.state.blocks[index] as usize].text else {
                continue;
            };
            let raw = Span::new(frame.content as usize, content_end.max(frame.content as usize));
            let value: &[u8] = match frame.text_state {
                TextState::Plain if frame.text.end as usize == content_end => frame.text.of(self.text),
                _ => xml::content_text(raw.of(self.text), &mut self.state.scratch),
            };
            // Where the end tag is missing, the line break behind the text was not meant to be part of it.
            let value = if broken { value.trim_ascii() } else { value };
            let blank = frame.text_state == TextState::None;
            if blank && optional {
                continue;
            }
            let verdict = self.table.value(type_, value, self.target);
            let span = if blank { frame.name } else { trimmed(self.text, raw) };
            let args = [Arg::Item(type_ as u32), Arg::Item(frame.element as u32), Arg::Span(frame.name)];
            match verdict {
                // The sign is refused in some of the texts alone.
                Verdict::Good | Verdict::MinusZero => {}
                Verdict::Padded => self.tell(codes::PADDED_VALUE, raw, frame.owner, args),
                Verdict::Bad => {
                    self.tell(codes::INVALID_TEXT, span, frame.owner, args);
                    break;
                }
                Verdict::TooNew(version) | Verdict::Removed(version) => {
                    let code = if matches!(verdict, Verdict::TooNew(_)) { codes::TOO_NEW } else { codes::REMOVED };
                    let args = [Arg::Number(version.0 as i64), Arg::Item(frame.element as u32), Arg::Word(&"text")];
                    self.tell(code, span, frame.owner, args);
                    break;
                }
            }
        }
    }

    /// The text of a child decides about a variant of the element that ends: its blocks come into force, and children that no block has
    /// are told.
    fn decide(&mut self, frame: &Frame, at: usize) {
        let (from, to) = self.blocks_of(at);
        let before = self.state.blocks.len();
        for index in from..to {
            let groups = self.table.blocks[self.state.blocks[index] as usize].groups;
            for number in groups.0..groups.1 {
                let group = self.table.groups[number as usize];
                let By::ChildText { element, depth } = group.by else { continue };
                let depth = at as u32 + depth as u32;
                let element = self.table.at_version(element, self.target);
                let decided =
                    self.state.decided.iter().rev().find(|d| d.depth == depth && d.element == element).copied();
                let block = match decided {
                    None if group.absent == NONE => {
                        // The deciding child is missing or wrong, which is told; what would follow from it is not.
                        self.state.placed.truncate(frame.placed as usize);
                        return;
                    }
                    None => group.absent,
                    Some(decided) => {
                        let value = crate::table::trim(decided.text.of(self.text));
                        let cases = group.cases.of(self.table.cases);
                        let words = |case: &&crate::table::Case| {
                            case.values.of(self.table.case_values).iter().any(|word| word.text.as_bytes() == value)
                        };
                        match cases.iter().find(words) {
                            Some(case) => case.block,
                            // The text was told to be wrong; what would follow from it is not told.
                            None if group.otherwise == NONE => {
                                self.state.placed.truncate(frame.placed as usize);
                                return;
                            }
                            None => group.otherwise,
                        }
                    }
                };
                if block != NONE {
                    self.state.blocks.push(block);
                }
            }
        }
        let attributes = self.state.blocks[from..].iter().fold(0u64, |mask, block| {
            let block = &self.table.blocks[*block as usize];
            block
                .choices
                .of(self.table.choices)
                .iter()
                .fold(mask | block.attributes, |mask, choice| mask | choice.attributes)
        });
        if frame.attributes & !attributes != 0
            && let Some((name, _)) = self.first_attribute(frame, frame.attributes & !attributes)
        {
            self.tell(
                codes::MISPLACED_ATTRIBUTE,
                name,
                frame.owner,
                [Arg::Item(frame.element as u32), Arg::None, Arg::None],
            );
        }
        let mut there = 0u128;
        for index in frame.placed as usize..self.state.placed.len() {
            let (slot, span) = self.state.placed[index];
            // Few children are in an order with others.
            let ordered = self.table.elements[frame.element as usize].ordered & 1 << slot != 0;
            for block in if ordered { before..self.state.blocks.len() } else { 0..0 } {
                let broken = self.broken_order(&self.table.blocks[self.state.blocks[block] as usize], slot, there);
                if broken != 0 {
                    self.wrong_order(frame, broken, span, frame.owner);
                    break;
                }
            }
            there |= 1 << slot;
        }
        let allowed = self.state.blocks[from..].iter().fold(0u128, |mask, block| {
            let block = &self.table.blocks[*block as usize];
            block
                .choices
                .of(self.table.choices)
                .iter()
                .fold(mask | block.children, |mask, choice| mask | choice.children)
        });
        for index in frame.placed as usize..self.state.placed.len() {
            let (slot, span) = self.state.placed[index];
            if allowed & 1 << slot == 0 {
                let args = [Arg::Item(frame.element as u32), Arg::Span(frame.name), Arg::None];
                self.tell(codes::MISPLACED_ELEMENT, span, frame.owner, args);
            }
        }
    }

    /// What must be there and is not, and choices between children.
    fn judge_children(&mut self, frame: &Frame, at: usize, element: &'static Element, content_end: usize) {
        let mut required = 0u128;
        let mut more = false;
        for block in &self.state.blocks[frame.blocks as usize..] {
            let block = &self.table.blocks[*block as usize];
            required |= block.required_children;
            more |= !block.plain;
        }
        let missing = required & !frame.children;
        if missing != 0 {
            self.missing_children(frame, element, missing);
        }
        if more {
            // What is missing was told; what else depends on it is not told again.
            let frame = Frame { children: frame.children | missing, ..*frame };
            self.judge_choices_at_end(&frame, at, element, content_end);
        }
    }

    /// Reports required children that are not there, unless an unknown child stands for one.
    fn missing_children(&mut self, frame: &Frame, element: &'static Element, missing: u128) {
        let mut unknown = frame.unknown;
        let mut rest = missing;
        while rest != 0 {
            let slot = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            let rule = (frame.blocks as usize..self.state.blocks.len())
                .map(|index| self.state.blocks[index])
                .filter(|block| self.table.blocks[*block as usize].required_children & 1 << slot != 0)
                .find_map(|block| self.rule_in(block, slot, frame.children));
            let Some(rule) = rule else { continue };
            if rule.since > self.target || rule.until <= self.target {
                continue;
            }
            let name = self.table.children_of(element)[slot as usize].name;
            if unknown != 0 {
                // One wrong child is one fault: it is told once, with what is missing as its right name.
                if let Some(finding) = self.findings.get_mut(unknown as usize - 1) {
                    finding.args[1] = Arg::Item(name as u32);
                }
                unknown = 0;
                continue;
            }
            let args = [Arg::Item(frame.element as u32), Arg::Item(name as u32), Arg::Item(rule.element as u32)];
            self.tell(codes::MISSING_ELEMENT, frame.name, frame.owner, args);
        }
    }

    /// A second child of which there may be one.
    fn duplicate_child(&mut self, start: &xml::Start<'d>, parent: &Frame, owner: u32) {
        let first = self.find_child(parent, start.name, start.tag_start as usize);
        let mut finding =
            Finding::new(codes::DUPLICATE_ELEMENT, self.table.severity(codes::DUPLICATE_ELEMENT), start.name_span)
                .args([Arg::Item(parent.element as u32), Arg::Span(parent.name), Arg::None]);
        finding.related = first;
        finding.owner = owner;
        self.report(finding);
    }
}

/// What follows a start tag.
pub(super) fn after<'d>(text: &'d [u8], start: &xml::Start<'d>) -> &'d [u8] {
    text.get(start.content_start as usize..).unwrap_or_default()
}

/// How many slots of a set are below one: the number of its rule, since a block has one rule for each slot, in their order.
#[inline]
fn rank(set: u128, slot: u8) -> usize {
    // Few elements have so many children that half of the set would not do.
    let low = set as u64;
    if slot < 64 {
        return (low & ((1 << slot) - 1)).count_ones() as usize;
    }
    (low.count_ones() + ((set >> 64) as u64 & ((1 << (slot - 64)) - 1)).count_ones()) as usize
}

/// The span without white space at its ends.
pub(super) fn trimmed(text: &[u8], span: Span) -> Span {
    let bytes = span.of(text);
    let start = span.start as usize + (bytes.len() - bytes.trim_ascii_start().len());
    let end = span.end as usize - (bytes.len() - bytes.trim_ascii_end().len());
    if start <= end { Span::new(start, end) } else { span }
}
