//! Documents and what is said of them, side by side: the findings of `corpus/bad/x.xml` are those of `corpus/bad/x.expected`.
//!
//! A document without a file of expectations has no findings. `UPDATE_CORPUS=1 cargo test --test corpus` writes the files anew; the
//! difference is then read as a reviewer would. Whatever is written down, a good document has no error, and a bad one a finding.

mod support;

use std::fs;
use support::{corpus, files, has_error, none_of, report, root};
use virdict::engine::{Checker, Options};

#[test]
fn documents_have_the_expected_findings() {
    let update = std::env::var_os("UPDATE_CORPUS").is_some_and(|value| !value.is_empty() && value != "0");
    let options = Options::default();
    let mut checker = Checker::new(&options);
    let mut complaints = Vec::new();
    for document in corpus() {
        let outcome = checker.check(&document.bytes, true);
        let found = report(&outcome, &options);
        if document.is_good() && has_error(outcome.findings) {
            complaints.push(format!("{} has an error:\n{found}", document.name));
        }
        if !document.is_good() && outcome.findings.is_empty() {
            complaints.push(format!("{} has no finding", document.name));
        }
        let path = document.path.with_extension("expected");
        if update {
            match found.is_empty() {
                true => _ = fs::remove_file(&path),
                false => fs::write(&path, &found).unwrap(),
            }
            continue;
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        if found != expected {
            complaints.push(format!("{}: expected\n{expected}but found\n{found}", document.name));
        }
    }
    none_of(&complaints, "documents are not as expected (UPDATE_CORPUS=1 writes down what is found)");
}

#[test]
fn every_expectation_has_a_document() {
    let mut complaints = Vec::new();
    for folder in ["bad", "good"] {
        for path in files(&root().join("corpus").join(folder), "expected") {
            if !path.with_extension("xml").exists() {
                complaints.push(path.display().to_string());
            }
        }
    }
    none_of(&complaints, "files of expectations have no document");
}
