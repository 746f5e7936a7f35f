//! Documents that are made to take long or to take much memory, through the whole check: XML, schema, rules across elements, words, reports.
//!
//! Time is the processor's, of the one thread that checks. Each case is tried at two sizes; the larger may take as many times as long as
//! it is larger, with room for noise, and hold no more memory than four times the document and 20 MB.

mod invariants;

use invariants::cost::{Cost, Measured, cost};
use std::path::Path;
use virdict::engine::{Checker, Kind, Options};
use virdict::report::{Format, Look, Reporter};
use virdict::xml::Limits;

#[global_allocator]
static ALLOCATOR: Measured = Measured;

/// How many times larger the large document is.
const TIMES: usize = 4;

/// Without optimisation everything takes some twenty times as long, and a fiftieth of the size says the same of what is quadratic.
const SCALE: usize = if cfg!(debug_assertions) { 50 } else { 1 };

/// Limits that stop nothing but the number of findings.
fn options() -> Options {
    let limits =
        Limits { max_size: usize::MAX, max_depth: usize::MAX, max_attributes: usize::MAX, ..Limits::default() };
    Options { limits, ..Options::default() }
}

/// Checks a document as a run does: a checker that goes on to other documents, and each finding rendered into a buffer that is emptied when
/// it is full. The number of findings, and what it cost.
fn check(checker: &mut Checker, options: &Options, document: &str, format: Format) -> (usize, Cost) {
    let mut reporter = Reporter::new(options, format, Look::PLAIN);
    cost(|| {
        let outcome = checker.check(document.as_bytes(), true);
        assert!(outcome.kind == Kind::Checked);
        reporter.begin(Path::new("a.xml"), outcome.document.single_byte);
        let mut out = Vec::new();
        for finding in outcome.findings {
            reporter.finding(finding, &outcome.document.text, &mut out);
            if out.len() > 1 << 20 {
                out.clear();
            }
        }
        outcome.findings.len()
    })
}

/// Tries a case at a size and at a quarter of it. The number of findings in the large one.
#[track_caller]
fn bounded(make: impl Fn(usize) -> String, size: usize) -> usize {
    let options = options();
    let (small, large) = (make(size / TIMES), make(size));
    let mut tries = Vec::new();
    // Other work on the machine can only make it slower, so the best of some tries counts.
    for attempt in 0..5 {
        let (_, least) = check(&mut Checker::new(&options), &options, &small, Format::Jsonl);
        let (findings, most) = check(&mut Checker::new(&options), &options, &large, Format::Jsonl);
        assert!(most.bytes <= 4 * large.len() + (20 << 20), "{most:?} for a document of {} bytes", large.len());
        tries.push((least.time, most.time));
        let best = |time: fn(&(std::time::Duration, std::time::Duration)) -> std::time::Duration| {
            tries.iter().map(time).min().expect("there is one")
        };
        if best(|times| times.1) < best(|times| times.0) * TIMES as u32 * 3 / 2 {
            return findings;
        }
        assert!(attempt < 4, "{TIMES} times the size takes more than its time: {tries:?}");
    }
    unreachable!("it has returned or failed")
}

/// A domain with something in its devices.
fn domain(devices: &str) -> String {
    format!(
        "<domain type='kvm'><name>a</name><memory>1048576</memory>\
         <os><type arch='x86_64' machine='q35'>hvm</type></os><devices>\n{devices}</devices></domain>"
    )
}

fn repeated(count: usize, make: impl Fn(usize) -> String) -> String {
    (0..count).map(make).collect()
}

#[test]
fn a_hundred_thousand_disks_with_their_own_names() {
    let disk = |number: usize| {
        format!(
            "<disk type='file' device='disk'><source file='/images/{number}.qcow2'/><target dev='x{number}' bus='virtio'/>\
             <serial>{number}</serial></disk>\n"
        )
    };
    bounded(|count| domain(&repeated(count, disk)), 100_000 / SCALE);
}

#[test]
fn a_hundred_thousand_disks_with_one_name() {
    let disk = |number: usize| {
        format!("<disk type='file' device='disk'><source file='/{number}'/><target dev='vda' bus='virtio'/></disk>\n")
    };
    let size = 100_000 / SCALE;
    assert!(bounded(|count| domain(&repeated(count, disk)), size) >= size - 1, "each is told but the first");
}

#[test]
fn devices_that_refer_to_each_other() {
    let pair = |number: usize| {
        format!(
            "<controller type='scsi' index='{number}' model='virtio-scsi'/>\
             <disk type='file' device='disk'><source file='/{number}'/><target dev='sd{number}' bus='scsi'/>\
             <address type='drive' controller='{number}' bus='0' target='0' unit='0'/></disk>\n"
        )
    };
    bounded(|count| domain(&repeated(count, pair)), 40_000 / SCALE);
}

#[test]
fn names_that_nobody_knows() {
    // Each one slip away from several known names, and each its own.
    let element = |number: usize| format!("<interfac{number}/><dizk{number}/><sou{number}d/>\n");
    let size = 50_000 / SCALE;
    assert!(bounded(|count| domain(&repeated(count, element)), size) >= 2 * size);
    let attribute = |number: usize| format!(" typ{number}='x'");
    bounded(|count| domain(&format!("<disk{}/>", repeated(count, attribute))), 50_000 / SCALE);
    let value =
        |number: usize| format!("<disk type='fil{number}'><target dev='x{number}' bus='virtoi{number}'/></disk>\n");
    bounded(|count| domain(&repeated(count, value)), 20_000 / SCALE);
}

#[test]
fn attributes_that_stand_twice() {
    // Never more than 65,535 attributes of a tag are read.
    let size = 60_000 / SCALE;
    let many = |count: usize| domain(&format!("<disk{}/>", " type='file'".repeat(count)));
    assert!(bounded(many, size) >= size - 1);
    let many = |count: usize| {
        let attributes = repeated(count, |number| format!(" a{number}='1'"));
        domain(&format!("<disk{attributes}{attributes}/>"))
    };
    bounded(many, size / 2);
}

#[test]
fn long_names() {
    // What is wrong inside of an element with a long name is told with that name.
    let long = |size: usize, content: &str| {
        let name = "x".repeat(size * content.len());
        format!("<{name}>{}</{name}>", content.repeat(size))
    };
    bounded(|size| long(size, "<a></b></a>"), 10_000 / SCALE);
    bounded(|size| domain(&long(size, "<a b=c/>")), 10_000 / SCALE);
    bounded(|size| format!("<domain {}='1'>{}", "x".repeat(size * 20), "<x/>".repeat(size)), 100_000 / SCALE);
    // Each of the children is misplaced for what the start tag says, wherever in it.
    let disk =
        |size: usize| format!("<disk {}='' type='file'>{}</disk>", "x".repeat(size * 40), "<slices/>".repeat(size));
    bounded(|size| domain(&disk(size)), 100_000 / SCALE);
}

#[test]
fn one_long_line() {
    let size = (100 << 20) / SCALE;
    bounded(|size| domain(&format!("<disk type='{}'/>", "x".repeat(size))), size);
    bounded(|size| domain(&"x".repeat(size)), size);
    bounded(|size| domain(&"<disk/>".repeat(size / 7)), size / 100);
    // A finding at the end of the line, which the report shows with what is around it.
    bounded(|size| domain(&format!("<!--{}--><nobody/>", " ".repeat(size))), size);
}

#[test]
fn tags_that_are_not_closed() {
    bounded(|count| "<a>".repeat(count), 1_000_000 / SCALE);
    bounded(|count| domain(&"<disk>".repeat(count)), 200_000 / SCALE);
    bounded(|count| domain(&"<disk>\n".repeat(count)), 200_000 / SCALE);
    bounded(|count| "<domain>".repeat(count), 200_000 / SCALE);
    // Each of these is looked ahead from, and never further than so many bytes: both documents have to be longer than that, or the smaller
    // one costs less for each of its lines.
    let lines = (50_000 / SCALE).max(4_000);
    bounded(|count| domain(&"<disk type='file'><source></disk>\n".repeat(count)), lines);
}

#[test]
fn a_million_findings() {
    let most = Limits::default().max_findings;
    let expected = |found: usize, there: usize| assert_eq!(found, if there > most { most + 1 } else { there });
    let size = 1_000_000 / SCALE;
    // One beside them for the text.
    let found = bounded(|count| domain(&"&".repeat(count)), size);
    assert!(found >= size.min(most), "{found}");
    let found = bounded(|count| domain(&"<nobody/>".repeat(count)), size / 2);
    expected(found, size / 2);
    let found = bounded(|count| domain(&"<input type='mouse' nobody='x'/>\n".repeat(count)), size / 10);
    assert!(found >= (size / 10).min(most), "{found}");
}

#[test]
fn many_domains() {
    let size = 20_000 / SCALE;
    bounded(|count| format!("<domains>{}</domains>", domain("<disk/>").repeat(count)), size);
    bounded(|count| domain("<disk/>").repeat(count), size);
}

#[test]
fn long_reports() {
    // Many findings on long lines, in the format that shows them.
    let options = options();
    let line = "<input type='mouse' nobody='x'/>".repeat(1000);
    let documents = [1, TIMES].map(|times| domain(&format!("{line}\n").repeat(times * 10 / SCALE.min(10))));
    let costs = documents.map(|document| {
        let costs = (0..3).map(|_| check(&mut Checker::new(&options), &options, &document, Format::Full).1.time);
        costs.min().expect("there are some")
    });
    assert!(costs[1] < costs[0] * TIMES as u32 * 3 / 2, "{costs:?}");
}
