//! One thread's work: read, check, render.

use super::buffer::Buffer;
use super::folder::Scratch;
use super::source::{Batch, Task};
use super::{Job, Shared, path_of, reason};
use crate::engine::{Checker, Kind};
use crate::report::escape::push_visible;
use crate::report::{Format, Piece, Reporter, Totals};
use std::fs::File;
use std::io::{self, Read};
use std::sync::PoisonError;

/// Work that one thread does before it calls for others, in bytes: a third of a millisecond, several times what a thread costs.
const ALONE: usize = 192 << 10;
/// What a file costs beside its bytes, in bytes.
const FILE_COST: usize = 2 << 10;
/// Rendered bytes that are kept before a batch is done.
const RENDERED: usize = 1 << 20;

/// A thread's buffers and sums.
pub struct Worker<'s, 'j> {
    shared: &'s Shared<'j>,
    buffer: Buffer,
    checking: Checking<'s>,
    batch: Batch,
    /// Path of the file at hand.
    path: Vec<u8>,
    /// What folders are read with.
    scratch: Option<Scratch>,
}

/// What a file's bytes go through.
struct Checking<'s> {
    job: &'s Job,
    checker: Checker,
    reporter: Option<Reporter<'s>>,
    capped: bool,
    piece: Piece,
    errors: Vec<u8>,
    totals: Totals,
}

impl<'s, 'j> Worker<'s, 'j> {
    /// A worker of a run.
    pub fn new(shared: &'s Shared<'j>) -> Self {
        let job = shared.job;
        let checking = Checking {
            job,
            checker: Checker::new(&job.options),
            reporter: job.format.map(|format| Reporter::new(&job.options, format, job.look)),
            capped: job.format == Some(Format::Full) && job.max_diagnostics.is_some(),
            piece: Piece::default(),
            errors: Vec::new(),
            totals: Totals::default(),
        };
        Worker { shared, buffer: Buffer::new(), checking, batch: Batch::default(), path: Vec::new(), scratch: None }
    }

    /// Works until nothing is left. The thread that begins a run has `call_helpers`, which it calls once when there is more to do than
    /// one thread does in a moment; up to then it takes files one by one, so that nothing is kept from the helpers.
    pub fn work(mut self, mut call_helpers: Option<&mut dyn FnMut()>) -> Totals {
        let mut done_alone = 0;
        loop {
            let single = call_helpers.is_some();
            if self.shared.is_stopped() || !self.fill(single) {
                return self.checking.totals;
            }
            let mut batch = std::mem::take(&mut self.batch);
            let mut files = 0;
            for task in &batch.tasks {
                self.set_path(task, &batch);
                match read(self.checking.job, &mut self.buffer, task, &batch) {
                    Ok(bytes) => {
                        files += 1;
                        if call_helpers.is_some() {
                            done_alone += bytes.len() + FILE_COST;
                            let more =
                                || !self.shared.source.lock().unwrap_or_else(PoisonError::into_inner).is_exhausted();
                            if done_alone > ALONE && more() {
                                call_helpers.take().expect("it is there")();
                            }
                        }
                        let named = !matches!(task, Task::Found { .. });
                        let room = |piece: &mut Piece, errors: &mut Vec<u8>| {
                            self.shared.sink.part(batch.number, piece, errors)
                        };
                        if !self.checking.check(bytes, &self.path, named, self.shared.sink.is_full(), room) {
                            self.shared.stop();
                        }
                    }
                    Err(error) => self.checking.fail(task, &self.path, &error),
                }
            }
            batch.close();
            let Checking { piece, errors, .. } = &mut self.checking;
            if !self.shared.sink.done(batch.number, piece, errors, files) {
                self.shared.stop();
            }
            self.batch = batch;
        }
    }

    /// Gets the next batch; `false` if there is none. If the source has a folder to be read, this is who reads it.
    fn fill(&mut self, single: bool) -> bool {
        let source = || self.shared.source.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = {
            let mut source = source();
            if !source.fill(&mut self.batch, single) {
                return false;
            }
            // While there is no other thread nobody waits.
            if single { None } else { source.ask_ahead() }
        };
        if let Some(mut ahead) = ahead {
            ahead.read(self.scratch.get_or_insert_with(Scratch::new));
            source().put_ahead(ahead);
        }
        true
    }

    fn set_path(&mut self, task: &Task, batch: &Batch) {
        self.path.clear();
        match task {
            Task::Found { folder, name } => {
                self.path.extend_from_slice(batch.folder(*folder).1);
                self.path.extend_from_slice(batch.text(name));
            }
            Task::Named(path) => self.path.extend_from_slice(batch.text(path)),
            Task::Stdin => self.path.extend_from_slice(&self.checking.job.stdin_name),
            Task::Failed(_) => {}
        }
    }
}

/// Reads what a task names. A document beyond the size limit is read only so far that it is seen to be beyond.
fn read<'b>(job: &Job, buffer: &'b mut Buffer, task: &Task, batch: &Batch) -> io::Result<&'b [u8]> {
    let limit = job.options.limits.max_size.saturating_add(1);
    match task {
        Task::Found { folder, name } => {
            let folder = batch.folder(*folder).0;
            let name = batch.text(name);
            buffer.read(&mut folder.open_file(name)?, || folder.size(name).ok(), limit)
        }
        Task::Named(path) => {
            let path = path_of(batch.text(path));
            let size = || std::fs::metadata(&path).ok().map(|metadata| metadata.len());
            buffer.read(&mut File::open(&path)?, size, limit)
        }
        Task::Stdin => buffer.read(&mut Input, || None, limit),
        Task::Failed(message) => Err(io::Error::other(message.clone())),
    }
}

/// Standard input, without a buffer of its own between.
struct Input;

impl Read for Input {
    #[cfg(unix)]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(rustix::stdio::stdin(), buffer)?)
    }

    #[cfg(not(unix))]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        io::stdin().lock().read(buffer)
    }
}

impl Checking<'_> {
    /// Checks a document and renders what is found. `full`: findings need not be rendered. `room` makes room in a piece that has grown
    /// large, and returns whether to go on; what it says is returned.
    fn check(
        &mut self,
        bytes: &[u8],
        path: &[u8],
        named: bool,
        full: bool,
        room: impl Fn(&mut Piece, &mut Vec<u8>) -> bool,
    ) -> bool {
        let outcome = self.checker.check(bytes, named);
        if outcome.kind == Kind::NotLibvirt {
            self.totals.skipped += 1;
            return true;
        }
        self.totals.checked += 1;
        if outcome.findings.is_empty() {
            return true;
        }
        self.totals.count(outcome.findings);
        let Some(reporter) = &mut self.reporter else { return true };
        // The human report shows so few that no file needs to render more of its own than it shows of all.
        let most = match (self.capped, full, self.job.max_diagnostics) {
            (true, true, _) => 0,
            (true, false, Some(cap)) => cap.saturating_sub(self.piece.ends.len()),
            _ => usize::MAX,
        };
        let text = &outcome.document.text[..];
        reporter.begin(&path_of(path), outcome.document.single_byte);
        let rendered = outcome.findings.len().min(most);
        for finding in &outcome.findings[..rendered] {
            reporter.finding(finding, text, &mut self.piece.bytes);
            self.piece.findings += 1;
            if self.capped {
                self.piece.ends.push(self.piece.bytes.len());
            }
            if self.piece.bytes.len() > RENDERED && !self.capped && !room(&mut self.piece, &mut self.errors) {
                return false;
            }
        }
        self.piece.findings += (outcome.findings.len() - rendered) as u64;
        true
    }

    /// Tells that something could not be read.
    fn fail(&mut self, task: &Task, path: &[u8], error: &io::Error) {
        self.totals.failures += 1;
        let mut message = String::from("virdict: ");
        if !matches!(task, Task::Failed(_)) {
            push_visible(&mut message, path);
            message.push_str(": ");
        }
        message.push_str(&reason(error));
        message.push('\n');
        self.errors.extend_from_slice(message.as_bytes());
    }
}
