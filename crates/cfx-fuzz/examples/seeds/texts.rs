//! Seeds of the crates that read text: wire, oob, control.

use cfx_control::answer::{Accepted, deferral_card, deferral_message, error};
use cfx_control::info::{DynamicJson, InfoJson, PlayerJson, players_json};
use cfx_control::manifest::{Manifest, Resource, StreamFile};
use cfx_control::ticket::mint::{Mint, test_key};
use cfx_control::ticket::{PublicKey, TicketExtra};
use cfx_fixtures::{Case, unhex, vectors};
use serde_json::Value;

use crate::{Input, Seeds, cases, expected, packets};

pub(crate) fn wire(seeds: &mut Seeds) {
    for case in cases("form", "decode_form") {
        seeds.add("wire_form", "form", &case.id, case.bytes("hex"));
    }
    for (name, packet) in packets("handshake", "client_to_server") {
        seeds.add("wire_form", "handshake", &name, packet.get(4..).unwrap_or_default());
    }
    for case in vectors("info") {
        seeds.add("wire_info", &case.op, &case.id, case.bytes("hex"));
    }
    for (name, packet) in packets("handshake", "server_to_client") {
        let text = packet.get(4..).unwrap_or_default();
        for (at, word) in text.split(|byte| *byte == b' ').enumerate() {
            seeds.add("wire_number", "connect-ok", &format!("{name}-{at}"), word);
        }
    }
    let numbers = ["", "-1", " +12x", "2147483648", "-9223372036854775809", "18446744073709551616"];
    seeds.add_all("wire_number", "edge", numbers);
    for case in cases("form", "encode_form") {
        let pairs = case.input["pairs"].as_array().expect("pairs");
        let mut input = Input::new().raw([0xFF; 8]).raw(7_u64.to_le_bytes());
        for pair in pairs {
            for part in 0..2 {
                input = input.bytes(unhex(pair[part].as_str().expect("hex")));
            }
        }
        seeds.add("wire_values", "form", &case.id, input);
    }
}

pub(crate) fn oob(seeds: &mut Seeds) {
    for case in vectors("oob") {
        let datagram = case.bytes("hex");
        seeds.add("oob_request", "request", &case.id, &datagram[..]);
        if let Some(reply) = expected(&case, "reply").filter(|reply| reply.len() > 4) {
            seeds.add("oob_response", "reply", &case.id, &reply[4..]);
        }
        seeds.add("oob_answer", "answer", &case.id, answer(&case, &datagram));
    }
    let errors =
        ["error Invalid connection.", "error Timed out.", "print hi\n", "ERRORxtext", "error"];
    seeds.add_all("oob_response", "text", errors);
    for kind in 0..6 {
        let one = Input::new().raw([kind]).bytes("xyz").bytes("\\hostname\\a\\clients\\3");
        seeds.add("oob_values", "value", &format!("value-{kind}"), one);
    }
}

/// A server's variables and a datagram, as `oob_answer` takes them.
fn answer(case: &Case, datagram: &[u8]) -> Input {
    let server = &case.input["server"];
    let text = |name: &str| server[name].as_str().unwrap_or_default().to_owned();
    let mut input = Input::new();
    for name in ["sv_maxclients", "sv_hostname", "gametype", "mapname", "rcon_password"] {
        // Longer ones would be cut elsewhere.
        input = input.bytes(text(name).get(..40).unwrap_or(&text(name)));
    }
    let none = Vec::new();
    let players = server["players"].as_array().unwrap_or(&none);
    let players = &players[..players.len().min(3)];
    input = input.raw([u8::try_from(players.len()).expect("few")]);
    for player in players {
        input = input.bytes(player.as_str().unwrap_or_default().get(..20).unwrap_or("x"));
    }
    let variables = server["server_info"].as_array().unwrap_or(&none);
    let variables = &variables[..variables.len().min(3)];
    input = input.raw([u8::try_from(variables.len()).expect("few")]);
    for part in variables.iter().flat_map(|pair| [&pair[0], &pair[1]]) {
        input = input.bytes(part.as_str().unwrap_or_default().get(..20).unwrap_or("x"));
    }
    let flag = |name: &str| u8::from(server[name] == true);
    let flags = [flag("sv_enableGetStatus"), flag("sv_returnClientsListInGetStatus")];
    input.raw(2_u16.to_le_bytes()).raw(flags).raw(datagram)
}

pub(crate) fn control(seeds: &mut Seeds) {
    documents(seeds);
    requests(seeds);
    tickets(seeds);
    for (at, text) in
        ["", "192.0.2.1  192.0.2.2:30121", "[\"192.0.2.1\"]", "false", "null", "\"a\""]
            .into_iter()
            .enumerate()
    {
        for place in 0..3 {
            let input = Input::new().raw([place]).raw(text);
            seeds.add("control_endpoints", "endpoints", &format!("endpoints-{at}-{place}"), input);
        }
    }
    for (at, text) in
        ["[]", "[\"onesync\"]", "[\"onesync_big\",3]", "{}", "["].into_iter().enumerate()
    {
        for (flags, slots) in [(0, 32_u16), (1, 64), (1, 128), (3, 128), (3, 2048)] {
            let input = Input::new().raw([flags]).raw(slots.to_le_bytes()).raw(text);
            let name = format!("policy-{at}-{flags}-{slots}");
            seeds.add("control_policy", "policy", &name, input);
        }
    }
    for (at, case) in vectors("ticket").iter().take(6).enumerate() {
        // Any bytes are values: those of a ticket are varied.
        let bytes = case.input["ticket"].as_str().expect("a ticket").as_bytes();
        for kind in 0..6_u8 {
            let input = Input::new().raw([kind, kind.wrapping_mul(7)]).raw(bytes);
            seeds.add(
                "control_values",
                &format!("kind-{kind}"),
                &format!("kind-{kind}-{at}"),
                input,
            );
        }
    }
}

fn accepted() -> Accepted {
    let mut accepted =
        Accepted { token: "6f1c0b9e".into(), sh: true, onesync: true, ..Accepted::default() };
    accepted.gamename = "rdr3".into();
    accepted.handover.insert("endpoints".into(), vec!["192.0.2.1:30120"].into());
    accepted.extra.insert("endpoints".into(), Value::Null);
    accepted
}

fn manifest() -> String {
    let pages = StreamFile {
        hash: "da39a3ee".into(),
        rsc_flags: 1,
        rsc_version: 2,
        size: 3,
        rsc_pages_virtual: Some(4),
        rsc_pages_physical: Some(5),
        e: Some(true),
        ..StreamFile::default()
    };
    let chat = Resource {
        name: "chat".into(),
        files: [("resource.rpf".into(), "da39a3ee".into())].into(),
        stream_files: [("a.ydr".into(), pages), ("b.ydr".into(), StreamFile::default())].into(),
        file_server: Some("http://%s/other".into()),
        uri: Some("memory:x".into()),
        ..Resource::default()
    };
    let manifest = Manifest { resources: vec![chat, Resource::default()], ..Manifest::default() };
    serde_json::to_string(&manifest).expect("JSON")
}

fn documents(seeds: &mut Seeds) {
    let mut info = InfoJson {
        server: "FXServer-master SERVER v1.0.0.7290 linux".into(),
        ..InfoJson::default()
    };
    for (name, value) in [
        ("sv_enforceGameBuild", "3258"),
        ("sv_defaultGameBuild", "3095"),
        ("sv_pureLevel", "1"),
        ("sv_poolSizesIncrease", r#"{"TxdStore":26000}"#),
        ("sv_replaceExeToSwitchBuilds", "false"),
        ("sv_licenseKeyToken", "k"),
    ] {
        info.vars.insert(name.into(), value.into());
    }
    let player = PlayerJson {
        name: "Ana".into(),
        identifiers: vec!["ip:192.0.2.1".into()],
        ..PlayerJson::default()
    };
    let infos = [
        info.with_version().to_json(),
        InfoJson::default().to_json(),
        DynamicJson::default().to_json(),
        players_json(&[player]),
        "{}".into(),
        r#"{"vars":{"sv_enforceGameBuild":3258},"icon":null}"#.into(),
    ];
    let replies = [
        deferral_message(Some("queue: 3 of 5\n")),
        deferral_message(None),
        deferral_card(r#"{"type":"AdaptiveCard"}"#, "6f1c0b9e"),
        error("You are banned."),
        accepted().to_json(),
        Accepted::default().to_json(),
        r#"{"defer":true}"#.into(),
        r#"{"sH":true,"protocol":5,"bitVersion":1}"#.into(),
        "null".into(),
        "[]".into(),
    ];
    let manifests = [
        manifest(),
        r#"{"error":"Not a valid client."}"#.into(),
        r#"{"fileServer":"x","resources":[{"name":"a"}]}"#.into(),
        r#"{"fileServer":"x"}"#.into(),
        "{} x".into(),
        "a;b;;c".into(),
    ];
    for (at, cut) in [[0, 0, 0], [1, 5, 1], [2, 77, 3], [2, 1, 200]].iter().enumerate() {
        let all = replies.join("\r\n") + &manifest();
        seeds.add(
            "control_stream",
            "answer",
            &format!("answer-{at}"),
            Input::new().raw(cut).raw(all),
        );
        for (number, text) in
            ["01", "true1", "\"\\ud83d\\ude00\"", "[1e400]", "\"\u{e9}\"", "-", "{\"a\":"]
                .iter()
                .enumerate()
        {
            let name = format!("edge-{at}-{number}");
            seeds.add("control_stream", "edge", &name, Input::new().raw(cut).raw(text));
        }
    }
    for case in vectors("oob").iter().step_by(16).chain(vectors("bits").iter().step_by(20)) {
        let text = format!("{}\r\n{}", case.input, case.id.len());
        seeds.add("control_stream", "vector", &case.id, Input::new().raw([2, 9, 9]).raw(text));
    }
    seeds.add_all("control_reply", "reply", &replies);
    seeds.add_all("control_manifest", "manifest", &manifests);
    seeds.add_all("control_info", "info", &infos);
}

fn requests(seeds: &mut Seeds) {
    let bodies: [&[u8]; 9] = [
        b"cfxTicket2=EAAA%3d&gameBuild=3258&gameName=gta5&guid=148618792331476182&method=initConnect&name=J%c3%b6rg&protocol=12",
        b"gameBuild=1491_0&gameName=rdr3&guid=7&method=initConnect&name=%ff%fe&protocol=12&other=1",
        b"method=initConnect&name=a&guid=1",
        b"method=submitCard&data=%7b%22x%22%3a1%7d&token=6f1c0b9e",
        b"method=getEndpoints&token=6f1c0b9e",
        b"method=getConfiguration",
        b"method=getConfiguration&resources=a;b",
        b"method=x",
        b"",
    ];
    seeds.add_all("control_request", "request", bodies);
    for case in cases("form", "decode_form") {
        let bytes = [&b"method=getConfiguration&resources=a&"[..], &case.bytes("hex")].concat();
        seeds.add("control_request", "form", &case.id, bytes);
        if seeds.0["control_request"]["form"].len() == 20 {
            break;
        }
    }
}

fn tickets(seeds: &mut Seeds) {
    for case in vectors("ticket") {
        let field = case.input["ticket"].as_str().expect("a ticket");
        seeds.add("control_ticket", "vector", &case.id, Input::new().raw([1]).raw(field));
        let key = unhex(case.input["key_n"].as_str().expect("a key"));
        let input = Input::new().raw([2]).bytes([1, 0, 1]).raw(key);
        seeds.add("control_key", "vector", &case.id, input);
    }
    let key = test_key().expect("good numbers");
    let json = br#"{"gn":"gta5","si":"abc","tk":["discord:1",2],"hw":["2:0"]}"#;
    let extras = [(None, None), (Some([7; 20]), None), (Some([7; 20]), Some(json.to_vec()))];
    for (at, (entitlement_hash, extra_json)) in (0..).zip(extras) {
        let extra = TicketExtra { entitlement_hash, extra_json };
        let mint = Mint { guid: 7, expiry: 2_000_000_000, extra };
        let field = mint.sign(&key).expect("the key signs");
        let input = Input::new().raw([1]).raw(field);
        seeds.add("control_ticket", "minted", &format!("minted-{at}"), input);
        let input = Input::new().raw([at; 16]).raw([1; 22]).raw(json);
        seeds.add("control_ticket_values", "value", &format!("value-{at}"), input);
    }
    seeds.add("control_ticket", "claims", "claims", Input::new().raw([0]).raw(json));
    let text = PublicKey::from(&key).to_pkcs1_der_base64().expect("a key");
    let answer = format!(r#"{{"key":"{text}"}}"#);
    seeds.add("control_key", "answer", "answer", Input::new().raw([0]).raw(answer));
    seeds.add("control_key", "der", "der", Input::new().raw([1]).raw(decode(&text)));
}

fn decode(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.decode(text).expect("base64")
}
