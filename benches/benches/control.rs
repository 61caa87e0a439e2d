//! Decoding a streamed answer: whole and in network-sized chunks, beside `serde_json` on the whole
//! text (which checks the grammar, but neither UTF-8 nor surrogates).

use std::hint::black_box;

use cfx_benches::short;
use cfx_control::stream::ValueStream;
use cfx_fixtures::manifest::{JOIN_BYTES, JOIN_RESOURCES, manifest_json};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde::de::IgnoredAny;

/// Decodes a body in chunks of `size` bytes, and counts the bytes of its values.
fn decode(body: &[u8], size: usize) -> usize {
    let mut stream = ValueStream::new(body.len());
    let mut bytes = 0;
    for mut chunk in body.chunks(size) {
        while let Some(value) = stream.next(&mut chunk).expect("JSON") {
            bytes += black_box(value).len();
        }
    }
    bytes
}

fn stream(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stream");
    for (name, resources, bytes) in
        [("1 KB", 1, 1_000), ("64 KB", 8, 64_000), ("2.5 MB", JOIN_RESOURCES, JOIN_BYTES)]
    {
        let body = manifest_json(resources, bytes) + "\r\n";
        let body = body.as_bytes();
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::new("whole", name), body, |bencher, body| {
            bencher.iter(|| decode(body, body.len()));
        });
        group.bench_with_input(
            BenchmarkId::new("1400-byte chunks", name),
            body,
            |bencher, body| {
                bencher.iter(|| decode(body, 1400));
            },
        );
        group.bench_with_input(BenchmarkId::new("serde_json", name), body, |bencher, body| {
            bencher.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(body)).is_ok());
        });
    }
    group.finish();
}

/// Values without long strings, where the grammar is all there is.
fn dense(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stream of numbers and brackets");
    let body = format!("[{}0]", "[1,-2.5],{\"a\":true},\n  ".repeat(40_000));
    let body = body.as_bytes();
    group.throughput(Throughput::Bytes(body.len() as u64));
    group.bench_function("whole", |bencher| bencher.iter(|| decode(body, body.len())));
    group.bench_function("1400-byte chunks", |bencher| bencher.iter(|| decode(body, 1400)));
    group.bench_function("serde_json", |bencher| {
        bencher.iter(|| serde_json::from_slice::<IgnoredAny>(black_box(body)).is_ok());
    });
    group.finish();
}

criterion_group! { name = benches; config = short(); targets = stream, dense }
criterion_main!(benches);
