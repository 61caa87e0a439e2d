//! `cfx-conformance serve`

use std::io::{self, Write};

use cfx_net::server::{Server, accept_all};
use cfx_session::server::Config;

use super::{OK, ServeArgs};
use crate::embedded;

/// Serves until interrupted.
pub(super) async fn serve(args: &ServeArgs, out: &mut impl Write) -> io::Result<u8> {
    let config = Config { hostname: args.hostname.clone(), ..embedded::config() };
    let server = Server::bind(args.listen, config, accept_all())
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", args.listen)))?;
    writeln!(out, "Listening on {} (UDP and TCP). Interrupt to stop.", server.address())?;
    out.flush()?;
    let running = server.spawn();
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(OK)
}
