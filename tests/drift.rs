//! The rule table against libvirt's own schemas, by the drift report: what one has and the other lacks.
//!
//! The schemas are no part of the package. Where they are not, beside it in `../shared`, there is nothing to compare with, and the test
//! says so.

#[path = "../examples/drift/compare.rs"]
mod compare;
#[path = "../examples/drift/explained.rs"]
mod explained;
#[path = "../examples/drift/schema.rs"]
mod schema;
#[path = "../examples/drift/shape.rs"]
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use virdict::table::Version;

/// The folders of schemas, by version.
fn schemas() -> BTreeMap<String, PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/oracle/schemas");
    let Ok(entries) = fs::read_dir(&folder) else {
        // Past the test runner, which keeps what passing tests print.
        let _ = writeln!(std::io::stderr(), "skipped: ../shared/oracle/schemas is not there");
        return BTreeMap::new();
    };
    entries.map(|entry| entry.unwrap().path()).map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

#[test]
fn the_table_and_the_schemas_have_the_same() {
    let schemas = schemas();
    let mut unused: BTreeSet<&str> = explained::EXPLAINED.iter().map(|explained| explained.line).collect();
    let mut drift = Vec::new();
    for (name, folder) in &schemas {
        let version: Version = name.parse().unwrap();
        for line in compare::drift(folder, version).unwrap() {
            match explained::find(&line) {
                Some(explained) => drop(unused.remove(explained.line)),
                None => drift.push(format!("{version}: {line}")),
            }
        }
    }
    assert!(drift.is_empty(), "{}", drift.join("\n"));
    assert!(schemas.is_empty() || unused.is_empty(), "no schema gives these any more: {unused:?}");
}

/// A folder with a copy of the newest schemas in which some text was replaced.
fn changed(name: &str, file: &str, changes: &[(&str, &str)]) -> Option<PathBuf> {
    let newest = schemas().remove(&Version::LATEST.to_string())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("drift-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(newest).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        if path.ends_with(file) {
            for (before, after) in changes {
                assert!(text.contains(before), "{before}");
                text = text.replacen(before, after, 1);
            }
        }
        fs::write(folder.join(path.file_name().unwrap()), text).unwrap();
    }
    Some(folder)
}

/// An empty report must mean that there is nothing to report.
#[test]
fn what_a_schema_adds_or_drops_is_reported() {
    let changes = [
        ("<element name=\"memballoon\">", "<element name=\"memballoon\"><attribute name=\"new\"><value>a</value></attribute>"),
        ("<element name=\"watchdog\">", "<element name=\"watchdog\"><optional><element name=\"new\"><text/></element></optional>"),
        ("<element name=\"iothreads\">", "<element name=\"threads\">"),
        ("<value>vhostvdpa</value>", "<value>vhostnew</value>"),
    ];
    let Some(folder) = changed("report", "domaincommon.rng", &changes) else { return };
    let lines = compare::drift(&folder, Version::LATEST).unwrap();
    let _ = fs::remove_dir_all(&folder);
    let lines: BTreeSet<&str> = lines.iter().map(String::as_str).filter(|line| explained::find(line).is_none()).collect();
    let expected = [
        "schema lacks element /domain/iothreads",
        "table lacks element /domain/threads",
        "table lacks attribute /domain/devices/memballoon@new",
        "table lacks element /domain/devices/watchdog/new",
    ];
    for line in expected {
        assert!(lines.contains(line), "no `{line}` in\n{lines:#?}");
    }
    let values: Vec<&&str> = lines.iter().filter(|line| line.contains("lacks value")).collect();
    assert!(values.iter().any(|line| line.starts_with("table lacks value") && line.ends_with("= 'vhostnew'")), "{values:#?}");
    assert!(values.iter().any(|line| line.starts_with("schema lacks value") && line.ends_with("= 'vhostvdpa'")), "{values:#?}");
}

/// What the reader does not understand must not look like nothing.
#[test]
fn a_schema_that_is_not_understood_is_an_error() {
    let changes = [("<element name=\"memballoon\">", "<element name=\"memballoon\"><mystery/>")];
    let Some(folder) = changed("error", "domaincommon.rng", &changes) else { return };
    let error = compare::drift(&folder, Version::LATEST).unwrap_err();
    let _ = fs::remove_dir_all(&folder);
    assert!(error.contains("domaincommon.rng") && error.contains("mystery"), "{error}");
}
