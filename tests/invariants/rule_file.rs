//! What holds of the rule compiler, whatever the text.

use virdict::table::{RuleFile, compile};

/// Compiles a rule file on its own and asserts what must hold; whether it compiled.
pub fn check(text: &str) -> bool {
    let files = [RuleFile { name: "rules.toml".into(), text: text.into() }];
    let Err(errors) = compile(&files, &[]) else { return true };
    assert!(!errors.is_empty(), "refused without a reason");
    let lines: Vec<&str> = text.split('\n').collect();
    for error in errors {
        assert_eq!(error.file, "rules.toml");
        assert!(!error.message.trim().is_empty(), "an error without a message: {error:?}");
        let line = error.line.checked_sub(1).and_then(|line| lines.get(line));
        let line = line.unwrap_or_else(|| panic!("{error:?} lies outside of {} lines", lines.len()));
        assert!((1..=line.chars().count() + 1).contains(&error.column), "{error:?} lies outside of its line");
    }
    false
}
