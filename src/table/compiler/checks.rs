//! Value checks for which a pattern is the wrong tool.
//!
//! Each takes the raw bytes of a value and says whether they are of the type. The names are those of `check = "..."` in rule files.

/// A named check.
pub type Check = fn(&[u8]) -> bool;

/// The checks by name.
pub const CHECKS: &[(&str, Check)] = &[
    ("cpu-set", cpu_set),
    ("date-time", date_time),
    ("ipv4", ipv4),
    ("ipv4-by-parts", ipv4_by_parts),
    ("ipv6", ipv6),
    ("mac", mac),
    ("mac-unicast", mac_unicast),
    ("ncname", ncname),
    ("uuid", uuid),
];

/// Six pairs of hexadecimal digits between colons (`macAddr` of libvirt's schema).
pub fn mac(bytes: &[u8]) -> bool {
    bytes.len() == 17
        && bytes.iter().enumerate().all(|(i, b)| if i % 3 == 2 { *b == b':' } else { b.is_ascii_hexdigit() })
}

/// A MAC address whose multicast bit, the lowest of the first byte, is off (`uniMacAddr`).
pub fn mac_unicast(bytes: &[u8]) -> bool {
    mac(bytes) && hex(bytes[1]).is_some_and(|digit| digit & 1 == 0)
}

/// The value of a hexadecimal digit.
fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).map(|digit| digit as u8)
}

/// 32 hexadecimal digits, plain or in groups of 8-4-4-4-12 (`UUID`).
pub fn uuid(bytes: &[u8]) -> bool {
    // Digits are counted, so that several are looked at in one step.
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| u8::from(byte.is_ascii_hexdigit())).sum::<u8>();
    match bytes.len() {
        32 => digits(bytes) == 32,
        36 => [8, 13, 18, 23].iter().all(|at| bytes[*at] == b'-') && digits(bytes) == 32,
        _ => false,
    }
}

/// A dotted quad of numbers from 0 to 255 without leading zeros (`ipv4Addr`).
pub fn ipv4(bytes: &[u8]) -> bool {
    let mut parts = 0;
    for part in bytes.split(|b| *b == b'.') {
        parts += 1;
        let in_range = matches!(
            part,
            [b'0'..=b'9']
                | [b'1'..=b'9', b'0'..=b'9']
                | [b'1', b'0'..=b'9', b'0'..=b'9']
                | [b'2', b'0'..=b'4', b'0'..=b'9']
                | [b'2', b'5', b'0'..=b'5']
        );
        if !in_range {
            return false;
        }
    }
    parts == 4
}

/// An IPv4 address as the C library reads it (`inet_aton`): one to four numbers, decimal, octal with a 0 or hexadecimal with 0x in front, of which
/// the last fills all bytes that are left.
pub fn ipv4_by_parts(bytes: &[u8]) -> bool {
    let number = |part: &[u8]| {
        let (digits, radix) = match part {
            [b'0', b'x' | b'X', digits @ ..] => (digits, 16),
            [b'0', _, ..] => (part, 8),
            _ => (part, 10),
        };
        let digits = std::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        u64::from_str_radix(digits, radix).ok()
    };
    let parts = bytes.split(|b| *b == b'.').count();
    parts <= 4
        && bytes.split(|b| *b == b'.').enumerate().all(|(index, part)| {
            let bytes_left = if index + 1 == parts { 5 - parts } else { 1 };
            number(part).is_some_and(|number| number < 1 << (8 * bytes_left))
        })
}

/// An IPv6 address as `ipv6Addr` of libvirt's schema has it: up to eight groups of one to four hexadecimal digits, once shortened by
/// `::`, the last two groups possibly as a dotted quad.
pub fn ipv6(bytes: &[u8]) -> bool {
    // Groups in front of and behind the `::`; a dotted quad counts as two.
    fn groups(part: &[u8], may_end_in_ipv4: bool) -> Option<(usize, bool)> {
        if part.is_empty() {
            return Some((0, false));
        }
        let mut count = 0;
        let mut pieces = part.split(|b| *b == b':').peekable();
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() && may_end_in_ipv4 && piece.contains(&b'.') {
                return ipv4(piece).then_some((count + 2, true));
            }
            if piece.is_empty() || piece.len() > 4 || !piece.iter().all(u8::is_ascii_hexdigit) {
                return None;
            }
            count += 1;
        }
        Some((count, false))
    }
    // A slip of the schema's pattern, which a referee would see: no group at all in front of `:` and a dotted quad.
    if let [b':', quad @ ..] = bytes
        && ipv4(quad)
    {
        return true;
    }
    match memchr::memmem::find(bytes, b"::") {
        None => matches!(groups(bytes, true), Some((8, _))),
        Some(at) => {
            let (head, tail) = (&bytes[..at], &bytes[at + 2..]);
            let (Some((front, _)), Some((back, quad))) = (groups(head, false), groups(tail, true)) else {
                return false;
            };
            // The schema knows a dotted quad right behind the `::`, or an address that begins with `::`, and nothing between.
            front + back <= 7 && (!quad || front == 0 || back == 2)
        }
    }
}

/// A list of numbers, ranges and exclusions: `0-3,^1,8` (`cpuset`).
pub fn cpu_set(bytes: &[u8]) -> bool {
    fn number(bytes: &[u8]) -> bool {
        !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit)
    }
    bytes.split(|b| *b == b',').all(|item| match item {
        [b'^', rest @ ..] => number(rest),
        _ => match memchr::memchr(b'-', item) {
            Some(at) => number(&item[..at]) && number(&item[at + 1..]),
            None => number(item),
        },
    })
}

/// A name without a colon (production 4 of Namespaces in XML, `xsd:NCName`), white space around it ignored.
pub fn ncname(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let mut chars = text.chars();
    chars.next().is_some_and(name_start)
        && chars.all(|c| {
            name_start(c)
                || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
        })
}

/// `NameStartChar` of XML 1.0, fifth edition, without the colon.
fn name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
        | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

/// A date and time with an optional fraction and zone (`xsd:dateTime`), white space around it ignored.
pub fn date_time(bytes: &[u8]) -> bool {
    let bytes = bytes.trim_ascii();
    let bytes = bytes.strip_prefix(b"-").unwrap_or(bytes);
    let Some(t) = memchr::memchr(b'T', bytes) else { return false };
    let (date, time) = (&bytes[..t], &bytes[t + 1..]);
    let mut parts = date.split(|b| *b == b'-');
    let (Some(year), Some(month), Some(day), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    if year.len() < 4 || !year.iter().all(u8::is_ascii_digit) || (year.len() > 4 && year[0] == b'0') {
        return false;
    }
    let year_number = year.iter().fold(0u64, |n, b| (n * 10 + u64::from(b - b'0')) % 400_000);
    if year.iter().all(|b| *b == b'0') {
        return false;
    }
    let (Some(month), Some(day)) = (two_digits(month), two_digits(day)) else { return false };
    let leap = (year_number % 4 == 0 && year_number % 100 != 0) || year_number % 400 == 0;
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    if day == 0 || day > days {
        return false;
    }
    // The clock, then the zone.
    let Some((clock, rest)) = time.split_at_checked(8) else { return false };
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else { return false };
    let (Some(hour), Some(minute), Some(second)) =
        (two_digits(&[*h1, *h2]), two_digits(&[*m1, *m2]), two_digits(&[*s1, *s2]))
    else {
        return false;
    };
    let mut rest = rest;
    let mut fraction_is_zero = true;
    if let [b'.', tail @ ..] = rest {
        let digits = tail.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        fraction_is_zero = tail[..digits].iter().all(|b| *b == b'0');
        rest = &tail[digits..];
    }
    let midnight = hour == 24 && minute == 0 && second == 0 && fraction_is_zero;
    if !(hour < 24 || midnight) || minute > 59 || second > 59 {
        return false;
    }
    match rest {
        [] | [b'Z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => match (two_digits(&[*h1, *h2]), two_digits(&[*m1, *m2])) {
            (Some(hour), Some(minute)) => (hour < 14 && minute < 60) || (hour == 14 && minute == 0),
            _ => false,
        },
        _ => false,
    }
}

/// The number that two digits make.
fn two_digits(bytes: &[u8]) -> Option<u32> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9'] => Some(u32::from(a - b'0') * 10 + u32::from(b - b'0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn each(check: Check, good: &[&str], bad: &[&str]) {
        for text in good {
            assert!(check(text.as_bytes()), "{text} should be accepted");
        }
        for text in bad {
            assert!(!check(text.as_bytes()), "{text} should be refused");
        }
    }

    #[test]
    fn mac_addresses() {
        each(
            mac_unicast,
            &["52:54:00:6b:3c:58", "AA:00:00:00:00:11"],
            &["", "11:22:33:44:55:66", "52:54:00:6b:3c", "52-54-00-6b-3c-58"],
        );
        each(mac, &["11:22:33:44:55:66"], &["11:22:33:44:55:6g", "11:22:33:44:55:66:"]);
    }

    #[test]
    fn uuids() {
        each(
            uuid,
            &["4dea22b31d52d8f32516782e98ab3fa0", "4dea22b3-1d52-d8f3-2516-782e98ab3fa0"],
            &[
                "",
                "4dea22b3-1d52-d8f3-2516782e98ab3fa0",
                "4dea22b3-1d52-d8f3-2516-782e98ab3fag",
                "4dea22b3 1d52-d8f3-2516-782e98ab3fa0",
            ],
        );
    }

    #[test]
    fn ip_addresses() {
        each(
            ipv4,
            &["0.0.0.0", "255.255.255.255", "192.168.0.1"],
            &["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 "],
        );
        each(
            ipv6,
            &[
                "::",
                "::1",
                "1::",
                "fd00::1",
                "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8",
                "::ffff:1.2.3.4",
                ":1.2.3.4",
                "1::1.2.3.4",
                "1:2:3:4:5:6:1.2.3.4",
            ],
            &[
                "",
                ":",
                "1",
                "1:2:3:4:5:6:7",
                "1:2:3:4:5:6:7:8:9",
                "1::2::3",
                "12345::",
                "g::",
                ":1::",
                "1.2.3.4",
                "1:2:3:4:5:6:7:1.2.3.4",
                "1::2:1.2.3.4",
            ],
        );
    }

    #[test]
    fn cpu_sets() {
        each(cpu_set, &["0", "0-3", "0-3,^1,8", "^2"], &["", ",", "0,", "a", "1-", "-1", "0-3-4", "^1-2", " 1"]);
    }

    #[test]
    fn names_without_colon() {
        each(ncname, &["clean-traffic", "_x", "é", " a "], &["", "1a", "a:b", "a b", "-a"]);
    }

    #[test]
    fn dates_and_times() {
        each(
            date_time,
            &[
                "2010-04-09T15:51:00",
                "2010-04-09T15:51:00Z",
                "2010-04-09T15:51:00.5+02:00",
                "2024-02-29T24:00:00",
                " 2010-04-09T15:51:00 ",
            ],
            &[
                "",
                "2010-04-09",
                "2010-13-09T15:51:00",
                "2023-02-29T00:00:00",
                "2010-04-09T24:00:01",
                "0000-01-01T00:00:00",
                "2010-04-09T15:51:00+15:00",
                "10-04-09T15:51:00",
            ],
        );
    }
}
