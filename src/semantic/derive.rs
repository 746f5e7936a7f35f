//! Values that libvirt derives: sizes in bytes, CPU sets, machine classes, effective buses. Each is derived here and nowhere else.

use std::borrow::Cow;

use super::evaluate::{Datum, Place, View};

/// A named function of a path, by its number in `table::CALLS`.
pub(super) fn call<'d>(
    view: &View<'_, 'd>,
    call: u16,
    path: u16,
    here: u32,
    subject: u32,
    visit: &mut dyn FnMut(Datum<'d>) -> bool,
) -> bool {
    let name = crate::table::CALLS[call as usize];
    match name {
        "machine" => return visit(Datum::Text(Cow::Borrowed(view.machine_class()))),
        "arch" => return visit(Datum::Text(Cow::Borrowed(os_type(view, view.symbols.arch)))),
        _ => {}
    }
    view.ends(path, here, subject, &mut |place| match value(view, name, place) {
        Some(datum) => visit(datum),
        None => true,
    })
}

fn value<'d>(view: &View<'_, 'd>, name: &str, place: Place) -> Option<Datum<'d>> {
    let text = || place.text(view);
    let whole = |number: u64| Datum::Number(number.into());
    match name {
        "bytes" => bytes(&text(), view.attribute(place.node, view.symbols.unit).unwrap_or(b"KiB")).map(Datum::Number),
        "unit-bytes" => unit(&text()).map(Datum::Number),
        "number" => number(&text()).map(Datum::Number),
        "octal" => octal(&text()).map(Datum::Number),
        "length" => Some(whole(String::from_utf8_lossy(&text()).chars().count() as u64)),
        "digits" => Some(whole(text().iter().filter(|b| b.is_ascii_digit()).count() as u64)),
        "cpu-count" => cpu_set(&text()).map(|set| whole(set.iter().map(|(from, to)| to - from + 1).sum())),
        "cpu-max" => cpu_set(&text()).and_then(|set| set.last().map(|(_, to)| whole(*to))),
        "cpu-min" => cpu_set(&text()).and_then(|set| set.first().map(|(from, _)| whole(*from))),
        "hex" => hexadecimal(&text()).map(Datum::Number),
        "bus" => disk_bus(view, place.node).map(|bus| Datum::Text(Cow::Borrowed(bus.as_bytes()))),
        "position" => Some(whole(position(view, place.node))),
        "disk-index" => {
            let target = view.child(place.node, view.symbols.target)?;
            disk_index(view.attribute(target, view.symbols.dev)?).map(whole)
        }
        _ => None,
    }
}

/// How many elements of the same tag stand before an element in its parent.
fn position(view: &View<'_, '_>, node: u32) -> u64 {
    let name = view.node(node).name;
    let mut before = 0;
    view.children(view.node(node).parent, |sibling| {
        before += u64::from(sibling < node && view.node(sibling).name == name);
        sibling < node
    });
    before
}

/// A named test of a value, by its number in `table::TESTS`.
pub(super) fn test(test: u16, datum: &Datum<'_>, word: &str) -> bool {
    match datum {
        Datum::Text(text) => test_text(test, text, word),
        Datum::Number(number) => test_text(test, number.to_string().as_bytes(), word),
    }
}

/// The same of a text.
pub(super) fn test_text(test: u16, text: &[u8], word: &str) -> bool {
    match crate::table::TESTS[test as usize] {
        "within" => within(text, word),
        "starts-with" => text.starts_with(word.as_bytes()),
        "ends-with" => text.ends_with(word.as_bytes()),
        "contains" => memchr::memmem::find(text, word.as_bytes()).is_some(),
        "power-of-two" => number(text).is_some_and(|n| (n > 0 && n & (n - 1) == 0) == (word == "yes")),
        "longer-than" => word.parse().is_ok_and(|limit: usize| String::from_utf8_lossy(text).chars().count() > limit),
        "irregular" => !is_regular(text),
        "not-plain" => text.iter().any(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && !b"._+-/@,=".contains(b)),
        "overlaps" => match (cpu_set(text), cpu_set(word.as_bytes())) {
            (Some(a), Some(b)) => a.iter().any(|(from, to)| b.iter().any(|(f, t)| from <= t && f <= to)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a number is written as everybody reads it: decimal without a leading zero, or hexadecimal with 0x.
#[inline]
pub fn is_regular(text: &[u8]) -> bool {
    match text {
        [b'0'] => true,
        [b'0', b'x' | b'X', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// A number in decimal, or in hexadecimal with 0x.
pub(super) fn number(text: &[u8]) -> Option<i128> {
    // Nearly all numbers are a few digits.
    if !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit) {
        return Some(text.iter().fold(0i64, |n, d| n * 10 + i64::from(d - b'0')).into());
    }
    if let [b'0', b'x', digits @ ..] = text
        && !digits.is_empty()
        && digits.len() <= 15
    {
        let mut number = 0i64;
        for digit in digits {
            number = number << 4 | i64::from((*digit as char).to_digit(16)?);
        }
        return Some(number.into());
    }
    let text = std::str::from_utf8(text).ok()?.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let number = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(digits) => i128::from_str_radix(digits, 16).ok()?,
        None if digits.starts_with(|c: char| c.is_ascii_digit()) => digits.parse().ok()?,
        None => return None,
    };
    Some(if negative { -number } else { number })
}

/// A number as libvirt reads those of addresses (`virStrToLong_uip` with base 0): octal when it begins with 0.
pub(super) fn octal(text: &[u8]) -> Option<i128> {
    match text {
        [b'0', b'x', ..] => number(text),
        [b'0', rest @ ..] if !rest.is_empty() && rest.iter().all(|b| (b'0'..b'8').contains(b)) => {
            i128::from_str_radix(std::str::from_utf8(rest).ok()?, 8).ok()
        }
        _ => number(text),
    }
}

/// A number that libvirt reads in base 16 with or without 0x, such as the base of a memory module.
pub(super) fn hexadecimal(text: &[u8]) -> Option<i128> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let digits = text.strip_prefix("0x").or(text.strip_prefix("0X")).unwrap_or(text);
    i128::from_str_radix(digits, 16).ok()
}

/// Appends a value to a key: a number as such, so that 0x06 is 6, and a MAC address in lower case. A number with leading zeros is 8 in some
/// attributes and 10 in others when it says `010`; only of a single digit is it clear what is meant.
pub(super) fn push_key(text: &[u8], key: &mut Vec<u8>) {
    let written_in_octal = text.len() > 1
        && text[0] == b'0'
        && text[1].is_ascii_digit()
        && !matches!(text, [zeros @ .., b'0'..=b'7'] if zeros.iter().all(|digit| *digit == b'0'));
    match number(text) {
        Some(number) if !written_in_octal => {
            key.push(b'#');
            key.extend_from_slice(&number.to_le_bytes());
        }
        _ if crate::table::checks::mac(text) => key.extend(text.iter().map(u8::to_ascii_lowercase)),
        _ => key.extend_from_slice(text),
    }
}

/// Whether a value may be a number of at least `least`, in whatever base it is read.
pub fn may_reach(text: &[u8], least: i64) -> bool {
    let reaches = |number: Option<i128>| number.is_some_and(|number| number >= i128::from(least));
    reaches(number(text)) || (!is_regular(text) && reaches(octal(text)))
}

/// A size in bytes: a number times its unit (`virScaleInteger`).
pub(super) fn bytes(text: &[u8], unit_text: &[u8]) -> Option<i128> {
    number(text)?.checked_mul(unit(unit_text.trim_ascii())?)
}

/// The bytes of a unit: `k` and `KiB` are 1024, `KB` is 1000.
fn unit(text: &[u8]) -> Option<i128> {
    let single: [&[u8]; 4] = [b"", b"b", b"byte", b"bytes"];
    if single.iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(1);
    }
    let (letter, suffix) = text.split_first()?;
    let base: i128 = if suffix.is_empty() || suffix.eq_ignore_ascii_case(b"ib") {
        1024
    } else if suffix.eq_ignore_ascii_case(b"b") {
        1000
    } else {
        return None;
    };
    let power = b"kmgtpe".iter().position(|l| l.eq_ignore_ascii_case(letter))? as u32 + 1;
    Some(base.pow(power))
}

/// The ranges of a CPU set, sorted, exclusions taken out (`virBitmapParse`).
pub(super) fn cpu_set(text: &[u8]) -> Option<Vec<(u64, u64)>> {
    // Sets beyond this are refused or cost libvirt its memory; nothing is said of them here.
    const MOST: u64 = 1 << 16;
    let text = std::str::from_utf8(text).ok()?;
    let mut set: Vec<(u64, u64)> = Vec::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        if let Some(excluded) = item.strip_prefix('^') {
            let excluded: u64 = excluded.parse().ok()?;
            let mut rest = Vec::with_capacity(set.len() + 1);
            for (from, to) in set {
                if excluded < from || excluded > to {
                    rest.push((from, to));
                    continue;
                }
                if from < excluded {
                    rest.push((from, excluded - 1));
                }
                if excluded < to {
                    rest.push((excluded + 1, to));
                }
            }
            set = rest;
            continue;
        }
        let (from, to) = match item.split_once('-') {
            Some((from, to)) => (from.trim().parse().ok()?, to.trim().parse().ok()?),
            None => {
                let one: u64 = item.parse().ok()?;
                (one, one)
            }
        };
        if from > to || to > MOST || set.len() > 4096 {
            return None;
        }
        set.push((from, to));
    }
    // Overlapping ranges count once.
    set.sort_unstable();
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(set.len());
    for (from, to) in set {
        match merged.last_mut() {
            Some(last) if from <= last.1 + 1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    Some(merged)
}

/// Whether an IPv4 address lies in a network such as `224.0.0.0/4`.
fn within(address: &[u8], network: &str) -> bool {
    let parse = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
    let Some((base, length)) = network.split_once('/') else { return false };
    let (Some(base), Ok(length), Ok(address)) = (parse(base), length.parse::<u32>(), std::str::from_utf8(address))
    else {
        return false;
    };
    let Some(address) = parse(address) else { return false };
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    address & mask == base & mask
}

/// An attribute of `<os><type>`.
fn os_type<'d>(view: &View<'_, 'd>, attribute: u16) -> &'d [u8] {
    let type_ = view.child(view.domain, view.symbols.os).and_then(|os| view.child(os, view.symbols.type_));
    type_.and_then(|type_| view.attribute(type_, attribute)).unwrap_or_default()
}

/// The machine type as written.
pub(super) fn machine<'d>(view: &View<'_, 'd>) -> &'d [u8] {
    os_type(view, view.symbols.machine)
}

/// The class of a machine type (`qemuDomainIsI440FX` and its like): versioned names count like the plain ones.
pub(super) fn machine_class(machine: &[u8]) -> &[u8] {
    let starts = |beginning: &str| machine.starts_with(beginning.as_bytes());
    if machine == b"pc" || starts("pc-i440fx-") || starts("pc-0.") || starts("pc-1.") || starts("rhel") {
        return b"i440fx";
    }
    for class in ["q35", "virt", "pseries", "s390-ccw", "s390-ccw-virtio", "microvm", "xenfv", "xenpv", "isapc"] {
        if machine == class.as_bytes() {
            return if class == "s390-ccw-virtio" { b"s390-ccw" } else { &machine[..class.len()] };
        }
    }
    if starts("pc-q35-") {
        return b"q35";
    }
    for class in ["virt-", "pseries-", "s390-ccw-", "microvm-", "xenfv-"] {
        if starts(class) {
            return if class == "s390-ccw-" { b"s390-ccw" } else { &machine[..class.len() - 1] };
        }
    }
    machine
}

/// The bus of a disk: as written, or as its target's name says (`virDomainDiskDefPostParse`).
pub(super) fn disk_bus<'d>(view: &View<'_, 'd>, disk: u32) -> Option<&'d str> {
    let target = view.child(disk, view.symbols.target)?;
    if let Some(bus) = view.attribute(target, view.symbols.bus) {
        return std::str::from_utf8(bus.trim_ascii()).ok();
    }
    if view.attribute(disk, view.symbols.device) == Some(b"floppy") {
        return Some("fdc");
    }
    let name = view.attribute(target, view.symbols.dev)?;
    let name = name.strip_prefix(b"ioemu:").unwrap_or(name);
    let known = [("hd", "ide"), ("sd", "scsi"), ("vd", "virtio"), ("xvd", "xen"), ("ubd", "uml"), ("fd", "fdc")];
    known.iter().find(|(prefix, _)| name.starts_with(prefix.as_bytes())).map(|(_, bus)| *bus)
}

/// The number of a disk target's name: vda is 0, vdaa is 26 (`virDiskNameToIndex`). `None` if libvirt cannot parse it.
pub(super) fn disk_index(name: &[u8]) -> Option<u64> {
    let name = name.strip_prefix(b"ioemu:").unwrap_or(name);
    let prefixes: [&[u8]; 6] = [b"fd", b"hd", b"vd", b"sd", b"xvd", b"ubd"];
    let rest = prefixes.iter().find_map(|prefix| name.strip_prefix(*prefix))?;
    let letters = rest.iter().take_while(|b| b.is_ascii_lowercase()).count();
    let (letters, digits) = rest.split_at(letters);
    // A partition's number may follow, which does not begin with 0.
    if letters.is_empty()
        || letters.len() > 8
        || !digits.iter().all(u8::is_ascii_digit)
        || (digits.len() > 1 && digits[0] == b'0')
    {
        return None;
    }
    let number = letters.iter().fold(0u64, |number, letter| number * 26 + u64::from(letter - b'a') + 1);
    // libvirt counts in a signed 32-bit integer.
    Some(number - 1).filter(|index| *index <= i32::MAX as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_scale_by_their_unit() {
        for (text, unit, expected) in
            [("1", "KiB", 1024), ("2", "MB", 2_000_000), ("3", "b", 3), ("1", "G", 1 << 30), ("1", "bytes", 1)]
        {
            assert_eq!(bytes(text.as_bytes(), unit.as_bytes()), Some(expected), "{text} {unit}");
        }
        assert_eq!(bytes(b"1", b"XB"), None);
    }

    #[test]
    fn cpu_sets_are_merged_and_reduced() {
        assert_eq!(cpu_set(b"0-3,^1,8"), Some(vec![(0, 0), (2, 3), (8, 8)]));
        assert_eq!(cpu_set(b"4,0-3,2"), Some(vec![(0, 4)]));
        assert_eq!(cpu_set(b"3-1"), None);
    }

    #[test]
    fn machines_have_classes() {
        for (machine, class) in [
            ("pc", "i440fx"),
            ("pc-i440fx-9.2", "i440fx"),
            ("pc-q35-8.0", "q35"),
            ("q35", "q35"),
            ("virt-6.2", "virt"),
            ("s390-ccw-virtio-9.0", "s390-ccw"),
            ("pseries-7.1", "pseries"),
            ("versatilepb", "versatilepb"),
            ("", ""),
        ] {
            assert_eq!(machine_class(machine.as_bytes()), class.as_bytes(), "{machine}");
        }
    }

    #[test]
    fn targets_have_numbers() {
        for (name, index) in [
            ("vda", Some(0)),
            ("sdz", Some(25)),
            ("vdaa", Some(26)),
            ("hda1", Some(0)),
            ("vd1", None),
            ("hda01", None),
            ("xvdb", Some(1)),
        ] {
            assert_eq!(disk_index(name.as_bytes()), index, "{name}");
        }
    }

    #[test]
    fn numbers_have_bases() {
        assert_eq!(number(b"0x1f"), Some(31));
        assert_eq!(number(b"010"), Some(10));
        assert_eq!(octal(b"010"), Some(8));
        assert_eq!(octal(b"0"), Some(0));
        assert_eq!(number(b"x"), None);
    }

    #[test]
    fn networks_hold_addresses() {
        assert!(within(b"230.0.0.1", "224.0.0.0/4"));
        assert!(!within(b"192.168.0.1", "224.0.0.0/4"));
        assert!(!within(b"nonsense", "224.0.0.0/4"));
    }
}
