//! Words for findings of the table's rules: the rule file has them, the document fills them in.

use super::expected::expectation;
use super::{Context, Url, Wording};
use crate::diagnostic::Arg;
use crate::table::Judge;

pub(super) fn wording(c: &Context<'_>) -> Wording {
    let doc = &c.table.codes[c.finding.code.0 as usize];
    let judge = c.finding.code.table_rule().map(|rule| c.table.rules[rule].judge);
    let second_place = if matches!(judge, Some(Judge::Unique(_))) { "the first is here" } else { "see here" };
    // Where a value of a type was meant, its name is better help than the rule's.
    let meant = match judge {
        Some(Judge::OfType(_, type_)) => {
            let wrong = String::from_utf8_lossy(c.finding.span.of(c.text));
            let expected = expectation(c.table, type_.into(), &wrong, c.target);
            expected.meant.map(|meant| (meant, expected.help))
        }
        _ => None,
    };
    let fix = meant.as_ref().and_then(|(meant, _)| super::schema::replace(c, meant));
    let help = meant.map_or_else(|| fill(c, doc.advice), |(_, help)| help);
    Wording {
        message: fill(c, doc.message),
        help: Some(help).filter(|help| !help.is_empty()),
        url: Url::of(doc.docs),
        related: c.finding.related.map(|span| (second_place.to_owned(), span)),
        fix,
        ..Wording::default()
    }
}

/// Puts the finding's arguments into a template.
fn fill(c: &Context<'_>, template: &str) -> String {
    let mut out = String::with_capacity(template.len() + 16);
    let mut rest = template;
    while let Some(open) = rest.find('{') {
        out.push_str(&rest[..open]);
        let number = rest.as_bytes().get(open + 1).map_or(0, |digit| digit.wrapping_sub(b'0') as usize);
        match c.finding.args.get(number) {
            Some(Arg::Span(span)) => out.push_str(&c.quote(*span)),
            Some(Arg::Number(value)) => out.push_str(&value.to_string()),
            _ => {}
        }
        rest = rest[open..].split_once('}').map_or("", |(_, rest)| rest);
    }
    out.push_str(rest);
    out
}
