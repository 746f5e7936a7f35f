//! Look-ups in the table: names, slots, codes.

use super::compiler::compile::{Error, RuleFile, compile};
use super::compiler::compiled::{self, Attribute, Child, Element, Hash, NONE, Table};
use super::compiler::key::Key;
use super::compiler::version::Version;
use crate::diagnostic::{Category, Code, Consequence, Severity, codes};

/// Everything that `virdict explain` says of a code.
#[derive(Clone, Copy, Debug)]
pub struct Explanation {
    /// What is wrong, in a sentence.
    pub summary: &'static str,
    /// Why libvirt cares.
    pub why: &'static str,
    /// What to write instead.
    pub help: &'static str,
    /// A piece of a document with the fault.
    pub bad: &'static str,
    /// The same without it.
    pub good: &'static str,
    /// Anchor in libvirt's format page; may be empty.
    pub docs: &'static str,
}

/// How much the table covers.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    /// Element types.
    pub elements: usize,
    /// Attributes, counted once for each element type.
    pub attributes: usize,
    /// Words of enumerations.
    pub values: usize,
    /// Codes.
    pub rules: usize,
}

impl compiled::Consequence {
    /// The consequence that a finding carries; `None` for one that is not said.
    pub fn said(self) -> Option<Consequence> {
        match self {
            compiled::Consequence::Unsaid => None,
            compiled::Consequence::Refused => Some(Consequence::Refused),
            compiled::Consequence::Dropped => Some(Consequence::Dropped),
            compiled::Consequence::Misread => Some(Consequence::Misread),
            compiled::Consequence::ValidationOnly => Some(Consequence::ValidationOnly),
        }
    }
}

impl Table {
    /// The table that was built into the program from `rules/`.
    pub fn built_in() -> &'static Table {
        &super::built_in::TABLE
    }

    /// Compiles rule files at run time. The table lives as long as the program.
    pub fn load(files: &[RuleFile]) -> Result<&'static Table, Vec<Error>> {
        compile(files, &codes::NAMES).map(|table| &*Box::leak(Box::new(table)))
    }

    /// The number of an element or attribute name, if the table knows it. Not for the hot path.
    pub fn name(&self, name: &[u8]) -> Option<u16> {
        let known = |number: &u16| self.names[*number as usize].as_bytes();
        let found = self.names_in_order.binary_search_by(|number| known(number).cmp(name));
        found.ok().map(|index| self.names_in_order[index])
    }

    #[inline(always)]
    fn hashed(&self, hash: Hash, key: Key) -> usize {
        let index = key.hash().wrapping_mul(hash.multiplier) >> hash.shift;
        self.slots[hash.at as usize + index as usize] as usize
    }

    /// The slot of the attribute with this name.
    #[inline(always)]
    pub fn attribute_slot(&self, element: &Element, name: &[u8]) -> Option<u8> {
        let key = Key::of(name);
        let slot = self.hashed(element.attribute_hash, key);
        let attributes = element.attributes.of(self.attributes);
        attributes.get(slot).filter(|a| a.tag.is(key, name)).map(|_| slot as u8)
    }

    /// The slot of the child with this tag.
    #[inline(always)]
    pub fn child_slot(&self, element: &Element, tag: &[u8]) -> Option<u8> {
        let key = Key::of(tag);
        let slot = self.hashed(element.child_hash, key);
        let children = element.children.of(self.children);
        children.get(slot).filter(|c| c.tag.is(key, tag)).map(|_| slot as u8)
    }

    /// The number of a value among the words that conditions ask for; `NONE` if none does.
    #[inline]
    pub fn word(&self, key: Key, text: &[u8]) -> u16 {
        let mask = self.vocabulary_slots.len() - 1;
        let mut at = key.hash() as usize & mask;
        loop {
            let number = self.vocabulary_slots[at];
            if number == NONE || self.vocabulary[number as usize].is(key, text) {
                return number;
            }
            at = (at + 1) & mask;
        }
    }

    /// The attributes that an element can have in any variant, by slot.
    pub fn attributes_of(&self, element: &Element) -> &'static [Attribute] {
        element.attributes.of(self.attributes)
    }

    /// The children that an element can have in any variant, by slot.
    pub fn children_of(&self, element: &Element) -> &'static [Child] {
        element.children.of(self.children)
    }

    /// The shape that an element type had at a version.
    #[inline]
    pub fn at_version(&self, mut element: u16, target: Version) -> u16 {
        loop {
            let entry = &self.elements[element as usize];
            if target >= entry.before {
                return element;
            }
            element = entry.older;
        }
    }

    /// Whether a root element of this name makes a document libvirt's.
    pub fn root(&self, tag: &[u8]) -> Option<u16> {
        self.roots.iter().find(|(name, _)| name.as_bytes() == tag).map(|(_, element)| *element)
    }

    /// All codes, in the order of their numbers.
    pub fn codes(&self) -> impl Iterator<Item = Code> + use<> {
        (0..self.codes.len() as u16).map(Code)
    }

    /// A code's text, `category/name`.
    pub fn code_name(&self, code: Code) -> &'static str {
        self.codes[code.0 as usize].name
    }

    /// The code with this text.
    pub fn code_by_name(&self, name: &str) -> Option<Code> {
        self.codes.iter().position(|doc| doc.name == name).map(|index| Code(index as u16))
    }

    /// What a code's rule looks at.
    pub fn category(&self, code: Code) -> Category {
        let name = self.code_name(code);
        let is_of = |category: &Category| {
            name.strip_prefix(category.as_str()).is_some_and(|rest| rest.as_bytes().first() == Some(&b'/'))
        };
        Category::ALL.into_iter().find(is_of).unwrap_or(Category::Semantic)
    }

    /// How bad a code's findings are.
    #[inline]
    pub fn severity(&self, code: Code) -> Severity {
        match self.codes[code.0 as usize].severity {
            0 => Severity::Info,
            1 => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// What libvirt does about a code's findings, where nothing else is said of the element, attribute or type; `None` if nothing.
    pub fn consequence(&self, code: Code) -> Option<Consequence> {
        self.codes[code.0 as usize].consequence.said()
    }

    /// What there is to say of a code.
    pub fn explanation(&self, code: Code) -> Explanation {
        let doc = &self.codes[code.0 as usize];
        Explanation { summary: doc.summary, why: doc.why, help: doc.help, bad: doc.bad, good: doc.good, docs: doc.docs }
    }

    /// How much the table covers.
    pub fn counts(&self) -> Counts {
        // Older shapes of an element are not counted again.
        let current =
            || self.elements.iter().enumerate().filter(|(i, _)| !self.elements.iter().any(|e| e.older as usize == *i));
        Counts {
            elements: current().count(),
            attributes: current().map(|(_, e)| e.attributes.of(self.attributes).len()).sum(),
            values: self.words.len(),
            rules: self.codes.len(),
        }
    }
}
