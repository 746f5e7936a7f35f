//! What was made of start tags, kept for the next time.
//!
//! What the table says of an element at its start tag depends on two things alone: the tag, to the letter, and the *variant* of its parent,
//! which is the parent's entry in the table with the blocks in force there. So where both have met before, the element's own variant, what
//! rules read of it and which rules it sets off are known, and nothing of it is looked up or judged again.
//!
//! Only elements without findings are kept, and of these only those about which nothing else decides: no text behind the tag and no other
//! child. The memo has a size that it does not outgrow. What it holds is a copy of what would be found out anew, so that findings are the same without it.

use super::frame::Frame;
use crate::places::{Entry, Places};
use crate::semantic::{Role, Value};
use crate::table::{ChildRule, Element, Table, Text, Version};
use crate::xml::TagId;

/// How many openings are kept at most; a power of two. A quarter of them is as many as a large folder of domains has.
const OPENINGS: usize = 16384;

/// How many variants are kept at most; a power of two.
const VARIANTS: usize = 4096;

/// How many values, rules to set off and bits of choices are kept, each.
const ITEMS: usize = 32 << 10;

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
    const FREE: Ended = Ended { children: 0, attributes: 0, viable: [0; 4], variant: NO_VARIANT, counted: 0 };

    fn is_free(&self) -> bool {
        self.variant == NO_VARIANT
    }

    #[inline(always)]
    fn hash(&self) -> u32 {
        let low = self.children as u64;
        let high = (self.children >> 64) as u64;
        let mixed =
            low ^ high.rotate_left(32) ^ self.attributes.rotate_left(17) ^ u64::from(self.variant).rotate_left(48);
        (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u32
    }
}

/// What became of a start tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Opened {
    /// The parent's variant.
    parent: u32,
    /// The tag.
    tag: TagId,
    /// What the parent says of the element.
    pub rule: &'static ChildRule,
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
    /// Some rule reads the element.
    pub read: bool,
    values: Items,
    fires: Items,
    viable: Items,
    /// How long the element's text is, if that has decided, too. It stands behind `viable`.
    text: u8,
}

/// A few neighbouring entries of a list.
#[derive(Clone, Copy, Debug, Default)]
struct Items {
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

/// An element that was opened, as it is to be kept.
pub(super) struct Opening<'a> {
    pub rule: &'static ChildRule,
    pub slot: u8,
    pub name: u16,
    pub variant: u32,
    pub present: u64,
    pub joins_freely: bool,
    pub is_placed: bool,
    pub read: bool,
    pub tag_start: u32,
    pub values: &'a [Value],
    pub fires: &'a [(u16, u8)],
    pub viable: &'a [u8],
    /// The element's text, where it has decided about a variant; else empty.
    pub text: &'a [u8],
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
    /// Numbers of variants by hash; what is taken is followed by the next.
    by_hash: Vec<u32>,
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

impl Entry for Opened {
    const FREE: Opened = Opened {
        parent: NO_VARIANT,
        tag: TagId::NONE,
        rule: &ChildRule {
            slot: 0,
            element: 0,
            at_least: 0,
            at_most: 0,
            since: Version::ALWAYS,
            until: Version::ALWAYS,
        },
        present: 0,
        variant: NO_VARIANT,
        name: 0,
        slot: 0,
        repeats: false,
        joins_freely: false,
        is_placed: false,
        read: false,
        values: Items { first: 0, len: 0 },
        fires: Items { first: 0, len: 0 },
        viable: Items { first: 0, len: 0 },
        text: 0,
    };

    fn is_free(&self) -> bool {
        self.tag == TagId::NONE
    }

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
            by_hash: vec![NO_VARIANT; 128],
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
        let opened = self.opened.get(found);
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
        self.opened.get(number)
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
    pub fn keep(&mut self, parent: u32, tag: TagId, opening: &Opening<'_>) {
        if self.opened.is_closed() || opening.fires.len() > 255 {
            return;
        }
        let full = |len: usize, more: usize| len + more > ITEMS;
        if full(self.values.len(), opening.values.len())
            || full(self.fires.len(), opening.fires.len())
            || full(self.viable.len(), opening.viable.len() + opening.text.len())
        {
            self.opened.clear();
            self.values.clear();
            self.fires.clear();
            self.viable.clear();
        }
        let values = Items { first: self.values.len() as u32, len: opening.values.len() as u8 };
        self.values.extend(opening.values.iter().map(|value| Noted {
            name: value.name,
            word: value.word,
            from: (value.span.start - opening.tag_start) as u8,
            to: (value.span.end - opening.tag_start) as u8,
        }));
        // Several things about a tag may set a rule off, and once is enough.
        let fires = self.fires.len();
        for fire in opening.fires {
            if !self.fires[fires..].contains(fire) {
                self.fires.push(*fire);
            }
        }
        self.fires[fires..].sort_unstable_by_key(|(rule, up)| (*up, *rule));
        let fires = Items { first: fires as u32, len: (self.fires.len() - fires) as u8 };
        let viable = Items { first: self.viable.len() as u32, len: opening.viable.len() as u8 };
        self.viable.extend_from_slice(opening.viable);
        self.viable.extend_from_slice(opening.text);
        self.opened.put(Opened {
            parent,
            tag,
            rule: opening.rule,
            repeats: opening.rule.at_most != 1,
            joins_freely: opening.joins_freely,
            is_placed: opening.is_placed,
            present: opening.present,
            variant: opening.variant,
            name: opening.name,
            slot: opening.slot,
            read: opening.read,
            values,
            fires,
            viable,
            text: opening.text.len() as u8,
        });
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
        if self.by_hash.is_empty() {
            return NO_VARIANT;
        }
        let mut place = self.place_of(element, blocks);
        if self.by_hash[place] != NO_VARIANT {
            return self.by_hash[place];
        }
        if self.variants.len() == VARIANTS || self.blocks.len() + blocks.len() > ITEMS {
            return NO_VARIANT;
        }
        // Half of the places stay free, so that a search is short.
        if self.variants.len() * 2 >= self.by_hash.len() {
            self.by_hash = vec![NO_VARIANT; self.by_hash.len() * 2];
            for number in 1..self.variants.len() {
                let variant = &self.variants[number];
                let place = self.place_of(variant.element, self.blocks_of(variant));
                self.by_hash[place] = number as u32;
            }
            place = self.place_of(element, blocks);
        }
        let number = self.variants.len() as u32;
        self.by_hash[place] = number;
        let first = self.blocks.len() as u32;
        self.variants.push(Variant { first, ..Variant::new(table, element, blocks, devices) });
        self.blocks.extend_from_slice(blocks);
        number
    }

    /// Where the number of a variant stands in `by_hash`, or is to stand.
    fn place_of(&self, element: u16, blocks: &[u16]) -> usize {
        let mix = |hash: u32, number: u16| (hash.rotate_left(9) ^ u32::from(number)).wrapping_mul(0x9E37_79B9);
        let hash = blocks.iter().fold(mix(0, element), |hash, block| mix(hash, *block));
        let mut at = ((u64::from(hash) * self.by_hash.len() as u64) >> 32) as usize;
        loop {
            let number = self.by_hash[at];
            let variant = self.variant(number);
            if number == NO_VARIANT || (variant.element == element && self.blocks_of(variant) == blocks) {
                return at;
            }
            at = (at + 1) % self.by_hash.len();
        }
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
        let role = match element {
            element if element.domain => Role::Domain,
            _ if number == devices => Role::Devices,
            _ => Role::Other,
        };
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
    #[inline]
    fn of<T>(self, all: &[T]) -> &[T] {
        &all[self.first as usize..self.first as usize + self.len as usize]
    }
}

/// The hash of a parent's variant and a tag.
#[inline(always)]
fn hash_of(parent: u32, tag: TagId) -> u32 {
    let mixed = (u64::from(parent) << 32 | u64::from(tag.0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
}

// A look-up reads one of them.
const _: () = assert!(std::mem::size_of::<Opened>() <= 64);
