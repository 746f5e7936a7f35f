//! What was made of start tags, kept for the next time.
//!
//! What the table says of an element at its start tag depends on two things alone: the tag, to the letter, and the *variant* of its parent,
//! which is the parent's entry in the table with the blocks in force there. So where both have met before, the element's own variant, what
//! rules read of it and which rules it sets off are known, and nothing of it is looked up or judged again.
//!
//! Only elements without findings are kept, and of these only those about which nothing else decides, but for the element's own text, which is
//! then kept with them. The memo has a size that it does not outgrow. What it holds is a copy of what would be found out anew, so that
//! findings are the same without it.

use super::frame::{Frame, role};
use crate::places::{Entry, Mixer, Places, mix};
use crate::semantic::{Role, Value};
use crate::table::{ChildRule, Element, Table, Text};
use crate::xml::TagId;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// How many openings are kept at most; a power of two. Half of them is as many as a large folder of domains has.
const OPENINGS: usize = 8192;

/// How many variants are kept at most.
const VARIANTS: usize = 4096;

/// How many values, rules to set off and bits of choices are kept, each.
const ITEMS: usize = 64 << 10;

/// How many endings are kept at most; a power of two.
const ENDINGS: usize = 2048;

/// What stands for the parent's variant of a root.
pub(super) const ROOT: u32 = u32::MAX;

/// No variant is known.
pub(super) const NO_VARIANT: u32 = 0;

/// An element's entry in the table with the blocks in force.
#[derive(Clone, Copy, Debug)]
pub(super) struct Variant {
    /// The entry's number, at the target version.
    pub element: u16,
    /// How many blocks there are.
    len: u16,
    /// First of its blocks among those of all variants.
    first: u32,
    /// Children that must be there.
    pub required_children: u128,
    /// The text of a child decides about more blocks when the element ends.
    pub deferred: bool,
    /// What the element is to the domain.
    pub role: Role,
    /// What there is to judge when these are there.
    pub ending: Ending,
}

/// What there is to judge when an element of a variant ends, and nothing is missing or was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Something that is not known here.
    Judged,
    /// Nothing, if there is no text.
    Plain,
    /// Whether its text is of a type.
    Text {
        /// The value type.
        type_: u16,
        /// There may be none.
        optional: bool,
    },
    /// Without a text, nothing but choices, sets and counts: what is there decides, so that it can be kept.
    Choices,
}

/// What an element had that ended without a finding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Ended {
    children: u128,
    attributes: u64,
    /// What the values of attributes allow of the choices.
    viable: [u8; 4],
    variant: u32,
    counted: u8,
}

impl Ended {
    #[inline(always)]
    fn new(frame: &Frame, viable: &[u8]) -> Option<Ended> {
        let mut some = [0; 4];
        some.get_mut(..viable.len())?.copy_from_slice(viable);
        let Frame { children, attributes, variant, counted, .. } = *frame;
        (variant != NO_VARIANT).then_some(Ended { children, attributes, viable: some, variant, counted })
    }
}

impl Entry for Ended {
    #[inline(always)]
    fn hash(&self) -> u32 {
        let words = [(self.children >> 64) as u64, self.attributes, u64::from(self.variant), self.children as u64];
        (words.into_iter().fold(0, mix) >> 32) as u32
    }
}

/// What became of a start tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// The parent's variant; [`ROOT`] for none.
    pub parent: u32,
    /// The tag; [`TagId::NONE`] for a place that is free.
    pub tag: TagId,
    /// What the parent says of the element; `None` for a root.
    pub rule: Option<&'static ChildRule>,
    /// Attributes that are there, by slot.
    pub present: u64,
    /// The element's variant.
    pub variant: u32,
    /// Number of the tag's name.
    pub name: u16,
    /// The element's slot in its parent.
    pub slot: u8,
    /// There may be more than one.
    pub repeats: bool,
    /// It is not counted, and has no order with others.
    pub joins_freely: bool,
    /// Its place is kept until the parent ends, which decides about it.
    pub is_placed: bool,
    /// It stands in a domain or among its devices, and is neither: it may be passed over with all that it holds.
    pub is_section: bool,
    /// Some rule reads the element.
    pub read: bool,
    /// Values that rules read, among those of all openings; what follows is filled in by [`Memo::keep`], too.
    pub values: Items,
    /// Rules that were set off.
    pub fires: Items,
    /// Blocks of choices that the values of attributes allow.
    pub viable: Items,
    /// How long the element's text is, if that has decided, too. It stands behind `viable`.
    pub text: u8,
}

/// What became of a start tag, as far as it is more than one of a kind.
pub(super) struct Lists<'a> {
    /// Where the tag begins.
    pub tag_start: u32,
    /// Values that rules read.
    pub values: &'a [Value],
    /// Rules that were set off, and how many levels up their subjects are.
    pub fires: &'a [(u16, u8)],
    /// Blocks of choices that the values of attributes allow.
    pub viable: &'a [u8],
    /// The element's text, where it has decided about a variant; else empty.
    pub text: &'a [u8],
}

/// A few neighbouring entries of a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Items {
    first: u32,
    len: u8,
}

/// An attribute's value, relative to the tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Noted {
    /// Number of its name in the table.
    pub name: u16,
    /// Its number among the words that conditions ask for.
    pub word: u16,
    /// Where it begins.
    pub from: u8,
    /// Where it ends.
    pub to: u8,
}

/// The variants and openings that are kept.
#[derive(Default)]
pub(super) struct Memo {
    /// By the hash of parent and tag.
    opened: Places<Opened>,
    values: Vec<Noted>,
    fires: Vec<(u16, u8)>,
    viable: Vec<u8>,
    ended: Places<Ended>,
    /// By number; the first one stands for none.
    variants: Vec<Variant>,
    blocks: Vec<u16>,
    /// Numbers of variants by the element's and its blocks.
    numbers: HashMap<Box<[u16]>, u32, BuildHasherDefault<Mixer>>,
    /// A key under construction.
    key: Vec<u16>,
}

/// A variant of which nothing is known.
static UNKNOWN: Variant = Variant {
    element: 0,
    len: 0,
    first: 0,
    required_children: 0,
    deferred: false,
    role: Role::Other,
    ending: Ending::Judged,
};

impl Opened {
    /// Of no tag yet: what all others are made from.
    pub const BLANK: Opened = Opened {
        parent: NO_VARIANT,
        tag: TagId::NONE,
        rule: None,
        present: 0,
        variant: NO_VARIANT,
        name: 0,
        slot: 0,
        repeats: false,
        joins_freely: false,
        is_placed: false,
        is_section: false,
        read: false,
        values: Items { first: 0, len: 0 },
        fires: Items { first: 0, len: 0 },
        viable: Items { first: 0, len: 0 },
        text: 0,
    };
}

impl Entry for Opened {
    fn hash(&self) -> u32 {
        hash_of(self.parent, self.tag)
    }
}

impl Memo {
    /// A memo that keeps something; a default one does not.
    pub fn new() -> Memo {
        Memo {
            opened: Places::new(OPENINGS),
            // The system hands out pages only where something is written.
            values: Vec::with_capacity(ITEMS),
            fires: Vec::with_capacity(ITEMS),
            viable: Vec::with_capacity(ITEMS),
            ended: Places::new(ENDINGS),
            variants: vec![UNKNOWN],
            blocks: Vec::with_capacity(ITEMS),
            ..Memo::default()
        }
    }

    /// A variant.
    #[inline]
    pub fn variant(&self, number: u32) -> &Variant {
        self.variants.get(number as usize).unwrap_or(&UNKNOWN)
    }

    /// The blocks of a variant.
    #[inline]
    pub fn blocks_of(&self, variant: &Variant) -> &[u16] {
        &self.blocks[variant.first as usize..variant.first as usize + variant.len as usize]
    }

    /// The number of what became of a tag in a parent, if what follows the tag is what followed it then, as far as that has decided.
    #[inline(always)]
    pub fn find<'d>(&self, parent: u32, tag: TagId, rest: impl Fn() -> &'d [u8]) -> Option<usize> {
        let found = self.opened.find(hash_of(parent, tag), |opened| opened.tag == tag && opened.parent == parent)?;
        let opened = &self.opened[found];
        let same = opened.text == 0 || self.follows(opened, rest());
        (same && tag != TagId::NONE).then_some(found)
    }

    /// Whether the text that has decided is all that an element holds.
    fn follows(&self, opened: &Opened, rest: &[u8]) -> bool {
        let from = opened.viable.first as usize + opened.viable.len as usize;
        let text = &self.viable[from..from + opened.text as usize];
        rest.strip_prefix(text).is_some_and(|end| end.starts_with(b"</"))
    }

    /// What became of a tag in a parent, by its number.
    #[inline(always)]
    pub fn opened(&self, number: usize) -> &Opened {
        &self.opened[number]
    }

    /// The values of an opening that rules read.
    #[inline]
    pub fn values(&self, opened: &Opened) -> &[Noted] {
        opened.values.of(&self.values)
    }

    /// The rules that it sets off.
    #[inline]
    pub fn fires(&self, opened: &Opened) -> &[(u16, u8)] {
        opened.fires.of(&self.fires)
    }

    /// The blocks of choices that the values of its attributes allow.
    #[inline]
    pub fn viable(&self, opened: &Opened) -> &[u8] {
        opened.viable.of(&self.viable)
    }

    /// Keeps what became of a tag in a parent.
    pub fn keep(&mut self, opened: Opened, lists: &Lists<'_>) {
        // More than these no tag has that is kept.
        const MOST: usize = u8::MAX as usize;
        let bytes = lists.viable.len() + lists.text.len();
        if self.opened.is_closed() || lists.values.len().max(lists.fires.len()).max(bytes) > MOST {
            return;
        }
        let lists_are_full =
            [self.values.len(), self.fires.len(), self.viable.len()].into_iter().any(|len| len + MOST > ITEMS);
        if lists_are_full || self.opened.is_full() {
            self.opened.clear();
            self.values.clear();
            self.fires.clear();
            self.viable.clear();
        }
        let values = Items::behind(&self.values, lists.values.len());
        self.values.extend(lists.values.iter().map(|value| Noted {
            name: value.name,
            word: value.word,
            from: (value.span.start - lists.tag_start) as u8,
            to: (value.span.end - lists.tag_start) as u8,
        }));
        let fires = Items::behind(&self.fires, lists.fires.len());
        self.fires.extend_from_slice(lists.fires);
        let viable = Items::behind(&self.viable, lists.viable.len());
        self.viable.extend_from_slice(lists.viable);
        self.viable.extend_from_slice(lists.text);
        self.opened.put(Opened { values, fires, viable, text: lists.text.len() as u8, ..opened });
    }

    /// Whether an element of the frame's variant with the same members has ended before, and there was nothing to tell.
    #[inline]
    pub fn ended(&self, frame: &Frame, viable: &[u8]) -> bool {
        Ended::new(frame, viable).is_some_and(|ended| self.ended.find(ended.hash(), |other| *other == ended).is_some())
    }

    /// Keeps what an element had that ended and gave nothing to tell.
    pub fn keep_ending(&mut self, frame: &Frame, viable: &[u8]) {
        if let Some(ended) = Ended::new(frame, viable) {
            self.ended.put(ended);
        }
    }

    /// The number of a variant; [`NO_VARIANT`] if there is no room for it. `devices` is the entry whose children are devices.
    pub fn intern(&mut self, table: &'static Table, element: u16, blocks: &[u16], devices: u16) -> u32 {
        if self.opened.is_closed() {
            return NO_VARIANT;
        }
        self.key.clear();
        self.key.push(element);
        self.key.extend_from_slice(blocks);
        if let Some(number) = self.numbers.get(&self.key[..]) {
            return *number;
        }
        if self.variants.len() == VARIANTS || self.blocks.len() + blocks.len() > ITEMS {
            return NO_VARIANT;
        }
        let number = self.variants.len() as u32;
        self.numbers.insert(self.key[..].into(), number);
        let first = self.blocks.len() as u32;
        self.variants.push(Variant { first, ..Variant::new(table, element, blocks, devices) });
        self.blocks.extend_from_slice(blocks);
        number
    }
}

impl Variant {
    fn new(table: &'static Table, number: u16, blocks: &[u16], devices: u16) -> Variant {
        let element: &Element = &table.elements[number as usize];
        let all = || blocks.iter().map(|block| &table.blocks[*block as usize]);
        let mut texts = all().filter_map(|block| match block.text {
            Text::Blank => None,
            Text::Typed { type_, optional } => Some(Ending::Text { type_, optional }),
        });
        let (text, more) = (texts.next(), texts.next().is_some());
        // The domain's end sets the rules going, and that of its devices is taken note of.
        let role = role(element, number, devices);
        let ending = if element.deferred || element.decides || role != Role::Other || more {
            Ending::Judged
        } else if all().all(|block| block.plain) {
            text.unwrap_or(Ending::Plain)
        } else if text.is_none_or(|text| matches!(text, Ending::Text { optional: true, .. })) {
            Ending::Choices
        } else {
            Ending::Judged
        };
        Variant {
            element: number,
            len: blocks.len() as u16,
            first: 0,
            required_children: all().fold(0, |mask, block| mask | block.required_children),
            deferred: element.deferred,
            role,
            ending,
        }
    }
}

impl Items {
    /// So many entries that will be added to a list.
    fn behind<T>(list: &[T], len: usize) -> Items {
        Items { first: list.len() as u32, len: len as u8 }
    }

    #[inline]
    fn of<T>(self, all: &[T]) -> &[T] {
        &all[self.first as usize..self.first as usize + self.len as usize]
    }
}

/// The hash of a parent's variant and a tag.
#[inline(always)]
fn hash_of(parent: u32, tag: TagId) -> u32 {
    (mix(0, u64::from(parent) << 32 | u64::from(tag.0)) >> 32) as u32
}

// A look-up reads one of them.
const _: () = assert!(std::mem::size_of::<Opened>() <= 64);
