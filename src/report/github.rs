//! `github`: workflow commands, which GitHub Actions shows as annotations beside the changed lines.
//!
//! The form is `::error file=F,line=L,col=C,endLine=L,endColumn=C,title=T::MESSAGE`. A runner reads a command from every line that begins
//! with `::`, so line ends and the separators are percent-encoded; `%` itself too.

use super::escape::push_visible;
use super::wording::Wording;
use crate::diagnostic::{Finding, Position, Severity};
use std::fmt::Write;

/// Appends the command of one finding. `path` is safe to print.
pub fn push_finding(
    out: &mut String,
    path: &str,
    code: &str,
    finding: &Finding,
    wording: &Wording,
    start: Position,
    end: Position,
) {
    out.push_str(match finding.severity {
        Severity::Error => "::error ",
        Severity::Warning => "::warning ",
        Severity::Info => "::notice ",
    });
    out.push_str("file=");
    push_property(out, path);
    write!(out, ",line={}", start.line).expect("a string takes everything");
    // GitHub takes columns only where an annotation begins and ends on one line.
    if start.line == end.line {
        write!(out, ",col={},endLine={},endColumn={}", start.column, end.line, end.column)
            .expect("a string takes everything");
    } else {
        write!(out, ",endLine={}", end.line).expect("a string takes everything");
    }
    out.push_str(",title=");
    push_property(out, code);
    out.push_str("::");
    let mut text = String::new();
    write!(text, "{path}:{}:{}: ", start.line, start.column).expect("a string takes everything");
    push_visible(&mut text, wording.message.as_bytes());
    if let Some(help) = &wording.help {
        text.push_str("\nhelp: ");
        push_visible(&mut text, help.as_bytes());
    }
    push_data(out, &text);
    out.push('\n');
}

/// Appends the text of a command.
fn push_data(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            c => out.push(c),
        }
    }
}

/// Appends the value of a property of a command.
fn push_property(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '%' => out.push_str("%25"),
            '\r' => out.push_str("%0D"),
            '\n' => out.push_str("%0A"),
            ':' => out.push_str("%3A"),
            ',' => out.push_str("%2C"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Span, codes};

    #[test]
    fn nothing_breaks_out_of_a_command() {
        let finding = Finding::new(codes::BAD_NAME, Severity::Error, Span::at(0));
        let wording = Wording {
            message: "100%\n::set-output name=x::y".to_owned(),
            help: Some("a\rb, c: d".to_owned()),
            ..Wording::default()
        };
        let mut out = String::new();
        let at = Position { line: 3, column: 7, offset: 0 };
        push_finding(&mut out, "a,b:c%.xml", "syntax/bad-name", &finding, &wording, at, at);
        assert_eq!(
            out,
            "::error file=a%2Cb%3Ac%25.xml,line=3,col=7,endLine=3,endColumn=7,title=syntax/bad-name::\
             a,b:c%25.xml:3:7: 100%25\\n::set-output name=x::y%0Ahelp: a\\rb, c: d\n"
        );
        assert_eq!(out.lines().count(), 1);
    }
}
