//! The house is built as `ARCHITECTURE.md` says: what a file may import, what it may name, how long it may be.

mod support;

use std::fs;
use std::path::Path;
use support::{none_of, root};

/// The rooms from the top down. A room may import those below it; rooms that share a line do not know each other.
const ROOMS: &[&[&str]] =
    &[&["cli"], &["run"], &["report"], &["engine"], &["semantic"], &["xml", "table"], &["diagnostic", "places"]];

/// Lines of code that a file may have; beyond it, it is two files.
const LONGEST: usize = 700;

/// A source file: its path below `src/`, and its lines without comments.
struct Source {
    name: String,
    lines: Vec<String>,
}

impl Source {
    /// The room that the file is in; none for the crate's roots.
    fn room(&self) -> Option<&str> {
        self.name.split_once('/').map(|(room, _)| room)
    }

    /// The lines with numbers, up to the tests at the end.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let end = self.lines.iter().position(|line| line.trim() == "#[cfg(test)]" && line.starts_with('#'));
        let is_last = |end: usize| self.lines[end + 1..].iter().any(|line| line.starts_with("mod tests {"));
        let end = end.filter(|end| is_last(*end)).unwrap_or(self.lines.len());
        self.lines[..end].iter().enumerate().map(|(index, line)| (index + 1, line.as_str()))
    }
}

fn collect(folder: &Path, sources: &mut Vec<Source>) {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root().join("src")).unwrap().to_str().unwrap().replace('\\', "/");
            let text = fs::read_to_string(&path).unwrap();
            let without =
                |line: &str| if line.trim_start().starts_with("//") { String::new() } else { line.to_owned() };
            sources.push(Source { name, lines: text.lines().map(without).collect() });
        }
    }
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    collect(&root().join("src"), &mut sources);
    assert!(sources.len() > 50, "only {} files in src/", sources.len());
    sources
}

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms that a line names after `crate::`.
fn rooms_named(line: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for (at, start) in line.match_indices("crate::") {
        // `$crate::` and `other_crate::` are none of ours.
        if line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &line[at + start.len()..];
        let list = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or(list),
            None => rest,
        };
        for item in if rest.starts_with('{') { list.split(',').collect() } else { vec![list] } {
            let name = item.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or("");
            rooms.push(name);
        }
    }
    rooms
}

#[test]
fn imports_point_down() {
    let mut complaints = Vec::new();
    for source in sources() {
        let Some(room) = source.room() else { continue };
        let Some(own) = level(room) else {
            complaints.push(format!("src/{}: nobody knows the room {room}", source.name));
            continue;
        };
        for (number, line) in source.code() {
            for named in rooms_named(line) {
                match level(named) {
                    _ if named == room => {}
                    Some(other) if other > own => {}
                    Some(_) => complaints
                        .push(format!("src/{}:{number}: {room} imports {named}, which is not below it", source.name)),
                    None => complaints.push(format!("src/{}:{number}: `crate::{named}` is no room", source.name)),
                }
            }
        }
    }
    none_of(&complaints, "imports point up");
}

#[test]
fn every_room_is_there() {
    let rooms: Vec<String> = sources().iter().filter_map(|source| source.room().map(str::to_owned)).collect();
    for room in ROOMS.concat() {
        assert!(rooms.iter().any(|found| found == room), "no room {room}");
    }
}

/// Words that only some rooms may use: what they are for, the words, the rooms.
const KEPT: &[(&str, &[&str], &[&str])] = &[
    ("the XML splitter is named by one room", &["quick_xml"], &["xml"]),
    ("threads are started by one room", &["std::thread", "thread::spawn", "thread::scope", "std::sync"], &["run"]),
    (
        "the file system is used by the room that runs, and by the one that reads what the command line names",
        &["std::fs", "fs::File", "File::open"],
        &["run", "cli"],
    ),
    (
        "output is written by the rooms that run",
        &["println!", "print!(", "eprintln!", "io::stdout", "io::stderr", "io::stdin"],
        &["run", "cli"],
    ),
    (
        "the environment is read by the rooms that run",
        &["std::env::var", "env::args", "process::exit"],
        &["run", "cli"],
    ),
    ("nothing talks to the network", &["TcpStream", "TcpListener", "UdpSocket", "UnixStream", "ToSocketAddrs"], &[]),
    ("nothing starts a program", &["std::process::Command", "Command::new("], &[]),
];

#[test]
fn rooms_keep_to_their_business() {
    let mut complaints = Vec::new();
    for source in sources() {
        // The program's entry hands the arguments on; the compiler of the rules also runs in the build script.
        let Some(room) = source.room() else { continue };
        if source.name.contains("/tests/") {
            continue;
        }
        for (number, line) in source.code() {
            for (why, words, rooms) in KEPT {
                if let Some(word) = words.iter().find(|word| line.contains(**word)).filter(|_| !rooms.contains(&room)) {
                    complaints.push(format!("src/{}:{number}: `{word}`: {why}", source.name));
                }
            }
        }
    }
    none_of(&complaints, "rooms do another's work");
}

#[test]
fn the_splitter_is_named_in_one_file() {
    let names: Vec<String> = sources()
        .into_iter()
        .filter(|source| source.lines.iter().any(|line| line.contains("quick_xml")))
        .map(|source| source.name)
        .collect();
    assert_eq!(names, ["xml/splitter.rs"]);
}

#[test]
fn no_unsafe_code() {
    let mut complaints = Vec::new();
    for source in sources() {
        if source.name == "lib.rs" && !source.lines.iter().any(|line| line == "#![forbid(unsafe_code)]") {
            complaints.push(format!("src/{} does not forbid unsafe code", source.name));
        }
        for (index, line) in source.lines.iter().enumerate() {
            if ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "(unsafe_code)]"]
                .iter()
                .any(|form| line.contains(form))
                && line != "#![forbid(unsafe_code)]"
            {
                complaints.push(format!("src/{}:{}: {line}", source.name, index + 1));
            }
        }
    }
    none_of(&complaints, "places have unsafe code");
}

#[test]
fn files_are_short() {
    let mut long: Vec<(usize, String)> = sources()
        .iter()
        .map(|source| (source.code().filter(|(_, line)| !line.trim().is_empty()).count(), source.name.clone()))
        .filter(|(count, _)| *count > LONGEST)
        .collect();
    long.sort_by(|a, b| b.cmp(a));
    let complaints: Vec<String> =
        long.iter().map(|(count, name)| format!("src/{name}: {count} lines of code")).collect();
    none_of(&complaints, &format!("files have more than {LONGEST} lines of code"));
}

#[test]
fn names_of_rooms_are_read() {
    assert_eq!(rooms_named("use crate::xml::Reader;"), ["xml"]);
    assert_eq!(rooms_named("use crate::{engine, table::Table};"), ["engine", "table"]);
    assert_eq!(rooms_named("pub(in crate::xml) fn f(a: crate::table::Table) {"), ["xml", "table"]);
    assert_eq!(rooms_named("$crate::x my_crate::y"), [""; 0]);
}
