//! The known answers of `oob`, and every prefix of their datagrams both ways.

use cfx_fixtures::{Case, Expect, check, hex, prefixes, vectors};
use cfx_oob::answer::{Answer, ServerInfo, answer};
use cfx_oob::c2s::Request;
use cfx_oob::s2c::Response;
use serde_json::{Value, json};

#[test]
fn oob_vectors() {
    check("oob", 116, |case| {
        let datagram = case.bytes("hex");
        Ok(match reply(case, &datagram) {
            Answer::NotHandled => json!({ "handled": false, "reply": null }),
            Answer::Nothing => json!({ "handled": true, "reply": null }),
            Answer::Reply(reply) => json!({ "handled": true, "reply": hex(&reply) }),
            Answer::Rcon { command } => {
                json!({ "handled": true, "reply": null, "rcon_command": hex(command) })
            }
        })
    });
}

fn reply<'a>(case: &Case, datagram: &'a [u8]) -> Answer<'a> {
    let Some(request) = Request::parse(datagram) else { return Answer::NotHandled };
    let server = &case.input["server"];
    let players = server["players"].as_array().expect("players");
    answer(
        &request,
        &ServerInfo {
            max_clients: text(&server["sv_maxclients"]),
            clients: players.len(),
            hostname: text(&server["sv_hostname"]),
            gametype: text(&server["gametype"]),
            mapname: text(&server["mapname"]),
            info_version: text(&server["sv_infoVersion"]),
            players: players.iter().map(text),
            server_info: server["server_info"]
                .as_array()
                .expect("server_info")
                .iter()
                .map(|pair| (text(&pair[0]), text(&pair[1]))),
            enable_get_status: server["sv_enableGetStatus"] == true,
            return_clients_list: server["sv_returnClientsListInGetStatus"] == true,
            rcon_password: text(&server["rcon_password"]),
        },
    )
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn every_prefix_of_every_datagram_is_read() {
    for case in vectors("oob") {
        prefixes(&case.bytes("hex"), |cut| {
            assert_eq!(Request::parse(cut).is_some(), cut.starts_with(&[0xFF; 4]), "{cut:?}");
            let _ = Request::parse_strict(cut);
            let _ = reply(&case, cut);
        });
        let Expect::Ok(answer) = &case.expect else { panic!("{}: no answer", case.id) };
        let Some(reply) = answer["reply"].as_str() else { continue };
        let reply = cfx_fixtures::unhex(reply);
        let whole = Response::from_datagram(&reply).expect("a server's answer is out of band");
        assert!(!matches!(whole, Response::Unknown { .. }), "{}: {whole:?}", case.id);
        // A challenge with a NUL comes back in the answer, which strict then refuses.
        let strict = (!reply.contains(&0)).then_some(whole);
        assert_eq!(Response::parse_strict(&reply[4..]).ok(), strict, "{}", case.id);
        prefixes(&reply, |cut| {
            if let Some(Response::Info(info)) = Response::from_datagram(cut) {
                assert_eq!(info.info, cut.get(17..).unwrap_or_default());
            }
            let _ = cfx_oob::body(cut).map(Response::parse_strict);
        });
    }
}
