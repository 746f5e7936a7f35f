//! The rule table against libvirt's own schemas, by the drift report: what one has and the other lacks.
//!
//! The schemas are no part of the package. Where they are not, beside it in `../shared`, there is nothing to compare with, and the test
//! says so.

#[path = "../examples/drift/compare.rs"]
mod compare;
#[path = "../examples/drift/data.rs"]
mod data;
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
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path))
        .collect()
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

/// A folder with a copy of the newest schemas in which some text of some files was replaced.
fn changed(name: &str, changes: &[(&str, &str, &str)]) -> Option<PathBuf> {
    let newest = schemas().remove(&Version::LATEST.to_string())?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("drift-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(newest).unwrap() {
        let path = entry.unwrap().path();
        let mut text = fs::read_to_string(&path).unwrap();
        for (_, before, after) in changes.iter().filter(|(file, ..)| path.ends_with(file)) {
            assert!(text.contains(before), "{before}");
            text = text.replacen(before, after, 1);
        }
        fs::write(folder.join(path.file_name().unwrap()), text).unwrap();
    }
    Some(folder)
}

/// An empty report must mean that there is nothing to report.
#[test]
fn what_a_schema_adds_or_drops_is_reported() {
    let common = "domaincommon.rng";
    let changes = [
        (
            common,
            "<element name=\"memballoon\">",
            "<element name=\"memballoon\"><attribute name=\"new\"><value>a</value></attribute>",
        ),
        (
            common,
            "<element name=\"watchdog\">",
            "<element name=\"watchdog\"><optional><element name=\"new\"><text/></element></optional>",
        ),
        (common, "<element name=\"iothreads\">", "<element name=\"threads\">"),
        (common, "<value>vhostvdpa</value>", "<value>vhostnew</value>"),
        (
            common,
            "<param name=\"pattern\">[A-Za-z0-9_\\.\\+\\- ]+</param>",
            "<param name=\"pattern\">[A-Za-z0-9]+</param>",
        ),
        ("basictypes.rng", "<param name=\"maxInclusive\">65535</param>", "<param name=\"maxInclusive\">65536</param>"),
    ];
    let Some(folder) = changed("report", &changes) else { return };
    let lines = compare::drift(&folder, Version::LATEST).unwrap();
    let _ = fs::remove_dir_all(&folder);
    let lines: BTreeSet<&str> =
        lines.iter().map(String::as_str).filter(|line| explained::find(line).is_none()).collect();
    let expected = [
        "schema lacks element /domain/iothreads",
        "table lacks element /domain/threads",
        "table lacks attribute /domain/devices/memballoon@new",
        "table lacks element /domain/devices/watchdog/new",
        "table alone takes /domain/devices/disk/serial/text() = \"-\"",
    ];
    for line in expected {
        assert!(lines.contains(line), "no `{line}` in\n{lines:#?}");
    }
    let values: Vec<&&str> = lines.iter().filter(|line| line.contains("lacks value")).collect();
    assert!(
        values.iter().any(|line| line.starts_with("table lacks value") && line.ends_with("= 'vhostnew'")),
        "{values:#?}"
    );
    assert!(
        values.iter().any(|line| line.starts_with("schema lacks value") && line.ends_with("= 'vhostvdpa'")),
        "{values:#?}"
    );
    let taken: Vec<&&str> = lines.iter().filter(|line| line.ends_with("zpci@uid = \"65536\"")).collect();
    assert!(!taken.is_empty() && taken.iter().all(|line| line.starts_with("schema alone takes ")), "{lines:#?}");
}

/// What the reader does not understand must not look like nothing.
#[test]
fn a_schema_that_is_not_understood_is_an_error() {
    let changes = [("domaincommon.rng", "<element name=\"memballoon\">", "<element name=\"memballoon\"><mystery/>")];
    let Some(folder) = changed("error", &changes) else { return };
    let error = compare::drift(&folder, Version::LATEST).unwrap_err();
    let _ = fs::remove_dir_all(&folder);
    assert!(error.contains("domaincommon.rng") && error.contains("mystery"), "{error}");
}
