//! Folders as the system gives them.
//!
//! On Linux a folder is held open and files are opened relative to it: the system does not resolve the same long path for every file,
//! a path may be longer than the system would take in one piece, and no symbolic link that appears on the way during the run leads
//! elsewhere. Elsewhere it is a path.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

#[cfg(target_os = "linux")]
pub use linux::{Folder, Identity, Scratch};
#[cfg(not(target_os = "linux"))]
pub use portable::{Folder, Identity, Scratch};

/// What stands under a name in a folder. A symbolic link is what it is, not what it leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A link, a pipe, a socket, a device.
    Other,
    /// The folder does not say; [`Folder::kind`] does.
    Unknown,
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::Kind;
    use std::collections::BTreeSet;
    use std::io::Read;
    use std::path::Path;

    #[test]
    fn both_ways_see_the_same() {
        let root = std::env::temp_dir().join(format!("virdict-folder-{}", std::process::id()));
        std::fs::create_dir_all(root.join("sub/deeper")).unwrap();
        std::fs::write(root.join("sub/a.xml"), "text").unwrap();
        std::os::unix::fs::symlink("a.xml", root.join("sub/link")).unwrap();

        let mut seen = [BTreeSet::new(), BTreeSet::new()];
        let linux = super::linux::Folder::open(&root).unwrap().open_folder(b"sub").unwrap();
        let mut scratch = super::linux::Scratch::new();
        linux
            .entries(&mut scratch, |name, kind| {
                let kind = if kind == Kind::Unknown { linux.kind(name).unwrap() } else { kind };
                seen[0].insert((name.to_vec(), format!("{kind:?}")));
            })
            .unwrap();
        let portable = super::portable::Folder::open(&root).unwrap().open_folder(b"sub").unwrap();
        portable
            .entries(&mut super::portable::Scratch::new(), |name, kind| {
                let kind = if kind == Kind::Unknown { portable.kind(name).unwrap() } else { kind };
                seen[1].insert((name.to_vec(), format!("{kind:?}")));
            })
            .unwrap();
        assert_eq!(seen[0], seen[1]);
        let expected = [("a.xml", "File"), ("deeper", "Folder"), ("link", "Other")];
        assert_eq!(seen[0], expected.map(|(name, kind)| (name.as_bytes().to_vec(), kind.to_owned())).into());

        let mut text = String::new();
        linux.open_file(b"a.xml").unwrap().read_to_string(&mut text).unwrap();
        portable.open_file(b"a.xml").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "texttext");
        assert!(linux.open_file(b"link").is_err(), "a link is not followed");
        assert!(linux.open_folder(b"a.xml").is_err() && portable.open_folder(b"a.xml").is_err());
        let deeper = linux.open_folder(b"deeper").unwrap();
        assert_eq!(deeper.parent(&linux.identity().unwrap()).unwrap().kind(b"a.xml").unwrap(), Kind::File);
        assert!(deeper.parent(&deeper.identity().unwrap()).is_err(), "another folder is not taken for the parent");
        assert!(super::linux::Folder::open(Path::new("/nowhere/at/all")).is_err());
        std::fs::remove_dir_all(&root).unwrap();
    }
}
