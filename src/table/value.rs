//! Whether a value is of a type.

use super::compiler::checks::CHECKS;
use super::compiler::compiled::{Form, Lexical, Table};
use super::compiler::key::Key;
use super::compiler::version::Version;

/// What is to be said of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is of the type.
    Good,
    /// It is not.
    Bad,
    /// It is from this version on.
    TooNew(Version),
    /// It was up to this version.
    Removed(Version),
    /// It is a word of the type with white space around it, or a number with white space behind it: the schema takes it off, libvirt does
    /// not.
    Padded,
    /// It is 0 with a minus sign, which the schema takes for 0; libvirt wants no sign before a number that cannot be negative.
    MinusZero,
}

impl Table {
    /// Whether `value`, with references decoded, is of the type at the target version.
    #[inline]
    pub fn value(&self, type_: u16, value: &[u8], target: Version) -> Verdict {
        let good = match &self.types[type_ as usize].form {
            Form::Anything => true,
            Form::Words(words) => {
                let padded = value;
                let value = trim(value);
                let key = Key::of(value);
                return match words.of(self.words).iter().find(|word| word.name.is(key, value)) {
                    None => Verdict::Bad,
                    Some(word) if word.since > target => Verdict::TooNew(word.since),
                    Some(word) if word.until <= target => Verdict::Removed(word.until),
                    Some(_) if value.len() < padded.len() => Verdict::Padded,
                    Some(_) => Verdict::Good,
                };
            }
            // libvirt skips white space before a number, and wants none behind it.
            Form::Integer { min, max, lexical } => match integer(value, *min, *max, *lexical) {
                true if value.last().is_some_and(u8::is_ascii_whitespace) => return Verdict::Padded,
                true if min.is_some_and(|min| min >= 0) && trim(value).first() == Some(&b'-') => {
                    return Verdict::MinusZero;
                }
                good => good,
            },
            Form::Pattern(automaton) => self.automata[*automaton as usize].accepts(value),
            Form::Check(check) => CHECKS[*check as usize].1(value),
            Form::AnyOf(types) => {
                let mut best = Verdict::Bad;
                for type_ in types.of(self.type_lists) {
                    match self.value(*type_, value, target) {
                        verdict @ (Verdict::Good | Verdict::Padded | Verdict::MinusZero) => return verdict,
                        Verdict::Bad => {}
                        dated => best = dated,
                    }
                }
                return best;
            }
        };
        if good { Verdict::Good } else { Verdict::Bad }
    }
}

/// Takes XML white space off both ends.
#[inline]
pub fn trim(value: &[u8]) -> &[u8] {
    // Values without white space at their ends are the rule; they are seen with two looks.
    match value {
        [first, .., last] if *first > b' ' && *last > b' ' => value,
        _ => value.trim_ascii(),
    }
}

/// Whether `value` is a whole number within the bounds, written as `lexical` says. Numbers without a bound may have any length.
fn integer(value: &[u8], min: Option<i128>, max: Option<i128>, lexical: Lexical) -> bool {
    let (negative, digits) = match lexical {
        Lexical::Digits => (false, value),
        Lexical::MinusDigits => match value {
            [b'-', digits @ ..] => (true, digits),
            digits => (false, digits),
        },
        Lexical::Signed => match trim(value) {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        },
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return false;
    }
    // Most numbers fit in 64 bits, where arithmetic is cheap.
    if digits.len() <= 18 {
        let magnitude = digits.iter().fold(0i64, |n, d| n * 10 + i64::from(d - b'0'));
        let number = i128::from(if negative { -magnitude } else { magnitude });
        return min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max);
    }
    let significant = &digits[digits.iter().take_while(|d| **d == b'0').count()..];
    // Beyond 38 digits a number is larger than any bound.
    let number = if significant.len() > 38 {
        if negative { i128::MIN } else { i128::MAX }
    } else {
        let magnitude = significant.iter().fold(0i128, |n, d| n * 10 + i128::from(d - b'0'));
        if negative { -magnitude } else { magnitude }
    };
    min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_written_in_three_ways() {
        let cases: &[(&str, [bool; 3])] = &[
            // value, signed, digits, minus-digits
            ("5", [true; 3]),
            ("0005", [true; 3]),
            (" 5 ", [true, false, false]),
            ("+5", [true, false, false]),
            ("-1", [true, false, true]),
            ("-2", [false; 3]),
            ("10", [true; 3]),
            ("11", [false; 3]),
            ("", [false; 3]),
            ("-", [false; 3]),
            ("0x5", [false; 3]),
            ("5.0", [false; 3]),
            ("99999999999999999999999999999999999999999999", [false; 3]),
        ];
        let ways = [Lexical::Signed, Lexical::Digits, Lexical::MinusDigits];
        for (text, expected) in cases {
            for (way, expected) in ways.into_iter().zip(expected) {
                assert_eq!(integer(text.as_bytes(), Some(-1), Some(10), way), *expected, "{text:?} as {way:?}");
            }
        }
        assert!(integer(b"99999999999999999999999999999999999999999999", Some(1), None, Lexical::Digits));
    }
}
