//! Tables in which each entry has one of four places, by its hash.
//!
//! What is kept in one saves work and means nothing: where all four are taken an entry takes the place of another, and nobody is told.
//! Nothing is ever searched, so that a look-up is a few comparisons. A table grows with what it holds, up to a size that is fixed: a
//! single small document pays for no more than it needs.

use std::hash::Hasher;
use std::ops::Index;

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

/// How many places an entry may have.
const WAYS: usize = 4;

/// An entry of a table.
pub(crate) trait Entry: Copy {
    /// The entry's hash, of which the highest bits decide about the place.
    fn hash(&self) -> u32;
}

/// A table of entries; one that was not allowed to hold anything has no places.
pub(crate) struct Places<T> {
    /// For each place the number of its entry, from 1 on, in the lower half, and in the upper one the lower half of its hash; 0 for none.
    /// As many as a power of two. So a look-up reads an entry only if it is nearly sure to be the wanted one, and places cost little.
    places: Vec<u32>,
    entries: Vec<T>,
    /// How many entries there may be.
    most: usize,
}

impl<T> Default for Places<T> {
    fn default() -> Self {
        Places { places: Vec::new(), entries: Vec::new(), most: 0 }
    }
}

impl<T: Entry> Places<T> {
    /// How many places a table begins with.
    const FEW: usize = 64;

    /// A table that grows up to so many entries, a power of two below 65,536.
    pub fn new(most: usize) -> Self {
        Places { places: vec![0; Self::FEW], entries: Vec::new(), most }
    }

    /// Whether nothing can be kept.
    #[inline(always)]
    pub fn is_closed(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether one more entry would have all others forgotten.
    pub fn is_full(&self) -> bool {
        self.entries.len() == self.most
    }

    /// The number of the entry with this hash that is the wanted one.
    #[inline(always)]
    pub fn find(&self, hash: u32, is_wanted: impl Fn(&T) -> bool) -> Option<usize> {
        let first = first(hash, self.places.len());
        self.places.get(first..first + WAYS)?.iter().find_map(|word| {
            let number = number(*word, hash)?;
            self.entries.get(number).is_some_and(&is_wanted).then_some(number)
        })
    }

    /// The entry of a number that was found some time ago. There may be another one there by now, or none.
    #[inline(always)]
    pub fn get(&self, number: usize) -> Option<&T> {
        self.entries.get(number)
    }

    /// Keeps an entry. A table that is full is begun anew.
    pub fn put(&mut self, entry: T) {
        if self.is_closed() {
            return;
        }
        if self.is_full() {
            self.clear();
        }
        // Where seven places of eight are free, four of them are hardly ever taken.
        if self.entries.len() * 8 >= self.places.len() && self.places.len() < 2 * self.most {
            let more = (self.places.len() * 4).min(2 * self.most);
            self.places.clear();
            self.places.resize(more, 0);
            // All that it may need, since the system hands out pages only where something is written.
            self.entries.reserve_exact(self.most.min(more) - self.entries.len());
            for number in 0..self.entries.len() {
                let hash = self.entries[number].hash();
                let place = self.place(hash).unwrap_or_else(|taken| taken);
                self.places[place] = word(number, hash);
            }
        }
        match self.place(entry.hash()) {
            Ok(free) => {
                self.places[free] = word(self.entries.len(), entry.hash());
                self.entries.push(entry);
            }
            // The entry takes the place of another, and its number.
            Err(taken) => {
                let number = (self.places[taken] & 0xFFFF) as usize - 1;
                self.places[taken] = word(number, entry.hash());
                self.entries[number] = entry;
            }
        }
    }

    /// A place that is free for this hash, or else one to be taken from another.
    fn place(&self, hash: u32) -> Result<usize, usize> {
        let first = first(hash, self.places.len());
        (first..first + WAYS).find(|place| self.places[*place] == 0).ok_or(first + hash as usize % WAYS)
    }

    /// Forgets all entries.
    pub fn clear(&mut self) {
        self.places.fill(0);
        self.entries.clear();
    }
}

impl<T> Index<usize> for Places<T> {
    type Output = T;

    /// The entry of a number that was found just now.
    #[inline(always)]
    fn index(&self, number: usize) -> &T {
        &self.entries[number]
    }
}

/// The first of the places of a hash, where there are so many.
#[inline(always)]
fn first(hash: u32, places: usize) -> usize {
    ((u64::from(hash) * (places / WAYS) as u64) >> 32) as usize * WAYS
}

/// What stands at the place of the entry with this number and hash.
fn word(number: usize, hash: u32) -> u32 {
    hash << 16 | (number as u32 + 1)
}

/// The number of the entry whose word it is, if that may have this hash.
#[inline(always)]
fn number(word: u32, hash: u32) -> Option<usize> {
    let number = word & 0xFFFF;
    (word >> 16 == hash & 0xFFFF && number != 0).then(|| number as usize - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Entry for u32 {
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
            if sizes.last() != Some(&table.places.len()) {
                sizes.push(table.places.len());
            }
        }
        assert_eq!(sizes, [64, 256, 1024, 2048]);
        assert!(!holds(&table, 1000) && holds(&table, 2000), "it was full, and begun anew");
        let held = (1..=2000).filter(|number| holds(&table, *number)).count();
        assert!((900..1000).contains(&held), "{held}");
        table.clear();
        assert!(!holds(&table, 2000));
    }

    #[test]
    fn what_is_kept_survives_growth() {
        let mut table = Places::new(1 << 14);
        for number in 1..=1000 {
            table.put(number);
        }
        assert!((1..=1000).filter(|number| holds(&table, *number)).count() > 995);
    }

    #[test]
    fn a_closed_table_keeps_nothing() {
        let mut table = Places::default();
        table.put(7);
        assert!(table.is_closed() && !holds(&table, 7));
    }
}
