//! Verdicts held against others': libvirt's schemas at four versions, broken and sampled documents, and what libvirt itself said.
//!
//! The referees and their documents lie beside this package, in `../shared`, and need python3 with lxml and exrex. Where they are missing
//! these tests say so and pass; what they would show is also in the corpus, in small.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use support::{codes_by_row, files, none_of, root};

const VIRDICT: &str = env!("CARGO_BIN_EXE_virdict");

/// Where the referees are.
fn shared(path: &str) -> PathBuf {
    root().join("../shared").join(path)
}

/// Says past the test runner, which keeps what passing tests print, that a test had nothing to run on.
fn skipped(what: &str) {
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

fn python(arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Command {
    let mut command = Command::new("python3");
    // The referees' folder is not ours to write to.
    command.env("PYTHONDONTWRITEBYTECODE", "1").stdin(Stdio::null());
    command.args(arguments.iter().map(|argument| argument.as_ref()));
    command
}

/// Whether the referees can be asked.
fn have_referees() -> bool {
    let there = shared("oracle/agree.py").exists() && shared("corpus/libvirt/verdicts.tsv").exists();
    let runs = there
        && python(&[&"-c", &"import lxml, exrex"]).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !runs {
        skipped(if there { "python3 with lxml and exrex is not there" } else { "../shared/oracle is not there" });
    }
    runs
}

/// What `agree.py` said.
#[derive(Debug)]
struct Agreement {
    documents: f64,
    agree: f64,
    false_alarms: f64,
    on_line: f64,
    offered: f64,
    errors_per_fault: f64,
    median_length: f64,
    /// All of it.
    text: String,
}

/// Asks `agree.py` about a folder of documents with verdicts.
fn agreement(folder: &Path, version: &str) -> Agreement {
    let output = python(&[&shared("oracle/agree.py"), &VIRDICT, &folder, &"--version", &version, &"--show", &"20"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // The number that follows these words.
    let number = |words: &str| -> f64 {
        let rest = text.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {text}")).1.trim_start();
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        rest[..end].trim_end_matches('.').parse().unwrap_or_else(|_| panic!("no number after {words:?} in {text}"))
    };
    let share = |words: &str| {
        let line = text.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {text}")).1;
        let number = line.split_once(" = ").unwrap().1;
        number.split([';', '\n']).next().unwrap().trim().parse().unwrap()
    };
    let (_, of) = text.split_once("agreement ").unwrap().1.split_once('/').unwrap();
    Agreement {
        documents: of.split(' ').next().unwrap().parse().unwrap(),
        agree: number("agreement "),
        false_alarms: number("false alarms:"),
        on_line: share("on the line "),
        offered: share("right name offered "),
        errors_per_fault: number("errors for one fault "),
        median_length: number("median length of message and help "),
        text,
    }
}

/// Makes documents with a script of the referees', in a folder of the build's.
fn make(script: &str, name: &str, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("agree-{name}"));
    let _ = fs::remove_dir_all(&folder);
    let (script, schema) = (shared("oracle").join(script), shared("oracle/schemas/12.8.0/domain.rng"));
    let mut command = python(&[&script, &schema]);
    // The list of documents stands before the folder, the number and the seed behind it.
    let (before, behind) = arguments.split_at(arguments.len() - 2);
    command
        .args(before.iter().map(|argument| argument.as_ref()))
        .arg(&folder)
        .args(behind.iter().map(|argument| argument.as_ref()));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    folder
}

#[test]
fn libvirts_own_documents_get_the_verdict_of_the_schema_at_four_versions() {
    if !have_referees() {
        return;
    }
    let mut complaints = Vec::new();
    for version in ["7.0.0", "9.0.0", "11.3.0", "12.8.0"] {
        let found = agreement(&shared("corpus/libvirt"), version);
        if found.agree != found.documents {
            complaints.push(format!("at {version}:\n{}", found.text));
        }
    }
    none_of(&complaints, "versions disagree with the schema");
}

#[test]
fn broken_documents_get_the_verdict_of_the_schema_where_they_are_broken() {
    if !have_referees() {
        return;
    }
    let verdicts = fs::read_to_string(shared("corpus/libvirt/verdicts.tsv")).unwrap();
    let column = verdicts.lines().next().unwrap().split('\t').position(|version| version == "12.8.0").unwrap();
    let valid = verdicts.lines().filter(|line| line.split('\t').nth(column) == Some("valid"));
    let paths: Vec<String> = valid
        .map(|line| shared("corpus/libvirt").join(line.split('\t').next().unwrap()).display().to_string() + "\n")
        .collect();
    let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join("agree-mutants.list");
    fs::write(&list, paths.concat()).unwrap();
    let folder = make("mutate.py", "mutants", &[&list, &"2000", &"20261124"]);
    let found = agreement(&folder, "12.8.0");
    let share = found.agree / found.documents;
    assert!(share >= 0.999 && found.false_alarms == 0.0, "{share:.4}\n{}", found.text);
    assert!(found.on_line >= 0.99, "told on another line\n{}", found.text);
    assert!(found.offered >= 0.97, "right names are not offered\n{}", found.text);
    assert!(found.errors_per_fault <= 1.05, "cascades\n{}", found.text);
    assert!(found.median_length <= 110.0, "long-winded\n{}", found.text);
}

#[test]
fn sampled_documents_are_taken() {
    if !have_referees() {
        return;
    }
    let folder = make("sample.py", "samples", &[&"1000", &"20261124"]);
    let found = agreement(&folder, "12.8.0");
    let share = found.agree / found.documents;
    assert!(share >= 0.999, "{share:.4}\n{}", found.text);
}

/// What is found in files: code and severity of each finding, by the file's name.
fn check(paths: &[PathBuf], name: &str, flags: &[&str]) -> BTreeMap<String, Vec<(String, String)>> {
    members(paths, name, flags, "severity")
}

/// What is found in files: code and another member of each finding, by the file's name.
fn members(paths: &[PathBuf], name: &str, flags: &[&str], member: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let list = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("agree-{name}.list"));
    fs::write(&list, paths.iter().map(|path| format!("{}\n", path.display())).collect::<String>()).unwrap();
    let output = Command::new(VIRDICT)
        .args(["check", "--output-format", "jsonl", "--files-from"])
        .arg(&list)
        .args(flags)
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    let mut found: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
        let file = text("path").rsplit('/').next().unwrap().to_owned();
        found.entry(file).or_default().push((text("code"), text(member)));
    }
    found
}

/// The rows of a file of the facts, cut into columns, without the header if it has one.
fn facts(path: &str, header: bool) -> Vec<Vec<String>> {
    let text = fs::read_to_string(shared(path)).unwrap();
    text.lines().skip(usize::from(header)).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn what_libvirt_refuses_is_refused_for_the_same_reason() {
    let folder = shared("facts/examples");
    if !folder.join("daemon.tsv").exists() {
        return skipped("../shared/facts/examples is not there");
    }
    let decidable: BTreeSet<String> =
        facts("facts/validate.tsv", true).into_iter().filter(|row| row[4] == "xml").map(|row| row[0].clone()).collect();
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in facts("facts/examples/rows.tsv", true) {
        rows.entry(row[0].clone()).or_default().push(row[1].clone());
    }
    let refused: BTreeMap<String, String> = facts("facts/examples/daemon.tsv", false)
        .into_iter()
        .filter(|row| row[1] == "refused")
        .map(|row| (row[0].clone(), row.get(2).cloned().unwrap_or_default()))
        .collect();
    let found = check(&files(&folder, "xml"), "examples", &[]);
    let codes = codes_by_row();
    let (mut documents, mut errors, mut right) = (0, 0, 0);
    let mut astray = Vec::new();
    for (name, reason) in &refused {
        let Some(rows) = rows.get(name).filter(|rows| rows.iter().any(|row| decidable.contains(row))) else { continue };
        documents += 1;
        let got = found.get(name).map_or(&[][..], Vec::as_slice);
        let wanted: BTreeSet<&String> = rows.iter().filter_map(|row| codes.get(row)).flatten().collect();
        let fits = |code: &String| {
            wanted.contains(code) || (code.starts_with("schema/") && wanted.iter().any(|code| *code == "schema"))
        };
        errors += usize::from(got.iter().any(|(_, severity)| severity == "error"));
        if got.iter().any(|(code, _)| fits(code)) {
            right += 1;
        } else {
            astray.push(format!("    {name} ({}): {got:?}, not {wanted:?}; libvirt said: {reason}", rows.join(", ")));
        }
    }
    assert!(documents > 300, "only {documents} documents");
    let share = |part: usize| part as f64 / documents as f64;
    let report = format!(
        "of {documents} documents {errors} get an error and {right} the right code; astray:\n{}",
        astray.join("\n")
    );
    println!("{report}");
    assert!(share(errors) >= 0.97 && share(right) >= 0.95, "{report}");
}

#[test]
fn what_libvirt_takes_has_no_error() {
    let folder = shared("corpus/libvirt");
    if !folder.join("daemon.tsv").exists() {
        return skipped("../shared/corpus/libvirt is not there");
    }
    let taken: BTreeSet<String> = facts("corpus/libvirt/daemon.tsv", false)
        .into_iter()
        .filter(|row| row[1] == "ok")
        .map(|row| row[0].clone())
        .collect();
    let verdicts = facts("corpus/libvirt/verdicts.tsv", false);
    let defended: BTreeSet<(String, String)> = fs::read_to_string(root().join("tests/rows/defended.tsv"))
        .unwrap_or_default()
        .lines()
        .map(|line| {
            let [file, code, reason]: [&str; 3] = line
                .split('\t')
                .collect::<Vec<_>>()
                .try_into()
                .unwrap_or_else(|_| panic!("{line:?}: file, code, reason"));
            assert!(reason.len() > 20, "{line:?} gives no reason");
            (file.to_owned(), code.to_owned())
        })
        .collect();
    let mut complaints = Vec::new();
    let mut unused = defended.clone();
    // What libvirt 11.3.0 took is judged as of that version, and as of the newest.
    for version in ["11.3.0", "12.8.0"] {
        let column = verdicts[0].iter().position(|name| name == version).unwrap();
        let valid = verdicts[1..].iter().filter(|row| row[column] == "valid" && taken.contains(&row[0]));
        let paths: Vec<PathBuf> = valid.map(|row| folder.join(&row[0])).collect();
        assert!(paths.len() > 500, "only {} documents", paths.len());
        for (file, findings) in check(&paths, &format!("taken-{version}"), &["--libvirt-version", version]) {
            for (code, severity) in findings {
                let key = (file.clone(), code);
                if severity == "error" && !unused.remove(&key) && !defended.contains(&key) {
                    complaints.push(format!("    {}: {} at {version}", key.0, key.1));
                }
            }
        }
    }
    complaints.extend(unused.iter().map(|(file, code)| format!("    {file}: {code} is defended and not found")));
    none_of(&complaints, "documents that libvirt took have errors, or are defended for nothing");
}

/// Schema-invalid documents that libvirt took at define, and virdict says are refused all the same: file and reason.
const REFUSED_AT_START: [(&str, &str); 2] = [
    ("qemuxmlconfdata__disk-network-iscsi-zero-hosts-invalid.xml", "libvirt's test expects it to fail at start"),
    ("qemuxmlconfdata__disk-network-iscsi-zero-hosts-invalid.x86_64-latest.xml", "the same"),
];

#[test]
fn consequences_are_what_libvirt_did() {
    let folder = shared("corpus/libvirt");
    if !folder.join("daemon.tsv").exists() {
        return skipped("../shared/corpus/libvirt is not there");
    }
    // libvirt 11.3.0 was asked.
    let verdicts = facts("corpus/libvirt/verdicts.tsv", false);
    let column = verdicts[0].iter().position(|name| name == "11.3.0").unwrap();
    let invalid: BTreeSet<String> =
        verdicts[1..].iter().filter(|row| row[column] == "invalid").map(|row| row[0].clone()).collect();
    let paths: Vec<PathBuf> = invalid.iter().map(|file| folder.join(file)).collect();
    let flags = ["--libvirt-version", "11.3.0", "--select", "syntax,schema"];
    let found = members(&paths, "consequences", &flags, "consequence");
    let (mut judged, mut complaints) = (0, Vec::new());
    for row in facts("corpus/libvirt/daemon.tsv", false) {
        let (file, verdict) = (&row[0], &row[1]);
        if !invalid.contains(file) || !matches!(verdict.as_str(), "ok" | "refused") {
            continue;
        }
        judged += 1;
        let refused = found.get(file).is_some_and(|findings| findings.iter().any(|(_, word)| word == "refused"));
        let defended = REFUSED_AT_START.iter().any(|(known, _)| known == file);
        if refused != (verdict == "refused" || defended) {
            complaints.push(format!("    {file}: libvirt said {verdict}; {:?}", found.get(file)));
        }
    }
    assert!(judged >= 10, "only {judged} documents");
    none_of(&complaints, "consequences are not what libvirt did");
}
