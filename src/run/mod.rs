//! Paths to files to threads to ordered output. The only room with threads and the file system.
//!
//! There is no thread that hands out work and none that collects it. A worker takes the lock of the one [`Source`], which walks a step
//! further and gives a batch of files with its place in the order; it reads, checks and renders them with buffers of its own; and it
//! gives what it rendered to the one [`Sink`], which writes what is due and keeps what is early. So memory is flat (the names of the
//! folders being walked, a batch and its output for each thread), nothing waits for the walk to end, and the output is the same for any
//! number of threads. A run begins on the thread that called it, and calls for others only when there is more than a moment's work.

mod buffer;
mod folder;
mod ignores;
mod inputs;
mod listing;
mod sink;
mod source;
mod walk;
mod worker;

pub use ignores::Excludes;
pub use inputs::Inputs;

use crate::engine::Options;
use crate::report::{Format, Look, Totals};
use sink::Sink;
use source::Source;
use std::io::{self, Write};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use worker::Worker;

/// What is to be checked, and how it is to be told.
pub struct Job {
    /// What to check for.
    pub options: Options,
    /// Files and folders.
    pub inputs: Inputs,
    /// The name under which standard input is reported.
    pub stdin_name: Vec<u8>,
    /// Whether `.gitignore` and `.ignore` count in folders.
    pub gitignore: bool,
    /// What is left out, by patterns of the user's.
    pub excludes: Excludes,
    /// Whether the patterns also count for files that were named.
    pub force_exclude: bool,
    /// The format of findings. `None` for no findings, only totals.
    pub format: Option<Format>,
    /// The look of findings.
    pub look: Look,
    /// How many findings the human report shows; `None` for all.
    pub max_diagnostics: Option<usize>,
    /// Threads; `None` for as many as there are processors.
    pub threads: Option<NonZero<usize>>,
    /// Whether a progress line may be shown, on standard error.
    pub progress: bool,
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// What it added up to.
    pub totals: Totals,
    /// Why the report could not be written. A closed pipe is such an error too, of the kind [`io::ErrorKind::BrokenPipe`].
    pub write_error: Option<io::Error>,
}

/// What the threads of a run share.
struct Shared<'j> {
    job: &'j Job,
    source: Mutex<Source<'j>>,
    sink: Sink<'j>,
    /// Nobody reads the report any more: no further batch is begun.
    stopped: AtomicBool,
}

/// Does a job. Findings are written to `out`; what could not be read, and progress, to `err`.
pub fn run(job: &Job, out: &mut (dyn Write + Send), err: &mut (dyn Write + Send)) -> Outcome {
    let shared = Shared {
        job,
        source: Mutex::new(Source::new(job)),
        sink: Sink::new(job, out, err),
        stopped: AtomicBool::new(false),
    };
    let totals = std::thread::scope(|scope| {
        let shared = &shared;
        let mut helpers = Vec::new();
        let mut call_helpers = || {
            // Asking for the number of processors reads several files, so it is asked only now.
            let threads = job.threads.or_else(|| std::thread::available_parallelism().ok()).map_or(1, NonZero::get);
            for _ in 1..threads {
                let helper = std::thread::Builder::new().spawn_scoped(scope, || Worker::new(shared).work(None));
                // Fewer threads than wished for do the same work.
                let Ok(helper) = helper else { break };
                helpers.push(helper);
            }
        };
        let mut totals = Worker::new(shared).work(Some(&mut call_helpers));
        for helper in helpers {
            match helper.join() {
                Ok(share) => totals.add(&share),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        totals
    });
    let write_error = shared.sink.finish();
    Outcome { totals, write_error }
}

impl Shared<'_> {
    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }
}

/// The path that bytes stand for.
pub(crate) fn path_of(bytes: &[u8]) -> std::borrow::Cow<'_, std::path::Path> {
    #[cfg(unix)]
    return std::borrow::Cow::Borrowed(std::path::Path::new(
        <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes),
    ));
    #[cfg(not(unix))]
    match String::from_utf8_lossy(bytes) {
        std::borrow::Cow::Borrowed(text) => std::borrow::Cow::Borrowed(std::path::Path::new(text)),
        std::borrow::Cow::Owned(text) => std::borrow::Cow::Owned(text.into()),
    }
}

/// What the system says of an error, without its number.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}
