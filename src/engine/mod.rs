//! Events and table to findings.
//!
//! A [`Checker`] reads one document after another and keeps its buffers, so that a clean document allocates nothing. It cannot fail and
//! does no I/O: any bytes go in, findings come out.
//!
//! The pass keeps a stack of open elements ([`frame::Frame`]). At a start tag it finds the element's entry in the table, resolves the
//! variants that the element's own attributes decide, and judges the attributes; children are judged as they come; what depends on all
//! of them (missing children, choices, pairs) is judged when the element ends. Everything in here that is only needed to word or to
//! recover from a fault is in [`recover`], off the path of clean documents.

mod attributes;
mod choices;
mod consequence;
mod elements;
mod frame;
mod memo;
mod recover;
mod roots;
mod subtrees;

use crate::diagnostic::{Arg, Code, Finding, Selection, codes};
use crate::table::{Table, Version};
use crate::xml;

/// What to check for.
#[derive(Clone)]
pub struct Options {
    /// The rule table.
    pub table: &'static Table,
    /// The libvirt version that the documents are for.
    pub target: Version,
    /// Limits on size, depth and number.
    pub limits: xml::Limits,
    /// The codes to report.
    pub selection: Selection,
    /// What libvirt honours and only `--validate` objects to is an error, too.
    pub strict: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            table: Table::built_in(),
            target: Version::LATEST,
            limits: xml::Limits::default(),
            selection: Selection::all(),
            strict: false,
        }
    }
}

/// Whether a document was one of libvirt's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It was checked.
    Checked,
    /// Its root is nothing of libvirt's, and nobody named it: it was passed over.
    NotLibvirt,
}

/// What a check found.
pub struct Outcome<'c, 'd> {
    /// Findings, by offset.
    pub findings: &'c [Finding],
    /// The text that the findings' spans refer to.
    pub document: Document<'d>,
    /// Whether the document was one of libvirt's.
    pub kind: Kind,
}

pub use crate::xml::Document;

/// Checks documents, one after another.
pub struct Checker {
    options: Options,
    xml: xml::Options,
    workspace: xml::Workspace,
    state: frame::State,
    findings: Vec<Finding>,
    /// Some rule across elements is asked for.
    facts: bool,
    /// What is read is kept, to be known again.
    keeps: Keeps,
}

/// Whether a checker keeps what it reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// Not yet: it has read no document.
    NotYet,
    /// From the next document on, since it is not the only one.
    Next,
    /// It does.
    All,
}

/// What a document may have at most to be small, in bytes. A run over a single small one is over before what is kept of it would be of use.
const SMALL: usize = 32 << 10;

impl Checker {
    /// A checker for these options.
    pub fn new(options: &Options) -> Self {
        let table = options.table;
        Checker {
            options: options.clone(),
            xml: xml::Options {
                namespaces: table.namespaces,
                is_document_root: roots::is_stream_root,
                limits: options.limits,
            },
            workspace: xml::Workspace::default(),
            state: frame::State::new(table, options.target),
            keeps: Keeps::NotYet,
            findings: Vec::new(),
            facts: table.codes().skip(codes::COUNT as usize).any(|code| options.selection.contains(code)),
        }
    }

    /// Checks one document. `named` says that a user named the file, so that it is checked whatever its root is.
    pub fn check<'c, 'd>(&'c mut self, bytes: &'d [u8], named: bool) -> Outcome<'c, 'd> {
        self.findings.clear();
        if self.keeps != Keeps::All {
            self.begin_to_keep(bytes.len());
        }
        let Some(document) = xml::Document::open(bytes, &self.options.limits, &mut self.findings) else {
            self.finish(bytes);
            let document = Document::unreadable(bytes);
            return Outcome { findings: &self.findings, document, kind: Kind::Checked };
        };
        let opened = self.findings.len();
        let mut pass = Pass {
            table: self.options.table,
            target: self.options.target,
            text: &document.text,
            state: &mut self.state,
            findings: &mut self.findings,
            named,
            kind: Kind::Checked,
            skip: 0,
            budget: recover::budget(&document.text),
            dry: false,
            facts: self.facts,
            live: false,
            most: self.options.limits.max_findings,
        };
        let mut reader = xml::Reader::new(&document.text, &mut self.workspace, &self.xml);
        pass.run(&mut reader);
        if reader.wants_second_reading() {
            // An end tag is missing somewhere, and by now the reader knows better where: the findings of the first reading are void.
            pass.findings.truncate(opened);
            (pass.skip, pass.kind) = (0, Kind::Checked);
            let mut reader = xml::Reader::again(&document.text, &mut self.workspace, &self.xml);
            pass.run(&mut reader);
        }
        let kind = pass.kind;
        if pass.live {
            self.findings.retain(|finding| {
                !matches!(finding.code, codes::UNKNOWN_ELEMENT | codes::UNKNOWN_ATTRIBUTE | codes::MISPLACED_ELEMENT)
            });
        }
        if !self.findings.is_empty() {
            consequence::settle(&mut self.findings, &document.text, self.options.table);
            recover::pair_up(&mut self.findings, &document.text, self.options.table);
        }
        if kind == Kind::NotLibvirt {
            self.findings.clear();
        }
        self.finish(&document.text);
        Outcome { findings: &self.findings, document, kind }
    }

    /// Keeps what is read from now on, if a document of so many bytes is worth it.
    fn begin_to_keep(&mut self, bytes: usize) {
        if self.keeps == Keeps::NotYet && bytes <= SMALL {
            self.keeps = Keeps::Next;
            return;
        }
        self.keeps = Keeps::All;
        self.workspace.keep_tags();
        self.state.memo = memo::Memo::new();
        self.state.subtrees = subtrees::Subtrees::new();
    }

    /// Marks the faults of tags beside which there are others: what is inside of a tag that is mended may meet another that is not.
    fn doubt(&mut self) {
        let of_markup = |finding: &Finding| OF_MARKUP.contains(&finding.code);
        let faults = self.findings.iter().filter(|finding| of_markup(finding)).count();
        for finding in &mut self.findings {
            let others = faults - usize::from(of_markup(finding));
            if others > 0 && matches!(finding.code, codes::MALFORMED_TAG | codes::UNQUOTED_VALUE) {
                finding.args[2] = Arg::Word(&"among others");
            }
        }
    }

    /// Weighs what was found, sorts by place and drops what was not asked for.
    fn finish(&mut self, text: &[u8]) {
        if self.findings.is_empty() {
            return;
        }
        self.doubt();
        consequence::settle(&mut self.findings, text, self.options.table);
        consequence::weigh(&mut self.findings, self.options.table, self.options.strict);
        let selection = &self.options.selection;
        if !selection.is_all() {
            self.findings.retain(|finding| selection.contains(finding.code));
        }
        // Of two at one place all that is told of them decides, so that it does not matter what else was found. A stable sort, which could
        // leave it at less, would allocate.
        let order = |finding: &Finding| (finding.span, finding.code, finding.related, finding.args);
        if !self.findings.is_sorted_by_key(order) {
            self.findings.sort_unstable_by_key(order);
        }
        let most = self.options.limits.max_findings;
        if self.findings.len() > most {
            let next = self.findings[most];
            self.findings.truncate(most);
            self.findings.push(Finding::new(
                codes::TOO_MANY_FINDINGS,
                self.options.table.severity(codes::TOO_MANY_FINDINGS),
                next.span,
            ));
        }
    }
}

/// Faults after which it is not sure what is markup and what is text, or which element ends where.
const OF_MARKUP: [Code; 12] = [
    codes::UNCLOSED_TAG,
    codes::CROSSED_TAGS,
    codes::STRAY_END_TAG,
    codes::MALFORMED_TAG,
    codes::UNCLOSED_VALUE,
    codes::MISSING_VALUE,
    codes::BARE_LESS_THAN,
    codes::TEXT_OUTSIDE_ROOT,
    codes::SECOND_ROOT,
    codes::UNCLOSED_COMMENT,
    codes::UNCLOSED_CDATA,
    codes::MALFORMED_INSTRUCTION,
];

/// One pass over a document.
struct Pass<'p, 'd> {
    table: &'static Table,
    target: Version,
    text: &'d [u8],
    state: &'p mut frame::State,
    findings: &'p mut Vec<Finding>,
    named: bool,
    kind: Kind,
    /// How many elements are open below one that is passed over, itself included.
    skip: u32,
    /// How many bytes may still be read again to choose variants.
    budget: usize,
    /// This pass only counts findings, to choose a variant.
    dry: bool,
    /// Some rule across elements is asked for, so that facts are collected.
    facts: bool,
    /// The document is what libvirt keeps of a running domain: what only libvirt writes there is passed over.
    live: bool,
    /// With more findings than this, the rest of the document is left alone.
    most: usize,
}

impl<'d> Pass<'_, 'd> {
    fn run(&mut self, reader: &mut xml::Reader<'d, '_, '_>) {
        self.state.clear();
        loop {
            match reader.next(self.findings) {
                xml::Event::Start(start) => {
                    if self.findings.len() > self.most {
                        return;
                    }
                    if self.skip > 0 {
                        self.skip += 1;
                    } else if self.state.frames.is_empty() {
                        self.root(&start, reader);
                        if self.kind == Kind::NotLibvirt {
                            return;
                        }
                    } else {
                        self.child(&start, reader);
                    }
                }
                xml::Event::Text(text) => {
                    if self.skip == 0 && !text.blank {
                        self.text_chunk(&text);
                    }
                }
                xml::Event::End(end) => {
                    if self.skip > 0 {
                        self.skip -= 1;
                    } else {
                        self.end(&end);
                        if self.state.subtrees.has_ended(self.state.frames.len()) {
                            self.keep_subtree(&end);
                        }
                    }
                }
                xml::Event::EndOfDocument => self.skip = 0,
                xml::Event::Eof => return,
            }
        }
    }

    /// Adds a finding of a code with the code's severity.
    fn report(&mut self, finding: Finding) {
        self.findings.push(finding);
    }
}
