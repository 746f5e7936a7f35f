//! `explain`, `rules`, `version`, completions and man pages.

use crate::support::{CODE, Folder};
use serde_json::Value;

#[test]
fn a_code_is_explained() {
    let folder = Folder::new();
    let ran = folder.run(&["explain", CODE]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.starts_with("schema/unknown-element (error)\n\n"), "{}", ran.out);
    assert!(ran.out.lines().all(|line| line.chars().count() <= 130), "{}", ran.out);
}

#[test]
fn every_code_that_is_listed_is_explained() {
    let folder = Folder::new();
    let listed: Value = serde_json::from_str(&folder.run(&["rules", "--output-format", "json"]).out).unwrap();
    // One of each category; a process for each of hundreds of codes would take long.
    let mut categories = std::collections::BTreeSet::new();
    for rule in listed["rules"].as_array().unwrap() {
        if categories.insert(rule["category"].as_str().unwrap()) {
            let ran = folder.run(&["explain", rule["code"].as_str().unwrap()]);
            assert_eq!(ran.code, Some(0));
            let heading = format!("{} ({})\n", rule["code"].as_str().unwrap(), rule["severity"].as_str().unwrap());
            assert!(ran.out.starts_with(&heading), "{}", ran.out);
        }
    }
    assert!(categories.contains("syntax") && categories.contains("schema"));
}

#[test]
fn a_code_that_does_not_exist_is_told_with_the_right_one() {
    let folder = Folder::new();
    for (code, part) in [
        ("schema/unknwon-element", "did you mean `schema/unknown-element`?"),
        ("unknown-element", "did you mean `schema/unknown-element`?"),
        ("qqqqqqqqqqqq", "virdict rules"),
    ] {
        let ran = folder.run(&["explain", code]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        assert!(ran.err.contains(part), "{}", ran.err);
    }
}

#[test]
fn both_lists_of_rules_have_all_codes_and_say_what_they_cover() {
    let folder = Folder::new();
    let list: Value = serde_json::from_str(&folder.run(&["rules", "--output-format", "json"]).out).unwrap();
    let rules = list["rules"].as_array().unwrap();
    assert_eq!(list["covers"]["rules"], rules.len());
    assert!(list["covers"]["elements"].as_u64().unwrap() > 0);
    assert_eq!(list["libvirt"], "12.8.0");
    let text = folder.run(&["rules"]).out;
    for rule in rules {
        let (code, severity) = (rule["code"].as_str().unwrap(), rule["severity"].as_str().unwrap());
        assert!(code.starts_with(&format!("{}/", rule["category"].as_str().unwrap())));
        let line = text
            .lines()
            .find(|line| line.split_whitespace().next() == Some(code))
            .unwrap_or_else(|| panic!("no line for {code}"));
        assert_eq!(line.split_whitespace().nth(1), Some(severity));
    }
    assert!(text.contains(&format!("{} codes. The rules cover libvirt up to 12.8.0", rules.len())), "{text}");
}

#[test]
fn the_version_is_that_of_the_package_and_of_the_rules() {
    let folder = Folder::new();
    let expected = format!("virdict {} (rules for libvirt up to 12.8.0)\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.run(&["version"]).out, expected);
    assert_eq!(folder.run(&["--version"]).out, format!("virdict {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn shells_get_completions_for_every_flag() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = folder.run(&["completions", shell]);
        assert_eq!(ran.code, Some(0));
        for flag in ["files-from", "output-format", "max-diagnostics", "libvirt-version"] {
            assert!(ran.out.contains(flag), "{shell}: {flag}");
        }
    }
    assert_eq!(folder.run(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn there_are_man_pages() {
    let folder = Folder::new();
    let page = folder.run(&["man"]).out;
    assert!(page.contains(".TH virdict 1") && page.contains("virdict\\-check(1)"), "{page}");
    let page = folder.run(&["man", "check"]).out;
    assert!(page.contains(".TH virdict-check 1") || page.contains(".TH virdict\\-check 1"), "{page}");
    for part in ["\\-\\-files\\-from", "\\-\\-output\\-format", "Exit codes"] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert_eq!(folder.run(&["man", "nothing"]).code, Some(2));
}
