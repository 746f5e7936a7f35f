//! Differences between libvirt's schemas and the rule table that are no drift, each with its reason.

/// A difference that is meant.
pub struct Explained {
    /// The line of the report. A `*` at its end stands for whatever follows.
    pub line: &'static str,
    /// Why it is no drift.
    pub reason: &'static str,
}

/// All of them. The test fails on one that no schema gives any more.
pub const EXPLAINED: &[Explained] = &[];

/// Why a line of the report is no drift, if it is none.
pub fn reason(line: &str) -> Option<&'static str> {
    let fits = |explained: &&Explained| match explained.line.strip_suffix('*') {
        Some(beginning) => line.starts_with(beginning),
        None => line == explained.line,
    };
    EXPLAINED.iter().find(fits).map(|explained| explained.reason)
}
