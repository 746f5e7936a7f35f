//! `virdict explain`, `virdict rules`, `virdict version`: what the rule table says, for reading.

use super::flags::{Explain, Rules, RulesFormat};
use super::{Failure, nearest, print};
use crate::diagnostic::{Category, Code, Consequence};
use crate::report::escape::{push_json, push_number};
use crate::table::{Table, Version};
use std::fmt::Write;

/// Columns that prose is wrapped at.
const WIDTH: usize = 80;
/// libvirt's description of the format. An anchor follows.
const FORMAT_PAGE: &str = "https://libvirt.org/formatdomain.html#";

/// Explains a code.
pub fn explain(flags: &Explain) -> Result<u8, Failure> {
    let table = Table::built_in();
    let Some(code) = table.code_by_name(&flags.code) else {
        let codes: Vec<_> = table.codes().collect();
        let names = codes.iter().map(|code| table.code_name(*code));
        let bare = names.clone().find(|name| name.split_once('/').is_some_and(|(_, rest)| rest == flags.code));
        let advice = match bare.or_else(|| nearest(&flags.code, names)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`virdict rules` lists all codes".to_owned(),
        };
        return Err(Failure::Usage("explain", format!("`{}` is no code; {advice}", flags.code)));
    };
    let explanation = table.explanation(code);
    let mut out = String::new();
    writeln!(out, "{} ({})", table.code_name(code), table.severity(code).as_str()).expect("a string takes everything");
    push_prose(&mut out, "", explanation.summary);
    push_prose(&mut out, "Why:", explanation.why);
    push_prose(&mut out, "What libvirt does:", &consequence(table, code));
    push_prose(&mut out, "What to do:", explanation.help);
    push_example(&mut out, "Bad:", explanation.bad);
    push_example(&mut out, "Good:", explanation.good);
    if !explanation.docs.is_empty() {
        writeln!(out, "\nlibvirt's documentation: {FORMAT_PAGE}{}", explanation.docs)
            .expect("a string takes everything");
    }
    print(out.as_bytes())
}

/// What libvirt does with a code's findings, in a sentence; empty for advice.
fn consequence(table: &Table, code: Code) -> String {
    let Some(consequence) = table.consequence(code) else { return String::new() };
    let sentence = match consequence {
        Consequence::Refused => "It refuses the document, at define or at start.",
        Consequence::Dropped => "It drops the part silently.",
        Consequence::Misread => "It reads the part as something else.",
        Consequence::ValidationOnly => {
            "It honours the part; only --validate objects. An error under --strict, else a warning."
        }
    };
    // Only findings about the shape of the document depend on where they are.
    let varies = if table.category(code) == Category::Schema {
        " For some elements, attributes and values it does something else; the finding then says so (\"consequence\" in JSON)."
    } else {
        ""
    };
    format!("{}: {sentence}{varies}", consequence.as_str())
}

/// Appends a paragraph under a heading, if there is one.
fn push_prose(out: &mut String, heading: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    out.push('\n');
    let indent = if heading.is_empty() { "" } else { "  " };
    if !heading.is_empty() {
        out.push_str(heading);
        out.push('\n');
    }
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        }
        if column == 0 {
            out.push_str(indent);
            column = indent.len();
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}

/// Appends a piece of a document under a heading, if there is one. Of a line that is repeated, `...` stands for the rest.
fn push_example(out: &mut String, heading: &str, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    write!(out, "\n{heading}\n").expect("a string takes everything");
    let lines: Vec<&str> = text.trim_matches('\n').lines().collect();
    for same in lines.chunk_by(|line, next| line == next) {
        for line in same.iter().take(2) {
            if !line.is_empty() {
                out.push_str("  ");
            }
            out.push_str(line);
            out.push('\n');
        }
        if same.len() > 2 {
            out.push_str("  ...\n");
        }
    }
}

/// Lists all codes.
pub fn rules(flags: &Rules) -> Result<u8, Failure> {
    match flags.output_format {
        RulesFormat::Text => print(rules_text().as_bytes()),
        RulesFormat::Json => print(&rules_json()),
    }
}

fn rules_text() -> String {
    let table = Table::built_in();
    let codes: Vec<_> = table.codes().collect();
    let width = codes.iter().map(|code| table.code_name(*code).len()).max().unwrap_or(0);
    let mut out = String::new();
    for category in Category::ALL {
        for code in codes.iter().filter(|code| table.category(**code) == category) {
            let (name, severity) = (table.code_name(*code), table.severity(*code).as_str());
            let line = format!("{name:<width$}  {severity:<7}  {}", table.explanation(*code).summary);
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    let counts = table.counts();
    write!(
        out,
        "\n{} codes. The rules cover libvirt up to {}: {} element types with {} attributes and {} keywords.\n\
         What they do not have yet is passed over in silence.\n",
        counts.rules,
        Version::LATEST,
        counts.elements,
        counts.attributes,
        counts.values
    )
    .expect("a string takes everything");
    out
}

fn rules_json() -> Vec<u8> {
    let table = Table::built_in();
    let counts = table.counts();
    let mut out = b"{\n  \"libvirt\": ".to_vec();
    push_json(&mut out, &Version::LATEST.to_string());
    out.extend_from_slice(b",\n  \"covers\": {");
    let numbers = [
        ("elements", counts.elements),
        ("attributes", counts.attributes),
        ("values", counts.values),
        ("rules", counts.rules),
    ];
    for (number, (name, count)) in numbers.into_iter().enumerate() {
        out.extend_from_slice(if number == 0 { b"" } else { b", " });
        push_json(&mut out, name);
        out.extend_from_slice(b": ");
        push_number(&mut out, count as u64);
    }
    out.extend_from_slice(b"},\n  \"rules\": [");
    for (number, code) in table.codes().enumerate() {
        let explanation = table.explanation(code);
        let url =
            if explanation.docs.is_empty() { String::new() } else { format!("{FORMAT_PAGE}{}", explanation.docs) };
        let members = [
            ("code", table.code_name(code)),
            ("category", table.category(code).as_str()),
            ("severity", table.severity(code).as_str()),
            ("consequence", table.consequence(code).map_or("", Consequence::as_str)),
            ("summary", explanation.summary),
            ("why", explanation.why),
            ("help", explanation.help),
            ("bad", explanation.bad),
            ("good", explanation.good),
            ("url", &url),
        ];
        out.extend_from_slice(if number == 0 { b"\n    {" } else { b",\n    {" });
        for (number, (name, value)) in members.into_iter().enumerate() {
            out.extend_from_slice(if number == 0 { b"" } else { b", " });
            push_json(&mut out, name);
            out.extend_from_slice(b": ");
            // What is not known is null; what is known is never empty.
            if value.is_empty() { out.extend_from_slice(b"null") } else { push_json(&mut out, value) }
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"\n  ]\n}\n");
    out
}

/// The versions of the program and of its rules.
pub fn version() -> Vec<u8> {
    format!("virdict {} (rules for libvirt up to {})\n", env!("CARGO_PKG_VERSION"), Version::LATEST).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::push_example;

    #[test]
    fn lines_that_are_repeated_are_not_all_shown() {
        let mut out = String::new();
        push_example(&mut out, "Bad:", "\n<a>\n<b/>\n<b/>\n<b/>\n<b/>\n</a>\n");
        assert_eq!(out, "\nBad:\n  <a>\n  <b/>\n  <b/>\n  ...\n  </a>\n");
        out.clear();
        push_example(&mut out, "Bad:", "<a/>\n<a/>");
        assert_eq!(out, "\nBad:\n  <a/>\n  <a/>\n");
        push_example(&mut out, "Good:", "\n");
        assert_eq!(out, "\nBad:\n  <a/>\n  <a/>\n");
    }
}
