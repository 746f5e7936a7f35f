//! What a shell and `man` want to know, made from the declarations of the flags.

use super::Failure;
use super::flags::{Cli, Man};
use clap::CommandFactory;

/// A script that completes flags.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "virdict", &mut out);
    out
}

/// A man page.
pub fn man(flags: &Man) -> Result<Vec<u8>, Failure> {
    let mut command = Cli::command();
    command.build();
    if let Some(name) = &flags.command {
        let names: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
        let unknown = format!("`{name}` is no command; there are {}", names.join(", "));
        let subcommand = command.find_subcommand(name).ok_or(Failure::Usage("man", unknown))?;
        // Building has given it the name of its page in one word: virdict-check(1).
        command = subcommand.clone();
    }
    let mut out = Vec::new();
    let page =
        clap_mangen::Man::new(command).manual("virdict").source(format!("virdict {}", env!("CARGO_PKG_VERSION")));
    page.render(&mut out).map_err(|error| Failure::Other(error.to_string()))?;
    Ok(out)
}
