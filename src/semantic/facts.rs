//! What rules read of a document: elements with their attributes and texts, as places in the document's text.

use super::judge::{Keys, Memory, is_unique};
use super::view::{Buffers, Symbols};
use crate::diagnostic::Span;
use crate::table::{CHAINS, NO_CHAIN, Table};

/// No node.
pub const NOBODY: u32 = u32::MAX;

/// An element that some rule reads.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Number of the tag's name in the table.
    pub name: u16,
    /// The schema or XML itself has objected to something in it; for a domain, outside of its devices.
    pub faulty: bool,
    /// The nearest enclosing node.
    pub parent: u32,
    /// The first node behind this one and all that it holds.
    pub next: u32,
    /// The next element of the same chain, if this is in one and there is one.
    pub same: u32,
    /// The name in the start tag.
    pub name_span: Span,
    /// The text, empty if there is none.
    pub text: Span,
    /// Number of the text among the decoded ones; [`NOBODY`] if it stands in the document as it is.
    pub decoded: u32,
    /// First of its values.
    pub values: u32,
    /// Offset of the start tag of the device that it belongs to.
    pub owner: u32,
}

/// What an element is to the domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is the domain.
    Domain,
    /// Its children are the domain's devices.
    Devices,
    /// Something else.
    Other,
}

/// An attribute that some rule reads.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// Number of its name in the table.
    pub name: u16,
    /// Number of the value, decoded and without white space around it, among the words that conditions ask for (`Table::word`).
    pub word: u16,
    /// Number of the value among the decoded ones; [`NOBODY`] if it stands in the document as it is.
    pub decoded: u32,
    /// The value between its quotes.
    pub span: Span,
}

/// A rule that was set off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fired {
    pub rule: u16,
    /// Number of the hash of the subject's key among those that are known, plus one; then the rule's condition is known to hold.
    pub key: u16,
    pub subject: u32,
}

impl Fired {
    fn new(rule: u16, subject: u32) -> Fired {
        Fired { rule, key: 0, subject }
    }
}

/// The first and the last element of a tag, among the devices or among the children of the domain.
pub(super) type Chain = (u32, u32);

/// The facts of one domain, in document order.
pub struct Facts {
    pub(super) nodes: Vec<Node>,
    pub(super) values: Vec<Value>,
    pub(super) keys: Keys,
    /// Values and texts that stand in the document in another form, decoded, one behind the other.
    pub(super) decoded: Vec<u8>,
    /// Where each of them ends.
    pub(super) ends: Vec<u32>,
    /// Rules that were set off, with their subjects.
    pub(super) fired: Vec<Fired>,
    /// Hashes of the keys that are known of them.
    pub(super) hashes: Vec<u64>,
    /// The node of the domain that was opened last.
    pub(super) domain: u32,
    /// The node of the domain's devices.
    pub(super) devices: u32,
    /// Devices and children of the domain by the number of their chain (`Table::device_tags`, `Table::section_tags`).
    pub(super) chains: [Chain; CHAINS],
    /// What is known of each rule and guard in the domain at hand.
    pub(super) memory: Memory,
    pub(super) buffers: Buffers,
    pub(super) symbols: Option<Symbols>,
}

impl Default for Facts {
    fn default() -> Self {
        Facts {
            nodes: Vec::new(),
            values: Vec::new(),
            keys: Keys::default(),
            decoded: Vec::new(),
            ends: Vec::new(),
            fired: Vec::new(),
            hashes: Vec::new(),
            domain: NOBODY,
            devices: NOBODY,
            chains: [(NOBODY, NOBODY); CHAINS],
            memory: Memory::default(),
            buffers: Buffers::default(),
            symbols: None,
        }
    }
}

impl Facts {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.values.clear();
        self.decoded.clear();
        self.ends.clear();
        self.fired.clear();
        self.hashes.clear();
        self.forget_chains();
    }

    pub(super) fn forget_chains(&mut self) {
        if self.domain != NOBODY || self.devices != NOBODY {
            (self.domain, self.devices) = (NOBODY, NOBODY);
            self.chains = [(NOBODY, NOBODY); CHAINS];
        }
    }

    /// An element begins. Its values follow with [`Facts::value`].
    #[inline]
    pub fn open(&mut self, table: &Table, name: u16, parent: u32, name_span: Span, owner: u32, role: Role) -> u32 {
        let values = self.values.len() as u32;
        let text = Span::at(name_span.end as usize);
        let node = self.nodes.len() as u32;
        make_room(&mut self.nodes, 1);
        self.nodes.push(Node {
            name,
            faulty: false,
            parent,
            next: NOBODY,
            same: NOBODY,
            name_span,
            text,
            decoded: NOBODY,
            values,
            owner,
        });
        match role {
            Role::Other => {}
            Role::Devices => self.devices = node,
            Role::Domain => self.domain = node,
        }
        self.chain(table, name, parent, node);
        node
    }

    /// A node joins its chain, if it is a device or a child of the domain that has one.
    #[inline]
    pub(super) fn chain(&mut self, table: &Table, name: u16, parent: u32, node: u32) {
        if parent != NOBODY {
            let tag = match parent {
                _ if parent == self.devices => table.device_tags[name as usize],
                _ if parent == self.domain => table.section_tags[name as usize],
                _ => NO_CHAIN,
            };
            if let Some(chain) = self.chains.get_mut(tag as usize) {
                if chain.0 == NOBODY {
                    chain.0 = node;
                } else {
                    self.nodes[chain.1 as usize].same = node;
                }
                chain.1 = node;
            }
        }
    }

    /// An attribute of the element that just began.
    #[inline]
    pub fn value(&mut self, value: Value) {
        make_room(&mut self.values, 1);
        self.values.push(value);
    }

    /// The attributes of the element that just began.
    #[inline]
    pub fn all_values(&mut self, values: impl ExactSizeIterator<Item = Value>) {
        make_room(&mut self.values, values.len());
        self.values.extend(values);
    }

    /// Keeps a decoded value or text; its number.
    #[cold]
    pub fn decode(&mut self, decoded: &[u8]) -> u32 {
        self.decoded.extend_from_slice(decoded);
        self.ends.push(self.decoded.len() as u32);
        self.ends.len() as u32 - 1
    }

    /// The values so far, in the order of the document.
    #[inline]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Something that sets rules off is there.
    #[inline]
    pub fn fire(&mut self, node: u32, rules: &[(u16, u8)]) {
        make_room(&mut self.fired, rules.len());
        // Most are about the element itself, and those of a list that was kept come first.
        let own = rules.iter().take_while(|(_, up)| *up == 0).count();
        let (own, others) = rules.split_at(own);
        self.fired.extend(own.iter().map(|(rule, _)| Fired::new(*rule, node)));
        'rules: for (rule, up) in others {
            let mut subject = node;
            for _ in 0..*up {
                subject = self.nodes[subject as usize].parent;
                if subject == NOBODY {
                    // An element of this type stands at several depths, and the rule is about a deeper one. The next may not be.
                    continue 'rules;
                }
            }
            self.fired.push(Fired::new(*rule, subject));
        }
    }

    /// How many times rules were set off so far.
    #[inline]
    pub fn fired(&self) -> u32 {
        self.fired.len() as u32
    }

    /// Forgets what an element has set off about itself, `from` that many times on, since rules do not judge it: something in it is faulty.
    /// Those of which no two may have the same are kept.
    #[cold]
    pub fn disarm(&mut self, table: &Table, node: u32, from: u32) {
        let mut kept = from as usize;
        for index in from as usize..self.fired.len() {
            let fired = self.fired[index];
            if fired.subject != node || is_unique(&table.rules[fired.rule as usize]) {
                self.fired[kept] = fired;
                kept += 1;
            }
        }
        self.fired.truncate(kept);
    }

    /// An element ends. `decoded` is the number of its text, if that was decoded, or [`NOBODY`].
    #[inline]
    pub fn close(&mut self, node: u32, text: Span, decoded: u32, faulty: bool) {
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[node as usize];
        node.text = text;
        node.decoded = decoded;
        node.faulty |= faulty;
        node.next = next;
    }

    /// Something in an element that is still open is damaged. Whether that is news of it.
    pub fn distrust(&mut self, node: u32) -> bool {
        !std::mem::replace(&mut self.nodes[node as usize].faulty, true)
    }

    /// A decoded value or text.
    #[cold]
    pub(super) fn decoded(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let start = if number == 0 { 0 } else { self.ends[number - 1] as usize };
        &self.decoded[start..self.ends[number] as usize]
    }

    /// The values of a node.
    #[inline]
    pub fn values_of(&self, node: u32) -> &[Value] {
        // The values of a node stand before those of its first child, which is the next node in document order.
        let from = self.nodes[node as usize].values as usize;
        let to = self.nodes.get(node as usize + 1).map_or(self.values.len(), |next| next.values as usize);
        &self.values[from..to]
    }
}

/// Makes room for more entries. A long list grows by a quarter, since a document that is all devices has long ones and may not take up much
/// more than its own size.
#[inline]
pub(super) fn make_room<T>(list: &mut Vec<T>, more: usize) {
    const LONG: usize = 1 << 14;
    if list.capacity() - list.len() < more && list.len() > LONG {
        list.reserve_exact(more + list.len() / 4);
    }
}

// Both are written at start tags.
const _: () = assert!(std::mem::size_of::<Node>() <= 44);
const _: () = assert!(std::mem::size_of::<Value>() <= 16);
const _: () = assert!(std::mem::size_of::<Fired>() <= 8);
