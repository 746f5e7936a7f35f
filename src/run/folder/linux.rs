//! Folders as open descriptors.

use super::Kind;
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, Mode, OFlags, RawDir, openat, statat};
use std::fs::File;
use std::io;
use std::path::Path;

/// A folder.
#[derive(Debug)]
pub struct Folder {
    descriptor: OwnedFd,
}

/// What tells one folder from all others while both exist: the device and the inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(u64, u64);

/// Memory that listing folders uses again and again.
#[derive(Debug)]
pub struct Scratch(Vec<u8>);

impl Scratch {
    /// Room for some hundred names at a time.
    pub fn new() -> Self {
        Scratch(Vec::with_capacity(32 << 10))
    }
}

const FOLDER: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

impl Folder {
    /// How many folders of a path may be held open, so that a deep tree does not use up the descriptors that a process may have.
    pub const HELD: usize = 64;

    /// Opens a folder that was named. A link is followed.
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Folder { descriptor: rustix::fs::open(path, FOLDER, Mode::empty())? })
    }

    /// Opens a folder in this one. A link is not followed.
    pub fn open_folder(&self, name: &[u8]) -> io::Result<Self> {
        Ok(Folder { descriptor: openat(&self.descriptor, name, FOLDER | OFlags::NOFOLLOW, Mode::empty())? })
    }

    /// Opens a file in this folder. Neither is a link followed, nor does a pipe that has taken the file's place block.
    pub fn open_file(&self, name: &[u8]) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        Ok(File::from(openat(&self.descriptor, name, flags, Mode::empty())?))
    }

    /// What tells this folder from others.
    pub fn identity(&self) -> io::Result<Identity> {
        let stat = rustix::fs::fstat(&self.descriptor)?;
        Ok(Identity(stat.st_dev as u64, stat.st_ino as u64))
    }

    /// The folder that this one lies in, if it still is the one that is expected.
    pub fn parent(&self, expected: &Identity) -> io::Result<Self> {
        let parent = self.open_folder(b"..")?;
        if parent.identity()? != *expected {
            return Err(io::Error::other("the folder was moved during the run"));
        }
        Ok(parent)
    }

    /// Calls `each` with the name and the kind of everything in the folder, in no order.
    pub fn entries(&self, scratch: &mut Scratch, mut each: impl FnMut(&[u8], Kind)) -> io::Result<()> {
        scratch.0.clear();
        let mut entries = RawDir::new(&self.descriptor, scratch.0.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                each(name, kind_of(entry.file_type()));
            }
        }
        Ok(())
    }

    /// What stands under a name.
    pub fn kind(&self, name: &[u8]) -> io::Result<Kind> {
        let stat = statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(kind_of(FileType::from_raw_mode(stat.st_mode)))
    }

    /// Bytes of a file.
    pub fn size(&self, name: &[u8]) -> io::Result<u64> {
        Ok(statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW)?.st_size as u64)
    }
}

fn kind_of(file_type: FileType) -> Kind {
    match file_type {
        FileType::RegularFile => Kind::File,
        FileType::Directory => Kind::Folder,
        FileType::Unknown => Kind::Unknown,
        _ => Kind::Other,
    }
}
