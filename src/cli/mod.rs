//! Arguments in, exit code out: flags, configuration, subcommands.

mod check;
mod flags;
mod reference;
mod requires;
mod select;
mod shell;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use flags::{Cli, Subcommand};
use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};

/// What `main` returns when nothing is wrong.
pub const EXIT_CLEAN: u8 = 0;
/// What `main` returns when there is a finding at or above the fail level.
pub const EXIT_FINDINGS: u8 = 1;
/// What `main` returns when the tool could not do its work: bad usage, a path that cannot be read, a report that cannot be written.
pub const EXIT_FAILURE: u8 = 2;

/// Does what the arguments say, the program's name first, and returns the exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let subcommand = match flags::Check::without_parser(&arguments) {
        Some(flags) => Subcommand::Check(Box::new(flags)),
        None => match Cli::try_parse_from(arguments) {
            Ok(cli) => cli.subcommand,
            Err(error) => {
                // Help goes to standard output and is no error; a closed pipe is none either.
                let _ = error.print();
                return if error.use_stderr() { EXIT_FAILURE } else { EXIT_CLEAN };
            }
        },
    };
    let done = match subcommand {
        Subcommand::Check(flags) => check::check(*flags),
        Subcommand::Requires(flags) => requires::requires(&flags),
        Subcommand::Explain(flags) => reference::explain(&flags),
        Subcommand::Rules(flags) => reference::rules(&flags),
        Subcommand::Version => print(&reference::version()),
        Subcommand::Completions(flags) => print(&shell::completions(flags.shell)),
        Subcommand::Man(flags) => shell::man(&flags).and_then(|page| print(&page)),
    };
    match done {
        Ok(code) => code,
        Err(failure) => {
            failure.tell();
            EXIT_FAILURE
        }
    }
}

/// Why the tool could not do its work.
#[derive(Debug)]
enum Failure {
    /// The arguments make no sense together. The name is that of the subcommand.
    Usage(&'static str, String),
    /// Something else went wrong.
    Other(String),
}

impl Failure {
    fn tell(self) {
        let _ = match self {
            Failure::Other(message) => writeln!(io::stderr(), "virdict: {message}"),
            Failure::Usage(name, message) => {
                let mut command = Cli::command();
                command.build();
                let command = command.find_subcommand_mut(name).expect("the name is a subcommand's");
                command.error(ErrorKind::ValueValidation, message).print()
            }
        };
    }
}

/// Prints text on standard output.
fn print(text: &[u8]) -> Result<u8, Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Other(format!("standard output: {error}")))
        }
        _ => Ok(EXIT_CLEAN),
    }
}

/// Whether a stream is to be coloured.
fn is_coloured(choice: flags::Color, stream: &impl IsTerminal) -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        flags::Color::Always => true,
        flags::Color::Never => false,
        flags::Color::Auto => {
            if set("NO_COLOR") {
                false
            } else if std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0") {
                true
            } else {
                stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
            }
        }
    }
}

/// The candidate that a misspelt word is nearest to, if it is near.
fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (strsim::osa_distance(&word.to_ascii_lowercase(), &candidate.to_ascii_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
