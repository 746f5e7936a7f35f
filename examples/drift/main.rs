//! The drift report: what a folder of libvirt's schemas has and the rule table lacks, and the other way round.
//!
//!     cargo run --example drift -- SCHEMA_FOLDER [--version X.Y.Z]
//!
//! SCHEMA_FOLDER is `src/conf/schemas` of libvirt's source tree. The table is read for the version that is given; without one, for the
//! version that the folder is called by, or else for the newest that the table knows. Differences that are no drift are left out: they
//! stand, with their reasons, in `explained.rs`. Exits with 1 if there is drift, with 2 if the schemas cannot be read.

mod compare;
mod data;
mod explained;
mod schema;
mod shape;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use virdict::table::Version;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (folder, version) = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [folder] => (folder, named_version(folder)),
        [folder, "--version", version] | ["--version", version, folder] => (folder, version.parse()),
        _ => {
            eprintln!("usage: drift SCHEMA_FOLDER [--version X.Y.Z]");
            return ExitCode::from(2);
        }
    };
    let report = version.and_then(|version| Ok((version, compare::drift(Path::new(folder), version)?)));
    let (version, lines) = match report {
        Ok(report) => report,
        Err(error) => {
            eprintln!("drift: {error}");
            return ExitCode::from(2);
        }
    };
    let (explained, drift): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| explained::find(line).is_some());
    let text: String = drift.iter().map(|line| format!("{line}\n")).collect();
    // Whoever closes the pipe has seen enough.
    let _ = std::io::stdout().write_all(text.as_bytes());
    eprintln!(
        "{} differences to the table at libvirt {version}, and {} that are explained",
        drift.len(),
        explained.len()
    );
    ExitCode::from(u8::from(!drift.is_empty()))
}

/// The version that a folder is called by, or the newest.
fn named_version(folder: &str) -> Result<Version, String> {
    let name = Path::new(folder).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    Ok(name.trim_start_matches('v').parse().unwrap_or(Version::LATEST))
}
