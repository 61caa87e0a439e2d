//! What a server answers to a datagram out of band.

use cfx_oob::answer::{Answer, ServerInfo, answer};
use cfx_oob::c2s::Request;
use serde::Deserialize;
use serde_json::{Value, json};

use super::input::{Hex, arguments};
use super::{Refusal, hex};

#[derive(Deserialize)]
struct Arguments<'a> {
    hex: Hex,
    #[serde(borrow)]
    server: Variables<'a>,
}

/// The server's variables, by their own names.
#[derive(Deserialize)]
struct Variables<'a> {
    #[serde(rename = "sv_maxclients")]
    max_clients: &'a str,
    #[serde(rename = "sv_hostname")]
    hostname: &'a str,
    gametype: &'a str,
    mapname: &'a str,
    #[serde(rename = "sv_infoVersion")]
    info_version: &'a str,
    players: Vec<&'a str>,
    server_info: Vec<(&'a str, &'a str)>,
    #[serde(rename = "sv_enableGetStatus")]
    enable_get_status: bool,
    #[serde(rename = "sv_returnClientsListInGetStatus")]
    return_clients_list: bool,
    rcon_password: &'a str,
}

/// `oob_reply`
pub(super) fn reply(input: &Value) -> Result<Value, Refusal> {
    let Arguments { hex: Hex(datagram), server } = arguments(input)?;
    Ok(match answer_to(&datagram, &server) {
        Answer::NotHandled => json!({ "handled": false, "reply": null }),
        Answer::Nothing => json!({ "handled": true, "reply": null }),
        Answer::Reply(reply) => json!({ "handled": true, "reply": hex(&reply) }),
        Answer::Rcon { command } => {
            json!({ "handled": true, "reply": null, "rcon_command": hex(command) })
        }
    })
}

fn answer_to<'a>(datagram: &'a [u8], server: &Variables<'_>) -> Answer<'a> {
    let Some(request) = Request::parse(datagram) else { return Answer::NotHandled };
    answer(
        &request,
        &ServerInfo {
            max_clients: server.max_clients,
            clients: server.players.len(),
            hostname: server.hostname,
            gametype: server.gametype,
            mapname: server.mapname,
            info_version: server.info_version,
            players: server.players.iter().copied(),
            server_info: server.server_info.iter().copied(),
            enable_get_status: server.enable_get_status,
            return_clients_list: server.return_clients_list,
            rcon_password: server.rcon_password,
        },
    )
}
