//! The rule table as a person writes it: the TOML of `rules/`, read with serde.
//!
//! The language is described in `rules/README.md`. Names keep their place in the file ([`Spanned`]), so that a name which does not
//! exist is told with line and column just like a key that does not.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
pub use toml::Spanned;

/// A map whose keys know where they stand.
pub type Map<T> = BTreeMap<Spanned<String>, T>;

/// One rule file.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct File {
    /// Tags that may be a document's root, and their element types.
    #[serde(default)]
    pub root: Map<Spanned<String>>,
    /// Element types.
    #[serde(default)]
    pub element: Map<Block>,
    /// Blocks that several elements use.
    #[serde(default)]
    pub group: Map<Block>,
    /// Value types.
    #[serde(default)]
    pub r#type: Map<Type>,
    /// Hypervisor namespaces by their usual prefix.
    #[serde(default)]
    pub namespace: Map<Namespace>,
    /// Documentation of the codes that Rust code reports.
    #[serde(default)]
    pub code: Map<CodeDoc>,
    /// Rules that look across elements.
    #[serde(default)]
    pub rule: Vec<Rule>,
}

/// A hypervisor's namespace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Namespace {
    /// The namespace name.
    pub uri: String,
}

/// What a code of `diagnostic::codes` means.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CodeDoc {
    /// `error`, `warning` or `info`.
    pub severity: String,
    /// What libvirt does, unless the elements or types say otherwise: `refused`, `dropped`, `misread`, `validation-only`; `none` where it
    /// does nothing.
    pub consequence: Spanned<String>,
    /// What is wrong, in one sentence.
    pub summary: String,
    /// Why libvirt or XML cares.
    pub why: String,
    /// What to write instead.
    pub help: String,
    /// A document or a piece of one that has the fault.
    pub bad: String,
    /// The same without the fault.
    pub good: String,
}

/// A rule that looks across elements.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// `category/name`.
    pub code: Spanned<String>,
    /// `error`, `warning` or `info`; by default `error` for `semantic/`, `warning` for `security/` and `deprecated/`, else `info`.
    pub severity: Option<Spanned<String>>,
    /// The path of the elements that the rule looks at, one at a time, from the domain. A list is several rules in one.
    pub r#for: OneOrMore,
    /// The condition under which the element is wrong.
    pub when: Option<Spanned<String>>,
    /// The key that no two of the elements may share: values that are all there.
    pub unique: Option<Vec<Spanned<String>>>,
    /// A value that must be found among those of `to`.
    pub refers: Option<Spanned<String>>,
    /// Where it must be found.
    pub to: Option<Spanned<String>>,
    /// A value that must be one of a type's.
    pub value: Option<Spanned<String>>,
    /// The type that it must be of.
    pub r#type: Option<Spanned<String>>,
    /// A function of `semantic::functions`.
    pub check: Option<Spanned<String>>,
    /// What the function reads.
    #[serde(default)]
    pub reads: Vec<Spanned<String>>,
    /// What is underlined: a path from the element; the element's name by default.
    pub at: Option<Spanned<String>>,
    /// The second place.
    pub beside: Option<Spanned<String>>,
    /// Domain types that the rule holds for, all by default; `qemu` stands for qemu, kvm, kqemu and hvf.
    #[serde(default)]
    pub driver: Vec<Spanned<String>>,
    /// First libvirt version that has it.
    pub since: Option<Spanned<String>>,
    /// First libvirt version that has it no more.
    pub until: Option<Spanned<String>>,
    /// What libvirt does: `refused` (the default of `semantic/`), `dropped`, `misread`, `validation-only`.
    pub consequence: Option<Spanned<String>>,
    /// What is wrong; `{path}` is replaced by the value there.
    pub message: Spanned<String>,
    /// What to write instead.
    pub help: Spanned<String>,
    /// Libvirt's reason.
    pub why: String,
    /// Anchor in the format page.
    pub docs: String,
    /// A piece of a domain that breaks the rule.
    pub bad: String,
    /// The same, right.
    pub good: String,
}

/// A string or a list of them.
#[derive(Clone)]
pub struct OneOrMore(pub Vec<Spanned<String>>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Vec<Spanned<String>>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string or a list of strings")
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(vec![Spanned::new(0..0, v.to_owned())])
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element::<Spanned<String>>()? {
                    items.push(item);
                }
                Ok(items)
            }
        }
        struct Any(Vec<Spanned<String>>);
        impl<'de> Deserialize<'de> for Any {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                d.deserialize_any(V).map(Any)
            }
        }
        let value = Spanned::<Any>::deserialize(d)?;
        let span = value.span();
        let mut items = value.into_inner().0;
        // A plain string does not know where it stands; the value as a whole does.
        for item in &mut items {
            if item.span() == (0..0) {
                *item = Spanned::new(span.clone(), item.get_ref().clone());
            }
        }
        Ok(OneOrMore(items))
    }
}

/// A value type. Exactly one of the forms is given.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Type {
    /// Completes "expected ...".
    pub is: String,
    /// A value to show.
    pub example: Option<String>,
    /// These words.
    pub one_of: Option<Vec<Spanned<String>>>,
    /// A whole number.
    pub integer: Option<Integer>,
    /// A regular expression over the whole value.
    pub pattern: Option<Spanned<String>>,
    /// A named function.
    pub check: Option<Spanned<String>>,
    /// One of these types.
    pub any_of: Option<Vec<Spanned<String>>>,
    /// Any text.
    #[serde(default)]
    pub anything: bool,
    /// What libvirt does with a value that is not of the type.
    pub wrong: Option<Spanned<String>>,
    /// A type of which libvirt takes values, though the schema does not.
    pub takes: Option<Spanned<String>>,
    /// A type of which libvirt reads values as others, though the schema does not take them.
    pub misreads: Option<Spanned<String>>,
}

/// A range of whole numbers and how they are written.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Integer {
    /// Smallest.
    pub min: Option<Bound>,
    /// Largest.
    pub max: Option<Bound>,
    /// `signed`, `digits` or `minus-digits`.
    pub lexical: Option<Spanned<String>>,
}

/// A bound of a range: TOML's integers have 64 bits, so larger ones are written as strings.
#[derive(Clone, Copy)]
pub struct Bound(pub i128);

impl<'de> Deserialize<'de> for Bound {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl Visitor<'_> for V {
            type Value = Bound;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a whole number, or one in quotes")
            }
            fn visit_i64<E: de::Error>(self, v: i64) -> Result<Bound, E> {
                Ok(Bound(v.into()))
            }
            fn visit_u64<E: de::Error>(self, v: u64) -> Result<Bound, E> {
                Ok(Bound(v.into()))
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Bound, E> {
                v.parse().map(Bound).map_err(|_| E::custom("not a whole number"))
            }
        }
        d.deserialize_any(V)
    }
}

/// What an element, a group, or a variant of an element holds. `is`, `docs`, `open` and `before` belong to elements (and `before` to groups).
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Block {
    /// One sentence of documentation.
    pub is: Option<String>,
    /// Anchor in the format page.
    pub docs: Option<String>,
    /// Anything may stand in the element.
    pub open: Option<bool>,
    /// Whether the element is a device, and which attribute or child names it in messages.
    pub device: Option<Vec<Spanned<String>>>,
    /// What was different before a version.
    #[serde(default)]
    pub before: Map<Block>,
    /// Attributes by name.
    #[serde(default)]
    pub attributes: Map<Attribute>,
    /// Children by tag.
    #[serde(default)]
    pub children: Map<Child>,
    /// The element's text.
    pub text: Option<Text>,
    /// Groups to take in.
    pub r#use: Option<Vec<Spanned<String>>>,
    /// Choices between blocks.
    #[serde(default)]
    pub either: Map<Either>,
    /// Variants: what decides, then by value.
    #[serde(default)]
    pub when: Map<When>,
    /// All or none of each list.
    pub together: Option<Vec<Vec<Spanned<String>>>>,
    /// At least one of each list.
    pub some_of: Option<Vec<Vec<Spanned<String>>>>,
    /// Relative order of each list.
    pub order: Option<Vec<Vec<Spanned<String>>>>,
}

/// An attribute in a block.
#[derive(Default, Clone)]
pub struct Attribute {
    /// Taken away by a `before`.
    pub removed: bool,
    /// The rest.
    pub body: AttributeBody,
}

/// The table form of an attribute.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AttributeBody {
    /// Name of a value type.
    pub r#type: Option<Spanned<String>>,
    /// Or its values.
    pub one_of: Option<Vec<Spanned<String>>>,
    /// Must be there.
    pub required: Option<bool>,
    /// Counts when absent.
    pub default: Option<String>,
    /// First version that has it.
    pub since: Option<Spanned<String>>,
    /// First version that has it no more.
    pub until: Option<Spanned<String>>,
    /// Allowed only beside this attribute.
    pub with: Option<Spanned<String>>,
    /// A sentence of documentation.
    pub doc: Option<String>,
    /// What libvirt does with a wrong value.
    pub wrong: Option<Spanned<String>>,
    /// What libvirt does where it is required and missing.
    pub missing: Option<Spanned<String>>,
    /// What libvirt does where it stands beside what excludes it.
    pub conflict: Option<Spanned<String>>,
    /// A type of which libvirt takes values, though the schema does not.
    pub takes: Option<Spanned<String>>,
    /// A type of which libvirt reads values as others, though the schema does not take them.
    pub misreads: Option<Spanned<String>>,
}

/// A child in a block.
#[derive(Default, Clone)]
pub struct Child {
    /// Taken away by a `before`.
    pub removed: bool,
    /// The rest.
    pub body: ChildBody,
}

/// The table form of a child.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ChildBody {
    /// Element type; the tag's own name by default.
    pub is: Option<Spanned<String>>,
    /// At least one.
    pub required: Option<bool>,
    /// Any number.
    pub many: Option<bool>,
    /// Smallest number.
    pub at_least: Option<u32>,
    /// Largest number.
    pub at_most: Option<u32>,
    /// Both.
    pub exactly: Option<u32>,
    /// First version that has it.
    pub since: Option<Spanned<String>>,
    /// First version that has it no more.
    pub until: Option<Spanned<String>>,
    /// Allowed only beside this sibling.
    pub with: Option<Spanned<String>>,
    /// A sentence of documentation where several tags share an element type.
    pub doc: Option<String>,
    /// What libvirt does where it is required and missing.
    pub missing: Option<Spanned<String>>,
    /// What libvirt does with a second one where one is allowed.
    pub twice: Option<Spanned<String>>,
    /// What libvirt does where it stands beside what excludes it.
    pub conflict: Option<Spanned<String>>,
}

/// The text of an element.
#[derive(Deserialize, Default, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TextBody {
    /// Name of a value type.
    pub r#type: Option<Spanned<String>>,
    /// Or its values.
    pub one_of: Option<Vec<Spanned<String>>>,
    /// White space alone will do.
    pub optional: Option<bool>,
    /// What libvirt does with a wrong text.
    pub wrong: Option<Spanned<String>>,
    /// A type of which libvirt takes values, though the schema does not.
    pub takes: Option<Spanned<String>>,
    /// A type of which libvirt reads values as others, though the schema does not take them.
    pub misreads: Option<Spanned<String>>,
}

/// The text of an element, or its removal.
#[derive(Default, Clone)]
pub struct Text {
    /// Taken away by a `before`.
    pub removed: bool,
    /// The rest.
    pub body: TextBody,
}

/// A choice between blocks, or its removal.
#[derive(Clone)]
pub enum Either {
    /// Taken away by a `before`.
    Removed,
    /// Exactly one of these fits.
    Blocks(Vec<Block>),
}

/// Variants by value, or their removal.
#[derive(Clone)]
pub enum When {
    /// Taken away by a `before`.
    Removed,
    /// Blocks by `a|b`, `absent` or `otherwise`.
    Cases(Map<Block>),
}

/// Reads `false`, a name, or a table.
struct Short<T>(PhantomData<T>);

/// Something that has a short form.
trait HasShort: Sized {
    type Body: for<'de> Deserialize<'de>;
    const EXPECTING: &'static str;
    fn removed() -> Self;
    fn body(body: Self::Body) -> Self;
}

impl<'de, T: HasShort> Visitor<'de> for Short<T> {
    type Value = T;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(T::EXPECTING)
    }
    fn visit_bool<E: de::Error>(self, v: bool) -> Result<T, E> {
        if v { Err(E::invalid_type(de::Unexpected::Bool(v), &self)) } else { Ok(T::removed()) }
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::Body::deserialize(MapAccessDeserializer::new(map)).map(T::body)
    }
}

macro_rules! short {
    ($outer:ident, $body:ident, $field:ident, $expecting:literal) => {
        impl HasShort for $outer {
            type Body = $body;
            const EXPECTING: &'static str = $expecting;
            fn removed() -> Self {
                $outer { removed: true, body: $body::default() }
            }
            fn body(body: $body) -> Self {
                $outer { removed: false, body }
            }
        }
        impl<'de> Deserialize<'de> for $outer {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                // The short form is read as a spanned string first, because a visitor is not told where it stands.
                let value = Spanned::<Either3<Short<$outer>, $outer>>::deserialize(d)?;
                let span = value.span();
                Ok(match value.into_inner() {
                    Either3::Name(name) => $outer {
                        removed: false,
                        body: $body { $field: Some(Spanned::new(span, name)), ..Default::default() },
                    },
                    Either3::Other(other, _) => other,
                })
            }
        }
        impl Default for Short<$outer> {
            fn default() -> Self {
                Short(PhantomData)
            }
        }
    };
}

/// A name, or what else the visitor `V` reads.
enum Either3<V, T> {
    Name(String),
    Other(T, PhantomData<V>),
}

impl<'de, V, T> Deserialize<'de> for Either3<V, T>
where
    V: Visitor<'de, Value = T> + Default,
{
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Outer<V>(V);
        impl<'de, V, T> Visitor<'de> for Outer<V>
        where
            V: Visitor<'de, Value = T>,
        {
            type Value = Either3<V, T>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                self.0.expecting(f)
            }
            fn visit_str<E: de::Error>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Either3::Name(v.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<Self::Value, E> {
                self.0.visit_bool(v).map(|x| Either3::Other(x, PhantomData))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                self.0.visit_map(map).map(|x| Either3::Other(x, PhantomData))
            }
        }
        d.deserialize_any(Outer(V::default()))
    }
}

short!(Attribute, AttributeBody, r#type, "the name of a value type, a table, or false");
short!(Child, ChildBody, is, "the name of an element type, a table, or false");
short!(Text, TextBody, r#type, "the name of a value type, a table, or false");

impl<'de> Deserialize<'de> for Either {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = Either;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list of blocks, or false")
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<Either, E> {
                if v { Err(E::invalid_type(de::Unexpected::Bool(v), &self)) } else { Ok(Either::Removed) }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Either, A::Error> {
                let mut blocks = Vec::new();
                while let Some(block) = seq.next_element()? {
                    blocks.push(block);
                }
                Ok(Either::Blocks(blocks))
            }
        }
        d.deserialize_any(V)
    }
}

impl<'de> Deserialize<'de> for When {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct V;
        impl<'de> Visitor<'de> for V {
            type Value = When;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a table of blocks by value, or false")
            }
            fn visit_bool<E: de::Error>(self, v: bool) -> Result<When, E> {
                if v { Err(E::invalid_type(de::Unexpected::Bool(v), &self)) } else { Ok(When::Removed) }
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<When, A::Error> {
                Map::<Block>::deserialize(MapAccessDeserializer::new(map)).map(When::Cases)
            }
        }
        d.deserialize_any(V)
    }
}

impl Block {
    /// Lays `over` upon this block: tables key by key, everything else replaced, `false` takes away.
    pub fn merge(&mut self, over: &Block) {
        fn set<T: Clone>(mine: &mut Option<T>, theirs: &Option<T>) {
            if theirs.is_some() {
                mine.clone_from(theirs);
            }
        }
        set(&mut self.is, &over.is);
        set(&mut self.docs, &over.docs);
        set(&mut self.open, &over.open);
        set(&mut self.r#use, &over.r#use);
        set(&mut self.together, &over.together);
        set(&mut self.some_of, &over.some_of);
        set(&mut self.order, &over.order);
        for (name, theirs) in &over.attributes {
            if theirs.removed {
                self.attributes.remove(name);
                continue;
            }
            let mine = &mut self.attributes.entry(name.clone()).or_default().body;
            let theirs = &theirs.body;
            if theirs.r#type.is_some() || theirs.one_of.is_some() {
                mine.r#type.clone_from(&theirs.r#type);
                mine.one_of.clone_from(&theirs.one_of);
            }
            set(&mut mine.required, &theirs.required);
            set(&mut mine.default, &theirs.default);
            set(&mut mine.since, &theirs.since);
            set(&mut mine.until, &theirs.until);
            set(&mut mine.with, &theirs.with);
            set(&mut mine.doc, &theirs.doc);
            set(&mut mine.wrong, &theirs.wrong);
            set(&mut mine.missing, &theirs.missing);
            set(&mut mine.conflict, &theirs.conflict);
            set(&mut mine.takes, &theirs.takes);
            set(&mut mine.misreads, &theirs.misreads);
        }
        for (name, theirs) in &over.children {
            if theirs.removed {
                self.children.remove(name);
                continue;
            }
            let mine = &mut self.children.entry(name.clone()).or_default().body;
            let theirs = &theirs.body;
            set(&mut mine.is, &theirs.is);
            set(&mut mine.required, &theirs.required);
            set(&mut mine.many, &theirs.many);
            set(&mut mine.at_least, &theirs.at_least);
            set(&mut mine.at_most, &theirs.at_most);
            set(&mut mine.exactly, &theirs.exactly);
            set(&mut mine.since, &theirs.since);
            set(&mut mine.until, &theirs.until);
            set(&mut mine.with, &theirs.with);
            set(&mut mine.doc, &theirs.doc);
            set(&mut mine.missing, &theirs.missing);
            set(&mut mine.twice, &theirs.twice);
            set(&mut mine.conflict, &theirs.conflict);
        }
        match &over.text {
            Some(text) if text.removed => self.text = None,
            Some(text) => self.text = Some(text.clone()),
            None => {}
        }
        for (name, theirs) in &over.either {
            match theirs {
                Either::Removed => drop(self.either.remove(name)),
                Either::Blocks(_) => drop(self.either.insert(name.clone(), theirs.clone())),
            }
        }
        for (name, theirs) in &over.when {
            match (theirs, self.when.get_mut(name)) {
                (When::Removed, _) => drop(self.when.remove(name)),
                (When::Cases(theirs), Some(When::Cases(mine))) => {
                    for (value, block) in theirs {
                        mine.entry(value.clone()).or_default().merge(block);
                    }
                }
                (When::Cases(_), _) => drop(self.when.insert(name.clone(), theirs.clone())),
            }
        }
    }
}
