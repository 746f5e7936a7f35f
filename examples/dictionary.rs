//! Prints a dictionary for libFuzzer: what XML is written with, and the names and words of the rule table. `fuzz/run` makes use of it.

use std::collections::BTreeSet;
use virdict::table::Table;

/// Markup that is hard to come by one byte after the other.
const MARKUP: &[&str] = &[
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?xml version='1.0'",
    " encoding='",
    "?>",
    "<!DOCTYPE ",
    "/>",
    "</",
    "='",
    "' ",
    "&amp;",
    "&lt;",
    "&#x",
    "&#0;",
    "xmlns=''",
    "xmlns:p='u'",
    "p:",
    "UTF-8",
    "UTF-16",
    "ISO-8859-1",
    "windows-1252",
    "\u{FEFF}",
    "\u{202E}",
    "\u{1B}[31m",
    "\r\n",
];

fn main() {
    let table = Table::built_in();
    let mut entries: BTreeSet<&str> = MARKUP.iter().copied().collect();
    entries.extend(table.names);
    entries.extend(table.words.iter().map(|word| word.name.text));
    entries.extend(table.namespaces.iter().map(|(_, uri)| *uri));
    // Single letters are found without help.
    for entry in entries.into_iter().filter(|entry| entry.len() > 1) {
        let escaped: String = entry.bytes().map(|byte| format!("\\x{byte:02X}")).collect();
        println!("\"{escaped}\"");
    }
}
