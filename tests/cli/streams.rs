//! Standard input, lists of files, pipes.

use crate::support::{CODE, Folder, GOOD, bad, very_bad};
use std::io::Read;
use std::process::Stdio;

#[test]
fn standard_input_is_checked_under_the_name_it_is_given() {
    let folder = Folder::new();
    let check = ["check", "--output-format", "concise", "--select", CODE];
    let ran = folder.run_with_input(&[&check[..], &["-"]].concat(), bad().as_bytes());
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.starts_with("-:4:4: error["), "{}", ran.out);
    for more in [&["--stdin-filename", "x/y.xml", "-"][..], &["--stdin-filename", "x/y.xml"]] {
        let ran = folder.run_with_input(&[&check[..], more].concat(), bad().as_bytes());
        assert!(ran.out.starts_with("x/y.xml:4:4: error["), "{}", ran.out);
    }
    let ran = folder.run_with_input(&["check", "--select", "schema,syntax", "-"], GOOD.as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_counts_as_named() {
    let folder = Folder::new();
    let ran = folder.run_with_input(&["check", "--output-format", "jsonl", "-"], b"<html/>");
    assert_eq!(ran.objects()[0]["code"], "schema/not-libvirt");
    let ran = folder.run_with_input(&["check", "--output-format", "jsonl", "-"], b"");
    assert_eq!((ran.code, &ran.objects()[0]["code"]), (Some(1), &"syntax/empty-document".into()));
}

#[test]
fn an_excluded_name_leaves_standard_input_out_when_forced() {
    let folder = Folder::new();
    let check = ["check", "--stdin-filename", "vendor/a.xml", "--exclude", "vendor"];
    assert_eq!(folder.run_with_input(&check, bad().as_bytes()).code, Some(1));
    let ran = folder.run_with_input(&[&check[..], &["--force-exclude"]].concat(), bad().as_bytes());
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), ""));
}

#[test]
fn standard_input_has_its_place_in_the_order() {
    let folder = Folder::with(&[("a.xml", &bad()), ("c.xml", &bad())]);
    let arguments =
        ["check", "--output-format", "concise", "--select", CODE, "c.xml", "-", "a.xml", "--stdin-filename", "b.xml"];
    assert_eq!(folder.run_with_input(&arguments, bad().as_bytes()).paths(), ["a.xml", "b.xml", "c.xml"]);
}

#[cfg(unix)]
#[test]
fn the_file_that_is_standard_input_can_be_named() {
    let folder = Folder::new();
    let ran = folder
        .run_with_input(&["check", "--output-format", "concise", "--select", CODE, "/dev/stdin"], bad().as_bytes());
    assert!(ran.out.starts_with("/dev/stdin:4:4: "), "{}{}", ran.out, ran.err);
}

#[test]
fn a_list_of_files_is_read_line_by_line() {
    let folder = Folder::with(&[
        ("a.xml", &bad()),
        ("b c.txt", &bad()),
        ("d.xml", &bad()),
        ("list", "d.xml\r\n\nb c.txt\n./a.xml\nd.xml"),
    ]);
    assert_eq!(folder.check(&["--files-from", "list"]).paths(), ["a.xml", "b c.txt", "d.xml"]);
    let ran = folder
        .run_with_input(&["check", "--output-format", "concise", "--select", CODE, "--files-from", "-"], b"d.xml\n");
    assert_eq!(ran.paths(), ["d.xml"]);
    // Paths beside the list count too.
    assert_eq!(folder.check(&["--files-from", "list", "a.xml"]).paths(), ["a.xml", "b c.txt", "d.xml"]);
}

#[cfg(unix)]
#[test]
fn a_list_can_be_separated_by_nul() {
    let folder = Folder::with(&[("a\nb.xml", &bad()), ("c.xml", &bad())]);
    let arguments = ["check", "--output-format", "concise", "--select", CODE, "-0", "--files-from", "-"];
    assert_eq!(folder.run_with_input(&arguments, b"c.xml\0a\nb.xml\0").paths(), ["a\\nb.xml", "c.xml"]);
}

#[test]
fn an_empty_list_is_no_error_and_not_the_current_folder() {
    let folder = Folder::with(&[("a.xml", &bad()), ("list", "")]);
    let ran = folder.check(&["--files-from", "list"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "", "No files checked\n"));
}

#[test]
fn a_list_that_cannot_be_read_is_a_failure() {
    let folder = Folder::with(&[("a.xml", GOOD)]);
    let ran = folder.check(&["--files-from", "nowhere"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("nowhere"), "{}", ran.err);
}

#[test]
fn listed_files_that_are_missing_are_told_and_the_rest_is_checked() {
    let folder = Folder::with(&[("a.xml", &bad()), ("c.xml", &bad()), ("list", "a.xml\nb.xml\nc.xml\n")]);
    let ran = folder.check(&["--files-from", "list"]);
    assert_eq!((ran.code, ran.paths()), (Some(2), vec!["a.xml", "c.xml"]));
    assert_eq!(ran.err, "virdict: b.xml: No such file or directory\n2 errors in 2 files, 1 could not be read\n");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let folder = Folder::with(&[("a.xml", &very_bad(3_000)), ("b.xml", &very_bad(3_000))]);
    for format in ["concise", "jsonl", "json", "full"] {
        for jobs in ["1", "4"] {
            let mut child = folder
                .command(&[
                    "check",
                    "--quiet",
                    "--exit-zero",
                    "--max-diagnostics",
                    "0",
                    "--output-format",
                    format,
                    "--jobs",
                    jobs,
                ])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap();
            let mut first = [0; 100];
            let mut out = child.stdout.take().unwrap();
            out.read_exact(&mut first).unwrap();
            drop(out);
            let ended = child.wait_with_output().unwrap();
            assert_eq!(
                (ended.status.code(), String::from_utf8(ended.stderr).unwrap().as_str()),
                (Some(0), ""),
                "{format}"
            );
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_report_that_cannot_be_written_is_a_failure() {
    let folder = Folder::with(&[("a.xml", &very_bad(2_000))]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = folder.command(&["check"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("standard output: No space left on device"));
}
