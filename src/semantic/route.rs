//! Routes of a guest's interfaces: addresses of networks, not of hosts.

use std::net::IpAddr;

use super::derive;
use super::view::View;

/// Whether a route's address has bits that its netmask or prefix does not cover (`virNetDevIPRouteCreate`). Without either, only the
/// address that is all zero names a network.
pub(super) fn has_host_bits(view: &View<'_, '_>, route: u32) -> bool {
    let text = |name: u16| view.attribute(route, name).and_then(|text| std::str::from_utf8(text.trim_ascii()).ok());
    let address = |name: u16| text(name).and_then(|text| text.parse::<IpAddr>().ok());
    let Some(subject) = address(view.symbols.address) else { return false };
    let prefix = match text(view.symbols.prefix) {
        Some(prefix) => derive::number(prefix.as_bytes()).and_then(|prefix| u32::try_from(prefix).ok()),
        None => Some(0),
    };
    match (subject, text(view.symbols.netmask), prefix) {
        (IpAddr::V4(subject), Some(_), _) => match address(view.symbols.netmask) {
            Some(IpAddr::V4(mask)) => u32::from(subject) & !u32::from(mask) != 0,
            _ => false,
        },
        (IpAddr::V4(subject), None, Some(prefix @ 0..=32)) => {
            u32::from(subject) & u32::MAX.checked_shr(prefix).unwrap_or(0) != 0
        }
        (IpAddr::V6(subject), None, Some(prefix @ 0..=128)) => {
            u128::from(subject) & u128::MAX.checked_shr(prefix).unwrap_or(0) != 0
        }
        _ => false,
    }
}
