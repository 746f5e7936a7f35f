//! Names and words as numbers, so that comparing them is a comparison of numbers.

/// A name or word in two numbers and its length: exact up to 16 bytes; of longer ones the first and the last eight bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The first bytes.
    pub head: u64,
    /// The last bytes.
    pub tail: u64,
    /// Number of bytes.
    pub len: u32,
}

impl Key {
    /// The key of some bytes.
    #[inline(always)]
    pub fn of(bytes: &[u8]) -> Key {
        let len = bytes.len();
        // Overlapping loads cover every length class without a loop.
        let (head, tail) = if let (Some(first), Some(last)) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (u64::from_le_bytes(*first), u64::from_le_bytes(*last))
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            (u64::from(u32::from_le_bytes(*first)) | u64::from(u32::from_le_bytes(*last)) << 32, 0)
        } else if let [first, .., last] = bytes {
            (u64::from(*first) | u64::from(bytes[len / 2]) << 8 | u64::from(*last) << 16, 0)
        } else {
            (bytes.first().map_or(0, |b| u64::from(*b)), 0)
        };
        Key { head, tail, len: len as u32 }
    }

    /// Whether the key alone tells the bytes apart from all others.
    #[inline(always)]
    pub const fn exact(&self) -> bool {
        self.len <= 16
    }

    /// A number that differs for different keys, nearly always: what perfect hashes begin with.
    #[inline(always)]
    pub fn hash(&self) -> u32 {
        let mixed = (self.head ^ self.tail.rotate_left(23))
            .wrapping_add(u64::from(self.len))
            .wrapping_mul(0x9E37_79B9_7F4A_7C15);
        (mixed >> 32) as u32
    }
}

/// A name of the table with its key.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// Its key.
    pub key: Key,
    /// Its bytes.
    pub text: &'static str,
}

impl Name {
    /// The name with its key.
    pub fn new(text: &'static str) -> Name {
        Name { key: Key::of(text.as_bytes()), text }
    }

    /// Whether these bytes, whose key is `key`, are the name.
    #[inline(always)]
    pub fn is(&self, key: Key, bytes: &[u8]) -> bool {
        self.key == key && (key.exact() || self.text.as_bytes() == bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_exact_up_to_sixteen_bytes() {
        let base = b"abcdefghijklmnopq";
        for len in 0..=16 {
            let key = Key::of(&base[..len]);
            for at in 0..len {
                let mut other = base[..len].to_vec();
                other[at] ^= 0x20;
                assert_ne!(Key::of(&other), key, "{len} bytes, byte {at}");
            }
        }
    }

    #[test]
    fn longer_names_are_compared() {
        let name = Name::new("total_bytes_sec_max_length");
        assert!(name.is(Key::of(b"total_bytes_sec_max_length"), b"total_bytes_sec_max_length"));
        assert!(!name.is(Key::of(b"total_bytez_sec_max_length"), b"total_bytez_sec_max_length"));
    }
}
