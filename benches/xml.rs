//! The XML layer beside bare quick-xml, on the same bytes in the same run.
//!
//! The documents are those of `corpus/`; without any, one is made up that looks like them. `cargo bench --bench xml`.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quick_xml::events::Event as Bare;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use virdict::xml::{Document, Event, Limits, Options, Reader, Workspace};

/// The documents below a folder, or made-up ones.
fn documents() -> Vec<Vec<u8>> {
    let mut documents = Vec::new();
    collect(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus")), &mut documents);
    // Documents that are broken on purpose would end bare quick-xml early.
    documents.retain(|bytes| bare(bytes).is_some());
    if documents.is_empty() {
        documents = (0..100).map(|number| made_up(number).into_bytes()).collect();
    }
    documents
}

fn collect(folder: &Path, documents: &mut Vec<Vec<u8>>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, documents);
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            documents.extend(std::fs::read(&path));
        }
    }
    documents.sort();
}

/// A guest with a few disks and cards.
fn made_up(number: usize) -> String {
    let mut text = format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<!-- guest {number} -->\n<domain type='kvm'>\n  <name>guest-{number}</name>\n  \
         <uuid>4dea22b3-1d52-d8f3-2516-{number:012x}</uuid>\n  <memory unit='KiB'>2097152</memory>\n  <vcpu placement='static'>4</vcpu>\n  \
         <os>\n    <type arch='x86_64' machine='pc-q35-8.2'>hvm</type>\n    <boot dev='hd'/>\n  </os>\n  <features>\n    <acpi/>\n    <apic/>\n  \
         </features>\n  <cpu mode='host-passthrough' check='none' migratable='on'/>\n  <clock offset='utc'/>\n  <devices>\n    \
         <emulator>/usr/bin/qemu-system-x86_64</emulator>\n"
    );
    for index in 0..6 {
        let letter = (b'a' + index) as char;
        let _ = write!(
            text,
            "    <disk type='file' device='disk'>\n      <driver name='qemu' type='qcow2' cache='none'/>\n      \
             <source file='/var/lib/libvirt/images/guest-{number}-{index}.qcow2'/>\n      <target dev='vd{letter}' bus='virtio'/>\n      \
             <address type='pci' domain='0x0000' bus='0x04' slot='0x{index:02x}' function='0x0'/>\n    </disk>\n    \
             <interface type='bridge'>\n      <mac address='52:54:00:6b:3c:{index:02x}'/>\n      <source bridge='br{index}'/>\n      \
             <model type='virtio'/>\n    </interface>\n"
        );
    }
    text.push_str(
        "    <console type='pty'/>\n    <graphics type='vnc' port='-1' autoport='yes'/>\n  </devices>\n</domain>\n",
    );
    text
}

/// Bare quick-xml's events.
fn bare(bytes: &[u8]) -> Option<usize> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut count = 0;
    loop {
        match reader.read_event().ok()? {
            Bare::Eof => return Some(count),
            _ => count += 1,
        }
    }
}

/// Bare quick-xml's events and attributes.
fn with_attributes(bytes: &[u8]) -> Option<usize> {
    let mut reader = quick_xml::Reader::from_reader(bytes);
    let mut count = 0;
    loop {
        match reader.read_event().ok()? {
            Bare::Eof => return Some(count),
            Bare::Start(tag) | Bare::Empty(tag) => {
                for attribute in tag.attributes() {
                    count += attribute.ok()?.value.len();
                }
            }
            _ => count += 1,
        }
    }
}

/// The whole XML layer.
fn checked(bytes: &[u8], workspace: &mut Workspace, options: &Options) -> usize {
    let mut findings = Vec::new();
    let Some(document) = Document::open(bytes, &options.limits, &mut findings) else { return 0 };
    let mut reader = Reader::new(&document.text, workspace, options);
    let mut count = 0;
    loop {
        match reader.next(&mut findings) {
            Event::Eof => return count + findings.len(),
            Event::Start(_) => count += reader.attributes().len(),
            _ => count += 1,
        }
    }
}

fn benches(criterion: &mut Criterion) {
    let documents = documents();
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let mut group = criterion.benchmark_group("xml");
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("bare quick-xml events", |bench| {
        bench.iter(|| documents.iter().map(|bytes| bare(black_box(bytes)).unwrap_or(0)).sum::<usize>());
    });
    group.bench_function("bare quick-xml with attributes()", |bench| {
        bench.iter(|| documents.iter().map(|bytes| with_attributes(black_box(bytes)).unwrap_or(0)).sum::<usize>());
    });
    let mut workspace = Workspace::default();
    let options = Options { namespaces: &[], is_document_root: |_| false, limits: Limits::default() };
    group.bench_function("virdict::xml", |bench| {
        bench.iter(|| documents.iter().map(|bytes| checked(black_box(bytes), &mut workspace, &options)).sum::<usize>());
    });
    group.bench_function("roxmltree", |bench| {
        let parse = |bytes: &Vec<u8>| {
            let text = std::str::from_utf8(black_box(bytes)).ok()?;
            Some(roxmltree::Document::parse(text).ok()?.descendants().count())
        };
        bench.iter(|| documents.iter().filter_map(parse).sum::<usize>());
    });
    group.finish();
}

criterion_group!(xml, benches);
criterion_main!(xml);
