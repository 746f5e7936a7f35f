//! From the rule files to the compiled table.
//!
//! The compiler runs in `build.rs` for the built-in table and in the library for rule files read at run time. It resolves names,
//! gives every attribute and child of an element a slot, turns blocks into sets of slots, and reports each mistake with its place.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use super::automaton;
use super::checks::CHECKS;
use super::compiled::{self, *};
use super::key::Name;
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
        let before = text.get(..offset).unwrap_or(text);
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
pub(super) struct Place(pub(super) usize, pub(super) usize);

/// All definitions of all files.
#[derive(Default)]
pub(super) struct Sources {
    pub(super) elements: BTreeMap<String, (usize, usize, source::Block)>,
    pub(super) groups: BTreeMap<String, (usize, source::Block)>,
    pub(super) types: BTreeMap<String, (usize, source::Type)>,
    pub(super) roots: BTreeMap<String, (usize, Spanned<String>)>,
    pub(super) namespaces: BTreeMap<String, String>,
    pub(super) codes: BTreeMap<String, (usize, source::CodeDoc)>,
    pub(super) rules: Vec<(usize, source::Rule)>,
}

/// The compiler's state: the table under construction.
pub(super) struct Compiler<'f> {
    pub(super) files: &'f [RuleFile],
    pub(super) sources: Sources,
    pub(super) errors: Vec<Error>,
    pub(super) names: Vec<String>,
    pub(super) name_ids: HashMap<String, u16>,
    pub(super) element_ids: BTreeMap<String, u16>,
    pub(super) type_ids: HashMap<String, u16>,
    /// Numbers of the words of conditions.
    pub(super) word_ids: HashMap<String, u16>,
    /// Numbers of the guards of rules, by what they say.
    pub(super) guard_ids: HashMap<String, u16>,
    anonymous: HashMap<Vec<(String, Version, Version)>, u16>,
    /// The first tag that each element type stands under.
    pub(super) tags: HashMap<u16, String>,
    /// Which element type a tag has inside of another, for the paths of `when`.
    pub(super) steps: BTreeMap<(String, String), Vec<String>>,
    pub(super) out: Buffers,
    /// File of the element that is being compiled.
    pub(super) file: usize,
    pub(super) key: String,
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
    pub(super) trigger_words: Vec<u16>,
    pub(super) trigger_rules: Vec<(u16, u8)>,
    pub(super) expressions: Vec<Expression>,
    pub(super) operands: Vec<Operand>,
    pub(super) paths: Vec<Path>,
    pub(super) steps: Vec<Step>,
    pub(super) path_lists: Vec<u16>,
    pub(super) literals: Vec<Wanted>,
    pub(super) vocabulary: Vec<Name>,
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
        word_ids: HashMap::new(),
        guard_ids: HashMap::new(),
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
    pub(super) fn error(&mut self, place: Place, message: impl Into<String>) {
        let file = &self.files[place.0];
        self.errors.push(Error::at(&file.name, &file.text, place.1, message));
    }

    /// A mistake at a name of the element that is being compiled.
    pub(super) fn complain<T>(&mut self, at: &Spanned<T>, message: impl Into<String>) {
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

    /// The number of a word that conditions ask for.
    pub(super) fn word(&mut self, text: &str) -> u16 {
        if let Some(id) = self.word_ids.get(text) {
            return *id;
        }
        let id = self.out.vocabulary.len() as u16;
        self.out.vocabulary.push(Name::new(keep(text)));
        self.word_ids.insert(text.to_owned(), id);
        id
    }

    /// The tags of the children of some element types, numbered from `first` on, by name.
    fn chained_tags(&self, first: usize, is_parent: impl Fn(&str) -> bool) -> Vec<u8> {
        let mut tags = vec![NO_CHAIN; self.names.len()];
        let mut count = 0;
        for (parent, tag) in self.steps.keys() {
            if is_parent(parent)
                && let Some(name) = self.name_ids.get(tag)
                && tags[*name as usize] == NO_CHAIN
            {
                assert!(count < CHAINS / 2, "there are more tags than `CHAINS` has room for");
                tags[*name as usize] = (first + count) as u8;
                count += 1;
            }
        }
        tags
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
            let wrong = self.consequence(*file, "wrong", source.wrong.as_ref());
            let takes = source.takes.as_ref().map_or(NONE, |takes| self.type_id(takes));
            let misreads = source.misreads.as_ref().map_or(NONE, |misreads| self.type_id(misreads));
            let handling = Handling { wrong, takes, misreads, ..Handling::UNSAID };
            self.out.types.push(Type { key: keep(key), is: keep(&source.is), example: keep(example), form, handling });
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
                self.error(
                    Place(file, 0),
                    format!("type `{key}` has no form: give it one-of, integer, pattern, check, any-of or anything"),
                );
            }
            Form::Anything
        })
    }

    pub(super) fn type_id(&mut self, name: &Spanned<String>) -> u16 {
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
    pub(super) fn words(&mut self, list: &[Spanned<String>]) -> Vec<(String, Version, Version)> {
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

    pub(super) fn push_words(&mut self, words: Vec<(String, Version, Version)>) -> Form {
        let start = self.out.words.len() as u16;
        self.out.words.extend(words.iter().map(|(text, since, until)| Word {
            name: Name::new(keep(text)),
            since: *since,
            until: *until,
        }));
        Form::Words(compiled::Range(start, self.out.words.len() as u16))
    }

    /// The type of an attribute or text: by name, or from its own list of words.
    pub(super) fn type_of(
        &mut self,
        type_: Option<&Spanned<String>>,
        one_of: Option<&Vec<Spanned<String>>>,
    ) -> Option<u16> {
        if let Some(words) = one_of {
            let words = self.words(words);
            if let Some(id) = self.anonymous.get(&words) {
                return Some(*id);
            }
            let form = self.push_words(words.clone());
            self.out.types.push(Type { key: "", is: "", example: "", form, handling: Handling::UNSAID });
            let id = self.out.types.len() as u16 - 1;
            self.anonymous.insert(words, id);
            return Some(id);
        }
        type_.map(|name| self.type_id(name))
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
            let Some((file, doc)) = docs.get(*code) else {
                self.errors.push(Error {
                    file: "rules/codes.toml".into(),
                    line: 1,
                    column: 1,
                    message: format!("code `{code}` is not documented"),
                });
                continue;
            };
            let consequence = match doc.consequence.get_ref().as_str() {
                "none" => Consequence::Unsaid,
                _ => self.consequence(*file, "consequence", Some(&doc.consequence)),
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
                consequence,
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
        for block in &mut self.out.blocks {
            let more = [block.groups, block.choices, block.together, block.some_of, block.with];
            block.plain = more.iter().all(|range| range.is_empty()) && !block.dated;
        }
        let device_tags = self.chained_tags(0, |parent| parent == "devices");
        let section_tags = self.chained_tags(CHAINS / 2, is_domain);
        let mut names_in_order: Vec<u16> = (0..self.names.len() as u16).collect();
        names_in_order.sort_by_key(|number| &self.names[*number as usize]);
        let out = self.out;
        Table {
            names_in_order: keep_all(names_in_order),
            vocabulary_slots: keep_all(hash_table(&out.vocabulary)),
            vocabulary: keep_all(out.vocabulary),
            device_tags: keep_all(device_tags),
            section_tags: keep_all(section_tags),
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

/// A hash table with a quarter of its entries taken, as `Table::word` reads it.
fn hash_table(words: &[Name]) -> Vec<u16> {
    let size = (4 * words.len()).next_power_of_two();
    let mut slots = vec![NONE; size];
    for (number, word) in words.iter().enumerate() {
        let mut at = word.key.hash() as usize & (size - 1);
        while slots[at] != NONE {
            at = (at + 1) & (size - 1);
        }
        slots[at] = number as u16;
    }
    slots
}

pub(super) fn push<T>(all: &mut Vec<T>, items: Vec<T>) -> compiled::Range {
    let start = all.len() as u16;
    all.extend(items);
    compiled::Range(start, all.len() as u16)
}

/// `: did you mean ...?` for a misspelt name in a rule file.
pub(super) fn nearest<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
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
