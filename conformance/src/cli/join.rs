//! `cfx-conformance join`

use std::io::{self, Write};
use std::time::{Duration, Instant};

use cfx_control::request::client_guid;
use cfx_net::client::{Client, Command};
use cfx_session::client::{Config, Event, ServerUrl};
use tokio::time::timeout_at;

use super::{FAILED, JoinArgs, OK, UNREACHABLE, USAGE};
use crate::report::visible;

/// Joins, shows each step, stays a while, and leaves.
pub(super) async fn join(args: &JoinArgs, out: &mut impl Write) -> io::Result<u8> {
    let Some(url) = ServerUrl::parse(&args.server) else {
        eprintln!("cfx-conformance: {}: no server; give HOST, HOST:PORT or a URL", args.server);
        return Ok(USAGE);
    };
    let begun = Instant::now();
    let mut client = Client::start(Config { name: args.name.clone(), ..Config::default() })?;
    client.command(Command::Connect { url, guid: client_guid(std::process::id()) });
    let mut leave_at = None;
    loop {
        let event = match leave_at {
            None => client.next().await,
            Some(at) => match timeout_at(at, client.next()).await {
                Ok(event) => event,
                Err(_) => break,
            },
        };
        let Some(event) = event else { break };
        if let Some(text) = describe(&event) {
            let ms = begun.elapsed().as_millis();
            let mut lines = text.trim_end().lines().map(visible);
            writeln!(out, "{ms:>6} ms  {}", lines.next().unwrap_or_default())?;
            for line in lines {
                writeln!(out, "           {line}")?;
            }
            out.flush()?;
        }
        match event {
            Event::TicketWanted { .. } => {
                let ticket = args.ticket.iter();
                let fields = ticket.map(|ticket| ("cfxTicket2".to_owned(), ticket.clone().into()));
                client.command(Command::Ticket(fields.collect()));
            }
            Event::SteamTicketWanted { .. } => client.command(Command::SteamTicket(Ok(None))),
            Event::Manifest(_) => client.command(Command::ContentDone),
            Event::NetworkConnected => {
                let stay = Duration::from_secs(args.stay);
                leave_at = Some(tokio::time::Instant::now() + stay);
            }
            Event::Refused(text) => {
                // A server that answers at all has a status.
                let silent = text.starts_with("Failed to fetch server variables.")
                    && !text.contains("HTTP ");
                if silent {
                    eprintln!(
                        "cfx-conformance: nothing answers at {}; is the server up, and the port right?",
                        visible(&args.server)
                    );
                    return Ok(UNREACHABLE);
                }
                return Ok(FAILED);
            }
            Event::Disconnected { .. } | Event::BuildSwitch(_) => return Ok(FAILED),
            _ => {}
        }
    }
    client.leave("Exiting").await;
    writeln!(out, "{:>6} ms  left", begun.elapsed().as_millis())?;
    Ok(OK)
}

/// What a person wants to know of an event.
fn describe(event: &Event) -> Option<String> {
    Some(match event {
        Event::Progress(text) => text.clone(),
        Event::State(state) => format!("[{state:?}]"),
        Event::Card(card) => format!("card: {card}"),
        Event::Policy(policy) => format!("Server feature policy is {policy}"),
        Event::Manifest(manifest) => format!("{} resources", manifest.resources.len()),
        Event::ConnectOk(ok) => format!(
            "Received connectOK: ServerID {}, SlotID {}, HostID {}",
            ok.net_id_u16(),
            ok.slot_id_u16(),
            ok.host_net_id_u16()
        ),
        Event::NetworkConnected => "Network connected".to_owned(),
        Event::BuildSwitch(build) => format!("the server wants game build {}", build.build),
        Event::Refused(text) => format!("refused: {text}"),
        Event::Disconnected { reason, .. } => format!("disconnected: {reason}"),
        Event::PlayerJoining { net_id, name, .. } => format!("player {net_id}: {name}"),
        Event::PlayerDropped { net_id, name, .. } => format!("player {net_id} left: {name}"),
        Event::ConVars(values) => format!("{} console variables", values.len()),
        _ => return None,
    })
}
