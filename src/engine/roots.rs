//! What a document's root may be.

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
            self.open(start, reader.attributes(), element, self.root_name(element), u32::MAX, None);
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
