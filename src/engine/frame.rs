//! The stack of open elements.

use super::memo::{Memo, NO_VARIANT};
use super::subtrees::Subtrees;
use crate::diagnostic::Span;
use crate::semantic::{Facts, NOBODY, Role};
use crate::table::{Element, Table, Version};
use crate::xml;

/// An open element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    /// Attributes that are there, by slot.
    pub attributes: u64,
    /// Children seen, by slot.
    pub children: u128,
    /// The element's shape and blocks as the memo knows them.
    pub variant: u32,
    /// Number of the element's shape in the table.
    pub element: u16,
    /// How many children there are of the one that is counted.
    pub counted: u8,
    /// What text there is.
    pub text_state: TextState,
    /// Some element stands in it, known or not.
    pub has_child: bool,
    /// First of the frame's blocks in `State::blocks`.
    pub blocks: u32,
    /// First of the frame's bits in `State::viable`.
    pub viable: u32,
    /// First of the frame's children in `State::placed`.
    pub placed: u32,
    /// The element's name in its start tag.
    pub name: Span,
    /// Offset of the start tag.
    pub tag: u32,
    /// Offset after the start tag.
    pub content: u32,
    /// Offset of the start tag of the device that the element belongs to; `u32::MAX` for none.
    pub owner: u32,
    /// First piece of text.
    pub text: Span,
    /// The finding of an unknown child that may stand for a missing one, plus one.
    pub unknown: u32,
    /// Findings before this element.
    pub findings: u32,
    /// The element's facts, `u32::MAX` if no rule reads it.
    pub node: u32,
    /// The nearest enclosing element with facts, itself included.
    pub nearest: u32,
    /// How many times rules were set off before this element.
    pub fired: u32,
}

impl Frame {
    /// An element of which no more is known than its start tag.
    #[inline(always)]
    pub fn new(start: &xml::Start<'_>, owner: u32) -> Frame {
        Frame {
            attributes: 0,
            children: 0,
            variant: NO_VARIANT,
            element: 0,
            counted: 0,
            text_state: TextState::None,
            has_child: false,
            blocks: 0,
            viable: 0,
            placed: 0,
            name: start.name_span,
            tag: start.tag_start,
            content: start.content_start,
            owner,
            text: Span::at(start.content_start as usize),
            unknown: 0,
            findings: 0,
            node: NOBODY,
            nearest: NOBODY,
            fired: 0,
        }
    }
}

/// What text an element holds so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextState {
    /// White space at most.
    None,
    /// One piece without references or line ends that need decoding.
    Plain,
    /// Pieces that must be joined or decoded.
    Pieces,
    /// It was reported already.
    Told,
}

/// What an element is to the domain. `devices` is the entry whose children are devices.
pub(super) fn role(element: &Element, number: u16, devices: u16) -> Role {
    if element.domain {
        Role::Domain
    } else if number == devices {
        Role::Devices
    } else {
        Role::Other
    }
}

/// The text of an element that decides about the variant of another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided {
    /// How deep the element stood.
    pub depth: u32,
    /// Its current shape's number.
    pub element: u16,
    /// Its text.
    pub text: Span,
}

impl Decided {
    /// An element begins at a depth whose variant a text in it decides: texts that an element before it left behind decide nothing here.
    pub fn forget(decided: &mut Vec<Decided>, depth: usize) {
        while decided.last().is_some_and(|decided| decided.depth as usize > depth) {
            decided.pop();
        }
    }
}

/// Buffers of a pass, kept between documents.
pub(super) struct State {
    /// Open elements.
    pub frames: Vec<Frame>,
    /// Blocks in force, frame by frame.
    pub blocks: Vec<u16>,
    /// Which blocks of each choice the attributes' values allow, frame by frame.
    pub viable: Vec<u8>,
    /// Children of frames whose variant is decided at the end.
    pub placed: Vec<(u8, Span)>,
    /// Texts that decide about variants further out.
    pub decided: Vec<Decided>,
    /// Attribute of each slot of the element at hand.
    pub by_slot: [u16; 64],
    /// Decoded values.
    pub scratch: Vec<u8>,
    /// Facts for the rules across elements.
    pub facts: Facts,
    /// Attributes that the element at hand does not have.
    pub strangers: Vec<u16>,
    /// Findings of the element at hand that may stand for a missing attribute.
    pub stranger_findings: Vec<u32>,
    /// What was made of start tags before.
    pub memo: Memo,
    /// Elements that were read before with all that they hold.
    pub subtrees: Subtrees,
    /// Rules that the element at hand has set off.
    pub fires: Vec<(u16, u8)>,
    /// Something beside its tag, its text and its parent's variant has decided about the element at hand.
    pub singular: bool,
    /// Its text has.
    pub by_text: bool,
    /// Findings inside of the domain's devices.
    pub faults_of_devices: u32,
    /// The shape, at the target version, of the element whose children are devices.
    pub devices: u16,
}

impl State {
    pub fn new(table: &'static Table, target: Version) -> Self {
        let devices = table.elements.iter().position(|e| e.key == "devices");
        let devices = devices.map_or(u16::MAX, |index| table.at_version(index as u16, target));
        State {
            frames: Vec::new(),
            blocks: Vec::new(),
            viable: Vec::new(),
            placed: Vec::new(),
            decided: Vec::new(),
            by_slot: [0; 64],
            scratch: Vec::new(),
            facts: Facts::default(),
            strangers: Vec::new(),
            stranger_findings: Vec::new(),
            memo: Memo::default(),
            subtrees: Subtrees::default(),
            fires: Vec::new(),
            singular: false,
            by_text: false,
            faults_of_devices: 0,
            devices,
        }
    }

    pub fn clear(&mut self) {
        self.frames.clear();
        self.blocks.clear();
        self.viable.clear();
        self.placed.clear();
        self.decided.clear();
        self.facts.clear();
        self.faults_of_devices = 0;
        self.strangers.clear();
        self.stranger_findings.clear();
        self.subtrees.abandon();
    }

    /// Takes the innermost open element, which this is, and all that belongs to it from the stacks.
    #[inline(always)]
    pub fn leave(&mut self, frame: &Frame) {
        self.blocks.truncate(frame.blocks as usize);
        self.viable.truncate(frame.viable as usize);
        self.placed.truncate(frame.placed as usize);
        self.frames.pop();
    }
}

// A frame is written at every start tag.
const _: () = assert!(std::mem::size_of::<Frame>() <= 112);
