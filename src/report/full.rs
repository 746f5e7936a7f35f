//! `full`: source lines with carets, drawn by miette.

use super::Look;
use super::escape::visible;
use super::snippet::Snippet;
use super::wording::{Url, Wording};
use crate::diagnostic::{Finding, LineIndex, Severity};
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};
use std::fmt;

/// Draws findings.
pub struct Renderer {
    handler: GraphicalReportHandler,
}

impl Renderer {
    /// A renderer for a look.
    pub fn new(look: &Look) -> Self {
        let theme = GraphicalTheme {
            characters: if look.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
            styles: if look.colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
        };
        // Links as escape sequences are not for every terminal; as text they are.
        let handler =
            GraphicalReportHandler::new_themed(theme).with_width(look.width).with_links(false).with_context_lines(1);
        Renderer { handler }
    }

    /// Appends one finding and an empty line. `path` is safe to print.
    #[allow(clippy::too_many_arguments)]
    pub fn push_finding(
        &self,
        out: &mut String,
        path: &str,
        code: &str,
        finding: &Finding,
        wording: &Wording,
        text: &[u8],
        lines: &mut LineIndex,
    ) {
        let mut labels = vec![(finding.span, wording.label.map(str::to_owned))];
        if let Some((message, span)) = &wording.related {
            labels.push((*span, Some(visible(message))));
        }
        let shown = Shown {
            code,
            severity: finding.severity,
            message: visible(&wording.message),
            help: wording.help.as_deref().map(visible),
            url: wording.url,
            snippet: Snippet::new(path, text, lines, labels),
        };
        self.handler.render_report(out, &shown).expect("a string takes everything");
        out.push('\n');
    }
}

/// A finding in the form that miette draws.
#[derive(Debug)]
struct Shown<'a> {
    code: &'a str,
    severity: Severity,
    message: String,
    help: Option<String>,
    url: Option<Url>,
    snippet: Snippet,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("{}[{}]", self.severity.as_str(), self.code)))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Info => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.url.as_ref().map(|url| Box::new(url) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.snippet.labels.iter().enumerate().map(|(number, label)| {
            let range = label.place.range();
            match number {
                0 => LabeledSpan::new_primary_with_span(label.text.clone(), range),
                _ => LabeledSpan::new_with_span(label.text.clone(), range),
            }
        })))
    }
}
