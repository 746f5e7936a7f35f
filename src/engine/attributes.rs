//! Start tags: attributes, their values, and the variants that they decide.

use super::Pass;
use super::elements::after;
use super::frame::{Decided, Frame, State, role};
use super::memo::{Lists, NO_VARIANT, Opened};
use crate::diagnostic::{Arg, Code, Finding, Span, codes};
use crate::semantic::{NOBODY, Role, Value, is_regular, may_reach};
use crate::table::{AttributeRule, Block, By, ChildRule, Element, Form, Key, NONE, Table, Verdict, Version};
use crate::xml;

/// An element that is being opened.
pub(super) struct Opening<'a, 'd> {
    pub start: &'a xml::Start<'d>,
    pub attributes: &'a [xml::Attribute],
    pub element: &'static Element,
    pub element_id: u16,
    /// Number of the tag's name.
    pub name: u16,
    /// Attributes that are there, by slot; one that stands under a misspelt name counts as there.
    pub present: u64,
    /// Of these, the ones of whose values nothing more is to be said: their name is misspelt, or their value was told.
    pub settled: u64,
    /// Of these, the ones whose value is known to be good under the element's own block, because it decided about a variant.
    pub known: u64,
}

impl<'d> Pass<'_, 'd> {
    /// Opens an element of a known type: judges its attributes and puts it on the stack. `forced` is a group and the block to take for it.
    pub(super) fn open(
        &mut self,
        start: &xml::Start<'d>,
        attributes: &[xml::Attribute],
        element: u16,
        name: u16,
        owner: u32,
        forced: Option<(u16, u16)>,
    ) {
        let element_id = self.table.at_version(element, self.target);
        let element = &self.table.elements[element_id as usize];
        let findings = self.findings.len() as u32;
        if element.deferred {
            self.state.subtrees.abandon_around(self.state.frames.len());
            Decided::forget(&mut self.state.decided, self.state.frames.len());
        }
        let mut opening = Opening { start, attributes, element, element_id, name, present: 0, settled: 0, known: 0 };
        self.state.strangers.clear();
        self.state.stranger_findings.clear();
        self.state.fires.clear();
        (self.state.singular, self.state.by_text) = (false, false);
        let mut damaged = start.damaged;
        for (index, attribute) in attributes.iter().enumerate() {
            damaged |= attribute.damaged;
            let slot = if attribute.prefixed {
                None
            } else {
                self.table.attribute_slot(element, attribute.name.of(self.text))
            };
            match slot {
                Some(slot) => {
                    opening.present |= 1 << slot;
                    opening.settled |= u64::from(attribute.damaged) << slot;
                    self.state.by_slot[slot as usize] = index as u16;
                }
                None => self.state.strangers.push(index as u16),
            }
        }
        if !self.state.strangers.is_empty() {
            self.adopt_strangers(&mut opening);
        }
        let blocks = self.state.blocks.len() as u32;
        let (viable, placed) = (self.state.viable.len() as u32, self.state.placed.len() as u32);
        let block = &self.table.blocks[element.block as usize];
        if block.plain && self.state.strangers.is_empty() && !element.deferred {
            self.state.blocks.push(element.block);
            self.judge_plainly(block, &mut opening, blocks as usize, owner);
        } else {
            self.activate(element.block, &mut opening, forced);
            self.judge_attributes(&mut opening, blocks as usize, owner);
        }
        let State { memo, blocks: all, devices, .. } = &mut *self.state;
        let variant = memo.intern(self.table, element_id, &all[blocks as usize..], *devices);
        let nearest = self.state.frames.last().map_or(NOBODY, |parent| parent.nearest);
        let mut node = NOBODY;
        let fired = self.state.facts.fired();
        if element.read && self.facts {
            node = self.note(&opening, nearest, owner);
        }
        let nearest = if node == NOBODY { nearest } else { node };
        let frame = Frame { blocks, viable, placed, findings, node, nearest, fired, ..Frame::new(start, owner) };
        self.state.frames.push(Frame { attributes: opening.present, element: element_id, variant, ..frame });
        if damaged {
            self.distrust();
        }
    }

    /// Opens an element of which the memo knows everything.
    #[inline]
    pub(super) fn reopen(&mut self, start: &xml::Start<'d>, opened: usize, owner: u32) {
        let State { frames, blocks, viable, placed, decided, memo, facts, subtrees, .. } = &mut *self.state;
        let opened = memo.opened(opened);
        let variant = memo.variant(opened.variant);
        if variant.deferred {
            subtrees.abandon_around(frames.len());
            Decided::forget(decided, frames.len());
        }
        let nearest = frames.last().map_or(NOBODY, |parent| parent.nearest);
        let mut frame = Frame {
            attributes: opened.present,
            element: variant.element,
            variant: opened.variant,
            blocks: blocks.len() as u32,
            viable: viable.len() as u32,
            placed: placed.len() as u32,
            findings: self.findings.len() as u32,
            nearest,
            fired: facts.fired(),
            ..Frame::new(start, owner)
        };
        blocks.extend_from_slice(memo.blocks_of(variant));
        viable.extend_from_slice(memo.viable(opened));
        if opened.read {
            let node = facts.open(self.table, opened.name, nearest, start.name_span, owner, variant.role);
            let at = start.tag_start;
            facts.all_values(memo.values(opened).iter().map(|noted| {
                let span = Span { start: at + u32::from(noted.from), end: at + u32::from(noted.to) };
                Value { name: noted.name, word: noted.word, decoded: NOBODY, span }
            }));
            facts.fire(node, memo.fires(opened));
            (frame.node, frame.nearest) = (node, node);
        }
        frames.push(frame);
    }

    /// Keeps what became of the element that was just opened, if nothing but its tag, its text and its parent's variant has decided about
    /// it. `rule` is what the parent says of it; a root has none.
    pub(super) fn remember(
        &mut self,
        start: &xml::Start<'d>,
        parent: u32,
        rule: Option<&'static ChildRule>,
        name: u16,
    ) {
        let State { frames, viable, memo, subtrees, facts, fires, singular, by_text, .. } = &mut *self.state;
        let [.., frame] = &frames[..] else { return };
        let read = frame.node != NOBODY;
        let values = if read { facts.values_of(frame.node) } else { &[] };
        if *singular || frame.variant == NO_VARIANT || values.iter().any(|value| value.decoded != NOBODY) {
            return;
        }
        // Only a text in one plain piece can be compared with another.
        let content = after(self.text, start);
        let text = if *by_text { content.split(|byte| *byte == b'<').next().unwrap_or_default() } else { b"" };
        let plain = content[text.len()..].starts_with(b"</") && !text.iter().any(|byte| matches!(byte, b'&' | b'\r'));
        if *by_text && (text.is_empty() || text.len() > 64 || !plain) {
            return;
        }
        if read {
            facts.drop_hopeless(frame.node, self.table, self.target, self.text, fires);
        }
        let element = frames.iter().rev().nth(1).map(|parent| &self.table.elements[parent.element as usize]);
        let opened = Opened {
            parent,
            tag: start.id,
            rule,
            present: frame.attributes,
            variant: frame.variant,
            name,
            slot: rule.map_or(0, |rule| rule.slot),
            repeats: rule.is_some_and(|rule| rule.at_most != 1),
            joins_freely: rule
                .zip(element)
                .is_some_and(|(rule, parent)| !rule.is_counted() && parent.ordered & 1 << rule.slot == 0),
            is_placed: element.is_some_and(|parent| parent.deferred),
            is_section: memo.variant(frame.variant).role == Role::Other && memo.variant(parent).role != Role::Other,
            read,
            ..Opened::BLANK
        };
        let values = if read { facts.values_of(frame.node) } else { &[] };
        let viable = &viable[frame.viable as usize..];
        memo.keep(opened, &Lists { tag_start: start.tag_start, values, fires, viable, text });
        if opened.is_section {
            subtrees.note(self.text, start, parent);
        }
    }

    /// Something in the innermost open element is damaged. What it was meant to say is not known, so rules do not judge the elements
    /// that hold it, up to the devices: those speak for themselves, one by one.
    pub(super) fn distrust(&mut self) {
        for frame in self.state.frames.iter().rev() {
            let known = frame.node != u32::MAX && !self.state.facts.distrust(frame.node);
            if known || frame.element == self.state.devices {
                return;
            }
        }
    }

    /// Notes what rules read of the element; the number of its node. `nearest` is the nearest enclosing node.
    fn note(&mut self, opening: &Opening<'_, 'd>, nearest: u32, owner: u32) -> u32 {
        let facts = &mut self.state.facts;
        let role = role(opening.element, opening.element_id, self.state.devices);
        let node = facts.open(self.table, opening.name, nearest, opening.start.name_span, owner, role);
        let slots = self.table.attributes_of(opening.element);
        let noted = opening.present & opening.element.read_attributes & !opening.settled;
        let mut rest = noted;
        let first = facts.values().len();
        while rest != 0 {
            let slot = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let attribute = &opening.attributes[self.state.by_slot[slot] as usize];
            let raw = if attribute.needs_normalising {
                xml::value(self.text, attribute, &mut self.state.scratch)
            } else {
                attribute.value.of(self.text)
            };
            let text = crate::table::trim(raw);
            let word = self.table.word(Key::of(text), text);
            let decoded = if attribute.needs_normalising { facts.decode(text) } else { NOBODY };
            facts.value(Value { name: slots[slot].name, word, decoded, span: attribute.value });
        }
        let sets_off = opening.element.sets_off.of(self.table.trigger_rules);
        self.state.fires.extend_from_slice(sets_off);
        facts.fire(node, sets_off);
        let all = opening.element.trigger_attributes;
        let mut rest = noted & all;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            let index = opening.element.trigger_slots as usize + (all & (bit - 1)).count_ones() as usize;
            // What sets a rule off is read by it, so that it is among the values.
            let number = first + (noted & (bit - 1)).count_ones() as usize;
            let Value { word, decoded, span, .. } = facts.values()[number];
            let coded = decoded != NOBODY;
            for trigger in self.table.trigger_slots[index].of(self.table.triggers) {
                let words = trigger.words.of(self.table.trigger_words);
                let value = || crate::table::trim(span.of(self.text));
                let set_off = if !words.is_empty() {
                    words.contains(&word)
                } else if trigger.irregular {
                    coded || !is_regular(value())
                } else {
                    trigger.least == i64::MIN || coded || may_reach(value(), trigger.least)
                };
                if set_off {
                    let rules = trigger.rules.of(self.table.trigger_rules);
                    self.state.fires.extend_from_slice(rules);
                    facts.fire(node, rules);
                }
            }
        }
        node
    }

    /// Puts a block in force, and the blocks of the variants that attributes decide below it.
    fn activate(&mut self, block: u16, opening: &mut Opening<'_, 'd>, forced: Option<(u16, u16)>) {
        self.state.blocks.push(block);
        let groups = self.table.blocks[block as usize].groups;
        for number in groups.0..groups.1 {
            let chosen = match forced {
                Some((group, block)) if group == number => block,
                _ => self.choose(number, opening),
            };
            if chosen != NONE {
                self.activate(chosen, opening, forced);
            }
        }
    }

    /// The block of a group that counts for this element; `NONE` for an empty one, or where the end of the element decides.
    fn choose(&mut self, number: u16, opening: &mut Opening<'_, 'd>) -> u16 {
        let group = self.table.groups[number as usize];
        let value: &[u8] = match group.by {
            By::ChildText { .. } => return NONE,
            By::OwnText => {
                self.state.by_text = true;
                xml::peek_text(self.text, opening.start.content_start as usize, &mut self.state.scratch)
            }
            By::OwnAttribute(slot) => {
                if opening.present & 1 << slot == 0 {
                    let required = self.table.blocks[opening.element.block as usize].required_attributes;
                    if group.absent == NONE && required & 1 << slot != 0 {
                        return self.best_variant(number, opening, None);
                    }
                    return group.absent;
                }
                let attribute = &opening.attributes[self.state.by_slot[slot as usize] as usize];
                if !group.by_word.is_empty() && !attribute.needs_normalising {
                    let own = &self.table.blocks[opening.element.block as usize];
                    if let Some(rule) = attribute_rule(self.table, own, slot)
                        && let Form::Words(words) = self.table.types[rule.type_ as usize].form
                    {
                        let value = crate::table::trim(attribute.value.of(self.text));
                        let key = Key::of(value);
                        let words = words.of(self.table.words);
                        if let Some(index) = words.iter().position(|word| word.name.is(key, value)) {
                            let word = &words[index];
                            let dated =
                                word.since > self.target || word.until <= self.target || rule.since > self.target;
                            if !dated && rule.until > self.target && value.len() == attribute.value.len() {
                                opening.known |= 1 << slot;
                            }
                            return group.by_word.of(self.table.word_blocks)[index];
                        }
                    }
                }
                xml::value(self.text, attribute, &mut self.state.scratch)
            }
        };
        let value = crate::table::trim(value);
        let key = Key::of(value);
        for case in group.cases.of(self.table.cases) {
            if case.values.of(self.table.case_values).iter().any(|word| word.is(key, value)) {
                return case.block;
            }
        }
        if group.otherwise == NONE
            && let By::OwnAttribute(slot) = group.by
            && !known_value(self.table, self.target, opening.element, slot, value)
        {
            let value = value.to_vec();
            return self.best_variant(number, opening, Some(&value));
        }
        group.otherwise
    }

    /// Judges the attributes of an element that has one block and nothing in it but attributes, children and text.
    #[inline]
    fn judge_plainly(&mut self, block: &'static Block, opening: &mut Opening<'_, 'd>, blocks: usize, owner: u32) {
        let mut misplaced = opening.present & !opening.settled & !block.attributes;
        while misplaced != 0 {
            let slot = misplaced.trailing_zeros() as u8;
            misplaced &= misplaced - 1;
            let attribute = &opening.attributes[self.state.by_slot[slot as usize] as usize];
            self.misplaced_attribute(opening, slot, attribute, blocks, owner);
        }
        self.judge_values(block, opening.known, opening, owner);
        let missing = block.required_attributes & !opening.present;
        if missing != 0 {
            self.judge_missing(opening, missing, blocks, owner);
        }
    }

    /// Required attributes are not there.
    fn judge_missing(&mut self, opening: &mut Opening<'_, 'd>, missing: u64, blocks: usize, owner: u32) {
        // In a tag that is broken an attribute may be missing for that reason alone.
        if !opening.start.damaged {
            self.missing_attributes(opening, missing, blocks, owner);
        }
        // What is missing was told; what else depends on it is not told again.
        opening.present |= missing;
        opening.settled |= missing;
    }

    /// Judges every attribute of the element under the blocks in force.
    fn judge_attributes(&mut self, opening: &mut Opening<'_, 'd>, blocks: usize, owner: u32) {
        let mut required = 0;
        let mut allowed = 0;
        let mut choices = 0;
        for index in blocks..self.state.blocks.len() {
            let block = &self.table.blocks[self.state.blocks[index] as usize];
            required |= block.required_attributes;
            allowed |= block.attributes;
            choices += (block.choices.1 - block.choices.0) as usize;
            for choice in block.choices.of(self.table.choices) {
                allowed |= choice.attributes;
            }
            // What the end of the element decides about is let through here.
            if opening.element.deferred {
                allowed |= self.deferred_blocks(block).fold(0, |mask, block| mask | block.attributes);
            }
        }
        if !self.state.strangers.is_empty() {
            self.tell_strangers(opening, allowed, owner);
        }
        let mut misplaced = opening.present & !opening.settled & !allowed;
        while misplaced != 0 {
            let slot = misplaced.trailing_zeros() as u8;
            misplaced &= misplaced - 1;
            let attribute = &opening.attributes[self.state.by_slot[slot as usize] as usize];
            self.misplaced_attribute(opening, slot, attribute, blocks, owner);
        }
        for index in blocks..self.state.blocks.len() {
            let block: &'static Block = &self.table.blocks[self.state.blocks[index] as usize];
            let known = if index == blocks { opening.known } else { 0 };
            self.judge_values(block, known, opening, owner);
            if opening.element.deferred {
                // Of the blocks that the end may bring into force, the first one speaks for all.
                let mut seen = 0;
                for deferred in self.deferred_blocks(block) {
                    self.judge_values(deferred, seen, opening, owner);
                    seen |= deferred.attributes;
                }
            }
        }
        if choices > 0 {
            self.judge_choices_at_start(opening, blocks, owner);
        }
        let missing = required & !opening.present;
        if missing != 0 {
            self.judge_missing(opening, missing, blocks, owner);
        }
        for index in blocks..self.state.blocks.len() {
            let block = &self.table.blocks[self.state.blocks[index] as usize];
            if !block.together.is_empty() || !block.with.is_empty() || !block.some_of.is_empty() {
                self.judge_sets_at_start(block, opening, owner);
            }
        }
    }

    /// The blocks below one that the text of a child decides about.
    pub(super) fn deferred_blocks(&self, block: &'static Block) -> impl Iterator<Item = &'static Block> + use<'d> {
        let table = self.table;
        let groups = block.groups.of(table.groups).iter().filter(|group| matches!(group.by, By::ChildText { .. }));
        groups.flat_map(|group| group.cases.of(table.cases)).map(|case| &table.blocks[case.block as usize])
    }

    /// Judges the values of the attributes that a block mentions. A value that is told is settled.
    #[inline]
    fn judge_values(&mut self, block: &'static Block, known: u64, opening: &mut Opening<'_, 'd>, owner: u32) {
        let rules = block.attribute_rules.of(self.table.attribute_rules);
        let mut rest = opening.present & block.attributes & !opening.settled & !known;
        while rest != 0 {
            let slot = rest.trailing_zeros();
            let bit = rest & rest.wrapping_neg();
            rest ^= bit;
            // A block has one rule for each attribute that it mentions, in the order of the slots.
            let rule = &rules[(block.attributes & (bit - 1)).count_ones() as usize];
            let attribute = &opening.attributes[self.state.by_slot[slot as usize & 63] as usize];
            if rule.since > self.target || rule.until <= self.target {
                let (code, version) = dated(rule.since, rule.until, self.target);
                let args =
                    [Arg::Number(version.0 as i64), Arg::Item(opening.element_id as u32), Arg::Word(&"attribute")];
                self.tell(code, attribute.name, owner, args);
                opening.settled |= bit;
                continue;
            }
            let value = if attribute.needs_normalising {
                xml::value(self.text, attribute, &mut self.state.scratch)
            } else {
                attribute.value.of(self.text)
            };
            let verdict = self.table.value(rule.type_, value, self.target);
            if verdict != Verdict::Good
                && !(matches!(verdict, Verdict::Padded | Verdict::MinusZero) && opening.settled & bit != 0)
            {
                self.tell_value(verdict, rule.type_, attribute, opening.element_id, owner);
                opening.settled |= bit;
            }
        }
    }

    /// Reports what is to be said of an attribute's value; whether it was good.
    pub(super) fn tell_value(
        &mut self,
        verdict: Verdict,
        type_: u16,
        attribute: &xml::Attribute,
        element: u16,
        owner: u32,
    ) -> bool {
        match verdict {
            Verdict::Good => return true,
            Verdict::Padded => {
                // A few attributes are compared with one word only, and read as its opposite: no refusal.
                if !READ_LOOSELY.contains(&attribute.name.of(self.text)) {
                    let args = [Arg::Item(type_ as u32), Arg::Item(element as u32), Arg::Span(attribute.name)];
                    self.tell(codes::PADDED_VALUE, attribute.value, owner, args);
                }
                return true;
            }
            Verdict::MinusZero if READ_WITH_SIGN.contains(&attribute.name.of(self.text)) => return true,
            Verdict::MinusZero => {
                let args = [Arg::Item(type_ as u32), Arg::Item(element as u32), Arg::Span(attribute.name)];
                self.tell(codes::MINUS_ZERO, attribute.value, owner, args);
                return true;
            }
            Verdict::Bad => {
                let args = [Arg::Item(type_ as u32), Arg::Item(element as u32), Arg::Span(attribute.name)];
                self.tell(codes::INVALID_VALUE, attribute.value, owner, args);
            }
            Verdict::TooNew(version) => {
                let args = [Arg::Number(version.0 as i64), Arg::Item(element as u32), Arg::Word(&"value")];
                self.tell(codes::TOO_NEW, attribute.value, owner, args);
            }
            Verdict::Removed(version) => {
                let args = [Arg::Number(version.0 as i64), Arg::Item(element as u32), Arg::Word(&"value")];
                self.tell(codes::REMOVED, attribute.value, owner, args);
            }
        }
        false
    }

    /// Reports required attributes that are not there, unless a stranger stands for one.
    fn missing_attributes(&mut self, opening: &Opening<'_, 'd>, missing: u64, blocks: usize, owner: u32) {
        let mut rest = missing;
        while rest != 0 {
            let slot = rest.trailing_zeros() as u8;
            rest &= rest - 1;
            let rule = (blocks..self.state.blocks.len())
                .map(|index| &self.table.blocks[self.state.blocks[index] as usize])
                .filter(|block| block.required_attributes & 1 << slot != 0)
                .find_map(|block| attribute_rule(self.table, block, slot));
            let Some(rule) = rule else { continue };
            // What the target version does not have yet or no more cannot be required.
            if rule.since > self.target || rule.until <= self.target {
                continue;
            }
            let name = self.table.attributes_of(opening.element)[slot as usize].name;
            if self.blame_stranger(opening, name) {
                continue;
            }
            let args = [Arg::Item(opening.element_id as u32), Arg::Item(name as u32), Arg::Item(rule.type_ as u32)];
            self.tell(codes::MISSING_ATTRIBUTE, opening.start.name_span, owner, args);
        }
    }

    /// Sets of attributes alone: all or none, only beside, at least one.
    fn judge_sets_at_start(&mut self, block: &'static Block, opening: &Opening<'_, 'd>, owner: u32) {
        for set in block.together.of(self.table.sets) {
            let there = opening.present & set.attributes;
            if set.children == 0 && there != 0 && there != set.attributes {
                self.incomplete_attributes(opening, there, set.attributes & !there, owner);
            }
        }
        for set in block.with.of(self.table.sets) {
            let there = opening.present & set.attributes;
            if there != 0 && opening.present & set.needs_attributes != set.needs_attributes {
                self.incomplete_attributes(opening, there, set.needs_attributes & !opening.present, owner);
            }
        }
        for set in block.some_of.of(self.table.sets) {
            if set.children == 0 && opening.present & set.attributes == 0 {
                let slot = set.attributes.trailing_zeros() as usize;
                let name = self.table.attributes_of(opening.element)[slot].name;
                let args = [Arg::Item(opening.element_id as u32), Arg::Item(name as u32), Arg::None];
                self.tell(codes::MISSING_ATTRIBUTE, opening.start.name_span, owner, args);
            }
        }
    }

    /// Some attributes stand without others that they need.
    fn incomplete_attributes(&mut self, opening: &Opening<'_, 'd>, there: u64, missing: u64, owner: u32) {
        let (first, lacking) = (there.trailing_zeros() as usize, missing.trailing_zeros() as usize);
        let attribute = &opening.attributes[self.state.by_slot[first] as usize];
        let name = self.table.attributes_of(opening.element)[lacking].name;
        if self.blame_stranger(opening, name) {
            return;
        }
        let args = [Arg::Item(opening.element_id as u32), Arg::Item(name as u32), Arg::Word(&"attribute")];
        self.tell(codes::INCOMPLETE_PAIR, attribute.name, owner, args);
    }

    /// Reports a finding of a code at a place.
    pub(super) fn tell(&mut self, code: Code, span: Span, owner: u32, args: [Arg; 3]) {
        let mut finding = Finding::new(code, self.table.severity(code), span).args(args);
        finding.owner = owner;
        self.findings.push(finding);
    }
}

/// Attributes whose value libvirt compares with a single word, taking everything else for its opposite.
const READ_LOOSELY: [&[u8]; 4] = [b"managed", b"useserial", b"primary", b"autoport"];

/// Attributes whose sign libvirt does not mind though they must not be negative: those of PCI controllers, priorities, and those of VEPA
/// ports.
const READ_WITH_SIGN: [&[u8]; 9] =
    [b"busNr", b"chassis", b"chassisNr", b"index", b"managerid", b"port", b"priority", b"typeid", b"typeidversion"];

/// What a block says of an attribute that it mentions.
#[inline]
pub(super) fn attribute_rule(table: &'static Table, block: &'static Block, slot: u8) -> Option<&'static AttributeRule> {
    // A block has one rule for each attribute that it mentions, in the order of the slots.
    if block.attributes & 1 << slot == 0 {
        return None;
    }
    let index = (block.attributes & ((1 << slot) - 1)).count_ones() as usize;
    Some(&block.attribute_rules.of(table.attribute_rules)[index])
}

/// Whether a value is one of the attribute's, so that a variant without a block of its own is meant.
fn known_value(table: &'static Table, target: Version, element: &Element, slot: u8, value: &[u8]) -> bool {
    let block = &table.blocks[element.block as usize];
    attribute_rule(table, block, slot).is_none_or(|rule| table.value(rule.type_, value, target) != Verdict::Bad)
}

/// Which code and version to tell of something that the target does not have.
pub(super) fn dated(since: Version, until: Version, target: Version) -> (Code, Version) {
    if since > target { (codes::TOO_NEW, since) } else { (codes::REMOVED, until) }
}
