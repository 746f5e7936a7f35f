//! Rule codes: `category/name`, kebab-case.

/// What a code's rule looks at, and so who should care.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// XML itself.
    Syntax,
    /// What virt-xml-validate would refuse.
    Schema,
    /// What libvirt or its hypervisor refuses, drops or misreads though the schema accepts it.
    Semantic,
    /// Accepted, and dangerous.
    Security,
    /// Accepted, and on its way out.
    Deprecated,
    /// Accepted, and tied to one host or version.
    Portability,
    /// Accepted, and slow.
    Performance,
    /// Accepted, and better written otherwise.
    Style,
}

impl Category {
    /// All categories, in the order in which they are listed.
    pub const ALL: [Category; 8] = [
        Category::Syntax,
        Category::Schema,
        Category::Semantic,
        Category::Security,
        Category::Deprecated,
        Category::Portability,
        Category::Performance,
        Category::Style,
    ];

    /// The word before the slash.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::Syntax => "syntax",
            Category::Schema => "schema",
            Category::Semantic => "semantic",
            Category::Security => "security",
            Category::Deprecated => "deprecated",
            Category::Portability => "portability",
            Category::Performance => "performance",
            Category::Style => "style",
        }
    }
}

/// The number of a rule: below [`codes::COUNT`] those that Rust code reports, from there on those of the rule table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub u16);

macro_rules! codes {
    ($($name:ident = $text:literal,)*) => {
        /// The codes that Rust code reports. What they mean is said in `rules/codes.toml`.
        pub mod codes {
            use super::Code;
            #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
            #[repr(u16)]
            enum Number { $($name,)* COUNT_ }
            $(
                #[doc = concat!("`", $text, "`")]
                pub const $name: Code = Code(Number::$name as u16);
            )*
            /// How many there are.
            pub const COUNT: u16 = Number::COUNT_ as u16;
            /// Their texts, by number.
            pub const NAMES: [&str; COUNT as usize] = [$($text,)*];
        }
    };
}

codes! {
    // XML itself. `xml/` reports these.
    EMPTY_DOCUMENT = "syntax/empty-document",
    UNCLOSED_TAG = "syntax/unclosed-tag",
    CROSSED_TAGS = "syntax/crossed-tags",
    STRAY_END_TAG = "syntax/stray-end-tag",
    MALFORMED_TAG = "syntax/malformed-tag",
    UNQUOTED_VALUE = "syntax/unquoted-value",
    UNCLOSED_VALUE = "syntax/unclosed-value",
    MISSING_VALUE = "syntax/missing-value",
    MISSING_SPACE = "syntax/missing-space",
    DUPLICATE_ATTRIBUTE = "syntax/duplicate-attribute",
    BAD_NAME = "syntax/bad-name",
    BAD_CHARACTER = "syntax/bad-character",
    BARE_AMPERSAND = "syntax/bare-ampersand",
    UNKNOWN_ENTITY = "syntax/unknown-entity",
    BAD_CHARACTER_REFERENCE = "syntax/bad-character-reference",
    BARE_LESS_THAN = "syntax/bare-less-than",
    CDATA_END_IN_TEXT = "syntax/cdata-end-in-text",
    TEXT_OUTSIDE_ROOT = "syntax/text-outside-root",
    SECOND_ROOT = "syntax/second-root",
    UNCLOSED_COMMENT = "syntax/unclosed-comment",
    DOUBLE_HYPHEN = "syntax/double-hyphen",
    UNCLOSED_CDATA = "syntax/unclosed-cdata",
    MALFORMED_INSTRUCTION = "syntax/malformed-instruction",
    MALFORMED_DECLARATION = "syntax/malformed-declaration",
    MISPLACED_DECLARATION = "syntax/misplaced-declaration",
    DTD = "syntax/dtd",
    DOCTYPE = "syntax/doctype",
    MALFORMED_DOCTYPE = "syntax/malformed-doctype",
    INVALID_UTF8 = "syntax/invalid-utf8",
    UNSUPPORTED_ENCODING = "syntax/unsupported-encoding",
    CONTRADICTING_ENCODING = "syntax/contradicting-encoding",
    UNBOUND_PREFIX = "syntax/unbound-prefix",
    BAD_NAMESPACE_BINDING = "syntax/bad-namespace-binding",
    TOO_LARGE = "syntax/too-large",
    TOO_DEEP = "syntax/too-deep",
    TOO_MANY_ATTRIBUTES = "syntax/too-many-attributes",
    TOO_MANY_FINDINGS = "syntax/too-many-findings",
    // The shape of the document. `engine/` reports these.
    NOT_LIBVIRT = "schema/not-libvirt",
    UNKNOWN_ELEMENT = "schema/unknown-element",
    UNKNOWN_ATTRIBUTE = "schema/unknown-attribute",
    INVALID_VALUE = "schema/invalid-value",
    INVALID_TEXT = "schema/invalid-text",
    UNEXPECTED_TEXT = "schema/unexpected-text",
    MISSING_ATTRIBUTE = "schema/missing-attribute",
    MISSING_ELEMENT = "schema/missing-element",
    DUPLICATE_ELEMENT = "schema/duplicate-element",
    TOO_FEW_ELEMENTS = "schema/too-few-elements",
    TOO_MANY_ELEMENTS = "schema/too-many-elements",
    MISPLACED_ATTRIBUTE = "schema/misplaced-attribute",
    MISPLACED_ELEMENT = "schema/misplaced-element",
    CONFLICTING_ATTRIBUTES = "schema/conflicting-attributes",
    CONFLICTING_ELEMENTS = "schema/conflicting-elements",
    INCOMPLETE_PAIR = "schema/incomplete-pair",
    WRONG_ORDER = "schema/wrong-order",
    WRONG_VARIANT = "schema/wrong-variant",
    FOREIGN_ELEMENT = "schema/foreign-element",
    MISSING_NAMESPACE = "schema/missing-namespace",
    TOO_NEW = "schema/too-new",
    REMOVED = "schema/removed",
    // What the schema lets through and libvirt's parser does not. `engine/` reports these.
    PADDED_VALUE = "semantic/padded-value",
    MINUS_ZERO = "semantic/minus-zero",
}

impl Code {
    /// The number in the rule table's list of rules, if the rule is one of the table's.
    pub const fn table_rule(self) -> Option<usize> {
        if self.0 >= codes::COUNT { Some((self.0 - codes::COUNT) as usize) } else { None }
    }
}
