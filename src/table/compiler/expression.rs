//! Conditions of rules: their grammar and its parser.
//!
//! ```text
//! condition  = and { "or" and }
//! and        = not { "and" not }
//! not        = "not" not | "(" condition ")" | test
//! test       = name "(" sum "," 'word' ")"            a named test: within(@address, '224.0.0.0/4')
//!            | sum [ ("=" | "!=" | "<" | "<=" | ">" | ">=") sum | "in" "(" 'word' { "," 'word' } ")" ]
//! sum        = product { ("+" | "-") product }
//! product    = operand { ("*" | "%") operand }
//! operand    = 'word' | number | "count" "(" path ")" | name "(" [ path ] ")" | path
//! path       = [ "/" | "$" ] step { "/" step } [ "@" name ] | [ "/" | "$" ] "@" name
//! step       = ".." | "." | "*" | tag [ "[" condition "]" ] | "text()"
//! ```
//!
//! A path leads to any number of nodes; a comparison holds if it holds for any of them. A path alone holds if it leads anywhere. `/`
//! begins at the domain, `$` at the element that the rule looks at (inside of a filter, where a bare path begins at the filtered node).

/// A condition as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// All of two.
    And(Box<Condition>, Box<Condition>),
    /// Any of two.
    Or(Box<Condition>, Box<Condition>),
    /// Not.
    Not(Box<Condition>),
    /// A path leads somewhere.
    Exists(PathText),
    /// A comparison; the operator as written.
    Compare(&'static str, Value, Value),
    /// One of these words.
    Among(Value, Vec<String>),
    /// A named test.
    Test(String, Value, String),
}

/// A value as written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Values at a path.
    Path(PathText),
    /// A word.
    Word(String),
    /// A number.
    Number(i128),
    /// Number of nodes.
    Count(PathText),
    /// A named function of a path.
    Call(String, Option<PathText>),
    /// Arithmetic.
    Arithmetic(char, Box<Value>, Box<Value>),
}

/// A path as written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PathText {
    /// `/`, `$` or nothing.
    pub origin: Option<char>,
    /// Steps.
    pub steps: Vec<StepText>,
    /// `@name` at the end.
    pub attribute: Option<String>,
    /// `text()` at the end.
    pub text: bool,
}

/// A step as written.
#[derive(Debug, Clone, PartialEq)]
pub enum StepText {
    /// `..`
    Up,
    /// A tag, or `*`, and a filter.
    Down(String, Option<Condition>),
}

/// What is wrong, and at which byte of the text.
pub type Complaint = (usize, String);

/// Parses a condition.
pub fn condition(text: &str) -> Result<Condition, Complaint> {
    let mut parser = Parser { text, at: 0, parts: 0, depth: 0 };
    let condition = parser.condition()?;
    parser.end()?;
    Ok(condition)
}

/// Parses a path.
pub fn path(text: &str) -> Result<PathText, Complaint> {
    let mut parser = Parser { text, at: 0, parts: 0, depth: 0 };
    let path = parser.path()?;
    parser.end()?;
    Ok(path)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    /// Conditions and operands that were begun.
    parts: u32,
    /// Conditions that are open.
    depth: u32,
}

/// Conditions and operands that may be begun in one text, those that were read twice included: so long does reading take.
const MOST_PARTS: u32 = 4000;

/// How deep conditions may nest.
const MOST_DEPTH: u32 = 50;

const COMPARISONS: [&str; 6] = ["!=", "<=", ">=", "=", "<", ">"];

impl Parser<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn space(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, Complaint> {
        Err((self.at, message.into()))
    }

    fn end(&mut self) -> Result<(), Complaint> {
        self.space();
        if self.rest().is_empty() { Ok(()) } else { self.fail(format!("`{}` does not belong here", self.rest())) }
    }

    fn take(&mut self, token: &str) -> bool {
        self.space();
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    /// Takes a word such as `and`, which must end there.
    fn keyword(&mut self, word: &str) -> bool {
        self.space();
        let rest = self.rest();
        let found = rest
            .strip_prefix(word)
            .is_some_and(|tail| !tail.starts_with(|c: char| c.is_alphanumeric() || "-_/@:[".contains(c)));
        if found {
            self.at += word.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), Complaint> {
        if self.take(token) { Ok(()) } else { self.fail(format!("expected `{token}`")) }
    }

    fn condition(&mut self) -> Result<Condition, Complaint> {
        let mut left = self.and()?;
        while self.keyword("or") {
            left = Condition::Or(Box::new(left), Box::new(self.and()?));
        }
        Ok(left)
    }

    fn and(&mut self) -> Result<Condition, Complaint> {
        let mut left = self.not()?;
        while self.keyword("and") {
            left = Condition::And(Box::new(left), Box::new(self.not()?));
        }
        Ok(left)
    }

    fn part(&mut self) -> Result<(), Complaint> {
        self.parts += 1;
        if self.parts > MOST_PARTS { self.fail("the condition is too long") } else { Ok(()) }
    }

    fn not(&mut self) -> Result<Condition, Complaint> {
        self.part()?;
        self.depth += 1;
        let condition = if self.depth > MOST_DEPTH { self.fail("conditions nest too deep") } else { self.negated() };
        self.depth -= 1;
        condition
    }

    fn negated(&mut self) -> Result<Condition, Complaint> {
        self.space();
        if self.rest().starts_with("not(") || self.keyword("not") {
            if self.rest().starts_with("not(") {
                self.at += 3;
            }
            return Ok(Condition::Not(Box::new(self.not()?)));
        }
        // A parenthesis may enclose a condition; sums have none.
        if self.take("(") {
            let inner = self.condition()?;
            self.expect(")")?;
            return Ok(inner);
        }
        self.test()
    }

    fn test(&mut self) -> Result<Condition, Complaint> {
        self.space();
        let start = self.at;
        // A named test has two arguments, a named function at most one.
        if let Some(name) = self.name().map(str::to_owned)
            && self.rest().starts_with('(')
            && name != "count"
            && name != "text"
        {
            self.at += 1;
            if let Ok(value) = self.sum()
                && self.take(",")
            {
                let word = self.word()?;
                self.expect(")")?;
                return Ok(Condition::Test(name, value, word));
            }
        }
        self.at = start;
        let left = self.sum()?;
        self.space();
        if self.keyword("in") {
            self.expect("(")?;
            let mut words = vec![self.word()?];
            while self.take(",") {
                words.push(self.word()?);
            }
            self.expect(")")?;
            return Ok(Condition::Among(left, words));
        }
        for comparison in COMPARISONS {
            if self.take(comparison) {
                return Ok(Condition::Compare(comparison, left, self.sum()?));
            }
        }
        match left {
            Value::Path(path) => Ok(Condition::Exists(path)),
            _ => self.fail("a value alone is no condition: compare it"),
        }
    }

    fn sum(&mut self) -> Result<Value, Complaint> {
        let mut left = self.product()?;
        loop {
            self.space();
            // A minus needs space in front, since names hold hyphens; the names were read to their ends already.
            let operator = match self.rest().chars().next() {
                Some(c @ ('+' | '-')) => c,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Value::Arithmetic(operator, Box::new(left), Box::new(self.product()?));
        }
    }

    fn product(&mut self) -> Result<Value, Complaint> {
        let mut left = self.operand()?;
        loop {
            self.space();
            let operator = match self.rest().chars().next() {
                Some(c @ ('*' | '%')) => c,
                _ => return Ok(left),
            };
            self.at += 1;
            left = Value::Arithmetic(operator, Box::new(left), Box::new(self.operand()?));
        }
    }

    fn operand(&mut self) -> Result<Value, Complaint> {
        self.part()?;
        self.space();
        let rest = self.rest();
        if rest.starts_with('\'') {
            return self.word().map(Value::Word);
        }
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number = rest[..length].parse().map_err(|_| (self.at, "the number is too large".to_owned()))?;
            self.at += length;
            return Ok(Value::Number(number));
        }
        let start = self.at;
        if let Some(name) = self.name().map(str::to_owned)
            && self.rest().starts_with('(')
            && name != "text"
        {
            self.at += 1;
            self.space();
            let path = if self.rest().starts_with(')') { None } else { Some(self.path()?) };
            self.expect(")")?;
            return match (name.as_str(), path) {
                ("count", Some(path)) => Ok(Value::Count(path)),
                (_, path) => Ok(Value::Call(name, path)),
            };
        }
        self.at = start;
        self.path().map(Value::Path)
    }

    fn word(&mut self) -> Result<String, Complaint> {
        self.space();
        let Some(rest) = self.rest().strip_prefix('\'') else { return self.fail("expected a word in quotes") };
        let Some(length) = rest.find('\'') else { return self.fail("the quote is not closed") };
        let word = rest[..length].to_owned();
        self.at += length + 2;
        Ok(word)
    }

    /// A tag's or attribute's name; a hypervisor's prefix belongs to it.
    fn name(&mut self) -> Option<&str> {
        let rest = self.rest();
        let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:".contains(c))).unwrap_or(rest.len());
        if length == 0 || rest.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
            return None;
        }
        let start = self.at;
        self.at += length;
        Some(&self.text[start..start + length])
    }

    fn path(&mut self) -> Result<PathText, Complaint> {
        self.space();
        let mut path = PathText::default();
        if let Some(origin @ ('/' | '$')) = self.rest().chars().next() {
            path.origin = Some(origin);
            self.at += 1;
        }
        let mut any = false;
        loop {
            if self.rest().starts_with('@') {
                self.at += 1;
                match self.name() {
                    Some(name) => path.attribute = Some(name.to_owned()),
                    None => return self.fail("expected an attribute's name"),
                }
                return Ok(path);
            }
            if self.rest().starts_with("text()") {
                self.at += 6;
                path.text = true;
                return Ok(path);
            }
            if self.rest().starts_with("..") {
                self.at += 2;
                path.steps.push(StepText::Up);
            } else if self.rest().starts_with('.') {
                self.at += 1;
            } else if self.rest().starts_with('*') {
                self.at += 1;
                let filter = self.filter()?;
                path.steps.push(StepText::Down("*".into(), filter));
            } else if let Some(name) = self.name().map(str::to_owned) {
                let filter = self.filter()?;
                path.steps.push(StepText::Down(name, filter));
            } else if path.origin.is_some() && !any {
                return Ok(path);
            } else {
                return self.fail("expected a path");
            }
            any = true;
            if self.rest().starts_with('/') {
                self.at += 1;
            } else if !self.rest().starts_with('@') {
                return Ok(path);
            }
        }
    }

    fn filter(&mut self) -> Result<Option<Condition>, Complaint> {
        if !self.rest().starts_with('[') {
            return Ok(None);
        }
        self.at += 1;
        let condition = self.condition()?;
        self.expect("]")?;
        Ok(Some(condition))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_bind_as_they_read() {
        let parsed = condition("@a = 'x' and not(b@c) or count(/d/e[@f = $@g]) > 2").unwrap();
        let Condition::Or(left, right) = parsed else { panic!("or binds least") };
        assert!(matches!(*left, Condition::And(_, ref not) if matches!(**not, Condition::Not(_))));
        assert!(matches!(*right, Condition::Compare(">", Value::Count(_), Value::Number(2))));
    }

    #[test]
    fn paths_have_origins_filters_and_ends() {
        let parsed = path("/devices/controller[@type='usb']/address@port").unwrap();
        assert_eq!(parsed.origin, Some('/'));
        assert_eq!(parsed.steps.len(), 3);
        assert_eq!(parsed.attribute.as_deref(), Some("port"));
        assert!(path("os/type/text()").unwrap().text);
        assert_eq!(path("../@x").unwrap().steps, [StepText::Up]);
        assert_eq!(path("qemu:commandline/qemu:arg").unwrap().steps.len(), 2);
    }

    #[test]
    fn values_add_and_call() {
        assert!(matches!(
            condition("bytes(size) % bytes(block) != 0"),
            Ok(Condition::Compare("!=", Value::Arithmetic('%', ..), _))
        ));
        assert!(matches!(condition("within(@address, '224.0.0.0/4')"), Ok(Condition::Test(..))));
        assert!(matches!(condition("machine() in ('q35', 'pc*')"), Ok(Condition::Among(Value::Call(..), _))));
        assert!(matches!(condition("memory-mode = 'x'"), Ok(Condition::Compare("=", Value::Path(_), _))));
    }

    #[test]
    fn mistakes_have_a_place() {
        for (text, at) in [("@a = ", 5), ("@a = 'x", 5), ("a and", 5), ("(a", 2), ("a b", 2), ("5", 1)] {
            assert_eq!(condition(text).unwrap_err().0, at, "{text}");
        }
    }

    #[test]
    fn reading_ends() {
        let refused = |piece: &str| {
            let read = condition(&piece.repeat(10_000));
            assert!(read.is_err_and(|(_, message)| message.contains("too ")), "{piece} again and again");
        };
        ["(", "not(", "not ", "f(a[", "count(a[", "a[", "a and ", "a = 1 or ", "1+", "a[b]/"]
            .into_iter()
            .for_each(refused);
    }
}
