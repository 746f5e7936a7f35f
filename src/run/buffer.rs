//! Reading a file with as few calls as there can be.

use std::io::{self, Read};

/// Bytes that one call reads. Most documents are a small part of it; it is so large that allocators take it from the system and not from
/// what they have at hand, so that it comes as zeros and only what a document fills is ever touched.
const USUAL: usize = 256 << 10;

/// A buffer that keeps its memory from one file to the next.
#[derive(Debug)]
pub struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// An empty buffer.
    pub fn new() -> Self {
        Buffer { bytes: vec![0; USUAL] }
    }

    /// Reads to the end, but never more than `limit` bytes. `size` says how long the file claims to be, and is asked only if it is not
    /// a small one; what it says is taken as a hint. For a small file this is two calls: one for the bytes, and one that says that there
    /// are no more, since a short read alone does not mean the end of everything that can be named.
    pub fn read(
        &mut self,
        file: &mut impl Read,
        size: impl FnOnce() -> Option<u64>,
        limit: usize,
    ) -> io::Result<&[u8]> {
        // What one large document needed is not kept for the rest of the run.
        if self.bytes.len() > 2 * USUAL {
            self.bytes = vec![0; USUAL];
        }
        let mut size = Some(size);
        let mut filled = 0;
        while filled < limit {
            if filled == self.bytes.len() {
                let hint = match size.take() {
                    Some(ask) => ask().and_then(|size| usize::try_from(size).ok()),
                    None => None,
                };
                let wanted = hint.map_or(0, |size| size.saturating_add(1)).max(2 * self.bytes.len()).min(limit);
                // A fresh vector of zeros costs nothing before it is used; growing one would have it all written at once.
                let mut grown = vec![0; wanted.max(filled + 1)];
                grown[..filled].copy_from_slice(&self.bytes);
                self.bytes = grown;
            }
            let end = self.bytes.len().min(limit);
            match file.read(&mut self.bytes[filled..end]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(&self.bytes[..filled])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it has in pieces of a length.
    struct Pieces<'a>(&'a [u8], usize, usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.2 += 1;
            if self.2 % 5 == 4 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn everything_is_read_whatever_the_size_is_said_to_be() {
        let bytes: Vec<u8> = (0..1_600_000u32).map(|n| (n % 251) as u8).collect();
        let mut buffer = Buffer::new();
        for length in [0, 1, USUAL - 1, USUAL, USUAL + 1, 1_600_000] {
            for (piece, said) in
                [(usize::MAX, Some(length as u64)), (1000, None), (7777, Some(3)), (50_000, Some(u64::MAX))]
            {
                let read = buffer.read(&mut Pieces(&bytes[..length], piece, 0), || said, 1 << 21).unwrap();
                assert_eq!(read, &bytes[..length]);
            }
        }
    }

    #[test]
    fn no_more_is_read_than_the_limit() {
        let mut buffer = Buffer::new();
        for limit in [0, 10, USUAL, 3 * USUAL + 5] {
            let read = buffer.read(&mut io::repeat(7), || Some(0), limit).unwrap();
            assert_eq!(read.len(), limit);
        }
    }

    #[test]
    fn a_small_file_is_two_calls() {
        let mut file = Pieces(b"<domain/>", usize::MAX, 0);
        Buffer::new().read(&mut file, || unreachable!(), 1 << 20).unwrap();
        assert_eq!(file.2, 2);
    }

    #[test]
    fn a_file_that_shrinks_while_it_is_read_ends_where_it_ends_now() {
        let path = std::env::temp_dir().join(format!("virdict-shrinks-{}", std::process::id()));
        let bytes: Vec<u8> = (0..400_000u32).map(|n| (n % 251) as u8).collect();
        // In front of what was read when it shrinks, behind it, and to nothing.
        for left in [USUAL + 1000, USUAL - 1000, 0] {
            // A buffer that has grown would hold the file before its size is asked for.
            let mut buffer = Buffer::new();
            std::fs::write(&path, &bytes).unwrap();
            let mut file = std::fs::File::open(&path).unwrap();
            let shrink = || {
                let said = std::fs::metadata(&path).unwrap().len();
                std::fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(left as u64).unwrap();
                Some(said)
            };
            let read = buffer.read(&mut file, shrink, 1 << 20).unwrap();
            assert!(read == &bytes[..left.max(USUAL)], "{} bytes of {left}", read.len());
        }
        std::fs::remove_file(&path).unwrap();
    }
}
