//! From the rule files to the compiled table.
//!
//! The compiler runs in `build.rs` for the built-in table and in the library for rule files read at run time. It resolves names,
//! gives every attribute and child of an element a slot, turns blocks into sets of slots, and reports each mistake with its place.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::automaton;
use super::checks::CHECKS;
use super::compiled::{self, *};
use super::key::{Key, Name};
use super::source::{self, Spanned};
use super::version::Version;

/// A mistake in a rule file.
#[derive(Debug, Clone)]
pub struct Error {
    /// The file's name.
    pub file: String,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in characters.
    pub column: usize,
    /// What is wrong; it names the key.
    pub message: String,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)
    }
}

impl Error {
    /// A mistake at a byte offset of a file.
    pub fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Error {
        let before = &text[..text.floor_char_boundary(offset)];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Error { file: file.to_owned(), line, column, message: message.into() }
    }
}

/// A rule file's name and text.
pub struct RuleFile {
    /// Path, for messages.
    pub name: String,
    /// TOML.
    pub text: String,
}

/// Where a name stands: the file's number and the offset.
#[derive(Clone, Copy)]
struct Place(usize, usize);

/// All definitions of all files.
#[derive(Default)]
struct Sources {
    elements: BTreeMap<String, (usize, usize, source::Block)>,
    groups: BTreeMap<String, (usize, source::Block)>,
    types: BTreeMap<String, (usize, source::Type)>,
    roots: BTreeMap<String, (usize, Spanned<String>)>,
    namespaces: BTreeMap<String, String>,
    codes: BTreeMap<String, (usize, source::CodeDoc)>,
    rules: Vec<(usize, source::Rule)>,
}

/// The compiler's state: the table under construction.
pub(super) struct Compiler<'f> {
    pub(super) files: &'f [RuleFile],
    sources: Sources,
    pub(super) errors: Vec<Error>,
    pub(super) names: Vec<String>,
    pub(super) name_ids: HashMap<String, u16>,
    pub(super) element_ids: BTreeMap<String, u16>,
    type_ids: HashMap<String, u16>,
    anonymous: HashMap<Vec<(String, Version, Version)>, u16>,
    /// The first tag that each element type stands under.
    pub(super) tags: HashMap<u16, String>,
    /// Which element type a tag has inside of another, for the paths of `when`.
    pub(super) steps: BTreeMap<(String, String), Vec<String>>,
    pub(super) out: Buffers,
    /// File of the element that is being compiled.
    file: usize,
    key: String,
}

/// The table's arrays while they grow.
#[derive(Default)]
pub struct Buffers {
    pub(super) elements: Vec<Element>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) children: Vec<Child>,
    pub(super) slots: Vec<u8>,
    pub(super) blocks: Vec<Block>,
    pub(super) attribute_rules: Vec<AttributeRule>,
    pub(super) child_rules: Vec<ChildRule>,
    pub(super) groups: Vec<Group>,
    pub(super) cases: Vec<Case>,
    pub(super) word_blocks: Vec<u16>,
    pub(super) case_values: Vec<Name>,
    pub(super) choices: Vec<Choice>,
    pub(super) choice_blocks: Vec<u16>,
    pub(super) sets: Vec<Set>,
    pub(super) orders: Vec<Order>,
    pub(super) order_slots: Vec<u8>,
    pub(super) types: Vec<Type>,
    pub(super) words: Vec<Word>,
    pub(super) type_lists: Vec<u16>,
    pub(super) automata: Vec<Automaton>,
    pub(super) roots: Vec<(&'static str, u16)>,
    pub(super) namespaces: Vec<(&'static str, &'static str)>,
    pub(super) codes: Vec<CodeDoc>,
    pub(super) rules: Vec<Rule>,
    pub(super) trigger_slots: Vec<compiled::Range>,
    pub(super) triggers: Vec<Trigger>,
    pub(super) trigger_words: Vec<Name>,
    pub(super) trigger_rules: Vec<(u16, u8)>,
    pub(super) expressions: Vec<Expression>,
    pub(super) operands: Vec<Operand>,
    pub(super) paths: Vec<Path>,
    pub(super) steps: Vec<Step>,
    pub(super) path_lists: Vec<u16>,
    pub(super) literals: Vec<Name>,
}

/// Compiles rule files. `codes` are the names of the codes that Rust code reports, each of which must be documented.
pub fn compile(files: &[RuleFile], codes: &[&str]) -> Result<Table, Vec<Error>> {
    let mut compiler = Compiler {
        files,
        sources: Sources::default(),
        errors: Vec::new(),
        names: Vec::new(),
        name_ids: HashMap::new(),
        element_ids: BTreeMap::new(),
        type_ids: HashMap::new(),
        anonymous: HashMap::new(),
        tags: HashMap::new(),
        steps: BTreeMap::new(),
        out: Buffers::default(),
        file: 0,
        key: String::new(),
    };
    compiler.read();
    if compiler.errors.is_empty() {
        compiler.number();
        compiler.types();
        compiler.elements();
        compiler.roots();
        compiler.codes(codes);
        let rules = std::mem::take(&mut compiler.sources.rules);
        compiler.rules(&rules);
    }
    if !compiler.errors.is_empty() {
        return Err(compiler.errors);
    }
    Ok(compiler.finish())
}

/// Keeps a string for the life of the program. The built-in table is printed and these strings are gone with the build; a table made
/// at run time is made once.
pub(super) fn keep(text: &str) -> &'static str {
    if text.is_empty() { "" } else { String::leak(text.to_owned()) }
}

fn keep_all<T>(items: Vec<T>) -> &'static [T] {
    Vec::leak(items)
}

impl<'f> Compiler<'f> {
    fn error(&mut self, place: Place, message: impl Into<String>) {
        let file = &self.files[place.0];
        self.errors.push(Error::at(&file.name, &file.text, place.1, message));
    }

    /// A mistake at a name of the element that is being compiled.
    fn complain<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
        self.error(Place(self.file, at.span().start), message);
    }

    fn read(&mut self) {
        for (number, file) in self.files.iter().enumerate() {
            let parsed: source::File = match toml::from_str(&file.text) {
                Ok(parsed) => parsed,
                Err(e) => {
                    let offset = e.span().map_or(0, |s| s.start);
                    self.errors.push(Error::at(&file.name, &file.text, offset, e.message()));
                    continue;
                }
            };
            macro_rules! take {
                ($field:ident, $into:ident, |$key:ident, $value:ident| $made:expr) => {
                    for ($key, $value) in parsed.$field {
                        let name = $key.get_ref().clone();
                        if self.sources.$into.contains_key(&name) {
                            self.error(Place(number, $key.span().start), format!("`{name}` is already defined"));
                        } else {
                            self.sources.$into.insert(name, $made);
                        }
                    }
                };
            }
            take!(element, elements, |key, value| (number, key.span().start, value));
            take!(group, groups, |key, value| (number, value));
            take!(r#type, types, |key, value| (number, value));
            take!(root, roots, |key, value| (number, value));
            take!(namespace, namespaces, |key, value| value.uri);
            take!(code, codes, |key, value| (number, value));
            self.sources.rules.extend(parsed.rule.into_iter().map(|rule| (number, rule)));
        }
    }

    /// Gives every element type its number before bodies refer to them.
    fn number(&mut self) {
        for (index, key) in self.sources.elements.keys().enumerate() {
            self.element_ids.insert(key.clone(), index as u16);
        }
    }

    pub(super) fn name(&mut self, text: &str) -> u16 {
        if let Some(id) = self.name_ids.get(text) {
            return *id;
        }
        let id = self.names.len() as u16;
        self.names.push(text.to_owned());
        self.name_ids.insert(text.to_owned(), id);
        id
    }

    // Value types.

    fn types(&mut self) {
        let sources = std::mem::take(&mut self.sources.types);
        for (index, key) in sources.keys().enumerate() {
            self.type_ids.insert(key.clone(), index as u16);
        }
        for (key, (file, source)) in &sources {
            self.file = *file;
            let form = self.form(key, source);
            let example = source.example.as_deref().unwrap_or("");
            self.out.types.push(Type { key: keep(key), is: keep(&source.is), example: keep(example), form });
        }
        self.sources.types = sources;
    }

    fn form(&mut self, key: &str, source: &source::Type) -> Form {
        let mut forms = Vec::new();
        if let Some(words) = &source.one_of {
            let words = self.words(words);
            forms.push(self.push_words(words));
        }
        if let Some(integer) = &source.integer {
            let lexical = match integer.lexical.as_ref().map(|l| l.get_ref().as_str()) {
                None | Some("signed") => Lexical::Signed,
                Some("digits") => Lexical::Digits,
                Some("minus-digits") => Lexical::MinusDigits,
                Some(other) => {
                    let message = format!("lexical: `{other}` is none of signed, digits, minus-digits");
                    self.complain(integer.lexical.as_ref().expect("matched"), message);
                    Lexical::Signed
                }
            };
            let (min, max) = (integer.min.map(|b| b.0), integer.max.map(|b| b.0));
            forms.push(Form::Integer { min, max, lexical });
        }
        if let Some(pattern) = &source.pattern {
            match automaton::build(pattern.get_ref()) {
                Ok(automaton) => {
                    self.out.automata.push(automaton);
                    forms.push(Form::Pattern(self.out.automata.len() as u16 - 1));
                }
                Err(e) => self.complain(pattern, format!("pattern of type `{key}`: {e}")),
            }
        }
        if let Some(check) = &source.check {
            match CHECKS.iter().position(|(name, _)| name == check.get_ref()) {
                Some(index) => forms.push(Form::Check(index as u16)),
                None => self.complain(check, format!("check: there is no function named `{}`", check.get_ref())),
            }
        }
        if let Some(members) = &source.any_of {
            let ids: Vec<u16> = members.iter().map(|member| self.type_id(member)).collect();
            let start = self.out.type_lists.len() as u16;
            self.out.type_lists.extend(ids);
            forms.push(Form::AnyOf(compiled::Range(start, self.out.type_lists.len() as u16)));
        }
        if source.anything {
            forms.push(Form::Anything);
        }
        if forms.len() > 1 {
            let file = self.file;
            self.error(Place(file, 0), format!("type `{key}` has more than one form"));
        }
        forms.pop().unwrap_or_else(|| {
            if self.errors.is_empty() {
                let file = self.file;
                self.error(Place(file, 0), format!("type `{key}` has no form: give it one-of, integer, pattern, check, any-of or anything"));
            }
            Form::Anything
        })
    }

    fn type_id(&mut self, name: &Spanned<String>) -> u16 {
        match self.type_ids.get(name.get_ref()) {
            Some(id) => *id,
            None => {
                let near = nearest(name.get_ref(), self.type_ids.keys().map(String::as_str));
                self.complain(name, format!("type: there is no type named `{}`{near}", name.get_ref()));
                0
            }
        }
    }

    /// Reads `word`, `word since 1.2.3`, `word until 2.0.0`.
    fn words(&mut self, list: &[Spanned<String>]) -> Vec<(String, Version, Version)> {
        let mut out = Vec::new();
        for item in list {
            let (mut since, mut until) = (Version::ALWAYS, Version::NEVER);
            let mut rest = item.get_ref().as_str();
            for (marker, slot) in [(" until ", &mut until), (" since ", &mut since)] {
                if let Some((head, version)) = rest.rsplit_once(marker) {
                    match version.parse() {
                        Ok(version) => *slot = version,
                        Err(e) => self.error(Place(self.file, item.span().start), format!("one-of: {e}")),
                    }
                    rest = head;
                }
            }
            if out.iter().any(|(word, ..): &(String, Version, Version)| word == rest) {
                self.complain(item, format!("one-of: `{rest}` stands twice"));
            }
            out.push((rest.to_owned(), since, until));
        }
        if out.is_empty() {
            let file = self.file;
            self.error(Place(file, 0), format!("`{}`: one-of has no value", self.key.clone()));
        }
        out
    }

    fn push_words(&mut self, words: Vec<(String, Version, Version)>) -> Form {
        let start = self.out.words.len() as u16;
        self.out.words.extend(words.iter().map(|(text, since, until)| Word { name: Name::new(keep(text)), since: *since, until: *until }));
        Form::Words(compiled::Range(start, self.out.words.len() as u16))
    }

    /// The type of an attribute or text: by name, or from its own list of words.
    fn type_of(&mut self, type_: Option<&Spanned<String>>, one_of: Option<&Vec<Spanned<String>>>) -> Option<u16> {
        if let Some(words) = one_of {
            let words = self.words(words);
            if let Some(id) = self.anonymous.get(&words) {
                return Some(*id);
            }
            let form = self.push_words(words.clone());
            self.out.types.push(Type { key: "", is: "", example: "", form });
            let id = self.out.types.len() as u16 - 1;
            self.anonymous.insert(words, id);
            return Some(id);
        }
        type_.map(|name| self.type_id(name))
    }

    // Elements.

    fn elements(&mut self) {
        let elements = std::mem::take(&mut self.sources.elements);
        let groups = std::mem::take(&mut self.sources.groups);
        // The current shapes come first, so that an element type's number is its place; older shapes follow.
        let mut older = Vec::new();
        for (key, (file, _, block)) in &elements {
            (self.file, self.key) = (*file, key.clone());
            let expanded = self.expand(block, &groups, None, 0);
            self.walk_children(key, &expanded);
        }
        // What is wrong with groups is told again below.
        self.errors.clear();
        for (key, (file, offset, block)) in &elements {
            (self.file, self.key) = (*file, key.clone());
            let mut expanded = self.expand(block, &groups, None, 0);
            expanded.before.clear();
            let mut versions = Vec::new();
            self.versions(block, &groups, &mut versions, 0);
            versions.sort_unstable();
            versions.dedup();
            if expanded.is.is_none() || expanded.docs.is_none() {
                let (file, offset) = (*file, *offset);
                self.error(Place(file, offset), format!("element `{key}` needs `is` (one sentence) and `docs` (an anchor)"));
            }
            self.element(key, &expanded);
            if let Some(last) = versions.last() {
                self.out.elements.last_mut().expect("just pushed").before = *last;
                older.push((key, *file, block, versions));
            }
        }
        for (key, file, block, versions) in older {
            (self.file, self.key) = (file, key.clone());
            let mut newer = self.element_ids[key] as usize;
            for (index, version) in versions.iter().enumerate().rev() {
                let expanded = self.expand(block, &groups, Some(*version), 0);
                let id = self.out.elements.len();
                self.element(key, &expanded);
                self.out.elements[newer].older = id as u16;
                self.out.elements[id].before = if index > 0 { versions[index - 1] } else { Version::ALWAYS };
                newer = id;
            }
        }
        self.sources.elements = elements;
        self.sources.groups = groups;
    }

    /// Notes the element type of every child that a block can have.
    fn walk_children(&mut self, key: &str, block: &source::Block) {
        for (tag, child) in &block.children {
            let is = child.body.is.as_ref().unwrap_or(tag).get_ref().clone();
            let types = self.steps.entry((key.to_owned(), tag.get_ref().clone())).or_default();
            if !types.contains(&is) {
                types.push(is);
            }
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.walk_children(key, case));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.walk_children(key, block));
            }
        }
    }

    /// The versions at which a block, or a group that it uses, was shaped differently.
    fn versions(&mut self, block: &source::Block, groups: &BTreeMap<String, (usize, source::Block)>, out: &mut Vec<Version>, depth: u32) {
        for version in block.before.keys() {
            match version.get_ref().parse() {
                Ok(version) => out.push(version),
                Err(e) => self.complain(version, format!("before: {e}")),
            }
        }
        if depth > 16 {
            return;
        }
        for over in block.before.values() {
            self.versions(over, groups, out, depth + 1);
        }
        for name in block.r#use.iter().flatten() {
            if let Some((_, group)) = groups.get(name.get_ref()) {
                self.versions(group, groups, out, depth + 1);
            }
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.versions(case, groups, out, depth + 1));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.versions(block, groups, out, depth + 1));
            }
        }
    }

    /// The block with its groups taken in and, for `before`, as it was for versions before that one.
    fn expand(
        &mut self,
        block: &source::Block,
        groups: &BTreeMap<String, (usize, source::Block)>,
        before: Option<Version>,
        depth: u32,
    ) -> source::Block {
        let mut own = block.clone();
        if let Some(target) = before {
            // From the newest difference to the oldest, so that the oldest has the last word.
            let mut overs: Vec<(Version, &source::Block)> = Vec::new();
            for (version, over) in &block.before {
                if let Ok(version) = version.get_ref().parse::<Version>()
                    && version >= target
                {
                    overs.push((version, over));
                }
            }
            overs.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
            for (_, over) in overs {
                own.merge(over);
            }
        }
        own.before.clear();
        let mut result = source::Block::default();
        if depth > 16 {
            let file = self.file;
            self.error(Place(file, 0), format!("`{}`: groups use each other without end", self.key));
            return own;
        }
        for name in own.r#use.take().iter().flatten() {
            match groups.get(name.get_ref()) {
                Some((_, group)) => {
                    let expanded = self.expand(group, groups, before, depth + 1);
                    // Lists of constraints of several groups add up.
                    let (together, some_of, order) = (result.together.take(), result.some_of.take(), result.order.take());
                    result.merge(&expanded);
                    add(&mut result.together, together);
                    add(&mut result.some_of, some_of);
                    add(&mut result.order, order);
                }
                None => {
                    let near = nearest(name.get_ref(), groups.keys().map(String::as_str));
                    self.complain(name, format!("use: there is no group named `{}`{near}", name.get_ref()));
                }
            }
        }
        let (together, some_of, order) = (result.together.take(), result.some_of.take(), result.order.take());
        result.merge(&own);
        add(&mut result.together, together);
        add(&mut result.some_of, some_of);
        add(&mut result.order, order);
        result.before.clear();
        for cases in result.when.values_mut() {
            if let source::When::Cases(cases) = cases {
                for case in cases.values_mut() {
                    *case = self.expand(case, groups, before, depth + 1);
                }
            }
        }
        for either in result.either.values_mut() {
            if let source::Either::Blocks(blocks) = either {
                for block in blocks {
                    *block = self.expand(block, groups, before, depth + 1);
                }
            }
        }
        result
    }

    fn element(&mut self, key: &str, block: &source::Block) {
        let mut scope = Scope::default();
        self.collect(block, &mut scope);
        if scope.attributes.len() > 64 || scope.children.len() > 128 {
            let file = self.file;
            self.error(Place(file, 0), format!("element `{key}` has more than 64 attributes or 128 children"));
            scope.attributes.truncate(64);
            scope.children.truncate(128);
        }
        let root = self.block(block, &mut scope, None);
        let attributes = compiled::Range(self.out.attributes.len() as u16, (self.out.attributes.len() + scope.attributes.len()) as u16);
        for name in &scope.attributes {
            let name_id = self.name(name);
            self.out.attributes.push(Attribute { tag: Name::new(keep(name)), name: name_id });
        }
        let children = compiled::Range(self.out.children.len() as u16, (self.out.children.len() + scope.children.len()) as u16);
        for name in &scope.children {
            let name_id = self.name(name);
            let doc = scope.docs.get(name).map_or("", |doc| keep(doc));
            self.out.children.push(Child { tag: Name::new(keep(name)), name: name_id, doc });
        }
        let attribute_hash = self.perfect_hash(&scope.attributes);
        let child_hash = self.perfect_hash(&scope.children);
        self.out.elements.push(Element {
            key: keep(key),
            tag: "",
            tag_name: NONE,
            is: block.is.as_deref().map_or("", keep),
            docs: block.docs.as_deref().map_or("", keep),
            attributes,
            children,
            attribute_hash,
            child_hash,
            block: root,
            open: block.open == Some(true),
            deferred: scope.deferred,
            ordered: scope.ordered,
            decides: false,
            domain: key == "domain" || key.ends_with("-domain"),
            read: key == "domain" || key.ends_with("-domain"),
            read_attributes: 0,
            sets_off: compiled::Range(0, 0),
            trigger_attributes: 0,
            trigger_slots: 0,
            base: self.element_ids[key],
            older: NONE,
            before: Version::ALWAYS,
        });
    }

    /// A multiplier that gives every name its own place in a table of at most 256 slots.
    fn perfect_hash(&mut self, names: &[String]) -> Hash {
        let at = self.out.slots.len() as u32;
        let hashes: Vec<u32> = names.iter().map(|name| Key::of(name.as_bytes()).hash()).collect();
        // At least two slots, since a shift by all 32 bits is none.
        let mut bits = (usize::BITS - names.len().max(2).saturating_sub(1).leading_zeros()).max(1);
        loop {
            let mut multiplier = 0x9E37_79B1u32;
            for _ in 0..1 << 14 {
                let mut table = vec![u8::MAX; 1 << bits];
                let free = hashes.iter().enumerate().all(|(slot, hash)| {
                    let place = &mut table[(hash.wrapping_mul(multiplier) >> (32 - bits)) as usize];
                    std::mem::replace(place, slot as u8) == u8::MAX
                });
                if free {
                    self.out.slots.extend(table);
                    return Hash { at, multiplier, shift: (32 - bits) as u8 };
                }
                multiplier = multiplier.wrapping_mul(0x2545_F491).wrapping_add(0x6C07_8966) | 1;
            }
            bits += 1;
        }
    }

    /// Collects all attribute and child names of an element's blocks; these are its slots.
    fn collect(&mut self, block: &source::Block, scope: &mut Scope) {
        for name in block.attributes.keys() {
            if !scope.attributes.iter().any(|n| n == name.get_ref()) {
                scope.attributes.push(name.get_ref().clone());
            }
        }
        for (name, child) in &block.children {
            if !scope.children.iter().any(|n| n == name.get_ref()) {
                scope.children.push(name.get_ref().clone());
            }
            if let Some(doc) = &child.body.doc {
                scope.docs.insert(name.get_ref().clone(), doc.clone());
            }
        }
        for cases in block.when.values() {
            if let source::When::Cases(cases) = cases {
                cases.values().for_each(|case| self.collect(case, scope));
            }
        }
        for either in block.either.values() {
            if let source::Either::Blocks(blocks) = either {
                blocks.iter().for_each(|block| self.collect(block, scope));
            }
        }
    }

    fn attribute_slot(&mut self, scope: &Scope, name: &Spanned<String>, text: &str) -> Option<u8> {
        let found = scope.attributes.iter().position(|n| n == text);
        if found.is_none() {
            self.complain(name, format!("`{text}` is no attribute of element `{}`", self.key));
        }
        found.map(|slot| slot as u8)
    }

    fn child_slot(&mut self, scope: &Scope, name: &Spanned<String>, text: &str) -> Option<u8> {
        let found = scope.children.iter().position(|n| n == text);
        if found.is_none() {
            self.complain(name, format!("`{text}` is no child of element `{}`", self.key));
        }
        found.map(|slot| slot as u8)
    }

    fn date(&mut self, version: Option<&Spanned<String>>, absent: Version) -> Version {
        let Some(version) = version else { return absent };
        version.get_ref().parse().unwrap_or_else(|e| {
            self.complain(version, format!("version: {e}"));
            absent
        })
    }

    /// Compiles a block and the blocks below it. `outer` is the element's own block for those below it, from which types are taken that a
    /// narrower block leaves out.
    fn block(&mut self, source: &source::Block, scope: &mut Scope, outer: Option<&source::Block>) -> u16 {
        let mut block = Block {
            attributes: 0,
            required_attributes: 0,
            children: 0,
            required_children: 0,
            attribute_rules: compiled::Range(0, 0),
            child_rules: compiled::Range(0, 0),
            text: compiled::Text::Blank,
            groups: compiled::Range(0, 0),
            choices: compiled::Range(0, 0),
            together: compiled::Range(0, 0),
            some_of: compiled::Range(0, 0),
            with: compiled::Range(0, 0),
            orders: compiled::Range(0, 0),
            single_children: 0,
            dated: false,
        };
        let mut withs = Vec::new();
        let mut attribute_rules = Vec::new();
        for (name, attribute) in &source.attributes {
            let body = &attribute.body;
            let Some(slot) = self.attribute_slot(scope, name, name.get_ref()) else { continue };
            if body.r#type.is_some() && body.one_of.is_some() {
                self.complain(name, format!("attribute `{}` has both `type` and `one-of`", name.get_ref()));
            }
            let inherited = outer.and_then(|outer| outer.attributes.get(name.get_ref().as_str()));
            let type_ = match self.type_of(body.r#type.as_ref(), body.one_of.as_ref()) {
                Some(type_) => type_,
                None => match inherited.map(|a| (a.body.r#type.clone(), a.body.one_of.clone())) {
                    Some((type_, one_of)) => self.type_of(type_.as_ref(), one_of.as_ref()).unwrap_or(0),
                    None => {
                        self.complain(name, format!("attribute `{}` of element `{}` has neither `type` nor `one-of`", name.get_ref(), self.key));
                        0
                    }
                },
            };
            let since = self.date(body.since.as_ref(), Version::ALWAYS);
            let until = self.date(body.until.as_ref(), Version::NEVER);
            block.attributes |= 1 << slot;
            if body.required == Some(true) {
                block.required_attributes |= 1 << slot;
            }
            if let Some(with) = &body.with
                && let Some(other) = self.attribute_slot(scope, with, with.get_ref())
            {
                withs.push(Set { attributes: 1 << slot, children: 0, needs_attributes: 1 << other, needs_children: 0 });
            }
            attribute_rules.push(AttributeRule { slot, type_, since, until });
        }
        attribute_rules.sort_by_key(|rule| rule.slot);
        let mut child_rules = Vec::new();
        for (name, child) in &source.children {
            let body = &child.body;
            let Some(slot) = self.child_slot(scope, name, name.get_ref()) else { continue };
            let inherited = outer.and_then(|outer| outer.children.get(name.get_ref().as_str())).map(|c| &c.body);
            let type_name = match (&body.is, inherited.and_then(|c| c.is.as_ref())) {
                (Some(is), _) => is.clone(),
                (None, Some(is)) => is.clone(),
                (None, None) => name.clone(),
            };
            let element = match self.element_ids.get(type_name.get_ref()) {
                Some(id) => *id,
                None => {
                    let near = nearest(type_name.get_ref(), self.element_ids.keys().map(String::as_str));
                    self.complain(&type_name, format!("children.{}: there is no element type named `{}`{near}", name.get_ref(), type_name.get_ref()));
                    0
                }
            };
            self.tags.entry(element).or_insert_with(|| name.get_ref().clone());
            let required = body.required == Some(true);
            let many = body.many.or(inherited.and_then(|c| c.many)) == Some(true);
            let at_least = body.exactly.or(body.at_least).unwrap_or(required as u32);
            let at_most = body.exactly.or(body.at_most).unwrap_or(if many { u32::MAX } else { 1 });
            block.children |= 1 << slot;
            if at_least > 0 {
                block.required_children |= 1 << slot;
            }
            if at_most == 1 {
                block.single_children |= 1 << slot;
            }
            if at_least > 1 || (at_most > 1 && at_most < u32::MAX) {
                block.dated = true;
            }
            if let Some(with) = &body.with
                && let Some(other) = self.child_slot(scope, with, with.get_ref())
            {
                withs.push(Set { attributes: 0, children: 1 << slot, needs_attributes: 0, needs_children: 1 << other });
            }
            let since = self.date(body.since.as_ref(), Version::ALWAYS);
            let until = self.date(body.until.as_ref(), Version::NEVER);
            child_rules.push(ChildRule { slot, element, at_least, at_most, since, until });
        }
        child_rules.sort_by_key(|rule| rule.slot);
        block.attribute_rules = push(&mut self.out.attribute_rules, attribute_rules);
        block.child_rules = push(&mut self.out.child_rules, child_rules);
        if let Some(text) = &source.text
            && let Some(type_) = self.type_of(text.body.r#type.as_ref(), text.body.one_of.as_ref())
        {
            block.text = compiled::Text::Typed { type_, optional: text.body.optional == Some(true) };
        }
        let base = outer.unwrap_or(source);
        let mut choices = Vec::new();
        for (name, either) in &source.either {
            if let source::Either::Blocks(blocks) = either {
                let choice = self.choice(name, blocks, scope, base);
                choices.push(choice);
            }
        }
        block.choices = push(&mut self.out.choices, choices);
        let mut groups = Vec::new();
        for (by, cases) in &source.when {
            if let source::When::Cases(cases) = cases
                && let Some(group) = self.group(by, cases, scope, base)
            {
                groups.push(group);
            }
        }
        block.groups = push(&mut self.out.groups, groups);
        let sets = |compiler: &mut Self, lists: &Option<Vec<Vec<Spanned<String>>>>| {
            let sets: Vec<Set> = lists.iter().flatten().map(|list| compiler.set(list, scope)).collect();
            push(&mut compiler.out.sets, sets)
        };
        block.together = sets(self, &source.together);
        block.some_of = sets(self, &source.some_of);
        block.with = push(&mut self.out.sets, withs);
        scope.ordered |= source.order.as_ref().is_some_and(|order| !order.is_empty());
        let mut orders = Vec::new();
        for list in source.order.iter().flatten() {
            let slots: Vec<u8> = list.iter().filter_map(|name| self.child_slot(scope, name, name.get_ref())).collect();
            orders.push(Order { slots: push(&mut self.out.order_slots, slots) });
        }
        block.orders = push(&mut self.out.orders, orders);
        self.out.blocks.push(block);
        self.out.blocks.len() as u16 - 1
    }

    /// A list of names of which `@name` are attributes.
    fn set(&mut self, list: &[Spanned<String>], scope: &Scope) -> Set {
        let mut set = Set { attributes: 0, children: 0, needs_attributes: 0, needs_children: 0 };
        for name in list {
            match name.get_ref().strip_prefix('@') {
                Some(attribute) => set.attributes |= self.attribute_slot(scope, name, attribute).map_or(0, |slot| 1 << slot),
                None => set.children |= self.child_slot(scope, name, name.get_ref()).map_or(0, |slot| 1 << slot),
            }
        }
        set
    }

    fn choice(&mut self, name: &Spanned<String>, blocks: &[source::Block], scope: &mut Scope, outer: &source::Block) -> Choice {
        let ids: Vec<u16> = blocks.iter().map(|block| self.block(block, scope, Some(outer))).collect();
        let mut choice = Choice {
            name: keep(name.get_ref()),
            blocks: compiled::Range(0, 0),
            attributes: 0,
            children: 0,
            at_start: true,
            by_value: false,
            text: false,
        };
        let mut seen: HashMap<u8, u16> = HashMap::new();
        for id in &ids {
            let block = &self.out.blocks[*id as usize];
            choice.attributes |= block.attributes;
            choice.children |= block.children;
            choice.text |= block.text != compiled::Text::Blank;
            for rule in block.attribute_rules.of(&self.out.attribute_rules) {
                choice.by_value |= *seen.entry(rule.slot).or_insert(rule.type_) != rule.type_;
            }
            if !block.groups.is_empty() || !block.choices.is_empty() {
                self.complain(name, format!("either.{}: a block of a choice cannot hold `when` or `either`", name.get_ref()));
            }
        }
        choice.at_start = choice.children == 0 && !choice.text;
        choice.blocks = push(&mut self.out.choice_blocks, ids);
        choice
    }

    fn group(&mut self, by: &Spanned<String>, cases: &source::Map<source::Block>, scope: &mut Scope, outer: &source::Block) -> Option<Group> {
        let by_what = match by.get_ref().strip_suffix("text()") {
            Some("") => By::OwnText,
            Some(path) => {
                scope.deferred = true;
                let mut at = Some(self.key.clone());
                let mut depth = 0;
                for step in path.trim_end_matches('/').split('/') {
                    at = at.and_then(|key| self.steps.get(&(key, step.to_owned())).and_then(|types| types.first().cloned()));
                    depth += 1;
                }
                let element = at.and_then(|key| self.element_ids.get(&key).copied());
                match element {
                    Some(element) => By::ChildText { element, depth },
                    None => {
                        self.complain(by, format!("when: `{}` leads to no element", by.get_ref()));
                        return None;
                    }
                }
            }
            None => By::OwnAttribute(self.attribute_slot(scope, by, by.get_ref())?),
        };
        let none = compiled::Range(0, 0);
        let mut group = Group { by: by_what, cases: none, by_word: none, absent: NONE, otherwise: NONE };
        let mut compiled_cases = Vec::new();
        for (values, block) in cases {
            // Inside a block, narrower types may lean on what the block itself says or on the element's own block.
            let id = self.block(block, scope, Some(outer));
            match values.get_ref().as_str() {
                "absent" => group.absent = id,
                "otherwise" => group.otherwise = id,
                list => {
                    let values: Vec<Name> = list.split('|').map(|word| Name::new(keep(word))).collect();
                    compiled_cases.push(Case { values: push(&mut self.out.case_values, values), block: id });
                }
            }
        }
        // An absent attribute counts as its default.
        if let By::OwnAttribute(slot) = by_what {
            let name = &scope.attributes[slot as usize];
            let default = find_default(outer, name);
            if let Some(default) = default
                && group.absent == NONE
            {
                let hit = compiled_cases.iter().find(|case| case.values.of(&self.out.case_values).iter().any(|word| word.text == default));
                group.absent = hit.map_or(group.otherwise, |case| case.block);
            }
            // From the word that the value is, the block follows without another search.
            let body = outer.attributes.get(name.as_str()).map(|a| a.body.clone());
            let type_ = body.and_then(|body| self.type_of(body.r#type.as_ref(), body.one_of.as_ref()));
            if let Some(Form::Words(words)) = type_.map(|type_| self.out.types[type_ as usize].form) {
                let blocks = words
                    .of(&self.out.words)
                    .iter()
                    .map(|word| {
                        let has = |case: &&Case| case.values.of(&self.out.case_values).iter().any(|value| value.text == word.name.text);
                        compiled_cases.iter().find(has).map_or(group.otherwise, |case| case.block)
                    })
                    .collect();
                group.by_word = push(&mut self.out.word_blocks, blocks);
            }
            // Values that no case lists must at least be values of the attribute.
            let known: Option<Vec<String>> = outer
                .attributes
                .get(name.as_str())
                .and_then(|a| a.body.one_of.as_ref())
                .map(|words| words.iter().map(|w| w.get_ref().split(' ').next().unwrap_or("").to_owned()).collect());
            if let Some(known) = known {
                for case in &compiled_cases {
                    for value in case.values.of(&self.out.case_values) {
                        let value = value.text;
                        if !known.iter().any(|k| k == value) {
                            let (file, message) = (self.file, format!("when.{}: `{value}` is no value of the attribute", by.get_ref()));
                            let key = cases.keys().find(|k| k.get_ref().split('|').any(|v| v == value)).map_or(0, |k| k.span().start);
                            let file = &self.files[file];
                            self.errors.push(Error::at(&file.name, &file.text, key, message));
                        }
                    }
                }
            }
        }
        group.cases = push(&mut self.out.cases, compiled_cases);
        Some(group)
    }

    fn roots(&mut self) {
        let roots = std::mem::take(&mut self.sources.roots);
        for (tag, (file, element)) in &roots {
            self.file = *file;
            self.name(tag);
            match self.element_ids.get(element.get_ref()) {
                Some(id) => self.out.roots.push((keep(tag), *id)),
                None => self.complain(element, format!("root: there is no element type named `{}`", element.get_ref())),
            }
        }
        self.out.namespaces = self.sources.namespaces.iter().map(|(prefix, uri)| (keep(prefix), keep(uri))).collect();
    }

    fn codes(&mut self, codes: &[&str]) {
        let docs = std::mem::take(&mut self.sources.codes);
        for code in codes {
            let Some((_, doc)) = docs.get(*code) else {
                self.errors.push(Error { file: "rules/codes.toml".into(), line: 1, column: 1, message: format!("code `{code}` is not documented") });
                continue;
            };
            self.out.codes.push(CodeDoc {
                name: keep(code),
                severity: match doc.severity.as_str() {
                    "info" => 0,
                    "warning" => 1,
                    _ => 2,
                },
                summary: keep(&doc.summary),
                why: keep(&doc.why),
                help: keep(&doc.help),
                bad: keep(&doc.bad),
                good: keep(&doc.good),
                docs: "",
                message: "",
                advice: "",
                consequence: Consequence::Unsaid,
            });
        }
        for (name, (file, _)) in &docs {
            if !codes.contains(&name.as_str()) {
                self.error(Place(*file, 0), format!("code `{name}` is not reported by anything"));
            }
        }
    }

    fn finish(mut self) -> Table {
        // Mark the element types whose text decides about another's variant.
        let deciding: Vec<u16> = self
            .out
            .groups
            .iter()
            .filter_map(|group| match group.by {
                By::ChildText { element, .. } => Some(element),
                _ => None,
            })
            .collect();
        for mut element in deciding {
            while element != NONE {
                self.out.elements[element as usize].decides = true;
                element = self.out.elements[element as usize].older;
            }
        }
        for (tag, element) in &self.out.roots {
            self.tags.entry(*element).or_insert_with(|| (*tag).to_owned());
        }
        for (element, tag) in &self.tags {
            let mut element = *element;
            while element != NONE {
                self.out.elements[element as usize].tag = keep(tag);
                self.out.elements[element as usize].tag_name = self.name_ids.get(tag).copied().unwrap_or(NONE);
                element = self.out.elements[element as usize].older;
            }
        }
        let out = self.out;
        Table {
            names: keep_all(self.names.iter().map(|n| keep(n)).collect()),
            elements: keep_all(out.elements),
            attributes: keep_all(out.attributes),
            children: keep_all(out.children),
            slots: keep_all(out.slots),
            blocks: keep_all(out.blocks),
            attribute_rules: keep_all(out.attribute_rules),
            child_rules: keep_all(out.child_rules),
            groups: keep_all(out.groups),
            cases: keep_all(out.cases),
            word_blocks: keep_all(out.word_blocks),
            case_values: keep_all(out.case_values),
            choices: keep_all(out.choices),
            choice_blocks: keep_all(out.choice_blocks),
            sets: keep_all(out.sets),
            orders: keep_all(out.orders),
            order_slots: keep_all(out.order_slots),
            types: keep_all(out.types),
            words: keep_all(out.words),
            type_lists: keep_all(out.type_lists),
            automata: keep_all(out.automata),
            roots: keep_all(out.roots),
            namespaces: keep_all(out.namespaces),
            codes: keep_all(out.codes),
            rules: keep_all(out.rules),
            trigger_slots: keep_all(out.trigger_slots),
            triggers: keep_all(out.triggers),
            trigger_words: keep_all(out.trigger_words),
            trigger_rules: keep_all(out.trigger_rules),
            expressions: keep_all(out.expressions),
            operands: keep_all(out.operands),
            paths: keep_all(out.paths),
            steps: keep_all(out.steps),
            path_lists: keep_all(out.path_lists),
            literals: keep_all(out.literals),
        }
    }
}

/// The names of one element while its blocks are compiled.
#[derive(Default)]
struct Scope {
    attributes: Vec<String>,
    children: Vec<String>,
    docs: HashMap<String, String>,
    deferred: bool,
    ordered: bool,
}

/// A default that any block of the element gives to an attribute.
fn find_default(block: &source::Block, name: &str) -> Option<String> {
    block.attributes.get(name).and_then(|a| a.body.default.clone())
}

fn add<T>(to: &mut Option<Vec<T>>, from: Option<Vec<T>>) {
    if let Some(mut from) = from {
        match to {
            Some(to) => to.append(&mut from),
            None => *to = Some(from),
        }
    }
}

pub(super) fn push<T>(all: &mut Vec<T>, items: Vec<T>) -> compiled::Range {
    let start = all.len() as u16;
    all.extend(items);
    compiled::Range(start, all.len() as u16)
}

/// `: did you mean ...?` for a misspelt name in a rule file.
fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    let best = known.map(|k| (distance(wrong, k), k)).min();
    match best {
        Some((d, name)) if d <= 1 + wrong.len() / 4 => format!("; did you mean `{name}`?"),
        _ => String::new(),
    }
}

/// Levenshtein distance. The compiler has its own few lines because `build.rs` should not need another dependency.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let next = (corner + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            corner = std::mem::replace(&mut row[j + 1], next);
        }
    }
    row[b.len()]
}
