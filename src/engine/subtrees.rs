//! Elements with all that they hold, kept for the next time.
//!
//! What stands directly in a domain and among its devices repeats itself, to the letter, from one document to the next: of libvirt's own
//! documents, four bytes of five are in an element that stands in another one, too. What comes of such an element depends on two things
//! alone: its bytes, and the *variant* of its parent (see [`super::memo`]). So where both have met before and there was nothing to tell, the
//! element is passed over, and what rules read of it is put where it would have been ([`crate::semantic::Excerpts`]).
//!
//! What stood only once is not kept, since most of that will not come again. The bytes that are kept have an end. Then what is kept stays as
//! it is for as long as it is of use: of a folder that is too large for it, a part is better known than none, as it would be if each
//! element took the place of another that comes again later.

use super::Pass;
use super::frame::{Decided, State};
use crate::diagnostic::Span;
use crate::places::{Entry, Places, mix};
use crate::semantic::{Excerpt, Excerpts, Mark, NOBODY};
use crate::xml::{self, TagId};
use memchr::{memchr, memmem};

/// How many subtrees are kept at most, and how many are noted that stood once; powers of two.
const SUBTREES: usize = 4096;
const ONCE: usize = 8192;

/// For how many start tags it is known what stood behind them last.
const RECENT: usize = 1024;

/// How many bytes of documents are kept.
const BYTES: usize = 512 << 10;

/// After so many bytes for which there was no room it is asked whether what is kept is of use: whether half as many were found.
const REFUSED: usize = 1 << 20;

/// What a subtree counts for there besides what is behind its start tag.
const TAG: usize = 32;

/// Longer subtrees are not kept, in bytes behind the start tag.
const LONGEST: usize = 4096;

/// A subtree that is kept.
#[derive(Clone, Copy)]
struct Subtree {
    /// The start tag.
    tag: TagId,
    /// The variant of the parent.
    parent: u32,
    hash: u32,
    /// First of the bytes from the start tag's end up to the end tag's.
    first: u32,
    /// How many they are.
    len: u16,
    /// It has at most so many levels.
    height: u16,
    /// A text in it decides about the variants of elements further out.
    decides: Option<Deciding>,
    facts: Excerpt,
}

impl Entry for Subtree {
    fn hash(&self) -> u32 {
        self.hash
    }
}

/// A text that decides about variants, relative to its subtree.
#[derive(Clone, Copy)]
struct Deciding {
    /// How many levels below the outermost element its own stands.
    level: u8,
    /// That element's shape.
    element: u16,
    start: u16,
    len: u16,
}

/// The hash of a subtree that stood once.
#[derive(Clone, Copy)]
struct Once(u32);

impl Entry for Once {
    fn hash(&self) -> u32 {
        self.0
    }
}

/// What an element seems to be before it is read.
#[derive(Clone, Copy)]
struct Probe {
    tag: TagId,
    parent: u32,
    hash: u32,
    /// Offset behind the start tag.
    start: usize,
    /// Offset behind the first end tag of its name.
    end: usize,
}

/// An element that is read and will be kept if there is nothing to tell.
struct Watched {
    probe: Probe,
    tag_start: u32,
    findings: usize,
    /// How many texts have decided about variants.
    decided: usize,
    mark: Mark,
}

/// The subtrees that are kept.
pub(super) struct Subtrees {
    subtrees: Places<Subtree>,
    once: Places<Once>,
    /// Where the subtree is that stood behind a start tag last.
    recent: Vec<u32>,
    bytes: Vec<u8>,
    facts: Excerpts,
    /// There is no room for more.
    full: bool,
    /// How many bytes were found, and for how many there was no room, since it was asked last whether what is kept is of use.
    found: usize,
    refused: usize,
    watched: Option<Watched>,
    /// How many elements are open around the one that is watched; [`NOBODY`] if none is.
    around: u32,
}

impl Default for Subtrees {
    /// Keeps nothing.
    fn default() -> Self {
        Subtrees {
            subtrees: Places::default(),
            once: Places::default(),
            recent: Vec::new(),
            bytes: Vec::new(),
            facts: Excerpts::default(),
            full: false,
            found: 0,
            refused: 0,
            watched: None,
            around: NOBODY,
        }
    }
}

impl Subtrees {
    /// Keeps something.
    pub fn new() -> Subtrees {
        Subtrees {
            subtrees: Places::new(SUBTREES),
            once: Places::new(ONCE),
            recent: vec![0; RECENT],
            // The system hands out pages only where something is written.
            bytes: Vec::with_capacity(BYTES),
            facts: Excerpts::new(),
            ..Subtrees::default()
        }
    }

    /// What is being read is not kept.
    pub fn abandon(&mut self) {
        (self.watched, self.around) = (None, NOBODY);
    }

    /// Something in the element that is watched depends on what was read before it: an element at this depth does.
    #[inline]
    pub fn abandon_around(&mut self, depth: usize) {
        if self.around != depth as u32 {
            self.abandon();
        }
    }

    /// Whether it is the watched element that has ended, when so many are open.
    #[inline(always)]
    pub fn has_ended(&self, open: usize) -> bool {
        self.around == open as u32
    }

    /// Looks at an element behind its start tag.
    #[inline]
    fn probe(&self, text: &[u8], start: &xml::Start<'_>, parent: u32) -> Option<Probe> {
        if self.subtrees.is_closed() {
            return None;
        }
        let from = start.content_start as usize;
        let end = match start.self_closing {
            true => from,
            false => from + xml::peek_end(&text[from..text.len().min(from + LONGEST)], start.name)?,
        };
        Some(Probe { tag: start.id, parent, hash: hash_of(&text[from..end], start.id, parent), start: from, end })
    }

    /// The subtree that stood behind this start tag last, if it stands there again.
    #[inline]
    fn recall(&self, text: &[u8], start: &xml::Start<'_>, parent: u32) -> Option<Subtree> {
        let number = *self.recent.get(start.id.0 as usize % RECENT)?;
        let kept = self.subtrees.get(number as usize)?;
        let bytes = part(&self.bytes, kept);
        let from = start.content_start as usize;
        let same = (kept.tag, kept.parent) == (start.id, parent) && text.get(from..from + bytes.len()) == Some(bytes);
        same.then_some(*kept)
    }

    /// The subtree that stands there.
    #[inline]
    fn find(&mut self, probe: &Probe, text: &[u8]) -> Option<Subtree> {
        let number = self
            .subtrees
            .find(probe.hash, |kept| (kept.hash, kept.tag, kept.parent) == (probe.hash, probe.tag, probe.parent))?;
        let kept = &self.subtrees[number];
        self.recent[probe.tag.0 as usize % RECENT] = number as u32;
        (part(&self.bytes, kept) == &text[probe.start..probe.end]).then_some(*kept)
    }

    /// There is no room for an element that would be kept. If there mostly is none, and what is kept does not come, all of it is forgotten.
    fn refuse(&mut self, probe: &Probe) {
        self.refused += probe.end - probe.start + TAG;
        if self.refused >= REFUSED {
            if self.found < REFUSED / 2 {
                self.subtrees.clear();
                self.bytes.clear();
                self.facts.clear();
                self.full = false;
            }
            (self.found, self.refused) = (0, 0);
        }
    }

    /// An element stands there whose start tag is new.
    pub fn note(&mut self, text: &[u8], start: &xml::Start<'_>, parent: u32) {
        if let Some(probe) = self.probe(text, start, parent) {
            self.stood_before(probe.hash);
        }
    }

    /// Whether an element that is not kept stood somewhere before; if not, it has now.
    fn stood_before(&mut self, hash: u32) -> bool {
        let before = self.once.find(hash, |once| once.0 == hash).is_some();
        if !before {
            self.once.put(Once(hash));
        }
        before
    }
}

impl<'d> Pass<'_, 'd> {
    /// Passes over a child of the domain or of its devices that stood before, to the letter, in a parent of this variant; whether it did. If
    /// not, the child is watched, if it is worth it. `opened` is the number of what became of its tag.
    pub(super) fn pass_over(
        &mut self,
        start: &xml::Start<'d>,
        reader: &mut xml::Reader<'d, '_, '_>,
        parent: u32,
        opened: usize,
        owner: u32,
    ) -> bool {
        let State { subtrees, facts, frames, memo, decided, .. } = &mut *self.state;
        let depth = frames.len();
        if memo.variant(memo.opened(opened).variant).deferred {
            Decided::forget(decided, depth);
        }
        let mut found = subtrees.recall(self.text, start, parent);
        let mut new = None;
        if found.is_none() {
            let Some(probe) = subtrees.probe(self.text, start, parent) else { return false };
            found = subtrees.find(&probe, self.text);
            new = Some(probe);
        }
        if let Some(kept) = found {
            if !reader.pass_over(start.content_start as usize + kept.len as usize, kept.height as usize) {
                return false;
            }
            if let Some(Deciding { level, element, start: from, len }) = kept.decides {
                let from = start.tag_start as usize + from as usize;
                let text = Span::new(from, from + len as usize);
                decided.push(Decided { depth: depth as u32 + u32::from(level), element, text });
            }
            let nearest = frames.last().map_or(NOBODY, |frame| frame.nearest);
            facts.put(&subtrees.facts, &kept.facts, self.table, nearest, start.tag_start, owner);
            subtrees.found = subtrees.found.saturating_add(kept.len as usize + TAG);
            return true;
        }
        if let Some(probe) = new
            && subtrees.stood_before(probe.hash)
        {
            if subtrees.full {
                subtrees.refuse(&probe);
                return false;
            }
            subtrees.around = depth as u32;
            subtrees.watched = Some(Watched {
                probe,
                tag_start: start.tag_start,
                findings: self.findings.len(),
                decided: decided.len(),
                mark: facts.mark(),
            });
        }
        false
    }

    /// The watched element has ended.
    #[cold]
    pub(super) fn keep_subtree(&mut self, end: &xml::End) {
        let State { subtrees, facts, frames, decided, .. } = &mut *self.state;
        let watched = subtrees.watched.take();
        subtrees.abandon();
        let Some(Watched { probe, tag_start, findings, decided: before, mark }) = watched else { return };
        let content = &self.text[probe.start..probe.end];
        // What a reference means, and whether it may stand there, is up to the document.
        if self.findings.len() != findings
            || end.broken
            || end.end as usize != probe.end
            || memchr(b'&', content).is_some()
        {
            return;
        }
        let decides = match decided.get(before..) {
            Some([]) => None,
            Some([one]) => Some(Deciding {
                level: (one.depth - frames.len() as u32) as u8,
                element: one.element,
                start: (one.text.start - tag_start) as u16,
                len: one.text.len() as u16,
            }),
            _ => return,
        };
        // An element without content has facts, too.
        if subtrees.bytes.len() + content.len() > BYTES || subtrees.facts.is_full() || subtrees.subtrees.is_full() {
            subtrees.full = true;
            return;
        }
        let Some(facts) = facts.keep(&mut subtrees.facts, self.table, self.text, mark, tag_start) else { return };
        let Probe { tag, parent, hash, .. } = probe;
        // Every element in it but the innermost ones has an end tag.
        let height = memmem::find_iter(content, b"</").count() as u16 + 1;
        let (first, len) = (subtrees.bytes.len() as u32, content.len() as u16);
        subtrees.subtrees.put(Subtree { tag, parent, hash, first, len, height, decides, facts });
        subtrees.bytes.extend_from_slice(content);
    }
}

/// The bytes of a subtree.
#[inline]
fn part<'b>(bytes: &'b [u8], kept: &Subtree) -> &'b [u8] {
    &bytes[kept.first as usize..kept.first as usize + kept.len as usize]
}

/// The hash of an element's content, with its start tag and its parent.
#[inline]
fn hash_of(content: &[u8], tag: TagId, parent: u32) -> u32 {
    // Two that do not wait for each other.
    let (mut one, mut other) = (u64::from(tag.0), u64::from(parent));
    let (pairs, rest) = content.as_chunks::<16>();
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
    for pair in pairs {
        one = mix(one, word(&pair[..8]));
        other = mix(other, word(&pair[8..]));
    }
    let mut last = [0; 16];
    last[..rest.len()].copy_from_slice(rest);
    one = mix(one, word(&last[..8]));
    other = mix(other, word(&last[8..]));
    (mix(mix(one, other), content.len() as u64) >> 32) as u32
}

// A look-up reads one of them.
const _: () = assert!(std::mem::size_of::<Subtree>() <= 52);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Finding;
    use crate::engine::{Checker, Options};
    use crate::xml::Limits;
    use std::ops::Range;

    fn domain(inside: &str) -> String {
        let head = "<name>a</name><memory>1048576</memory><os><type arch='x86_64' machine='q35'>hvm</type></os>";
        format!("<domain type='kvm'>{head}<devices>{inside}</devices></domain>\n")
    }

    const DISK: &str = "<disk type='file'><source file='/a'/><target dev='vda' bus='virtio'/>\
         <address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/></disk>";

    fn fresh(text: &str, options: &Options) -> Vec<Finding> {
        Checker::new(options).check(text.as_bytes(), true).findings.to_vec()
    }

    /// A checker to which these elements are known among the devices.
    fn knowing(inside: &str, options: &Options) -> Checker {
        let mut checker = Checker::new(options);
        let text = domain(inside);
        for _ in 0..4 {
            checker.check(text.as_bytes(), true);
        }
        checker
    }

    /// Asserts that a document has the findings that it has for a fresh checker, where its elements are known; how many there are.
    fn same(checker: &mut Checker, text: &str, options: &Options) -> usize {
        let expected = fresh(text, options);
        for _ in 0..4 {
            assert_eq!(checker.check(text.as_bytes(), true).findings, expected, "{text}");
        }
        expected.len()
    }

    /// Whether what is kept holds a piece of text.
    fn holds(checker: &Checker, text: &str) -> bool {
        memmem::find(&checker.state.subtrees.bytes, text.as_bytes()).is_some()
    }

    #[test]
    fn what_stood_twice_is_kept() {
        let options = Options::default();
        let mut checker = Checker::new(&options);
        let text = domain(DISK);
        // A single document is not worth it; after that, the first time is noted, and the second time it is kept.
        for kept in [false, false, true, true] {
            checker.check(text.as_bytes(), true);
            assert_eq!(holds(&checker, "<source file='/a'/>"), kept);
        }
        let before = checker.state.subtrees.bytes.len();
        checker.check(text.as_bytes(), true);
        assert_eq!(checker.state.subtrees.bytes.len(), before);
    }

    #[test]
    fn rules_see_what_is_passed_over() {
        let options = Options::default();
        let mut checker = knowing(DISK, &options);
        // Two disks with one target, one address and one source.
        assert!(same(&mut checker, &domain(&format!("{DISK}{DISK}")), &options) >= 2);
        let other = "<interface type='user'>\
             <address type='pci' domain='0x0000' bus='0x00' slot='0x04' function='0x0'/></interface>";
        assert!(same(&mut checker, &domain(&format!("{other}{DISK}")), &options) >= 1);
        assert!(same(&mut checker, &domain(&format!("{DISK}{other}")), &options) >= 1);
    }

    #[test]
    fn the_place_decides_with_the_bytes() {
        let options = Options::default();
        let mut checker = knowing(DISK, &options);
        for text in [
            // Not among the devices.
            format!("<domain type='kvm'><name>a</name><memory>1</memory><os><type>hvm</type></os>{DISK}</domain>"),
            // In a namespace, where nothing is what it seems to be.
            domain(DISK).replace("<domain ", "<domain xmlns='urn:x' "),
            domain(DISK).replace("<devices>", "<devices xmlns='urn:x'>"),
            // Broken in front of it, inside of it and behind it.
            domain(DISK).replace("<devices>", "<devices><emulator>"),
            domain(DISK).replace("</disk>", ""),
            domain(DISK).replace("</disk>", "</dis>"),
            domain(DISK).replace("</devices>", ""),
            domain(&DISK.replace("<source ", "<source <")),
        ] {
            assert!(same(&mut checker, &text, &options) > 0);
        }
    }

    #[test]
    fn a_text_that_decides_further_out_does_so_when_it_is_passed_over() {
        let options = Options::default();
        let mut checker = Checker::new(&options);
        let idmap = "<idmap><uid start='0' target='1000' count='10'/><gid start='0' target='1000' count='10'/></idmap>";
        let container = format!(
            "<domain type='lxc'><name>a</name><memory>1048576</memory><os><type>exe</type><init>/i</init></os>{idmap}</domain>"
        );
        let machine = container.replace("exe", "hvm").replace("<init>/i</init>", "").replace("lxc", "kvm");
        for text in [&container, &machine, &container, &machine] {
            same(&mut checker, text, &options);
        }
        assert!(holds(&checker, "<type>exe</type>") && holds(&checker, "<type>hvm</type>"));
        assert_eq!(fresh(&container, &options), []);
        assert_ne!(fresh(&machine, &options), []);
    }

    #[test]
    fn depth_is_limited_all_the_same() {
        let options = Options { limits: Limits { max_depth: 4, ..Limits::default() }, ..Options::default() };
        let mut checker = knowing(DISK, &options);
        assert!(holds(&checker, "<source file='/a'/>"));
        let deeper = format!("<domainsnapshot><domain type='kvm'><devices>{DISK}</devices></domain></domainsnapshot>");
        assert!(same(&mut checker, &deeper, &options) > 0);
    }

    #[test]
    fn references_and_false_ends_are_read_every_time() {
        let options = Options::default();
        for inside in [
            "<emulator>/usr/&amp;</emulator>",
            "<emulator>/usr/<!-- </emulator> -->b</emulator>",
            "<emulator>/usr/<![CDATA[</emulator>]]>b</emulator>",
            "<emulator>/usr/b</emulator >",
        ] {
            let mut checker = knowing(inside, &options);
            assert!(!holds(&checker, "</emulator"), "{inside}");
            same(&mut checker, &domain(inside), &options);
        }
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let options = Options::default();
        let mut checker = Checker::new(&options);
        // What is said of such a disk is said of its name, in front of the path.
        let expected = fresh(&domain(DISK), &options);
        let path = |number: usize| format!("/images/{number}");
        let mut read = |numbers: Range<usize>| {
            let mut kept = 0;
            for number in numbers {
                let text = DISK.replace("'/a'/>", &format!("'{}'/><!-- {} -->", path(number), "x".repeat(700)));
                for _ in 0..3 {
                    assert_eq!(checker.check(domain(&text).as_bytes(), true).findings, expected);
                }
                kept += usize::from(holds(&checker, &path(number)));
                assert!(checker.state.subtrees.bytes.len() <= BYTES);
            }
            (kept, holds(&checker, "/images/0'"))
        };
        let (kept, first) = read(0..1500);
        assert!((600..1200).contains(&kept) && first, "{kept} are kept, and not at the cost of others");
        // What is found is of use and stays, whatever else there is.
        for _ in 0..10 {
            assert_eq!(read(0..300), (300, true));
            assert_eq!(read(2000..2300), (0, true));
        }
        // What is not found any more goes.
        let (kept, first) = read(3000..6000);
        assert!(kept > 600 && !first, "{kept}");
    }

    #[test]
    fn what_is_kept_of_many_short_elements_has_an_end() {
        let mut checker = Checker::new(&Options::default());
        let mut fullest = 0;
        for first in 0..60 {
            let graphics = |port: usize| format!("<graphics type='vnc' port='{}'/>", 5900 + first * 1000 + port);
            let text = domain(&(0..1000).map(graphics).collect::<String>());
            for _ in 0..3 {
                checker.check(text.as_bytes(), true);
            }
            fullest = fullest.max(checker.state.subtrees.facts.values());
        }
        // It was full and begun anew.
        let values = checker.state.subtrees.facts.values();
        assert!(fullest > 2 * SUBTREES && fullest < Excerpts::MOST + 256 && values < fullest, "{fullest}, {values}");
    }
}
