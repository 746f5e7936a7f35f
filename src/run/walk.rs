//! The files below a folder, in the order of their paths.
//!
//! A folder is read in whole, what is of no interest is dropped, and the rest is sorted by name, a folder's with the `/` that follows it
//! in a path: so the walk gives paths in the order of their bytes without ever having all of them. Hidden files and folders are passed
//! over, as ripgrep does; symbolic links are not followed, so there are no loops; pipes, sockets and devices are not opened.

use super::folder::{Folder, Identity, Kind, Scratch};
use super::ignores::{Excludes, Ignores, Signs};
use super::{path_of, reason};
use crate::report::escape::push_visible;
use std::io;
use std::sync::Arc;

/// What of a folder is of interest.
#[derive(Debug, Default)]
struct Listing {
    names: Vec<u8>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    start: u32,
    length: u16,
    is_folder: bool,
}

impl Listing {
    fn name(&self, entry: &Entry) -> &[u8] {
        &self.names[entry.start as usize..entry.start as usize + entry.length as usize]
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

/// A folder that the walk is in.
#[derive(Debug)]
struct Level {
    /// The folder; `None` while it is so far up that it is not held open.
    folder: Option<Arc<Folder>>,
    /// What to know it by when it is opened again.
    identity: Option<Identity>,
    listing: Listing,
    next: usize,
    /// Length of the folder's path, its `/` included.
    path: usize,
}

/// Where a walk stands.
#[derive(Debug)]
enum Current {
    /// At the entry before `next` of the innermost folder: a file.
    File,
    /// At something that could not be read: a message.
    Failed(String),
    /// At the end.
    End,
}

/// What a walk gives.
pub enum Found<'w> {
    /// A file, by the folder that it is in and its name there.
    File(&'w Arc<Folder>, &'w [u8]),
    /// Something that could not be read: a message.
    Failed(&'w str),
}

/// A walk.
pub struct Walk<'j> {
    levels: Vec<Level>,
    /// Listings that are free for use.
    spare: Vec<Listing>,
    scratch: Scratch,
    /// Path of the innermost folder, with the `/` after it; empty for the current folder.
    path: Vec<u8>,
    ignores: Option<Ignores>,
    excludes: &'j Excludes,
    current: Current,
}

impl<'j> Walk<'j> {
    /// Begins a walk in the folder of this path, standing at the first file.
    pub fn new(path: &[u8], gitignore: bool, excludes: &'j Excludes) -> Self {
        let mut walk = Walk {
            levels: Vec::new(),
            spare: Vec::new(),
            scratch: Scratch::new(),
            path: path.to_vec(),
            ignores: None,
            excludes,
            current: Current::End,
        };
        if !matches!(path, b"" | b"/") {
            walk.path.push(b'/');
        }
        if gitignore {
            walk.ignores = Some(Ignores::above(&path_of(path), walk.path.len()));
        }
        let root = if path.is_empty() { b"." } else { path };
        match Folder::open(&path_of(root)).and_then(|folder| walk.enter(Arc::new(folder))) {
            Ok(()) => walk.advance(),
            Err(error) => walk.fail(path, &error),
        }
        walk
    }

    /// The path that the walk stands at; `None` at the end.
    pub fn path(&self, out: &mut Vec<u8>) -> Option<()> {
        out.clear();
        out.extend_from_slice(&self.path);
        match (&self.current, self.levels.last()) {
            (Current::End, _) => return None,
            (Current::File, Some(level)) => {
                out.extend_from_slice(level.listing.name(&level.listing.entries[level.next - 1]))
            }
            _ => {}
        }
        Some(())
    }

    /// Path of the folder that the walk stands in, with the `/` after it.
    pub fn folder_path(&self) -> &[u8] {
        &self.path
    }

    /// What the walk stands at; `None` at the end.
    pub fn found(&self) -> Option<Found<'_>> {
        match &self.current {
            Current::End => None,
            Current::Failed(message) => Some(Found::Failed(message)),
            Current::File => {
                let level = self.levels.last()?;
                let name = level.listing.name(&level.listing.entries[level.next - 1]);
                Some(Found::File(level.folder.as_ref()?, name))
            }
        }
    }

    /// Goes on to the next file.
    pub fn advance(&mut self) {
        loop {
            let Some(level) = self.levels.last_mut() else {
                self.current = Current::End;
                return;
            };
            self.path.truncate(level.path);
            let Some(entry) = level.listing.entries.get(level.next).copied() else {
                if let Err(error) = self.leave() {
                    let path = self.path.clone();
                    self.fail(&path, &error);
                    return;
                }
                continue;
            };
            level.next += 1;
            let name = level.listing.name(&entry);
            let folder = self.path.len();
            self.path.extend_from_slice(name);
            let left_out = self.excludes.leaves_out(&self.path, entry.is_folder)
                || self.ignores.as_mut().is_some_and(|ignores| ignores.leaves_out(&self.path, entry.is_folder));
            if left_out {
                continue;
            }
            if !entry.is_folder {
                self.path.truncate(folder);
                self.current = Current::File;
                return;
            }
            let opened = match &level.folder {
                Some(parent) => parent.open_folder(name),
                None => Err(io::ErrorKind::NotFound.into()),
            };
            self.path.push(b'/');
            if let Err(error) = opened.and_then(|folder| self.enter(Arc::new(folder))) {
                let path = self.path[..self.path.len() - 1].to_vec();
                self.fail(&path, &error);
                return;
            }
        }
    }

    fn fail(&mut self, path: &[u8], error: &io::Error) {
        let mut message = String::new();
        push_visible(&mut message, if path.is_empty() { b"." } else { path });
        self.current = Current::Failed(format!("{message}: {}", reason(error)));
    }

    /// Reads a folder whose path is the walk's, and goes into it.
    fn enter(&mut self, folder: Arc<Folder>) -> io::Result<()> {
        let mut listing = self.spare.pop().unwrap_or_default();
        listing.names.clear();
        listing.entries.clear();
        let mut signs = Signs::default();
        folder.entries(&mut self.scratch, |name, mut kind| {
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
                let (start, length) = (listing.names.len() as u32, name.len() as u16);
                listing.names.extend_from_slice(name);
                listing.entries.push(Entry { start, length, is_folder: kind == Kind::Folder });
            }
        })?;
        listing.sort();
        if let Some(ignores) = &mut self.ignores {
            ignores.enter(self.levels.len() + 1, &self.path, &folder, signs);
        }
        self.levels.push(Level { folder: Some(folder), identity: None, listing, next: 0, path: self.path.len() });
        // Far up, a folder is closed; it is known again by what it was.
        if let Some(far) = self.levels.len().checked_sub(Folder::HELD.saturating_add(1)) {
            let level = &mut self.levels[far];
            if let Some(folder) = &level.folder {
                level.identity = Some(folder.identity()?);
                level.folder = None;
            }
        }
        Ok(())
    }

    /// Leaves the innermost folder, and opens the one that it is in again if there is more to do there.
    fn leave(&mut self) -> io::Result<()> {
        if let Some(ignores) = &mut self.ignores {
            ignores.leave(self.levels.len());
        }
        let Some(left) = self.levels.pop() else { return Ok(()) };
        self.spare.push(left.listing);
        let Some(level) = self.levels.last_mut() else { return Ok(()) };
        self.path.truncate(level.path);
        if level.folder.is_some() {
            return Ok(());
        }
        let parent = match (&left.folder, &level.identity) {
            (Some(folder), Some(identity)) => folder.parent(identity),
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        match parent {
            Ok(folder) => level.folder = Some(Arc::new(folder)),
            Err(error) => {
                level.next = level.listing.entries.len();
                return Err(error);
            }
        }
        Ok(())
    }
}
