//! `cfx-conformance query`

use std::io::{self, Write};

use cfx_oob::c2s::getinfo;
use cfx_oob::s2c::Response;
use serde_json::Value;
use tokio::time::timeout;

use super::{OK, UNREACHABLE, look_up};
use crate::report::visible;
use crate::target::{PATIENCE, Target};
use crate::tools::{http, oob};

/// Asks a server what it is and prints what it says.
pub(super) async fn query(server: &str, out: &mut impl Write) -> io::Result<u8> {
    let target = Target::remote(look_up(server).await?)?;
    let udp = oob::ask(&target, &getinfo(b"xyz")).await.ok();
    let http = timeout(PATIENCE, http::get(&target, "/info.json")).await;
    let http = http.ok().and_then(Result::ok);
    if udp.is_none() && http.is_none() {
        eprintln!(
            "cfx-conformance: nothing answers at {}; is the server up, and the port right?",
            target.address
        );
        return Ok(UNREACHABLE);
    }
    let info = udp.as_deref().and_then(Response::from_datagram);
    let document =
        http.as_ref().and_then(|answer| serde_json::from_slice::<Value>(&answer.body).ok());
    let says_something = matches!(info, Some(Response::Info(_))) || document.is_some();
    match info {
        Some(Response::Info(info)) => {
            let text = |bytes: &[u8]| visible(&String::from_utf8_lossy(bytes));
            writeln!(out, "hostname   {}", text(&info.hostname_stripped()))?;
            let number =
                |count: Option<u32>| count.map_or("?".to_owned(), |count| count.to_string());
            let (clients, most) = (number(info.clients()), number(info.max_clients()));
            writeln!(out, "players    {clients} of {most}")?;
            writeln!(out, "gametype   {}", text(info.gametype()))?;
            writeln!(out, "map        {}", text(info.mapname()))?;
        }
        Some(_) => writeln!(out, "What it answers to getinfo over UDP is no infoResponse.")?,
        None => writeln!(out, "It does not answer getinfo over UDP.")?,
    }
    match (document, &http) {
        (Some(info), _) => {
            writeln!(out, "server     {}", visible(info["server"].as_str().unwrap_or_default()))?;
            let resources = info["resources"].as_array().map_or(0, Vec::len);
            writeln!(out, "resources  {resources}")?;
            for (name, value) in info["vars"].as_object().into_iter().flatten() {
                writeln!(
                    out,
                    "  {} = {}",
                    visible(name),
                    visible(value.as_str().unwrap_or_default())
                )?;
            }
        }
        (None, Some(answer)) => {
            writeln!(out, "GET /info.json: HTTP {} without JSON", answer.status)?;
        }
        (None, None) => writeln!(out, "It does not answer GET /info.json.")?,
    }
    Ok(if says_something { OK } else { UNREACHABLE })
}
