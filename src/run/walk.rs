//! The files below a folder, in the order of their paths.
//!
//! A folder is read in whole, what is of no interest is dropped, and the rest is sorted by name, a folder's with the `/` that follows it
//! in a path: so the walk gives paths in the order of their bytes without ever having all of them. Hidden files and folders are passed
//! over, as ripgrep does; symbolic links are not followed, so there are no loops; pipes, sockets and devices are not opened.
//!
//! Reading a folder of a thousand files takes as long as checking a hundred of them, and whoever stands in line for the walk would wait.
//! So the folder that comes next can be read before its turn, away from the walk ([`Walk::ask_ahead`]).

use super::folder::{Folder, Identity, Scratch};
use super::ignores::{Excludes, Ignores, Signs};
use super::listing::Listing;
use super::{path_of, reason};
use crate::report::escape::push_visible;
use std::io;
use std::sync::Arc;

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

/// A folder that comes later in a walk, to be read before it does.
#[derive(Debug)]
pub struct Ahead {
    /// The folder that it is in.
    parent: Arc<Folder>,
    name: Vec<u8>,
    /// Its entry: how many levels are above that one's, and its number there.
    place: (usize, usize),
    listing: Listing,
    /// What became of it: nothing if it could not be read, which is told when its turn comes.
    read: Option<(Arc<Folder>, Signs)>,
}

impl Ahead {
    /// Reads the folder.
    pub fn read(&mut self, scratch: &mut Scratch) {
        let opened = self.parent.open_folder(&self.name);
        let read = opened.and_then(|folder| self.listing.read(&folder, scratch).map(|signs| (folder, signs)));
        self.read = read.ok().map(|(folder, signs)| (Arc::new(folder), signs));
    }
}

/// What of a walk is read before its turn.
#[derive(Debug)]
enum Next {
    /// It is not known which comes next.
    Unknown,
    /// None comes, or none that can be opened from here.
    Nothing,
    /// Somebody reads the one at this place.
    Asked((usize, usize)),
    /// It has been read.
    Read(Ahead),
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
    next: Next,
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
            next: Next::Unknown,
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
            let depth = self.levels.len();
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
            let place = (depth - 1, level.next - 1);
            let name = level.listing.name(&entry);
            let folder = self.path.len();
            self.path.extend_from_slice(name);
            let ahead = if entry.is_folder { self.next.take(place) } else { None };
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
            let entered = match (ahead, &level.folder) {
                (Some((folder, listing, signs)), _) => {
                    self.path.push(b'/');
                    self.push(folder, listing, signs)
                }
                (None, parent) => {
                    let gone = || Err(io::ErrorKind::NotFound.into());
                    let opened = parent.as_ref().map_or_else(gone, |parent| parent.open_folder(name));
                    self.path.push(b'/');
                    opened.and_then(|folder| self.enter(Arc::new(folder)))
                }
            };
            if let Err(error) = entered {
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
        let signs = listing.read(&folder, &mut self.scratch)?;
        self.push(folder, listing, signs)
    }

    /// Goes into a folder whose path is the walk's.
    fn push(&mut self, folder: Arc<Folder>, listing: Listing, signs: Signs) -> io::Result<()> {
        if let Some(ignores) = &mut self.ignores {
            ignores.enter(self.levels.len() + 1, &self.path, &folder, signs);
        }
        self.levels.push(Level { folder: Some(folder), identity: None, listing, next: 0, path: self.path.len() });
        if let Next::Nothing = self.next {
            self.next = Next::Unknown;
        }
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

    /// The folder that comes next, if nobody has been asked yet to read it.
    pub fn ask_ahead(&mut self) -> Option<Ahead> {
        if !matches!(self.next, Next::Unknown) {
            return None;
        }
        self.next = Next::Nothing;
        let (depth, level, number) = self.levels.iter().enumerate().rev().find_map(|(depth, level)| {
            let comes = level.listing.entries[level.next..].iter().position(|entry| entry.is_folder)?;
            Some((depth, level, level.next + comes))
        })?;
        let ahead = Ahead {
            parent: level.folder.clone()?,
            name: level.listing.name(&level.listing.entries[number]).to_vec(),
            place: (depth, number),
            listing: self.spare.pop().unwrap_or_default(),
            read: None,
        };
        self.next = Next::Asked(ahead.place);
        Some(ahead)
    }

    /// Takes a folder that was read. If its turn has come already, the walk has read it itself.
    pub fn put_ahead(&mut self, ahead: Ahead) {
        let parent = self.levels.get(ahead.place.0).and_then(|level| level.folder.as_ref());
        match self.next {
            // The same place in another folder, or in another walk, is another folder.
            Next::Asked(place)
                if place == ahead.place && parent.is_some_and(|parent| Arc::ptr_eq(parent, &ahead.parent)) =>
            {
                self.next = Next::Read(ahead);
            }
            _ => self.spare.push(ahead.listing),
        }
    }

    /// Leaves the innermost folder, and opens the one that it is in again if there is more to do there.
    fn leave(&mut self) -> io::Result<()> {
        if let Some(ignores) = &mut self.ignores {
            ignores.leave(self.levels.len());
        }
        let Some(left) = self.levels.pop() else { return Ok(()) };
        self.spare.push(left.listing);
        // A folder that was closed could not be looked at.
        if let Next::Nothing = self.next {
            self.next = Next::Unknown;
        }
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

impl Next {
    /// The folder at this entry, whose turn it is, if it has been read.
    fn take(&mut self, place: (usize, usize)) -> Option<(Arc<Folder>, Listing, Signs)> {
        match self {
            Next::Asked(asked) | Next::Read(Ahead { place: asked, .. }) if *asked == place => {}
            _ => return None,
        }
        match std::mem::replace(self, Next::Unknown) {
            Next::Read(Ahead { listing, read: Some((folder, signs)), .. }) => Some((folder, listing, signs)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::path::{Path, PathBuf};

    fn tree(name: &str) -> PathBuf {
        let root = std::env::temp_dir().join(format!("virdict-walk-{name}-{}", std::process::id()));
        for path in
            ["a.xml", "b/1.xml", "b/2.xml", "b/c/3.xml", "b/d/4.xml", "e/f/g/5.xml", "h.xml", "skip/6.xml", "z/7.xml"]
        {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "").unwrap();
        }
        fs::write(root.join(".ignore"), "skip/").unwrap();
        fs::write(root.join("b/.ignore"), "4.xml").unwrap();
        root
    }

    /// The paths of a walk, and what `step` does at each.
    fn paths(root: &Path, mut step: impl FnMut(&mut Walk<'_>)) -> Vec<String> {
        let excludes = Excludes::default();
        let mut walk = Walk::new(root.as_os_str().as_encoded_bytes(), true, &excludes);
        let (mut paths, mut path) = (Vec::new(), Vec::new());
        while let Some(found) = walk.found() {
            let relative = |text: &str| text.replace(&*root.to_string_lossy(), "");
            paths.push(match found {
                Found::Failed(message) => relative(message),
                Found::File(..) => {
                    walk.path(&mut path);
                    relative(&String::from_utf8_lossy(&path))
                }
            });
            step(&mut walk);
            walk.advance();
        }
        paths
    }

    #[test]
    fn what_is_read_ahead_changes_nothing() {
        let root = tree("ahead");
        let expected = ["/a.xml", "/b/1.xml", "/b/2.xml", "/b/c/3.xml", "/e/f/g/5.xml", "/h.xml", "/z/7.xml"];
        assert_eq!(paths(&root, |_| {}), expected);
        let mut scratch = Scratch::new();
        let mut read = 0;
        let at_once = paths(&root, |walk| {
            if let Some(mut ahead) = walk.ask_ahead() {
                ahead.read(&mut scratch);
                walk.put_ahead(ahead);
                read += 1;
            }
        });
        assert_eq!(at_once, expected);
        assert_eq!(read, 4, "b, c, d, skip: before the others there is no file at which somebody might ask");
        // What comes back late, or never, is read by the walk itself.
        let mut late = Vec::new();
        let too_late = paths(&root, |walk| {
            if let Some(mut ahead) = walk.ask_ahead() {
                ahead.read(&mut scratch);
                late.push(ahead);
            }
            if late.len() == 3 {
                late.drain(..).for_each(|ahead| walk.put_ahead(ahead));
            }
        });
        assert_eq!(too_late, expected);
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn what_cannot_be_read_ahead_is_told_when_its_turn_comes() {
        let root = tree("gone");
        let mut scratch = Scratch::new();
        let paths = paths(&root, |walk| {
            if let Some(mut ahead) = walk.ask_ahead() {
                if ahead.name == b"c" {
                    fs::remove_dir_all(root.join("b/c")).unwrap();
                }
                ahead.read(&mut scratch);
                walk.put_ahead(ahead);
            }
        });
        assert!(paths[3].starts_with("/b/c: "), "{paths:?}");
        assert_eq!(paths[4..], ["/e/f/g/5.xml", "/h.xml", "/z/7.xml"]);
        fs::remove_dir_all(&root).unwrap();
    }
}
