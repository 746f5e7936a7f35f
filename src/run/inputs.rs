//! The paths that a user named.

/// Paths, one after another in one piece of memory: a list of a million files costs little more than its text.
#[derive(Debug, Default)]
pub struct Inputs {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// Whether standard input is to be checked.
    pub stdin: bool,
}

impl Inputs {
    /// Adds a path. It is brought to the form in which it is reported: without `./`, doubled and trailing slashes. The current folder
    /// is the empty path.
    pub fn push(&mut self, path: &[u8]) {
        if path.first() == Some(&b'/') {
            self.bytes.push(b'/');
        }
        let mut first = true;
        for part in path.split(|byte| *byte == b'/' || cfg!(windows) && *byte == b'\\') {
            if part.is_empty() || part == b"." {
                continue;
            }
            if !first {
                self.bytes.push(b'/');
            }
            self.bytes.extend_from_slice(part);
            first = false;
        }
        self.ends.push(self.bytes.len());
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty() && !self.stdin
    }

    /// The path with this number.
    pub fn get(&self, number: usize) -> &[u8] {
        let start = if number == 0 { 0 } else { self.ends[number - 1] };
        &self.bytes[start..self.ends[number]]
    }

    /// The numbers of the paths in the order of their bytes, each path once.
    pub fn sorted(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.len() as u32).collect();
        if !order.is_sorted_by(|a, b| self.get(*a as usize) < self.get(*b as usize)) {
            order.sort_unstable_by(|a, b| self.get(*a as usize).cmp(self.get(*b as usize)));
            order.dedup_by(|a, b| self.get(*a as usize) == self.get(*b as usize));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_brought_to_one_form_and_order() {
        let mut inputs = Inputs::default();
        for path in ["b/./c//d.xml", "./a", ".", "/", "//x/y/", "a/", "../z", "a-b"] {
            inputs.push(path.as_bytes());
        }
        let sorted: Vec<&str> =
            inputs.sorted().iter().map(|number| std::str::from_utf8(inputs.get(*number as usize)).unwrap()).collect();
        assert_eq!(sorted, ["", "../z", "/", "/x/y", "a", "a-b", "b/c/d.xml"]);
    }
}
