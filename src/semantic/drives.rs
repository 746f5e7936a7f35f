//! Where disks are on their buses: drive addresses, as written or as libvirt derives them, and what hangs on them.

use super::derive;
use super::functions::part;
use super::view::View;

/// The drive address of a disk, as written or as its target's name gives it, with the bus that it is an address of. Devices of the host
/// have no target; those that have such an address are SCSI devices.
fn of<'d>(view: &View<'_, 'd>, disk: u32) -> Option<(&'d [u8], [i128; 4])> {
    let bus = match view.node(disk).name == view.symbols.hostdev {
        true => &b"scsi"[..],
        false => derive::disk_bus(view, disk)?,
    };
    let parts = match view.child(disk, view.symbols.address) {
        Some(address) => {
            if view.attribute(address, view.symbols.type_) != Some(b"drive") {
                return None;
            }
            let parts = [view.symbols.controller, view.symbols.bus, view.symbols.target, view.symbols.unit]
                .map(|name| part(view, address, name));
            let [Some(controller), Some(bus), Some(target), Some(unit)] = parts else { return None };
            [controller, bus, target, unit]
        }
        None => {
            let name = view.attribute(view.child(disk, view.symbols.target)?, view.symbols.dev)?;
            let index = i128::from(derive::disk_index(name)?);
            match bus {
                b"scsi" => [index / 7, 0, 0, index % 7],
                b"ide" => [index / 4, index / 2 % 2, 0, index % 2],
                b"sata" => [index / 6, 0, 0, index % 6],
                b"fdc" => [index / 2, 0, 0, index % 2],
                b"nvme" => [derive::nvme_controller(name).unwrap_or(0), 0, 0, index],
                _ => return None,
            }
        }
    };
    matches!(bus, b"scsi" | b"ide" | b"sata" | b"fdc" | b"nvme").then_some((bus, parts))
}

/// The key of a drive address.
pub(super) fn key(view: &View<'_, '_>, disk: u32, key: &mut Vec<u8>) -> bool {
    let Some((bus, parts)) = of(view, disk) else { return false };
    key.extend_from_slice(bus);
    for part in parts {
        key.extend_from_slice(&part.to_le_bytes());
    }
    true
}

/// Whether a device of the host has the drive address of a disk.
pub(super) fn is_of_disk(view: &View<'_, '_>, hostdev: u32) -> bool {
    let Some(mine) = of(view, hostdev) else { return false };
    view.any(view.node(hostdev).parent, view.symbols.disk, |disk| of(view, disk) == Some(mine))
}

/// An NVMe controller's number is at most this; libvirt's own disks have numbers of one digit.
const NVME_CONTROLLERS: i128 = 255;

/// The NVMe controller that a disk is a namespace of.
fn nvme_of(view: &View<'_, '_>, disk: u32) -> Option<i128> {
    of(view, disk).filter(|(bus, _)| *bus == b"nvme").map(|(_, parts)| parts[0])
}

/// The serial number that an element has, if it has one.
fn serial<'v>(view: &View<'v, '_>, element: u32) -> Option<&'v [u8]> {
    view.child(element, view.symbols.serial).map(|serial| view.content(serial)).filter(|serial| !serial.is_empty())
}

/// Whether an NVMe controller is given a serial number, by itself or by one of its disks. What cannot be told counts as given.
fn has_serial(view: &View<'_, '_>, devices: u32, controller: i128) -> bool {
    view.any(devices, view.symbols.controller, |element| {
        view.attribute(element, view.symbols.type_) == Some(b"nvme")
            && match view.value(element, view.symbols.index).map(|index| view.number(index)) {
                Some(Some(index)) => index == controller && serial(view, element).is_some(),
                _ => true,
            }
    }) || view
        .any(devices, view.symbols.disk, |disk| nvme_of(view, disk) == Some(controller) && serial(view, disk).is_some())
}

/// Whether a disk brings an NVMe controller that has no serial number: its own, or one of those with smaller numbers, which libvirt adds too.
/// The first such disk stands for the others.
pub(super) fn nvme_serial_missing(view: &View<'_, '_>, disk: u32) -> bool {
    let devices = view.node(disk).parent;
    let lacks = |disk: u32| match nvme_of(view, disk) {
        Some(controller @ 0..=NVME_CONTROLLERS) => (0..=controller).any(|number| !has_serial(view, devices, number)),
        _ => false,
    };
    lacks(disk) && !view.any(devices, view.symbols.disk, |other| other < disk && lacks(other))
}

/// Whether a disk's serial number is another than that of its NVMe controller, or than that of an earlier disk on it.
pub(super) fn nvme_serial_differs(view: &View<'_, '_>, disk: u32) -> bool {
    let devices = view.node(disk).parent;
    let (Some(controller), Some(mine)) = (nvme_of(view, disk), serial(view, disk)) else { return false };
    let differs = |element: u32| serial(view, element).is_some_and(|other| other != mine);
    view.any(devices, view.symbols.controller, |element| {
        view.attribute(element, view.symbols.type_) == Some(b"nvme")
            && view.value(element, view.symbols.index).and_then(|index| view.number(index)) == Some(controller)
            && differs(element)
    }) || view.any(devices, view.symbols.disk, |other| {
        other < disk && nvme_of(view, other) == Some(controller) && differs(other)
    })
}
