//! Differences between libvirt's schemas and the rule table that are no drift, each with its reason.

/// A difference that is meant.
#[derive(Clone, Copy)]
pub struct Explained {
    /// The line of the report. A `*` at its end stands for whatever follows.
    pub line: &'static str,
    /// Why it is no drift.
    #[allow(dead_code)] // For who reads the list.
    pub reason: &'static str,
}

/// All of them; none at present. The test fails on one that no schema gives any more.
pub const EXPLAINED: &[Explained] = &[];

/// The explanation of a line of the report, if there is one.
pub fn find(line: &str) -> Option<Explained> {
    let fits = |explained: &&Explained| match explained.line.strip_suffix('*') {
        Some(beginning) => line.starts_with(beginning),
        None => line == explained.line,
    };
    EXPLAINED.iter().find(fits).copied()
}
