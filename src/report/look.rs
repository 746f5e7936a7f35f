//! Colours, characters and width of reports for people.

use crate::diagnostic::Severity;

/// What the place that a report goes to can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Colours, as ANSI escape sequences.
    pub colour: bool,
    /// Box-drawing characters; ASCII otherwise.
    pub unicode: bool,
    /// Columns that help and messages are wrapped at.
    pub width: usize,
}

impl Look {
    /// Without colours, with box-drawing characters, 100 columns wide: for everything that is not a terminal.
    pub const PLAIN: Look = Look { colour: false, unicode: true, width: 100 };

    /// Begins bold text.
    pub fn bold(&self) -> &'static str {
        if self.colour { "\x1b[1m" } else { "" }
    }

    /// Begins text in the colour of a severity.
    pub fn severity(&self, severity: Severity) -> &'static str {
        match (self.colour, severity) {
            (false, _) => "",
            (true, Severity::Error) => "\x1b[1;31m",
            (true, Severity::Warning) => "\x1b[1;33m",
            (true, Severity::Info) => "\x1b[1;36m",
        }
    }

    /// Ends what the others began.
    pub fn reset(&self) -> &'static str {
        if self.colour { "\x1b[0m" } else { "" }
    }
}
