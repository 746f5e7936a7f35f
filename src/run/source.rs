//! Paths to batches of files, in the order in which they are reported.

use super::folder::Folder;
use super::walk::{Ahead, Found, Walk};
use super::{Job, path_of};
use std::ops::Range;
use std::sync::Arc;

/// Files of a batch: enough that the lock of the source costs nothing, few enough that all threads end at about the same time.
const FILES: usize = 32;
/// Folders of a batch, so that the folders that are held open stay few with many threads.
const FOLDERS: usize = 8;
/// Stands for standard input in the list of what was named.
const STDIN: u32 = u32::MAX;

/// One thing to do.
#[derive(Debug)]
pub enum Task {
    /// Check a file that was found in a folder.
    Found {
        /// The folder's number in the batch.
        folder: usize,
        /// The file's name there.
        name: Range<usize>,
    },
    /// Check a file that was named.
    Named(Range<usize>),
    /// Check standard input.
    Stdin,
    /// Say that something could not be read.
    Failed(String),
}

/// Things to do by one thread.
#[derive(Debug, Default)]
pub struct Batch {
    /// The batch's place in the order.
    pub number: u64,
    /// What is to be done, in order.
    pub tasks: Vec<Task>,
    /// Folders of files that were found, with the range of their path.
    folders: Vec<(Arc<Folder>, Range<usize>)>,
    text: Vec<u8>,
}

impl Batch {
    fn clear(&mut self) {
        self.tasks.clear();
        self.folders.clear();
        self.text.clear();
    }

    /// Lets go of the folders.
    pub fn close(&mut self) {
        self.folders.clear();
    }

    /// A part of the batch's text.
    pub fn text(&self, range: &Range<usize>) -> &[u8] {
        &self.text[range.clone()]
    }

    /// A folder and its path, with the `/` after it.
    pub fn folder(&self, number: usize) -> (&Folder, &[u8]) {
        let (folder, path) = &self.folders[number];
        (folder, &self.text[path.clone()])
    }

    fn push_text(&mut self, text: &[u8]) -> Range<usize> {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        start..self.text.len()
    }
}

/// All that is to be done.
pub struct Source<'j> {
    job: &'j Job,
    /// Numbers of the inputs that were not reached yet, in order.
    named: std::vec::IntoIter<u32>,
    /// Walks that are under way, none of them at its end. There are several only where a folder was named that is inside another.
    walks: Vec<Walk<'j>>,
    batches: u64,
    /// Paths that are compared.
    nearest: Vec<u8>,
    other: Vec<u8>,
}

impl<'j> Source<'j> {
    /// Everything that a job names.
    pub fn new(job: &'j Job) -> Self {
        let mut named = job.inputs.sorted();
        if job.inputs.stdin {
            let at = named.partition_point(|number| job.inputs.get(*number as usize) < &job.stdin_name[..]);
            named.insert(at, STDIN);
        }
        Source { job, named: named.into_iter(), walks: Vec::new(), batches: 0, nearest: Vec::new(), other: Vec::new() }
    }

    /// Whether there is nothing left to give.
    pub fn is_exhausted(&self) -> bool {
        self.named.as_slice().is_empty() && self.walks.is_empty()
    }

    /// Fills a batch with the next files, a single one if `single`. `false` if there are none.
    pub fn fill(&mut self, batch: &mut Batch, single: bool) -> bool {
        batch.clear();
        let most = if single { 1 } else { FILES };
        while batch.tasks.len() < most && batch.folders.len() < FOLDERS && !self.is_exhausted() {
            self.step(batch);
        }
        batch.number = self.batches;
        if batch.tasks.is_empty() {
            return false;
        }
        self.batches += 1;
        true
    }

    /// A folder to be read before its turn comes, by whoever asks and with nothing locked; [`Source::put_ahead`] takes it back.
    pub fn ask_ahead(&mut self) -> Option<Ahead> {
        match &mut self.walks[..] {
            [walk] => walk.ask_ahead(),
            _ => None,
        }
    }

    /// Takes a folder that was read before its turn.
    pub fn put_ahead(&mut self, ahead: Ahead) {
        if let [walk] = &mut self.walks[..] {
            walk.put_ahead(ahead);
        }
    }

    /// Takes what is next in the order: something that was named, or something that a walk found.
    fn step(&mut self, batch: &mut Batch) {
        let walk = match self.walks.len() {
            0 => None,
            1 => {
                // Without anything else in view the path need not be known.
                if !self.named.as_slice().is_empty() {
                    self.walks[0].path(&mut self.nearest);
                }
                Some(0)
            }
            _ => self.nearest_walk(),
        };
        if let Some(next) = self.named.as_slice().first().copied() {
            let path = if next == STDIN { &self.job.stdin_name[..] } else { self.job.inputs.get(next as usize) };
            if walk.is_none() || path <= &self.nearest[..] {
                self.named.next();
                if walk.is_some() && next != STDIN && path == self.nearest {
                    // The walk stands at the very file; it is checked once, as one that was named.
                    self.pass_nearest();
                }
                self.begin_named(next, path, batch);
                return;
            }
        }
        let Some(walk) = walk else { return };
        let found = &self.walks[walk];
        match found.found() {
            None => {}
            Some(Found::Failed(message)) => batch.tasks.push(Task::Failed(message.to_owned())),
            Some(Found::File(folder, name)) => {
                if batch.folders.last().is_none_or(|(last, _)| !Arc::ptr_eq(last, folder)) {
                    let path = batch.push_text(found.folder_path());
                    batch.folders.push((folder.clone(), path));
                }
                let name = batch.push_text(name);
                batch.tasks.push(Task::Found { folder: batch.folders.len() - 1, name });
            }
        }
        if self.walks.len() == 1 {
            self.walks[0].advance();
            self.drop_ended();
        } else {
            self.pass_nearest();
        }
    }

    /// A walk that has come to its end is no more.
    fn drop_ended(&mut self) {
        self.walks.retain(|walk| walk.found().is_some());
    }

    /// The walk that stands at the least path, which goes to `nearest`.
    fn nearest_walk(&mut self) -> Option<usize> {
        let mut best = None;
        for (number, walk) in self.walks.iter().enumerate() {
            walk.path(&mut self.other);
            if best.is_none() || self.other < self.nearest {
                std::mem::swap(&mut self.other, &mut self.nearest);
                best = Some(number);
            }
        }
        best
    }

    /// Moves on every walk that stands at the nearest path.
    fn pass_nearest(&mut self) {
        for walk in &mut self.walks {
            walk.path(&mut self.other);
            if self.other == self.nearest {
                walk.advance();
            }
        }
        self.drop_ended();
    }

    /// Begins with something that was named: a folder is walked, everything else is a file.
    fn begin_named(&mut self, number: u32, path: &'j [u8], batch: &mut Batch) {
        let job = self.job;
        if number == STDIN {
            batch.tasks.push(Task::Stdin);
            return;
        }
        // A folder is one that the system calls so; whatever else is wrong with a path is told when it is opened.
        if path.is_empty() || std::fs::metadata(path_of(path)).is_ok_and(|metadata| metadata.is_dir()) {
            let walk = Walk::new(path, job.gitignore, &job.excludes);
            if walk.found().is_some() {
                self.walks.push(walk);
            }
        } else if !(job.force_exclude && job.excludes.leave_out_named(path)) {
            let path = batch.push_text(path);
            batch.tasks.push(Task::Named(path));
        }
    }
}
