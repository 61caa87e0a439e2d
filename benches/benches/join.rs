//! A whole join in memory: both machines, from `/info.json` to `active`, every exchange between them.
//! No sockets, so neither HTTP's framing nor ENet's is in it.
//!
//! Beside it the same JSON read and written once by `serde_json`, and everything else that is said
//! copied once; beside a join with a ticket, the two signatures' check alone.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cfx_benches::{Joins, inputs, short};
use cfx_control::ticket::mint::test_key;
use cfx_control::ticket::{PublicKey, Ticket};
use cfx_session::client::{self, State};
use cfx_session::entropy;
use cfx_session::pair::Pair;
use cfx_session::server::{self, OneSync};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::Value;

type Fields = Vec<(String, Vec<u8>)>;

fn config(onesync: OneSync) -> server::Config {
    server::Config { onesync, ..Default::default() }
}

/// Joins and leaves again `count` times; the time of the joins alone. `fields` gives what a client
/// adds to `initConnect`, for its guid.
fn joins(server: &mut Joins, count: u64, fields: impl Fn(u64) -> Fields) -> Duration {
    let fields: Vec<_> = (0..).zip(0..count).map(|(n, _)| fields(server.guid(n))).collect();
    let mut took = Duration::ZERO;
    for fields in fields {
        let config = client::Config::default();
        let start = Instant::now();
        let joined = server.join(config, fields);
        took += start.elapsed();
        server.leave(joined);
    }
    took
}

/// A local network's server asks for no ticket.
fn no_ticket(_: u64) -> Fields {
    Vec::new()
}

/// What handling these messages costs where nothing is decided.
fn bare(said: &[Vec<u8>]) -> usize {
    said.iter()
        .map(|said| match said.first() {
            Some(b'{' | b'[') => {
                let value: Value = serde_json::from_slice(said).expect("JSON");
                value.to_string().len()
            }
            _ => black_box(said.clone()).len(),
        })
        .sum()
}

fn join(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("join");
    group.bench_function("the only player", |bencher| {
        let mut server = Joins::new(config(OneSync::On), None);
        bencher.iter_custom(|count| joins(&mut server, count, no_ticket));
    });
    group.bench_function("the 2,048th player", |bencher| {
        let mut server = Joins::new(config(OneSync::Big), None);
        for _ in 0..2047 {
            server.join(client::Config::default(), Vec::new());
        }
        bencher.iter_custom(|count| joins(&mut server, count, no_ticket));
    });
    group.bench_function("the only player, through Pair", |bencher| {
        bencher.iter_batched(
            || Pair::new(config(OneSync::On), entropy::seeded(1)),
            |mut pair| {
                let player = pair.add_client(client::Config::default());
                pair.join(player);
                assert_eq!(pair.client(player).state(), State::Active);
                pair
            },
            BatchSize::SmallInput,
        );
    });
    group.finish();

    let mut group = criterion.benchmark_group("join with a ticket");
    let key = test_key().expect("a key");
    let public = PublicKey::from(&key);
    group.bench_function("RSA included", |bencher| {
        let config = server::Config { lan: false, ..Default::default() };
        let mut server = Joins::new(config, Some(public.clone()));
        let ticket = |guid| vec![("cfxTicket2".to_owned(), inputs::ticket(guid, &key))];
        bencher.iter_custom(|count| joins(&mut server, count, ticket));
    });
    group.bench_function("baseline: the RSA check", |bencher| {
        let ticket = Ticket::decode(&inputs::ticket(1, &key)).expect("a ticket");
        bencher.iter(|| {
            let ticket = black_box(&ticket);
            (ticket.verify(&public), ticket.verify_extra(&public))
        });
    });
    group.finish();
}

fn baseline(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("join");
    let said = Joins::new(config(OneSync::On), None).record();
    group.bench_function("baseline: serde_json and copies", |bencher| {
        bencher.iter(|| bare(black_box(&said)));
    });
    group.finish();
    let bytes: usize = said.iter().map(Vec::len).sum();
    println!("a join: {} messages, {bytes} bytes", said.len());
}

criterion_group! { name = benches; config = short(); targets = join, baseline }
criterion_main!(benches);
