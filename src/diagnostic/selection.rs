//! Which codes are reported.

use super::Code;

/// A set of codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    bits: Vec<u64>,
    all: bool,
}

impl Selection {
    /// Every code, also those that are added later.
    pub const fn all() -> Self {
        Selection { bits: Vec::new(), all: true }
    }

    /// No code.
    pub const fn none() -> Self {
        Selection { bits: Vec::new(), all: false }
    }

    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        self.all && self.bits.iter().all(|word| *word == 0)
    }

    /// Whether a code is in the set.
    pub fn contains(&self, code: Code) -> bool {
        // The bits say where the set differs from what `all` says.
        let differs = self.bits.get(code.0 as usize / 64).is_some_and(|word| word & 1 << (code.0 % 64) != 0);
        self.all != differs
    }

    /// Adds a code.
    pub fn insert(&mut self, code: Code) {
        self.set(code, !self.all);
    }

    /// Takes a code away.
    pub fn remove(&mut self, code: Code) {
        self.set(code, self.all);
    }

    fn set(&mut self, code: Code, differs: bool) {
        let word = code.0 as usize / 64;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        let bit = 1 << (code.0 % 64);
        if differs { self.bits[word] |= bit } else { self.bits[word] &= !bit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_and_go() {
        let mut selection = Selection::all();
        assert!(selection.is_all() && selection.contains(Code(700)));
        selection.remove(Code(70));
        assert!(!selection.is_all() && !selection.contains(Code(70)) && selection.contains(Code(71)));
        selection.insert(Code(70));
        assert!(selection.is_all());
        let mut selection = Selection::none();
        selection.insert(Code(3));
        assert!(selection.contains(Code(3)) && !selection.contains(Code(4)));
        selection.remove(Code(3));
        assert!(!selection.contains(Code(3)));
    }
}
