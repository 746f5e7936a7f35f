//! Allocations are counted: a clean document that is checked by a checker which has seen one like it allocates nothing.

#![allow(unsafe_code)] // An allocator cannot be written without; the library and the program forbid it.

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::{Document, corpus, has_error, none_of};
use virdict::diagnostic::{Category, Selection};
use virdict::engine::{Checker, Options};

/// The system's allocator, and how often the thread at hand asked it for memory.
struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn count() {
    // A thread that is being torn down has nothing to count with any more.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often something allocates.
fn allocations<R>(work: impl FnOnce() -> R) -> u64 {
    let before = COUNT.get();
    let result = work();
    let count = COUNT.get() - before;
    drop(result);
    count
}

/// What quick-xml allocates for a document: nothing, since only its tag parser is used.
const SPLITTER: u64 = 0;

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| vec![1u8; 100]), 1);
    assert_eq!(allocations(|| 1), 0);
}

/// Checks every document of the corpus that has no error three times with one checker, and counts what the third time allocates.
fn count_again(options: &Options) -> Vec<String> {
    let mut checker = Checker::new(options);
    // Text that is not UTF-8 is decoded, which takes memory; who writes it pays for it.
    let is_plain = |document: &Document| document.is_good() && std::str::from_utf8(&document.bytes).is_ok();
    let documents: Vec<Document> = corpus().into_iter().filter(is_plain).collect();
    assert!(documents.len() > 40, "only {} documents", documents.len());
    for document in documents.iter().chain(&documents) {
        checker.check(&document.bytes, true);
    }
    let mut complaints = Vec::new();
    for document in &documents {
        let count = allocations(|| checker.check(&document.bytes, true).findings.len());
        if count > SPLITTER {
            complaints.push(format!("{}: {count}", document.name));
        }
    }
    complaints
}

#[test]
fn the_schema_is_checked_without_allocations() {
    let table = Options::default().table;
    let mut selection = Selection::none();
    for code in table.codes().filter(|code| matches!(table.category(*code), Category::Syntax | Category::Schema)) {
        selection.insert(code);
    }
    none_of(
        &count_again(&Options { selection, ..Options::default() }),
        "documents allocate when they are checked again",
    );
}

#[test]
fn rules_across_elements_are_checked_without_allocations() {
    none_of(&count_again(&Options::default()), "documents allocate when they are checked again");
}

#[test]
fn a_small_document_needs_few_allocations_the_first_time() {
    let options = Options::default();
    let document = b"<domain type='kvm'><name>a</name><memory>1048576</memory><os><type>hvm</type></os></domain>";
    let count = allocations(|| {
        let mut checker = Checker::new(&options);
        assert!(!has_error(checker.check(document, true).findings));
    });
    // A start of the program is paid for with these: buffers that grow to their size, and nothing that is as large as the rule table.
    assert!(count <= FIRST, "{count} allocations");
}

/// What a fresh checker and a first small document may allocate.
const FIRST: u64 = 60;
