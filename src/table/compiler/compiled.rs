//! The rule table as the engine reads it: flat arrays that refer to each other by number.
//!
//! `build.rs` prints these values as Rust source (their `Debug` form is valid Rust), so that a start of the program finds them in the
//! binary and does nothing. The same compiler makes them at run time from other rule files; then they are leaked once.

use super::key::Name;
use super::version::Version;

pub use super::compiled_rules::*;

/// A range of entries of one of the table's arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Range(pub u16, pub u16);

impl Range {
    /// The entries.
    #[inline]
    pub fn of<T>(self, all: &[T]) -> &[T] {
        &all[self.0 as usize..self.1 as usize]
    }

    /// Whether there is none.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0 == self.1
    }
}

/// No entry.
pub const NONE: u16 = u16::MAX;

/// The compiled rule table.
#[derive(Debug)]
pub struct Table {
    /// Every element and attribute name.
    pub names: &'static [&'static str],
    /// The numbers of the names in alphabetical order.
    pub names_in_order: &'static [u16],
    /// Element types.
    pub elements: &'static [Element],
    /// Attributes that an element can have in any of its variants.
    pub attributes: &'static [Attribute],
    /// Children that an element can have in any of its variants.
    pub children: &'static [Child],
    /// Perfect hashes from name to slot, element by element.
    pub slots: &'static [u8],
    /// Blocks.
    pub blocks: &'static [Block],
    /// What a block says of attributes.
    pub attribute_rules: &'static [AttributeRule],
    /// What a block says of children.
    pub child_rules: &'static [ChildRule],
    /// Variants.
    pub groups: &'static [Group],
    /// Their cases.
    pub cases: &'static [Case],
    /// Blocks by the words of enumerations.
    pub word_blocks: &'static [u16],
    /// Words that cases are chosen by.
    pub case_values: &'static [Name],
    /// Choices.
    pub choices: &'static [Choice],
    /// Numbers of blocks, for choices.
    pub choice_blocks: &'static [u16],
    /// Sets of members: `together`, `some-of`, `with`.
    pub sets: &'static [Set],
    /// Orders.
    pub orders: &'static [Order],
    /// Slots of orders.
    pub order_slots: &'static [u8],
    /// Value types.
    pub types: &'static [Type],
    /// Words of enumerations.
    pub words: &'static [Word],
    /// Members of `any-of`.
    pub type_lists: &'static [u16],
    /// Automata of patterns.
    pub automata: &'static [Automaton],
    /// Tags of roots and their element types.
    pub roots: &'static [(&'static str, u16)],
    /// Usual prefixes and names of hypervisor namespaces.
    pub namespaces: &'static [(&'static str, &'static str)],
    /// Documentation of the codes that Rust code reports, in the order of `diagnostic::codes`, then of those of `rules`.
    pub codes: &'static [CodeDoc],
    /// Rules across elements.
    pub rules: &'static [Rule],
    /// The triggers of each attribute that sets rules off, element type by element type.
    pub trigger_slots: &'static [Range],
    /// What sets rules off.
    pub triggers: &'static [Trigger],
    /// Values of triggers, by their numbers in `vocabulary`.
    pub trigger_words: &'static [u16],
    /// Rules that a trigger sets off, and how many levels up their subject is.
    pub trigger_rules: &'static [(u16, u8)],
    /// Conditions.
    pub expressions: &'static [Expression],
    /// What conditions compare.
    pub operands: &'static [Operand],
    /// Paths.
    pub paths: &'static [Path],
    /// Their steps.
    pub steps: &'static [Step],
    /// Numbers of paths: keys and arguments of messages.
    pub path_lists: &'static [u16],
    /// Words that conditions hold values against.
    pub literals: &'static [Wanted],
    /// Every word that some condition or trigger asks for: a value is looked up once and then compared by its number here.
    pub vocabulary: &'static [Name],
    /// A hash table over `vocabulary`: its size is a power of two, free entries are `NONE`, and a word stands at its hash or behind it.
    pub vocabulary_slots: &'static [u16],
    /// By name: the number of the chain of devices with this tag, `NO_CHAIN` for other names.
    pub device_tags: &'static [u8],
    /// By name: the number of the chain of children of a domain with this tag, `NO_CHAIN` for other names.
    pub section_tags: &'static [u8],
}

/// What `Table::device_tags` and `Table::section_tags` say of other names.
pub const NO_CHAIN: u8 = u8::MAX;

/// How many chains there may be: one half of them is for devices, the other for what a domain has beside them.
pub const CHAINS: usize = 128;

/// Whether an element type of this key is a domain.
pub fn is_domain(key: &str) -> bool {
    key == "domain" || key.ends_with("-domain")
}

/// An element type.
#[derive(Debug)]
pub struct Element {
    /// Its name in the rule files.
    pub key: &'static str,
    /// The tag it stands under; the first one in the rule files if there are several.
    pub tag: &'static str,
    /// Number of the tag's name.
    pub tag_name: u16,
    /// One sentence.
    pub is: &'static str,
    /// Anchor in the format page.
    pub docs: &'static str,
    /// Its attributes, in any variant; the bit numbers of `Block::attributes`.
    pub attributes: Range,
    /// Its children, in any variant; the bit numbers of `Block::children`.
    pub children: Range,
    /// Hash from attribute name to slot.
    pub attribute_hash: Hash,
    /// Hash from child name to slot.
    pub child_hash: Hash,
    /// What always counts.
    pub block: u16,
    /// Anything may stand in it.
    pub open: bool,
    /// Some variant is decided by the text of a child, so that children are judged when the element ends.
    pub deferred: bool,
    /// Children that stand in a fixed order with others, by slot.
    pub ordered: u128,
    /// The element's text decides about a parent's variant.
    pub decides: bool,
    /// The element is a domain, which the rules across elements look at as a whole.
    pub domain: bool,
    /// Some rule reads the element.
    pub read: bool,
    /// Attributes that some rule reads.
    pub read_attributes: u64,
    /// Rules that the element itself sets off, in `trigger_rules`.
    pub sets_off: Range,
    /// Attributes that set rules off.
    pub trigger_attributes: u64,
    /// First of as many entries in `trigger_slots`.
    pub trigger_slots: u16,
    /// Number of the current shape.
    pub base: u16,
    /// How the element was shaped before `before`, as another entry.
    pub older: u16,
    /// The version from which this shape holds.
    pub before: Version,
    /// What the rule files say of libvirt where the element's text is wrong.
    pub text_handling: Handling,
}

/// A perfect hash from a name's key to its slot: `slots[at + (hash * multiplier >> shift)]`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hash {
    /// First entry in `Table::slots`.
    pub at: u32,
    /// Multiplier.
    pub multiplier: u32,
    /// How far the product is shifted.
    pub shift: u8,
}

/// An attribute's slot.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    /// Its name.
    pub tag: Name,
    /// Number of its name.
    pub name: u16,
    /// What the rule files say of libvirt where it is wrong or missing.
    pub handling: Handling,
}

/// A child's slot.
#[derive(Clone, Copy, Debug)]
pub struct Child {
    /// Its tag.
    pub tag: Name,
    /// Number of its tag's name.
    pub name: u16,
    /// Where several tags share an element type: what this one is for.
    pub doc: &'static str,
    /// What the rule files say of libvirt where it is missing or stands twice.
    pub handling: Handling,
}

/// What libvirt does with faults of an attribute, a child, a text or a type, as far as the rule files say it; else the code's own
/// consequence counts ([`CodeDoc::consequence`]). It holds for the member in all variants of its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handling {
    /// With a value that is not of the type.
    pub wrong: Consequence,
    /// Where it is required and missing.
    pub missing: Consequence,
    /// With a second one where one is allowed.
    pub twice: Consequence,
    /// Where it stands beside what excludes it.
    pub conflict: Consequence,
    /// A type of which libvirt takes values, though the schema does not; `NONE` if there is none.
    pub takes: u16,
    /// A type of which libvirt reads values as others, though the schema does not take them; `NONE` if there is none.
    pub misreads: u16,
}

impl Handling {
    /// The rule files say nothing.
    pub const UNSAID: Handling = Handling {
        wrong: Consequence::Unsaid,
        missing: Consequence::Unsaid,
        twice: Consequence::Unsaid,
        conflict: Consequence::Unsaid,
        takes: NONE,
        misreads: NONE,
    };
}

/// What there may be under some condition.
#[derive(Debug)]
pub struct Block {
    /// Attributes it mentions.
    pub attributes: u64,
    /// Attributes that must be there.
    pub required_attributes: u64,
    /// Children it mentions.
    pub children: u128,
    /// Children that must be there.
    pub required_children: u128,
    /// What it says of attributes, in the order of their slots.
    pub attribute_rules: Range,
    /// What it says of children.
    pub child_rules: Range,
    /// Text.
    pub text: Text,
    /// Variants that are decided below it.
    pub groups: Range,
    /// Choices.
    pub choices: Range,
    /// All or none.
    pub together: Range,
    /// At least one.
    pub some_of: Range,
    /// The first member only beside the rest.
    pub with: Range,
    /// Relative orders.
    pub orders: Range,
    /// Children of which there may be only one.
    pub single_children: u128,
    /// Some attribute or child of this block has a date, a count, or a narrowed type: the rules must be looked at.
    pub dated: bool,
    /// There is nothing in it but attributes, children and text: no variants, choices, sets and counts.
    pub plain: bool,
}

/// What a block says of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Nothing: only white space.
    Blank,
    /// Text of a type; white space alone will do if `optional`.
    Typed {
        /// Value type.
        type_: u16,
        /// White space alone will do.
        optional: bool,
    },
}

/// What a block says of an attribute.
#[derive(Clone, Copy, Debug)]
pub struct AttributeRule {
    /// Slot.
    pub slot: u8,
    /// Value type.
    pub type_: u16,
    /// First version.
    pub since: Version,
    /// First version without it.
    pub until: Version,
}

/// What a block says of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChildRule {
    /// Slot.
    pub slot: u8,
    /// Element type.
    pub element: u16,
    /// Smallest number.
    pub at_least: u32,
    /// Largest number.
    pub at_most: u32,
    /// First version.
    pub since: Version,
    /// First version without it.
    pub until: Version,
}

impl ChildRule {
    /// Whether it matters how many there are, beyond whether there is one.
    #[inline]
    pub fn is_counted(&self) -> bool {
        self.at_least > 1 || (self.at_most > 1 && self.at_most < u32::MAX)
    }
}

/// A variant: what decides, and the blocks by value.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// What decides.
    pub by: By,
    /// Cases, `otherwise` excluded.
    pub cases: Range,
    /// The block of each word of the deciding attribute's enumeration, in `word_blocks`; empty if it is none.
    pub by_word: Range,
    /// Block when the attribute is absent, `NONE` for nothing.
    pub absent: u16,
    /// Block for every other value, `NONE` for nothing.
    pub otherwise: u16,
}

/// What decides about a variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The attribute in this slot.
    OwnAttribute(u8),
    /// The element's own text.
    OwnText,
    /// The text of the element type so many levels below.
    ChildText {
        /// Element type.
        element: u16,
        /// Levels.
        depth: u8,
    },
}

/// A value and its block.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// The values.
    pub values: Range,
    /// The block.
    pub block: u16,
}

/// A choice between blocks.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// What is chosen.
    pub name: &'static str,
    /// The blocks.
    pub blocks: Range,
    /// Attributes that any of them mentions.
    pub attributes: u64,
    /// Children that any of them mentions.
    pub children: u128,
    /// Only attributes decide, so it is judged at the start tag.
    pub at_start: bool,
    /// Some attribute has different values in different blocks.
    pub by_value: bool,
    /// Some block speaks of text.
    pub text: bool,
}

/// Members that belong together; for `with`, the first mask needs the second.
#[derive(Clone, Copy, Debug)]
pub struct Set {
    /// Attributes.
    pub attributes: u64,
    /// Children.
    pub children: u128,
    /// The attributes that these need (`with`).
    pub needs_attributes: u64,
    /// The children that these need (`with`).
    pub needs_children: u128,
}

/// A relative order of children.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Slots in their order.
    pub slots: Range,
}

/// A value type.
#[derive(Clone, Copy, Debug)]
pub struct Type {
    /// Name in the rule files; empty for a list that stands at an attribute.
    pub key: &'static str,
    /// Completes "expected ...".
    pub is: &'static str,
    /// A value to show.
    pub example: &'static str,
    /// The form.
    pub form: Form,
    /// What the rule files say of libvirt where a value is not of the type.
    pub handling: Handling,
}

/// The form of a value type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Any text.
    Anything,
    /// Words.
    Words(Range),
    /// A whole number; `None` is no bound.
    Integer {
        /// Smallest.
        min: Option<i128>,
        /// Largest.
        max: Option<i128>,
        /// How it is written.
        lexical: Lexical,
    },
    /// An automaton over the raw bytes.
    Pattern(u16),
    /// A function of `checks`.
    Check(u16),
    /// One of these types.
    AnyOf(Range),
}

/// How whole numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lexical {
    /// White space around, an optional sign.
    Signed,
    /// Digits.
    Digits,
    /// Digits, with an optional minus.
    MinusDigits,
}

/// A word of an enumeration.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The word.
    pub name: Name,
    /// First version.
    pub since: Version,
    /// First version without it.
    pub until: Version,
}

/// A deterministic automaton over bytes.
#[derive(Clone, Copy, Debug)]
pub struct Automaton {
    /// Class of each byte.
    pub classes: &'static [u8],
    /// Number of classes.
    pub stride: u16,
    /// Next state by state and class; state 0 is dead.
    pub transitions: &'static [u16],
    /// Whether a state accepts.
    pub accepting: &'static [bool],
    /// Where it begins.
    pub start: u16,
}

impl Automaton {
    /// Whether the whole of `bytes` is accepted.
    #[inline]
    pub fn accepts(&self, bytes: &[u8]) -> bool {
        let mut state = self.start as usize;
        let stride = self.stride as usize;
        for &byte in bytes {
            state = self.transitions[state * stride + self.classes[byte as usize] as usize] as usize;
            if state == 0 {
                return false;
            }
        }
        self.accepting[state]
    }
}

/// What a code means.
#[derive(Clone, Copy, Debug)]
pub struct CodeDoc {
    /// `category/name`.
    pub name: &'static str,
    /// 0 info, 1 warning, 2 error.
    pub severity: u8,
    /// What is wrong.
    pub summary: &'static str,
    /// Why it matters.
    pub why: &'static str,
    /// What to write.
    pub help: &'static str,
    /// A piece with the fault.
    pub bad: &'static str,
    /// The same without it.
    pub good: &'static str,
    /// Anchor in the format page, may be empty.
    pub docs: &'static str,
    /// The message with `{0}`, `{1}`, `{2}` for the finding's arguments; empty for codes that Rust code reports.
    pub message: &'static str,
    /// The help, likewise.
    pub advice: &'static str,
    /// What libvirt does about it.
    pub consequence: Consequence,
}

/// What libvirt does with what a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consequence {
    /// It depends on the finding, or nothing happens.
    Unsaid,
    /// It refuses the document, at define or at start.
    Refused,
    /// It drops the part silently.
    Dropped,
    /// It reads the part as something else.
    Misread,
    /// It honours the part; only `--validate` objects.
    ValidationOnly,
}
