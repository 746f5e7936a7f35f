//! The facts of a domain as conditions see them: nodes, values, and the ways between them.

use std::cell::{Cell, OnceCell, RefCell};

use super::derive;
use super::facts::{Facts, NOBODY, Node, Value};
use crate::diagnostic::Span;
use crate::table::{NO_CHAIN, NONE, Table};

macro_rules! symbols {
    ($($field:ident = $name:literal,)*) => {
        /// Numbers of the names that functions ask for.
        #[derive(Clone, Copy)]
        pub(super) struct Symbols { $(pub $field: u16,)* }
        impl Symbols {
            pub(super) fn new(table: &Table) -> Self {
                Symbols { $($field: table.name($name.as_bytes()).unwrap_or(NONE),)* }
            }
        }
    };
}

symbols! {
    type_ = "type", os = "os", machine = "machine", arch = "arch", target = "target", dev = "dev", bus = "bus", device = "device",
    unit = "unit", address = "address", domain = "domain", slot = "slot", function = "function", controller = "controller",
    backing_store = "backingStore", disk = "disk", hostdev = "hostdev", hub = "hub", index = "index", port = "port", ports = "ports",
    source = "source", id = "id", prefix = "prefix", netmask = "netmask", base = "base", cache = "cache", cachetune = "cachetune", cpu = "cpu", cpus = "cpus", devices = "devices",
    group_name = "group_name", iothreads = "iothreads", iotune = "iotune", label = "label", memory = "memory", memorytune = "memorytune", model = "model",
    node = "node", serial = "serial", nodeset = "nodeset", numa = "numa", size = "size", uuid = "uuid", vcpu = "vcpu", vcpus = "vcpus",
    console = "console",
}

/// What a view needs room for, kept for the next one.
#[derive(Default)]
pub(super) struct Buffers {
    /// A key under construction.
    key: Vec<u8>,
    /// The numbers of PCI controllers, and the controllers.
    buses: Vec<(i128, u32)>,
}

/// The facts of a domain while rules look at them. What hundreds of compiled conditions ask for is not inlined into them: it would double their
/// code, of which each domain runs another part.
pub(super) struct View<'v, 'd: 'v> {
    pub table: &'static Table,
    /// The table is the built-in one, the conditions of which were compiled.
    pub native: bool,
    pub text: &'d [u8],
    pub facts: &'v Facts,
    /// The domain's node.
    pub domain: u32,
    pub symbols: Symbols,
    /// `<os><type>`, looked for when it is first asked for.
    os_type: OnceCell<Option<u32>>,
    /// The class of the machine, likewise.
    machine: OnceCell<&'d [u8]>,
    /// A key under construction.
    pub key: RefCell<Vec<u8>>,
    /// The numbers of PCI controllers, sorted, and the controllers, looked for when one is first asked for.
    buses: RefCell<Vec<(i128, u32)>>,
    buses_known: Cell<bool>,
    /// How many elements may still be looked at. Rules that hold every element against every other would take hours on a document made
    /// of a hundred thousand devices; no guest has as many as this allows for.
    pub fuel: Cell<u64>,
}

/// How many elements the rules may look at in a domain, beside a hundred for each that it has.
const FUEL: u64 = 20_000_000;

impl<'v, 'd> View<'v, 'd> {
    pub fn new(
        table: &'static Table,
        text: &'d [u8],
        facts: &'v Facts,
        domain: u32,
        symbols: Symbols,
        buffers: Buffers,
    ) -> Self {
        View {
            table,
            native: std::ptr::eq(table, Table::built_in()),
            text,
            facts,
            domain,
            symbols,
            os_type: OnceCell::new(),
            machine: OnceCell::new(),
            key: RefCell::new(buffers.key),
            buses: RefCell::new(buffers.buses),
            buses_known: Cell::new(false),
            fuel: Cell::new(FUEL + 100 * facts.nodes.len() as u64),
        }
    }

    /// Its buffers, for another view.
    pub fn into_buffers(self) -> Buffers {
        Buffers { key: self.key.into_inner(), buses: self.buses.into_inner() }
    }

    #[inline]
    pub fn node(&self, node: u32) -> &'v Node {
        &self.facts.nodes[node as usize]
    }

    /// The node that encloses a node.
    #[inline]
    pub fn parent(&self, node: u32) -> Option<u32> {
        let parent = self.node(node).parent;
        (parent != NOBODY).then_some(parent)
    }

    /// An attribute's value.
    #[inline(never)]
    pub fn value(&self, node: u32, name: u16) -> Option<&'v Value> {
        self.facts.values_of(node).iter().find(|value| value.name == name)
    }

    /// Whether an attribute is there.
    #[inline]
    pub fn has(&self, node: u32, name: u16) -> bool {
        self.value(node, name).is_some()
    }

    /// The raw value of an attribute.
    pub fn attribute(&self, node: u32, name: u16) -> Option<&'d [u8]> {
        self.value(node, name).map(|value| value.span.of(self.text))
    }

    /// A value without white space at its ends, decoded.
    #[inline(never)]
    pub fn text_of(&self, value: &Value) -> &'v [u8] {
        if value.decoded != NOBODY {
            return self.facts.decoded(value.decoded);
        }
        crate::table::trim(value.span.of(self.text))
    }

    /// A value as a number.
    #[inline(never)]
    pub fn number(&self, value: &Value) -> Option<i128> {
        derive::number(self.text_of(value))
    }

    /// Whether an element holds anything at all between its tags.
    #[inline]
    pub fn has_text(&self, node: u32) -> bool {
        !self.node(node).text.is_empty()
    }

    /// An element's text without white space at its ends, decoded.
    #[inline(never)]
    pub fn content(&self, node: u32) -> &'v [u8] {
        let node = self.node(node);
        if node.decoded != NOBODY {
            return self.facts.decoded(node.decoded);
        }
        crate::table::trim(node.text.of(self.text))
    }

    /// Counts an element that is looked at; whether there may be more.
    #[inline]
    fn burn(&self) -> bool {
        let left = self.fuel.get();
        self.fuel.set(left.saturating_sub(1));
        left > 0
    }

    /// Whether a condition holds for any child of a node.
    #[inline]
    pub fn any_child(&self, node: u32, mut condition: impl FnMut(u32) -> bool) -> bool {
        let end = self.node(node).next.min(self.facts.nodes.len() as u32);
        let mut child = node + 1;
        while child < end && self.burn() {
            if condition(child) {
                return true;
            }
            child = self.node(child).next;
        }
        false
    }

    /// Whether a condition holds for any child of a name.
    #[inline]
    pub fn any(&self, node: u32, name: u16, mut condition: impl FnMut(u32) -> bool) -> bool {
        self.any_child(node, |child| self.node(child).name == name && condition(child))
    }

    /// Whether a condition holds for any element of a chain: devices or children of the domain, by tag.
    #[inline]
    pub fn any_in_chain(&self, chain: u8, mut condition: impl FnMut(u32) -> bool) -> bool {
        let mut node = self.facts.chains.get(chain as usize).map_or(NOBODY, |chain| chain.0);
        while node != NOBODY && self.burn() {
            if condition(node) {
                return true;
            }
            node = self.node(node).same;
        }
        false
    }

    /// The first child of a name.
    pub fn child(&self, node: u32, name: u16) -> Option<u32> {
        let mut found = None;
        self.any(node, name, |child| {
            found = Some(child);
            true
        });
        found
    }

    /// Visits the children of a node until told to stop; whether it was not.
    pub fn children(&self, node: u32, mut visit: impl FnMut(u32) -> bool) -> bool {
        !self.any_child(node, |child| !visit(child)) && self.fuel.get() > 0
    }

    /// The first PCI controller of a number.
    pub fn pci_controller(&self, number: i128) -> Option<u32> {
        let mut buses = self.buses.borrow_mut();
        if !self.buses_known.replace(true) {
            buses.clear();
            let chain = self.table.device_tags.get(self.symbols.controller as usize);
            self.any_in_chain(chain.copied().unwrap_or(NO_CHAIN), |controller| {
                if self.attribute(controller, self.symbols.type_) == Some(b"pci")
                    && let Some(number) =
                        self.value(controller, self.symbols.index).and_then(|index| self.number(index))
                {
                    buses.push((number, controller));
                }
                false
            });
            buses.sort_unstable();
        }
        let at = buses.partition_point(|(other, _)| *other < number);
        buses.get(at).filter(|(other, _)| *other == number).map(|(_, controller)| *controller)
    }

    /// An attribute of `<os><type>`.
    #[inline(never)]
    pub fn os_type(&self, attribute: u16) -> &'d [u8] {
        let type_ = *self
            .os_type
            .get_or_init(|| self.child(self.domain, self.symbols.os).and_then(|os| self.child(os, self.symbols.type_)));
        type_.and_then(|type_| self.attribute(type_, attribute)).unwrap_or_default()
    }

    /// The architecture as written.
    pub fn arch(&self) -> &'d [u8] {
        self.os_type(self.symbols.arch)
    }

    /// The class of the domain's machine.
    #[inline(never)]
    pub fn machine_class(&self) -> &'d [u8] {
        self.machine.get_or_init(|| derive::machine_class(self.os_type(self.symbols.machine)))
    }
}

/// Where a path led.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub node: u32,
    /// The attribute's number, if the path ends in one.
    pub value: Option<u32>,
    /// The path ends in an element.
    pub element: bool,
}

impl Place {
    /// What stands there: the attribute's value, or the element's text.
    pub fn text<'v>(&self, view: &View<'v, '_>) -> &'v [u8] {
        match self.value {
            Some(value) => view.text_of(&view.facts.values[value as usize]),
            None => view.content(self.node),
        }
    }

    /// What is underlined there.
    pub fn span(&self, view: &View<'_, '_>) -> Span {
        match self.value {
            Some(value) => view.facts.values[value as usize].span,
            None if self.element => view.node(self.node).name_span,
            None => {
                let span = view.node(self.node).text;
                let raw = span.of(view.text);
                let start = span.start as usize + (raw.len() - raw.trim_ascii_start().len());
                Span::new(start, start + raw.trim_ascii().len())
            }
        }
    }
}
