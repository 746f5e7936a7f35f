//! The whole check in memory, beside what others do with the same bytes: bare quick-xml events, quick-xml with `attributes()`, and
//! roxmltree, which builds a tree. One thread; the documents of `corpus/good`, or of the folder that `VIRDICT_BENCH` names.
//!
//! `cargo bench --bench core`. Compare the lines of one run with each other, not with those of another day.

use std::hint::black_box;
use std::path::PathBuf;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quick_xml::events::Event;
use virdict::diagnostic::{Category, Selection};
use virdict::engine::{Checker, Options};

fn documents() -> Vec<Vec<u8>> {
    let folder = std::env::var_os("VIRDICT_BENCH")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/good"), PathBuf::from);
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is readable")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    paths.sort();
    let read = |path: &PathBuf| std::fs::read(path).expect("the document is readable");
    // The others read UTF-8 only.
    paths.iter().map(read).filter(|bytes| std::str::from_utf8(bytes).is_ok()).collect()
}

/// Reads every event, and every attribute if asked to.
fn quick_xml(documents: &[Vec<u8>], attributes: bool) -> usize {
    let mut count = 0;
    for document in documents {
        let mut reader = quick_xml::Reader::from_reader(&document[..]);
        loop {
            match reader.read_event() {
                Ok(Event::Eof) | Err(_) => break,
                Ok(Event::Start(tag) | Event::Empty(tag)) if attributes => {
                    count += tag.attributes().flatten().map(|attribute| attribute.value.len()).sum::<usize>();
                }
                Ok(_) => count += 1,
            }
        }
    }
    count
}

fn check(checker: &mut Checker, documents: &[Vec<u8>]) -> usize {
    documents.iter().map(|document| checker.check(document, true).findings.len()).sum()
}

fn core(c: &mut Criterion) {
    let documents = documents();
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let mut group = c.benchmark_group("core");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("quick-xml events", |b| b.iter(|| black_box(quick_xml(&documents, false))));
    group.bench_function("quick-xml attributes()", |b| b.iter(|| black_box(quick_xml(&documents, true))));
    group.bench_function("roxmltree", |b| {
        b.iter(|| {
            for document in &documents {
                let text = std::str::from_utf8(document).expect("only UTF-8 was kept");
                black_box(roxmltree::Document::parse(text).is_ok());
            }
        });
    });
    let options = Options::default();
    let mut selection = Selection::none();
    for code in options.table.codes() {
        if matches!(options.table.category(code), Category::Syntax | Category::Schema) {
            selection.insert(code);
        }
    }
    let mut schema = Checker::new(&Options { selection, ..options.clone() });
    group.bench_function("virdict, syntax and schema", |b| b.iter(|| black_box(check(&mut schema, &documents))));
    let mut all = Checker::new(&options);
    group.bench_function("virdict, everything", |b| b.iter(|| black_box(check(&mut all, &documents))));
    group.finish();
}

criterion_group!(benches, core);
criterion_main!(benches);
