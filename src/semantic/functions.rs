//! Rules that the language of conditions cannot say. Their names are those of `check = "..."` in rule files, in the order of
//! `table::FUNCTIONS`.

use super::derive;
use super::drives;
use super::route;
use super::sets;
use super::usb;
use super::view::View;

/// How a function judges.
#[derive(Clone, Copy)]
pub(super) enum Function {
    /// Whether the element is wrong.
    Bad(fn(&View<'_, '_>, u32) -> bool),
    /// Writes a key that no two elements may share; whether there is one.
    Key(fn(&View<'_, '_>, u32, &mut Vec<u8>) -> bool),
    /// The same, with a key that depends on nothing but the element and what it holds.
    OwnKey(fn(&View<'_, '_>, u32, &mut Vec<u8>) -> bool),
}

/// The functions by name.
pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("pci-address-duplicate", Function::OwnKey(pci_address)),
    ("drive-address-duplicate", Function::OwnKey(drives::key)),
    ("host-pci-device-duplicate", Function::OwnKey(host_pci_device)),
    ("disk-target-unparsable", Function::Bad(disk_target_unparsable)),
    ("cell-cpus-overlap", Function::Bad(|view, cell| sets::overlaps_earlier(view, cell, view.symbols.cpus))),
    ("page-nodeset-overlap", Function::Bad(|view, page| sets::overlaps_earlier(view, page, view.symbols.nodeset))),
    ("vcpusched-overlap", Function::Bad(|view, sched| sets::overlaps_earlier(view, sched, view.symbols.vcpus))),
    ("iothreadsched-overlap", Function::Bad(|view, sched| sets::overlaps_earlier(view, sched, view.symbols.iothreads))),
    ("cachetune-duplicate", Function::Key(sets::cachetune)),
    ("resctrl-group-overlap", Function::Bad(sets::group_overlaps)),
    ("monitor-outside-group", Function::Bad(sets::monitor_outside_group)),
    ("monitor-overlap", Function::Bad(sets::monitor_overlaps)),
    ("monitor-vcpus-empty", Function::Bad(sets::monitor_is_empty)),
    ("monitor-duplicate", Function::Key(sets::monitor)),
    ("iotune-group-differs", Function::Bad(sets::iotune_differs)),
    ("memory-devices-exceed-memory", Function::Bad(sets::devices_exceed_memory)),
    ("max-memory-below-memory", Function::Bad(sets::max_memory_too_low)),
    ("memory-address-overlap", Function::Bad(sets::memory_overlaps)),
    ("uuid-differs", Function::Bad(sets::uuid_differs)),
    ("uuid-malformed", Function::Bad(|view, entry| sets::uuid(sets::text(view, entry)).is_none())),
    ("usb-port-missing", Function::Bad(|view, address| usb::fault(view, address) == Some(usb::Fault::Port))),
    ("usb-path-port-missing", Function::Bad(|view, address| usb::fault(view, address) == Some(usb::Fault::Way))),
    ("usb-hub-missing", Function::Bad(|view, address| usb::fault(view, address) == Some(usb::Fault::Hub))),
    ("usb-hub-port-missing", Function::Bad(|view, address| usb::fault(view, address) == Some(usb::Fault::HubPort))),
    ("numa-cell-id-duplicate", Function::Key(sets::numa_cell_id)),
    ("route-host-bits", Function::Bad(route::has_host_bits)),
    ("drive-address-of-disk", Function::Bad(drives::is_of_disk)),
    ("backing-chain-too-deep", Function::Bad(backing_chain_too_deep)),
    ("nvme-serial-missing", Function::Bad(drives::nvme_serial_missing)),
    ("nvme-serial-differs", Function::Bad(drives::nvme_serial_differs)),
    ("bios-date-malformed", Function::Bad(|view, entry| !sets::bios_date(sets::text(view, entry)))),
];

/// A number of an address; absent is 0.
pub(super) fn part(view: &View<'_, '_>, address: u32, name: u16) -> Option<i128> {
    match view.attribute(address, name) {
        None => Some(0),
        Some(text) => derive::octal(text.trim_ascii()),
    }
}

/// A PCI address that is written in full. Domain, bus and slot all zero counts as none (`virPCIDeviceAddressIsEmpty`).
fn pci_address(view: &View<'_, '_>, device: u32, key: &mut Vec<u8>) -> bool {
    let Some(address) = view.child(device, view.symbols.address) else { return false };
    if view.attribute(address, view.symbols.type_) != Some(b"pci") {
        return false;
    }
    let parts = [view.symbols.domain, view.symbols.bus, view.symbols.slot, view.symbols.function]
        .map(|name| part(view, address, name));
    let [Some(domain), Some(bus), Some(slot), Some(function)] = parts else { return false };
    if domain == 0 && bus == 0 && slot == 0 {
        return false;
    }
    for part in [domain, bus, slot, function] {
        key.extend_from_slice(&part.to_le_bytes());
    }
    true
}

/// The PCI address of a device of the host.
fn host_pci_device(view: &View<'_, '_>, device: u32, key: &mut Vec<u8>) -> bool {
    let source = view.child(device, view.symbols.source);
    let Some(address) = source.and_then(|source| view.child(source, view.symbols.address)) else { return false };
    for name in [view.symbols.domain, view.symbols.bus, view.symbols.slot, view.symbols.function] {
        let Some(part) = part(view, address, name) else { return false };
        key.extend_from_slice(&part.to_le_bytes());
    }
    true
}

/// Whether a disk has more images in its chain than QEMU's driver takes, its own counted (`qemuDomainStorageSourceValidateDepth`).
fn backing_chain_too_deep(view: &View<'_, '_>, disk: u32) -> bool {
    const MOST: usize = 200;
    let mut images = 1;
    let mut image = disk;
    while let Some(backing) = view.child(image, view.symbols.backing_store) {
        // The last one is empty: it says that there are no more.
        if view.attribute(backing, view.symbols.type_).is_none() && view.child(backing, view.symbols.source).is_none() {
            break;
        }
        images += 1;
        image = backing;
    }
    images > MOST
}

/// A target name that libvirt cannot turn into a number (`virDiskNameToIndex`).
fn disk_target_unparsable(view: &View<'_, '_>, disk: u32) -> bool {
    let Some(name) = view.child(disk, view.symbols.target).and_then(|target| view.attribute(target, view.symbols.dev))
    else {
        return false;
    };
    derive::disk_index(name).is_none()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_knows_the_functions_by_number() {
        let names: Vec<&str> = super::FUNCTIONS.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, crate::table::FUNCTIONS);
    }
}
