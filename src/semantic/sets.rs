//! Judgements about sets of CPUs and nodes, sums of memory, UUIDs and dates: what the language of conditions has no words for.

use super::derive::{self, Ranges};
use super::view::View;

/// The text of an element without white space at its ends.
pub(super) fn text<'d>(view: &View<'_, 'd>, node: u32) -> &'d [u8] {
    view.node(node).text.of(view.text).trim_ascii()
}

/// The set of numbers that an attribute is, if libvirt can read it.
fn set(view: &View<'_, '_>, node: u32, attribute: u16) -> Option<Ranges> {
    derive::cpu_set(view.attribute(node, attribute)?.trim_ascii())
}

fn overlap(a: &Ranges, b: &Ranges) -> bool {
    a.iter().any(|(from, to)| b.iter().any(|(f, t)| from <= t && f <= to))
}

/// Whether a sibling of the same tag that stands before shares a member of the set.
pub(super) fn overlaps_earlier(view: &View<'_, '_>, subject: u32, attribute: u16) -> bool {
    let Some(mine) = set(view, subject, attribute) else {
        return false;
    };
    let name = view.node(subject).name;
    !view.children(view.node(subject).parent, |sibling| {
        let earlier = sibling < subject && view.node(sibling).name == name;
        !(earlier && set(view, sibling, attribute).is_some_and(|theirs| overlap(&mine, &theirs)))
    })
}

/// The guest's vCPUs that a resource group or a monitor is for. Libvirt drops those beyond the guest's number, and what is left with none.
fn vcpus(view: &View<'_, '_>, node: u32) -> Option<Ranges> {
    let most = match view.child(view.domain, view.symbols.vcpu) {
        Some(vcpu) => u32::try_from(derive::number(text(view, vcpu))?).ok()?,
        None => 1,
    };
    let mut ranges = set(view, node, view.symbols.vcpus)?;
    ranges.retain(|(from, to)| {
        *to = (*to).min(most.saturating_sub(1));
        from <= to && *from < most
    });
    (!ranges.is_empty()).then_some(ranges)
}

/// The key of a cachetune element is its set, however it is written (`virDomainCachetuneDefParse`).
pub(super) fn cachetune(view: &View<'_, '_>, group: u32, key: &mut Vec<u8>) -> bool {
    let Some(ranges) = vcpus(view, group) else { return false };
    for (from, to) in ranges {
        key.extend_from_slice(&from.to_le_bytes());
        key.extend_from_slice(&to.to_le_bytes());
    }
    true
}

/// The key of a monitor is its group's set and its own.
pub(super) fn monitor(view: &View<'_, '_>, monitor: u32, key: &mut Vec<u8>) -> bool {
    if !cachetune(view, view.node(monitor).parent, key) {
        return false;
    }
    // No range ends at the greatest number, so that this parts the two sets.
    key.extend_from_slice(&[0xFF; 16]);
    cachetune(view, monitor, key)
}

/// Whether a monitor lists vCPUs of which the guest has none. Groups that are left with none are passed over with all that they hold.
pub(super) fn monitor_is_empty(view: &View<'_, '_>, monitor: u32) -> bool {
    // The likely answer first, which takes one reading of the list.
    vcpus(view, monitor).is_none()
        && set(view, monitor, view.symbols.vcpus).is_some()
        && vcpus(view, view.node(monitor).parent).is_some()
}

/// Groups either have the same vCPUs or none in common (`virDomainResctrlVcpuMatch`).
pub(super) fn group_overlaps(view: &View<'_, '_>, group: u32) -> bool {
    let Some(mine) = vcpus(view, group) else { return false };
    let names = [view.symbols.cachetune, view.symbols.memorytune];
    !view.children(view.node(group).parent, |other| {
        let earlier = other < group && names.contains(&view.node(other).name);
        !(earlier && vcpus(view, other).is_some_and(|theirs| theirs != mine && overlap(&mine, &theirs)))
    })
}

/// The number of a NUMA cell: its id, or its place among the cells (`virDomainNumaDefParseXML`).
pub(super) fn numa_cell_id(view: &View<'_, '_>, cell: u32, key: &mut Vec<u8>) -> bool {
    let id = match view.attribute(cell, view.symbols.id) {
        Some(id) => derive::number(id.trim_ascii()),
        None => derive::position(view, cell),
    };
    let Some(id) = id else { return false };
    key.extend_from_slice(&id.to_le_bytes());
    true
}

/// Whether a monitor is for vCPUs that its group does not have.
pub(super) fn monitor_outside_group(view: &View<'_, '_>, monitor: u32) -> bool {
    let (Some(mine), Some(group)) = (vcpus(view, monitor), vcpus(view, view.node(monitor).parent)) else {
        return false;
    };
    !mine.iter().all(|(from, to)| group.iter().any(|(f, t)| f <= from && to <= t))
}

/// Monitors of a group overlap only if one of them is for the whole group and the group has an allocation of its own. Equal ones have a
/// rule of their own.
pub(super) fn monitor_overlaps(view: &View<'_, '_>, monitor: u32) -> bool {
    let group = view.node(monitor).parent;
    let (Some(mine), Some(whole)) = (vcpus(view, monitor), vcpus(view, group)) else {
        return false;
    };
    let name = view.node(monitor).name;
    // Elements with the same vCPUs are one group, so what another of them allocates counts too: nothing is said of these.
    let mut allocated =
        view.child(group, view.symbols.cache).is_some() || view.child(group, view.symbols.node).is_some();
    allocated |= !view.children(view.node(group).parent, |other| {
        other == group || vcpus(view, other).is_none_or(|theirs| theirs != whole)
    });
    !view.children(group, |other| {
        if other >= monitor || view.node(other).name != name {
            return true;
        }
        let Some(theirs) = vcpus(view, other) else { return true };
        let of_whole = mine == whole || theirs == whole;
        !(mine != theirs && overlap(&mine, &theirs) && !(of_whole && allocated))
    })
}

/// Whether an earlier disk of the same group has other limits (`virDomainBlockIoTuneInfoEqual`). Those without any take over the others'.
pub(super) fn iotune_differs(view: &View<'_, '_>, iotune: u32) -> bool {
    let group = |iotune| view.child(iotune, view.symbols.group_name).map(|name| text(view, name));
    let value = |limit: u32| derive::number(text(view, limit)).unwrap_or(0);
    let is_limit = |node: u32| view.node(node).name != view.symbols.group_name && value(node) != 0;
    let has_limits = |iotune| !view.children(iotune, |node| !is_limit(node));
    // Whether each limit of one is a limit of the other too.
    let within = |one: u32, other: u32| {
        view.children(one, |limit| {
            !is_limit(limit)
                || view.child(other, view.node(limit).name).is_some_and(|theirs| value(theirs) == value(limit))
        })
    };
    let disk = view.node(iotune).parent;
    has_limits(iotune)
        && !view.children(view.node(disk).parent, |earlier| {
            if earlier >= disk || view.node(earlier).name != view.node(disk).name {
                return true;
            }
            let Some(theirs) = view.child(earlier, view.symbols.iotune) else { return true };
            let differs = group(theirs) == group(iotune)
                && has_limits(theirs)
                && !(within(iotune, theirs) && within(theirs, iotune));
            !differs
        })
}

/// A size in KiB, rounded up as libvirt does (`virDomainParseMemory`).
fn kib(view: &View<'_, '_>, node: u32, text: &[u8]) -> Option<i128> {
    let unit = view.attribute(node, view.symbols.unit).unwrap_or(b"KiB");
    derive::bytes(text.trim_ascii(), unit).map(|bytes| (bytes + 1023) / 1024)
}

/// The memory of the guest's NUMA cells together, in KiB.
fn cells_memory(view: &View<'_, '_>) -> i128 {
    let mut sum = 0;
    if let Some(numa) = view.child(view.domain, view.symbols.cpu).and_then(|cpu| view.child(cpu, view.symbols.numa)) {
        view.children(numa, |cell| {
            // Only cells have the attribute.
            sum += view.attribute(cell, view.symbols.memory).and_then(|memory| kib(view, cell, memory)).unwrap_or(0);
            true
        });
    }
    sum
}

/// The sizes of the memory modules together, in KiB.
fn devices_memory(view: &View<'_, '_>) -> i128 {
    let mut sum = 0;
    if let Some(devices) = view.child(view.domain, view.symbols.devices) {
        view.children(devices, |device| {
            if view.node(device).name == view.symbols.memory {
                let size =
                    view.child(device, view.symbols.target).and_then(|target| view.child(target, view.symbols.size));
                sum += size.and_then(|size| kib(view, size, text(view, size))).unwrap_or(0);
            }
            true
        });
    }
    sum
}

/// The greatest size, in KiB; one beyond it has a rule of its own.
const GREATEST: i128 = 9_007_199_254_740_991;

/// Without cells, <memory> holds the modules too, and something must be left to boot with (`virDomainDefPostParseMemory`).
pub(super) fn devices_exceed_memory(view: &View<'_, '_>, memory: u32) -> bool {
    let devices = devices_memory(view);
    cells_memory(view) == 0
        && devices > 0
        && devices <= GREATEST
        && kib(view, memory, text(view, memory)).is_some_and(|total| total > 0 && devices >= total)
}

/// The maximum holds all memory: with cells that is theirs and the modules', else what <memory> says.
pub(super) fn max_memory_too_low(view: &View<'_, '_>, maximum: u32) -> bool {
    let cells = cells_memory(view);
    let total = if cells > 0 {
        cells + devices_memory(view)
    } else {
        view.child(view.domain, view.symbols.memory)
            .and_then(|memory| kib(view, memory, text(view, memory)))
            .unwrap_or(0)
    };
    kib(view, maximum, text(view, maximum)).is_some_and(|most| most > 0 && most < total)
}

/// Where a memory module lies in the guest's memory, as far as that is written: its first byte and the first behind it.
fn extent(view: &View<'_, '_>, device: u32) -> Option<(i128, i128)> {
    let target = view.child(device, view.symbols.target)?;
    let model = view.attribute(device, view.symbols.model)?;
    let address = match model {
        b"dimm" | b"nvdimm" => {
            let address = view.child(device, view.symbols.address)?;
            (view.attribute(address, view.symbols.type_) == Some(b"dimm")).then_some(address)?
        }
        b"virtio-mem" | b"virtio-pmem" => view.child(target, view.symbols.address)?,
        _ => return None,
    };
    let base = derive::hex(view.attribute(address, view.symbols.base)?)?;
    let size = view.child(target, view.symbols.size)?;
    let mut size = kib(view, size, text(view, size))? * 1024;
    if model == b"nvdimm"
        && let Some(label) =
            view.child(target, view.symbols.label).and_then(|label| view.child(label, view.symbols.size))
    {
        // The labels are not mapped; rounding may add a little again, which only hides an overlap of that little.
        size -= kib(view, label, text(view, label))? * 1024;
    }
    (base > 0 && size > 0).then_some((base, base + size))
}

/// Whether a memory module lies where one before it lies.
pub(super) fn memory_overlaps(view: &View<'_, '_>, device: u32) -> bool {
    let Some((from, to)) = extent(view, device) else {
        return false;
    };
    let name = view.node(device).name;
    !view.children(view.node(device).parent, |other| {
        let earlier = other < device && view.node(other).name == name;
        !(earlier && extent(view, other).is_some_and(|(f, t)| from < t && f < to))
    })
}

/// The bytes of a UUID as libvirt reads them (`virUUIDParse`): digits two at a time, hyphens and blanks between the pairs.
pub(super) fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    let mut rest = text.trim_ascii();
    for byte in &mut bytes {
        while let [b'-' | b' ', tail @ ..] = rest {
            rest = tail;
        }
        let (pair, tail) = rest.split_at_checked(2)?;
        if !pair.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        rest = tail;
    }
    rest.is_empty().then_some(bytes)
}

/// Whether an entry of <sysinfo> and <uuid> are both UUIDs and differ.
pub(super) fn uuid_differs(view: &View<'_, '_>, entry: u32) -> bool {
    let domain = view.child(view.domain, view.symbols.uuid).and_then(|node| uuid(text(view, node)));
    matches!((domain, uuid(text(view, entry))), (Some(a), Some(b)) if a != b)
}

/// Whether a text is month/day/year as SMBIOS has it (`virSysinfoBIOSParseXML`): the year of two digits, or from 1900.
pub(super) fn bios_date(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else {
        return false;
    };
    let mut parts = text.split('/');
    let mut part = || parts.next()?.parse::<u32>().ok();
    let (Some(month), Some(day), Some(year)) = (part(), part(), part()) else {
        return false;
    };
    parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day) && !(100..1900).contains(&year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_read_in_pairs() {
        let plain = uuid(b"c7a5fdbdedaf9455926ad65c16db1809");
        assert!(plain.is_some());
        assert_eq!(plain, uuid(b" C7A5FDBD-EDAF-9455-926A-D65C16DB1809 "));
        for bad in
            [&b"c7a5fdbd"[..], b"c7a5fdbd-edaf-9455-926a-d65c16db18091", b"{c7a5fdbdedaf9455926ad65c16db1809}", b""]
        {
            assert_eq!(uuid(bad), None, "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn bios_dates_are_american() {
        for good in ["10/31/2024", "1/2/99", "12/01/1900"] {
            assert!(bios_date(good.as_bytes()), "{good}");
        }
        for bad in ["31/10/2024", "2024-10-31", "1/0/2024", "1/32/2024", "1/1/1899", "1/1", "1/1/2024/1", ""] {
            assert!(!bios_date(bad.as_bytes()), "{bad}");
        }
    }
}
