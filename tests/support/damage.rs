//! What happens to texts: damage as by slips of the keyboard, of the clipboard, and of the network.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// What happens to a text between the editor and us.
#[derive(Clone, Debug)]
pub enum Mishap {
    /// A byte is another one.
    Byte(usize, u8),
    /// Some bytes are missing.
    Cut(usize, usize),
    /// Some bytes stand there twice.
    Double(usize, usize),
    /// Some bytes stand elsewhere too.
    Copy(usize, usize, usize),
    /// Something of the language's own is inserted.
    Insert(usize, &'static str),
    /// The end is missing.
    Truncate(usize),
}

/// A mishap. `marks` are the bytes that the text's language is written with, `pieces` what may be inserted.
pub fn mishap(marks: &'static [u8], pieces: &'static [&'static str]) -> impl Strategy<Value = Mishap> {
    let at = any::<prop::sample::Index>().prop_map(|index| index.index(1 << 20));
    prop_oneof![
        3 => (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mishap::Byte(at, byte)),
        3 => (at.clone(), prop::sample::select(marks)).prop_map(|(at, byte)| Mishap::Byte(at, byte)),
        3 => (at.clone(), 1..40usize).prop_map(|(at, length)| Mishap::Cut(at, length)),
        2 => (at.clone(), 1..200usize).prop_map(|(at, length)| Mishap::Double(at, length)),
        2 => (at.clone(), 1..200usize, at.clone()).prop_map(|(from, length, to)| Mishap::Copy(from, length, to)),
        3 => (at.clone(), prop::sample::select(pieces)).prop_map(|(at, text)| Mishap::Insert(at, text)),
        1 => at.prop_map(Mishap::Truncate),
    ]
}

/// Lets it happen.
pub fn apply(bytes: &mut Vec<u8>, mishap: &Mishap) {
    let place = |at: usize, bytes: &[u8]| at % (bytes.len() + 1);
    let range = |at: usize, length: usize, bytes: &[u8]| {
        let start = place(at, bytes);
        start..(start + length).min(bytes.len())
    };
    match *mishap {
        Mishap::Byte(at, byte) => {
            let at = place(at, bytes);
            if let Some(old) = bytes.get_mut(at) {
                *old = byte;
            }
        }
        Mishap::Cut(at, length) => {
            bytes.drain(range(at, length, bytes));
        }
        Mishap::Double(at, length) => {
            let range = range(at, length, bytes);
            let (copy, end) = (bytes[range.clone()].to_vec(), range.end);
            bytes.splice(end..end, copy);
        }
        Mishap::Copy(from, length, to) => {
            let copy = bytes[range(from, length, bytes)].to_vec();
            let to = place(to, bytes);
            bytes.splice(to..to, copy);
        }
        Mishap::Insert(at, text) => {
            let at = place(at, bytes);
            bytes.splice(at..at, text.bytes());
        }
        Mishap::Truncate(at) => bytes.truncate(place(at, bytes)),
    }
}

/// A runner that tries the same cases each time. `DAMAGE_SEED=7` tries others.
pub fn runner(cases: u32) -> TestRunner {
    let seed = std::env::var("DAMAGE_SEED").map_or(1, |seed| seed.parse::<u64>().expect("DAMAGE_SEED is a number"));
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
