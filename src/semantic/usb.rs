//! USB ports: which of them a bus has, and where a port path leads (`virDomainUSBAddressFindPort`).

use super::derive;
use super::view::View;

/// Ports of the emulated hub.
const HUB_PORTS: u64 = 8;
/// The longest path that libvirt reads.
const DEEPEST: usize = 4;

/// What is wrong with a port path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// It leads through a port that the controller or a hub has not.
    Way,
    /// It leads through a port without a hub.
    Hub,
    /// The controller has not its last port.
    Port,
    /// The hub has not its last port.
    HubPort,
}

/// What is known of a bus.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Bus {
    /// No controller has its number; that is told elsewhere.
    Missing,
    /// Its controller's model depends on the host.
    Unknown,
    Ports(u64),
}

/// The first thing that is wrong with the port path of an address.
pub(super) fn fault(view: &View<'_, '_>, address: u32) -> Option<Fault> {
    let number = number(view, address, view.symbols.bus)?;
    let path = Path::parse(view.attribute(address, view.symbols.port)?)?;
    let ports = match bus(view, number) {
        Bus::Missing => return None,
        Bus::Unknown => u64::MAX,
        Bus::Ports(ports) => ports,
    };
    let (last, way) = path.ports().split_last()?;
    // Hubs are plugged in one after another, and all other devices after them.
    let device = view.node(address).parent;
    let before = if view.node(device).name == view.symbols.hub { device } else { u32::MAX };
    for (depth, port) in way.iter().enumerate() {
        if *port > if depth == 0 { ports } else { HUB_PORTS } {
            return Some(Fault::Way);
        }
        if !has_hub(view, number, &path.ports()[..=depth], before) {
            return Some(Fault::Hub);
        }
    }
    match way.is_empty() {
        true => (*last > ports).then_some(Fault::Port),
        false => (*last > HUB_PORTS).then_some(Fault::HubPort),
    }
}

/// Whether one of the hubs before a device is plugged in there, or may be: libvirt chooses a place for those that say none.
fn has_hub(view: &View<'_, '_>, number: u64, at: &[u64], before: u32) -> bool {
    !devices(view, |device| {
        if view.node(device).name != view.symbols.hub || device >= before {
            return true;
        }
        let Some(address) = view.child(device, view.symbols.address) else { return false };
        match view.attribute(address, view.symbols.port).map(Path::parse) {
            Some(Some(path)) => !(path.ports() == at && self::number(view, address, view.symbols.bus) == Some(number)),
            _ => false,
        }
    })
}

/// The bus of a number.
fn bus(view: &View<'_, '_>, number: u64) -> Bus {
    let mut found = Bus::Missing;
    let mut controllers = 0;
    devices(view, |device| {
        if view.node(device).name != view.symbols.controller
            || view.attribute(device, view.symbols.type_) != Some(b"usb")
        {
            return true;
        }
        controllers += 1;
        let index = match view.attribute(device, view.symbols.index) {
            Some(index) => derive::number(index),
            // libvirt numbers it when it has seen all the others.
            None => return true,
        };
        let model = view.attribute(device, view.symbols.model);
        // The companions of an EHCI controller have no ports of their own.
        let companion = model.is_some_and(|model| model.starts_with(b"ich9-uhci"));
        if index == Some(number.into()) && !companion {
            found = ports(view, device, model);
        }
        true
    });
    if found != Bus::Missing || number != 0 {
        return found;
    }
    match (controllers, view.machine_class()) {
        // What libvirt adds by itself to a guest that has no controller.
        (0, b"i440fx") => Bus::Ports(2),
        (0, b"q35") => Bus::Ports(4),
        _ => Bus::Unknown,
    }
}

/// The ports of a controller (`virDomainUSBAddressControllerModelToPorts`).
fn ports(view: &View<'_, '_>, controller: u32, model: Option<&[u8]>) -> Bus {
    match model {
        Some(b"piix3-uhci" | b"piix4-uhci" | b"vt82c686b-uhci") => Bus::Ports(2),
        Some(b"pci-ohci") => Bus::Ports(3),
        Some(b"ehci" | b"ich9-ehci1") => Bus::Ports(6),
        Some(b"nec-xhci" | b"qemu-xhci") => match view.attribute(controller, view.symbols.ports) {
            Some(ports) => derive::number(ports).and_then(|n| u64::try_from(n).ok()).map_or(Bus::Unknown, Bus::Ports),
            None => Bus::Ports(4),
        },
        None if matches!(view.machine_class(), b"i440fx" | b"q35") => Bus::Ports(2),
        _ => Bus::Unknown,
    }
}

/// Visits the devices of the guest until told to stop; whether it was not.
fn devices(view: &View<'_, '_>, visit: impl FnMut(u32) -> bool) -> bool {
    match view.child(view.domain, view.symbols.devices) {
        Some(devices) => view.children(devices, visit),
        None => true,
    }
}

/// A number of an address; absent is 0.
fn number(view: &View<'_, '_>, address: u32, name: u16) -> Option<u64> {
    match view.attribute(address, name) {
        None => Some(0),
        Some(text) => derive::number(text.trim_ascii()).and_then(|n| u64::try_from(n).ok()),
    }
}

/// Ports from the controller to the device: `1.4.2`.
struct Path {
    ports: [u64; DEEPEST],
    length: usize,
}

impl Path {
    /// `None` if no port is said, or libvirt cannot read it.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut path = Path { ports: [0; DEEPEST], length: 0 };
        for part in text.trim_ascii().split(|byte| *byte == b'.') {
            if part.is_empty() || part.len() > 9 || !part.iter().all(u8::is_ascii_digit) {
                return None;
            }
            *path.ports.get_mut(path.length)? = part.iter().fold(0, |n, digit| n * 10 + u64::from(digit - b'0'));
            path.length += 1;
        }
        (!path.ports().contains(&0)).then_some(path)
    }

    fn ports(&self) -> &[u64] {
        &self.ports[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_ports() {
        let ports = |text: &str| Path::parse(text.as_bytes()).map(|path| path.ports().to_vec());
        assert_eq!(ports("1"), Some(vec![1]));
        assert_eq!(ports("1.04.12"), Some(vec![1, 4, 12]));
        assert_eq!(ports("1.2.3.4"), Some(vec![1, 2, 3, 4]));
        for nothing in ["", "0", "1.0", "1.", "a", "1.2.3.4.5"] {
            assert_eq!(ports(nothing), None, "{nothing}");
        }
    }
}
