//! What of a folder is of interest, sorted.

use super::folder::{Folder, Kind, Scratch};
use super::ignores::Signs;
use std::io;

/// The files and folders of a folder that a walk gives or goes into, in its order.
#[derive(Debug, Default)]
pub struct Listing {
    names: Vec<u8>,
    /// What there is.
    pub entries: Vec<Entry>,
}

/// A file or folder.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    start: u32,
    length: u16,
    /// Whether it is a folder.
    pub is_folder: bool,
}

impl Listing {
    /// The name of an entry.
    pub fn name(&self, entry: &Entry) -> &[u8] {
        &self.names[entry.start as usize..entry.start as usize + entry.length as usize]
    }

    /// Reads a folder, in place of what was there.
    pub fn read(&mut self, folder: &Folder, scratch: &mut Scratch) -> io::Result<Signs> {
        self.names.clear();
        self.entries.clear();
        let mut signs = Signs::default();
        folder.entries(scratch, |name, mut kind| {
            if name.first() == Some(&b'.') {
                signs.git |= name == b".git";
                signs.gitignore |= name == b".gitignore";
                signs.ignore |= name == b".ignore";
                return;
            }
            if kind == Kind::Unknown {
                // What has gone since the folder was read is not there.
                kind = folder.kind(name).unwrap_or(Kind::Other);
            }
            if kind == Kind::Folder || kind == Kind::File && name.ends_with(b".xml") {
                let (start, length) = (self.names.len() as u32, name.len() as u16);
                self.names.extend_from_slice(name);
                self.entries.push(Entry { start, length, is_folder: kind == Kind::Folder });
            }
        })?;
        self.sort();
        Ok(signs)
    }

    fn sort(&mut self) {
        let names = &self.names;
        // Names never hold a `/`, so the order is that of whole paths.
        let key = |entry: &Entry| {
            let name = &names[entry.start as usize..entry.start as usize + entry.length as usize];
            name.iter().copied().chain(entry.is_folder.then_some(b'/'))
        };
        self.entries.sort_unstable_by(|a, b| {
            let (a_name, b_name) = (
                &names[a.start as usize..a.start as usize + a.length as usize],
                &names[b.start as usize..b.start as usize + b.length as usize],
            );
            if a.is_folder || b.is_folder { key(a).cmp(key(b)) } else { a_name.cmp(b_name) }
        });
    }
}
