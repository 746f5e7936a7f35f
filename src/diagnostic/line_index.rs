//! Offsets to lines and columns.
//!
//! The index is a mark for every [`STEP`] bytes of the text, each saying how many lines and characters stand before it. A position is
//! found by counting from the nearest mark, so that its cost is the same on the first line of a small file and in the middle of a line
//! of 100 MB, in whatever order positions are asked for. Marks are made up to the furthest place that was asked for and no further.

/// Bytes between two marks. A mark takes 12 bytes, so an index takes 2.3 % of the text.
const STEP: usize = 512;

/// A byte order mark in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// Where an offset lies, as people and editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1. Lines end at LF; a lone CR does not end one.
    pub line: u32,
    /// Column, from 1, in characters. A byte order mark is not among them.
    pub column: u32,
    /// Byte of the file, from 0, a byte order mark included.
    pub offset: u32,
}

/// What stands before a multiple of [`STEP`].
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// Line feeds.
    lines: u32,
    /// Characters.
    chars: u32,
    /// Characters before the line that the mark lies in.
    chars_before_line: u32,
}

/// Lines and columns of one text. The same index serves one text after another and keeps its memory.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    marks: Vec<Mark>,
    /// Whether the file has one byte for each character, and the text is its UTF-8 form.
    single_byte: bool,
}

impl LineIndex {
    /// An index over no text.
    pub const fn new() -> Self {
        LineIndex { marks: Vec::new(), single_byte: false }
    }

    /// Begins a new text. `single_byte` says that the file has one byte for each character of the text: an encoding other than UTF-8.
    pub fn begin(&mut self, single_byte: bool) {
        self.marks.clear();
        self.marks.push(Mark::default());
        self.single_byte = single_byte;
    }

    /// The position of an offset of the text. An offset beyond the end counts as the end. `text` is the same as in the calls before,
    /// since [`LineIndex::begin`].
    pub fn position(&mut self, text: &[u8], offset: u32) -> Position {
        let offset = (offset as usize).min(text.len());
        if self.marks.is_empty() {
            self.begin(false);
        }
        while self.marks.len() <= offset / STEP {
            let from = (self.marks.len() - 1) * STEP;
            let mark = advance(self.marks[self.marks.len() - 1], &text[from..from + STEP]);
            self.marks.push(mark);
        }
        let from = offset / STEP * STEP;
        let here = advance(self.marks[offset / STEP], &text[from..offset]);
        let mut column = here.chars - here.chars_before_line;
        if here.lines == 0 && offset >= BOM.len() && text.starts_with(BOM) {
            column -= 1;
        }
        let byte = if self.single_byte { here.chars } else { offset as u32 };
        Position { line: here.lines + 1, column: column + 1, offset: byte }
    }
}

/// The mark after a piece of at most [`STEP`] bytes.
fn advance(mut mark: Mark, piece: &[u8]) -> Mark {
    if let Some(last) = memchr::memrchr(b'\n', piece) {
        mark.lines += memchr::memchr_iter(b'\n', &piece[..=last]).count() as u32;
        mark.chars += chars(&piece[..=last]);
        mark.chars_before_line = mark.chars;
        mark.chars += chars(&piece[last + 1..]);
    } else {
        mark.chars += chars(piece);
    }
    mark
}

/// How many characters begin in a piece: all bytes that do not continue one. Adds up in bytes, which compilers turn into vector code.
fn chars(piece: &[u8]) -> u32 {
    piece.chunks(255).map(|chunk| chunk.iter().map(|byte| u8::from(byte & 0xC0 != 0x80)).sum::<u8>() as u32).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, read from the front.
    fn by_definition(text: &[u8], offset: usize, single_byte: bool) -> Position {
        let (mut line, mut column, mut chars) = (1, 1, 0);
        for (at, byte) in text[..offset].iter().enumerate() {
            if byte & 0xC0 == 0x80 {
                continue;
            }
            chars += 1;
            if *byte == b'\n' {
                line += 1;
                column = 1;
            } else if !(at == 0 && text.starts_with(BOM) && offset >= BOM.len()) {
                column += 1;
            }
        }
        Position { line, column, offset: if single_byte { chars } else { offset as u32 } }
    }

    fn texts() -> Vec<Vec<u8>> {
        let mut texts: Vec<Vec<u8>> =
            ["", "a", "\n", "a\nb\n", "\u{FEFF}ab\nc", "a\r\nb\rc\n", "\u{FEFF}", "äöü\n€x", "\n\n\n"]
                .iter()
                .map(|text| text.as_bytes().to_vec())
                .collect();
        texts.push("x".repeat(3 * STEP).into_bytes());
        texts.push("ä€😀b\n".repeat(400).into_bytes());
        texts.push(format!("\u{FEFF}{}\n{}", "é".repeat(700), "y".repeat(600)).into_bytes());
        texts.push([b"a".repeat(STEP - 1), b"\n".to_vec(), b"b".repeat(STEP), b"\n\n".to_vec()].concat());
        texts
    }

    #[test]
    fn positions_are_those_of_the_definition_in_any_order() {
        for text in texts() {
            for single_byte in [false, true] {
                let (mut forward, mut backward) = (LineIndex::new(), LineIndex::new());
                forward.begin(single_byte);
                backward.begin(single_byte);
                for offset in 0..=text.len() {
                    let expected = by_definition(&text, offset, single_byte);
                    assert_eq!(
                        forward.position(&text, offset as u32),
                        expected,
                        "{offset} of {:?}",
                        text.escape_ascii()
                    );
                    let offset = text.len() - offset;
                    let expected = by_definition(&text, offset, single_byte);
                    assert_eq!(backward.position(&text, offset as u32), expected);
                }
            }
        }
    }

    #[test]
    fn an_offset_beyond_the_end_is_the_end() {
        let mut index = LineIndex::new();
        index.begin(false);
        assert_eq!(index.position(b"ab\nc", 99), Position { line: 2, column: 2, offset: 4 });
    }

    #[test]
    fn an_index_serves_a_second_text() {
        let mut index = LineIndex::new();
        index.begin(false);
        assert_eq!(index.position(&b"\n".repeat(2000), 1999).line, 2000);
        index.begin(true);
        assert_eq!(index.position("äb".as_bytes(), 2), Position { line: 1, column: 2, offset: 1 });
    }

    #[test]
    fn a_position_in_a_long_line_costs_what_it_costs_in_a_short_one() {
        // A million positions on one line of 4 MB: counting each from the front of the line would take an hour.
        let text = "é".repeat(2 << 20).into_bytes();
        let mut index = LineIndex::new();
        index.begin(false);
        let mut last = 0;
        for number in 0..1_000_000u32 {
            let position = index.position(&text, number * 4);
            assert_eq!((position.line, position.column), (1, number * 2 + 1));
            last = position.offset;
        }
        assert_eq!(last, 999_999 * 4);
    }
}
