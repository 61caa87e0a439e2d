//! Form bodies, beside the decoder of the URL standard (`form_urlencoded`), which keeps the pairs in
//! the order of the body.

use std::hint::black_box;

use cfx_benches::inputs::{HANDSHAKE, INIT_CONNECT};
use cfx_benches::short;
use cfx_control::request::Request;
use cfx_game::frame::HEADER_SIZE;
use cfx_wire::form::Form;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn form(criterion: &mut Criterion) {
    let handshake = &HANDSHAKE[HEADER_SIZE..];
    for (name, body) in [("initConnect", INIT_CONNECT), ("handshake", handshake)] {
        let mut group = criterion.benchmark_group(format!("form of {name}"));
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_function("decode", |bencher| bencher.iter(|| Form::decode(black_box(body))));
        group.bench_function("decode strictly", |bencher| {
            bencher.iter(|| Form::decode_strict(black_box(body)));
        });
        group.bench_function("baseline: form_urlencoded", |bencher| {
            bencher.iter(|| form_urlencoded::parse(black_box(body)).collect::<Vec<_>>());
        });
        group.finish();
    }
}

fn request(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("body of initConnect");
    group.throughput(Throughput::Bytes(INIT_CONNECT.len() as u64));
    let request = Request::parse(INIT_CONNECT).expect("a request");
    group.bench_function("decode", |bencher| {
        bencher.iter(|| Request::parse(black_box(INIT_CONNECT)));
    });
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&request).to_body()));
    group.finish();
}

criterion_group! { name = benches; config = short(); targets = form, request }
criterion_main!(benches);
