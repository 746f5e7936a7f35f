//! Where a tag ends, by quick-xml. The only file that names it.
//!
//! quick-xml's reader would hand out events: it validates each tag's UTF-8 anew, keeps the names of open elements, and allocates for that.
//! What is used here is the part of it that splits, [`ElementParser`]: the search for the `>` that stands in no quotes.

use quick_xml::parser::{ElementParser, Parser};

/// The offset after the `>` of the start tag at `start`, if the document has one that stands in no quotes.
#[inline(always)]
pub(super) fn tag_end(text: &[u8], start: usize) -> Option<usize> {
    ElementParser::Outside.feed(&text[start + 1..]).map(|found| start + found + 2)
}
