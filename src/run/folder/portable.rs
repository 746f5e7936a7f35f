//! Folders as paths, with nothing but the standard library.

#![cfg_attr(all(test, target_os = "linux"), allow(dead_code))]

use super::Kind;
use crate::run::path_of;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// A folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// What tells one folder from another; a path needs nothing.
#[derive(Clone, Copy, Debug)]
pub struct Identity;

/// Nothing.
#[derive(Debug)]
pub struct Scratch;

impl Scratch {
    /// Nothing.
    pub fn new() -> Self {
        Scratch
    }
}

impl Folder {
    /// Paths use up nothing.
    pub const HELD: usize = usize::MAX;

    /// A folder that was named. A link is followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Folder { path: path.to_owned() })
    }

    /// A folder in this one.
    pub fn open_folder(&self, name: &[u8]) -> io::Result<Self> {
        let path = self.path.join(path_of(name));
        if !fs::symlink_metadata(&path)?.is_dir() {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        Ok(Folder { path })
    }

    /// Opens a file in this folder.
    pub fn open_file(&self, name: &[u8]) -> io::Result<File> {
        File::open(self.path.join(path_of(name)))
    }

    /// Nothing.
    pub fn identity(&self) -> io::Result<Identity> {
        Ok(Identity)
    }

    /// The folder that this one lies in.
    pub fn parent(&self, _: &Identity) -> io::Result<Self> {
        let path = self.path.parent().ok_or(io::ErrorKind::NotFound)?;
        Ok(Folder { path: path.to_owned() })
    }

    /// Calls `each` with the name and the kind of everything in the folder, in no order.
    pub fn entries(&self, _: &mut Scratch, mut each: impl FnMut(&[u8], Kind)) -> io::Result<()> {
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = PathBuf::from(entry.file_name());
            let kind = entry.file_type().map_or(Kind::Unknown, kind_of);
            each(&crate::report::escape::path_bytes(&name), kind);
        }
        Ok(())
    }

    /// What stands under a name.
    pub fn kind(&self, name: &[u8]) -> io::Result<Kind> {
        Ok(kind_of(fs::symlink_metadata(self.path.join(path_of(name)))?.file_type()))
    }

    /// Bytes of a file.
    pub fn size(&self, name: &[u8]) -> io::Result<u64> {
        Ok(fs::symlink_metadata(self.path.join(path_of(name)))?.len())
    }
}

fn kind_of(file_type: fs::FileType) -> Kind {
    if file_type.is_file() {
        Kind::File
    } else if file_type.is_dir() {
        Kind::Folder
    } else {
        Kind::Other
    }
}
