//! What rules read of a document: elements with their attributes and texts, as places in the document's text.

use crate::diagnostic::Span;

/// No node.
pub const NOBODY: u32 = u32::MAX;

/// An element that some rule reads.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Number of the tag's name in the table.
    pub name: u16,
    /// Number of the element type's shape.
    pub element: u16,
    /// The nearest enclosing node.
    pub parent: u32,
    /// The first node behind this one and all that it holds.
    pub next: u32,
    /// The name in the start tag.
    pub name_span: Span,
    /// The text, empty if there is none.
    pub text: Span,
    /// First of its values.
    pub values: u32,
    /// Offset of the start tag of the device that it belongs to.
    pub owner: u32,
    /// The schema or XML itself has objected to something in it; for a domain, outside of its devices.
    pub faulty: bool,
}

/// An attribute that some rule reads.
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// Number of its name in the table.
    pub name: u16,
    /// The value must be decoded before it is compared.
    pub coded: bool,
    /// The value between its quotes.
    pub span: Span,
}

/// The facts of one domain, in document order.
#[derive(Default)]
pub struct Facts {
    pub(super) nodes: Vec<Node>,
    pub(super) values: Vec<Value>,
    pub(super) keys: super::evaluate::Keys,
    /// Rules that were set off, with their subjects.
    pub(super) fired: Vec<(u16, u32)>,
    /// What is known of each rule in the domain at hand.
    pub(super) memory: Vec<super::evaluate::Memory>,
    /// Number of the domain at hand, so that `memory` need not be cleared.
    pub(super) epoch: u32,
    /// A buffer for keys.
    pub(super) key: Vec<u8>,
    pub(super) symbols: Option<super::evaluate::Symbols>,
}

impl Facts {
    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.nodes.clear();
        self.values.clear();
        self.fired.clear();
    }

    /// An element begins. Its values follow with [`Facts::value`].
    #[inline]
    pub fn open(&mut self, name: u16, element: u16, parent: u32, name_span: Span, owner: u32) -> u32 {
        let values = self.values.len() as u32;
        let text = Span::at(name_span.end as usize);
        self.nodes.push(Node { name, element, parent, next: NOBODY, name_span, text, values, owner, faulty: false });
        self.nodes.len() as u32 - 1
    }

    /// An attribute of the element that just began.
    pub fn value(&mut self, value: Value) {
        self.values.push(value);
    }

    /// Something that sets rules off is there.
    #[inline]
    pub fn fire(&mut self, node: u32, rules: &[(u16, u8)]) {
        'rules: for (rule, up) in rules {
            let mut subject = node;
            for _ in 0..*up {
                subject = self.nodes[subject as usize].parent;
                if subject == NOBODY {
                    // An element of this type stands at several depths, and the rule is about a deeper one. The next may not be.
                    continue 'rules;
                }
            }
            self.fired.push((*rule, subject));
        }
    }

    /// An element ends.
    #[inline]
    pub fn close(&mut self, node: u32, text: Span, faulty: bool) {
        let next = self.nodes.len() as u32;
        let node = &mut self.nodes[node as usize];
        node.text = text;
        node.faulty |= faulty;
        node.next = next;
    }

    /// Something in an element that is still open is damaged. Whether that is news of it.
    pub fn distrust(&mut self, node: u32) -> bool {
        !std::mem::replace(&mut self.nodes[node as usize].faulty, true)
    }

    /// The values of a node.
    pub(super) fn values_of(&self, node: u32) -> &[Value] {
        // The values of a node stand before those of its first child, which is the next node in document order.
        let from = self.nodes[node as usize].values as usize;
        let to = self.nodes.get(node as usize + 1).map_or(self.values.len(), |next| next.values as usize);
        &self.values[from..to]
    }
}

// Both are written at start tags.
const _: () = assert!(std::mem::size_of::<Node>() <= 44);
const _: () = assert!(std::mem::size_of::<Value>() <= 12);
