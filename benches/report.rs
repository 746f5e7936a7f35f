//! What it costs to tell a finding: the words alone, and each format, for all findings of the documents in `corpus/bad`, or in the folder
//! that `VIRDICT_BENCH` names. Throughput is in findings.
//!
//! `cargo bench --bench report`. Compare the lines of one run with each other, not with those of another day.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use virdict::diagnostic::Finding;
use virdict::engine::{Checker, Options};
use virdict::report::wording::wording;
use virdict::report::{Format, Look, Reporter};

/// A document that was checked.
struct Checked {
    path: PathBuf,
    text: Vec<u8>,
    single_byte: bool,
    findings: Vec<Finding>,
}

fn checked(options: &Options) -> Vec<Checked> {
    let folder = std::env::var_os("VIRDICT_BENCH")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus/bad"), PathBuf::from);
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder is readable")
        .map(|entry| entry.expect("the folder is readable").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "xml"))
        .collect();
    paths.sort();
    let mut checker = Checker::new(options);
    let mut documents = Vec::new();
    for path in paths {
        let bytes = std::fs::read(&path).expect("the document is readable");
        let outcome = checker.check(&bytes, true);
        let findings = outcome.findings.to_vec();
        if !findings.is_empty() {
            let (text, single_byte) = (outcome.document.text.to_vec(), outcome.document.single_byte);
            documents.push(Checked { path, text, single_byte, findings });
        }
    }
    documents
}

fn report(c: &mut Criterion) {
    let options = Options::default();
    let documents = checked(&options);
    let findings: usize = documents.iter().map(|document| document.findings.len()).sum();
    assert!(findings > 0, "there is nothing to report");
    let mut group = c.benchmark_group("report");
    group.throughput(Throughput::Elements(findings as u64));
    group.bench_function("words alone", |b| {
        b.iter(|| {
            for document in &documents {
                for finding in &document.findings {
                    black_box(wording(finding, &document.text, &options));
                }
            }
        });
    });
    let formats = [
        ("concise", Format::Concise),
        ("jsonl", Format::Jsonl),
        ("json", Format::Json),
        ("github", Format::Github),
        ("full", Format::Full),
    ];
    for (name, format) in formats {
        let mut reporter = Reporter::new(&options, format, Look::PLAIN);
        let mut out = Vec::new();
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                for document in &documents {
                    reporter.begin(Path::new(&document.path), document.single_byte);
                    for finding in &document.findings {
                        reporter.finding(finding, &document.text, &mut out);
                    }
                }
                black_box(out.len())
            });
        });
    }
    group.finish();
}

criterion_group!(benches, report);
criterion_main!(benches);
