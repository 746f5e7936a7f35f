//! What a document's root may be.

use super::elements::after;
use super::memo::ROOT;
use super::{Kind, Pass};
use crate::diagnostic::{Arg, codes};
use crate::table::Table;
use crate::xml;

/// Roots that may follow each other in one stream.
pub(super) fn is_stream_root(local: &[u8]) -> bool {
    Table::built_in().root(local).is_some()
}

impl<'d> Pass<'_, 'd> {
    /// The root element begins.
    pub(super) fn root(&mut self, start: &xml::Start<'d>, reader: &mut xml::Reader<'d, '_, '_>) {
        let known = match start.namespace {
            xml::Namespace::None => self.table.root(start.local),
            _ => None,
        };
        if let Some(element) = known {
            self.live = start.local == b"domstatus";
            if let Some(number) = self.state.memo.find(ROOT, start.id, || after(self.text, start)) {
                self.reopen(start, number, u32::MAX);
                return;
            }
            let (name, findings) = (self.root_name(element), self.findings.len());
            self.open(start, reader.attributes(), element, name, u32::MAX, None);
            if start.id != xml::TagId::NONE && self.findings.len() == findings {
                self.remember(start, ROOT, None, name);
            }
            return;
        }
        // A root one slip away from one of libvirt's names is meant to be it.
        let near = self.near_root(start.local);
        if near.is_none() && !self.named {
            self.kind = Kind::NotLibvirt;
            return;
        }
        let name = near
            .map_or(Arg::None, |tag| self.table.name(tag.as_bytes()).map_or(Arg::None, |name| Arg::Item(name as u32)));
        self.tell(codes::NOT_LIBVIRT, start.name_span, u32::MAX, [name, Arg::None, Arg::None]);
        match near.and_then(|tag| self.table.root(tag.as_bytes())) {
            Some(element) if start.namespace == xml::Namespace::None => {
                self.open(start, reader.attributes(), element, self.root_name(element), u32::MAX, None);
            }
            _ => self.skip = 1,
        }
    }

    /// The number of a root's tag.
    fn root_name(&self, element: u16) -> u16 {
        self.table.elements[element as usize].tag_name
    }

    /// The root's name that is one slip of the keyboard away.
    fn near_root(&self, local: &[u8]) -> Option<&'static str> {
        let local = std::str::from_utf8(local).ok()?;
        self.table.roots.iter().map(|(tag, _)| *tag).find(|tag| strsim::osa_distance(tag, local) <= 1)
    }
}
