//! Characters and names: the lexical base of XML 1.0, fifth edition.
//!
//! ASCII is judged by one table look-up a byte; what lies beyond it takes the slow way, for domain XML hardly ever has any.

/// The byte may begin a name (a colon may not: where colons matter is for namespaces to say).
pub(super) const NAME_START: u8 = 1;
/// The byte may stand in a name (a colon is not among them).
pub(super) const NAME: u8 = 2;
/// The byte is white space.
pub(super) const SPACE: u8 = 4;
/// Inside a quoted value the byte needs a look: quotes, `<`, `&`, white space other than the blank, control characters, and the first
/// byte of U+FFFE and U+FFFF.
pub(super) const IN_VALUE: u8 = 8;
/// Inside text the byte needs a look: `&`, `]`, a carriage return, control characters, and the first byte of U+FFFE and U+FFFF.
pub(super) const IN_TEXT: u8 = 16;

/// What each byte may be.
pub(super) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let byte = index as u8;
        let mut class = 0;
        if byte.is_ascii_alphabetic() || byte == b'_' {
            class |= NAME_START | NAME;
        }
        if byte.is_ascii_digit() || byte == b'-' || byte == b'.' {
            class |= NAME;
        }
        if matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
            class |= SPACE;
        }
        if byte < 0x20 || matches!(byte, b'"' | b'\'' | b'<' | b'&' | 0xEF) {
            class |= IN_VALUE;
        }
        if (byte < 0x20 && byte != b'\t' && byte != b'\n') || matches!(byte, b'&' | b']' | 0xEF) {
            class |= IN_TEXT;
        }
        table[index] = class;
        index += 1;
    }
    table
}

/// Whether a byte is of one of these classes.
#[inline(always)]
pub(super) fn is(byte: u8, classes: u8) -> bool {
    CLASS[byte as usize] & classes != 0
}

/// A word of bytes that are all 1.
const ONES: u64 = 0x0101_0101_0101_0101;

/// The highest bit of each byte of a word.
const HIGH: u64 = ONES << 7;

/// Marks a byte in a word read in the order of memory: the lowest of the bits that are set is the highest bit of the first such byte. 0 if
/// there is none.
#[inline(always)]
pub(super) fn mark(word: u64, byte: u8) -> u64 {
    let other = word ^ (ONES * u64::from(byte));
    other.wrapping_sub(ONES) & !other & HIGH
}

/// The same as [`skip_space`], made for line breaks with blanks behind them.
#[inline(always)]
pub(super) fn skip_indentation(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() && is_space(bytes[at]) {
        at += 1;
        while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let other = u64::from_le_bytes(*chunk) ^ (ONES * u64::from(b' '));
            if other != 0 {
                at += (other.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
    }
    at
}

/// The offset of the first byte from `from` on that text does not simply hold: `<`, `&`, `]`, control characters, line breaks among them,
/// and what is not ASCII. At the very end of a document it may be earlier.
#[inline(always)]
pub(super) fn skip_plain_text(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        // Above the first control character there may be marks that mean nothing.
        let control = word.wrapping_sub(ONES * 0x20) & HIGH;
        let found = mark(word, b'<') | mark(word, b'&') | mark(word, b']') | control | word & HIGH;
        if found != 0 {
            return at + (found.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    at
}

/// `[3] S ::= (#x20 | #x9 | #xD | #xA)+`, one byte of it.
#[inline(always)]
pub(super) fn is_space(byte: u8) -> bool {
    is(byte, SPACE)
}

/// The offset of the first byte from `from` on that is no white space.
#[inline(always)]
pub(super) fn skip_space(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while at < bytes.len() && is_space(bytes[at]) {
        at += 1;
    }
    at
}

/// `[2] Char ::= #x9 | #xA | #xD | [#x20-#xD7FF] | [#xE000-#xFFFD] | [#x10000-#x10FFFF]`
pub(super) fn is_char(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{B}' | '\u{C}' | '\u{E}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}')
}

/// `[4] NameStartChar`, without the colon.
pub(super) fn is_name_start(character: char) -> bool {
    match character {
        'a'..='z' | 'A'..='Z' | '_' => true,
        _ if character < '\u{C0}' => false,
        '\u{D7}' | '\u{F7}' | '\u{37E}' => false,
        '\u{C0}'..='\u{2FF}'
        | '\u{370}'..='\u{1FFF}'
        | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}' => true,
        _ => false,
    }
}

/// `[4a] NameChar`, without the colon.
pub(super) fn is_name_char(character: char) -> bool {
    is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// The character at an offset of valid UTF-8. At an offset that is none of a character's first byte, U+FFFF, which may stand nowhere.
pub(super) fn char_at(bytes: &[u8], at: usize) -> Option<char> {
    let first = *bytes.get(at)?;
    if first < 0x80 {
        return Some(first as char);
    }
    let length = char_len(first).min(bytes.len() - at);
    let character = std::str::from_utf8(&bytes[at..at + length]).ok().and_then(|text| text.chars().next());
    Some(character.unwrap_or('\u{FFFF}'))
}

/// How many bytes the character has that begins with this byte.
#[inline]
pub(super) fn char_len(first: u8) -> usize {
    match first {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// `[5] Name ::= NameStartChar (NameChar)*` with colons wherever they like: the offset after the longest name that begins at `from`;
/// `from` itself if none does.
#[inline]
pub(super) fn skip_name(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    match bytes.get(at) {
        Some(&byte) if is(byte, NAME_START) || byte == b':' => at += 1,
        Some(&byte) if byte >= 0x80 && char_at(bytes, at).is_some_and(is_name_start) => at += char_len(byte),
        _ => return from,
    }
    skip_name_chars(bytes, at)
}

/// `[7] Nmtoken`: the offset after the longest run of name characters, colons among them.
pub(super) fn skip_name_chars(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        if is(byte, NAME) || byte == b':' {
            at += 1;
        } else if byte >= 0x80 && char_at(bytes, at).is_some_and(is_name_char) {
            at += char_len(byte);
        } else {
            break;
        }
    }
    at
}

/// The first character that is no `[2] Char`, with its offset. One pass that the compiler makes vectors of.
pub(super) fn find_bad_char(bytes: &[u8]) -> Option<(usize, char)> {
    let suspicious = |byte: u8| (byte < 0x20) & (byte != b'\n') & (byte != b'\t') & (byte != b'\r') | (byte == 0xEF);
    let mut base = 0;
    for chunk in bytes.chunks(64) {
        if chunk.iter().fold(false, |any, &byte| any | suspicious(byte)) {
            for (index, &byte) in chunk.iter().enumerate() {
                if suspicious(byte)
                    && let Some(character) = char_at(bytes, base + index)
                    && !is_char(character)
                {
                    return Some((base + index, character));
                }
            }
        }
        base += chunk.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_ends_at_the_first_byte_that_is_special() {
        let special = |byte: u8| !(0x20..0x80).contains(&byte) || matches!(byte, b'<' | b'&' | b']');
        for byte in 0..=255u8 {
            for at in 0..24 {
                let mut bytes = [b'a'; 40];
                (bytes[at], bytes[at + 3]) = (byte, b'<');
                let expected = if special(byte) { at } else { at + 3 };
                assert_eq!(skip_plain_text(&bytes, 0), expected, "{byte} at {at}");
            }
        }
        // The last bytes of a document are left to others.
        assert_eq!(skip_plain_text(b"abcdefghijk<", 0), 8);
        assert_eq!(skip_plain_text(b"abc", 3), 3);
    }

    #[test]
    fn the_first_byte_is_marked() {
        for at in 0..8 {
            let mut bytes = *b"x?=.>>>\xBE";
            bytes.rotate_left(at);
            let expected = bytes.iter().position(|byte| *byte == b'>').unwrap() as u32;
            assert_eq!(mark(u64::from_le_bytes(bytes), b'>').trailing_zeros() / 8, expected, "{bytes:?}");
        }
        assert_eq!(mark(u64::from_le_bytes(*b"abcdefgh"), b'>'), 0);
    }

    #[test]
    fn indentation_is_white_space() {
        for text in ["\n  x", "\n          x", "x", "\n\n \t\r\n         \n x", " \u{b}x", "         "] {
            for from in 0..text.len() {
                assert_eq!(skip_indentation(text.as_bytes(), from), skip_space(text.as_bytes(), from), "{text:?}");
            }
        }
    }
}
