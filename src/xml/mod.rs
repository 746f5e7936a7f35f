//! Bytes to checked XML events with spans. Knows nothing of libvirt.
//!
//! [`Document::open`] makes valid UTF-8 of a file's bytes (nearly always by borrowing them); a [`Reader`] then hands out its elements and
//! texts in one pass and reports every breach of XML 1.0 (fifth edition, outside the DTD) and of Namespaces in XML 1.0 as a finding at
//! the byte where it is. A verdict "well-formed" means what libxml2 means by it.
//!
//! The work is split between files by what a fault could be in:
//! - [`document`](Document): encodings, byte order marks, what cannot be read at all;
//! - `chars`: characters and names; `references`: `&...;` in text and values;
//! - `tags`: start tags and their attributes where they are right; `repair`: where they are not;
//! - `elements`: which end tag ends what; `guess`: looking ahead to tell a misspelt end tag from a forgotten one;
//! - `markup`: comments, instructions, CDATA, the XML declaration, the document type declaration;
//! - `namespaces`: bindings of prefixes;
//! - `tag_cache`: start tags that were read before;
//! - `peek`: reading a piece of the document again, without findings.
//!
//! # Splitting
//! quick-xml finds the `>` at which a start tag ends, and nothing else: the ends of text, comments, instructions and sections are fixed
//! strings, and an end tag is compared with the name that it must have. Of quick-xml it is the tag parser alone that is used, not the
//! reader around it, whose events would validate each tag's UTF-8 again and keep names of their own. Nothing but `splitter` names it.
//!
//! # Reading again
//! A missing end tag shows only where the parent ends; by then every sibling that follows has been handed out as a child. So after
//! [`Event::Eof`] a consumer asks [`Reader::wants_second_reading`], drops what it has if the answer is yes, and reads the document once
//! more with [`Reader::again`], which ends the element where the indentation says that it was meant to end. Documents without such a fault
//! pay nothing for it.
//!
//! # Invariants
//! - Any bytes give events and findings: nothing panics, nothing fails.
//! - Spans lie inside [`Document::text`] and on character boundaries.
//! - Elements are balanced: each [`Event::Start`] has its [`Event::End`], synthesised where the document has none.
//! - One fault gives one finding. What only follows from a fault is marked instead: [`Start::damaged`], [`Attribute::damaged`],
//!   [`End::broken`].
//! - Time and memory are linear in the document, whatever it holds: all looking ahead and back is paid from one budget.
//!
//! # Arguments of findings
//! Of a `malformed-tag` and an `unquoted-value` the third one is left for the consumer, who knows of the faults beside it.
//!
//! | code | span | related | arguments |
//! |---|---|---|---|
//! | `empty-document` | end of the file | | |
//! | `unclosed-tag` | name in the start tag | where the end tag had to be | how many elements are open (end of file only) |
//! | `crossed-tags` | name in the end tag | name of the start tag it crosses | that start tag's name |
//! | `stray-end-tag` | name in the end tag | name of the start tag that it is meant for, if it is a misspelt one | that name |
//! | `malformed-tag` | what does not belong there | name of the tag | a word: see [`tag_faults`] |
//! | `unquoted-value` | value, with a closing quote if it has one | | name of the attribute |
//! | `unclosed-value` | value (the quote if there is nothing behind it) | | name of the attribute |
//! | `missing-value`, `missing-space` | name of the attribute | | |
//! | `duplicate-attribute` | second name | first name | |
//! | `bad-name` | name | | first character that is wrong |
//! | `bad-character` | character | | character, code point |
//! | `bare-ampersand` | `&` and the name behind it | | |
//! | `unknown-entity`, `bad-character-reference` | reference | | |
//! | `bare-less-than` | `<` | | |
//! | `cdata-end-in-text` | `]]>` | | |
//! | `text-outside-root` | text | | |
//! | `second-root` | name of the second root | name of the first | |
//! | `unclosed-comment`, `unclosed-cdata` | opening delimiter | what shows that it is not closed | |
//! | `double-hyphen` | `--` | | |
//! | `malformed-instruction` | what is wrong | | a word |
//! | `malformed-declaration` | what is wrong | | a word |
//! | `misplaced-declaration` | `<?xml` | | |
//! | `doctype`, `dtd`, `malformed-doctype` | declaration, internal subset's `[`, what is wrong | | |
//! | `invalid-utf8` | first wrong bytes | | first byte, how many wrong sequences there are |
//! | `unsupported-encoding` | the encoding's name, or the first bytes | | its name as a word if the bytes show it |
//! | `contradicting-encoding` | the encoding's name, or the first wrong byte | | |
//! | `unbound-prefix` | prefix | | |
//! | `bad-namespace-binding` | name or value of the declaration | | a word |
//! | `too-large`, `too-deep`, `too-many-attributes` | start of the file, name of the element, name of the attribute | | limit |

mod chars;
mod document;
mod elements;
mod guess;
mod markup;
mod namespaces;
mod peek;
mod reader;
mod references;
mod repair;
mod splitter;
mod tag_cache;
mod tags;
#[cfg(test)]
mod tests;

pub(crate) use document::BOM;
pub use document::Document;
pub use namespaces::Namespace;
pub use peek::{content_start, content_text, end_tag_name, peek_attributes, peek_children, peek_end, peek_text};
pub use reader::{Reader, Workspace};
pub use references::{decode_text, decode_value, value};
pub use repair::tag_faults;

use crate::diagnostic::Span;

/// How much of anything a document may have. Each limit has a diagnostic of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a document: 10 MiB, which is what libvirt's tools read of a file. Never more than `u32::MAX - 1`, since spans are
    /// 32 bits wide.
    pub max_size: usize,
    /// How deep elements may nest: 2,048, which is the limit of libxml2 from 2.15 on. Up to 2.14 it is 256; beyond [`USUAL_DEPTH`] there
    /// is a warning, since most installed versions refuse the document.
    pub max_depth: usize,
    /// Attributes of an element, namespace declarations included: 10,000. libxml2 has no limit of practical use, libvirt's elements have
    /// a few dozen attributes at most. Never more than `u16::MAX`.
    pub max_attributes: usize,
    /// Findings in a document: 100,000. What is beyond is not reported, but that there is more.
    pub max_findings: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_size: 10 << 20, max_depth: 2048, max_attributes: 10_000, max_findings: 100_000 }
    }
}

/// The nesting depth that every version of libxml2 takes without being asked to (`xmlParserMaxDepth` up to 2.14).
pub const USUAL_DEPTH: usize = 256;

/// What a reader is to know of the documents it reads.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Namespaces that elements are told by, as pairs of a usual prefix, which says nothing here, and the URI: [`Namespace::Known`] holds a
    /// position in this list. At most 254.
    pub namespaces: &'static [(&'static str, &'static str)],
    /// Whether a root element of this local name (and no namespace) may follow another such root in the same file, as in a stream of
    /// documents.
    pub is_document_root: fn(&[u8]) -> bool,
    /// Limits on size, depth and number.
    pub limits: Limits,
}

/// What a [`Reader`] finds next.
#[derive(Clone, Copy, Debug)]
pub enum Event<'d> {
    /// An element begins. [`Reader::attributes`] has its attributes.
    Start(Start<'d>),
    /// The innermost open element ends.
    End(End),
    /// A piece of text inside the root. Comments, instructions and CDATA sections divide text into pieces; white space alone is none.
    Text(Text<'d>),
    /// Between two documents of one stream.
    EndOfDocument,
    /// The end. From here on it is returned again and again.
    Eof,
}

/// The number of a start tag that is kept ([`Workspace::keep_tags`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagId(pub u32);

impl TagId {
    /// The tag is not kept.
    pub const NONE: TagId = TagId(0);
}

/// An element begins.
#[derive(Clone, Copy, Debug)]
pub struct Start<'d> {
    /// The name as it is written, with its prefix.
    pub name: &'d [u8],
    /// The name without its prefix.
    pub local: &'d [u8],
    /// The namespace of the name.
    pub namespace: Namespace,
    /// Where the name is.
    pub name_span: Span,
    /// Offset of the `<`.
    pub tag_start: u32,
    /// Offset after the `>`, where the content begins.
    pub content_start: u32,
    /// The tag ends in `/>`. An [`Event::End`] follows all the same.
    pub self_closing: bool,
    /// A syntax fault in the tag was reported: an attribute may be missing for that reason alone.
    pub damaged: bool,
    /// The tag's number among those that are kept, so that a consumer can keep what it made of the tag: an element with the same number
    /// has, to the letter, the same tag, which has no prefixes, references and declarations.
    pub id: TagId,
    /// The name's prefix is not bound, which was reported here or at an earlier use of the prefix. `namespace` is
    /// [`Namespace::Foreign`].
    pub unbound: bool,
}

/// An element ends.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// The element's name in its start tag.
    pub name: Span,
    /// Offset of the end tag's `<`, or of the place where the element ended without one; the end of the start tag in `<a/>`.
    pub tag_start: u32,
    /// Offset after the end tag.
    pub end: u32,
    /// What the element lacks says nothing: it was ended for want of its end tag, or a syntax fault among its children hid some.
    pub broken: bool,
}

/// A piece of text.
#[derive(Clone, Copy, Debug)]
pub struct Text<'d> {
    /// The text as it is written, between the delimiters if it is a CDATA section.
    pub raw: &'d [u8],
    /// Where that is.
    pub span: Span,
    /// How it is written.
    pub kind: TextKind,
    /// It holds white space at most, which only a CDATA section can.
    pub blank: bool,
    /// [`decode_text`] would change it: it holds `&` or a carriage return.
    pub needs_decoding: bool,
    /// A syntax fault in the text was reported: its value says nothing.
    pub damaged: bool,
}

/// How a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKind {
    /// Character data and references.
    Plain,
    /// `<![CDATA[...]]>`
    Cdata,
}

/// An attribute of the element that just began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name as it is written.
    pub name: Span,
    /// The value, between its quotes.
    pub value: Span,
    /// The name has a prefix.
    pub prefixed: bool,
    /// [`value()`] would change it: it holds `&`, a tabulator, or a line end.
    pub needs_normalising: bool,
    /// A syntax fault in the attribute was reported: its value says nothing.
    pub damaged: bool,
}

// One for each attribute of each element.
const _: () = assert!(std::mem::size_of::<Attribute>() <= 20);
const _: () = assert!(std::mem::size_of::<Event<'_>>() <= 72);
