//! `cfx-conformance query`

use std::io::{self, Write};

use cfx_oob::c2s::getinfo;
use cfx_oob::s2c::Response;
use serde_json::Value;

use super::{OK, UNREACHABLE, look_up};
use crate::target::Target;
use crate::tools::{http, oob};

/// Asks a server what it is and prints what it says.
pub(super) async fn query(server: &str, out: &mut impl Write) -> io::Result<u8> {
    let target = Target::remote(look_up(server).await?)?;
    let udp = oob::ask(&target, &getinfo(b"xyz")).await.ok();
    let info = http::get(&target, "/info.json").await.ok();
    if udp.is_none() && info.is_none() {
        eprintln!(
            "cfx-conformance: nothing answers at {}; is the server up, and the port right?",
            target.address
        );
        return Ok(UNREACHABLE);
    }
    match udp.as_deref().and_then(Response::from_datagram) {
        Some(Response::Info(info)) => {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            writeln!(out, "hostname   {}", text(&info.hostname_stripped()))?;
            let number =
                |count: Option<u32>| count.map_or("?".to_owned(), |count| count.to_string());
            let (clients, most) = (number(info.clients()), number(info.max_clients()));
            writeln!(out, "players    {clients} of {most}")?;
            writeln!(out, "gametype   {}", text(info.gametype()))?;
            writeln!(out, "map        {}", text(info.mapname()))?;
        }
        _ => writeln!(out, "It does not answer getinfo over UDP.")?,
    }
    match info.as_ref().and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok()) {
        Some(info) => {
            writeln!(out, "server     {}", info["server"].as_str().unwrap_or_default())?;
            let resources = info["resources"].as_array().map_or(0, Vec::len);
            writeln!(out, "resources  {resources}")?;
            for (name, value) in info["vars"].as_object().into_iter().flatten() {
                writeln!(out, "  {name} = {}", value.as_str().unwrap_or_default())?;
            }
        }
        None => writeln!(out, "It does not answer GET /info.json.")?,
    }
    Ok(OK)
}
