//! The two messages of type 1, beside a copy of their bytes.

use std::hint::black_box;

use cfx_benches::inputs::{CONNECT_OK, HANDSHAKE};
use cfx_benches::short;
use cfx_game::c2s;
use cfx_game::frame::{HEADER_SIZE, Payload};
use cfx_game::handshake::s2c::ConnectOk;
use cfx_wire::Decode;
use criterion::{Criterion, criterion_group, criterion_main};

fn handshake(criterion: &mut Criterion) {
    let Ok(c2s::Message::Connect(handshake)) = c2s::Message::from_slice(HANDSHAKE) else {
        panic!("a handshake")
    };
    let mut group = criterion.benchmark_group("handshake");
    group.bench_function("decode", |bencher| {
        bencher.iter(|| c2s::Message::from_slice(black_box(HANDSHAKE)));
    });
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&handshake).to_packet()));
    group
        .bench_function("baseline: copy", |bencher| bencher.iter(|| black_box(HANDSHAKE).to_vec()));
    group.finish();
}

fn connect_ok(criterion: &mut Criterion) {
    let payload = &CONNECT_OK[HEADER_SIZE..];
    let connect_ok = ConnectOk::from_slice(payload).expect("connectOK");
    let mut group = criterion.benchmark_group("connectOK");
    group.bench_function("decode", |bencher| {
        bencher.iter(|| ConnectOk::from_slice(black_box(payload)));
    });
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&connect_ok).to_packet()));
    group.bench_function("baseline: copy", |bencher| {
        bencher.iter(|| black_box(CONNECT_OK).to_vec());
    });
    group.finish();
}

criterion_group! { name = benches; config = short(); targets = handshake, connect_ok }
criterion_main!(benches);
