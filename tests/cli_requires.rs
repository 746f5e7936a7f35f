//! `virdict requires`, through the real binary.

#[allow(dead_code)]
#[path = "cli/support.rs"]
mod support;

use serde_json::{Value, json};
use support::{Folder, GOOD, bad};

/// A guest with these devices, each on a line of its own from line 6 on.
fn guest(devices: &[&str]) -> String {
    let devices: String = devices.iter().map(|device| format!("    {device}\n")).collect();
    GOOD.replace("</domain>", &format!("  <devices>\n{devices}  </devices>\n</domain>"))
}

/// A disk's type that came with libvirt 9.8.0.
const VHOST: &str =
    "<disk type='vhostvdpa' device='disk'><source dev='/dev/v'/><target dev='vda' bus='virtio'/></disk>";
/// A device that came with libvirt 9.0.0.
const CRYPTO: &str = "<crypto model='virtio' type='qemu'><backend model='builtin' queues='1'/></crypto>";

fn one(ran: &support::Ran) -> Value {
    let objects = ran.objects();
    assert_eq!(objects.len(), 1, "{ran:?}");
    objects.into_iter().next().unwrap()
}

#[test]
fn the_lowest_version_and_the_lines_that_force_it() {
    let folder = Folder::with(&[("a.xml", &guest(&[CRYPTO, VHOST]))]);
    let ran = folder.run(&["requires", "a.xml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert_eq!(ran.out, "a.xml: needs libvirt 9.8.0\na.xml:7:17: disk vda: `vhostvdpa` came with libvirt 9.8.0\n");
    // Without what forces it, the next reason comes up.
    let version = folder.run_with_input(&["requires", "-"], guest(&[CRYPTO]).as_bytes()).out;
    assert!(version.starts_with("-: needs libvirt ") && !version.contains("9.8.0"), "{version}");
    assert!(version.contains("\n-:6:6: <crypto> came with libvirt "), "{version}");
}

#[test]
fn the_version_before_is_indeed_too_old() {
    let folder = Folder::with(&[("a.xml", &guest(&[CRYPTO, VHOST]))]);
    let check =
        |version: &str| folder.run(&["check", "--select", "syntax,schema", "--libvirt-version", version, "a.xml"]).code;
    assert_eq!([check("9.7.0"), check("9.8.0"), check("12.8.0")], [Some(1), Some(0), Some(0)]);
}

#[test]
fn all_lines_that_force_the_version_are_told() {
    let folder = Folder::with(&[("a.xml", &guest(&[VHOST, &VHOST.replace("vda'", "vdb'")]))]);
    let answer = one(&folder.run(&["requires", "--output-format", "jsonl", "a.xml"]));
    let lines: Vec<&Value> =
        answer["reasons"].as_array().unwrap().iter().map(|reason| &reason["span"]["start"]["line"]).collect();
    assert_eq!(lines, [6, 7]);
}

#[test]
fn a_file_that_every_version_takes() {
    let folder = Folder::with(&[("a.xml", GOOD)]);
    let ran = folder.run(&["requires", "a.xml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "a.xml: any known libvirt takes it\n"));
    let answer = one(&folder.run(&["requires", "--output-format", "jsonl", "a.xml"]));
    assert_eq!(answer, json!({"path": "a.xml", "requires": "0.0.0", "reasons": []}));
}

#[test]
fn a_file_that_no_version_takes() {
    let folder = Folder::with(&[
        ("a.xml", &bad()),
        ("b.xml", &GOOD.replace("  <os>", &format!("{}  <os>", "  <nothing/>\n".repeat(14)))),
        ("c.xml", "<domain"),
        ("d.xml", "<html/>"),
    ]);
    let ran = folder.run(&["requires", "a.xml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0], "a.xml: not even libvirt 12.8.0 takes it");
    assert!(lines[1].starts_with("a.xml:4:4: ") && lines[1].contains("<vcpuu>"), "{}", lines[1]);
    // People see the first of many faults, machines all.
    let ran = folder.run(&["requires", "b.xml"]);
    assert_eq!(ran.out.lines().count(), 12);
    assert!(ran.out.ends_with("\n... and 4 more faults: virdict check shows all\n"), "{}", ran.out);
    let answer = one(&folder.run(&["requires", "--output-format", "jsonl", "b.xml"]));
    assert_eq!(answer["requires"], Value::Null);
    assert_eq!(answer["reasons"].as_array().unwrap().len(), 14);
    assert_eq!(answer["reasons"][0]["code"], support::CODE);
    // What is no libvirt document has a fault, too.
    for (file, code) in [("c.xml", "syntax/"), ("d.xml", "schema/not-libvirt")] {
        let ran = folder.run(&["requires", "--output-format", "jsonl", file]);
        assert_eq!(ran.code, Some(1));
        assert!(one(&ran)["reasons"][0]["code"].as_str().unwrap().starts_with(code), "{}", ran.out);
    }
}

#[test]
fn what_an_older_version_wants_otherwise_is_told_with_the_version() {
    // Until 11.0.0 a hot-pluggable memory's size could not be without its number of slots.
    let text = GOOD.replace("  <memory>", "  <maxMemory unit='KiB'>2097152</maxMemory>\n  <memory>");
    let folder = Folder::with(&[("a.xml", &text)]);
    let out = folder.run(&["requires", "a.xml"]).out;
    let version = out.lines().next().unwrap().strip_prefix("a.xml: needs libvirt ").unwrap_or_else(|| panic!("{out}"));
    let reason = out.lines().nth(1).unwrap();
    assert!(reason.starts_with("a.xml:3:4: ") && reason.contains("`slots`"), "{out}");
    assert!(reason.ends_with(&format!(" (before libvirt {version})")), "{out}");
}

#[test]
fn both_json_formats_have_the_same_objects() {
    let folder = Folder::with(&[("a.xml", &guest(&[VHOST])), ("b.xml", GOOD), ("c.xml", &bad())]);
    let files = ["c.xml", "a.xml", "./b.xml", "a.xml"];
    let array = folder.run(&[&["requires", "--output-format", "json"], &files[..]].concat());
    let lines = folder.run(&[&["requires", "--output-format", "jsonl"], &files[..]].concat());
    assert_eq!((array.code, lines.code), (Some(1), Some(1)));
    let array: Value = serde_json::from_str(&array.out).unwrap();
    assert_eq!(array, Value::Array(lines.objects()));
    // Each file once, in the order of their paths, whatever they were named by.
    let paths: Vec<&Value> = array.as_array().unwrap().iter().map(|object| &object["path"]).collect();
    assert_eq!(paths, ["a.xml", "b.xml", "c.xml"]);
    let offset = guest(&[VHOST]).find("vhostvdpa").unwrap();
    assert_eq!(
        array[0],
        json!({"path": "a.xml", "requires": "9.8.0", "reasons": [{
            "code": "schema/too-new",
            "message": "disk vda: `vhostvdpa` came with libvirt 9.8.0",
            "span": {
                "start": {"line": 6, "column": 17, "offset": offset},
                "end": {"line": 6, "column": 26, "offset": offset + 9},
            },
        }]})
    );
}

#[test]
fn several_documents_in_a_file_are_judged_together() {
    let folder = Folder::new();
    let stream = format!("{}{}", GOOD, guest(&[VHOST]));
    let ran = folder.run_with_input(&["requires", "-"], stream.as_bytes());
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.starts_with("-: needs libvirt 9.8.0\n"), "{}", ran.out);
}

#[test]
fn what_lies_beyond_the_schema_is_no_reason() {
    // Two disks of one name: libvirt refuses them, its schema does not.
    let disk = "<disk type='file'><source file='/v'/><target dev='vda'/></disk>";
    let folder = Folder::with(&[("a.xml", &guest(&[disk, disk]))]);
    assert_eq!(folder.run(&["requires", "a.xml"]).out, "a.xml: any known libvirt takes it\n");
}

#[test]
fn what_cannot_be_read_outranks_the_rest_and_keeps_nothing_from_being_told() {
    let folder = Folder::with(&[("a.xml", &bad()), ("b.xml", GOOD), ("folder/c.xml", GOOD)]);
    let ran = folder.run(&["requires", "nowhere.xml", "folder", "a.xml", "b.xml"]);
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.out.contains("b.xml: any known libvirt takes it\n") && ran.out.contains("a.xml: not even"),
        "{}",
        ran.out
    );
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.err);
    assert!(lines[0].starts_with("virdict: folder: ") && lines[1].starts_with("virdict: nowhere.xml: "), "{}", ran.err);
    let none = folder.run(&["requires", "--output-format", "json", "nowhere.xml"]);
    assert_eq!((none.code, none.out.as_str()), (Some(2), "[]\n"));
}

#[test]
fn bad_usage() {
    let folder = Folder::new();
    for arguments in [&["requires"][..], &["requires", ""], &["requires", "a.xml", "--output-format", "full"]] {
        let ran = folder.run(arguments);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(ran.err.contains("--help"), "{}", ran.err);
    }
    assert_eq!(folder.run(&["requires", "--help"]).code, Some(0));
}

#[test]
fn what_a_document_holds_cannot_command_a_terminal() {
    let folder = Folder::new();
    let text = GOOD.replace("type='kvm'", "type='k\u{202e}vm'");
    folder.write("a.xml", text);
    let ran = folder.run(&["requires", "a.xml"]);
    assert!(ran.out.contains("\\u{202e}") && !ran.out.contains('\u{202e}'), "{}", ran.out);
}
