//! `virdict check`: from flags to a job, from its outcome to an exit code.

use super::flags::{Check, FailOn};
use super::{EXIT_CLEAN, EXIT_FAILURE, EXIT_FINDINGS, Failure, is_coloured, select};
use crate::diagnostic::Severity;
use crate::engine::Options;
use crate::report::{self, Format, Look};
use crate::run::{self, Excludes, Inputs, Job};
use crate::table::{Table, Version};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::path::Path;

/// Bytes of the report that are written in one go.
const WRITTEN: usize = 64 << 10;
/// Findings that the full report shows if nothing else is asked for. The flag's help names the number.
const SHOWN: usize = 50;

/// Checks what the flags say, and returns the exit code.
pub fn check(flags: Check) -> Result<u8, Failure> {
    let usage = |message: String| Failure::Usage("check", message);
    let table = Table::built_in();
    let selection = select::selection(&flags.select, &flags.extend_select, &flags.ignore, table).map_err(usage)?;
    let excludes = Excludes::new(flags.exclude.iter().map(String::as_str))
        .map_err(|error| usage(format!("--exclude: {error}")))?;
    let stdin_name = flags.stdin_filename.as_deref().map_or(b"-".to_vec(), bytes_of);
    let inputs = inputs(&flags, &excludes, &stdin_name)?;
    let to_terminal = flags.output.is_none() && io::stdout().is_terminal();
    let format = format(&flags, to_terminal);
    let look = Look {
        colour: match flags.output {
            Some(_) => flags.color == super::flags::Color::Always,
            None => is_coloured(flags.color, &io::stdout()),
        },
        unicode: !to_terminal || shows_unicode(),
        width: if to_terminal && format == Format::Full { terminal_width() } else { Look::PLAIN.width },
    };
    let newer = flags.libvirt_version.filter(|version| *version > Version::LATEST);
    let job = Job {
        options: Options {
            target: flags.libvirt_version.unwrap_or(Version::LATEST).min(Version::LATEST),
            limits: flags.limits(),
            selection,
            strict: flags.strict,
            ..Options::default()
        },
        inputs,
        stdin_name,
        gitignore: !flags.no_respect_gitignore,
        excludes,
        force_exclude: flags.force_exclude,
        format: (!flags.statistics).then_some(format),
        look,
        max_diagnostics: Some(flags.max_diagnostics.unwrap_or(SHOWN)).filter(|most| *most > 0),
        threads: flags.jobs,
        progress: !flags.quiet && io::stderr().is_terminal(),
    };
    let mut out = output(flags.output.as_deref(), to_terminal)?;
    if let Some(version) = newer {
        let _ = writeln!(
            io::stderr(),
            "virdict: libvirt {version} is newer than the rules; checking for {}",
            Version::LATEST
        );
    }

    let outcome = run::run(&job, &mut out, &mut io::stderr());

    let mut write_error = outcome.write_error;
    if flags.statistics && write_error.is_none() {
        let statistics = report::statistics(&outcome.totals, table, format, &look);
        write_error = out.write_all(&statistics).and_then(|()| out.flush()).err();
    }
    if format.is_human() && !flags.quiet {
        let look = Look { colour: is_coloured(flags.color, &io::stderr()), ..look };
        let _ = io::stderr().write_all(outcome.totals.summary(&look).as_bytes());
    }
    // Whoever closes a pipe has seen enough.
    let write_error = write_error.filter(|error| error.kind() != io::ErrorKind::BrokenPipe);
    if let Some(error) = write_error {
        let place = flags.output.as_deref().map_or("standard output".to_owned(), report::escape::visible_path);
        return Err(Failure::Other(format!("{place}: {error}")));
    }
    let fails = match flags.fail_on {
        FailOn::Error => outcome.totals.reaches(Severity::Error),
        FailOn::Warning => outcome.totals.reaches(Severity::Warning),
        FailOn::Info => outcome.totals.reaches(Severity::Info),
        FailOn::Never => false,
    };
    Ok(if outcome.totals.failures > 0 {
        EXIT_FAILURE
    } else if fails && !flags.exit_zero {
        EXIT_FINDINGS
    } else {
        EXIT_CLEAN
    })
}

/// What is to be checked.
fn inputs(flags: &Check, excludes: &Excludes, stdin_name: &[u8]) -> Result<Inputs, Failure> {
    let usage = |message: &str| Failure::Usage("check", message.to_owned());
    let mut inputs = Inputs::default();
    for path in &flags.paths {
        if path.is_empty() {
            return Err(usage("a PATH is empty"));
        }
        if path == "-" { inputs.stdin = true } else { inputs.push(&bytes_of(path)) }
    }
    if flags.stdin_filename.is_some() && !inputs.stdin {
        if !flags.paths.is_empty() {
            return Err(usage("--stdin-filename is of no use here, since `-` is not among the paths"));
        }
        inputs.stdin = true;
    }
    if let Some(list) = &flags.files_from {
        read_list(list, flags, &mut inputs)?;
    } else if inputs.is_empty() {
        inputs.push(b".");
    }
    if inputs.stdin && flags.force_exclude && excludes.leave_out_named(stdin_name) {
        inputs.stdin = false;
    }
    Ok(inputs)
}

/// Adds the paths of `--files-from`.
fn read_list(list: &Path, flags: &Check, inputs: &mut Inputs) -> Result<(), Failure> {
    let mut text = Vec::new();
    if list == "-" {
        if inputs.stdin {
            return Err(Failure::Usage(
                "check",
                "standard input cannot be both a document and the list of files".to_owned(),
            ));
        }
        io::stdin()
            .lock()
            .read_to_end(&mut text)
            .map_err(|error| Failure::Other(format!("standard input: {error}")))?;
    } else {
        let read = File::open(list).and_then(|mut file| file.read_to_end(&mut text));
        read.map_err(|error| Failure::Other(format!("{}: {error}", report::escape::visible_path(list))))?;
    }
    let end = if flags.null { 0 } else { b'\n' };
    for path in text.split(|byte| *byte == end) {
        let path = if flags.null { path } else { path.strip_suffix(b"\r").unwrap_or(path) };
        if !path.is_empty() {
            inputs.push(path);
        }
    }
    Ok(())
}

fn format(flags: &Check, to_terminal: bool) -> Format {
    if let Some(format) = flags.output_format {
        return format.into();
    }
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| !value.is_empty() && value != "false") {
        Format::Github
    } else if to_terminal {
        Format::Full
    } else {
        Format::Concise
    }
}

/// The stream that the report goes to.
fn output(path: Option<&Path>, to_terminal: bool) -> Result<Box<dyn Write + Send>, Failure> {
    if let Some(path) = path {
        let file = File::create(path)
            .map_err(|error| Failure::Other(format!("{}: {error}", report::escape::visible_path(path))))?;
        return Ok(Box::new(BufWriter::with_capacity(WRITTEN, file)));
    }
    if to_terminal {
        // A person sees findings as they come.
        return Ok(Box::new(io::stdout()));
    }
    // Standard output looks for line ends in everything that is written; its descriptor alone does not.
    #[cfg(unix)]
    if let Ok(descriptor) = std::os::fd::AsFd::as_fd(&io::stdout()).try_clone_to_owned() {
        return Ok(Box::new(BufWriter::with_capacity(WRITTEN, File::from(descriptor))));
    }
    Ok(Box::new(BufWriter::with_capacity(WRITTEN, io::stdout())))
}

fn bytes_of(text: &OsStr) -> Vec<u8> {
    report::escape::path_bytes(Path::new(text)).into_owned()
}

/// Whether the terminal shows more than ASCII: its locale says UTF-8, and it is not the console of a kernel.
fn shows_unicode() -> bool {
    let term = std::env::var("TERM").unwrap_or_default();
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    let locale = locale.unwrap_or_default().to_ascii_uppercase();
    cfg!(windows) || term != "linux" && term != "dumb" && (locale.ends_with("UTF-8") || locale.ends_with("UTF8"))
}

fn terminal_width() -> usize {
    terminal_size::terminal_size().map_or(Look::PLAIN.width, |(width, _)| (width.0 as usize).clamp(40, 160))
}
