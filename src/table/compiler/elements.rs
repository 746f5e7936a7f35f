//! Compiles elements: takes groups in, gives attributes and children their slots, turns blocks into sets of slots.

use std::collections::{BTreeMap, HashMap};

use super::compile::{Compiler, Place, keep, nearest, push};
use super::compiled::{self, *};
use super::handling::Handlings;
use super::key::{Key, Name};
use super::source::{self, Spanned};
use super::version::Version;

/// Blocks that a group may take in, itself included.
const MOST_BLOCKS: u64 = 1000;

/// How many blocks a group is with all that it takes in; more than any group may be if it takes itself in.
fn group_size(name: &str, groups: &BTreeMap<String, (usize, source::Block)>, sizes: &mut BTreeMap<String, u64>) -> u64 {
    if let Some(size) = sizes.get(name) {
        return *size;
    }
    let Some((_, block)) = groups.get(name) else { return 1 };
    // What is met again before its size is known is part of itself.
    sizes.insert(name.to_owned(), u64::MAX);
    let mut used = Vec::new();
    uses(block, &mut |name| used.push(name.get_ref().clone()));
    let size = used.iter().fold(1, |size: u64, name| size.saturating_add(group_size(name, groups, sizes)));
    sizes.insert(name.to_owned(), size);
    size
}

/// Visits the names of all groups that a block takes in, anywhere in it.
fn uses(block: &source::Block, visit: &mut dyn FnMut(&Spanned<String>)) {
    block.r#use.iter().flatten().for_each(&mut *visit);
    block.before.values().for_each(|block| uses(block, visit));
    for cases in block.when.values() {
        if let source::When::Cases(cases) = cases {
            cases.values().for_each(|block| uses(block, visit));
        }
    }
    for either in block.either.values() {
        if let source::Either::Blocks(blocks) = either {
            blocks.iter().for_each(|block| uses(block, visit));
        }
    }
}

impl Compiler<'_> {
    // Elements.

    pub(super) fn elements(&mut self) {
        let elements = std::mem::take(&mut self.sources.elements);
        let mut groups = std::mem::take(&mut self.sources.groups);
        self.empty_endless(&mut groups);
        let endless = std::mem::take(&mut self.errors);
        // The current shapes come first, so that an element type's number is its place; older shapes follow.
        let mut older = Vec::new();
        for (key, (file, _, block)) in &elements {
            (self.file, self.key) = (*file, key.clone());
            let expanded = self.expand(block, &groups, None, 0);
            self.walk_children(key, &expanded);
        }
        // What is wrong with groups is told again below.
        self.errors = endless;
        for (key, (file, offset, block)) in &elements {
            (self.file, self.key) = (*file, key.clone());
            let mut expanded = self.expand(block, &groups, None, 0);
            expanded.before.clear();
            let mut versions = Vec::new();
            self.versions(block, &groups, &mut versions, 0);
            versions.sort_unstable();
            versions.dedup();
            if expanded.is.is_none() || expanded.docs.is_none() {
                let (file, offset) = (*file, *offset);
                self.error(
                    Place(file, offset),
                    format!("element `{key}` needs `is` (one sentence) and `docs` (an anchor)"),
                );
            }
            self.element(key, &expanded);
            if let Some(last) = versions.last() {
                self.out.elements.last_mut().expect("just pushed").before = *last;
                older.push((key, *file, block, versions));
            }
        }
        for (key, file, block, versions) in older {
            (self.file, self.key) = (file, key.clone());
            let mut newer = self.element_ids[key] as usize;
            for (index, version) in versions.iter().enumerate().rev() {
                let expanded = self.expand(block, &groups, Some(*version), 0);
                let id = self.out.elements.len();
                self.element(key, &expanded);
                self.out.elements[newer].older = id as u16;
                self.out.elements[id].before = if index > 0 { versions[index - 1] } else { Version::ALWAYS };
                newer = id;
            }
        }
        self.sources.elements = elements;
        self.sources.groups = groups;
    }

    /// Empties groups that take themselves in, or so many others that it is not worth waiting for: a few lines in which each group takes the
    /// next one in twice are a million blocks.
    fn empty_endless(&mut self, groups: &mut BTreeMap<String, (usize, source::Block)>) {
        let mut sizes = BTreeMap::new();
        let endless = |name: &&String| group_size(name, groups, &mut sizes) > MOST_BLOCKS;
        let endless: Vec<String> = groups.keys().filter(endless).cloned().collect();
        for name in endless {
            let Some((file, block)) = groups.get_mut(&name) else { continue };
            let mut place = None;
            uses(block, &mut |name| {
                place.get_or_insert(name.span().start);
            });
            self.error(
                Place(*file, place.unwrap_or(0)),
                format!("use: group `{name}` takes itself in, or others too often"),
            );
            *block = source::Block::default();
        }
    }

    /// Notes the element type of every child that a block can have.
    fn walk_children(&mut self, key: &str, block: &source::Block) {
        for (tag, child) in &block.children {
            let is = child.body.is.as_ref().unwrap_or(tag).get_ref().clone();
            let types = self.steps.entry((key.to_owned(), tag.get_ref().clone())).or_default();
            if !types.contains(&is) {
                types.push(is);
            }
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.walk_children(key, case));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.walk_children(key, block));
            }
        }
    }

    /// The versions at which a block, or a group that it uses, was shaped differently.
    fn versions(
        &mut self,
        block: &source::Block,
        groups: &BTreeMap<String, (usize, source::Block)>,
        out: &mut Vec<Version>,
        depth: u32,
    ) {
        for version in block.before.keys() {
            match version.get_ref().parse() {
                Ok(version) => out.push(version),
                Err(e) => self.complain(version, format!("before: {e}")),
            }
        }
        if depth > 16 {
            return;
        }
        for over in block.before.values() {
            self.versions(over, groups, out, depth + 1);
        }
        for name in block.r#use.iter().flatten() {
            if let Some((_, group)) = groups.get(name.get_ref()) {
                self.versions(group, groups, out, depth + 1);
            }
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.versions(case, groups, out, depth + 1));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.versions(block, groups, out, depth + 1));
            }
        }
    }

    /// The block with its groups taken in and, for `before`, as it was for versions before that one.
    fn expand(
        &mut self,
        block: &source::Block,
        groups: &BTreeMap<String, (usize, source::Block)>,
        before: Option<Version>,
        depth: u32,
    ) -> source::Block {
        let mut own = block.clone();
        if let Some(target) = before {
            // From the newest difference to the oldest, so that the oldest has the last word.
            let mut overs: Vec<(Version, &source::Block)> = Vec::new();
            for (version, over) in &block.before {
                if let Ok(version) = version.get_ref().parse::<Version>()
                    && version >= target
                {
                    overs.push((version, over));
                }
            }
            overs.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
            for (_, over) in overs {
                own.merge(over);
            }
        }
        own.before.clear();
        let mut result = source::Block::default();
        if depth > 16 {
            let file = self.file;
            self.error(Place(file, 0), format!("`{}`: groups use each other without end", self.key));
            return own;
        }
        for name in own.r#use.take().iter().flatten() {
            match groups.get(name.get_ref()) {
                Some((_, group)) => {
                    let expanded = self.expand(group, groups, before, depth + 1);
                    // Lists of constraints of several groups add up.
                    let (together, some_of, order) =
                        (result.together.take(), result.some_of.take(), result.order.take());
                    result.merge(&expanded);
                    add(&mut result.together, together);
                    add(&mut result.some_of, some_of);
                    add(&mut result.order, order);
                }
                None => {
                    let near = nearest(name.get_ref(), groups.keys().map(String::as_str));
                    self.complain(name, format!("use: there is no group named `{}`{near}", name.get_ref()));
                }
            }
        }
        let (together, some_of, order) = (result.together.take(), result.some_of.take(), result.order.take());
        result.merge(&own);
        add(&mut result.together, together);
        add(&mut result.some_of, some_of);
        add(&mut result.order, order);
        result.before.clear();
        for cases in result.when.values_mut() {
            if let source::When::Cases(cases) = cases {
                for case in cases.values_mut() {
                    *case = self.expand(case, groups, before, depth + 1);
                }
            }
        }
        for either in result.either.values_mut() {
            if let source::Either::Blocks(blocks) = either {
                for block in blocks {
                    *block = self.expand(block, groups, before, depth + 1);
                }
            }
        }
        result
    }

    fn element(&mut self, key: &str, block: &source::Block) {
        let mut scope = Scope::default();
        self.collect(block, &mut scope);
        if scope.attributes.len() > 64 || scope.children.len() > 128 {
            let file = self.file;
            self.error(Place(file, 0), format!("element `{key}` has more than 64 attributes or 128 children"));
            scope.attributes.truncate(64);
            scope.children.truncate(128);
        }
        let root = self.block(block, &mut scope, None);
        let mut handlings = Handlings::default();
        self.handlings(block, &mut handlings);
        let attributes = compiled::Range(
            self.out.attributes.len() as u16,
            (self.out.attributes.len() + scope.attributes.len()) as u16,
        );
        for name in &scope.attributes {
            let name_id = self.name(name);
            let handling = handlings.attributes.get(name).copied().unwrap_or(Handling::UNSAID);
            self.out.attributes.push(Attribute { tag: Name::new(keep(name)), name: name_id, handling });
        }
        let children =
            compiled::Range(self.out.children.len() as u16, (self.out.children.len() + scope.children.len()) as u16);
        for name in &scope.children {
            let name_id = self.name(name);
            let doc = scope.docs.get(name).map_or("", |doc| keep(doc));
            let handling = handlings.children.get(name).copied().unwrap_or(Handling::UNSAID);
            self.out.children.push(Child { tag: Name::new(keep(name)), name: name_id, doc, handling });
        }
        let attribute_hash = self.perfect_hash(&scope.attributes);
        let child_hash = self.perfect_hash(&scope.children);
        self.out.elements.push(Element {
            key: keep(key),
            tag: "",
            tag_name: NONE,
            is: block.is.as_deref().map_or("", keep),
            docs: block.docs.as_deref().map_or("", keep),
            attributes,
            children,
            attribute_hash,
            child_hash,
            block: root,
            open: block.open == Some(true),
            deferred: scope.deferred,
            ordered: scope.ordered,
            decides: false,
            domain: is_domain(key),
            read: is_domain(key),
            read_attributes: 0,
            sets_off: compiled::Range(0, 0),
            trigger_attributes: 0,
            trigger_slots: 0,
            base: self.element_ids[key],
            older: NONE,
            before: Version::ALWAYS,
            text_handling: handlings.text.unwrap_or(Handling::UNSAID),
        });
    }

    /// A multiplier that gives every name its own place in a table of at most 256 slots.
    fn perfect_hash(&mut self, names: &[String]) -> Hash {
        let at = self.out.slots.len() as u32;
        let hashes: Vec<u32> = names.iter().map(|name| Key::of(name.as_bytes()).hash()).collect();
        // Long names are told apart by their ends alone, and no multiplier makes two of what is one number.
        let twin = (1..names.len()).find(|slot| hashes[..*slot].contains(&hashes[*slot]));
        if let Some(twin) = twin {
            let file = self.file;
            self.error(
                Place(file, 0),
                format!(
                    "element `{}`: `{}` and another name cannot be told apart by their ends",
                    self.key, names[twin]
                ),
            );
            return Hash { at, multiplier: 0, shift: 31 };
        }
        // At least two slots, since a shift by all 32 bits is none.
        let mut bits = (usize::BITS - names.len().max(2).saturating_sub(1).leading_zeros()).max(1);
        loop {
            let mut multiplier = 0x9E37_79B1u32;
            for _ in 0..1 << 14 {
                let mut table = vec![u8::MAX; 1 << bits];
                let free = hashes.iter().enumerate().all(|(slot, hash)| {
                    let place = &mut table[(hash.wrapping_mul(multiplier) >> (32 - bits)) as usize];
                    std::mem::replace(place, slot as u8) == u8::MAX
                });
                if free {
                    self.out.slots.extend(table);
                    return Hash { at, multiplier, shift: (32 - bits) as u8 };
                }
                multiplier = multiplier.wrapping_mul(0x2545_F491).wrapping_add(0x6C07_8966) | 1;
            }
            bits += 1;
        }
    }

    /// Collects all attribute and child names of an element's blocks; these are its slots.
    fn collect(&mut self, block: &source::Block, scope: &mut Scope) {
        for name in block.attributes.keys() {
            if !scope.attributes.iter().any(|n| n == name.get_ref()) {
                scope.attributes.push(name.get_ref().clone());
            }
        }
        for (name, child) in &block.children {
            if !scope.children.iter().any(|n| n == name.get_ref()) {
                scope.children.push(name.get_ref().clone());
            }
            if let Some(doc) = &child.body.doc {
                scope.docs.insert(name.get_ref().clone(), doc.clone());
            }
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.collect(case, scope));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.collect(block, scope));
            }
        }
    }

    pub(super) fn attribute_slot(&mut self, scope: &Scope, name: &Spanned<String>, text: &str) -> Option<u8> {
        let found = scope.attributes.iter().position(|n| n == text);
        if found.is_none() {
            self.complain(name, format!("`{text}` is no attribute of element `{}`", self.key));
        }
        found.map(|slot| slot as u8)
    }

    pub(super) fn child_slot(&mut self, scope: &Scope, name: &Spanned<String>, text: &str) -> Option<u8> {
        let found = scope.children.iter().position(|n| n == text);
        if found.is_none() {
            self.complain(name, format!("`{text}` is no child of element `{}`", self.key));
        }
        found.map(|slot| slot as u8)
    }

    fn date(&mut self, version: Option<&Spanned<String>>, absent: Version) -> Version {
        let Some(version) = version else { return absent };
        version.get_ref().parse().unwrap_or_else(|e| {
            self.complain(version, format!("version: {e}"));
            absent
        })
    }

    /// Compiles a block and the blocks below it. `outer` is the element's own block for those below it, from which types are taken that a
    /// narrower block leaves out.
    pub(super) fn block(&mut self, source: &source::Block, scope: &mut Scope, outer: Option<&source::Block>) -> u16 {
        let mut block = Block {
            attributes: 0,
            required_attributes: 0,
            children: 0,
            required_children: 0,
            attribute_rules: compiled::Range(0, 0),
            child_rules: compiled::Range(0, 0),
            text: compiled::Text::Blank,
            groups: compiled::Range(0, 0),
            choices: compiled::Range(0, 0),
            together: compiled::Range(0, 0),
            some_of: compiled::Range(0, 0),
            with: compiled::Range(0, 0),
            orders: compiled::Range(0, 0),
            single_children: 0,
            dated: false,
            plain: false,
        };
        let mut withs = Vec::new();
        let mut attribute_rules = Vec::new();
        for (name, attribute) in &source.attributes {
            let body = &attribute.body;
            let Some(slot) = self.attribute_slot(scope, name, name.get_ref()) else { continue };
            if body.r#type.is_some() && body.one_of.is_some() {
                self.complain(name, format!("attribute `{}` has both `type` and `one-of`", name.get_ref()));
            }
            let inherited = outer.and_then(|outer| outer.attributes.get(name.get_ref().as_str()));
            let type_ = match self.type_of(body.r#type.as_ref(), body.one_of.as_ref()) {
                Some(type_) => type_,
                None => match inherited.map(|a| (a.body.r#type.clone(), a.body.one_of.clone())) {
                    Some((type_, one_of)) => self.type_of(type_.as_ref(), one_of.as_ref()).unwrap_or(0),
                    None => {
                        self.complain(
                            name,
                            format!(
                                "attribute `{}` of element `{}` has neither `type` nor `one-of`",
                                name.get_ref(),
                                self.key
                            ),
                        );
                        0
                    }
                },
            };
            let since = self.date(body.since.as_ref(), Version::ALWAYS);
            let until = self.date(body.until.as_ref(), Version::NEVER);
            block.attributes |= 1 << slot;
            if body.required == Some(true) {
                block.required_attributes |= 1 << slot;
            }
            if let Some(with) = &body.with
                && let Some(other) = self.attribute_slot(scope, with, with.get_ref())
            {
                withs.push(Set { attributes: 1 << slot, children: 0, needs_attributes: 1 << other, needs_children: 0 });
            }
            attribute_rules.push(AttributeRule { slot, type_, since, until });
        }
        attribute_rules.sort_by_key(|rule| rule.slot);
        let mut child_rules = Vec::new();
        for (name, child) in &source.children {
            let body = &child.body;
            let Some(slot) = self.child_slot(scope, name, name.get_ref()) else { continue };
            let inherited = outer.and_then(|outer| outer.children.get(name.get_ref().as_str())).map(|c| &c.body);
            let type_name = match (&body.is, inherited.and_then(|c| c.is.as_ref())) {
                (Some(is), _) => is.clone(),
                (None, Some(is)) => is.clone(),
                (None, None) => name.clone(),
            };
            let element = match self.element_ids.get(type_name.get_ref()) {
                Some(id) => *id,
                None => {
                    let near = nearest(type_name.get_ref(), self.element_ids.keys().map(String::as_str));
                    self.complain(
                        &type_name,
                        format!(
                            "children.{}: there is no element type named `{}`{near}",
                            name.get_ref(),
                            type_name.get_ref()
                        ),
                    );
                    0
                }
            };
            self.tags.entry(element).or_insert_with(|| name.get_ref().clone());
            let required = body.required == Some(true);
            let many = body.many.or(inherited.and_then(|c| c.many)) == Some(true);
            let at_least = body.exactly.or(body.at_least).unwrap_or(required as u32);
            let at_most = body.exactly.or(body.at_most).unwrap_or(if many { u32::MAX } else { 1 });
            block.children |= 1 << slot;
            if at_least > 0 {
                block.required_children |= 1 << slot;
            }
            if at_most == 1 {
                block.single_children |= 1 << slot;
            }
            if at_least > 1 || (at_most > 1 && at_most < u32::MAX) {
                block.dated = true;
            }
            if let Some(with) = &body.with
                && let Some(other) = self.child_slot(scope, with, with.get_ref())
            {
                withs.push(Set { attributes: 0, children: 1 << slot, needs_attributes: 0, needs_children: 1 << other });
            }
            let since = self.date(body.since.as_ref(), Version::ALWAYS);
            let until = self.date(body.until.as_ref(), Version::NEVER);
            child_rules.push(ChildRule { slot, element, at_least, at_most, since, until });
        }
        child_rules.sort_by_key(|rule| rule.slot);
        block.attribute_rules = push(&mut self.out.attribute_rules, attribute_rules);
        block.child_rules = push(&mut self.out.child_rules, child_rules);
        if let Some(text) = &source.text
            && let Some(type_) = self.type_of(text.body.r#type.as_ref(), text.body.one_of.as_ref())
        {
            block.text = compiled::Text::Typed { type_, optional: text.body.optional == Some(true) };
        }
        let base = outer.unwrap_or(source);
        let mut choices = Vec::new();
        for (name, either) in &source.either {
            if let source::Either::Blocks(blocks) = either {
                let choice = self.choice(name, blocks, scope, base);
                choices.push(choice);
            }
        }
        block.choices = push(&mut self.out.choices, choices);
        let mut groups = Vec::new();
        for (by, cases) in &source.when {
            if let source::When::Cases(cases) = cases
                && let Some(group) = self.group(by, cases, scope, base)
            {
                groups.push(group);
            }
        }
        block.groups = push(&mut self.out.groups, groups);
        let sets = |compiler: &mut Self, lists: &Option<Vec<Vec<Spanned<String>>>>| {
            let sets: Vec<Set> = lists.iter().flatten().map(|list| compiler.set(list, scope)).collect();
            push(&mut compiler.out.sets, sets)
        };
        block.together = sets(self, &source.together);
        block.some_of = sets(self, &source.some_of);
        block.with = push(&mut self.out.sets, withs);
        let mut orders = Vec::new();
        for list in source.order.iter().flatten() {
            let slots: Vec<u8> = list.iter().filter_map(|name| self.child_slot(scope, name, name.get_ref())).collect();
            scope.ordered |= slots.iter().fold(0, |mask, slot| mask | 1 << slot);
            orders.push(Order { slots: push(&mut self.out.order_slots, slots) });
        }
        block.orders = push(&mut self.out.orders, orders);
        self.out.blocks.push(block);
        self.out.blocks.len() as u16 - 1
    }
}

/// The names of one element while its blocks are compiled.
#[derive(Default)]
pub(super) struct Scope {
    pub attributes: Vec<String>,
    children: Vec<String>,
    docs: HashMap<String, String>,
    pub deferred: bool,
    /// Children that some block puts in an order, by slot.
    ordered: u128,
}

fn add<T>(to: &mut Option<Vec<T>>, from: Option<Vec<T>>) {
    if let Some(mut from) = from {
        match to {
            Some(to) => to.append(&mut from),
            None => *to = Some(from),
        }
    }
}
