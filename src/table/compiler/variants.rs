//! Compiles what decides between blocks of an element: variants by a value, choices, and sets of members that depend on each other.

use std::collections::HashMap;

use super::compile::{Compiler, Error, keep, push};
use super::compiled::{self, *};
use super::elements::Scope;
use super::key::Name;
use super::source::{self, Spanned};

impl Compiler<'_> {
    /// A list of names of which `@name` are attributes.
    pub(super) fn set(&mut self, list: &[Spanned<String>], scope: &Scope) -> Set {
        let mut set = Set { attributes: 0, children: 0, needs_attributes: 0, needs_children: 0 };
        for name in list {
            match name.get_ref().strip_prefix('@') {
                Some(attribute) => {
                    set.attributes |= self.attribute_slot(scope, name, attribute).map_or(0, |slot| 1 << slot)
                }
                None => set.children |= self.child_slot(scope, name, name.get_ref()).map_or(0, |slot| 1 << slot),
            }
        }
        set
    }

    /// Blocks of which one counts, whatever decides about it.
    pub(super) fn choice(
        &mut self,
        name: &Spanned<String>,
        blocks: &[source::Block],
        scope: &mut Scope,
        outer: &source::Block,
    ) -> Choice {
        let ids: Vec<u16> = blocks.iter().map(|block| self.block(block, scope, Some(outer))).collect();
        let mut choice = Choice {
            name: keep(name.get_ref()),
            blocks: compiled::Range(0, 0),
            attributes: 0,
            children: 0,
            at_start: true,
            by_value: false,
            text: false,
        };
        let mut seen: HashMap<u8, u16> = HashMap::new();
        for id in &ids {
            let block = &self.out.blocks[*id as usize];
            choice.attributes |= block.attributes;
            choice.children |= block.children;
            choice.text |= block.text != compiled::Text::Blank;
            for rule in block.attribute_rules.of(&self.out.attribute_rules) {
                choice.by_value |= *seen.entry(rule.slot).or_insert(rule.type_) != rule.type_;
            }
            if !block.groups.is_empty() || !block.choices.is_empty() {
                self.complain(
                    name,
                    format!("either.{}: a block of a choice cannot hold `when` or `either`", name.get_ref()),
                );
            }
        }
        choice.at_start = choice.children == 0 && !choice.text;
        choice.blocks = push(&mut self.out.choice_blocks, ids);
        choice
    }

    /// Blocks of which the value of an attribute or a text decides about one.
    pub(super) fn group(
        &mut self,
        by: &Spanned<String>,
        cases: &source::Map<source::Block>,
        scope: &mut Scope,
        outer: &source::Block,
    ) -> Option<Group> {
        let by_what = match by.get_ref().strip_suffix("text()") {
            Some("") => By::OwnText,
            Some(path) => {
                scope.deferred = true;
                let mut at = Some(self.key.clone());
                let mut depth = 0;
                for step in path.trim_end_matches('/').split('/') {
                    at = at.and_then(|key| {
                        self.steps.get(&(key, step.to_owned())).and_then(|types| types.first().cloned())
                    });
                    depth += 1;
                }
                let element = at.and_then(|key| self.element_ids.get(&key).copied());
                match element {
                    Some(element) => By::ChildText { element, depth },
                    None => {
                        self.complain(by, format!("when: `{}` leads to no element", by.get_ref()));
                        return None;
                    }
                }
            }
            None => By::OwnAttribute(self.attribute_slot(scope, by, by.get_ref())?),
        };
        let none = compiled::Range(0, 0);
        let mut group = Group { by: by_what, cases: none, by_word: none, absent: NONE, otherwise: NONE };
        let mut compiled_cases = Vec::new();
        for (values, block) in cases {
            // Inside a block, narrower types may lean on what the block itself says or on the element's own block.
            let id = self.block(block, scope, Some(outer));
            match values.get_ref().as_str() {
                "absent" => group.absent = id,
                "otherwise" => group.otherwise = id,
                list => {
                    let values: Vec<Name> = list.split('|').map(|word| Name::new(keep(word))).collect();
                    compiled_cases.push(Case { values: push(&mut self.out.case_values, values), block: id });
                }
            }
        }
        // An absent attribute counts as its default.
        if let By::OwnAttribute(slot) = by_what {
            let name = &scope.attributes[slot as usize];
            let default = find_default(outer, name);
            if let Some(default) = default
                && group.absent == NONE
            {
                let hit = compiled_cases
                    .iter()
                    .find(|case| case.values.of(&self.out.case_values).iter().any(|word| word.text == default));
                group.absent = hit.map_or(group.otherwise, |case| case.block);
            }
            // From the word that the value is, the block follows without another search.
            let body = outer.attributes.get(name.as_str()).map(|a| a.body.clone());
            let type_ = body.and_then(|body| self.type_of(body.r#type.as_ref(), body.one_of.as_ref()));
            // A type that there is none of was told already.
            let form = type_.and_then(|type_| self.out.types.get(type_ as usize)).map(|type_| type_.form);
            if let Some(Form::Words(words)) = form {
                let blocks = words
                    .of(&self.out.words)
                    .iter()
                    .map(|word| {
                        let has = |case: &&Case| {
                            case.values.of(&self.out.case_values).iter().any(|value| value.text == word.name.text)
                        };
                        compiled_cases.iter().find(has).map_or(group.otherwise, |case| case.block)
                    })
                    .collect();
                group.by_word = push(&mut self.out.word_blocks, blocks);
            }
            // Values that no case lists must at least be values of the attribute.
            let known: Option<Vec<String>> =
                outer.attributes.get(name.as_str()).and_then(|a| a.body.one_of.as_ref()).map(|words| {
                    words.iter().map(|w| w.get_ref().split(' ').next().unwrap_or("").to_owned()).collect()
                });
            if let Some(known) = known {
                for case in &compiled_cases {
                    for value in case.values.of(&self.out.case_values) {
                        let value = value.text;
                        if !known.iter().any(|k| k == value) {
                            let (file, message) =
                                (self.file, format!("when.{}: `{value}` is no value of the attribute", by.get_ref()));
                            let key = cases
                                .keys()
                                .find(|k| k.get_ref().split('|').any(|v| v == value))
                                .map_or(0, |k| k.span().start);
                            let file = &self.files[file];
                            self.errors.push(Error::at(&file.name, &file.text, key, message));
                        }
                    }
                }
            }
        }
        group.cases = push(&mut self.out.cases, compiled_cases);
        Some(group)
    }
}

/// A default that any block of the element gives to an attribute.
fn find_default(block: &source::Block, name: &str) -> Option<String> {
    block.attributes.get(name).and_then(|a| a.body.default.clone())
}
