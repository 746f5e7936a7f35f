//! What is left out of a walk: git's rules, `.ignore` files, and the user's own patterns.
//!
//! The rules are those of git and ripgrep. `.gitignore` counts inside a git repository, from its root down, then the repository's
//! `info/exclude`, then the user's global excludes; `.ignore`, in the same language, counts everywhere and before those. A deeper file
//! outranks a higher one, and a later line an earlier. Files above the folder that was named count too.

use super::folder::Folder;
use super::path_of;
use crate::report::escape::path_bytes;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder, gitconfig_excludes_path};
use std::io::Read;
use std::path::{Path, PathBuf};

/// Patterns of the user's (`--exclude`), in the language of `.gitignore`, relative to the current folder.
#[derive(Debug, Default)]
pub struct Excludes {
    patterns: Option<Gitignore>,
    /// The current folder, for paths that are not relative to it.
    here: PathBuf,
}

impl Excludes {
    /// Reads patterns; the error says which one is wrong and how.
    pub fn new<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Result<Self, String> {
        let mut builder = GitignoreBuilder::new("");
        let mut any = false;
        for pattern in patterns {
            builder.add_line(None, pattern).map_err(|error| error.to_string())?;
            any = true;
        }
        if !any {
            return Ok(Excludes::default());
        }
        let patterns = builder.build().map_err(|error| error.to_string())?;
        Ok(Excludes { patterns: Some(patterns), here: std::env::current_dir().unwrap_or_default() })
    }

    /// Whether something in a folder is left out. Whatever is in a folder that is left out is not asked for.
    pub fn leaves_out(&self, path: &[u8], is_folder: bool) -> bool {
        match &self.patterns {
            None => false,
            Some(patterns) => patterns.matched(self.relative(&path_of(path)), is_folder).is_ignore(),
        }
    }

    /// Whether a file that was named is left out, by itself or by a folder that it is in.
    pub fn leave_out_named(&self, path: &[u8]) -> bool {
        match &self.patterns {
            None => false,
            Some(patterns) => patterns.matched_path_or_any_parents(self.relative(&path_of(path)), false).is_ignore(),
        }
    }

    fn relative<'p>(&self, path: &'p Path) -> &'p Path {
        if let Ok(inside) = path.strip_prefix(&self.here) {
            return inside;
        }
        // A path that leads elsewhere is matched from its root.
        let mut parts = path.components();
        while parts.as_path().has_root() {
            parts.next();
        }
        parts.as_path()
    }
}

/// The rules of one folder.
#[derive(Debug)]
struct Node {
    /// How many levels the walk had when the folder was entered; 0 for a folder above the walk.
    level: usize,
    /// The way from this folder to the walk's root, if the folder is above it.
    above: Vec<u8>,
    /// Bytes of a path in the walk that are not part of the way from this folder.
    strip: usize,
    ignore: Option<Gitignore>,
    git: Option<Gitignore>,
    /// The folder is the root of a repository; these are its own excludes.
    repository: Option<Option<Gitignore>>,
}

/// The rules in force at a place of a walk.
#[derive(Debug, Default)]
pub struct Ignores {
    nodes: Vec<Node>,
    /// The user's global excludes, read once there is a repository.
    global: Option<Option<Gitignore>>,
    scratch: Vec<u8>,
}

/// What a folder's listing says about rules.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signs {
    /// There is a `.git`.
    pub git: bool,
    /// There is a `.gitignore`.
    pub gitignore: bool,
    /// There is a `.ignore`.
    pub ignore: bool,
}

impl Ignores {
    /// The rules of the folders above a walk's root. `strip` is the length of the root's own path as the walk writes it.
    pub fn above(root: &Path, strip: usize) -> Self {
        let mut ignores = Ignores::default();
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let Ok(root) = root.canonicalize() else { return ignores };
        let parents: Vec<&Path> = root.ancestors().skip(1).collect();
        for parent in parents.into_iter().rev() {
            let ignore = std::fs::read(parent.join(".ignore")).ok().and_then(|text| rules(&text));
            let repository = parent.join(".git").exists();
            let git = std::fs::read(parent.join(".gitignore")).ok();
            let mut above = root.strip_prefix(parent).map(|way| path_bytes(way).into_owned()).unwrap_or_default();
            above.push(b'/');
            ignores.push(
                Node { level: 0, above, strip, ignore, git: None, repository: None },
                git,
                repository.then_some(parent),
            );
        }
        ignores
    }

    /// A folder is entered: it is level number `level`, and its path is `path`.
    pub fn enter(&mut self, level: usize, path: &[u8], folder: &Folder, signs: Signs) {
        if !(signs.git || signs.gitignore || signs.ignore) {
            return;
        }
        let read = |name: &[u8]| {
            let mut text = Vec::new();
            folder.open_file(name).and_then(|mut file| file.read_to_end(&mut text)).ok().map(|_| text)
        };
        let ignore = if signs.ignore { read(b".ignore").and_then(|text| rules(&text)) } else { None };
        let git = if signs.gitignore { read(b".gitignore") } else { None };
        let root = path_of(path);
        let node = Node { level, above: Vec::new(), strip: path.len(), ignore, git: None, repository: None };
        self.push(node, git, signs.git.then_some(&root));
    }

    fn push(&mut self, mut node: Node, gitignore: Option<Vec<u8>>, repository: Option<&Path>) {
        if let Some(root) = repository {
            node.repository = Some(own_excludes(root));
            self.global.get_or_insert_with(|| {
                let text = std::fs::read(gitconfig_excludes_path()?).ok()?;
                rules(&text)
            });
        }
        let in_repository = node.repository.is_some() || self.nodes.iter().any(|node| node.repository.is_some());
        if in_repository {
            node.git = gitignore.and_then(|text| rules(&text));
        }
        if node.ignore.is_some() || node.git.is_some() || node.repository.is_some() {
            self.nodes.push(node);
        }
    }

    /// Level number `level` is left.
    pub fn leave(&mut self, level: usize) {
        while self.nodes.last().is_some_and(|node| node.level == level && level > 0) {
            self.nodes.pop();
        }
    }

    /// Whether a path of the walk is left out.
    pub fn leaves_out(&mut self, path: &[u8], is_folder: bool) -> bool {
        let Ignores { nodes, global, scratch } = self;
        let mut judge = |node: &Node, rules: &Option<Gitignore>| {
            let Some(rules) = rules else { return None };
            scratch.clear();
            scratch.extend_from_slice(&node.above);
            scratch.extend_from_slice(&path[node.strip..]);
            verdict(rules, scratch, is_folder)
        };
        for node in nodes.iter().rev() {
            if let Some(left_out) = judge(node, &node.ignore) {
                return left_out;
            }
        }
        let Some(repository) = nodes.iter().rposition(|node| node.repository.is_some()) else { return false };
        for node in nodes[repository..].iter().rev() {
            if let Some(left_out) = judge(node, &node.git) {
                return left_out;
            }
        }
        let root = &nodes[repository];
        if let Some(own) = &root.repository
            && let Some(left_out) = judge(root, own)
        {
            return left_out;
        }
        global.as_ref().and_then(|global| judge(root, global)).unwrap_or(false)
    }
}

fn verdict(rules: &Gitignore, path: &[u8], is_folder: bool) -> Option<bool> {
    match rules.matched(path_of(path), is_folder) {
        Match::None => None,
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
    }
}

/// The rules of one file. As with git, a line that makes no sense is passed over.
fn rules(text: &[u8]) -> Option<Gitignore> {
    let text = String::from_utf8_lossy(text);
    let mut builder = GitignoreBuilder::new("");
    for line in text.trim_start_matches('\u{FEFF}').lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().ok().filter(|rules| !rules.is_empty())
}

/// The excludes of a repository's own, which are in its git folder. A worktree's `.git` is a file that says where that is.
fn own_excludes(root: &Path) -> Option<Gitignore> {
    let mut git = root.join(".git");
    if git.is_file() {
        let text = std::fs::read_to_string(&git).ok()?;
        let target = root.join(text.strip_prefix("gitdir:")?.trim());
        git = match std::fs::read_to_string(target.join("commondir")) {
            Ok(common) => target.join(common.trim_end()),
            Err(_) => target,
        };
    }
    rules(&std::fs::read(git.join("info/exclude")).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_relative_to_the_current_folder() {
        let excludes = Excludes::new(["vendor", "/top.xml", "a/*.xml", "!a/keep.xml", "build/"]).unwrap();
        for (path, is_folder, left_out) in [
            ("vendor", true, true),
            ("x/vendor", true, true),
            ("top.xml", false, true),
            ("x/top.xml", false, false),
            ("a/b.xml", false, true),
            ("a/keep.xml", false, false),
            ("x/a/b.xml", false, false),
            ("build", true, true),
            ("build", false, false),
        ] {
            assert_eq!(excludes.leaves_out(path.as_bytes(), is_folder), left_out, "{path}");
            let absolute = excludes.here.join(path);
            assert_eq!(excludes.leaves_out(&path_bytes(&absolute), is_folder), left_out, "{path} from the root");
        }
        assert!(excludes.leave_out_named(b"x/vendor/y/z.xml") && excludes.leave_out_named(b"/elsewhere/vendor/z.xml"));
        assert!(!excludes.leave_out_named(b"x/y.xml") && !excludes.leave_out_named(b"../x/y.xml"));
        assert!(!Excludes::new([]).unwrap().leaves_out(b"vendor", true));
        assert!(Excludes::new(["a{z"]).unwrap_err().contains("a{z"));
    }
}
