//! Libvirt's own checks, each in several documents: the fault in other places and spellings, and what lies just inside of it.
//!
//! `tests/variants/*.tsv` has on each line a row of the list of libvirt's checks, `refused` or `taken`, and a document. The codes that stand
//! for a row are those of `tests/rows/`.

mod support;

use std::collections::BTreeMap;
use std::fs;
use support::{code, codes_by_row, files, none_of, root};
use virdict::diagnostic::Severity;
use virdict::engine::{Checker, Options};

#[test]
fn variants_are_refused_for_their_row_or_taken() {
    let options = Options::default();
    let mut checker = Checker::new(&options);
    let codes = codes_by_row();
    let mut complaints = Vec::new();
    let mut counts = BTreeMap::from([("refused", 0), ("taken", 0)]);
    for path in files(&root().join("tests/variants"), "tsv") {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let mut fields = line.splitn(3, '\t');
            let (row, verdict, document) = (fields.next().unwrap(), fields.next().unwrap(), fields.next().unwrap());
            let outcome = checker.check(document.as_bytes(), true);
            let errors: Vec<&str> = outcome
                .findings
                .iter()
                .filter(|finding| finding.severity == Severity::Error)
                .map(|finding| code(finding, &options))
                .collect();
            let stands_for_row = |code: &&str| {
                codes.get(row).is_some_and(|codes| {
                    codes.contains(*code) || (codes.contains("schema") && code.starts_with("schema/"))
                })
            };
            *counts.get_mut(verdict).expect("a verdict is `refused` or `taken`") += 1;
            let right = match verdict {
                "taken" => errors.is_empty(),
                _ => !errors.is_empty() && errors.iter().all(stands_for_row),
            };
            if !right {
                let file = path.file_name().unwrap().to_str().unwrap();
                complaints.push(format!("    {file}:{}: {row}, {verdict}: {errors:?}", number + 1));
            }
        }
    }
    assert!(counts.values().all(|count| *count > 100), "too few variants: {counts:?}");
    none_of(&complaints, "variants are judged wrongly");
}
