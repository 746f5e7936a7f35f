//! Tables in which each entry has one of two places, by its hash.
//!
//! What is kept in one saves work and means nothing: where both places are taken an entry takes that of another, and nobody is told.
//! Nothing is ever searched, so that a look-up is one comparison or two. A table grows with what it holds, up to a size that is fixed: a
//! single small document pays for no more than it needs.

use std::hash::Hasher;

/// Goes on with a hash. Multiplication carries upwards, so that the highest bits of the result depend on all of it.
#[inline(always)]
pub(crate) fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// A hasher of the standard library's kind that mixes.
#[derive(Default)]
pub(crate) struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        self.0 = words.iter().fold(self.0, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.0 = mix(mix(self.0, u64::from_le_bytes(last)), bytes.len() as u64);
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = mix(self.0, word);
    }

    /// The low bits often say where something is kept, so that the high ones have their part in them.
    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// An entry of a table.
pub(crate) trait Entry: Copy {
    /// What stands in a place that is free.
    const FREE: Self;

    /// Whether it is that.
    fn is_free(&self) -> bool;

    /// The entry's hash, of which the highest bits decide about the place.
    fn hash(&self) -> u32;
}

/// A table of entries; one that was not allowed to hold anything has no places.
pub(crate) struct Places<T> {
    /// As many as a power of two.
    places: Vec<T>,
    taken: usize,
    /// How many places there may be.
    most: usize,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Places { places: Vec::new(), taken: 0, most: 0 }
    }
}

impl<T: Entry> Places<T> {
    /// How many places a table begins with.
    const FEW: usize = 64;

    /// A table that grows up to so many places, a power of two.
    pub fn new(most: usize) -> Self {
        Places { places: vec![T::FREE; Self::FEW.min(most)], taken: 0, most }
    }

    /// Whether nothing can be kept.
    #[inline(always)]
    pub fn is_closed(&self) -> bool {
        self.places.is_empty()
    }

    /// The number of the entry with this hash that is the wanted one.
    #[inline(always)]
    pub fn find(&self, hash: u32, is_wanted: impl Fn(&T) -> bool) -> Option<usize> {
        let place = self.place(hash);
        if self.places.get(place).is_some_and(&is_wanted) {
            return Some(place);
        }
        self.places.get(place ^ 1).is_some_and(is_wanted).then_some(place ^ 1)
    }

    /// The entry of a number that was found.
    #[inline(always)]
    pub fn get(&self, number: usize) -> &T {
        &self.places[number]
    }

    #[inline(always)]
    fn place(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.places.len() as u64) >> 32) as usize
    }

    /// Keeps an entry.
    pub fn put(&mut self, entry: T) {
        if self.is_closed() {
            return;
        }
        // A table that is nearly empty loses little to entries that share a place.
        if self.taken * 4 >= self.places.len() && self.places.len() < self.most {
            // In few steps, since the memory of the smaller tables is seldom of use to anything else.
            let larger = (self.places.len() * 16).min(self.most);
            let smaller = std::mem::replace(&mut self.places, vec![T::FREE; larger]);
            self.taken = 0;
            smaller.into_iter().filter(|entry| !entry.is_free()).for_each(|entry| self.set(entry));
        }
        self.set(entry);
    }

    fn set(&mut self, entry: T) {
        let first = self.place(entry.hash());
        let is_free = |place: usize| self.places[place].is_free();
        let place = if !is_free(first) && is_free(first ^ 1) { first ^ 1 } else { first };
        self.taken += usize::from(self.places[place].is_free());
        self.places[place] = entry;
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.places.fill(T::FREE);
        self.taken = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for u32 {
        const FREE: u32 = 0;

        fn is_free(&self) -> bool {
            *self == 0
        }

        fn hash(&self) -> u32 {
            self.wrapping_mul(0x9E37_79B9)
        }
    }

    fn holds(table: &Places<u32>, number: u32) -> bool {
        table.find(number.hash(), |entry| *entry == number).is_some()
    }

    #[test]
    fn tables_grow_up_to_their_size() {
        let mut table = Places::new(1024);
        let mut sizes = Vec::new();
        for number in 1..=2000 {
            table.put(number);
            assert!(holds(&table, number));
            if sizes.last() != Some(&table.places.len()) {
                sizes.push(table.places.len());
            }
        }
        assert_eq!(sizes, [64, 1024]);
        assert!((1..2000).filter(|number| holds(&table, *number)).count() > 800, "most places are taken");
        table.clear();
        assert!(!holds(&table, 2000));
    }

    #[test]
    fn what_is_kept_survives_growth() {
        let mut table = Places::new(1 << 16);
        for number in 1..=1000 {
            table.put(number);
        }
        assert!((1..=1000).filter(|number| holds(&table, *number)).count() > 980);
    }

    #[test]
    fn a_closed_table_keeps_nothing() {
        let mut table = Places::default();
        table.put(7);
        assert!(table.is_closed() && !holds(&table, 7));
    }
}
