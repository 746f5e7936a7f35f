//! What happens after a fault: which name was meant, which variant, where the second place is. Nothing here runs on a clean document.
//!
//! One broken thing is told once. So a misspelt name counts as the name that was meant, a stranger stands for the member that is missing
//! beside it, and a wrong discriminant is recovered by trying which variant fits what the element holds ([`Pass::trial`]).

use super::attributes::{Opening, attribute_rule};
use super::frame::{Frame, State};
use super::{Kind, Pass, consequence};
use crate::diagnostic::{Arg, Finding, Span, codes};
use crate::table::{By, Distance, Form, NONE, Table};
use crate::xml;

/// How many bytes a document may cost in trials: its own size and 1 MiB. A byte order mark counts for nothing, so that it changes no finding.
pub(super) fn budget(text: &[u8]) -> usize {
    text.strip_prefix(xml::BOM).unwrap_or(text).len() + (1 << 20)
}

/// How far a trial reads.
const TRIAL: usize = 16 << 10;

/// How far one looks for the second place of a finding.
const LOOK_AROUND: usize = 16 << 10;

impl<'d> Pass<'_, 'd> {
    /// Attributes that the element does not have in any variant: one whose name is near to a deciding attribute that is not there counts
    /// as that attribute, so that the right variant is chosen.
    pub(super) fn adopt_strangers(&mut self, opening: &mut Opening<'_, 'd>) {
        let block = &self.table.blocks[opening.element.block as usize];
        let mut deciding = 0u64;
        for group in block.groups.of(self.table.groups) {
            if let By::OwnAttribute(slot) = group.by {
                deciding |= 1 << slot;
            }
        }
        let candidates = deciding & !opening.present;
        if candidates != 0 {
            self.adopt(opening, candidates, u32::MAX);
        }
    }

    /// The other strangers are held against the attributes of the variant, and told.
    pub(super) fn tell_strangers(&mut self, opening: &mut Opening<'_, 'd>, allowed: u64, owner: u32) {
        let candidates = allowed & !opening.present;
        self.adopt(opening, candidates, owner);
        for index in std::mem::take(&mut self.state.strangers) {
            let attribute = &opening.attributes[index as usize];
            let args = [Arg::Item(opening.element_id as u32), Arg::None, Arg::None];
            self.state.stranger_findings.push(self.findings.len() as u32);
            self.tell(codes::UNKNOWN_ATTRIBUTE, attribute.name, owner, args);
        }
    }

    /// Lets strangers whose names are near to candidates stand for them, and tells them.
    fn adopt(&mut self, opening: &mut Opening<'_, 'd>, mut candidates: u64, owner: u32) {
        let slots = self.table.attributes_of(opening.element);
        let strangers = std::mem::take(&mut self.state.strangers);
        let mut rest = Vec::new();
        for index in strangers {
            let attribute = &opening.attributes[index as usize];
            let wrong = attribute.name.of(self.text);
            let names = (0..slots.len()).filter(|slot| candidates & 1 << slot != 0);
            let near = nearest(wrong, names.map(|slot| (slot, self.table.names[slots[slot].name as usize])));
            match near {
                Some(slot) if !attribute.prefixed => {
                    candidates &= !(1 << slot);
                    opening.present |= 1 << slot;
                    opening.settled |= 1 << slot;
                    self.state.by_slot[slot] = index;
                    let owner = if owner == u32::MAX { self.owner_of(opening) } else { owner };
                    let args = [Arg::Item(opening.element_id as u32), Arg::Item(slots[slot].name as u32), Arg::None];
                    self.tell(codes::UNKNOWN_ATTRIBUTE, attribute.name, owner, args);
                }
                _ => rest.push(index),
            }
        }
        self.state.strangers = rest;
    }

    /// The device that an element being opened belongs to.
    fn owner_of(&self, opening: &Opening<'_, 'd>) -> u32 {
        match self.state.frames.last() {
            Some(parent) if parent.element == self.state.devices => opening.start.tag_start,
            Some(parent) => parent.owner,
            None => u32::MAX,
        }
    }

    /// Lets a stranger of the element stand for a missing attribute: it is told with that as its right name. Whether there was one.
    pub(super) fn blame_stranger(&mut self, _opening: &Opening<'_, 'd>, missing: u16) -> bool {
        let Some(finding) = self.state.stranger_findings.pop() else { return false };
        if let Some(finding) = self.findings.get_mut(finding as usize) {
            finding.args[1] = Arg::Item(missing as u32);
        }
        true
    }

    /// An attribute that the element has, but not in this variant.
    pub(super) fn misplaced_attribute(
        &mut self,
        opening: &Opening<'_, 'd>,
        slot: u8,
        attribute: &xml::Attribute,
        blocks: usize,
        owner: u32,
    ) {
        let decided = self.deciding_attribute(opening, blocks, |pass, block| {
            pass.table.blocks[block as usize].attributes & 1 << slot != 0
        });
        let args = [Arg::Item(opening.element_id as u32), Arg::None, decided.map_or(Arg::None, Arg::Span)];
        self.state.stranger_findings.push(self.findings.len() as u32);
        self.tell(codes::MISPLACED_ATTRIBUTE, attribute.name, owner, args);
    }

    /// The attribute, as it is written, whose other values would have brought a block of interest into force.
    fn deciding_attribute(
        &self,
        opening: &Opening<'_, 'd>,
        blocks: usize,
        interesting: impl Fn(&Self, u16) -> bool,
    ) -> Option<Span> {
        for block in &self.state.blocks[blocks..] {
            for group in self.table.blocks[*block as usize].groups.of(self.table.groups) {
                let By::OwnAttribute(slot) = group.by else { continue };
                let mut all = group
                    .cases
                    .of(self.table.cases)
                    .iter()
                    .map(|case| case.block)
                    .chain([group.absent, group.otherwise]);
                if all.any(|block| block != NONE && interesting(self, block)) && opening.present & 1 << slot != 0 {
                    let attribute = &opening.attributes[self.state.by_slot[slot as usize] as usize];
                    return Some(Span { start: attribute.name.start, end: attribute.value.end + 1 });
                }
            }
        }
        None
    }

    /// A child that the element does not have, or not in this variant (`slot`).
    pub(super) fn unknown_child(
        &mut self,
        start: &xml::Start<'d>,
        reader: &mut xml::Reader<'d, '_, '_>,
        slot: Option<u8>,
        owner: u32,
    ) {
        let at = self.state.frames.len() - 1;
        let parent = self.state.frames[at];
        let element = &self.table.elements[parent.element as usize];
        if start.damaged && slot.is_none() {
            // The name is part of a broken tag that was told.
            self.skip = 1;
            return;
        }
        // A name that is right elsewhere keeps its owner: the parent's, since it is no device here.
        let owner = if parent.element == self.state.devices { u32::MAX } else { owner };
        if start.namespace == xml::Namespace::Foreign {
            self.foreign_child(start, &parent, owner);
            return;
        }
        if let Some(slot) = slot {
            let decided = self.deciding_span(at, slot);
            let args = [Arg::Item(parent.element as u32), Arg::Span(parent.name), decided.map_or(Arg::None, Arg::Span)];
            self.remember_unknown(at);
            self.tell(codes::MISPLACED_ELEMENT, start.name_span, owner, args);
            self.skip = 1;
            return;
        }
        let slots = self.table.children_of(element);
        let open_slots = (0..slots.len()).filter(|slot| {
            self.child_rule(at, *slot as u8).is_some_and(|rule| parent.children & 1 << slot == 0 || rule.at_most != 1)
        });
        let candidates: Vec<(usize, &'static str)> =
            open_slots.map(|slot| (slot, self.table.names[slots[slot].name as usize])).collect();
        // People forget the prefix of a hypervisor's element, too.
        let near =
            nearest(start.name, candidates.iter().copied()).or_else(|| self.unprefixed(start.local, &candidates));
        let args = |name: Arg| [Arg::Item(parent.element as u32), name, Arg::Span(parent.name)];
        match near {
            Some(slot) => {
                self.tell(codes::UNKNOWN_ELEMENT, start.name_span, owner, args(Arg::Item(slots[slot].name as u32)));
                let rule = self.child_rule(at, slot as u8).expect("the candidates have rules");
                self.state.frames[at].children |= 1 << slot;
                if rule.at_most > 1 && rule.at_most < u32::MAX {
                    self.state.frames[at].counted += 1;
                }
                let owner = if parent.element == self.state.devices { start.tag_start } else { owner };
                self.open(start, reader.attributes(), rule.element, slots[slot].name, owner, None);
            }
            None => {
                self.remember_unknown(at);
                self.tell(codes::UNKNOWN_ELEMENT, start.name_span, owner, args(Arg::None));
                self.skip = 1;
            }
        }
    }

    /// The candidate that a name without its prefix means: one of a hypervisor whose namespace the document declares, else one of QEMU.
    fn unprefixed(&mut self, local: &[u8], candidates: &[(usize, &'static str)]) -> Option<usize> {
        let split = candidates.iter().filter_map(|(slot, name)| name.split_once(':').map(|parts| (*slot, parts)));
        let mut split: Vec<(usize, (&str, &str))> = split.collect();
        nearest(local, split.iter().map(|(slot, (_, local))| (*slot, *local)))?;
        let mut declared: Vec<&str> = Vec::new();
        for frame in &self.state.frames {
            // Many such names inside of a huge tag would read it as often.
            let Some(budget) = self.budget.checked_sub(frame.content.saturating_sub(frame.tag) as usize) else { break };
            self.budget = budget;
            xml::peek_attributes(self.text, frame.tag as usize, |name, value| {
                if name.of(self.text).starts_with(b"xmlns:") {
                    let uri = value.of(self.text);
                    let known = self.table.namespaces.iter().find(|(_, known)| known.as_bytes() == uri);
                    declared.extend(known.map(|(prefix, _)| *prefix));
                }
            });
        }
        split.sort_by_key(|(_, (prefix, _))| (!declared.contains(prefix), *prefix != "qemu"));
        nearest(local, split.iter().map(|(slot, (_, local))| (*slot, *local)))
    }

    /// The next finding is of a child that may stand for a missing one.
    fn remember_unknown(&mut self, at: usize) {
        let frame = &mut self.state.frames[at];
        if frame.unknown == 0 {
            frame.unknown = self.findings.len() as u32 + 1;
        }
    }

    /// A child in a namespace that libvirt does not read, or with the prefix of one that it reads but without its declaration.
    fn foreign_child(&mut self, start: &xml::Start<'d>, parent: &Frame, owner: u32) {
        self.skip = 1;
        let element = Arg::Item(parent.element as u32);
        if start.unbound {
            // The XML layer has told the prefix, once; if it is one of a hypervisor, there is more to say.
            let prefix = start.name.split(|b| *b == b':').next().unwrap_or_default();
            let known = self.table.namespaces.iter().position(|(known, _)| known.as_bytes() == prefix);
            if let (Some(number), Some(last)) = (known, self.findings.last_mut())
                && last.code == codes::UNBOUND_PREFIX
                && last.span.start >= start.tag_start
            {
                *last = Finding::new(
                    codes::MISSING_NAMESPACE,
                    self.table.severity(codes::MISSING_NAMESPACE),
                    start.name_span,
                )
                .args([element, Arg::Number(number as i64), Arg::None]);
            }
            return;
        }
        self.tell(codes::FOREIGN_ELEMENT, start.name_span, owner, [element, Arg::Span(parent.name), Arg::None]);
    }

    /// The attribute of an open element, as it is written, that decided against a child.
    fn deciding_span(&self, at: usize, slot: u8) -> Option<Span> {
        let frame = &self.state.frames[at];
        let element = &self.table.elements[frame.element as usize];
        let (from, to) = self.blocks_of(at);
        let mentions = |block: u16| {
            block != NONE && {
                let block = &self.table.blocks[block as usize];
                block.children & 1 << slot != 0
                    || block.choices.of(self.table.choices).iter().any(|choice| choice.children & 1 << slot != 0)
            }
        };
        for block in &self.state.blocks[from..to] {
            for group in self.table.blocks[*block as usize].groups.of(self.table.groups) {
                let By::OwnAttribute(by) = group.by else { continue };
                let mut all = group
                    .cases
                    .of(self.table.cases)
                    .iter()
                    .map(|case| case.block)
                    .chain([group.absent, group.otherwise]);
                if all.any(mentions) {
                    let name = self.table.names[self.table.attributes_of(element)[by as usize].name as usize];
                    let mut found = None;
                    // Many children inside of a huge tag would read it as often.
                    let end = (frame.tag as usize + LOOK_AROUND).min(self.text.len());
                    xml::peek_attributes(&self.text[..end], frame.tag as usize, |attribute, value| {
                        if attribute.of(self.text) == name.as_bytes() {
                            found = Some(Span { start: attribute.start, end: value.end + 1 });
                        }
                    });
                    return found;
                }
            }
        }
        None
    }

    /// The name of the first child of this name, before an offset.
    pub(super) fn find_child(&self, parent: &Frame, name: &[u8], before: usize) -> Option<Span> {
        let mut found = None;
        let end = before.min(parent.content as usize + LOOK_AROUND).min(self.text.len());
        xml::peek_children(&self.text[..end], parent.content as usize, |child| {
            if child.of(self.text) == name {
                found = Some(child);
            }
            found.is_none()
        });
        found
    }

    /// A child stands behind one that belongs behind it.
    pub(super) fn wrong_order(&mut self, parent: &Frame, later: u128, child: Span, owner: u32) {
        let element = &self.table.elements[parent.element as usize];
        let slots = self.table.children_of(element);
        let name_of = |slot: u32| self.table.names[slots[slot as usize].name as usize];
        let other = self.find_child(parent, name_of(later.trailing_zeros()).as_bytes(), child.start as usize);
        let severity = self.table.severity(codes::WRONG_ORDER);
        let element = Arg::Item(parent.element as u32);
        // If a single sibling is passed over, it is the one that stands too early.
        // An element that stands before several of its predecessors is told once.
        if other.is_some_and(|other| {
            self.findings.iter().rev().take(4).any(|f| f.code == codes::WRONG_ORDER && f.span == other)
        }) {
            return;
        }
        let mut finding = match other {
            Some(other) if later.count_ones() == 1 => Finding::new(codes::WRONG_ORDER, severity, other)
                .related(child)
                .args([element, Arg::Span(child), Arg::Word(&"after")]),
            Some(other) => Finding::new(codes::WRONG_ORDER, severity, child).related(other).args([
                element,
                Arg::Span(other),
                Arg::Word(&"before"),
            ]),
            None => {
                let name = slots[later.trailing_zeros() as usize].name;
                Finding::new(codes::WRONG_ORDER, severity, child).args([
                    element,
                    Arg::Item(name as u32),
                    Arg::Word(&"before"),
                ])
            }
        };
        finding.owner = owner;
        self.report(finding);
    }

    /// The block of a group that fits what the element holds best, when the attribute that decides is wrong or missing.
    pub(super) fn best_variant(&mut self, number: u16, opening: &Opening<'_, 'd>, value: Option<&[u8]>) -> u16 {
        // What the element holds decides, or what the budget allows.
        self.state.singular = true;
        let group = self.table.groups[number as usize];
        let cases = group.cases.of(self.table.cases);
        // The attribute's values, each with the block that it brings.
        let By::OwnAttribute(slot) = group.by else { return group.otherwise };
        let own = &self.table.blocks[opening.element.block as usize];
        let rule = attribute_rule(self.table, own, slot);
        let mut variants: Vec<(u16, &'static str)> = Vec::new();
        if let Some(Form::Words(words)) = rule.map(|rule| self.table.types[rule.type_ as usize].form) {
            for word in words.of(self.table.words) {
                let case = cases
                    .iter()
                    .find(|case| case.values.of(self.table.case_values).iter().any(|name| name.text == word.name.text));
                variants.push((case.map_or(group.otherwise, |case| case.block), word.name.text));
            }
        }
        if let Some(value) = value
            && let Some(index) = nearest(value, variants.iter().enumerate().map(|(index, (_, word))| (index, *word)))
        {
            return variants[index].0;
        }
        if self.dry {
            return group.otherwise;
        }
        let mut best = (usize::MAX, group.otherwise);
        let mut tried = Vec::new();
        for (block, _) in variants {
            if tried.contains(&block) {
                continue;
            }
            tried.push(block);
            let Some(faults) = self.trial(opening.start.tag_start, opening.element_id, (number, block)) else { break };
            if faults < best.0 {
                best = (faults, block);
            }
        }
        best.1
    }

    /// How many findings an element would give with a variant; `None` when the budget is spent.
    fn trial(&mut self, tag: u32, element: u16, forced: (u16, u16)) -> Option<usize> {
        let end = (tag as usize + TRIAL).min(self.text.len());
        let slice = &self.text[tag as usize..end];
        let mut findings = Vec::new();
        let mut state = State::new(self.table, self.target);
        let mut workspace = xml::Workspace::default();
        let options = xml::Options { namespaces: &[], is_document_root: |_| false, limits: xml::Limits::default() };
        let mut reader = xml::Reader::new(slice, &mut workspace, &options);
        let mut pass = Pass {
            table: self.table,
            target: self.target,
            text: slice,
            state: &mut state,
            findings: &mut findings,
            named: true,
            kind: Kind::Checked,
            skip: 0,
            budget: 0,
            dry: true,
            facts: false,
            live: false,
            most: usize::MAX,
        };
        let mut read = 0;
        loop {
            match reader.next(pass.findings) {
                xml::Event::Start(start) => {
                    read = start.content_start as usize;
                    if pass.skip > 0 {
                        pass.skip += 1;
                    } else if pass.state.frames.is_empty() {
                        pass.open(&start, reader.attributes(), element, NONE, u32::MAX, Some(forced));
                    } else {
                        pass.child(&start, &mut reader);
                    }
                }
                xml::Event::Text(text) => {
                    if pass.skip == 0 && !text.blank {
                        pass.text_chunk(&text);
                    }
                }
                xml::Event::End(end) => {
                    if pass.skip > 0 {
                        pass.skip -= 1;
                    } else {
                        pass.end(&end);
                        if pass.state.frames.is_empty() {
                            break;
                        }
                    }
                }
                xml::Event::EndOfDocument | xml::Event::Eof => break,
            }
        }
        // A broken element is read far beyond itself, which has to be paid for too.
        let read = read.max(64) + reader.looked_ahead();
        let faults = findings.len();
        self.budget = self.budget.checked_sub(read)?;
        Some(faults)
    }

    /// An element ended with findings. If it would have none as another variant, the attribute that decides is the fault: where it is
    /// written, only if it is the better explanation for several findings; where it is absent, for one too.
    pub(super) fn reconsider(&mut self, frame: &Frame, content_end: usize) {
        if self.dry || content_end.saturating_sub(frame.tag as usize) > TRIAL {
            return;
        }
        let element = &self.table.elements[frame.element as usize];
        let groups = self.table.blocks[element.block as usize].groups;
        for number in groups.0..groups.1 {
            let group = self.table.groups[number as usize];
            let By::OwnAttribute(slot) = group.by else { continue };
            let name = self.table.attributes_of(element)[slot as usize].name;
            let mut written = None;
            xml::peek_attributes(self.text, frame.tag as usize, |attribute, value| {
                if attribute.of(self.text) == self.table.names[name as usize].as_bytes() {
                    written = Some((attribute, value));
                }
            });
            if written.is_some() && self.findings.len() as u32 == frame.findings + 1 {
                continue;
            }
            let current = written.map(|(_, value)| value.of(self.text).to_vec());
            for case in group.cases.of(self.table.cases) {
                let words = case.values.of(self.table.case_values);
                if current.as_ref().is_some_and(|value| words.iter().any(|word| word.text.as_bytes() == *value)) {
                    continue;
                }
                match self.trial(frame.tag, frame.element, (number, case.block)) {
                    None => return,
                    Some(0) => {
                        // With the attribute as it is, libvirt does the worst of what it would have done with each of these.
                        let faults = &self.findings[frame.findings as usize..];
                        let worst = faults.iter().filter_map(|f| consequence::of(f, self.text, self.table)).max();
                        self.findings.truncate(frame.findings as usize);
                        let span = written.map_or(frame.name, |(_, value)| value);
                        let case_number = self.table.cases.iter().position(|c| std::ptr::eq(c, case)).unwrap_or(0);
                        let args =
                            [Arg::Item(frame.element as u32), Arg::Item(name as u32), Arg::Item(case_number as u32)];
                        self.tell(codes::WRONG_VARIANT, span, frame.owner, args);
                        if let Some(finding) = self.findings.last_mut() {
                            finding.consequence = worst;
                        }
                        return;
                    }
                    Some(_) => {}
                }
            }
        }
    }
}

/// An element that stands in the wrong place gives two findings, one where it stands and one where it is missing. They become one.
pub(super) fn pair_up(findings: &mut Vec<Finding>, text: &[u8], table: &Table) {
    let pairs = |finding: &&Finding| {
        matches!(finding.code, codes::MISSING_ELEMENT | codes::UNKNOWN_ELEMENT | codes::MISPLACED_ELEMENT)
    };
    // With hundreds of them nobody asks which belong together. Others do not count, so that it does not matter what else was found.
    if !(2..=256).contains(&findings.iter().filter(pairs).count()) {
        return;
    }
    let mut dropped = Vec::new();
    for missing in 0..findings.len() {
        let finding = findings[missing];
        if finding.code != codes::MISSING_ELEMENT {
            continue;
        }
        let Arg::Item(name) = finding.args[1] else { continue };
        let Some(name) = table.names.get(name as usize) else { continue };
        let misplaced = findings.iter().position(|other| {
            matches!(other.code, codes::UNKNOWN_ELEMENT | codes::MISPLACED_ELEMENT)
                && other.related.is_none()
                && other.span.of(text) == name.as_bytes()
        });
        if let Some(misplaced) = misplaced {
            findings[misplaced].related = Some(finding.span);
            findings[misplaced].consequence = findings[misplaced].consequence.max(finding.consequence);
            dropped.push(missing);
        }
    }
    for index in dropped.into_iter().rev() {
        findings.remove(index);
    }
}

/// The candidate whose name is nearest to a misspelt one, if it is near enough to be meant.
pub(super) fn nearest<'a>(wrong: &[u8], candidates: impl Iterator<Item = (usize, &'a str)>) -> Option<usize> {
    let wrong = std::str::from_utf8(wrong).ok()?;
    // Names of libvirt are short; what is much longer is nobody's slip.
    if wrong.len() > 64 {
        return None;
    }
    let from_wrong = Distance::from(wrong);
    let mut best: Option<((usize, bool), usize)> = None;
    for (index, name) in candidates {
        if name.len().abs_diff(wrong.len()) > 3 {
            continue;
        }
        let distance = if name.eq_ignore_ascii_case(wrong) { 0 } else { from_wrong.to(name) };
        // Of two at the same distance, a name that begins like this was cut short.
        let rank = (distance, !name.starts_with(wrong));
        if distance <= tolerance(name) && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, index));
        }
    }
    best.map(|(_, index)| index)
}

/// How many slips a name of this length may have.
fn tolerance(name: &str) -> usize {
    match name.len() {
        0..=5 => 1,
        6..=9 => 2,
        _ => 3,
    }
}
