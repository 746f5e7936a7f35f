//! Namespaces in XML 1.0: which URI a prefix stands for.
//!
//! libxml2 calls breaches of these rules namespace errors: the tree is built all the same, with the prefix as a part of the name. What
//! the author meant is lost then, so they are errors here.

use super::chars::{is_name_start, skip_name};
use super::references::value;
use super::{Attribute, Options, Reader};
use crate::diagnostic::{Arg, Finding, Severity, Span, codes};
use std::collections::HashMap;

/// The namespace of a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Namespace {
    /// None: no prefix, and no default namespace.
    #[default]
    None,
    /// The one at this position of [`Options::namespaces`].
    Known(u8),
    /// Any other.
    Foreign,
}

/// What `xml:` is always bound to.
const XML: &[u8] = b"http://www.w3.org/XML/1998/namespace";
/// What `xmlns:` is always bound to, and nothing else may be.
const XMLNS: &[u8] = b"http://www.w3.org/2000/xmlns/";
/// With more bindings in force than this they are found by hash, so that looking them up stays linear.
const FEW: usize = 32;

/// One declaration in force.
#[derive(Clone, Copy, Debug)]
struct Binding {
    /// The prefix in its declaration; empty for the default namespace.
    prefix: Span,
    /// The declaration's value.
    uri: Attribute,
    namespace: Namespace,
    /// The binding of the same prefix that this one hides, if bindings are found by hash.
    hidden: Option<u32>,
}

/// The declarations in force.
#[derive(Default)]
pub(super) struct Bindings {
    list: Vec<Binding>,
    /// The innermost binding of each prefix. Only kept once there are more than [`FEW`].
    index: HashMap<Box<[u8]>, u32>,
}

impl Bindings {
    pub fn clear(&mut self) {
        self.list.clear();
        if !self.index.is_empty() {
            self.index = HashMap::new();
        }
    }

    #[inline]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Ends all but the outermost `length` bindings.
    #[cold]
    pub fn truncate(&mut self, length: usize, text: &[u8]) {
        while self.list.len() > length
            && let Some(binding) = self.list.pop()
        {
            if !self.index.is_empty() {
                match binding.hidden {
                    Some(hidden) => self.index.insert(binding.prefix.of(text).into(), hidden),
                    None => self.index.remove(binding.prefix.of(text)),
                };
            }
        }
    }

    fn push(&mut self, mut binding: Binding, text: &[u8]) {
        if self.list.len() == FEW && self.index.is_empty() {
            for number in 0..FEW {
                self.list[number].hidden = self.index.insert(self.list[number].prefix.of(text).into(), number as u32);
            }
        }
        if !self.index.is_empty() {
            binding.hidden = self.index.insert(binding.prefix.of(text).into(), self.list.len() as u32);
        }
        self.list.push(binding);
    }

    fn find(&self, prefix: &[u8], text: &[u8]) -> Option<&Binding> {
        if self.index.is_empty() {
            self.list.iter().rev().find(|binding| binding.prefix.of(text) == prefix)
        } else {
            self.index.get(prefix).map(|number| &self.list[*number as usize])
        }
    }

    /// The namespace that a prefix stands for.
    pub fn namespace(&self, prefix: &[u8], text: &[u8]) -> Option<Namespace> {
        if prefix == b"xml" {
            Some(Namespace::Foreign)
        } else {
            self.find(prefix, text).map(|binding| binding.namespace)
        }
    }

    /// The URI that a prefix stands for.
    fn uri<'a>(&self, prefix: &[u8], text: &'a [u8], scratch: &'a mut Vec<u8>) -> &'a [u8] {
        if prefix == b"xml" {
            return XML;
        }
        self.find(prefix, text).map_or(b"", |binding| value(text, &binding.uri, scratch))
    }
}

fn known(uri: &[u8], options: &Options) -> Namespace {
    if uri.is_empty() {
        return Namespace::None;
    }
    let number = options.namespaces.iter().position(|(_, known)| known.as_bytes() == uri);
    number.and_then(|number| u8::try_from(number).ok()).map_or(Namespace::Foreign, Namespace::Known)
}

impl Reader<'_, '_, '_> {
    /// Puts the declarations of a start tag in force, and checks them.
    #[cold]
    pub(super) fn declare(&mut self, findings: &mut Vec<Finding>) {
        let text = self.text;
        let mut scratch = std::mem::take(&mut self.workspace.scratch);
        for number in 0..self.workspace.declarations.len() {
            let declaration = self.workspace.declarations[number];
            let name = declaration.name.of(text);
            let skip = if name.len() > 5 { 6 } else { 5 };
            let prefix = Span::new(declaration.name.start as usize + skip, declaration.name.end as usize);
            let uri = value(text, &declaration, &mut scratch);
            let namespace = known(uri, self.options);
            if !declaration.damaged
                && let Some((span, word)) = binding_fault(prefix, &declaration, uri, text)
            {
                let finding = Finding::new(codes::BAD_NAMESPACE_BINDING, Severity::Error, span);
                self.report(findings, finding.args([Arg::Word(word), Arg::None, Arg::None]));
            } else if !declaration.damaged && !uri.is_empty() && !is_uri(uri) {
                // libxml2 complains of this and binds the prefix all the same: nothing is lost.
                let finding = Finding::new(codes::BAD_NAMESPACE_BINDING, Severity::Warning, declaration.value);
                self.report(findings, finding.args([Arg::Word(&"no valid URI"), Arg::None, Arg::None]));
            }
            if prefix.is_empty() {
                self.default_namespace = namespace;
            } else if prefix.of(text) != b"xml" {
                // A wrong binding is in force too: that its prefix is used is no second fault.
                let namespace = if namespace == Namespace::None { Namespace::Foreign } else { namespace };
                self.workspace.bindings.push(Binding { prefix, uri: declaration, namespace, hidden: None }, text);
            }
        }
        self.workspace.scratch = scratch;
    }

    /// The namespace of a prefixed name, and whether its prefix is bound. Reports a prefix that is not, once.
    #[cold]
    pub(super) fn resolve(&mut self, prefix: Span, findings: &mut Vec<Finding>) -> (Namespace, bool) {
        // NSC: Prefix Declared
        let text = self.text;
        let name = prefix.of(text);
        if let Some(namespace) = self.workspace.bindings.namespace(name, text) {
            return (namespace, true);
        }
        let told = &mut self.workspace.unbound;
        if !told.iter().any(|told| told.of(text) == name) {
            if told.len() < FEW {
                told.push(prefix);
            }
            self.report(findings, Finding::new(codes::UNBOUND_PREFIX, Severity::Error, prefix));
        }
        (Namespace::Foreign, false)
    }

    /// The namespace of an attribute of the last start tag.
    pub fn attribute_namespace(&self, attribute: &Attribute) -> Namespace {
        let name = attribute.name.of(self.text);
        match name.iter().position(|byte| *byte == b':') {
            Some(colon) => self.workspace.bindings.namespace(&name[..colon], self.text).unwrap_or(Namespace::Foreign),
            None => Namespace::None,
        }
    }

    /// Resolves the prefixes of a start tag's attributes; reports what is unbound and what occurs twice.
    #[cold]
    pub(super) fn check_prefixes(&mut self, findings: &mut Vec<Finding>) {
        let text = self.text;
        let prefixed = self.workspace.attributes.iter().filter(|attribute| attribute.prefixed).count();
        // NSC: Attributes Unique. Two prefixes may stand for one URI, so that only equal local parts need a look.
        let few = prefixed <= FEW && !self.equal_local_parts();
        let mut first: HashMap<(Vec<u8>, &[u8]), Span> = HashMap::new();
        for number in 0..self.workspace.attributes.len() {
            let attribute = self.workspace.attributes[number];
            if !attribute.prefixed {
                continue;
            }
            let name = attribute.name.of(text);
            let Some(colon) = name.iter().position(|byte| *byte == b':') else { continue };
            let start = attribute.name.start as usize;
            let (_, bound) = self.resolve(Span::new(start, start + colon), findings);
            if !bound || few {
                continue;
            }
            let mut scratch = std::mem::take(&mut self.workspace.scratch);
            let uri = self.workspace.bindings.uri(&name[..colon], text, &mut scratch).to_vec();
            self.workspace.scratch = scratch;
            match first.entry((uri, &name[colon + 1..])) {
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(attribute.name);
                }
                // The same name twice was told as such.
                std::collections::hash_map::Entry::Occupied(entry) if entry.get().of(text) != name => {
                    let finding = Finding::new(codes::DUPLICATE_ATTRIBUTE, Severity::Error, attribute.name);
                    self.report(findings, finding.related(*entry.get()));
                }
                std::collections::hash_map::Entry::Occupied(_) => {}
            }
        }
    }

    /// Whether two of the last start tag's prefixed attributes have the same local part.
    fn equal_local_parts(&self) -> bool {
        let local = |attribute: &Attribute| {
            let name = attribute.name.of(self.text);
            &name[name.iter().position(|byte| *byte == b':').map_or(0, |colon| colon + 1)..]
        };
        let attributes = &self.workspace.attributes;
        attributes.iter().enumerate().filter(|(_, second)| second.prefixed).any(|(number, second)| {
            attributes[..number].iter().any(|first| first.prefixed && local(first) == local(second))
        })
    }

    /// `[7] QName ::= PrefixedName | UnprefixedName`: one colon at most, and a name on either side of it.
    pub(super) fn is_qualified_name(name: &[u8]) -> bool {
        match name.iter().position(|byte| *byte == b':') {
            None => true,
            Some(colon) => {
                let local = &name[colon + 1..];
                let starts = super::chars::char_at(local, 0).is_some_and(is_name_start);
                colon > 0 && starts && skip_name(local, 0) == local.len() && !local.contains(&b':')
            }
        }
    }
}

/// What is wrong with a declaration (NSC: Reserved Prefixes and Namespace Names, NSC: No Prefix Undeclaring).
fn binding_fault(
    prefix: Span,
    declaration: &Attribute,
    uri: &[u8],
    text: &[u8],
) -> Option<(Span, &'static &'static str)> {
    let name = prefix.of(text);
    match (name, uri) {
        (b"xml", XML) => None,
        (b"xml", _) => Some((declaration.value, &"xml stands for another URI")),
        (b"xmlns", _) => Some((declaration.name, &"xmlns cannot be declared")),
        (b"", XML) => Some((declaration.value, &"the namespace of xml cannot be the default")),
        (_, XML) => Some((declaration.value, &"the namespace of xml has the prefix xml only")),
        (_, XMLNS) => Some((declaration.value, &"the namespace of xmlns cannot be bound")),
        (b"", _) => None,
        (_, b"") => Some((declaration.name, &"a prefix cannot be bound to nothing")),
        _ => None,
    }
}

/// Whether libxml2 takes a namespace name for a URI reference (RFC 3986).
fn is_uri(uri: &[u8]) -> bool {
    let mut parts = uri.splitn(2, |byte| *byte == b'#');
    let front = parts.next().unwrap_or_default();
    let fragment = parts.next().unwrap_or_default();
    let path_end = front.iter().position(|byte| *byte == b'?').unwrap_or(front.len());
    let (mut path, query) = front.split_at(path_end);
    // scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ); without one the first segment has no colon.
    let segment = path.iter().position(|byte| *byte == b'/').unwrap_or(path.len());
    if let Some(colon) = path[..segment].iter().position(|byte| *byte == b':') {
        let scheme = &path[..colon];
        let follows = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
        if !scheme.first().is_some_and(u8::is_ascii_alphabetic) || !scheme.iter().all(follows) {
            return false;
        }
        path = &path[colon + 1..];
    }
    if let Some(rest) = path.strip_prefix(b"//") {
        let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
        if !is_authority(&rest[..end]) {
            return false;
        }
        path = &rest[end..];
    }
    is_uri_text(path, b"") && is_uri_text(query, b"") && is_uri_text(fragment, b"[]")
}

/// `authority = [ userinfo "@" ] host [ ":" port ]`
fn is_authority(authority: &[u8]) -> bool {
    let host = match authority.iter().position(|byte| *byte == b'@') {
        Some(at) if is_uri_text(&authority[..at], b"") => &authority[at + 1..],
        Some(_) => return false,
        None => authority,
    };
    let (name, rest) = match host.strip_prefix(b"[") {
        Some(inside) => match inside.iter().position(|byte| *byte == b']') {
            Some(close) => inside.split_at(close),
            None => return false,
        },
        None => host.split_at(host.iter().position(|byte| *byte == b':').unwrap_or(host.len())),
    };
    let port = rest.strip_prefix(b"]").unwrap_or(rest);
    let digits = port.strip_prefix(b":");
    let good = digits.is_some_and(|digits| (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit));
    is_uri_text(name, b"") && !name.contains(&b'@') && (port.is_empty() || good)
}

/// Whether text has only characters that may stand in a URI, and those in `more`; a percent sign begins two hexadecimal digits.
fn is_uri_text(text: &[u8], more: &[u8]) -> bool {
    text.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => text.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)),
        _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(byte) || more.contains(byte),
    })
}
