//! Text from documents and file names, made safe to print.
//!
//! What a document holds is chosen by whoever wrote it. Printed as it is, an escape sequence recolours or rewrites the terminal, a
//! bidirectional override makes a line read as what it is not, and a line separator forges a second record. Every report passes such
//! text through here.

use std::fmt::Write;
use std::path::Path;

/// Whether a character must not reach a terminal or a log as it is: it controls, reorders, or cannot be seen.
pub fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Appends a character as a person may see it: `\n`, `\t`, `\r`, `\u{1b}` for a treacherous one, itself otherwise.
pub fn push_visible_char(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_treacherous(c) => write!(out, "\\u{{{:x}}}", c as u32).expect("a string takes everything"),
        c => out.push(c),
    }
}

/// Appends text as a person may see it, on one line. A byte that is no UTF-8 becomes `\xff`.
pub fn push_visible(out: &mut String, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_visible_char(out, c));
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}").expect("a string takes everything");
        }
    }
}

/// Text as a person may see it, on one line.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_visible(&mut out, text.as_bytes());
    out
}

/// The bytes of a path. Where paths are not bytes, what is no Unicode is replaced.
pub fn path_bytes(path: &Path) -> std::borrow::Cow<'_, [u8]> {
    #[cfg(unix)]
    return std::borrow::Cow::Borrowed(std::os::unix::ffi::OsStrExt::as_bytes(path.as_os_str()));
    #[cfg(not(unix))]
    match path.to_string_lossy() {
        std::borrow::Cow::Borrowed(text) => std::borrow::Cow::Borrowed(text.as_bytes()),
        std::borrow::Cow::Owned(text) => std::borrow::Cow::Owned(text.into_bytes()),
    }
}

/// A path as a person may see it.
pub fn visible_path(path: &Path) -> String {
    let mut out = String::new();
    push_visible(&mut out, &path_bytes(path));
    out
}

/// Appends a JSON string with its quotes. Besides what JSON demands, treacherous characters are written as `\uXXXX`, so that a report
/// that somebody looks at in a terminal is as safe as the others, and a line of JSON Lines stays one line for every reader.
pub fn push_json(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    push_json_text(out, text);
    out.push(b'"');
}

/// Appends what stands between the quotes of a JSON string.
pub fn push_json_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut done = 0;
    loop {
        let plain = plain_length(&bytes[done..]);
        out.extend_from_slice(&bytes[done..done + plain]);
        done += plain;
        if done == bytes.len() {
            return;
        }
        let c = text[done..].chars().next().expect("the byte at a character's start was found");
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            c if is_treacherous(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(b"\\u");
                    for shift in [12, 8, 4, 0] {
                        out.push(b"0123456789abcdef"[(*unit >> shift & 15) as usize]);
                    }
                }
            }
            _ => out.extend_from_slice(&bytes[done..done + c.len_utf8()]),
        }
        done += c.len_utf8();
    }
}

/// How many bytes from the first one on stand for themselves in a JSON string.
fn plain_length(bytes: &[u8]) -> usize {
    // Most pieces of text are plain as a whole, and sixteen bytes at once are a few instructions.
    let (chunks, _) = bytes.as_chunks::<16>();
    let plain_chunks = chunks.iter().take_while(|chunk| chunk.iter().fold(true, |plain, byte| plain & is_plain(*byte)));
    let whole = 16 * plain_chunks.count();
    whole + bytes[whole..].iter().take_while(|byte| is_plain(**byte)).count()
}

/// Whether a byte stands for itself in a JSON string: ASCII that is neither control nor quote nor backslash.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7E) & (byte != b'"') & (byte != b'\\')
}

/// Appends a number.
pub fn push_number(out: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[first..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> String {
        let mut out = Vec::new();
        push_json(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_is_seen_cannot_command_a_terminal() {
        assert_eq!(visible("a\u{1b}[31mb\u{9b}1m"), "a\\u{1b}[31mb\\u{9b}1m");
        assert_eq!(visible("x\u{202e}y\u{2066}z\n\t"), "x\\u{202e}y\\u{2066}z\\n\\t");
        assert_eq!(visible("Ünïcödé 漢字 😀"), "Ünïcödé 漢字 😀");
        let mut out = String::new();
        push_visible(&mut out, b"a\xFFb\xE2\x82");
        assert_eq!(out, "a\\xffb\\xe2\\x82");
    }

    #[test]
    fn json_strings_are_json_and_safe() {
        assert_eq!(json(r#"a"b\c"#), r#""a\"b\\c""#);
        assert_eq!(json("\n\r\t\u{0}\u{7f}\u{85}"), "\"\\n\\r\\t\\u0000\\u007f\\u0085\"");
        assert_eq!(json("\u{2028}\u{202e}\u{feff}\u{e0001}"), "\"\\u2028\\u202e\\ufeff\\udb40\\udc01\"");
        assert_eq!(json("漢字 é"), "\"漢字 é\"");
        // Every character comes back from a JSON reader as it was.
        for c in
            (0..0x11_0000).filter_map(char::from_u32).filter(|c| (*c as u32) < 0x3000 || (*c as u32).is_multiple_of(97))
        {
            let text = format!("<{c}>");
            let read: String = serde_json::from_str(&json(&text)).unwrap();
            assert_eq!(read, text);
        }
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 7, 10, 4_294_967_295, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string().as_bytes());
        }
    }
}
