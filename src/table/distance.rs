//! How many slips lie between a word and the words that may have been meant.

/// A word to which many others are compared: the number of letters left out, put in, exchanged for another or swapped with their
/// neighbour, no letter twice (the optimal string alignment distance).
///
/// For a word of ASCII it is counted by H. Hyyrö's bit vectors (2003): the columns of the usual matrix are the bits of a few numbers, so that
/// a letter of the other word costs some twenty instructions. Suggestions are sought among up to hundreds of words.
pub struct Distance<'w> {
    word: &'w str,
    /// For each ASCII character the places in the word where it stands, if all of the word is ASCII and has a bit for each place.
    places: Option<[u64; 128]>,
}

impl<'w> Distance<'w> {
    /// The distances from a word.
    pub fn from(word: &'w str) -> Self {
        let short = (1..=64).contains(&word.len()) && word.is_ascii();
        let places = short.then(|| {
            let mut places = [0; 128];
            for (place, byte) in word.bytes().enumerate() {
                places[byte as usize] |= 1 << place;
            }
            places
        });
        Distance { word, places }
    }

    /// The distance to another word.
    pub fn to(&self, other: &str) -> usize {
        match &self.places {
            Some(places) if other.is_ascii() => by_bits(places, self.word.len(), other.as_bytes()),
            _ => strsim::osa_distance(self.word, other),
        }
    }
}

/// The distance of a word of `len` letters, which stand at `places`, to another. The names are those of the paper: a bit of `vp` (`vn`) says
/// that a cell is one more (less) than the one above it, `hp` and `hn` the same of the one before it, `d0` that it equals the one
/// diagonally before it.
fn by_bits(places: &[u64; 128], len: usize, other: &[u8]) -> usize {
    let (mut vp, mut vn, mut d0, mut before) = (u64::MAX, 0u64, 0u64, 0u64);
    let last = 1 << (len - 1);
    let mut distance = len;
    for byte in other {
        let here = places[usize::from(byte & 0x7F)];
        let swapped = ((!d0 & here) << 1) & before;
        d0 = ((here & vp).wrapping_add(vp) ^ vp) | here | vn | swapped;
        let (hp, hn) = (vn | !(d0 | vp), d0 & vp);
        distance += usize::from(hp & last != 0);
        distance -= usize::from(hn & last != 0);
        let (hp, hn) = (hp << 1 | 1, hn << 1);
        vp = hn | !(d0 | hp);
        vn = hp & d0;
        before = here;
    }
    distance
}

#[cfg(test)]
mod tests {
    use super::Distance;
    use proptest::prelude::*;

    #[test]
    fn each_kind_of_slip_counts_once() {
        let distance = |word: &str, other: &str| Distance::from(word).to(other);
        assert_eq!(distance("vcpu", "vcpu"), 0);
        assert_eq!(distance("vcpuu", "vcpu"), 1);
        assert_eq!(distance("vpu", "vcpu"), 1);
        assert_eq!(distance("vcqu", "vcpu"), 1);
        assert_eq!(distance("cvpu", "vcpu"), 1);
        assert_eq!(distance("", "vcpu"), 4);
        assert_eq!(distance("vcpu", ""), 4);
        // What was swapped is not changed again: the general distance would be 2.
        assert_eq!(distance("ca", "abc"), 3);
        assert_eq!(distance("größe", "grösse"), 2);
    }

    proptest! {
        #[test]
        fn it_is_the_distance_of_the_matrix(word in "[a-d]{0,70}|[a-dä]{0,8}", other in "[a-d]{0,80}|[a-dä]{0,8}") {
            prop_assert_eq!(Distance::from(&word).to(&other), strsim::osa_distance(&word, &other));
        }

        #[test]
        fn so_it_is_of_short_words(word in "[a-c]{0,7}", other in "[a-c]{0,7}") {
            prop_assert_eq!(Distance::from(&word).to(&other), strsim::osa_distance(&word, &other));
        }
    }
}
