//! Offsets to lines and columns: in order and scattered, in short lines and in a single long one, beside the usual way of doing it, a list
//! of where lines begin, in which one searches and then counts characters up to the column. Throughput is in positions.
//!
//! `cargo bench --bench line_index`. Compare the lines of one run with each other, not with those of another day.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use virdict::diagnostic::LineIndex;

/// Bytes of the large texts.
const LARGE: usize = 4 << 20;
/// Positions that are asked for in each text.
const POSITIONS: usize = 1000;

/// Lines such as those of a domain, up to a size.
fn lines(bytes: usize) -> Vec<u8> {
    let line = "      <source file='/var/lib/libvirt/images/größe.qcow2'/>\n";
    line.bytes().cycle().take(bytes / line.len() * line.len()).collect()
}

fn in_order(text: &[u8]) -> Vec<u32> {
    (0..POSITIONS).map(|number| (number * (text.len() / POSITIONS)) as u32).collect()
}

/// The same offsets in an order that jumps about: steps of a length that has no factor in common with their number.
fn scattered(text: &[u8]) -> Vec<u32> {
    let ordered = in_order(text);
    (0..POSITIONS).map(|number| ordered[number * 617 % POSITIONS]).collect()
}

/// The usual way.
fn by_line_starts(text: &[u8], offsets: &[u32]) -> usize {
    let starts: Vec<usize> = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text).map(|at| at + 1)).collect();
    let column = |offset: usize| {
        let line = starts.partition_point(|start| *start <= offset);
        line + text[starts[line - 1]..offset].iter().filter(|byte| **byte & 0xC0 != 0x80).count()
    };
    offsets.iter().map(|offset| column(*offset as usize)).sum()
}

fn by_index(index: &mut LineIndex, text: &[u8], offsets: &[u32]) -> usize {
    index.begin(false);
    let mut sum = 0;
    for offset in offsets {
        let position = index.position(text, *offset);
        sum += (position.line + position.column) as usize;
    }
    sum
}

fn line_index(c: &mut Criterion) {
    let (small, large, long) = (lines(8 << 10), lines(LARGE), b"<a b='c'/>".repeat(LARGE / 10));
    let cases = [
        ("8 KiB in order", &small, in_order(&small)),
        ("8 KiB scattered", &small, scattered(&small)),
        ("4 MiB in order", &large, in_order(&large)),
        ("4 MiB scattered", &large, scattered(&large)),
        ("one line of 4 MiB", &long, in_order(&long)),
    ];
    let mut index = LineIndex::new();
    let mut group = c.benchmark_group("line index");
    group.throughput(Throughput::Elements(POSITIONS as u64));
    for (name, text, offsets) in &cases {
        let index = &mut index;
        group.bench_function(*name, move |b| b.iter(|| black_box(by_index(index, black_box(text), offsets))));
        if !name.starts_with("one line") {
            // In one line each position would be counted from its front, so that nobody would wait for the end of it.
            group.bench_function(format!("{name}, line starts"), |b| {
                b.iter(|| black_box(by_line_starts(black_box(text), offsets)));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, line_index);
criterion_main!(benches);
