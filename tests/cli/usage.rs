//! Exit codes, selections, and what is said of arguments that make no sense.

use crate::support::{CODE, Folder, GOOD, bad};

#[test]
fn exit_codes() {
    let folder = Folder::with(&[
        ("good.xml", GOOD),
        ("bad.xml", &bad()),
        ("broken.xml", "<domain>"),
        ("warned.xml", &format!("<!DOCTYPE domain>\n{GOOD}")),
    ]);
    for (arguments, code) in [
        (&["good.xml"][..], 0),
        (&["bad.xml"], 1),
        (&["broken.xml"], 1),
        (&["good.xml", "nowhere.xml"], 2),
        (&["bad.xml", "nowhere.xml"], 2),
        (&["bad.xml", "nowhere.xml", "--exit-zero"], 2),
        (&["bad.xml", "--exit-zero"], 0),
        (&["bad.xml", "--fail-on", "never"], 0),
        (&["bad.xml", "--fail-on", "info"], 1),
        (&["warned.xml"], 0),
        (&["warned.xml", "--fail-on", "error"], 0),
        (&["warned.xml", "--fail-on", "warning"], 1),
        (&["warned.xml", "--fail-on", "info"], 1),
        (&["--no-such-flag"], 2),
        (&["--jobs", "0"], 2),
        (&["--max-size", "lots"], 2),
        (&["--color", "sometimes"], 2),
        (&["--null"], 2),
        (&[""], 2),
    ] {
        let ran = folder.run(&[&["check"], arguments].concat());
        assert_eq!(ran.code, Some(code), "{arguments:?}\n{}{}", ran.out, ran.err);
    }
    assert_eq!(folder.run(&[]).code, Some(2));
    assert_eq!(folder.run(&["--help"]).code, Some(0));
    assert_eq!(folder.run(&["check", "--help"]).code, Some(0));
}

#[test]
fn what_is_asked_for_is_reported() {
    let folder = Folder::with(&[("a.xml", &format!("<!DOCTYPE domain>\n{}", bad()))]);
    let codes = |arguments: &[&str]| {
        let mut codes: Vec<String> = folder
            .run(&[&["check", "--output-format", "jsonl"], arguments].concat())
            .objects()
            .iter()
            .map(|object| object["code"].as_str().unwrap().to_owned())
            .collect();
        codes.sort();
        codes
    };
    assert_eq!(codes(&["--select", "schema"]), [CODE]);
    assert_eq!(codes(&["--select", "schema", "--extend-select", "syntax/doctype"]), [CODE, "syntax/doctype"]);
    assert_eq!(codes(&["--select", "syntax,schema", "--ignore", "syntax"]), [CODE]);
    assert_eq!(codes(&["--ignore", "syntax,semantic,security,deprecated,portability,performance,style"]), [CODE]);
    assert_eq!(codes(&["--ignore", "ALL", "--select", "syntax/doctype"]), ["syntax/doctype"]);
    // What is not reported does not decide about the exit code.
    assert_eq!(folder.run(&["check", "--select", "syntax"]).code, Some(0));
}

#[test]
fn a_code_that_does_not_exist_is_told_with_the_right_one() {
    let folder = Folder::with(&[("a.xml", GOOD)]);
    for flag in ["--select", "--ignore", "--extend-select"] {
        let ran = folder.run(&["check", flag, "schema/unknown-elment"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(ran.err.contains("did you mean `schema/unknown-element`?"), "{}", ran.err);
    }
}

#[test]
fn arguments_that_make_no_sense_together_are_told() {
    let folder = Folder::with(&[("a.xml", GOOD)]);
    for (arguments, part) in [
        (&["-", "--files-from", "-"][..], "standard input"),
        (&["a.xml", "--stdin-filename", "b.xml"], "--stdin-filename"),
        (&["--exclude", "a{z"], "a{z"),
        (&["--libvirt-version", "twelve"], "twelve"),
    ] {
        let ran = folder.run(&[&["check"], arguments].concat());
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.err.contains(part), "{}", ran.err);
    }
}

#[test]
fn a_version_newer_than_the_rules_is_checked_as_the_newest() {
    let folder = Folder::with(&[("a.xml", &bad())]);
    let check = ["check", "--output-format", "jsonl", "--libvirt-version"];
    let newer = folder.run(&[&check[..], &["99.1.0"]].concat());
    let newest = folder.run(&[&check[..], &["12.8.0"]].concat());
    assert_eq!(newer.out, newest.out);
    assert_eq!(newer.err, "virdict: libvirt 99.1.0 is newer than the rules; checking for 12.8.0\n");
    assert_eq!((newest.code, newest.err.as_str()), (Some(1), ""));
}

#[test]
fn limits_can_be_set() {
    let folder = Folder::with(&[("a.xml", GOOD)]);
    let codes = |arguments: &[&str]| {
        let ran =
            folder.run(&[&["check", "--output-format", "jsonl", "--select", "syntax,schema"], arguments].concat());
        ran.objects().iter().map(|object| object["code"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(codes(&[]), [""; 0]);
    assert_eq!(codes(&["--max-size", "64"]), ["syntax/too-large"]);
    assert_eq!(codes(&["--max-size", "1K"]), [""; 0]);
    assert!(codes(&["--max-depth", "2"]).contains(&"syntax/too-deep".to_owned()));
    folder.write("a.xml", crate::support::very_bad(40));
    let few = codes(&["--max-findings", "5"]);
    assert_eq!((few.len(), few[5].as_str()), (6, "syntax/too-many-findings"));
}
