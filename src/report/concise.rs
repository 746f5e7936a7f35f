//! `concise`: one line for each finding, `path:line:column: error[code] message; help`.

use super::Look;
use super::escape::push_visible;
use super::wording::Wording;
use crate::diagnostic::{Finding, Position};
use std::fmt::Write;

/// Appends the line of one finding. `path` is safe to print.
pub fn push_finding(
    out: &mut String,
    look: &Look,
    path: &str,
    code: &str,
    finding: &Finding,
    wording: &Wording,
    position: Position,
) {
    let severity = finding.severity.as_str();
    let Position { line, column, .. } = position;
    let (bold, colour, reset) = (look.bold(), look.severity(finding.severity), look.reset());
    write!(out, "{bold}{path}{reset}:{line}:{column}: {colour}{severity}{reset}[{code}] ")
        .expect("a string takes everything");
    push_visible(out, wording.message.as_bytes());
    if let Some(help) = &wording.help {
        out.push_str("; help: ");
        push_visible(out, help.as_bytes());
    }
    out.push('\n');
}
