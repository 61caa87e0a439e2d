//! `getinfo`: reading it, and reading and answering it, beside the least that an answer costs (a
//! copy of its bytes) and the usual way to write one (`format!`).

use std::hint::black_box;
use std::iter;

use cfx_benches::{inputs::GETINFO, short};
use cfx_oob::answer::{Answer, ServerInfo, answer};
use cfx_oob::c2s::Request;
use criterion::{Criterion, criterion_group, criterion_main};

type NoPlayers = iter::Empty<&'static str>;
type NoVariables = iter::Empty<(&'static str, &'static str)>;

const fn server() -> ServerInfo<'static, NoPlayers, NoVariables> {
    ServerInfo {
        max_clients: "2048",
        clients: 1234,
        hostname: "^1Example ^7Roleplay | whitelisted | 18+ | discord.example/roleplay",
        gametype: "Freeroam",
        mapname: "San Andreas",
        info_version: "1822222681",
        players: iter::empty(),
        server_info: iter::empty(),
        enable_get_status: false,
        return_clients_list: true,
        rcon_password: "",
    }
}

/// What [`answer`] writes, by `format!`.
fn formatted(
    server: &ServerInfo<'_, NoPlayers, NoVariables>,
    request: &Request<'_>,
) -> Option<Vec<u8>> {
    let Request::GetInfo { challenge } = request else { return None };
    let text = format!(
        "infoResponse\n\\sv_maxclients\\{}\\clients\\{}\\challenge\\{}\\gamename\\CitizenFX\\protocol\\4\
         \\hostname\\{}\\gametype\\{}\\mapname\\{}\\iv\\{}",
        server.max_clients,
        server.clients,
        String::from_utf8_lossy(challenge),
        server.hostname,
        server.gametype,
        server.mapname,
        server.info_version,
    );
    Some([b"\xFF\xFF\xFF\xFF", text.as_bytes()].concat())
}

fn getinfo(criterion: &mut Criterion) {
    let server = server();
    let request = Request::parse(GETINFO).expect("out of band");
    let Answer::Reply(reply) = answer(&request, &server) else { panic!("a reply") };
    assert_eq!(formatted(&server, &request).as_ref(), Some(&reply));

    let mut group = criterion.benchmark_group("getinfo");
    group.bench_function("parse", |bencher| bencher.iter(|| Request::parse(black_box(GETINFO))));
    group.bench_function("parse and answer", |bencher| {
        bencher.iter(|| {
            let request = Request::parse(black_box(GETINFO));
            request.map(|request| answer(&request, black_box(&server)))
        });
    });
    group.bench_function("baseline: copy the answer", |bencher| {
        bencher.iter(|| black_box(&reply).clone());
    });
    group.bench_function("baseline: format! the answer", |bencher| {
        bencher.iter(|| formatted(black_box(&server), black_box(&request)));
    });
    group.finish();
}

criterion_group! { name = benches; config = short(); targets = getinfo }
criterion_main!(benches);
