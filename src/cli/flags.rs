//! The flags: one declaration for each, with its words for `-h`, `--help`, the completions and the man pages.

use crate::report::Format;
use crate::table::Version;
use crate::xml::Limits;
use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{Args, Parser, Subcommand as ClapSubcommand, ValueEnum, ValueHint};
use std::ffi::OsString;
use std::num::NonZero;
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

/// A fast and exact linter for libvirt domain XML
///
/// virdict reads libvirt domain XML and says what libvirt will refuse, drop, ignore or regret, at the place where it stands, and what to
/// write instead. It needs neither libvirt nor a network.
#[derive(Debug, Parser)]
#[command(name = "virdict", version, styles = STYLES, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub subcommand: Subcommand,
}

/// What there is to do.
// What one of them takes is made known to clap when that one is asked for: a start of `check` need not pay for the flags of all others.
#[derive(Debug, ClapSubcommand)]
#[command(defer = true)]
pub enum Subcommand {
    /// Check files and folders
    #[command(after_long_help = EXIT_CODES)]
    Check(Box<Check>),
    /// Print the lowest libvirt version that takes each file, and the lines that force it
    ///
    /// A version takes a file if it knows every element, attribute and value in it: if virdict finds no fault in the file's XML and none
    /// against that version's schema. The version that is printed is the lowest from which on every version does, up to the newest one
    /// that the rules know. The lines under it are what the version before would have objected to.
    ///
    /// What libvirt or its hypervisor objects to beyond the schema is not looked at: `virdict check --libvirt-version X.Y.Z` does that.
    /// From libvirt 7.0.0 on the answer is exact. Below it is as good as libvirt's documentation, which does not date everything.
    #[command(after_long_help = REQUIRES_END)]
    Requires(Requires),
    /// Explain a code: what is wrong, why libvirt cares, what to write instead
    Explain(Explain),
    /// List all codes, and say what the rules cover
    Rules(Rules),
    /// Print the version, and the newest libvirt that the rules know
    Version,
    /// Print a script that completes virdict's flags in a shell
    ///
    /// For bash, for example:
    ///
    ///     virdict completions bash > ~/.local/share/bash-completion/completions/virdict
    #[command(verbatim_doc_comment)]
    Completions(Completions),
    /// Print a man page
    Man(Man),
}

const EXIT_CODES: &str = "\
Exit codes:
  0  no finding at or above the level of --fail-on
  1  findings
  2  virdict could not do its work: bad usage, a path that cannot be read, a report that cannot be written.
     Whatever could be checked has been; this code outranks the others.";

const REQUIRES_END: &str = "\
Examples:
  virdict requires guests/*.xml             what keeps these guests from an older host
  virsh dumpxml web1 | virdict requires -   the same for a guest as libvirt has it

Exit codes:
  0  for every file there is a version that takes it
  1  the newest version that the rules know does not take some file, because of a fault in it or of something that is gone by then
  2  virdict could not do its work: bad usage, a file that cannot be read. This code outranks the others.";

/// What `check` can be told. The default is what clap makes of no flag at all.
#[derive(Debug, Default, Args)]
pub struct Check {
    /// Files and folders to check; `-` is standard input [default: .]
    ///
    /// In a folder, and in the folders in it, every file whose name ends in `.xml` is looked at, and checked if its root element is one
    /// of libvirt's; others are skipped and counted. Hidden files and folders are passed over, and so is what `.gitignore` (inside a git
    /// repository) and `.ignore` say. Symbolic links in folders are not followed.
    ///
    /// A file that is named is always checked, whatever its name, kind and contents.
    #[arg(value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub paths: Vec<OsString>,

    /// Check the files that are listed in FILE, one on each line; `-` is standard input
    ///
    /// The files count as named, so each is checked. An empty list is no error: nothing is checked then.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "File selection")]
    pub files_from: Option<PathBuf>,

    /// The list of --files-from is separated by NUL bytes instead of line ends
    ///
    /// This is what `git ls-files -z` and `find -print0` write.
    #[arg(short = '0', long, requires = "files_from", help_heading = "File selection")]
    pub null: bool,

    /// The name under which standard input is reported
    ///
    /// Without a PATH, this flag alone makes virdict check standard input.
    #[arg(long, value_name = "NAME", value_hint = ValueHint::FilePath, help_heading = "File selection")]
    pub stdin_filename: Option<OsString>,

    /// Leave out files and folders that match; may be given several times
    ///
    /// PATTERN is written as in `.gitignore`: `vendor`, `*.tmpl.xml`, `/build/`, `a/**/b.xml`. A comma separates several. Files that are
    /// named are checked all the same, unless there is --force-exclude.
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', help_heading = "File selection")]
    pub exclude: Vec<String>,

    /// Let --exclude count for files that are named, too
    ///
    /// For tools that pass on every file that was changed, such as pre-commit.
    #[arg(long, help_heading = "File selection")]
    pub force_exclude: bool,

    /// Look at files that .gitignore and .ignore leave out, too
    #[arg(long, help_heading = "File selection")]
    pub no_respect_gitignore: bool,

    /// Report only these codes or categories; ALL for every one
    ///
    /// A comma separates several: `--select schema,syntax/dtd`. A code outranks its category, and a category outranks ALL, in whatever
    /// order they are given; between equals, --ignore outranks --select. `virdict rules` lists all codes.
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Rule selection")]
    pub select: Vec<String>,

    /// Do not report these codes or categories
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Rule selection")]
    pub ignore: Vec<String>,

    /// Report these codes or categories besides those of --select
    #[arg(long, value_name = "CODE", value_delimiter = ',', help_heading = "Rule selection")]
    pub extend_select: Vec<String>,

    /// The libvirt version that the documents are for [default: 12.8.0, the newest that the rules know]
    ///
    /// What this version does not have yet, and what it does not have any more, is reported. A version that is newer than the rules is
    /// checked as the newest one that they know.
    #[arg(long, value_name = "X.Y.Z", value_parser = version, help_heading = "Rule selection")]
    pub libvirt_version: Option<Version>,

    /// The format of the report [default: full on a terminal, github in GitHub Actions, concise elsewhere]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub output_format: Option<OutputFormat>,

    /// Write the report to FILE
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Print how often each code was found instead of the findings
    #[arg(long, help_heading = "Output")]
    pub statistics: bool,

    /// Show at most N findings in the full report; 0 for all [default: 50]
    ///
    /// How many more there are is said. The other formats are always complete.
    #[arg(long, value_name = "N", help_heading = "Output")]
    pub max_diagnostics: Option<usize>,

    /// Print findings and nothing else: no summary, no progress
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    /// When to use colours
    ///
    /// `auto` uses them on a terminal, unless NO_COLOR is set; CLICOLOR_FORCE has them used everywhere.
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: Color,

    /// Make errors of what libvirt honours and only `--validate` objects to
    ///
    /// Such findings (the order of children, say, or an empty `<uuid/>`) are warnings otherwise: `virsh define` takes the document and does
    /// what it says, `virsh define --validate` and virt-xml-validate refuse it.
    #[arg(long, help_heading = "Exit code")]
    pub strict: bool,

    /// The least severity that makes the exit code 1
    #[arg(long, value_name = "LEVEL", default_value = "error", help_heading = "Exit code")]
    pub fail_on: FailOn,

    /// Exit with 0 even if there are findings
    #[arg(long, help_heading = "Exit code")]
    pub exit_zero: bool,

    /// How many threads to use [default: as many as there are processors]
    #[arg(short, long, value_name = "N", help_heading = "Work")]
    pub jobs: Option<NonZero<usize>>,

    /// Refuse documents of more bytes; K, M and G may follow the number [default: 10M, as libvirt does]
    #[arg(long, value_name = "SIZE", value_parser = size, help_heading = "Work")]
    pub max_size: Option<usize>,

    /// Refuse documents whose elements nest deeper [default: 2048, as libxml2 does]
    #[arg(long, value_name = "N", help_heading = "Work")]
    pub max_depth: Option<usize>,

    /// Refuse elements with more attributes
    #[arg(long, value_name = "N", help_heading = "Work")]
    pub max_attributes: Option<usize>,

    /// Stop reporting after so many findings in one file
    #[arg(long, value_name = "N", help_heading = "Work")]
    pub max_findings: Option<usize>,

    /// Take nothing from configuration files
    ///
    /// There are none yet; the flag is there so that scripts can rely on it.
    #[arg(long, help_heading = "Work")]
    pub isolated: bool,
}

impl Check {
    /// What the arguments say, the program's name first, if they are `check` with paths and the flags that programs give most, each
    /// once and spelt out; `None` for everything else, right or wrong.
    ///
    /// Then clap need not be asked: to have it know 28 flags takes half of the instructions that checking a small file takes.
    pub fn without_parser(arguments: &[OsString]) -> Option<Check> {
        let [_, subcommand, rest @ ..] = arguments else { return None };
        let mut flags = (subcommand == "check").then(Check::default)?;
        let mut rest = rest.iter();
        while let Some(argument) = rest.next() {
            let switch = match argument.as_encoded_bytes() {
                b"--quiet" | b"-q" => &mut flags.quiet,
                b"--exit-zero" => &mut flags.exit_zero,
                b"--force-exclude" => &mut flags.force_exclude,
                b"--output-format" if flags.output_format.is_none() => {
                    flags.output_format = Some(OutputFormat::from_str(rest.next()?.to_str()?, false).ok()?);
                    continue;
                }
                [b'-', _, ..] => return None,
                _ => {
                    flags.paths.push(argument.clone());
                    continue;
                }
            };
            if std::mem::replace(switch, true) {
                return None;
            }
        }
        Some(flags)
    }

    /// The limits that the flags say, the usual ones where they say nothing.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        // Spans are 32 bits wide, numbers of attributes 16.
        limits.max_size = self.max_size.unwrap_or(limits.max_size).min(u32::MAX as usize - 1);
        limits.max_depth = self.max_depth.unwrap_or(limits.max_depth);
        limits.max_attributes = self.max_attributes.unwrap_or(limits.max_attributes).min(u16::MAX as usize);
        limits.max_findings = self.max_findings.unwrap_or(limits.max_findings);
        limits
    }
}

/// What `requires` can be told.
#[derive(Debug, Args)]
pub struct Requires {
    /// Files to look at; `-` is standard input
    ///
    /// A file may hold several documents, one after another: then the answer is for all of them together. Every file is looked at,
    /// whatever its name. Folders are not searched.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required = true)]
    pub files: Vec<OsString>,

    /// The format of the answer
    ///
    /// In both JSON formats there is one object for each file, with the members `path`, `requires` and `reasons`. `requires` is a version
    /// such as "9.1.0"; "0.0.0" if every known version takes the file; null if not even the newest does. `reasons` lists what forces the
    /// version, or what the newest objects to, each with `code`, `message` and `span` as in the reports of `virdict check`.
    #[arg(long, value_name = "FORMAT", default_value = "concise")]
    pub output_format: RequiresFormat,
}

/// What `explain` can be told.
#[derive(Debug, Args)]
pub struct Explain {
    /// A code, such as schema/unknown-attribute
    #[arg(value_name = "CODE")]
    pub code: String,
}

/// What `rules` can be told.
#[derive(Debug, Args)]
pub struct Rules {
    /// The format of the list
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub output_format: RulesFormat,
}

/// What `completions` can be told.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// What `man` can be told.
#[derive(Debug, Args)]
pub struct Man {
    /// The command that the page is for; virdict itself if there is none
    pub command: Option<String>,
}

/// A report's format, as a flag.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum OutputFormat {
    /// Source lines with carets, for people
    Full,
    /// A line for each finding
    Concise,
    /// One JSON array
    Json,
    /// A JSON object on a line of its own for each finding
    Jsonl,
    /// Annotations of GitHub Actions
    Github,
}

impl From<OutputFormat> for Format {
    fn from(format: OutputFormat) -> Self {
        match format {
            OutputFormat::Full => Format::Full,
            OutputFormat::Concise => Format::Concise,
            OutputFormat::Json => Format::Json,
            OutputFormat::Jsonl => Format::Jsonl,
            OutputFormat::Github => Format::Github,
        }
    }
}

/// The format of the answers of `requires`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RequiresFormat {
    /// A line with the version, then a line for each reason
    Concise,
    /// One JSON array
    Json,
    /// A JSON object on a line of its own for each file
    Jsonl,
}

/// The format of the list of codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RulesFormat {
    /// A line for each code
    Text,
    /// One JSON object
    Json,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    #[default]
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// Which findings make a run fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    #[default]
    Error,
    /// Warnings and errors
    Warning,
    /// Every finding
    Info,
    /// None
    Never,
}

fn version(text: &str) -> Result<Version, String> {
    text.parse()
}

/// A number of bytes: digits, then perhaps `K`, `M` or `G`, in powers of 1,024.
fn size(text: &str) -> Result<usize, String> {
    let complaint = || format!("`{text}` is not a size such as 500000, 64K or 20M");
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'm' | b'M') => (&text[..text.len() - 1], 20),
        Some(b'g' | b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    let number: usize = digits.parse().map_err(|_| complaint())?;
    number
        .checked_mul(1 << shift)
        .filter(|size| *size < u32::MAX as usize)
        .ok_or_else(|| "at most 4294967294 bytes".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declarations_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_flag_has_words_without_a_full_stop_at_the_end() {
        let mut cli = Cli::command();
        cli.build();
        for command in cli.get_subcommands() {
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(
                    !help.is_empty() && !help.ends_with('.'),
                    "{} {}: {help}",
                    command.get_name(),
                    argument.get_id()
                );
            }
        }
    }

    #[test]
    fn what_needs_no_parser_is_what_the_parser_makes_of_it() {
        let quick = |line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let quick = Check::without_parser(&arguments)?;
            let Subcommand::Check(parsed) = Cli::try_parse_from(&arguments).unwrap().subcommand else { unreachable!() };
            assert_eq!(format!("{quick:?}"), format!("{parsed:?}"), "{line}");
            Some(())
        };
        for line in [
            "virdict check",
            "virdict check a.xml",
            "virdict check - b/  check",
            "virdict check -q a.xml --exit-zero b.xml --force-exclude",
            "virdict check --output-format jsonl --quiet .",
            "virdict check --output-format concise --exit-zero",
        ] {
            assert!(quick(line).is_some(), "{line}");
        }
        for line in [
            "virdict",
            "virdict a.xml",
            "virdict requires a.xml",
            "virdict check --",
            "virdict check -q --quiet",
            "virdict check --exit-zero --exit-zero",
            "virdict check --output-format",
            "virdict check --output-format xml",
            "virdict check --output-format JSON",
            "virdict check --output-format json --output-format json",
            "virdict check --output-format=json",
            "virdict check --jobs 1 a.xml",
            "virdict check -qj1",
            "virdict check --help",
        ] {
            assert!(quick(line).is_none(), "{line}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("12"), Ok(12));
        assert_eq!(size("64K"), Ok(65536));
        assert_eq!(size("2g"), Ok(2 << 30));
        for bad in ["", "K", "1.5M", "-1", "4G", "1T", "99999999999999999999"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
