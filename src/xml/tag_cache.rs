//! Start tags that were read before.
//!
//! Documents repeat themselves: in a folder of domains nine start tags of ten stand, to the letter, in the same document or an earlier one.
//! A tag that was right once is right again, since nothing else decides about a tag without prefixes, references and declarations; so its
//! bytes are compared with those that are kept, and neither split nor scanned. It also has a number, by which a consumer can keep what it
//! made of the tag.
//!
//! The cache has a size that it does not outgrow. Tags may take the places of others (`places`), and when there is no room for a tag's bytes
//! all are forgotten; what is read is the same with the cache as without.

use super::TagId;
use super::chars::mark;
use crate::places::{self, Places, mix};

/// How many tags are kept at most; a power of two. A third of them is as many as a large folder of domains has.
const TAGS: usize = 8192;

/// How many bytes of tags are kept.
const BYTES: usize = 384 << 10;

/// Longer tags are not kept.
const LONGEST: usize = 255;

/// A tag that is kept.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    /// First of its bytes.
    start: u32,
    /// Its number; [`TagId::NONE`] for a place that is free.
    id: TagId,
    /// How many bytes it has.
    len: u8,
    /// How many of them are its name's.
    name: u8,
}

impl places::Entry for Entry {
    fn hash(&self) -> u32 {
        self.hash
    }
}

/// The tags that are kept.
#[derive(Default)]
pub(super) struct TagCache {
    entries: Places<Entry>,
    bytes: Vec<u8>,
    /// How many numbers were given out.
    given: u32,
}

/// A tag that is looked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Probe {
    hash: u32,
    /// How many bytes there are up to the first `>`, itself included; 0 if the tag is not to be kept.
    pub len: usize,
    /// The tag's number, if it was found.
    pub id: TagId,
}

impl Probe {
    /// Nothing is looked for.
    pub(super) const NONE: Probe = Probe { hash: 0, len: 0, id: TagId::NONE };
}

/// What is known of a tag.
#[derive(Clone, Copy)]
pub(super) struct Known {
    /// Its number.
    pub id: TagId,
    /// How many bytes its name has.
    pub name: usize,
}

impl TagCache {
    /// A cache that keeps tags; a default one does not.
    pub(super) fn new() -> TagCache {
        // The system hands out pages only where something is written.
        TagCache { entries: Places::new(TAGS), bytes: Vec::with_capacity(BYTES), given: 0 }
    }

    /// Looks at the start tag at `start`.
    #[inline(always)]
    pub(super) fn probe(&self, text: &[u8], start: usize) -> Probe {
        if self.entries.is_closed() {
            return Probe::NONE;
        }
        let mut hash = 0u64;
        let mut at = start + 1;
        // At the very end of a document tags are not looked for.
        while let Some(chunk) = text.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*chunk);
            let end = mark(word, b'>');
            if end != 0 {
                let bytes = end.trailing_zeros() / 8;
                let len = at + bytes as usize + 1 - start;
                if len > LONGEST {
                    return Probe::NONE;
                }
                let in_front = word & ((1 << (8 * bytes)) - 1);
                return Probe { hash: (mix(hash, in_front) >> 32) as u32, len, id: TagId::NONE };
            }
            hash = mix(hash, word);
            at += 8;
            if at - start > LONGEST {
                return Probe::NONE;
            }
        }
        Probe::NONE
    }

    /// The tag at `start`, if it was read before.
    #[inline(always)]
    pub(super) fn find(&self, probe: Probe, text: &[u8], start: usize) -> Option<Known> {
        if probe.len == 0 {
            return None;
        }
        let number =
            self.entries.find(probe.hash, |entry| entry.hash == probe.hash && entry.len as usize == probe.len)?;
        let entry = &self.entries[number];
        let from = entry.start as usize;
        // With equal bytes up to the first `>` in no quotes, it is the same tag that ends there.
        let same = self.bytes.get(from..from + probe.len)? == text.get(start..start + probe.len)?;
        same.then_some(Known { id: entry.id, name: entry.name as usize })
    }

    /// Keeps a tag that was read and found right, if it is not kept already: all of it, and how long its name is. Its number, if there is
    /// one.
    pub(super) fn keep(&mut self, probe: Probe, tag: &[u8], name: usize) -> TagId {
        if probe.id != TagId::NONE {
            return probe.id;
        }
        // A `>` in a value hides the rest of the tag from the probe.
        if probe.len != tag.len() || self.entries.is_closed() || self.given == u32::MAX {
            return TagId::NONE;
        }
        if self.bytes.len() + tag.len() > BYTES || self.entries.is_full() {
            self.entries.clear();
            self.bytes.clear();
        }
        self.given += 1;
        let id = TagId(self.given);
        let (start, len, name) = (self.bytes.len() as u32, tag.len() as u8, name as u8);
        self.entries.put(Entry { hash: probe.hash, start, id, len, name });
        self.bytes.extend_from_slice(tag);
        id
    }
}

// A look-up reads one of them.
const _: () = assert!(std::mem::size_of::<Entry>() <= 16);

#[cfg(test)]
mod tests {
    use super::*;

    /// What a cache says of a tag with more text behind it, and what it says once it has kept it.
    fn twice(cache: &mut TagCache, tag: &str) -> (bool, bool) {
        let text = format!("{tag}        ");
        let probe = cache.probe(text.as_bytes(), 0);
        let before = cache.find(probe, text.as_bytes(), 0).is_some();
        cache.keep(probe, tag.as_bytes(), 1);
        (before, cache.find(probe, text.as_bytes(), 0).is_some())
    }

    #[test]
    fn tags_are_known_again() {
        let mut cache = TagCache::new();
        for tag in ["<a>", "<a/>", "<abcdefg>", "<a b='1234567890'/>", "<abcdef>", "<a b='12345678901234567890'>"] {
            assert_eq!(twice(&mut cache, tag), (false, true), "{tag}");
            assert_eq!(twice(&mut cache, tag), (true, true), "{tag}");
        }
        assert!(
            cache.find(cache.probe(b"<a b='1234567891'/>        ", 0), b"<a b='1234567891'/>        ", 0).is_none()
        );
    }

    #[test]
    fn some_tags_are_not_kept() {
        let long = format!("<a b='{}'/>", "x".repeat(250));
        for tag in [&long, "<a b='>'/>"] {
            assert_eq!(twice(&mut TagCache::new(), tag), (false, false), "{tag}");
        }
        assert_eq!(twice(&mut TagCache::default(), "<a>"), (false, false));
        // Too near to the end of the document.
        assert_eq!(TagCache::new().probe(b"<a>", 0).len, 0);
    }

    #[test]
    fn what_is_kept_has_an_end() {
        let mut cache = TagCache::new();
        for number in 0..20_000 {
            let tag = format!("<mac address='52:54:00:00:{number:010}'/>");
            assert_eq!(twice(&mut cache, &tag), (false, true), "{tag}");
        }
        assert_eq!(cache.bytes.capacity(), BYTES);
    }
}
