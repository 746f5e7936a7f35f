//! Reads every `.xml` file below a folder and looks at nothing: the least that any checker of the same files has to do.
//!
//! `bare_read FOLDER [THREADS]`. The measure for `benches/bulk.py`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// Something to do.
enum Work {
    Folder(PathBuf),
    Files(Vec<PathBuf>),
}

/// Files that one thread takes at a time.
const FILES: usize = 64;

fn main() -> io::Result<()> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().ok_or_else(|| io::Error::other("which folder?"))?;
    let threads = arguments.next().and_then(|threads| threads.to_str()?.parse().ok()).unwrap_or(2);
    let queue = Mutex::new(vec![Work::Folder(folder.into())]);
    // Work that is in the queue or in some thread's hands: when there is none, all is done.
    let open = AtomicUsize::new(1);
    let (files, bytes) = (AtomicU64::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = vec![0; 64 << 10];
                while open.load(Ordering::Acquire) > 0 {
                    let Some(work) = queue.lock().unwrap_or_else(PoisonError::into_inner).pop() else {
                        std::thread::yield_now();
                        continue;
                    };
                    match work {
                        Work::Folder(folder) => {
                            let found = list(&folder);
                            open.fetch_add(found.len(), Ordering::AcqRel);
                            queue.lock().unwrap_or_else(PoisonError::into_inner).extend(found);
                        }
                        Work::Files(paths) => {
                            let mut sum = 0;
                            for path in &paths {
                                sum += read(path, &mut buffer).unwrap_or(0);
                            }
                            files.fetch_add(paths.len() as u64, Ordering::Relaxed);
                            bytes.fetch_add(sum, Ordering::Relaxed);
                        }
                    }
                    open.fetch_sub(1, Ordering::AcqRel);
                }
            });
        }
    });
    println!("{} files, {} bytes", files.into_inner(), bytes.into_inner());
    Ok(())
}

/// What there is to do in a folder.
fn list(folder: &PathBuf) -> Vec<Work> {
    let mut work = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            work.push(Work::Folder(entry.path()));
        } else if kind.is_file() && entry.file_name().as_encoded_bytes().ends_with(b".xml") {
            files.push(entry.path());
            if files.len() == FILES {
                work.push(Work::Files(std::mem::take(&mut files)));
            }
        }
    }
    work.push(Work::Files(files));
    work
}

/// Reads a file to its end, and returns its length.
fn read(path: &PathBuf, buffer: &mut [u8]) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut sum = 0;
    loop {
        match file.read(buffer)? {
            0 => return Ok(sum),
            count => sum += count as u64,
        }
    }
}
