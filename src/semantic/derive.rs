//! Values that libvirt derives: sizes in bytes, CPU sets, machine classes, effective buses. Each is derived here and nowhere else.

use super::view::View;
use smallvec::SmallVec;
use std::io::Write as _;

/// A named test of a text.
#[inline(always)]
pub(super) fn test(test: &str, text: &[u8], word: &str) -> bool {
    match test {
        "within" => within(text, word),
        "starts-with" => text.starts_with(word.as_bytes()),
        "ends-with" => text.ends_with(word.as_bytes()),
        "contains" => memchr::memmem::find(text, word.as_bytes()).is_some(),
        "power-of-two" => number(text).is_some_and(|n| (n > 0 && n & (n - 1) == 0) == (word == "yes")),
        "longer-than" => word.parse().is_ok_and(|limit: usize| characters(text) > limit),
        "irregular" => !is_regular(text),
        "not-plain" => text.iter().any(|b| b.is_ascii() && !b.is_ascii_alphanumeric() && !b"._+-/@,=".contains(b)),
        "overlaps" => match (cpu_set(text), cpu_set(word.as_bytes())) {
            (Some(a), Some(b)) => a.iter().any(|(from, to)| b.iter().any(|(f, t)| from <= t && f <= to)),
            _ => false,
        },
        _ => false,
    }
}

/// The same of a number, written in decimal.
pub(super) fn test_number(name: &str, number: i128, word: &str) -> bool {
    // The longest number of this type has 40 characters.
    let mut buffer = [0u8; 40];
    let mut rest = &mut buffer[..];
    let written = write!(rest, "{number}").map_or(0, |()| 40 - rest.len());
    test(name, &buffer[..written], word)
}

/// How many elements of the same tag stand before an element in its parent.
pub(super) fn position(view: &View<'_, '_>, node: u32) -> Option<i128> {
    let name = view.node(node).name;
    let mut before = 0;
    view.children(view.parent(node)?, |sibling| {
        before += i128::from(sibling < node && view.node(sibling).name == name);
        sibling < node
    });
    Some(before)
}

/// Whether an element is the first console of a guest and stands for its first serial port: 1 or 0. Then libvirt forgets what the console
/// says, and goes by the port (`virDomainDefAddConsoleCompat`).
pub(super) fn serial_again(view: &View<'_, '_>, node: u32) -> Option<i128> {
    let symbols = &view.symbols;
    let serial = || match view.child(node, symbols.target).and_then(|target| view.attribute(target, symbols.type_)) {
        Some(kind) => kind.trim_ascii() == b"serial",
        None => true,
    };
    let has_port = || view.parent(node).is_some_and(|devices| view.child(devices, symbols.serial).is_some());
    let is_hvm = || {
        let os_type = view.child(view.domain, symbols.os).and_then(|os| view.child(os, symbols.type_));
        os_type.is_some_and(|os_type| view.content(os_type).trim_ascii() == b"hvm")
    };
    let again = view.node(node).name == symbols.console
        && serial()
        && has_port()
        && position(view, node) == Some(0)
        && is_hvm();
    Some(again.into())
}

/// How many characters a text has.
fn characters(text: &[u8]) -> usize {
    // Every byte but those that go on with a character begins one.
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// How many characters a text has, as a number.
pub(super) fn length(text: &[u8]) -> Option<i128> {
    Some(characters(text) as i128)
}

/// How many decimal digits a text has.
pub(super) fn digits(text: &[u8]) -> Option<i128> {
    Some(text.iter().filter(|b| b.is_ascii_digit()).count() as i128)
}

/// How many members a set of CPUs has.
pub(super) fn cpu_count(text: &[u8]) -> Option<i128> {
    cpu_set(text).map(|set| set.iter().map(|(from, to)| i128::from(to - from + 1)).sum())
}

/// The smallest member of a set of CPUs.
pub(super) fn cpu_min(text: &[u8]) -> Option<i128> {
    cpu_set(text)?.first().map(|(from, _)| i128::from(*from))
}

/// The largest member of a set of CPUs.
pub(super) fn cpu_max(text: &[u8]) -> Option<i128> {
    cpu_set(text)?.last().map(|(_, to)| i128::from(*to))
}

/// A size in bytes: a number with the unit of the element that it belongs to, KiB if none is written.
pub(super) fn bytes_of(view: &View<'_, '_>, node: u32, text: &[u8]) -> Option<i128> {
    bytes(text, view.attribute(node, view.symbols.unit).unwrap_or(b"KiB"))
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
#[inline(never)]
pub(super) fn number(text: &[u8]) -> Option<i128> {
    // Nearly all numbers are a few digits.
    match plain(text) {
        Some(number) => Some(number.into()),
        None => any_number(text),
    }
}

/// A number of a few decimal digits, or of a few hexadecimal ones with 0x.
#[inline]
fn plain(text: &[u8]) -> Option<i64> {
    let mut number = 0i64;
    if let [b'0', b'x', digits @ ..] = text {
        if digits.is_empty() || digits.len() > 15 {
            return None;
        }
        for digit in digits {
            let value = match digit {
                b'0'..=b'9' => digit - b'0',
                b'a'..=b'f' => digit - b'a' + 10,
                b'A'..=b'F' => digit - b'A' + 10,
                _ => return None,
            };
            number = number << 4 | i64::from(value);
        }
        return Some(number);
    }
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    for digit in text {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        number = number * 10 + i64::from(value);
    }
    Some(number)
}

/// A number in all its forms: signs, white space around, any length.
#[cold]
fn any_number(text: &[u8]) -> Option<i128> {
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
#[inline(never)]
pub(super) fn octal(text: &[u8]) -> Option<i128> {
    match text {
        [b'0', b'0'..=b'9', ..] => in_base_eight(text),
        _ => number(text),
    }
}

/// A number that begins with 0: one in base 8, or in base 10 if it has other digits, about which the schema has its say.
#[cold]
fn in_base_eight(text: &[u8]) -> Option<i128> {
    match text {
        [b'0', rest @ ..] if rest.iter().all(|b| (b'0'..b'8').contains(b)) => {
            i128::from_str_radix(std::str::from_utf8(rest).ok()?, 8).ok()
        }
        _ => number(text),
    }
}

/// A number that libvirt reads in base 16 with or without 0x, such as the base of a memory module.
pub(super) fn hex(text: &[u8]) -> Option<i128> {
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
    // Names and paths are the rule, and no number begins like them.
    let may_be_number = text.first().is_some_and(|first| first.is_ascii_digit() || matches!(first, b'-' | b'+'));
    match if may_be_number { number(text) } else { None } {
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
    // Nearly all sizes are a few digits of KiB.
    if unit_text == b"KiB"
        && let Some(number) = plain(text)
    {
        return Some(i128::from(number) << 10);
    }
    number(text)?.checked_mul(unit_bytes(unit_text.trim_ascii())?)
}

/// The bytes of a unit: `k` and `KiB` are 1024, `KB` is 1000.
pub(super) fn unit_bytes(text: &[u8]) -> Option<i128> {
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

/// Ranges of numbers, sorted and apart. Those of ordinary sets lie in place, so that looking at one allocates nothing.
pub(super) type Ranges = SmallVec<[(u32, u32); 32]>;

/// The ranges of a CPU set, sorted, exclusions taken out (`virBitmapParse`).
pub(super) fn cpu_set(text: &[u8]) -> Option<Ranges> {
    // Sets beyond this are refused or cost libvirt its memory; nothing is said of them here.
    const MOST: u32 = 1 << 16;
    // The last number that libvirt has room for (`VIR_DOMAIN_CPUMASK_LEN`).
    const LAST: u32 = (1 << 14) - 1;
    let text = std::str::from_utf8(text).ok()?;
    let mut set = Ranges::new();
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        if let Some(excluded) = item.strip_prefix('^') {
            let excluded: u32 = excluded.parse().ok()?;
            // What libvirt has no room for cannot be taken out either.
            if excluded > LAST {
                return None;
            }
            let mut rest = Ranges::new();
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
                let one: u32 = item.parse().ok()?;
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
    let mut merged = Ranges::new();
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
pub(super) fn disk_bus<'d>(view: &View<'_, 'd>, disk: u32) -> Option<&'d [u8]> {
    let target = view.child(disk, view.symbols.target)?;
    if let Some(bus) = view.attribute(target, view.symbols.bus) {
        return Some(bus.trim_ascii());
    }
    if view.attribute(disk, view.symbols.device) == Some(b"floppy") {
        return Some(b"fdc");
    }
    let name = view.attribute(target, view.symbols.dev)?;
    let name = name.strip_prefix(b"ioemu:").unwrap_or(name);
    let known: [(&[u8], &[u8]); 7] = [
        (b"hd", b"ide"),
        (b"sd", b"scsi"),
        (b"vd", b"virtio"),
        (b"xvd", b"xen"),
        (b"ubd", b"uml"),
        (b"fd", b"fdc"),
        (b"nvme", b"nvme"),
    ];
    known.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|(_, bus)| *bus)
}

/// The model of the PCI controller whose bus has a number. Buses have the numbers of their controllers.
pub(super) fn bus_model<'d>(view: &View<'_, 'd>, bus: &[u8]) -> Option<&'d [u8]> {
    view.attribute(view.pci_controller(octal(bus)?)?, view.symbols.model)
}

/// The number of the name of a disk's target.
pub(super) fn disk_number(view: &View<'_, '_>, disk: u32) -> Option<i128> {
    let target = view.child(disk, view.symbols.target)?;
    disk_index(view.attribute(target, view.symbols.dev)?).map(i128::from)
}

/// The numbers in the name of a namespace of an NVMe drive: of the drive, and of the namespace, which counts from 1. A partition may follow.
fn nvme_numbers(name: &[u8]) -> Option<(i128, i128)> {
    let name = name.strip_prefix(b"nvme")?;
    let (controller, rest) = name.split_at(name.iter().position(|b| *b == b'n')?);
    let rest = &rest[1..];
    let (namespace, _) = rest.split_at(rest.iter().position(|b| *b == b'p').unwrap_or(rest.len()));
    let limit = |number: i128| (number <= i128::from(i32::MAX)).then_some(number);
    Some((limit(number(controller)?)?, limit(number(namespace)?)?))
}

/// The number of the drive in the name of a namespace.
pub(super) fn nvme_controller(name: &[u8]) -> Option<i128> {
    nvme_numbers(name).map(|(controller, _)| controller)
}

/// The number of a disk target's name: vda is 0, vdaa is 26, nvme0n1 is 0 (`virDiskNameToIndex`). `None` if libvirt cannot parse it.
pub(super) fn disk_index(name: &[u8]) -> Option<u64> {
    if name.starts_with(b"nvme") {
        return nvme_numbers(name).and_then(|(_, namespace)| u64::try_from(namespace - 1).ok());
    }
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
        assert_eq!(cpu_set(b"0-3,^1,8"), Some(Ranges::from_slice(&[(0, 0), (2, 3), (8, 8)])));
        assert_eq!(cpu_set(b"4,0-3,2"), Some(Ranges::from_slice(&[(0, 4)])));
        assert_eq!(cpu_set(b"3-1"), None);
        assert_eq!(cpu_set(b"0-3,^16383"), Some(Ranges::from_slice(&[(0, 3)])));
        assert_eq!(cpu_set(b"0-3,^16384"), None);
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
