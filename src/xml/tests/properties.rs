//! What holds of any bytes.

// The fuzz targets hold other bytes against the same.
#[path = "../../../tests/invariants/xml.rs"]
mod invariants;

use crate::xml::Workspace;
pub(super) use invariants::check;
use invariants::check_everything;
use proptest::prelude::*;
use std::cell::RefCell;

/// Pieces that documents and their faults are made of.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "<a>", "</a>", "<b c='d'>", "</b>", "<b/>", "<domain>", "</domain>", "<domain/>", "<", ">", "/>", "</", "'", "\"", "=", " ", "\n", "&", ";",
            "&amp;", "&#x41;", "&#", "]]>", "<!--", "-->", "--", "->", "<![CDATA[", "<?", "?>", "<?xml version='1.0'?>", "<?xml", "<!DOCTYPE a", "<!DOCTYPE",
            "[", "]", "<!", "xmlns:p='u'", "xmlns=''", "p:e", "<p:e>", "</p:e>", "\u{FEFF}", "\u{E4}", "\u{FFFE}", "\0", "\r", "\t", " f='g' ", " f=\"g", " f=g",
            "<a b='c", "<a b", "  <a>\n", "encoding='ISO-8859-1'",
        ]).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..4),
        1 => "[ -~]{0,6}".prop_map(String::into_bytes),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

thread_local! {
    // It goes through all the documents, and knows the start tags of those before.
    static KEEPING: RefCell<Workspace> = {
        let mut workspace = Workspace::default();
        workspace.keep_tags();
        RefCell::new(workspace)
    };
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }

    #[test]
    fn soup_of_markup(bytes in soup()) {
        KEEPING.with_borrow_mut(|workspace| check_everything(&bytes, workspace));
    }
}
