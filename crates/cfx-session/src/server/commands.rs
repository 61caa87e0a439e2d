//! Lines that players type for the server's console (reference: `ServerCommandPacketHandler.cpp`).

use cfx_control::texts::dropped as texts;
use cfx_game::command::ServerCommand;

use super::channel::{Allowed, quote};
use super::{ClientId, Event, Server};
use crate::msgpack;
use crate::time::Time;

impl Server {
    pub(super) fn command(&mut self, id: ClientId, command: &ServerCommand<'_>, now: Time) {
        let rate = self.config.message_rates.commands;
        let (line, bytes) = (command.command, command.command.len());
        let allowed =
            self.registry.update(id, |client| client.channel.commands.take(&rate, bytes, now));
        match allowed {
            Some(Allowed::Yes) => self.event(Event::Command { client: id, line: line.to_vec() }),
            Some(Allowed::Flood) => self.drop_client(id, texts::COMMAND_OVERFLOW),
            Some(Allowed::Size) => self.drop_client(id, &texts::command_size(&quote(line))),
            Some(Allowed::No) | None => {}
        }
    }

    /// What a command printed; nothing is not sent.
    pub(super) fn command_output(&mut self, client: ClientId, text: &str) {
        if !text.is_empty() {
            self.trigger_for(client, "__cfx_internal:serverPrint", &msgpack::text(text));
        }
    }
}
