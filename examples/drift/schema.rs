//! libvirt's RELAX NG schemas (the XML syntax, with includes) as patterns, and what an element may hold by them.
//!
//! Only so much of RELAX NG is read as libvirt uses; anything else is an error and not passed over, because a report that leaves
//! something out looks just like one that found nothing.

use super::data::Data;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// The namespace of the schema language.
const RELAX_NG: &str = "http://relaxng.org/ns/structure/1.0";

/// Number of a pattern.
pub type Id = usize;

/// A pattern.
enum Pattern {
    Element {
        names: Vec<String>,
        any: bool,
        content: Id,
    },
    Attribute {
        names: Vec<String>,
        content: Id,
    },
    /// All of these, in an order or in any.
    All(Vec<Id>),
    Choice(Vec<Id>),
    /// It may be missing.
    Optional(Id),
    Reference(String),
    Value(String),
    Data(Data),
    Text,
    /// A list of tokens, whose grammar is not looked at.
    List,
    Empty,
    NotAllowed,
}

/// Values that an attribute or a text may have.
#[derive(Default)]
pub struct Values {
    /// Words that are listed.
    pub words: BTreeSet<String>,
    /// Data types.
    pub data: Vec<Data>,
    /// Any text.
    pub open: bool,
    /// Nothing at all is right, too.
    pub empty: bool,
    /// A list, whose grammar is not looked at.
    pub opaque: bool,
}

impl Values {
    /// Whether nothing but listed words may stand there.
    pub fn is_enumeration(&self) -> bool {
        !self.words.is_empty() && self.data.is_empty() && !self.open && !self.opaque
    }

    /// Whether no value may stand there.
    pub fn is_nothing(&self) -> bool {
        self.words.is_empty() && self.data.is_empty() && !self.open && !self.opaque
    }

    /// Whether this value may stand there.
    pub fn takes(&self, value: &str) -> bool {
        self.open
            || self.opaque
            || self.empty && value.is_empty()
            || self.words.contains(value)
            || self.data.iter().any(|data| data.takes(value))
    }
}

/// What an element may hold, in any of its variants.
#[derive(Default)]
pub struct Content {
    /// Attributes and their values.
    pub attributes: BTreeMap<String, Values>,
    /// Children by tag, and the patterns that they may follow.
    pub children: BTreeMap<String, BTreeSet<Id>>,
    /// `@name` of attributes and tags of children without which nothing is right.
    pub required: BTreeSet<String>,
    /// Text.
    pub text: Values,
    /// Children of any name.
    pub open: bool,
}

/// A schema.
pub struct Schema {
    patterns: Vec<Pattern>,
    defines: HashMap<String, Id>,
    start: Option<Id>,
    /// Prefixes by namespace.
    prefixes: Vec<(String, String)>,
}

impl Schema {
    /// Reads a schema's main file and all that it includes. `prefixes` says under which prefix names of a namespace are to appear:
    /// pairs of prefix and URI.
    pub fn read(file: &Path, prefixes: &[(&str, &str)]) -> Result<Schema, String> {
        let prefixes = prefixes.iter().map(|(prefix, uri)| ((*prefix).to_owned(), (*uri).to_owned())).collect();
        let mut schema = Schema { patterns: Vec::new(), defines: HashMap::new(), start: None, prefixes };
        let folder = file.parent().unwrap_or(Path::new("."));
        let name = file.file_name().and_then(|name| name.to_str()).ok_or("the schema has no name")?;
        schema.file(folder, name, &mut BTreeSet::new())?;
        for pattern in &schema.patterns {
            if let Pattern::Reference(name) = pattern
                && !schema.defines.contains_key(name)
            {
                return Err(format!("{}: nothing defines `{name}`", file.display()));
            }
        }
        Ok(schema)
    }

    /// The patterns of the root element of this name.
    pub fn roots(&self, tag: &str) -> Result<BTreeSet<Id>, String> {
        let mut content = Content::default();
        self.collect(self.start.ok_or("the schema has no start")?, &mut content);
        content.children.remove(tag).ok_or_else(|| format!("<{tag}> is no root of the schema"))
    }

    fn file(&mut self, folder: &Path, name: &str, read: &mut BTreeSet<String>) -> Result<(), String> {
        // Several files include the same basic types.
        if !read.insert(name.to_owned()) {
            return Ok(());
        }
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let document = roxmltree::Document::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        self.body(document.root_element(), folder, read).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn body(
        &mut self,
        node: roxmltree::Node<'_, '_>,
        folder: &Path,
        read: &mut BTreeSet<String>,
    ) -> Result<(), String> {
        for child in patterns_in(node) {
            match child.tag_name().name() {
                "include" => {
                    self.file(folder, attribute(child, "href")?, read)?;
                    // What stands inside an include takes the place of what the file says.
                    for define in patterns_in(child).filter(|define| define.has_tag_name((RELAX_NG, "define"))) {
                        self.defines.remove(attribute(define, "name")?);
                    }
                    self.body(child, folder, read)?;
                }
                "div" => self.body(child, folder, read)?,
                "start" => self.start = Some(self.sequence(patterns_in(child))?),
                "define" => {
                    let name = attribute(child, "name")?;
                    let mut id = self.sequence(patterns_in(child))?;
                    if let Some(before) = self.defines.get(name).copied() {
                        id = match child.attribute("combine") {
                            Some("choice") => self.push(Pattern::Choice(vec![before, id])),
                            Some("interleave") => self.push(Pattern::All(vec![before, id])),
                            _ => return Err(format!("`{name}` is defined twice")),
                        };
                    }
                    self.defines.insert(name.to_owned(), id);
                }
                other => return Err(format!("<{other}> is not understood here")),
            }
        }
        Ok(())
    }

    fn push(&mut self, pattern: Pattern) -> Id {
        self.patterns.push(pattern);
        self.patterns.len() - 1
    }

    fn sequence<'n>(&mut self, nodes: impl Iterator<Item = roxmltree::Node<'n, 'n>>) -> Result<Id, String> {
        let parts = nodes.map(|node| self.pattern(node)).collect::<Result<Vec<_>, _>>()?;
        Ok(if let [one] = parts[..] { one } else { self.push(Pattern::All(parts)) })
    }

    fn pattern(&mut self, node: roxmltree::Node<'_, '_>) -> Result<Id, String> {
        let pattern = match node.tag_name().name() {
            kind @ ("element" | "attribute") => {
                let mut parts: Vec<_> = patterns_in(node).collect();
                let (names, any) = match node.attribute("name") {
                    Some(name) => (vec![self.qualified(node, name, kind == "element")], false),
                    None => {
                        let mut names = Vec::new();
                        let any = self.name_class(parts.remove(0), kind == "element", &mut names)?;
                        (names, any)
                    }
                };
                let is_attribute = kind == "attribute";
                let content = if parts.is_empty() && is_attribute {
                    self.push(Pattern::Text)
                } else {
                    self.sequence(parts.into_iter())?
                };
                if is_attribute {
                    Pattern::Attribute { names, content }
                } else {
                    Pattern::Element { names, any, content }
                }
            }
            "group" | "interleave" | "oneOrMore" => return self.sequence(patterns_in(node)),
            "optional" | "zeroOrMore" => Pattern::Optional(self.sequence(patterns_in(node))?),
            "mixed" => {
                let parts = vec![self.push(Pattern::Text), self.sequence(patterns_in(node))?];
                Pattern::All(parts)
            }
            "choice" => Pattern::Choice(patterns_in(node).map(|part| self.pattern(part)).collect::<Result<_, _>>()?),
            "ref" => Pattern::Reference(attribute(node, "name")?.to_owned()),
            "value" => Pattern::Value(node.text().unwrap_or_default().to_owned()),
            "data" => {
                let mut data = Data::new(attribute(node, "type")?)?;
                for part in patterns_in(node) {
                    match part.tag_name().name() {
                        "except" => data.except.extend(words_in(part)?),
                        _ => data.restrict(attribute(part, "name")?, part.text().unwrap_or_default())?,
                    }
                }
                Pattern::Data(data)
            }
            "list" => Pattern::List,
            "text" => Pattern::Text,
            "empty" => Pattern::Empty,
            "notAllowed" => Pattern::NotAllowed,
            other => return Err(format!("<{other}> is not understood here")),
        };
        Ok(self.push(pattern))
    }

    /// Reads a name class: names go to `names`; whether there are also names that are not listed is returned.
    fn name_class(
        &self,
        node: roxmltree::Node<'_, '_>,
        element: bool,
        names: &mut Vec<String>,
    ) -> Result<bool, String> {
        match node.tag_name().name() {
            "name" => {
                names.push(self.qualified(node, node.text().unwrap_or_default().trim(), element));
                Ok(false)
            }
            "anyName" | "nsName" => Ok(true),
            "choice" => patterns_in(node).try_fold(false, |any, part| Ok(self.name_class(part, element, names)? | any)),
            other => Err(format!("<{other}> is no name class")),
        }
    }

    /// A name with the usual prefix of its namespace.
    fn qualified(&self, node: roxmltree::Node<'_, '_>, name: &str, element: bool) -> String {
        let (uri, local) = match name.split_once(':') {
            Some((prefix, local)) => (node.lookup_namespace_uri(Some(prefix)), local),
            // `ns` is inherited by elements' names, not by those of attributes.
            None if element => (node.ancestors().find_map(|ancestor| ancestor.attribute("ns")), name),
            None => (node.attribute("ns"), name),
        };
        match uri.filter(|uri| !uri.is_empty()) {
            None => local.to_owned(),
            Some(uri) => match self.prefixes.iter().find(|(_, known)| known == uri) {
                Some((prefix, _)) => format!("{prefix}:{local}"),
                None => format!("{{{uri}}}{local}"),
            },
        }
    }

    /// What the elements of these patterns may hold together; required is what all of them require.
    pub fn content(&self, elements: &BTreeSet<Id>) -> Content {
        let mut content = Content::default();
        let mut required: Option<BTreeSet<String>> = None;
        for element in elements {
            let Pattern::Element { content: inner, .. } = &self.patterns[*element] else { continue };
            self.collect(*inner, &mut content);
            let mine = self.required(*inner);
            required = Some(match required {
                None => mine,
                Some(others) => others.intersection(&mine).cloned().collect(),
            });
        }
        content.required = required.unwrap_or_default();
        content
    }

    /// Whether nothing can ever match: what is built on `notAllowed` is a place that another schema fills.
    fn is_dead(&self, id: Id) -> bool {
        match &self.patterns[id] {
            Pattern::NotAllowed => true,
            Pattern::All(parts) => parts.iter().any(|part| self.is_dead(*part)),
            Pattern::Choice(parts) => parts.iter().all(|part| self.is_dead(*part)),
            Pattern::Reference(name) => self.is_dead(self.defines[name]),
            Pattern::Attribute { content, .. } => self.is_dead(*content),
            // No deeper than this: an element may hold itself.
            Pattern::Element { content, .. } => matches!(self.patterns[*content], Pattern::NotAllowed),
            _ => false,
        }
    }

    fn collect(&self, id: Id, into: &mut Content) {
        if self.is_dead(id) {
            return;
        }
        match &self.patterns[id] {
            Pattern::Element { names, any, .. } => {
                into.open |= any;
                for name in names {
                    into.children.entry(name.clone()).or_default().insert(id);
                }
            }
            Pattern::Attribute { names, content, .. } => {
                for name in names {
                    self.values(*content, into.attributes.entry(name.clone()).or_default());
                }
            }
            Pattern::All(parts) | Pattern::Choice(parts) => parts.iter().for_each(|part| self.collect(*part, into)),
            Pattern::Optional(part) => self.collect(*part, into),
            Pattern::Reference(name) => self.collect(self.defines[name], into),
            _ => self.values(id, &mut into.text),
        }
    }

    fn values(&self, id: Id, into: &mut Values) {
        match &self.patterns[id] {
            Pattern::Value(word) => {
                // Words are compared after white space is collapsed.
                into.words.insert(word.split_whitespace().collect::<Vec<_>>().join(" "));
            }
            Pattern::Data(data) => {
                if !into.data.contains(data) {
                    into.data.push(data.clone());
                }
            }
            Pattern::Text => into.open = true,
            Pattern::List => into.opaque = true,
            Pattern::Empty => into.empty = true,
            Pattern::All(parts) | Pattern::Choice(parts) => parts.iter().for_each(|part| self.values(*part, into)),
            Pattern::Optional(part) => self.values(*part, into),
            Pattern::Reference(name) => self.values(self.defines[name], into),
            Pattern::Element { .. } | Pattern::Attribute { .. } | Pattern::NotAllowed => {}
        }
    }

    /// The attributes (`@name`) and children (`name`) that every match has.
    fn required(&self, id: Id) -> BTreeSet<String> {
        match &self.patterns[id] {
            Pattern::Element { names, .. } if names.len() == 1 => names.iter().cloned().collect(),
            Pattern::Attribute { names, .. } if names.len() == 1 => {
                names.iter().map(|name| format!("@{name}")).collect()
            }
            Pattern::All(parts) => parts.iter().flat_map(|part| self.required(*part)).collect(),
            Pattern::Choice(parts) => {
                let alive = parts.iter().filter(|part| !self.is_dead(**part)).map(|part| self.required(*part));
                alive.reduce(|a, b| a.intersection(&b).cloned().collect()).unwrap_or_default()
            }
            Pattern::Reference(name) => self.required(self.defines[name]),
            _ => BTreeSet::new(),
        }
    }
}

/// The children that are of the schema language.
fn patterns_in<'a, 'input>(node: roxmltree::Node<'a, 'input>) -> impl Iterator<Item = roxmltree::Node<'a, 'input>> {
    node.children().filter(|child| child.is_element() && child.tag_name().namespace() == Some(RELAX_NG))
}

/// The words of an exception.
fn words_in(node: roxmltree::Node<'_, '_>) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    for part in patterns_in(node) {
        match part.tag_name().name() {
            "value" => words.push(part.text().unwrap_or_default().to_owned()),
            "choice" => words.extend(words_in(part)?),
            other => return Err(format!("<{other}> is not understood in an exception")),
        }
    }
    Ok(words)
}

fn attribute<'a>(node: roxmltree::Node<'a, '_>, name: &str) -> Result<&'a str, String> {
    node.attribute(name).ok_or_else(|| format!("<{}> without `{name}`", node.tag_name().name()))
}
