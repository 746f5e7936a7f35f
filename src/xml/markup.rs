//! What is neither tag nor text: comments, instructions, CDATA sections, the XML declaration, the document type declaration. And text with
//! anything in it but white space.

use super::chars::{IN_TEXT, find_bad_char, is, is_char, is_space, skip_name, skip_name_chars, skip_space};
use super::reader::{Phase, Reader};
use super::references::char_span;
use super::{Event, Text, TextKind};
use crate::diagnostic::{Arg, Code, Finding, Severity, Span, codes};
use memchr::{memchr, memchr_iter, memchr3};

/// A document type declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doctype {
    /// It has an internal subset, so that nothing can be said of entities.
    pub subset: bool,
    /// It names an external subset, which libvirt does not read.
    pub external: bool,
}

impl<'d> Reader<'d, '_, '_> {
    /// `<!` or `<?` at the position.
    #[inline(never)]
    pub(super) fn markup(&mut self, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let start = self.position;
        let rest = &self.text[start..];
        let first = self.phase == Phase::Begin;
        if first {
            self.phase = Phase::Prolog;
        }
        if rest.starts_with(b"<!--") {
            self.comment(start, findings);
        } else if rest.starts_with(b"<![CDATA[") {
            return self.cdata(start, findings);
        } else if rest.starts_with(b"<?") {
            self.instruction(start, first, findings);
        } else if rest.get(2..9).is_some_and(|word| word.eq_ignore_ascii_case(b"DOCTYPE")) {
            self.doctype(start, findings);
        } else {
            // Nothing else begins with `<!` outside a DTD.
            let end = memchr::memchr2(b'<', b'>', &rest[1..]).map_or(rest.len(), |found| found + 1);
            // What is meant to be a CDATA section ends like one.
            let next = memchr(b'<', &rest[1..]).map_or(rest.len(), |found| found + 1);
            let section = if rest.starts_with(b"<![") { memchr::memmem::find(&rest[..next], b"]]>") } else { None };
            let end = section.map_or(end + usize::from(rest.get(end) == Some(&b'>')), |found| found + 3);
            self.fault(findings, codes::MALFORMED_TAG, Span::new(start, start + 2), Some(&"unknown declaration"));
            self.position = start + end;
        }
        None
    }

    /// Reports an error with a word.
    pub(super) fn fault(
        &self,
        findings: &mut Vec<Finding>,
        code: Code,
        span: Span,
        word: Option<&'static &'static str>,
    ) {
        let arg = word.map_or(Arg::None, Arg::Word);
        self.report(findings, Finding::new(code, Severity::Error, span).args([arg, Arg::None, Arg::None]));
    }

    /// Reports the first character of a range that XML does not allow; whether there is one.
    pub(super) fn check_chars(&self, start: usize, end: usize, findings: &mut Vec<Finding>) -> bool {
        // [2] Char
        let Some((at, character)) = find_bad_char(&self.text[start..end]) else { return false };
        self.bad_char(start + at, character, findings);
        true
    }

    pub(super) fn bad_char(&self, at: usize, character: char, findings: &mut Vec<Finding>) {
        let finding = Finding::new(codes::BAD_CHARACTER, Severity::Error, char_span(self.text, at));
        self.report(findings, finding.args([Arg::Char(character), Arg::Number(character as i64), Arg::None]));
    }

    /// `[15] Comment ::= '<!--' ((Char - '-') | ('-' (Char - '-')))* '-->'`
    fn comment(&mut self, start: usize, findings: &mut Vec<Finding>) {
        let text = self.text;
        let body = start + 4;
        let mut double = None;
        for found in memchr_iter(b'-', &text[body..]) {
            let at = body + found;
            if text.get(at + 1) != Some(&b'-') {
                continue;
            }
            if text.get(at + 2) == Some(&b'>') {
                match double {
                    None => {
                        self.check_chars(body, at, findings);
                    }
                    // Of several faults in a comment one is enough.
                    Some(double) => self.fault(findings, codes::DOUBLE_HYPHEN, Span::new(double, double + 2), None),
                }
                self.position = at + 3;
                return;
            }
            if at >= body + 2 && &text[at - 2..at] == b"<!" {
                // Another comment begins: it was this one's end that is missing.
                let finding = Finding::new(codes::UNCLOSED_COMMENT, Severity::Error, Span::new(start, body));
                self.report(findings, finding.related(Span::new(at - 2, at + 2)));
                self.resume_after_comment(body, at - 2);
                return;
            }
            double.get_or_insert(at);
        }
        self.fault(findings, codes::UNCLOSED_COMMENT, Span::new(start, body), None);
        self.resume_after_comment(body, text.len());
    }

    /// Goes on behind a comment without an end: after something that looks like a mistyped one, else at `limit`.
    fn resume_after_comment(&mut self, body: usize, limit: usize) {
        let text = self.text;
        self.damage();
        self.position = limit;
        for found in memchr_iter(b'-', &text[body..limit]) {
            let at = body + found;
            let behind = skip_space(&text[..limit], at + 1);
            let double = at > body && text[at - 1] == b'-';
            if text[..limit].get(behind) == Some(&b'>') && (behind == at + 1 || double) {
                self.position = behind + 1;
                return;
            }
        }
    }

    /// `[18] CDSect ::= CDStart CData CDEnd`
    fn cdata(&mut self, start: usize, findings: &mut Vec<Finding>) -> Option<Event<'d>> {
        let text = self.text;
        let body = start + 9;
        let end = if self.no_cdata_end { None } else { memchr::memmem::find(&text[body..], b"]]>") };
        let (end, damaged) = match end {
            Some(found) => {
                self.position = body + found + 3;
                (body + found, false)
            }
            None => {
                // What a section without an end held is likely to end in front of the next end tag.
                self.no_cdata_end = true;
                self.fault(findings, codes::UNCLOSED_CDATA, Span::new(start, body), None);
                self.damage();
                let end = memchr_iter(b'<', &text[body..]).find(|at| text.get(body + at + 1) == Some(&b'/'));
                let end = end.map_or(text.len(), |found| body + found);
                self.position = end;
                (end, true)
            }
        };
        if self.phase != Phase::Content {
            self.outside(Span::new(start, body), findings);
            return None;
        }
        let damaged = damaged | self.check_chars(body, end, findings);
        let raw = &text[body..end];
        Some(Event::Text(Text {
            raw,
            span: Span::new(body, end),
            kind: TextKind::Cdata,
            blank: raw.iter().all(|byte| is_space(*byte)),
            needs_decoding: memchr(b'\r', raw).is_some(),
            damaged,
        }))
    }

    /// Character data outside the root.
    pub(super) fn outside(&mut self, span: Span, findings: &mut Vec<Finding>) {
        // [1] document ::= prolog element Misc*. Once for each document: the rest follows from it.
        if !self.told_text {
            self.told_text = true;
            self.fault(findings, codes::TEXT_OUTSIDE_ROOT, span, None);
        }
    }

    /// `[14] CharData ::= [^<&]* - ([^<&]* ']]>' [^<&]*)` and `[67] Reference`, from `start` to `end`; the first byte that is no white space
    /// is at `inked`.
    pub(super) fn inked_text(
        &mut self,
        start: usize,
        inked: usize,
        end: usize,
        findings: &mut Vec<Finding>,
    ) -> Option<Event<'d>> {
        let text = self.text;
        self.position = end;
        if self.phase != Phase::Content {
            if self.phase == Phase::Begin {
                self.phase = Phase::Prolog;
            }
            let length = text[inked..end].trim_ascii_end().len();
            self.outside(Span::new(inked, inked + length), findings);
            return None;
        }
        let (mut references, mut returns, mut damaged) = (false, false, false);
        let mut at = inked;
        while at < end {
            let byte = text[at];
            if is(byte, IN_TEXT) {
                match byte {
                    b'&' => references = true,
                    b'\r' => returns = true,
                    b']' => {
                        if text[at..end].starts_with(b"]]>") {
                            damaged = true;
                            self.fault(findings, codes::CDATA_END_IN_TEXT, Span::new(at, at + 3), None);
                        }
                    }
                    _ => {
                        if let Some(character) = super::chars::char_at(text, at)
                            && !is_char(character)
                            && !damaged
                        {
                            damaged = true;
                            self.bad_char(at, character, findings);
                        }
                    }
                }
            }
            at += 1;
        }
        if references {
            damaged |= !self.check_text_references(start, end, findings);
        }
        Some(Event::Text(Text {
            raw: &text[start..end],
            span: Span::new(start, end),
            kind: TextKind::Plain,
            blank: false,
            needs_decoding: references | returns,
            damaged,
        }))
    }

    /// The references of a text; whether all are right.
    #[cold]
    fn check_text_references(&self, start: usize, end: usize, findings: &mut Vec<Finding>) -> bool {
        self.check_value_references(Span::new(start, end), findings)
    }

    /// What an entity that XML itself does not have amounts to (WFC: Entity Declared). `None` if there is an internal subset, which was
    /// reported and may declare it.
    pub(super) fn entity_severity(&self) -> Option<Severity> {
        match self.doctype {
            Some(doctype) if doctype.subset => None,
            // It may be declared outside; libvirt reads nothing there and drops the reference.
            Some(doctype) if doctype.external && !self.standalone => Some(Severity::Warning),
            _ => Some(Severity::Error),
        }
    }

    /// `[16] PI ::= '<?' PITarget (S (Char* - (Char* '?>' Char*)))? '?>'` or, as the very first thing, `[23] XMLDecl`.
    fn instruction(&mut self, start: usize, first: bool, findings: &mut Vec<Finding>) {
        let text = self.text;
        let target = start + 2;
        let target_end = skip_name(text, target);
        let name = &text[target..target_end];
        if name == b"xml" {
            let stream = self.phase == Phase::Epilog
                && self.root.is_some_and(|root| (self.options.is_document_root)(root.of(text)));
            let in_place = first || (stream && self.pending_declaration.is_none());
            if in_place {
                if stream {
                    self.pending_declaration = Some(Span::new(start, target_end));
                }
                self.declaration(start, target_end, findings);
                return;
            }
            self.fault(findings, codes::MISPLACED_DECLARATION, Span::new(start, target_end), None);
            self.position = self.instruction_end(target).unwrap_or_else(|| self.broken_instruction_end(target_end));
            return;
        }
        let Some(end) = self.instruction_end(target) else {
            let end = self.broken_instruction_end(target_end);
            self.fault(findings, codes::MALFORMED_INSTRUCTION, Span::new(start, target_end), Some(&"not closed"));
            if end == text.len() {
                self.damage();
            }
            self.position = end;
            return;
        };
        self.position = end;
        if name.is_empty() {
            self.fault(findings, codes::MALFORMED_INSTRUCTION, Span::new(start, target), Some(&"no target"));
        } else if name.eq_ignore_ascii_case(b"xml") {
            // [17] PITarget ::= Name - (('X' | 'x') ('M' | 'm') ('L' | 'l'))
            self.fault(findings, codes::MALFORMED_INSTRUCTION, Span::new(target, target_end), Some(&"reserved target"));
        } else if name.contains(&b':') {
            // Namespaces in XML 1.0, section 7: no colon in a target.
            self.fault(
                findings,
                codes::MALFORMED_INSTRUCTION,
                Span::new(target, target_end),
                Some(&"colon in the target"),
            );
        } else if target_end != end - 2 && !is_space(text[target_end]) {
            let span = char_span(text, target_end);
            self.fault(findings, codes::MALFORMED_INSTRUCTION, span, Some(&"no space after the target"));
        } else {
            self.check_chars(target_end, end - 2, findings);
        }
    }

    /// The offset after the next `?>`.
    fn instruction_end(&mut self, from: usize) -> Option<usize> {
        if self.no_instruction_end {
            return None;
        }
        let end = memchr::memmem::find(&self.text[from..], b"?>").map(|found| from + found + 2);
        self.no_instruction_end = end.is_none();
        end
    }

    /// Where to go on behind an instruction without `?>`: after the next `>` if no tag begins before it.
    fn broken_instruction_end(&self, from: usize) -> usize {
        match memchr::memchr2(b'<', b'>', &self.text[from..]) {
            Some(found) => from + found + usize::from(self.text[from + found] == b'>'),
            None => self.text.len(),
        }
    }

    /// `[23] XMLDecl ::= '<?xml' VersionInfo EncodingDecl? SDDecl? S? '?>'`. What the encoding means was for [`super::Document`] to decide.
    fn declaration(&mut self, start: usize, name_end: usize, findings: &mut Vec<Finding>) {
        let text = self.text;
        // None of its values may hold `<` or `>`.
        let stop = self.broken_instruction_end(name_end);
        self.position = stop;
        let closed = stop >= name_end + 2 && text[..stop].ends_with(b"?>");
        let body_end = if closed { stop - 2 } else { stop - usize::from(text[..stop].ends_with(b">")) };
        let body = &text[..body_end];
        let wrong = |span: Span, word: &'static &'static str| Some((span, word));
        let mut at = name_end;
        let mut expected = 0;
        let fault = loop {
            let space = skip_space(body, at);
            if space == body_end {
                break if expected == 0 {
                    wrong(Span::new(start, name_end), &"no version")
                } else if !closed {
                    wrong(Span::new(body_end, stop), &"must end with ?>")
                } else {
                    None
                };
            }
            let key_end = skip_name(body, space);
            let key = Span::new(space, key_end.max((space + 1).min(body_end)));
            if key_end == space {
                break wrong(char_span(text, space), &"unexpected");
            }
            if space == at {
                break wrong(key, &"no space in front of it");
            }
            let equals = skip_space(body, key_end);
            if body.get(equals) != Some(&b'=') {
                break wrong(key, &"no value");
            }
            let open = skip_space(body, equals + 1);
            let Some(quote) = body.get(open).copied().filter(|quote| matches!(quote, b'"' | b'\'')) else {
                break wrong(key, &"value without quotes");
            };
            let Some(length) = memchr(quote, &body[open + 1..]) else {
                break wrong(Span::new(open, body_end), &"value not closed");
            };
            let value = Span::new(open + 1, open + 1 + length);
            at = value.end as usize + 1;
            let rank = match key.of(text) {
                b"version" => 1,
                b"encoding" => 2,
                b"standalone" => 3,
                _ => break wrong(key, &"unknown"),
            };
            if expected == 0 && rank != 1 {
                break wrong(key, &"the version comes first");
            }
            if rank <= expected {
                break wrong(key, &"not in this place");
            }
            expected = rank;
            let bytes = value.of(text);
            match rank {
                // [26] VersionNum ::= '1.' [0-9]+
                1 if bytes == b"1.0" => {}
                1 if bytes.starts_with(b"1.") && bytes[2..].iter().all(u8::is_ascii_digit) => {
                    // A parser of XML 1.0 reads it as 1.0, libxml2 with a warning.
                    let finding = Finding::new(codes::MALFORMED_DECLARATION, Severity::Warning, value);
                    self.report(findings, finding.args([Arg::Word(&"version is not 1.0"), Arg::None, Arg::None]));
                }
                1 => break wrong(value, &"version is not 1.0"),
                // [81] EncName ::= [A-Za-z] ([A-Za-z0-9._] | '-')*
                2 if bytes.first().is_some_and(u8::is_ascii_alphabetic)
                    && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')) => {}
                2 => break wrong(value, &"no encoding name"),
                // [32] SDDecl ::= S 'standalone' Eq (("'" ('yes' | 'no') "'") | ('"' ('yes' | 'no') '"'))
                _ if bytes == b"yes" => self.standalone = true,
                _ if bytes == b"no" => {}
                _ => break wrong(value, &"neither yes nor no"),
            }
        };
        if let Some((span, word)) = fault {
            self.fault(findings, codes::MALFORMED_DECLARATION, span, Some(word));
        }
    }

    /// `[28] doctypedecl ::= '<!DOCTYPE' S Name (S ExternalID)? S? ('[' intSubset ']' S?)? '>'`
    fn doctype(&mut self, start: usize, findings: &mut Vec<Finding>) {
        let text = self.text;
        let word_end = start + 9;
        let bounds = self.doctype_bounds(word_end);
        self.position = bounds.end;
        let stream =
            self.phase == Phase::Epilog && self.root.is_some_and(|root| (self.options.is_document_root)(root.of(text)));
        let slot = if stream { self.pending_doctype } else { self.doctype };
        let in_place = self.phase == Phase::Prolog || stream;
        let mut doctype = Doctype { subset: bounds.subset.is_some(), external: false };
        let fault = if let Some(subset) = bounds.subset {
            // Entities are an attack, and libvirt documents have none: nothing in there is read.
            self.fault(findings, codes::DTD, Span::new(subset, subset + 1), None);
            if !bounds.closed {
                self.give_up();
            }
            None
        } else if &text[start..word_end] != b"<!DOCTYPE" {
            Some((Span::new(start, word_end), &"lower case"))
        } else if !in_place {
            Some((Span::new(start, word_end), &"misplaced"))
        } else if slot.is_some() {
            Some((Span::new(start, word_end), &"second"))
        } else {
            doctype_fault(text, word_end, bounds.end - usize::from(bounds.closed), &mut doctype)
                .or((!bounds.closed).then_some((Span::new(start, word_end), &"not closed")))
        };
        if let Some((span, word)) = fault {
            self.fault(findings, codes::MALFORMED_DOCTYPE, span, Some(word));
        } else if bounds.subset.is_none() {
            self.report(findings, Finding::new(codes::DOCTYPE, Severity::Warning, Span::new(start, bounds.end)));
        }
        if stream {
            self.pending_doctype = Some(doctype);
        } else {
            self.doctype.get_or_insert(doctype).subset |= doctype.subset;
        }
    }

    /// Where a document type declaration ends and whether it has an internal subset, whatever else is wrong with it.
    fn doctype_bounds(&self, from: usize) -> DoctypeBounds {
        let text = self.text;
        let mut at = from;
        while let Some(&byte) = text.get(at) {
            match byte {
                b'>' => return DoctypeBounds { end: at + 1, closed: true, subset: None },
                b'<' => return DoctypeBounds { end: at, closed: false, subset: None },
                b'[' => {
                    let end = subset_end(text, at + 1);
                    return DoctypeBounds { end: end.unwrap_or(text.len()), closed: end.is_some(), subset: Some(at) };
                }
                b'"' | b'\'' => match memchr3(byte, b'<', b'<', &text[at + 1..]) {
                    // A literal that runs into a tag was not closed.
                    Some(found) if text[at + 1 + found] == byte => at += found + 1,
                    _ => {}
                },
                _ => {}
            }
            at += 1;
        }
        DoctypeBounds { end: text.len(), closed: false, subset: None }
    }
}

struct DoctypeBounds {
    /// Offset after the declaration.
    end: usize,
    /// It ends in `>`.
    closed: bool,
    /// Offset of the internal subset's `[`.
    subset: Option<usize>,
}

/// The offset after the `>` behind `[28b] intSubset` and its `]`. Quotes, comments and instructions hide what is in them.
fn subset_end(text: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    let mut declaration = false;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'"' | b'\'' | b'<' | b'>' | b']'))?;
        let rest = &text[at..];
        at += match rest[0] {
            b'<' if rest.starts_with(b"<!--") => 4 + memchr::memmem::find(&rest[4..], b"-->")? + 3,
            b'<' if rest.starts_with(b"<?") => 2 + memchr::memmem::find(&rest[2..], b"?>")? + 2,
            quote @ (b'"' | b'\'') if declaration => 1 + memchr(quote, &rest[1..])? + 1,
            b']' if !declaration => {
                let close = skip_space(text, at + 1);
                return if text.get(close) == Some(&b'>') {
                    Some(close + 1)
                } else {
                    memchr(b'>', rest).map(|found| at + found + 1)
                };
            }
            byte => {
                declaration = byte == b'<' || (declaration && byte != b'>');
                1
            }
        };
    }
}

/// The first fault of a declaration without internal subset, from the end of `<!DOCTYPE` to its `>`.
fn doctype_fault(text: &[u8], from: usize, to: usize, doctype: &mut Doctype) -> Option<(Span, &'static &'static str)> {
    let body = &text[..to];
    let here = |at: usize| if at < to { char_span(text, at) } else { Span::new(from - 9, from) };
    let name = skip_space(body, from);
    let name_end = skip_name(body, name);
    if name == from || name_end == name {
        return Some((here(name), &"no name"));
    }
    let keyword = skip_space(body, name_end);
    if keyword == to {
        return None;
    }
    // [75] ExternalID ::= 'SYSTEM' S SystemLiteral | 'PUBLIC' S PubidLiteral S SystemLiteral
    let keyword_end = skip_name_chars(body, keyword);
    let public = match &body[keyword..keyword_end] {
        b"PUBLIC" if keyword > name_end => true,
        b"SYSTEM" if keyword > name_end => false,
        _ => return Some((here(keyword), &"unexpected")),
    };
    doctype.external = true;
    let mut at = keyword_end;
    for number in 0..1 + usize::from(public) {
        let open = skip_space(body, at);
        let Some(quote) = body.get(open).copied().filter(|quote| matches!(quote, b'"' | b'\'')) else {
            return Some((here(open), &"no literal"));
        };
        if open == at {
            return Some((here(open), &"no space"));
        }
        let Some(length) = memchr(quote, &body[open + 1..]) else {
            return Some((Span::new(open, to), &"literal not closed"));
        };
        let literal = &body[open + 1..open + 1 + length];
        if public && number == 0 {
            // [13] PubidChar
            let known = |byte: &u8| byte.is_ascii_alphanumeric() || b" \r\n-'()+,./:=?;!*#@$_%".contains(byte);
            if let Some(bad) = literal.iter().position(|byte| !known(byte)) {
                return Some((char_span(text, open + 1 + bad), &"character in the public identifier"));
            }
        } else if let Some((bad, _)) = find_bad_char(literal) {
            return Some((char_span(text, open + 1 + bad), &"character"));
        }
        at = open + length + 2;
    }
    let rest = skip_space(body, at);
    (rest != to).then(|| (here(rest), &"unexpected") as (Span, &'static &'static str))
}
