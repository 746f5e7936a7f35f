//! Choices between blocks that no single attribute decides (`either` in the rule files), and sets of members (`together`, `some-of`, `with`).

use super::Pass;
use super::attributes::{Opening, attribute_rule};
use super::frame::{Frame, TextState};
use crate::diagnostic::{Arg, Finding, Span, codes};
use crate::table::{Block, Choice, Element, NONE, Text, Verdict};
use crate::xml;

/// What an element has, as far as a choice is concerned.
#[derive(Clone, Copy)]
struct Members {
    attributes: u64,
    children: u128,
    text: bool,
}

/// How far a block is from fitting.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Misfit {
    /// Members that the block does not have.
    strange: u32,
    /// Members that the block requires and that are not there.
    missing: u32,
    /// Negated number of members that are there and in the block, so that the block which explains most is the least.
    unexplained: i32,
}

impl<'d> Pass<'_, 'd> {
    /// Judges the values of attributes that choices mention, and the choices that attributes alone decide.
    pub(super) fn judge_choices_at_start(&mut self, opening: &mut Opening<'_, 'd>, blocks: usize, owner: u32) {
        for index in blocks..self.state.blocks.len() {
            let block: &'static Block = &self.table.blocks[self.state.blocks[index] as usize];
            for choice in block.choices.of(self.table.choices) {
                let viable = self.viable(choice, opening, owner);
                if choice.at_start {
                    let members = Members { attributes: opening.present & choice.attributes, children: 0, text: false };
                    self.judge_choice_of_attributes(choice, viable, members, opening, owner);
                } else {
                    self.state.viable.push(viable);
                }
            }
        }
    }

    /// Which blocks of a choice the values of the attributes allow, as bits. A value that no block allows is told, and then all count.
    fn viable(&mut self, choice: &'static Choice, opening: &Opening<'_, 'd>, owner: u32) -> u8 {
        let blocks = choice.blocks.of(self.table.choice_blocks);
        let mut viable = u8::MAX;
        let mut rest = opening.present & !opening.settled & choice.attributes;
        while rest != 0 {
            let slot = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            let attribute = &opening.attributes[self.state.by_slot[slot as usize] as usize];
            let mut allowed = 0u8;
            let mut refused = None;
            let mut told: Option<(Verdict, u16)> = None;
            let mut last_type = NONE;
            for (bit, block) in blocks.iter().enumerate() {
                let block: &'static Block = &self.table.blocks[*block as usize];
                let Some(rule) = attribute_rule(self.table, block, slot) else { continue };
                if rule.since > self.target || rule.until <= self.target {
                    let (_, version) = super::attributes::dated(rule.since, rule.until, self.target);
                    let verdict =
                        if rule.since > self.target { Verdict::TooNew(version) } else { Verdict::Removed(version) };
                    told.get_or_insert((verdict, NONE));
                    continue;
                }
                if rule.type_ == last_type && allowed == 0 {
                    continue;
                }
                last_type = rule.type_;
                let value = xml::value(self.text, attribute, &mut self.state.scratch);
                match self.table.value(rule.type_, value, self.target) {
                    Verdict::Good => allowed |= 1 << bit,
                    verdict @ (Verdict::Padded | Verdict::MinusZero) => {
                        allowed |= 1 << bit;
                        refused = Some((verdict, rule.type_));
                    }
                    verdict => {
                        // A date says more than a plain no.
                        if told.is_none_or(|(old, _)| old == Verdict::Bad) {
                            told = Some((verdict, rule.type_));
                        }
                    }
                }
            }
            // Blocks that share a type were skipped after the first bad one; after a good one they were judged.
            if allowed == 0 {
                match told {
                    Some((verdict @ (Verdict::TooNew(_) | Verdict::Removed(_)), NONE)) => {
                        let (code, version) = match verdict {
                            Verdict::TooNew(version) => (codes::TOO_NEW, version),
                            Verdict::Removed(version) => (codes::REMOVED, version),
                            _ => continue,
                        };
                        let args = [
                            Arg::Number(version.0 as i64),
                            Arg::Item(opening.element_id as u32),
                            Arg::Word(&"attribute"),
                        ];
                        self.tell(code, attribute.name, owner, args);
                    }
                    Some((verdict, type_)) => {
                        self.tell_value(verdict, type_, attribute, opening.element_id, owner);
                    }
                    None => {}
                }
                continue;
            }
            if let Some((verdict, type_)) = refused {
                self.tell_value(verdict, type_, attribute, opening.element_id, owner);
            }
            // A block that does not mention the attribute is ruled out by its presence, not by its value.
            let mention =
                blocks.iter().enumerate().filter(|(_, b)| self.table.blocks[**b as usize].attributes & 1 << slot != 0);
            let mention = mention.fold(0u8, |mask, (bit, _)| mask | 1 << bit);
            viable &= allowed | !mention;
        }
        viable
    }

    fn judge_choice_of_attributes(
        &mut self,
        choice: &'static Choice,
        viable: u8,
        members: Members,
        opening: &mut Opening<'_, 'd>,
        owner: u32,
    ) {
        let Some((best, misfit)) = self.best_block(choice, viable, members) else { return };
        let block: &'static Block = &self.table.blocks[best as usize];
        let slots = self.table.attributes_of(opening.element);
        if misfit.strange > 0 {
            let strange = members.attributes & !block.attributes;
            let kept = members.attributes & block.attributes;
            let second = strange.trailing_zeros();
            let at = opening.attributes[self.state.by_slot[second as usize] as usize];
            if kept == 0 {
                self.tell_value(Verdict::Bad, NONE, &at, opening.element_id, owner);
                return;
            }
            let first = opening.attributes[self.state.by_slot[kept.trailing_zeros() as usize] as usize];
            // The later one is told, the earlier one is the second place.
            let (first, second) = if first.name.start < at.name.start { (first, at) } else { (at, first) };
            let mut finding = Finding::new(
                codes::CONFLICTING_ATTRIBUTES,
                self.table.severity(codes::CONFLICTING_ATTRIBUTES),
                second.name,
            )
            .related(first.name)
            .args([Arg::Item(opening.element_id as u32), Arg::Span(first.name), Arg::None]);
            finding.owner = owner;
            self.report(finding);
        } else if misfit.missing > 0 {
            let slot = (block.required_attributes & !members.attributes).trailing_zeros() as usize;
            let name = slots[slot].name;
            if self.blame_stranger(opening, name) {
                return;
            }
            let rule = attribute_rule(self.table, block, slot as u8);
            if rule.is_some_and(|rule| rule.since > self.target) {
                return;
            }
            let type_ = rule.map_or(NONE, |rule| rule.type_);
            let number = self.choice_number(choice);
            // With none of the choice's members there, the message names all of the alternatives.
            let args = if members.attributes == 0 {
                [Arg::Item(opening.element_id as u32), Arg::Item(name as u32), Arg::Items(type_ as u32, number)]
            } else {
                [Arg::Item(opening.element_id as u32), Arg::Item(name as u32), Arg::Item(type_ as u32)]
            };
            self.tell(codes::MISSING_ATTRIBUTE, opening.start.name_span, owner, args);
        } else if viable != u8::MAX && members.attributes != 0 {
            self.contradicting_value(choice, members, opening, owner);
        }
    }

    /// Every value is good somewhere, but no block takes them together.
    fn contradicting_value(
        &mut self,
        choice: &'static Choice,
        members: Members,
        opening: &Opening<'_, 'd>,
        owner: u32,
    ) {
        let blocks = choice.blocks.of(self.table.choice_blocks);
        // The attribute whose values differ between the blocks is the one that contradicts.
        let mut rest = members.attributes;
        while rest != 0 {
            let slot = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            let rules: Vec<_> = blocks
                .iter()
                .filter_map(|b| attribute_rule(self.table, &self.table.blocks[*b as usize], slot))
                .collect();
            if rules.windows(2).any(|pair| pair[0].type_ != pair[1].type_) {
                let attribute = &opening.attributes[self.state.by_slot[slot as usize] as usize];
                let bad = rules.iter().find(|rule| {
                    let value = attribute.value.of(self.text);
                    self.table.value(rule.type_, value, self.target) == Verdict::Bad
                });
                let type_ = bad.map_or(rules[0].type_, |rule| rule.type_);
                self.tell_value(Verdict::Bad, type_, attribute, opening.element_id, owner);
                return;
            }
        }
    }

    pub(super) fn choice_number(&self, choice: &'static Choice) -> u32 {
        self.table.choices.iter().position(|c| std::ptr::eq(c, choice)).unwrap_or(0) as u32
    }

    /// `None` if a block fits; else the nearest one and how it misfits.
    fn best_block(&self, choice: &'static Choice, viable: u8, members: Members) -> Option<(u16, Misfit)> {
        let mut best: Option<(Misfit, u32, u16)> = None;
        let mut fits_by_members = None;
        for (bit, number) in choice.blocks.of(self.table.choice_blocks).iter().enumerate() {
            let block = &self.table.blocks[*number as usize];
            let misfit = Misfit {
                strange: (members.attributes & choice.attributes & !block.attributes).count_ones()
                    + (members.children & choice.children & !block.children).count_ones()
                    + u32::from(members.text && choice.text && block.text == Text::Blank),
                missing: (block.required_attributes & !members.attributes).count_ones()
                    + (block.required_children & !members.children).count_ones(),
                unexplained: -((members.attributes & block.attributes).count_ones() as i32
                    + (members.children & block.children).count_ones() as i32),
            };
            let possible = viable & 1 << bit.min(7) != 0;
            if misfit.strange == 0 && misfit.missing == 0 {
                if possible {
                    return None;
                }
                fits_by_members = Some((*number, misfit));
            }
            let rank = (misfit, u32::from(!possible), *number);
            if best.is_none_or(|best| rank < best) {
                best = Some(rank);
            }
        }
        fits_by_members.or(best.map(|(misfit, _, number)| (number, misfit)))
    }

    /// Judges what needs all children to be known: choices, pairs, counts.
    pub(super) fn judge_choices_at_end(
        &mut self,
        frame: &Frame,
        at: usize,
        element: &'static Element,
        content_end: usize,
    ) {
        let (from, to) = self.blocks_of(at);
        let mut next_viable = frame.viable as usize;
        for index in from..to {
            let block: &'static Block = &self.table.blocks[self.state.blocks[index] as usize];
            for choice in block.choices.of(self.table.choices) {
                if choice.at_start {
                    continue;
                }
                let viable = self.state.viable.get(next_viable).copied().unwrap_or(u8::MAX);
                next_viable += 1;
                self.judge_choice(choice, viable, frame, element, content_end);
            }
            for set in block.together.of(self.table.sets) {
                if set.children == 0 {
                    continue;
                }
                let there = (frame.attributes & set.attributes, frame.children & set.children);
                if there != (0, 0) && there != (set.attributes, set.children) {
                    self.incomplete(frame, element, there, (set.attributes & !there.0, set.children & !there.1));
                }
            }
            for set in block.with.of(self.table.sets) {
                if set.children & frame.children != 0 && frame.children & set.needs_children != set.needs_children {
                    self.incomplete(frame, element, (0, set.children), (0, set.needs_children & !frame.children));
                }
            }
            for set in block.some_of.of(self.table.sets) {
                if set.children != 0 && frame.children & set.children == 0 && frame.attributes & set.attributes == 0 {
                    self.missing_one_of(frame, element, set.children);
                }
            }
            if block.dated {
                self.judge_counts(block, frame, element);
            }
        }
    }

    fn judge_choice(
        &mut self,
        choice: &'static Choice,
        viable: u8,
        frame: &Frame,
        element: &'static Element,
        content_end: usize,
    ) {
        let members = Members {
            attributes: frame.attributes & choice.attributes,
            children: frame.children & choice.children,
            text: matches!(frame.text_state, TextState::Plain | TextState::Pieces),
        };
        let Some((best, misfit)) = self.best_block(choice, viable, members) else {
            self.judge_choice_text(choice, members, frame, content_end);
            return;
        };
        let block: &'static Block = &self.table.blocks[best as usize];
        if misfit.strange > 0 {
            self.conflict(choice, block, members, frame, element);
        } else if misfit.missing > 0 {
            let children = block.required_children & !members.children;
            if children != 0 {
                self.missing_one_of(frame, element, children);
            } else {
                let slot = (block.required_attributes & !members.attributes).trailing_zeros() as usize;
                let name = self.table.attributes_of(element)[slot].name;
                let args = [Arg::Item(frame.element as u32), Arg::Item(name as u32), Arg::Item(NONE as u32)];
                self.tell(codes::MISSING_ATTRIBUTE, frame.name, frame.owner, args);
            }
        } else {
            // The members fit a block that a value rules out.
            let Some((name, _)) = self.first_attribute(frame, members.attributes) else { return };
            let args = [Arg::Item(frame.element as u32), Arg::Span(name), Arg::None];
            self.tell(codes::CONFLICTING_ATTRIBUTES, name, frame.owner, args);
        }
    }

    /// The block that fits may say of which type the text is.
    fn judge_choice_text(&mut self, choice: &'static Choice, members: Members, frame: &Frame, content_end: usize) {
        if !choice.text || !members.text {
            return;
        }
        let raw = Span::new(frame.content as usize, content_end.max(frame.content as usize));
        let mut type_of_first = NONE;
        for number in choice.blocks.of(self.table.choice_blocks) {
            let block = &self.table.blocks[*number as usize];
            if let Text::Typed { type_, .. } = block.text
                && members.children & !block.children == 0
                && members.attributes & !block.attributes == 0
            {
                let value = xml::content_text(raw.of(self.text), &mut self.state.scratch);
                if self.table.value(type_, value, self.target) == Verdict::Good {
                    return;
                }
                if type_of_first == NONE {
                    type_of_first = type_;
                }
            }
        }
        if type_of_first != NONE {
            let span = super::elements::trimmed(self.text, raw);
            let args = [Arg::Item(type_of_first as u32), Arg::Item(frame.element as u32), Arg::Span(frame.name)];
            self.tell(codes::INVALID_TEXT, span, frame.owner, args);
        }
    }

    /// Two members that no block has together.
    fn conflict(
        &mut self,
        choice: &Choice,
        block: &'static Block,
        members: Members,
        frame: &Frame,
        element: &'static Element,
    ) {
        let strange = members.children & choice.children & !block.children;
        let kept = members.children & block.children;
        let severity = |code| self.table.severity(code);
        if strange != 0 {
            let slots = self.table.children_of(element);
            let name_of = |mask: u128| self.table.names[slots[mask.trailing_zeros() as usize].name as usize];
            let second = self.find_child(frame, name_of(strange).as_bytes(), self.text.len()).unwrap_or(frame.name);
            let (code, finding) = if kept != 0 {
                let first = self.find_child(frame, name_of(kept).as_bytes(), self.text.len()).unwrap_or(frame.name);
                let (first, second) = if first.start < second.start { (first, second) } else { (second, first) };
                let code = codes::CONFLICTING_ELEMENTS;
                (
                    code,
                    Finding::new(code, severity(code), second).related(first).args([
                        Arg::Item(frame.element as u32),
                        Arg::Span(first),
                        Arg::None,
                    ]),
                )
            } else if let Some((name, _)) = self.first_attribute(frame, members.attributes & block.attributes) {
                let code = codes::CONFLICTING_ELEMENTS;
                (
                    code,
                    Finding::new(code, severity(code), second).related(name).args([
                        Arg::Item(frame.element as u32),
                        Arg::Span(name),
                        Arg::Word(&"attribute"),
                    ]),
                )
            } else {
                let code = codes::MISPLACED_ELEMENT;
                (
                    code,
                    Finding::new(code, severity(code), second).args([
                        Arg::Item(frame.element as u32),
                        Arg::Span(frame.name),
                        Arg::None,
                    ]),
                )
            };
            let _ = code;
            let mut finding = finding;
            finding.owner = frame.owner;
            self.report(finding);
            return;
        }
        let strange = members.attributes & choice.attributes & !block.attributes;
        if strange != 0
            && let Some((name, _)) = self.first_attribute(frame, strange)
        {
            let related = if kept != 0 {
                let slots = self.table.children_of(element);
                let kept = self.table.names[slots[kept.trailing_zeros() as usize].name as usize];
                self.find_child(frame, kept.as_bytes(), self.text.len())
            } else {
                self.first_attribute(frame, members.attributes & block.attributes).map(|(name, _)| name)
            };
            let code = codes::CONFLICTING_ATTRIBUTES;
            let mut finding = Finding::new(code, severity(code), name).args([
                Arg::Item(frame.element as u32),
                related.map_or(Arg::None, Arg::Span),
                if kept != 0 { Arg::Word(&"element") } else { Arg::None },
            ]);
            finding.related = related;
            finding.owner = frame.owner;
            self.report(finding);
            return;
        }
        let span = super::elements::trimmed(self.text, frame.text);
        self.tell(
            codes::UNEXPECTED_TEXT,
            span,
            frame.owner,
            [Arg::Item(frame.element as u32), Arg::None, Arg::Span(frame.name)],
        );
    }

    /// Name and value of the first of some attributes of an open element, read again from its start tag.
    pub(super) fn first_attribute(&self, frame: &Frame, mask: u64) -> Option<(Span, Span)> {
        let element = &self.table.elements[frame.element as usize];
        let slots = self.table.attributes_of(element);
        let mut found = None;
        xml::peek_attributes(self.text, frame.tag as usize, |name, value| {
            let hit = slots.iter().enumerate().any(|(slot, attribute)| {
                mask & 1 << slot != 0 && self.table.names[attribute.name as usize].as_bytes() == name.of(self.text)
            });
            if hit && found.is_none() {
                found = Some((name, value));
            }
        });
        found
    }

    /// Members stand without others that they need.
    fn incomplete(&mut self, frame: &Frame, element: &'static Element, there: (u64, u128), missing: (u64, u128)) {
        let child = |mask: u128| self.table.children_of(element)[mask.trailing_zeros() as usize].name;
        let attribute = |mask: u64| self.table.attributes_of(element)[mask.trailing_zeros() as usize].name;
        let (name, word) =
            if missing.1 != 0 { (child(missing.1), "element") } else { (attribute(missing.0), "attribute") };
        if frame.unknown != 0 {
            if let Some(finding) = self.findings.get_mut(frame.unknown as usize - 1) {
                finding.args[1] = Arg::Item(name as u32);
            }
            return;
        }
        let present = if there.1 != 0 { child(there.1) } else { attribute(there.0) };
        let word: &'static &'static str = if word == "element" { &"element" } else { &"attribute" };
        let args = [Arg::Items(frame.element as u32, present as u32), Arg::Item(name as u32), Arg::Word(word)];
        self.tell(codes::INCOMPLETE_PAIR, frame.name, frame.owner, args);
    }

    /// None of some children is there.
    fn missing_one_of(&mut self, frame: &Frame, element: &'static Element, children: u128) {
        let slot = children.trailing_zeros() as u8;
        let name = self.table.children_of(element)[slot as usize].name;
        if frame.unknown != 0 {
            if let Some(finding) = self.findings.get_mut(frame.unknown as usize - 1) {
                finding.args[1] = Arg::Item(name as u32);
            }
            return;
        }
        let args = [Arg::Item(frame.element as u32), Arg::Item(name as u32), Arg::None];
        self.tell(codes::MISSING_ELEMENT, frame.name, frame.owner, args);
    }

    /// Children that must be there more than once.
    fn judge_counts(&mut self, block: &'static Block, frame: &Frame, element: &'static Element) {
        for rule in block.child_rules.of(self.table.child_rules) {
            if rule.at_least > 1 && frame.children & 1 << rule.slot != 0 && (frame.counted as u32) < rule.at_least {
                let name = self.table.children_of(element)[rule.slot as usize].name;
                let args =
                    [Arg::Item(name as u32), Arg::Number(rule.at_least as i64), Arg::Number(frame.counted as i64)];
                self.tell(codes::TOO_FEW_ELEMENTS, frame.name, frame.owner, args);
            }
        }
    }
}
