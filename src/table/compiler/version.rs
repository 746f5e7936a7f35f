//! libvirt's version numbers.

use std::fmt;
use std::str::FromStr;

/// A version of libvirt as libvirt itself numbers it: major * 1,000,000 + minor * 1,000 + micro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

impl Version {
    /// The version that the rule table describes: libvirt 12.8.0.
    pub const LATEST: Version = Version::new(12, 8, 0);
    /// Before every version: what has no known beginning began here.
    pub const ALWAYS: Version = Version(0);
    /// After every version: what did not end ends here.
    pub const NEVER: Version = Version(u32::MAX);

    /// The version `major.minor.micro`.
    pub const fn new(major: u32, minor: u32, micro: u32) -> Self {
        Version(major * 1_000_000 + minor * 1_000 + micro)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0 / 1_000_000, self.0 / 1_000 % 1_000, self.0 % 1_000)
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let complaint = || format!("`{text}` is not a version such as 12.8.0");
        let mut parts = [0u32; 3];
        let mut count = 0;
        for part in text.split('.') {
            if count == 3 || part.is_empty() || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
                return Err(complaint());
            }
            parts[count] = part.parse().map_err(|_| complaint())?;
            count += 1;
        }
        if count < 2 {
            return Err(complaint());
        }
        Ok(Version::new(parts[0], parts[1], parts[2]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_read_and_print() {
        assert_eq!("12.8.0".parse(), Ok(Version::LATEST));
        assert_eq!("0.9.13".parse(), Ok(Version::new(0, 9, 13)));
        assert_eq!("9.0".parse(), Ok(Version::new(9, 0, 0)));
        assert_eq!(Version::new(10, 10, 1).to_string(), "10.10.1");
        for bad in ["", "12", "12.", "1.2.3.4", "a.b", "+1.0", "1.2345"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
        assert!(Version::new(9, 10, 0) > Version::new(9, 2, 0));
    }
}
