//! What the threads made, written in its order.

use super::Job;
use crate::report::{Assembly, Format, Piece};
use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of rendered findings that wait for their turn. A thread that is further ahead waits too, so that memory stays flat when one
/// document takes long and all others have much to say.
const EARLY: usize = 4 << 20;

/// How long a run takes before it shows that it is under way, and how often it says so.
const PROGRESS_AFTER: Duration = Duration::from_secs(1);
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// A batch that is done.
#[derive(Debug, Default)]
struct Done {
    piece: Piece,
    errors: Vec<u8>,
    files: u64,
}

/// Where the output goes.
pub struct Sink<'j> {
    state: Mutex<State<'j>>,
    /// Told whenever what is due has been written.
    written: Condvar,
    /// Whether no further finding is going to be printed, so that none need be rendered.
    full: AtomicBool,
}

/// What is written, and what waits for its turn.
struct State<'j> {
    /// The batch that is due.
    due: u64,
    /// Batches after the one that is due, by their distance from it, less one.
    early: VecDeque<Option<Done>>,
    early_bytes: usize,
    /// Threads that wait.
    waiting: usize,
    assembly: Option<Assembly>,
    out: &'j mut (dyn Write + Send),
    err: &'j mut (dyn Write + Send),
    error: Option<io::Error>,
    progress: Option<Progress>,
}

/// The line that says that a long run is under way.
struct Progress {
    begun: Instant,
    shown: Option<Instant>,
    visible: bool,
    files: u64,
    findings: u64,
}

impl<'j> Sink<'j> {
    /// Output of a job.
    pub fn new(job: &'j Job, out: &'j mut (dyn Write + Send), err: &'j mut (dyn Write + Send)) -> Self {
        let cap = job.max_diagnostics.filter(|_| job.format == Some(Format::Full));
        let state = State {
            due: 0,
            early: VecDeque::new(),
            early_bytes: 0,
            waiting: 0,
            assembly: job.format.map(|format| Assembly::new(format, cap)),
            out,
            err,
            error: None,
            progress: job.progress.then(|| Progress::new(Instant::now())),
        };
        Sink { state: Mutex::new(state), written: Condvar::new(), full: AtomicBool::new(cap == Some(0)) }
    }

    fn lock(&self) -> MutexGuard<'_, State<'j>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether findings need not be rendered any more.
    pub fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Gives a part of a batch that is not done yet, once the batch is due. `false` if nobody is there to read it.
    pub fn part(&self, number: u64, piece: &mut Piece, errors: &mut Vec<u8>) -> bool {
        let mut state = self.lock();
        // The thread whose batch is due never waits, so there is always one that goes on.
        while state.due != number && state.error.is_none() {
            state = self.wait(state);
        }
        state.write(piece, errors);
        state.count(piece.findings, 0);
        piece.clear();
        errors.clear();
        self.note(&state);
        state.error.is_none()
    }

    /// Gives what is left of a batch, which had `files` files. `false` if nobody is there to read it.
    pub fn done(&self, number: u64, piece: &mut Piece, errors: &mut Vec<u8>, files: u64) -> bool {
        let mut state = self.lock();
        if state.due == number {
            state.write(piece, errors);
            state.count(piece.findings, files);
            piece.clear();
            errors.clear();
            loop {
                state.due += 1;
                // What is in front now was made for the batch that has become due.
                let Some(Some(done)) = state.early.pop_front() else { break };
                state.early_bytes -= done.bytes();
                state.write(&done.piece, &done.errors);
                state.count(done.piece.findings, done.files);
            }
            state.show_progress();
            self.note(&state);
            if state.waiting > 0 {
                self.written.notify_all();
            }
        } else {
            let place = (number - state.due - 1) as usize;
            if state.early.len() <= place {
                state.early.resize_with(place + 1, || None);
            }
            let done = Done { piece: std::mem::take(piece), errors: std::mem::take(errors), files };
            state.early_bytes += done.bytes();
            state.early[place] = Some(done);
            while state.early_bytes > EARLY && state.error.is_none() {
                state = self.wait(state);
            }
        }
        state.error.is_none()
    }

    fn wait<'s>(&self, mut state: MutexGuard<'s, State<'j>>) -> MutexGuard<'s, State<'j>> {
        state.waiting += 1;
        let mut state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state
    }

    fn note(&self, state: &State<'_>) {
        if state.assembly.as_ref().is_some_and(Assembly::is_full) {
            self.full.store(true, Ordering::Relaxed);
        }
        if state.error.is_some() {
            self.written.notify_all();
        }
    }

    /// Writes what comes after the last batch. Returns why the report could not be written.
    pub fn finish(self) -> Option<io::Error> {
        let mut state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.clear_progress();
        if state.error.is_none() {
            let finished = match &mut state.assembly {
                Some(assembly) => assembly.finish(state.out).and_then(|()| state.out.flush()),
                None => state.out.flush(),
            };
            state.error = finished.err();
        }
        state.error
    }
}

impl State<'_> {
    /// Writes a piece that is due. What could not be read is told beside it; if it cannot even be told, the exit code still says so.
    fn write(&mut self, piece: &Piece, errors: &[u8]) {
        if self.error.is_some() || piece.is_empty() && errors.is_empty() {
            return;
        }
        self.clear_progress();
        if !errors.is_empty() {
            let _ = self.err.write_all(errors).and_then(|()| self.err.flush());
        }
        if let Some(assembly) = &mut self.assembly {
            self.error = assembly.piece(piece, self.out).err();
        }
    }

    fn count(&mut self, findings: u64, files: u64) {
        if let Some(progress) = &mut self.progress {
            progress.files += files;
            progress.findings += findings;
        }
    }

    fn show_progress(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.show(Instant::now(), self.err);
        }
    }

    fn clear_progress(&mut self) {
        if let Some(progress) = &mut self.progress {
            progress.clear(self.err);
        }
    }
}

impl Progress {
    fn new(begun: Instant) -> Self {
        Progress { begun, shown: None, visible: false, files: 0, findings: 0 }
    }

    /// Writes the line if it is time to. A terminal that takes nothing more is no reason to stop.
    fn show(&mut self, now: Instant, err: &mut dyn Write) {
        let since = self.shown.map_or(PROGRESS_AFTER, |_| PROGRESS_EVERY);
        if now - self.shown.unwrap_or(self.begun) >= since {
            self.shown = Some(now);
            self.visible = true;
            let _ = write!(err, "\r{} files, {} findings\x1b[K", self.files, self.findings).and_then(|()| err.flush());
        }
    }

    /// Takes the line away if it is there, before anything else is written.
    fn clear(&mut self, err: &mut dyn Write) {
        if self.visible {
            self.visible = false;
            let _ = err.write_all(b"\r\x1b[K").and_then(|()| err.flush());
        }
    }
}

impl Done {
    fn bytes(&self) -> usize {
        self.piece.bytes.len() + self.errors.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_shown_after_a_second_and_ten_times_in_each() {
        let begun = Instant::now();
        let mut progress = Progress::new(begun);
        let at = |progress: &mut Progress, milliseconds: u64| {
            let mut written = Vec::new();
            progress.show(begun + Duration::from_millis(milliseconds), &mut written);
            progress.files += 1;
            String::from_utf8(written).unwrap()
        };
        assert_eq!(at(&mut progress, 0), "");
        assert_eq!(at(&mut progress, 999), "");
        assert_eq!(at(&mut progress, 1000), "\r2 files, 0 findings\x1b[K");
        assert_eq!(at(&mut progress, 1099), "");
        assert_eq!(at(&mut progress, 1100), "\r4 files, 0 findings\x1b[K");
    }

    #[test]
    fn progress_is_taken_away_once() {
        let begun = Instant::now();
        let mut progress = Progress::new(begun);
        let mut written = Vec::new();
        progress.clear(&mut written);
        assert_eq!(written, b"");
        progress.show(begun + PROGRESS_AFTER, &mut written);
        written.clear();
        progress.clear(&mut written);
        progress.clear(&mut written);
        assert_eq!(written, b"\r\x1b[K");
    }
}
