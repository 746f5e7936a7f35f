//! Start tags that need a closer look: names beyond ASCII, and everything that can be wrong with a tag.
//!
//! The tag is read again from its `<`, whatever the splitter takes for its end, and ends where a person would say that it ends. Each fault
//! is told once; what is then unclear about the tag is marked and not told.

use super::chars::{
    char_at, find_bad_char, is_name_char, is_name_start, is_space, skip_name, skip_name_chars, skip_space,
};
use super::guess::tag_end;
use super::reader::{Phase, Reader};
use super::tags::Shape;
use super::{Attribute, Event};
use crate::diagnostic::{Arg, Code, Finding, Severity, Span, codes};
use memchr::{memchr, memchr_iter};

/// What can be wrong with a tag as a whole: the words that `syntax/malformed-tag` has as its argument.
pub mod tag_faults {
    /// Nothing stands between `<` or `</` and `>`.
    pub static NO_NAME: &str = "no name";
    /// White space stands between `<` or `</` and the name.
    pub static SPACE_BEFORE_NAME: &str = "space before the name";
    /// The tag runs into the next `<` or the end of the file: its `>` is missing.
    pub static NOT_CLOSED: &str = "not closed";
    /// Something other than white space stands behind an end tag's name.
    pub static END_TAG_CONTENT: &str = "content in an end tag";
    /// Something that is no attribute stands between attributes.
    pub static UNEXPECTED: &str = "unexpected";
    /// A quote stands where no value begins.
    pub static STRAY_QUOTE: &str = "stray quote";
    /// The equals sign between an attribute's name and its value is missing.
    pub static NO_EQUALS: &str = "no equals sign";
    /// White space stands between the `/` and the `>`.
    pub static SPACE_BEFORE_CLOSE: &str = "space between / and >";
}

/// How a tag is read, and what came of it.
struct Repair {
    at: usize,
    name: Span,
    shape: Shape,
    /// White space was passed since the last attribute, or what is missing was told.
    spaced: bool,
    /// Something unintelligible was told: more of it is no news.
    mess: bool,
}

/// How a tag ends.
enum Ending {
    /// `>`
    Open,
    /// `/>`
    SelfClosing,
    /// It runs into the next `<`.
    Cut,
    /// It runs into the end of the document.
    EndOfFile,
}

/// How a value ends.
enum Value {
    /// At its quote, which is at this offset.
    Closed(usize),
    /// Its quote is missing: it ends here, and the tag goes on there.
    Unclosed(usize, usize),
}

impl<'d> Reader<'d, '_, '_> {
    /// Reads the start tag at `start` with care. The splitter took `end` for its end.
    #[cold]
    #[inline(never)]
    pub(super) fn repair(&mut self, start: usize, end: usize, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        self.workspace.attributes.clear();
        self.workspace.unread = None;
        self.workspace.declarations.clear();
        let Some(mut repair) = self.repair_name(start, findings) else {
            self.charge(end);
            return None;
        };
        let ending = self.repair_attributes(&mut repair, findings);
        let stop = repair.at;
        let self_closing = match ending {
            Ending::Open => false,
            Ending::SelfClosing => true,
            Ending::EndOfFile => {
                if !repair.mess {
                    self.tag_fault(findings, repair.name, repair.name, &tag_faults::NOT_CLOSED);
                }
                self.give_up();
                return None;
            }
            Ending::Cut => {
                if !repair.mess {
                    let next = Span::new(stop, stop + 1);
                    self.tag_fault(findings, repair.name, next, &tag_faults::NOT_CLOSED);
                }
                self.poisoned = true;
                repair.shape.damaged = true;
                // Whether `/>` or `>` is missing shows in what comes after.
                let name = repair.name.of(self.text);
                self.closing_name(stop).is_none_or(|ahead| ahead.of(self.text) != name)
            }
        };
        let mut shape = repair.shape;
        shape.duplicates = true;
        let name = repair.name.of(self.text);
        let colon = memchr(b':', name).filter(|_| Self::is_qualified_name(name));
        shape.colon = colon.map_or(0, |colon| repair.name.start as usize + colon);
        shape.name_end = repair.name.end as usize;
        let first = repair.name.start as usize;
        // `open` takes the tag to begin one byte in front of its name.
        let event = self.open(first - 1, stop, self_closing, shape, findings);
        self.charge(end);
        match event {
            Some(Event::Start(mut event)) => {
                event.tag_start = start as u32;
                Some(Event::Start(event))
            }
            other => other,
        }
    }

    /// Pays for what the splitter read in vain. When the budget is spent, it is not asked any more.
    pub(super) fn charge(&mut self, end: usize) {
        let waste = end.saturating_sub(self.position);
        if waste > 0 && !self.spend(waste) {
            self.alone = true;
            self.watch = 0;
        }
    }

    /// The name of the tag at `start`. `None` if that is no tag, which is told.
    fn repair_name(&mut self, start: usize, findings: &mut Vec<Finding>) -> Option<Repair> {
        let text = self.text;
        let mut from = start + 1;
        let mut end = skip_name(text, from);
        let mut damaged = false;
        if end == from {
            let space = skip_space(text, from);
            let run = skip_name_chars(text, space);
            if text.get(from) == Some(&b'>') {
                self.fault(findings, codes::MALFORMED_TAG, Span::new(start, start + 2), Some(&tag_faults::NO_NAME));
                self.position = start + 2;
                return None;
            }
            if run == space || !self.looks_like_tag(run) {
                self.fault(findings, codes::BARE_LESS_THAN, Span::new(start, start + 1), None);
                self.told_text |= self.phase != Phase::Content;
                self.position = start + 1;
                if from == text.len() {
                    self.give_up();
                }
                return None;
            }
            damaged = true;
            if space > from {
                let name = Span::new(space, run);
                self.tag_fault(findings, Span::new(from, space), name, &tag_faults::SPACE_BEFORE_NAME);
            } else {
                self.bad_name(Span::new(space, run), findings);
            }
            (from, end) = (space, run);
        }
        // What stands behind a name ends it; anything else was meant to belong to it.
        let mut run = end;
        while text.get(run).is_some_and(|byte| !is_space(*byte) && !b"/><='\"".contains(byte)) {
            run += 1;
        }
        let name = Span::new(from, run);
        if !damaged && (run > end || !Self::is_qualified_name(name.of(text))) {
            damaged = true;
            self.bad_name(name, findings);
        }
        let shape = Shape { damaged, ..Shape::default() };
        Some(Repair { at: run, name, shape, spaced: false, mess: false })
    }

    /// Whether what follows a name makes it a tag's: `>`, `/>`, or an attribute.
    fn looks_like_tag(&self, name_end: usize) -> bool {
        let text = self.text;
        let next = skip_space(text, name_end);
        match text.get(next) {
            Some(b'>') => true,
            Some(b'/') => text.get(next + 1) == Some(&b'>'),
            _ if next == name_end => false,
            _ => {
                let end = skip_name(text, next);
                end > next
                    && text.get(skip_space(text, end)) == Some(&b'=')
                    && tag_end(text, end).is_some_and(|end| text[end - 1] == b'>')
            }
        }
    }

    /// Attribute by attribute up to the end of the tag.
    fn repair_attributes(&mut self, repair: &mut Repair, findings: &mut Vec<Finding>) -> Ending {
        let text = self.text;
        loop {
            let next = skip_space(text, repair.at);
            repair.spaced |= next > repair.at;
            repair.at = next;
            let Some(&byte) = text.get(next) else { return Ending::EndOfFile };
            match byte {
                b'>' => {
                    repair.at += 1;
                    return Ending::Open;
                }
                b'<' => return Ending::Cut,
                b'/' if text.get(next + 1) == Some(&b'>') => {
                    repair.at += 2;
                    return Ending::SelfClosing;
                }
                b'/' => {
                    let close = skip_space(text, next + 1);
                    if text.get(close) == Some(&b'>') {
                        self.messy(repair, Span::new(next, close + 1), &tag_faults::SPACE_BEFORE_CLOSE, findings);
                        repair.at = close + 1;
                        return Ending::SelfClosing;
                    }
                    self.messy(repair, Span::new(next, next + 1), &tag_faults::UNEXPECTED, findings);
                    repair.at += 1;
                }
                b'"' | b'\'' => {
                    self.messy(repair, Span::new(next, next + 1), &tag_faults::STRAY_QUOTE, findings);
                    repair.at += 1;
                    repair.spaced = true;
                }
                b'=' => {
                    self.messy(repair, Span::new(next, next + 1), &tag_faults::UNEXPECTED, findings);
                    repair.at += 1;
                }
                _ => self.repair_attribute(repair, findings),
            }
        }
    }

    /// One attribute, of which the name begins at the position.
    fn repair_attribute(&mut self, repair: &mut Repair, findings: &mut Vec<Finding>) {
        let text = self.text;
        let from = repair.at;
        let mut run = from;
        while text.get(run).is_some_and(|byte| !is_space(*byte) && !b"/><='\"".contains(byte)) {
            run += 1;
        }
        let name = Span::new(from, run);
        let bytes = name.of(text);
        let mut damaged = false;
        if skip_name(text, from) != run || !Self::is_qualified_name(bytes) {
            // Punctuation alone is no name that went wrong.
            if skip_name_chars(bytes, 0) == 0 && text.get(skip_space(text, run)) != Some(&b'=') {
                self.messy(repair, name, &tag_faults::UNEXPECTED, findings);
                repair.at = run;
                repair.spaced = true;
                return;
            }
            if !repair.mess {
                self.bad_name(name, findings);
            }
            repair.mess = true;
            damaged = true;
            repair.shape.damaged = true;
        } else if !repair.spaced && !repair.mess {
            self.attribute_fault(codes::MISSING_SPACE, name, name, findings);
            repair.shape.damaged = true;
        }
        repair.spaced = false;
        let misnamed = damaged;
        let equals = skip_space(text, run);
        let mut attribute = Attribute {
            name,
            value: Span::at(run),
            prefixed: bytes.contains(&b':'),
            needs_normalising: false,
            damaged,
        };
        if text.get(equals) == Some(&b'=') {
            let open = skip_space(text, equals + 1);
            match text.get(open) {
                Some(b'"' | b'\'') => self.repair_value(repair, &mut attribute, open, findings),
                _ => self.unquoted_value(repair, &mut attribute, open, findings),
            }
        } else if matches!(text.get(equals), Some(b'"' | b'\'')) {
            if !attribute.damaged && !repair.mess {
                self.tag_fault(findings, name, repair.name, &tag_faults::NO_EQUALS);
            }
            attribute.damaged = true;
            self.repair_value(repair, &mut attribute, equals, findings);
        } else {
            // If the tag ends there without a `>`, that is what is told.
            let cut = matches!(text.get(equals), None | Some(b'<'));
            if !attribute.damaged && !repair.mess && !cut {
                self.attribute_fault(codes::MISSING_VALUE, name, name, findings);
            }
            attribute.damaged = true;
            repair.at = run;
        }
        repair.shape.damaged |= attribute.damaged;
        // What has no name is no attribute: its fault was told.
        if misnamed {
            return;
        }
        if bytes == b"xmlns" || bytes.starts_with(b"xmlns:") {
            self.workspace.declarations.push(attribute);
        } else {
            repair.shape.prefixes |= attribute.prefixed;
            self.workspace.attributes.push(attribute);
        }
    }

    /// `[10] AttValue`, which begins with the quote at `open`.
    fn repair_value(
        &mut self,
        repair: &mut Repair,
        attribute: &mut Attribute,
        open: usize,
        findings: &mut Vec<Finding>,
    ) {
        let text = self.text;
        let name = attribute.name;
        match value_end(text, open) {
            Value::Closed(close) => {
                attribute.value = Span::new(open + 1, close);
                repair.at = close + 1;
                let raw = attribute.value.of(text);
                // WFC: No < in Attribute Values
                for found in memchr_iter(b'<', raw) {
                    if !attribute.damaged {
                        let at = open + 1 + found;
                        self.attribute_fault(codes::BARE_LESS_THAN, Span::new(at, at + 1), name, findings);
                    }
                    attribute.damaged = true;
                }
                if let Some((at, character)) = find_bad_char(raw) {
                    if !attribute.damaged {
                        self.bad_char(open + 1 + at, character, findings);
                    }
                    attribute.damaged = true;
                }
            }
            Value::Unclosed(end, resume) => {
                attribute.value = Span::new(open + 1, end);
                if !attribute.damaged {
                    let span = if end > open + 1 { attribute.value } else { Span::new(open, open + 1) };
                    self.attribute_fault(codes::UNCLOSED_VALUE, span, name, findings);
                }
                attribute.damaged = true;
                repair.at = resume;
                repair.spaced = true;
                // If the tag has no end either, that is the same fault.
                repair.mess |= matches!(text.get(skip_space(text, resume)), None | Some(b'<'));
                self.poisoned = true;
            }
        }
        let raw = attribute.value.of(text);
        let references = memchr(b'&', raw).is_some();
        attribute.needs_normalising = references || raw.iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'));
        repair.shape.references |= references;
    }

    /// What stands behind an equals sign without a quote.
    fn unquoted_value(
        &mut self,
        repair: &mut Repair,
        attribute: &mut Attribute,
        open: usize,
        findings: &mut Vec<Finding>,
    ) {
        let text = self.text;
        let name = attribute.name;
        let mut end = open;
        while let Some(&byte) = text.get(end) {
            if is_space(byte) || byte == b'>' || byte == b'<' || (byte == b'/' && text.get(end + 1) == Some(&b'>')) {
                break;
            }
            end += 1;
        }
        let run = &text[open..end];
        let next_attribute =
            memchr(b'=', run).is_some_and(|at| at > 0 && matches!(run.get(at + 1), Some(b'"' | b'\'')));
        if run.is_empty() || next_attribute {
            if !attribute.damaged {
                self.attribute_fault(codes::MISSING_VALUE, name, name, findings);
            }
            attribute.damaged = true;
            attribute.value = Span::at(open.min(text.len()));
            repair.at = open;
            repair.spaced = true;
            return;
        }
        // A quote at its end shows that only the first one is missing; there may be blanks before it.
        let mut quoted = run.ends_with(b"'") || run.ends_with(b"\"");
        if !quoted
            && let Some(found) = text[end..].iter().position(|byte| b"'\"=<>/\n".contains(byte))
            && matches!(text[end + found], b'\'' | b'"')
            && text.get(end + found + 1).is_some_and(|byte| is_space(*byte) || matches!(byte, b'/' | b'>'))
        {
            quoted = true;
            end += found + 1;
        }
        attribute.value = Span::new(open, end - usize::from(quoted));
        if !attribute.damaged {
            self.attribute_fault(codes::UNQUOTED_VALUE, Span::new(open, end), name, findings);
        }
        attribute.needs_normalising = memchr(b'&', run).is_some();
        repair.shape.references |= attribute.needs_normalising;
        repair.shape.damaged = true;
        repair.at = end;
    }

    /// Reports something unintelligible between attributes, the first in a tag.
    fn messy(&self, repair: &mut Repair, span: Span, word: &'static &'static str, findings: &mut Vec<Finding>) {
        if !repair.mess {
            self.tag_fault(findings, span, repair.name, word);
        }
        repair.mess = true;
        repair.shape.damaged = true;
    }

    fn tag_fault(&self, findings: &mut Vec<Finding>, span: Span, related: Span, word: &'static &'static str) {
        let mut finding = Finding::new(codes::MALFORMED_TAG, Severity::Error, span);
        if related != span {
            finding = finding.related(related);
        }
        self.report(findings, finding.args([Arg::Word(word), Arg::None, Arg::None]));
    }

    fn attribute_fault(&self, code: Code, span: Span, name: Span, findings: &mut Vec<Finding>) {
        self.report(findings, Finding::new(code, Severity::Error, span).args([Arg::Span(name), Arg::None, Arg::None]));
    }

    /// Reports a name that is none, with the first character that is wrong.
    fn bad_name(&self, name: Span, findings: &mut Vec<Finding>) {
        let bytes = name.of(self.text);
        let mut at = 0;
        let mut start = true;
        while let Some(character) = char_at(bytes, at) {
            let fits = if start { is_name_start(character) } else { is_name_char(character) || character == ':' };
            if !fits {
                break;
            }
            start = character == ':';
            at += character.len_utf8();
        }
        // Every character is right, so it is a colon that is not.
        let wrong = char_at(bytes, at).unwrap_or(':');
        let finding = Finding::new(codes::BAD_NAME, Severity::Error, name);
        self.report(findings, finding.args([Arg::Char(wrong), Arg::None, Arg::None]));
    }
}

/// Where the value ends whose quote is at `open`.
fn value_end(text: &[u8], open: usize) -> Value {
    let quote = text[open];
    let from = open + 1;
    let Some(length) = memchr(quote, &text[from..]) else { return unclosed(text, open) };
    let close = from + length;
    let raw = &text[from..close];
    let ends_well = match text.get(close + 1) {
        None | Some(b'>') => true,
        Some(b'/') => text.get(close + 2) == Some(&b'>'),
        Some(byte) => is_space(*byte),
    };
    match memchr(b'<', raw) {
        None if ends_well || !ends_in_name_and_equals(raw) => Value::Closed(close),
        None => unclosed(text, open),
        Some(less) => {
            let tag = raw.get(less + 1).is_some_and(|byte| *byte == b'/' || byte.is_ascii_alphabetic());
            let lines = memchr(b'\n', raw).is_some();
            // The quote that seems to end the value opens another one, or is far away.
            if ends_in_name_and_equals(raw) || (lines && tag) || !ends_well {
                unclosed(text, open)
            } else {
                Value::Closed(close)
            }
        }
    }
}

/// Whether the last thing in a value is a name and an equals sign behind white space, as it is when the quote that seems to end the value
/// opens the next attribute's.
fn ends_in_name_and_equals(raw: &[u8]) -> bool {
    let Some(before) = raw.trim_ascii_end().strip_suffix(b"=") else { return false };
    let before = before.trim_ascii_end();
    let name =
        before.iter().rev().take_while(|byte| byte.is_ascii_alphanumeric() || b"_:.-".contains(byte) || **byte >= 0x80);
    let name = name.count();
    name > 0
        && before.len() > name
        && (is_space(before[before.len() - name - 1]) || b"'\"".contains(&before[before.len() - name - 1]))
}

/// Where a value ends that has no quote at its end: at the first place where a tag plausibly goes on.
fn unclosed(text: &[u8], open: usize) -> Value {
    let quote = text[open];
    let from = open + 1;
    let trimmed = |end: usize| from + text[from..end].trim_ascii_end().len();
    let mut at = from;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'<' => return Value::Unclosed(trimmed(at), at),
            b'>' => {
                let end = if at > from && text[at - 1] == b'/' { at - 1 } else { at };
                return Value::Unclosed(trimmed(end), end);
            }
            // The other quote by mistake.
            b'"' | b'\''
                if byte != quote
                    && text.get(at + 1).is_none_or(|next| is_space(*next) || matches!(next, b'/' | b'>')) =>
            {
                return Value::Unclosed(at, at + 1);
            }
            _ if is_space(byte) => {
                let name = skip_space(text, at);
                let end = skip_name(text, name);
                let equals = skip_space(text, end);
                if end > name
                    && text.get(equals) == Some(&b'=')
                    && matches!(text.get(skip_space(text, equals + 1)), Some(b'"' | b'\''))
                {
                    return Value::Unclosed(at, at);
                }
                // White space is passed as one, so that what follows it is read once.
                let line_end = memchr(b'\n', &text[at..name]);
                if line_end.is_some() {
                    return Value::Unclosed(at, at);
                }
                at = name - 1;
            }
            _ => {}
        }
        at += 1;
    }
    Value::Unclosed(trimmed(text.len()), text.len())
}
