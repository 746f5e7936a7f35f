//! What rules read of an element and all that it holds, kept for when it comes again.
//!
//! Everything in an excerpt is relative to the element's start tag and to its first node, so that it can be put into any document. A rule
//! that was set off and cannot hold, whatever stands around the element, is left out.

use super::conditions::INNERS;
use super::facts::{Facts, Fired, NOBODY, Node, Value, make_room};
use super::view::{Symbols, View};
use crate::diagnostic::Span;
use crate::table::Table;

/// What stands for a parent that is not in the excerpt.
const OUTSIDE: u8 = u8::MAX;

/// From here on a subject is that many levels above the excerpt: 0 is the nearest node around it.
const ABOVE: u8 = 128;

/// Where an element's facts begin.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    nodes: u32,
    values: u32,
    fired: u32,
}

/// A node, relative to the excerpt.
#[derive(Clone, Copy, Debug)]
struct KeptNode {
    name: u16,
    name_start: u16,
    text_start: u16,
    text_len: u16,
    name_len: u8,
    parent: u8,
    next: u8,
    values: u8,
}

/// An attribute's value, relative to the start tag of the excerpt's element.
#[derive(Clone, Copy, Debug)]
struct KeptValue {
    name: u16,
    word: u16,
    start: u16,
    end: u16,
}

/// A rule that was set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct KeptFired {
    rule: u16,
    subject: u8,
    /// Its condition holds, and the hash of its key is the next one of the excerpt's.
    has_key: bool,
}

/// The facts of one element and of all that it holds.
#[derive(Clone, Copy, Debug)]
pub struct Excerpt {
    nodes: u32,
    values: u32,
    fired: u32,
    hashes: u32,
    node_count: u8,
    value_count: u8,
    fired_count: u8,
}

impl Excerpt {
    /// No facts.
    pub const EMPTY: Excerpt =
        Excerpt { nodes: 0, values: 0, fired: 0, hashes: 0, node_count: 0, value_count: 0, fired_count: 0 };
}

/// Excerpts, one behind the other.
#[derive(Default)]
pub struct Excerpts {
    nodes: Vec<KeptNode>,
    values: Vec<KeptValue>,
    fired: Vec<KeptFired>,
    hashes: Vec<u64>,
}

impl Excerpts {
    /// None yet, and room for all that there will be: the system hands out pages only where something is written.
    pub fn new() -> Excerpts {
        let more = Self::MOST + u8::MAX as usize;
        Excerpts {
            nodes: Vec::with_capacity(more / 2),
            values: Vec::with_capacity(more),
            fired: Vec::with_capacity(more),
            hashes: Vec::new(),
        }
    }

    /// How many values and rules there may be before no more should be kept, and half as many nodes. An excerpt more adds few to them.
    pub const MOST: usize = 1 << 15;

    /// Whether there are so many excerpts that no more should be kept.
    pub fn is_full(&self) -> bool {
        self.nodes.len() >= Self::MOST / 2 || self.values.len().max(self.fired.len()) >= Self::MOST
    }

    /// How many values there are.
    #[cfg(test)]
    pub fn values(&self) -> usize {
        self.values.len()
    }

    /// Forgets all excerpts.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.values.clear();
        self.fired.clear();
        self.hashes.clear();
    }
}

/// A range of a list.
fn part<T>(list: &[T], first: u32, count: u8) -> &[T] {
    &list[first as usize..first as usize + count as usize]
}

impl Facts {
    /// What follows belongs to the element that begins next.
    #[inline]
    pub fn mark(&self) -> Mark {
        Mark { nodes: self.nodes.len() as u32, values: self.values.len() as u32, fired: self.fired.len() as u32 }
    }

    /// Keeps the facts since `mark`, of an element that has just ended and whose start tag is at `tag_start`. `None` if there are too many of
    /// them, or if something in them stands in the document in another form.
    pub fn keep(
        &mut self,
        kept: &mut Excerpts,
        table: &'static Table,
        text: &[u8],
        mark: Mark,
        tag_start: u32,
    ) -> Option<Excerpt> {
        let (nodes, values) = (&self.nodes[mark.nodes as usize..], &self.values[mark.values as usize..]);
        let fired = &self.fired[mark.fired as usize..];
        let many = nodes.len() >= ABOVE as usize || values.len().max(fired.len()) > u8::MAX as usize;
        let decoded = nodes.iter().any(|node| node.decoded != NOBODY);
        if many || decoded || values.iter().any(|value| value.decoded != NOBODY) {
            return None;
        }
        let excerpt = Excerpt {
            nodes: kept.nodes.len() as u32,
            values: kept.values.len() as u32,
            fired: kept.fired.len() as u32,
            hashes: kept.hashes.len() as u32,
            node_count: nodes.len() as u8,
            value_count: values.len() as u8,
            fired_count: 0,
        };
        kept.nodes.extend(nodes.iter().map(|node| KeptNode {
            name: node.name,
            name_start: (node.name_span.start - tag_start) as u16,
            text_start: (node.text.start - tag_start) as u16,
            text_len: node.text.len() as u16,
            name_len: node.name_span.len() as u8,
            parent: if node.parent < mark.nodes || node.parent == NOBODY {
                OUTSIDE
            } else {
                (node.parent - mark.nodes) as u8
            },
            next: (node.next - mark.nodes) as u8,
            values: (node.values - mark.values) as u8,
        }));
        kept.values.extend(values.iter().map(|value| KeptValue {
            name: value.name,
            word: value.word,
            start: (value.span.start - tag_start) as u16,
            end: (value.span.end - tag_start) as u16,
        }));
        // When a document like this one comes again, there is room for its keys.
        self.hashes.reserve(self.fired.len());
        let symbols = *self.symbols.get_or_insert_with(|| Symbols::new(table));
        let buffers = std::mem::take(&mut self.buffers);
        let view = View::new(table, text, self, mark.nodes, symbols, buffers);
        let whole = fired.iter().all(|&Fired { rule, subject, .. }| {
            let mut hash = None;
            let place = if subject >= mark.nodes {
                if view.native && !INNERS[rule as usize](&view, subject) {
                    return true;
                }
                hash = view.own_key(rule, subject);
                (subject - mark.nodes) as u8
            } else {
                let levels = nodes.first().and_then(|first| self.levels(first.parent, subject));
                let Some(above) = levels.and_then(|levels| ABOVE.checked_add(levels)) else { return false };
                above
            };
            let fired = KeptFired { rule, subject: place, has_key: hash.is_some() };
            if !kept.fired[excerpt.fired as usize..].contains(&fired) {
                kept.fired.push(fired);
                kept.hashes.extend(hash);
            }
            true
        });
        self.buffers = view.into_buffers();
        let fired_count = (kept.fired.len() as u32 - excerpt.fired) as u8;
        whole.then_some(Excerpt { fired_count, ..excerpt })
    }

    /// How many levels a node is above another. `None` if it is not.
    fn levels(&self, node: u32, above: u32) -> Option<u8> {
        let mut way = std::iter::successors(Some(node), |node| self.nodes.get(*node as usize).map(|node| node.parent));
        way.position(|node| node == above)?.try_into().ok()
    }

    /// An element begins and ends that was kept. `nearest` is the nearest enclosing node, `tag_start` where the element's start tag is.
    pub fn put(&mut self, kept: &Excerpts, excerpt: &Excerpt, table: &Table, nearest: u32, tag_start: u32, owner: u32) {
        let (base, first) = (self.nodes.len() as u32, self.values.len() as u32);
        let nodes = part(&kept.nodes, excerpt.nodes, excerpt.node_count);
        make_room(&mut self.nodes, nodes.len());
        self.nodes.extend(nodes.iter().map(|node| {
            let name_start = tag_start + u32::from(node.name_start);
            let text_start = tag_start + u32::from(node.text_start);
            Node {
                name: node.name,
                faulty: false,
                parent: if node.parent == OUTSIDE { nearest } else { base + u32::from(node.parent) },
                next: base + u32::from(node.next),
                same: NOBODY,
                name_span: Span { start: name_start, end: name_start + u32::from(node.name_len) },
                text: Span { start: text_start, end: text_start + u32::from(node.text_len) },
                decoded: NOBODY,
                values: first + u32::from(node.values),
                owner,
            }
        }));
        for (number, node) in (base..).zip(nodes) {
            if node.parent == OUTSIDE {
                self.chain(table, node.name, nearest, number);
            }
        }
        self.all_values(part(&kept.values, excerpt.values, excerpt.value_count).iter().map(|value| {
            let span = Span { start: tag_start + u32::from(value.start), end: tag_start + u32::from(value.end) };
            Value { name: value.name, word: value.word, decoded: NOBODY, span }
        }));
        make_room(&mut self.fired, excerpt.fired_count as usize);
        let mut hashes = kept.hashes[excerpt.hashes as usize..].iter();
        for &KeptFired { rule, subject, has_key } in part(&kept.fired, excerpt.fired, excerpt.fired_count) {
            let hash = if has_key { hashes.next() } else { None };
            let mut node = base + u32::from(subject);
            if subject >= ABOVE {
                node = (ABOVE..subject)
                    .fold(nearest, |node, _| self.nodes.get(node as usize).map_or(NOBODY, |node| node.parent));
            }
            if node == NOBODY {
                continue;
            }
            let mut key = 0;
            // With more of them, the rest is made anew.
            if let Some(hash) = hash
                && self.hashes.len() < u16::MAX as usize
            {
                self.hashes.push(*hash);
                key = self.hashes.len() as u16;
            }
            self.fired.push(Fired { rule, key, subject: node });
        }
    }
}

// A large folder of domains has some ten thousand of them.
const _: () = assert!(std::mem::size_of::<KeptNode>() <= 12 && std::mem::size_of::<KeptValue>() <= 8);
