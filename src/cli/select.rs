//! Words of the user's to a set of codes.

use super::nearest;
use crate::diagnostic::{Category, Code, Selection};
use crate::table::Table;

/// How narrow a word is: a narrower one outranks a wider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    All,
    Category(Category),
    Code(Code),
}

impl Target {
    fn rank(self) -> usize {
        match self {
            Target::All => 0,
            Target::Category(_) => 1,
            Target::Code(_) => 2,
        }
    }

    fn read(word: &str, table: &Table) -> Result<Self, String> {
        if word.eq_ignore_ascii_case("all") {
            return Ok(Target::All);
        }
        if let Some(category) = Category::ALL.into_iter().find(|category| category.as_str() == word) {
            return Ok(Target::Category(category));
        }
        if let Some(code) = table.code_by_name(word) {
            return Ok(Target::Code(code));
        }
        let codes: Vec<Code> = table.codes().collect();
        let names = codes.iter().map(|code| table.code_name(*code));
        // Without its category a code is known by the rest of its name.
        let bare = names.clone().find(|name| name.split_once('/').is_some_and(|(_, rest)| rest == word));
        let words = names.chain(Category::ALL.iter().map(|category| category.as_str())).chain(["ALL"]);
        Err(match bare.or_else(|| nearest(word, words)) {
            Some(near) => format!("`{word}` is no code or category; did you mean `{near}`?"),
            None => format!("`{word}` is no code or category; `virdict rules` lists all codes"),
        })
    }
}

/// The codes that `--select` and `--extend-select` ask for and `--ignore` does not take away. Without `--select` all are asked for.
pub fn selection(select: &[String], extend: &[String], ignore: &[String], table: &Table) -> Result<Selection, String> {
    if select.is_empty() && ignore.is_empty() {
        // What is added to everything changes nothing, but has to make sense.
        extend.iter().try_for_each(|word| Target::read(word, table).map(|_| ()))?;
        return Ok(Selection::all());
    }
    let read = |words: &[String]| words.iter().map(|word| Target::read(word, table)).collect::<Result<Vec<_>, _>>();
    let mut wanted = read(select)?;
    if select.is_empty() {
        wanted.push(Target::All);
    }
    wanted.extend(read(extend)?);
    let unwanted = read(ignore)?;
    let mut selection = Selection::none();
    for code in table.codes() {
        let best = |targets: &[Target]| {
            let covers = |target: &&Target| match target {
                Target::All => true,
                Target::Category(category) => *category == table.category(code),
                Target::Code(other) => *other == code,
            };
            targets.iter().filter(covers).map(|target| target.rank()).max()
        };
        if let Some(rank) = best(&wanted)
            && best(&unwanted).is_none_or(|other| other < rank)
        {
            selection.insert(code);
        }
    }
    Ok(selection)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    fn of(select: &[&str], extend: &[&str], ignore: &[&str]) -> Result<Selection, String> {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        selection(&own(select), &own(extend), &own(ignore), Table::built_in())
    }

    #[test]
    fn the_narrower_word_decides() {
        let chosen = |select: &[&str], extend: &[&str], ignore: &[&str]| {
            let selection = of(select, extend, ignore).unwrap();
            [codes::DTD, codes::DOCTYPE, codes::TOO_NEW].map(|code| selection.contains(code))
        };
        assert!(of(&[], &[], &[]).unwrap().is_all());
        assert_eq!(chosen(&["syntax"], &[], &[]), [true, true, false]);
        assert_eq!(chosen(&["syntax"], &["schema/too-new"], &[]), [true, true, true]);
        assert_eq!(chosen(&[], &[], &["syntax/dtd"]), [false, true, true]);
        assert_eq!(chosen(&["syntax/dtd"], &[], &["syntax"]), [true, false, false]);
        assert_eq!(chosen(&["ALL"], &[], &["ALL"]), [false, false, false]);
        assert_eq!(chosen(&["schema"], &["ALL"], &["syntax/dtd"]), [false, true, true]);
        assert_eq!(chosen(&["syntax/dtd"], &[], &["syntax/dtd"]), [false, false, false]);
    }

    #[test]
    fn unknown_words_are_told_with_the_right_one() {
        assert!(
            of(&["schema/unknwon-element"], &[], &[]).unwrap_err().contains("did you mean `schema/unknown-element`?")
        );
        assert!(of(&[], &[], &["unknown-element"]).unwrap_err().contains("did you mean `schema/unknown-element`?"));
        assert!(of(&[], &["sintax"], &[]).unwrap_err().contains("did you mean `syntax`?"));
        assert!(of(&["xyzzy-plugh"], &[], &[]).unwrap_err().contains("virdict rules"));
    }
}
