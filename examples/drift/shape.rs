//! What the rule table says that an element may hold at a version, in any of its variants.

use std::collections::{BTreeMap, BTreeSet};
use virdict::table::{Block, By, Choice, Element, Form, Group, NONE, Table, Text, Verdict, Version};

/// What an element may hold.
#[derive(Default)]
pub struct Shape {
    /// Attributes and their value types.
    pub attributes: BTreeMap<&'static str, BTreeSet<u16>>,
    /// Children by tag, and their element types.
    pub children: BTreeMap<&'static str, BTreeSet<u16>>,
    /// `@name` of attributes and tags of children that every variant requires.
    pub required: BTreeSet<String>,
    /// Types of its text.
    pub text: BTreeSet<u16>,
    /// Children of any name.
    pub open: bool,
}

/// The table as it is for one version.
#[derive(Clone, Copy)]
pub struct At {
    /// The table.
    pub table: &'static Table,
    /// The version.
    pub version: Version,
}

impl At {
    /// What the elements of these types may hold together; required is what all of them require.
    pub fn shape(self, elements: &BTreeSet<u16>) -> Shape {
        let mut shape = Shape::default();
        let mut required: Option<BTreeSet<String>> = None;
        for element in elements {
            let element = &self.table.elements[self.table.at_version(*element, self.version) as usize];
            shape.open |= element.open;
            let variants = Variants { at: self, element, types: self.types(element) };
            variants.collect(block(self.table, element.block), &mut shape);
            let mine = variants.required(block(self.table, element.block));
            required = Some(match required {
                None => mine,
                Some(others) => others.intersection(&mine).cloned().collect(),
            });
        }
        shape.required = required.unwrap_or_default();
        shape
    }

    /// The types of each attribute of an element, whatever the variant.
    fn types(self, element: &Element) -> Vec<BTreeSet<u16>> {
        let mut types = vec![BTreeSet::new(); self.table.attributes_of(element).len()];
        let mut blocks = vec![element.block];
        while let Some(number) = blocks.pop() {
            let block = block(self.table, number);
            for rule in block.attribute_rules.of(self.table.attribute_rules) {
                types[rule.slot as usize].insert(rule.type_);
            }
            for group in block.groups.of(self.table.groups) {
                blocks.extend(group.cases.of(self.table.cases).iter().map(|case| case.block));
                blocks.extend([group.absent, group.otherwise].into_iter().filter(|block| *block != NONE));
            }
            for choice in block.choices.of(self.table.choices) {
                blocks.extend(choice.blocks.of(self.table.choice_blocks));
            }
        }
        types
    }

    /// Whether any of the types takes a value at the version.
    pub fn takes(self, types: &BTreeSet<u16>, value: &str) -> bool {
        let is_taken = |type_: &u16| self.table.value(*type_, value.as_bytes(), self.version);
        types.iter().map(is_taken).any(|verdict| matches!(verdict, Verdict::Good | Verdict::MinusZero))
    }

    /// The bounds of the numbers that the types take.
    pub fn bounds(self, types: &BTreeSet<u16>) -> BTreeSet<i128> {
        let of = |type_: &u16| match self.table.types[*type_ as usize].form {
            Form::Integer { min, max, .. } => [min, max].into_iter().flatten().collect(),
            Form::AnyOf(range) => self.bounds(&range.of(self.table.type_lists).iter().copied().collect()),
            _ => BTreeSet::new(),
        };
        types.iter().flat_map(of).collect()
    }

    /// The words that the types list at the version, and whether they take other values too.
    pub fn words(self, types: &BTreeSet<u16>) -> (BTreeSet<&'static str>, bool) {
        let (mut words, mut open) = (BTreeSet::new(), false);
        for type_ in types {
            match self.table.types[*type_ as usize].form {
                Form::Words(range) => {
                    let alive = |word: &&virdict::table::Word| word.since <= self.version && self.version < word.until;
                    words.extend(range.of(self.table.words).iter().filter(alive).map(|word| word.name.text));
                }
                Form::AnyOf(range) => {
                    let (more, other) = self.words(&range.of(self.table.type_lists).iter().copied().collect());
                    words.extend(more);
                    open |= other;
                }
                _ => open = true,
            }
        }
        (words, open)
    }
}

fn block(table: &'static Table, number: u16) -> &'static Block {
    &table.blocks[number as usize]
}

/// The variants of one element type.
struct Variants<'e> {
    at: At,
    element: &'e Element,
    types: Vec<BTreeSet<u16>>,
}

impl Variants<'_> {
    fn attribute(&self, slot: u8) -> &'static str {
        self.at.table.names[self.at.table.attributes_of(self.element)[slot as usize].name as usize]
    }

    fn child(&self, slot: u8) -> &'static str {
        self.at.table.names[self.at.table.children_of(self.element)[slot as usize].name as usize]
    }

    fn is_alive(&self, since: Version, until: Version) -> bool {
        since <= self.at.version && self.at.version < until
    }

    /// The types of what decides about a group.
    fn deciding_types(&self, group: &Group) -> BTreeSet<u16> {
        let table = self.at.table;
        let element = match group.by {
            By::OwnAttribute(slot) => return self.types[slot as usize].clone(),
            By::OwnText => self.element,
            By::ChildText { element, .. } => &table.elements[table.at_version(element, self.at.version) as usize],
        };
        match block(table, element.block).text {
            Text::Typed { type_, .. } => [type_].into(),
            Text::Blank => BTreeSet::new(),
        }
    }

    /// The blocks of a group that can be in force at the version; `None` for the possibility that none is.
    fn cases(&self, group: &Group) -> Vec<Option<&'static Block>> {
        let table = self.at.table;
        let types = self.deciding_types(group);
        let mut blocks = Vec::new();
        let mut listed = BTreeSet::new();
        for case in group.cases.of(table.cases) {
            let values = case.values.of(table.case_values);
            listed.extend(values.iter().map(|value| value.text));
            // What is chosen by a value that the version does not have is never chosen.
            if types.is_empty() || values.iter().any(|value| self.at.takes(&types, value.text)) {
                blocks.push(Some(block(table, case.block)));
            }
        }
        let (words, open) = self.at.words(&types);
        if open || words.iter().any(|word| !listed.contains(word)) {
            blocks.push((group.otherwise != NONE).then(|| block(table, group.otherwise)));
        }
        match group.by {
            By::OwnAttribute(slot) => {
                let required = block(table, self.element.block).required_attributes & 1 << slot != 0;
                if group.absent != NONE {
                    blocks.push(Some(block(table, group.absent)));
                } else if !required {
                    blocks.push(None);
                }
            }
            By::OwnText => {}
            By::ChildText { .. } if group.absent != NONE => blocks.push(Some(block(table, group.absent))),
            By::ChildText { .. } => {}
        }
        blocks
    }

    /// The blocks of a choice that can be chosen at the version: those that require nothing that it does not have.
    fn alternatives(&self, choice: &Choice) -> impl Iterator<Item = &'static Block> {
        let table = self.at.table;
        let blocks = choice.blocks.of(table.choice_blocks).iter().map(|number| block(table, *number));
        blocks.filter(|block| {
            let attributes = block.attribute_rules.of(table.attribute_rules).iter();
            let children = block.child_rules.of(table.child_rules).iter();
            attributes
                .filter(|rule| block.required_attributes & 1 << rule.slot != 0)
                .map(|rule| (rule.since, rule.until))
                .chain(children.filter(|rule| rule.at_least > 0).map(|rule| (rule.since, rule.until)))
                .all(|(since, until)| self.is_alive(since, until))
        })
    }

    fn collect(&self, block: &'static Block, shape: &mut Shape) {
        let table = self.at.table;
        for rule in block.attribute_rules.of(table.attribute_rules) {
            if self.is_alive(rule.since, rule.until) {
                shape.attributes.entry(self.attribute(rule.slot)).or_default().insert(rule.type_);
            }
        }
        for rule in block.child_rules.of(table.child_rules) {
            if self.is_alive(rule.since, rule.until) {
                shape.children.entry(self.child(rule.slot)).or_default().insert(rule.element);
            }
        }
        if let Text::Typed { type_, .. } = block.text {
            shape.text.insert(type_);
        }
        for group in block.groups.of(table.groups) {
            self.cases(group).into_iter().flatten().for_each(|block| self.collect(block, shape));
        }
        for choice in block.choices.of(table.choices) {
            self.alternatives(choice).for_each(|block| self.collect(block, shape));
        }
    }

    /// The attributes (`@name`) and children (`name`) that every variant below a block requires.
    fn required(&self, block: &'static Block) -> BTreeSet<String> {
        let table = self.at.table;
        let mut required = BTreeSet::new();
        for rule in block.attribute_rules.of(table.attribute_rules) {
            if block.required_attributes & 1 << rule.slot != 0 && self.is_alive(rule.since, rule.until) {
                required.insert(format!("@{}", self.attribute(rule.slot)));
            }
        }
        for rule in block.child_rules.of(table.child_rules) {
            if rule.at_least > 0 && self.is_alive(rule.since, rule.until) {
                required.insert(self.child(rule.slot).to_owned());
            }
        }
        let common = |sets: &mut dyn Iterator<Item = BTreeSet<String>>| {
            sets.reduce(|a, b| a.intersection(&b).cloned().collect()).unwrap_or_default()
        };
        for group in block.groups.of(table.groups) {
            let cases = self.cases(group);
            required.extend(common(
                &mut cases.into_iter().map(|block| block.map_or(BTreeSet::new(), |b| self.required(b))),
            ));
        }
        for choice in block.choices.of(table.choices) {
            required.extend(common(&mut self.alternatives(choice).map(|block| self.required(block))));
        }
        required
    }
}
