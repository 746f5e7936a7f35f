//! Passes over the documents of a folder in memory, with one layer of the core and nothing around it: no walk, no threads, no output.
//!
//! `core_pass LAYER FOLDER [PASSES]`. What a single pass costs is the difference between two numbers of passes, since starting up and
//! reading the files is the same in both; `benches/instructions.sh` counts instructions in this way. It also prints the time of the
//! fastest pass and of the median one, for a quick look.

use quick_xml::events::Event as Bare;
use std::fs;
use std::hint::black_box;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use virdict::diagnostic::{Category, Selection};
use virdict::engine::{Checker, Options};
use virdict::report::{Format, Look, Reporter};
use virdict::xml::{self, Document, Event, Limits, Reader, Workspace};

/// What is done with each document.
const LAYERS: [(&str, &str); 7] = [
    ("nothing", "the documents are read and left alone"),
    ("events", "bare quick-xml events"),
    ("attributes", "bare quick-xml events and attributes()"),
    ("xml", "the XML layer"),
    ("schema", "XML and schema"),
    ("everything", "XML, schema and the rules across elements"),
    ("jsonl", "everything, and a report in JSON Lines"),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (layer, folder, passes) = match &arguments[..] {
        [layer, folder] => (layer, folder, "1"),
        [layer, folder, passes] => (layer, folder, &passes[..]),
        _ => return usage(),
    };
    let Ok(passes) = passes.parse::<usize>() else { return usage() };
    let mut documents = Vec::new();
    if let Err(error) = collect(Path::new(folder), &mut documents) {
        eprintln!("core_pass: {folder}: {error}");
        return ExitCode::from(2);
    }
    let Some(mut pass) = work(layer) else { return usage() };

    let mut times = Vec::with_capacity(passes);
    let mut found = 0;
    for _ in 0..passes {
        let begun = Instant::now();
        found = documents.iter().map(|bytes| pass(black_box(bytes))).sum::<usize>();
        times.push(begun.elapsed());
    }
    let bytes: usize = documents.iter().map(Vec::len).sum();
    println!("{layer}: {} documents, {bytes} bytes, {found} found", documents.len());
    let first = times.first().copied();
    times.sort();
    if let (Some(first), [fastest, ..]) = (first, &times[..]) {
        let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
        let middle = times[times.len() / 2];
        println!(
            "fastest pass {:.1} MB/s, median {:.1} MB/s, first pass {:.1} MB/s",
            speed(*fastest),
            speed(middle),
            speed(first)
        );
    }
    ExitCode::SUCCESS
}

fn usage() -> ExitCode {
    eprintln!("core_pass LAYER FOLDER [PASSES]");
    for (name, words) in LAYERS {
        eprintln!("  {name:<12}{words}");
    }
    ExitCode::from(2)
}

/// All documents below a folder in the order of their paths, but for those that quick-xml does not read since they are no UTF-8.
fn collect(folder: &Path, documents: &mut Vec<Vec<u8>>) -> io::Result<()> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, documents)?;
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            documents.push(fs::read(&path)?);
        }
    }
    documents.retain(|bytes| std::str::from_utf8(bytes).is_ok());
    Ok(())
}

/// What is done with a document; it returns how much was found there, so that nothing of the work can be left out.
type Work = Box<dyn FnMut(&[u8]) -> usize>;

fn work(layer: &str) -> Option<Work> {
    Some(match layer {
        "nothing" => Box::new(|bytes| bytes.len()),
        "events" => Box::new(|bytes| bare(bytes, false)),
        "attributes" => Box::new(|bytes| bare(bytes, true)),
        "xml" => {
            let mut workspace = Workspace::default();
            Box::new(move |bytes| checked_xml(bytes, &mut workspace))
        }
        "schema" | "everything" => {
            let mut options = Options::default();
            if layer == "schema" {
                options.selection = syntax_and_schema(&options);
            }
            let mut checker = Checker::new(&options);
            Box::new(move |bytes| checker.check(bytes, true).findings.len())
        }
        "jsonl" => {
            let options: &'static Options = Box::leak(Box::default());
            let mut checker = Checker::new(options);
            let mut reporter = Reporter::new(options, Format::Jsonl, Look::PLAIN);
            let mut out = Vec::new();
            Box::new(move |bytes| {
                let outcome = checker.check(bytes, true);
                out.clear();
                reporter.begin(Path::new("guests/a.xml"), outcome.document.single_byte);
                for finding in outcome.findings {
                    reporter.finding(finding, &outcome.document.text, &mut out);
                }
                out.len()
            })
        }
        _ => return None,
    })
}

fn syntax_and_schema(options: &Options) -> Selection {
    let mut selection = Selection::none();
    for code in options.table.codes() {
        if matches!(options.table.category(code), Category::Syntax | Category::Schema) {
            selection.insert(code);
        }
    }
    selection
}

/// quick-xml's events, and attributes if asked for, up to the first fault.
fn bare(bytes: &[u8], attributes: bool) -> usize {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut count = 0;
    loop {
        match reader.read_event() {
            Ok(Bare::Eof) | Err(_) => return count,
            Ok(Bare::Start(tag) | Bare::Empty(tag)) if attributes => {
                count += tag.attributes().flatten().map(|attribute| attribute.value.len()).sum::<usize>();
            }
            Ok(_) => count += 1,
        }
    }
}

/// The XML layer alone.
fn checked_xml(bytes: &[u8], workspace: &mut Workspace) -> usize {
    let options = xml::Options { namespaces: &[], is_document_root: |_| false, limits: Limits::default() };
    let mut findings = Vec::new();
    let Some(document) = Document::open(bytes, &options.limits, &mut findings) else { return findings.len() };
    let mut reader = Reader::new(&document.text, workspace, &options);
    let mut count = 0;
    loop {
        match reader.next(&mut findings) {
            Event::Eof => return count + findings.len(),
            Event::Start(_) => count += reader.attributes().len(),
            _ => count += 1,
        }
    }
}
