//! Compiles what rule files say of libvirt where something is wrong: `wrong`, `missing`, `twice`, `conflict`, `takes`,
//! `misreads`.

use super::compile::{Compiler, Place};
use super::compiled::{Consequence, Handling};
use super::source::{self, Spanned};

/// Handlings of the members of one element, by name, gathered over all of its blocks.
#[derive(Default)]
pub(super) struct Handlings {
    pub(super) attributes: std::collections::HashMap<String, Handling>,
    pub(super) children: std::collections::HashMap<String, Handling>,
    pub(super) text: Option<Handling>,
}

impl Compiler<'_> {
    /// A consequence by its word; `Unsaid` for none.
    pub(super) fn consequence(&mut self, file: usize, key: &str, word: Option<&Spanned<String>>) -> Consequence {
        let Some(word) = word else { return Consequence::Unsaid };
        match word.get_ref().as_str() {
            "refused" => Consequence::Refused,
            "dropped" => Consequence::Dropped,
            "misread" => Consequence::Misread,
            "validation-only" => Consequence::ValidationOnly,
            other => {
                let message = format!("{key}: `{other}` is none of refused, dropped, misread, validation-only");
                self.error(Place(file, word.span().start), message);
                Consequence::Unsaid
            }
        }
    }

    /// Gathers what a block, and the blocks below it, say of libvirt's handling of their members.
    pub(super) fn handlings(&mut self, block: &source::Block, into: &mut Handlings) {
        for (name, attribute) in &block.attributes {
            let body = &attribute.body;
            let all = [(&body.wrong, "wrong"), (&body.missing, "missing"), (&body.conflict, "conflict")];
            if all.iter().all(|(word, _)| word.is_none()) && body.takes.is_none() && body.misreads.is_none() {
                continue;
            }
            let [wrong, missing, conflict] = all.map(|(word, key)| self.consequence(self.file, key, word.as_ref()));
            let handling = into.attributes.entry(name.get_ref().clone()).or_insert(Handling::UNSAID);
            set(&mut handling.wrong, wrong);
            set(&mut handling.missing, missing);
            set(&mut handling.conflict, conflict);
            if let Some(takes) = &body.takes {
                handling.takes = self.type_id(takes);
            }
            if let Some(misreads) = &body.misreads {
                handling.misreads = self.type_id(misreads);
            }
        }
        for (name, child) in &block.children {
            let body = &child.body;
            let all = [(&body.missing, "missing"), (&body.twice, "twice"), (&body.conflict, "conflict")];
            if all.iter().all(|(word, _)| word.is_none()) {
                continue;
            }
            let [missing, twice, conflict] = all.map(|(word, key)| self.consequence(self.file, key, word.as_ref()));
            let handling = into.children.entry(name.get_ref().clone()).or_insert(Handling::UNSAID);
            set(&mut handling.missing, missing);
            set(&mut handling.twice, twice);
            set(&mut handling.conflict, conflict);
        }
        if let Some(text) = &block.text
            && (text.body.wrong.is_some() || text.body.takes.is_some() || text.body.misreads.is_some())
        {
            let wrong = self.consequence(self.file, "wrong", text.body.wrong.as_ref());
            let takes = text.body.takes.as_ref().map(|takes| self.type_id(takes));
            let misreads = text.body.misreads.as_ref().map(|misreads| self.type_id(misreads));
            let handling = into.text.get_or_insert(Handling::UNSAID);
            set(&mut handling.wrong, wrong);
            handling.takes = takes.unwrap_or(handling.takes);
            handling.misreads = misreads.unwrap_or(handling.misreads);
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.handlings(case, into));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.handlings(block, into));
            }
        }
    }
}

fn set(mine: &mut Consequence, theirs: Consequence) {
    if theirs != Consequence::Unsaid {
        *mine = theirs;
    }
}
