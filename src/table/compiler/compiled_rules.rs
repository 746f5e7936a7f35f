//! Rules across elements as they are judged: what they look at, what sets them off, and their conditions, in flat arrays like the rest of the
//! table.

use super::compiled::Range;
use super::version::Version;

/// A rule across elements.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// The paths of the elements that it looks at.
    pub subjects: Range,
    /// Domain types that it holds for, as bits of `DRIVERS`.
    pub drivers: u32,
    /// First version.
    pub since: Version,
    /// First version without it.
    pub until: Version,
    /// The part of the condition that depends on the domain alone, and so is judged once for each domain; `NONE` for always.
    pub guard: u16,
    /// Number of that part among those of all rules, the same for rules that share it.
    pub guard_number: u16,
    /// Elements of the subjects' types stand nowhere else than where the subjects' paths lead.
    pub exact: bool,
    /// The rest of the condition; `NONE` for always.
    pub when: u16,
    /// What is judged.
    pub judge: Judge,
    /// What is underlined; `NONE` for the element's name.
    pub at: u16,
    /// The second place; `NONE` for none.
    pub beside: u16,
    /// Paths of the message's arguments.
    pub arguments: Range,
}

/// How a rule judges.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// The condition alone.
    Condition,
    /// No two elements share these values.
    Unique(Range),
    /// The value of the first path is among those of the second.
    Refers(u16, u16),
    /// The value of the path is of the type.
    OfType(u16, u16),
    /// A named function.
    Function(u16),
}

/// What sets rules off. A rule is looked at only for elements where the least common thing that its condition needs is there.
#[derive(Clone, Copy, Debug)]
pub struct Trigger {
    /// The least number that the attribute must have, read in any base; `i64::MIN` if it need not be a number.
    pub least: i64,
    /// The attribute's values, in `trigger_words`; any if there is none.
    pub words: Range,
    /// Only values are meant that are neither plain decimal numbers nor ones with 0x.
    pub irregular: bool,
    /// The rules, in `trigger_rules`.
    pub rules: Range,
}

/// A condition.
#[derive(Clone, Copy, Debug)]
pub enum Expression {
    /// Both.
    And(u16, u16),
    /// Either.
    Or(u16, u16),
    /// Not.
    Not(u16),
    /// The path leads somewhere.
    Exists(u16),
    /// Some value of the left compares so with some value of the right.
    Compare(Comparison, u16, u16),
    /// Some value is one of these words, which are in `Table::literals`.
    Among(u16, Range),
    /// A named test of a value, with a literal.
    Test(u16, u16, &'static str),
}

/// How values compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value in a condition.
#[derive(Clone, Copy, Debug)]
pub enum Operand {
    /// The values that a path leads to.
    Values(u16),
    /// A word, by its number in `Table::vocabulary`.
    Literal(u16),
    /// A number.
    Number(i128),
    /// How many nodes a path leads to.
    Count(u16),
    /// A named function of a path.
    Call(u16, u16),
    /// Arithmetic: `+`, `-`, `*`, `%`.
    Arithmetic(char, u16, u16),
}

/// A word that a value is held against.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Its number in `Table::vocabulary`; `NONE` if it is a beginning.
    pub word: u16,
    /// The word, or the beginning.
    pub text: &'static str,
}

/// A path through the facts.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// Where it begins.
    pub origin: Origin,
    /// Steps.
    pub steps: Range,
    /// What is taken at its end.
    pub last: Last,
}

/// Where a path begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The node at hand: in a filter, the filtered one.
    Here,
    /// The element that the rule looks at.
    Subject,
    /// The domain.
    Domain,
}

/// What a path takes at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// The element.
    Node,
    /// The attribute of this name.
    Value(u16),
    /// The text.
    Content,
}

/// A step of a path.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// To the parent.
    Up,
    /// To children of a name (`NONE` for any) for which a condition (`NONE` for none) holds.
    Down(u16, u16),
}

/// Domain types, in the order of the bits of `Rule::drivers`.
pub const DRIVERS: [&str; 15] = [
    "qemu", "kqemu", "kvm", "hvf", "xen", "lxc", "uml", "openvz", "test", "vmware", "hyperv", "vbox", "phyp", "vz",
    "bhyve",
];
