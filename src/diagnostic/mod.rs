//! What a check has to say: findings, spans, codes and severities.
//!
//! A [`Finding`] is data, small and `Copy`. It borrows nothing: it names places by [`Span`] and things of the rule table by number.
//! Its text is made from the document and the table only when it is printed (`report::wording`).

mod code;
mod line_index;
mod selection;

pub use code::{Category, Code, codes};
pub use line_index::{LineIndex, Position};
pub use selection::Selection;

/// A range of bytes in the file, end-exclusive, a byte order mark included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset after the last byte.
    pub end: u32,
}

impl Span {
    /// The range from `start` up to `end`. Documents are smaller than 4 GiB (`xml::Limits`), so offsets fit.
    #[inline]
    pub const fn new(start: usize, end: usize) -> Self {
        Span { start: start as u32, end: end as u32 }
    }

    /// The empty range at `offset`.
    #[inline]
    pub const fn at(offset: usize) -> Self {
        Span::new(offset, offset)
    }

    /// The bytes of the range. Empty if the range is not inside the document.
    #[inline]
    pub fn of<'d>(&self, document: &'d [u8]) -> &'d [u8] {
        document.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Number of bytes.
    #[inline]
    pub const fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether the range has no byte.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// The range as `usize`, for slicing.
    #[inline]
    pub const fn range(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// How much a finding weighs. The order is that of the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Accepted, and likely to be regretted.
    Warning,
    /// Refused by libvirt or by its schema, or lost.
    Error,
}

impl Severity {
    /// The word that reports print: `error`, `warning`, `info`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Info => "info",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// What libvirt does with the part of the document that a finding is about. The order is that of the harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Consequence {
    /// It honours the part; only `--validate` objects.
    ValidationOnly,
    /// It drops the part silently.
    Dropped,
    /// It reads the part as something else.
    Misread,
    /// It refuses the document, at define or at start.
    Refused,
}

impl Consequence {
    /// The word that reports print.
    pub const fn as_str(self) -> &'static str {
        match self {
            Consequence::ValidationOnly => "validation-only",
            Consequence::Dropped => "dropped",
            Consequence::Misread => "misread",
            Consequence::Refused => "refused",
        }
    }
}

/// An argument of a finding's message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Arg {
    /// No argument.
    #[default]
    None,
    /// Bytes of the document.
    Span(Span),
    /// A number.
    Number(i64),
    /// A character.
    Char(char),
    /// An item of the rule table, by its number; the finding's code says of which kind.
    Item(u32),
    /// Two items of the rule table.
    Items(u32, u32),
    /// A word that the code knows.
    Word(&'static &'static str),
}

/// One thing that is wrong, at one place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// Which rule.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What libvirt does; `None` for advice, and until the check of the document has ended.
    pub consequence: Option<Consequence>,
    /// The smallest range that is wrong.
    pub span: Span,
    /// The second place, where there is one: the tag that an end tag crosses, the first of two equal names.
    pub related: Option<Span>,
    /// Offset of the start tag (its `<`) of the device that the finding lies in, so that the report can name it; `u32::MAX` for none.
    pub owner: u32,
    /// What the message speaks of.
    pub args: [Arg; 3],
}

impl Finding {
    /// A finding at `span` with the code's own severity and nothing else.
    pub fn new(code: Code, severity: Severity, span: Span) -> Self {
        Finding { code, severity, consequence: None, span, related: None, owner: u32::MAX, args: [Arg::None; 3] }
    }

    /// The same finding with a second place.
    pub fn related(mut self, span: Span) -> Self {
        self.related = Some(span);
        self
    }

    /// The same finding with arguments for its message.
    pub fn args(mut self, args: [Arg; 3]) -> Self {
        self.args = args;
        self
    }
}

/// Whether applying a fix can change what the document means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// The fix says what the author meant beyond doubt.
    Safe,
    /// The fix is likely right; a person should look.
    Unsafe,
}

/// A change to the document that mends a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// Whether it can be applied without a person looking.
    pub applicability: Applicability,
    /// Replacements, in the order of their spans, not overlapping.
    pub edits: Vec<(Span, String)>,
}

// A finding is stored by the million in a broken tree, so that its size is watched.
const _: () = assert!(std::mem::size_of::<Finding>() <= 88);
const _: () = assert!(std::mem::size_of::<Span>() == 8);
