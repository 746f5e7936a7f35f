//! The pieces of a report, put together in the order of the files.

use super::Format;
use std::io::{self, Write};

/// What a thread rendered of one or several files that follow each other.
#[derive(Debug, Default)]
pub struct Piece {
    /// The rendered findings.
    pub bytes: Vec<u8>,
    /// Where each finding ends in `bytes`. Kept only for a report that is capped.
    pub ends: Vec<usize>,
    /// Findings that were made, rendered or not.
    pub findings: u64,
}

impl Piece {
    /// Empties the piece, and keeps its memory unless it is much.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(1 << 20);
        self.ends.clear();
        self.findings = 0;
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.findings == 0
    }
}

/// Writes a report's frame and its pieces.
#[derive(Debug)]
pub struct Assembly {
    format: Format,
    /// How many findings may still be written; `None` for all.
    room: Option<usize>,
    begun: bool,
    /// Findings that were not written for want of room.
    held_back: u64,
}

impl Assembly {
    /// A report of which `cap` findings are written; `None` for all.
    pub fn new(format: Format, cap: Option<usize>) -> Self {
        Assembly { format, room: cap, begun: false, held_back: 0 }
    }

    /// Whether no further finding is going to be written, so that none need be rendered.
    pub fn is_full(&self) -> bool {
        self.room == Some(0)
    }

    /// Writes the next piece.
    pub fn piece(&mut self, piece: &Piece, out: &mut dyn Write) -> io::Result<()> {
        let mut bytes = &piece.bytes[..];
        if let Some(room) = &mut self.room {
            let written = piece.ends.len().min(*room);
            bytes = &bytes[..if written == 0 { 0 } else { piece.ends[written - 1] }];
            *room -= written;
            self.held_back += piece.findings - written as u64;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if self.format == Format::Json && !self.begun {
            out.write_all(b"[")?;
            bytes = &bytes[1..];
        }
        self.begun = true;
        out.write_all(bytes)
    }

    /// Writes what comes after the last piece.
    pub fn finish(&mut self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Json if self.begun => out.write_all(b"\n]\n"),
            Format::Json => out.write_all(b"[]\n"),
            _ if self.held_back > 0 => {
                let s = if self.held_back == 1 { "" } else { "s" };
                writeln!(out, "... and {} more finding{s}: --max-diagnostics 0 shows all", self.held_back)
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(format: Format, cap: Option<usize>, pieces: &[&[&str]]) -> String {
        let mut assembly = Assembly::new(format, cap);
        let mut out = Vec::new();
        for findings in pieces {
            let mut piece = Piece::default();
            for finding in *findings {
                piece.bytes.extend_from_slice(finding.as_bytes());
                piece.ends.push(piece.bytes.len());
                piece.findings += 1;
            }
            assembly.piece(&piece, &mut out).unwrap();
        }
        assembly.finish(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_json_array_is_one_whatever_the_pieces() {
        assert_eq!(pieces(Format::Json, None, &[]), "[]\n");
        assert_eq!(
            pieces(Format::Json, None, &[&[], &[",\n  1"], &[], &[",\n  2", ",\n  3"]]),
            "[\n  1,\n  2,\n  3\n]\n"
        );
    }

    #[test]
    fn a_capped_report_says_what_it_holds_back() {
        assert_eq!(pieces(Format::Full, Some(2), &[&["a", "b"]]), "ab");
        assert_eq!(
            pieces(Format::Full, Some(2), &[&["a"], &["b", "c"], &["d"]]),
            "ab... and 2 more findings: --max-diagnostics 0 shows all\n"
        );
        assert_eq!(pieces(Format::Full, None, &[&["a"], &["b", "c"]]), "abc");
    }
}
