//! What is shown on a terminal only, on a real one.

use crate::support::{CODE, Folder, GOOD, bad};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::Duration;

/// A pseudo-terminal: the end that a person would sit at, and the end that a program writes to.
fn terminal() -> (File, File) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let program = fs::OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
    (File::from(person), program)
}

/// Runs `check` over a good file, a pipe that stays silent for longer than a second, and a bad file. What the terminal shows of standard
/// error, and standard output.
fn run_slowly(flags: &[&str]) -> (String, String) {
    let folder = Folder::with(&[("a.xml", GOOD), ("c.xml", &bad())]);
    let made = std::process::Command::new("mkfifo").arg(folder.path("b.pipe")).status().unwrap();
    assert!(made.success());
    let (mut person, program) = terminal();
    let arguments = [&["check", "--output-format", "concise", "--select", CODE], flags, &["a.xml", "b.pipe", "c.xml"]];
    let mut command = folder.command(&arguments.concat());
    let child = command.stdout(Stdio::piped()).stderr(program).spawn().unwrap();
    // The program's end of the terminal is closed when the program is.
    drop(command);
    let mut pipe = fs::OpenOptions::new().write(true).open(folder.path("b.pipe")).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    pipe.write_all(GOOD.as_bytes()).unwrap();
    drop(pipe);
    let reader = std::thread::spawn(move || {
        let mut shown = Vec::new();
        // Linux says at the end that there is nobody at the other side, others say that this is the end.
        let _ = person.read_to_end(&mut shown);
        String::from_utf8(shown).unwrap()
    });
    let ran = child.wait_with_output().unwrap();
    assert_eq!(ran.status.code(), Some(1));
    (reader.join().unwrap(), String::from_utf8(ran.stdout).unwrap())
}

#[test]
fn a_long_run_shows_on_a_terminal_that_it_is_under_way() {
    let (shown, out) = run_slowly(&[]);
    assert!(out.starts_with("c.xml:4:4: error["), "{out}");
    // The line comes after the pipe, and goes before anything else is written.
    let (before, after) = shown.split_once("\r2 files, 0 findings\x1b[K").unwrap_or_else(|| panic!("{shown:?}"));
    assert_eq!(before, "");
    let rest = after.strip_prefix("\r\x1b[K").unwrap_or_else(|| panic!("{after:?}"));
    assert!(rest.contains(" in 3 files") && !rest.contains("\x1b[K"), "{rest:?}");
}

#[test]
fn a_quiet_run_shows_nothing() {
    assert_eq!(run_slowly(&["--quiet"]).0, "");
}
