//! The rule table as a text: it is complete, short, and says what to do; the mapping of libvirt's own checks to codes holds.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use support::{files, none_of, root};
use virdict::diagnostic::{Category, Severity};
use virdict::table::{Consequence, NONE, Table};

/// Characters that a summary or a message may have: what fits on a line of a terminal beside the place.
const MESSAGE: usize = 100;

/// Characters that a help may have.
const HELP: usize = 120;

/// Characters that the documentation of an element may have.
const SENTENCE: usize = 140;

fn table() -> &'static Table {
    Table::built_in()
}

/// How long a template is with values of usual length in it.
fn length(template: &str) -> usize {
    const VALUE: usize = 6;
    let mut length = 0;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        length += before.chars().count() + VALUE;
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    length + rest.chars().count()
}

fn is_kebab(word: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    word.starts_with(|c: char| c.is_ascii_lowercase())
        && word.split('-').all(|part| !part.is_empty() && part.chars().all(letter))
}

/// Anchors of libvirt's pages: words of a headline in small letters, joined by hyphens; what stood before brackets keeps its hyphen.
fn is_anchor(anchor: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    anchor.starts_with(|c: char| c.is_ascii_lowercase())
        && !anchor.ends_with('-')
        && !anchor.contains("--")
        && anchor.chars().all(letter)
}

#[test]
fn codes_are_unique_and_well_named() {
    let mut complaints = Vec::new();
    let mut seen = BTreeSet::new();
    for code in table().codes() {
        let name = table().code_name(code);
        if !seen.insert(name) {
            complaints.push(format!("{name} twice"));
        }
        let known = |word: &str| Category::ALL.iter().any(|category| category.as_str() == word);
        match name.split_once('/') {
            Some((category, rest)) if known(category) && is_kebab(rest) => {}
            _ => complaints.push(format!("{name} is not category/name")),
        }
        if code.table_rule().is_some() && matches!(table().category(code), Category::Syntax | Category::Schema) {
            complaints
                .push(format!("{name} is a rule across elements: the shape of the document is said by the elements"));
        }
    }
    none_of(&complaints, "codes are wrong");
}

#[test]
fn codes_say_what_is_wrong_and_what_to_do() {
    let mut complaints = Vec::new();
    for code in table().codes() {
        let name = table().code_name(code);
        let doc = &table().codes[code.0 as usize];
        let mut complain = |what: String| complaints.push(format!("{name}: {what}"));
        for (what, text, limit) in [
            ("summary", doc.summary, MESSAGE),
            ("message", doc.message, MESSAGE),
            ("help", doc.help, HELP),
            ("advice", doc.advice, HELP),
        ] {
            let found = length(text);
            if found > limit {
                complain(format!("{what} has {found} characters, more than {limit}: {text}"));
            }
            if text.contains('\n') || text != text.trim() || text.contains("  ") {
                complain(format!("{what} is not one tidy line: {text:?}"));
            }
        }
        for (what, text) in [("summary", doc.summary), ("help", doc.help)] {
            if text.is_empty() {
                complain(format!("no {what}"));
            }
        }
        // A sentence of explanation is a sentence; a message and a help are not, so that they can be joined.
        if !doc.why.ends_with('.') || doc.why.len() < 12 {
            complain(format!("why is no sentence: {:?}", doc.why));
        }
        if code.table_rule().is_some() {
            if doc.message.is_empty() {
                complain("no message".into());
            }
            // A full stop in quotes or behind a blank is a character that is spoken of.
            let is_sentence =
                |text: &str| text.strip_suffix('.').is_some_and(|rest| rest.ends_with(|c: char| c.is_alphanumeric()));
            if is_sentence(doc.message) || is_sentence(doc.advice) {
                complain("message or help ends in a full stop".into());
            }
            if doc.docs.is_empty() {
                complain("no anchor".into());
            }
            if doc.bad.trim().is_empty() || doc.good.trim().is_empty() || doc.bad == doc.good {
                complain("two examples are needed".into());
            }
        }
        if !doc.docs.is_empty() && !is_anchor(doc.docs) {
            complain(format!("`{}` does not look like an anchor", doc.docs));
        }
    }
    none_of(&complaints, "texts of codes want work");
}

#[test]
fn severities_and_consequences_agree() {
    let mut complaints = Vec::new();
    for code in table().codes().filter(|code| code.table_rule().is_some()) {
        let (name, severity) = (table().code_name(code), table().severity(code));
        let consequence = table().codes[code.0 as usize].consequence;
        match (table().category(code), consequence) {
            (Category::Semantic, Consequence::Unsaid) => {
                complaints.push(format!("{name}: nothing says what libvirt does"))
            }
            (Category::Semantic, Consequence::Refused) if severity != Severity::Error => {
                complaints.push(format!("{name}: what is refused is an error"));
            }
            // What the schema accepts and libvirt drops or misreads is a warning.
            (Category::Semantic, Consequence::Dropped | Consequence::Misread) if severity != Severity::Warning => {
                complaints.push(format!("{name}: what is dropped or misread, but taken, is no error"));
            }
            (Category::Semantic, _) => {}
            (category, _) if severity == Severity::Error => {
                complaints.push(format!("{name}: {} is at most a warning", category.as_str()));
            }
            _ => {}
        }
    }
    none_of(&complaints, "rules have another severity than their consequence asks for");
}

#[test]
fn elements_are_documented() {
    let mut complaints = Vec::new();
    for element in table().elements {
        let key = element.key;
        if element.is.is_empty()
            || !element.is.ends_with('.')
            || element.is.contains('\n')
            || element.is != element.is.trim()
        {
            complaints.push(format!("{key}: `is` is not one sentence: {:?}", element.is));
        }
        if element.is.chars().count() > SENTENCE {
            complaints.push(format!("{key}: `is` has more than {SENTENCE} characters: {}", element.is));
        }
        if !is_anchor(element.docs) {
            complaints.push(format!("{key}: `{}` does not look like an anchor", element.docs));
        }
    }
    none_of(&complaints, "elements want documentation");
}

#[test]
fn value_types_complete_the_sentence() {
    let mut complaints = Vec::new();
    for type_ in table().types.iter().filter(|type_| !type_.key.is_empty()) {
        if type_.is.is_empty() || type_.is.starts_with("expected") || type_.is.chars().count() > MESSAGE {
            complaints.push(format!("{}: \"expected {}\"", type_.key, type_.is));
        }
    }
    none_of(&complaints, "value types have no good description");
}

#[test]
fn the_table_covers_the_format() {
    let counts = table().counts();
    assert!(
        counts.elements > 400 && counts.attributes > 800 && counts.values > 700 && counts.rules > 900,
        "{counts:?}"
    );
    assert!(table().elements.len() < NONE as usize);
    for tag in ["domain", "domainsnapshot", "domaincheckpoint", "domstatus", "domains"] {
        assert!(table().root(tag.as_bytes()).is_some(), "no root {tag}");
    }
}

/// The files of `tests/rows` that this is true of the names of, line by line: the file, and what stands before and behind the tabulator.
fn rows(is_wanted: fn(&str) -> bool) -> Vec<(String, String, String)> {
    let mut rows = Vec::new();
    for path in files(&root().join("tests/rows"), "tsv") {
        let file = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !is_wanted(&file) {
            continue;
        }
        for line in fs::read_to_string(&path).unwrap().lines() {
            let (row, rest) = line.split_once('\t').unwrap_or_else(|| panic!("{file}: no tabulator in {line:?}"));
            rows.push((file.clone(), row.to_owned(), rest.to_owned()));
        }
    }
    assert!(rows.len() > 50, "only {} rows", rows.len());
    rows
}

/// libvirt's checks and the codes that stand for them.
fn mapped() -> Vec<(String, String, String)> {
    rows(|file| file != "defended.tsv" && !file.ends_with("left-out.tsv"))
}

/// libvirt's checks that have no code, and why.
fn left_out() -> Vec<(String, String, String)> {
    rows(|file| file.ends_with("left-out.tsv"))
}

#[test]
fn libvirts_checks_are_mapped_to_codes_that_exist() {
    let known: BTreeSet<&str> = table().codes().map(|code| table().code_name(code)).collect();
    let mut complaints = Vec::new();
    for (file, row, code) in mapped() {
        if code != "schema" && !known.contains(&*code) {
            complaints.push(format!("{file}: {row}: no code {code}"));
        }
    }
    let mapped: BTreeSet<String> = mapped().into_iter().map(|(_, row, _)| row).collect();
    for (file, row, reason) in left_out() {
        if reason.len() < 10 || mapped.contains(&row) {
            complaints.push(format!("{file}: {row} is left out without a reason, or has a code elsewhere"));
        }
    }
    none_of(&complaints, "rows of tests/rows are wrong");
}

/// The rows of a file of the facts, in columns. Empty if the facts are not there.
fn facts(name: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("../shared/facts").join(name)).unwrap_or_default();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn mapped_checks_are_among_the_facts() {
    let known: BTreeSet<String> = ["validate.tsv", "parse.tsv", "advice.tsv", "silent.tsv"]
        .into_iter()
        .flat_map(facts)
        .map(|row| row[0].clone())
        .collect();
    if known.is_empty() {
        let _ = writeln!(std::io::stderr(), "skipped: ../shared/facts is not there");
        return;
    }
    // The facts are those of libvirt 11.3.0; what came later has names of our own.
    let rows = mapped().into_iter().chain(left_out()).filter(|(file, ..)| file != "later.tsv");
    let unknown: Vec<String> =
        rows.filter(|(_, row, _)| !known.contains(row)).map(|(file, row, _)| format!("{file}: {row}")).collect();
    none_of(&unknown, "rows of tests/rows are not among the facts");
}

#[test]
fn what_libvirt_refuses_has_a_code_or_a_reason() {
    let known: BTreeSet<String> = mapped().into_iter().chain(left_out()).map(|(_, row, _)| row).collect();
    // What the document alone decides, and libvirt refuses, and the schema does not see.
    let wanted =
        |row: &[String]| row[4] == "xml" && row[9] == "error" && row[10] != "yes" && !row[11].contains("unreachable");
    let rows: Vec<String> =
        facts("validate.tsv").into_iter().filter(|row| wanted(row)).map(|row| row[0].clone()).collect();
    let missing: Vec<&String> = rows.iter().filter(|row| !known.contains(*row)).collect();
    assert!(missing.len() * 100 <= rows.len(), "{} of {} checks have no code: {missing:?}", missing.len(), rows.len());
}
