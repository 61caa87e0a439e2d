//! The handshake on the game channel (SPEC GAME-1 to GAME-13).

use cfx_control::game::Game;
use cfx_game::frame::{MessageType, Payload};
use cfx_game::handshake::s2c::ConnectOk;
use cfx_game::keep_alive::KeepAlive;
use cfx_game::quit::Quit;
use cfx_game::s2c::Message;
use cfx_net::enet::Delivery::{Reliable, Unsequenced};
use cfx_session::server::{Config, Decision, Host, OneSync};
use cfx_wire::Decode;

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, check, failed, same};
use crate::embedded;
use crate::target::{SILENCE, Target};
use crate::tools::game::{Admitted, Peer, admit, admit_as, enter, hold, join};
use crate::tools::http;
use crate::tools::oob::{alive, show};
use crate::tools::players::{Bystander, listed};

const INVALID_TOKEN: &str = "Invalid connection token received.";

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "handshake.guid.unknown",
        requirement: "GAME-3",
        level: Must,
        about: "a handshake with a guid of no client is not answered, and the peer may try again",
        run: |target| Box::pin(unknown_guid(target)),
    },
    Case {
        id: "handshake.guid.missing",
        requirement: "GAME-2",
        level: Must,
        about: "a handshake without a guid counts as one with an empty guid, which nobody has",
        run: |target| Box::pin(missing_guid(target)),
    },
    Case {
        id: "handshake.token.wrong",
        requirement: "GAME-4",
        level: Must,
        about: "a handshake with another token than the guid's is answered out of band by the error",
        run: |target| {
            Box::pin(wrong_token(target, |_| "00000000-0000-4000-8000-000000000000".to_owned()))
        },
    },
    Case {
        id: "handshake.token.missing",
        requirement: "GAME-2",
        level: Must,
        about: "a handshake without a token counts as one with an empty token, which is a wrong one",
        run: |target| Box::pin(missing_token(target)),
    },
    Case {
        id: "handshake.token.empty",
        requirement: "WIRE-2",
        level: Must,
        about: "an empty token ends the form, so that the guid behind it is not read and nothing is answered",
        run: |target| Box::pin(empty_token(target)),
    },
    Case {
        id: "handshake.token.upper-case",
        requirement: "SEC-3",
        level: Must,
        about: "the token in upper case, whose hash is the same, is a wrong one",
        run: |target| Box::pin(wrong_token(target, str::to_uppercase)),
    },
    Case {
        id: "handshake.token.longer",
        requirement: "SEC-3",
        level: Must,
        about: "the token with a byte behind it is a wrong one",
        run: |target| Box::pin(wrong_token(target, |token| format!("{token}0"))),
    },
    Case {
        id: "handshake.token.shorter",
        requirement: "SEC-3",
        level: Must,
        about: "the token without its last byte is a wrong one",
        run: |target| {
            Box::pin(wrong_token(target, |token| token[..token.len().saturating_sub(1)].to_owned()))
        },
    },
    Case {
        id: "handshake.token.stale",
        requirement: "GAME-4",
        level: Must,
        about: "a peer that connected by another token and names a guid with its token from before a newer initConnect gets the error",
        run: |target| Box::pin(stale_token(target)),
    },
    Case {
        id: "handshake.token.wrong-keeps-client",
        requirement: "SEC-7",
        level: Should,
        about: "a client whose guid somebody else named with a wrong token still joins",
        run: |target| Box::pin(wrong_token_keeps_client(target)),
    },
    Case {
        id: "handshake.token.wrong-keeps-player",
        requirement: "SEC-7",
        level: Should,
        about: "a connected player whose guid somebody else named with a wrong token stays connected",
        run: |target| Box::pin(wrong_token_keeps_player(target)),
    },
    Case {
        id: "handshake.state.not-validated",
        requirement: "GAME-5",
        level: Must,
        about: "a client that connects while a card holds its initConnect gets the error, and its token is of no more use",
        run: |target| Box::pin(not_validated(target)),
    },
    Case {
        id: "handshake.form.order",
        requirement: "GAME-2",
        level: Must,
        about: "guid before token is read alike",
        run: |target| Box::pin(form(target, |token, guid| format!("guid={guid}&token={token}"))),
    },
    Case {
        id: "handshake.form.extra-fields",
        requirement: "GAME-2",
        level: Must,
        about: "fields that nobody knows, before, between and behind, change nothing",
        run: |target| {
            Box::pin(form(target, |token, guid| format!("a=1&token={token}&b=%20&guid={guid}&c=3")))
        },
    },
    Case {
        id: "handshake.form.escapes",
        requirement: "WIRE-3",
        level: Must,
        about: "keys and values with every byte escaped are read alike",
        run: |target| {
            Box::pin(form(target, |token, guid| {
                format!("%74oken={}&%67uid={}", escaped(token), escaped(guid))
            }))
        },
    },
    Case {
        id: "handshake.form.last-wins",
        requirement: "WIRE-2",
        level: Must,
        about: "of two tokens and two guids the last ones count",
        run: |target| {
            Box::pin(form(target, |token, guid| {
                format!("token=no&guid=1&token={token}&guid={guid}")
            }))
        },
    },
    Case {
        id: "handshake.form.stops",
        requirement: "WIRE-2",
        level: Must,
        about: "what follows a field without value is not read",
        run: |target| {
            Box::pin(form(target, |token, guid| {
                format!("token={token}&guid={guid}&empty=&token=no&guid=1")
            }))
        },
    },
    Case {
        id: "handshake.form.long",
        requirement: "WIRE-2",
        level: Must,
        about: "a form of 60 kB with the two fields at its end is read",
        run: |target| {
            Box::pin(form(target, |token, guid| {
                format!("{}token={token}&guid={guid}", "a=b&".repeat(15_000))
            }))
        },
    },
    Case {
        id: "handshake.again.ignored",
        requirement: "GAME-13",
        level: Must,
        about: "a second handshake of a bound peer, right or wrong, is ignored",
        run: |target| Box::pin(again(target)),
    },
    Case {
        id: "handshake.again.other-peer",
        requirement: "GAME-11",
        level: Must,
        about: "a connected client that binds a new peer gets another connectOK with its net id and slot id",
        run: |target| Box::pin(other_peer(target)),
    },
    Case {
        id: "handshake.before.messages",
        requirement: "GAME-13",
        level: Must,
        about: "msgEnd, msgIQuit and other messages before the handshake are ignored, and it is accepted after them",
        run: |target| Box::pin(messages_before(target)),
    },
    Case {
        id: "handshake.packet.short",
        requirement: "GAME-1",
        level: Must,
        about: "packets of 0 to 3 bytes are ignored, and the handshake is accepted after them",
        run: |target| Box::pin(short_packets(target)),
    },
    Case {
        id: "handshake.packet.huge",
        requirement: "SEC-5",
        level: Must,
        about: "packets of 1 MiB from a peer without handshake harm nobody",
        run: |target| Box::pin(huge_packets(target)),
    },
    Case {
        id: "handshake.connect-ok.onesync-off",
        requirement: "GAME-8",
        level: Must,
        about: "without OneSync connectOK has slot -1, time -1 and, without a host, -1 -1",
        run: |target| {
            Box::pin(told(target, settings(Game::Gta5, OneSync::Off), [-1, -1, -1], false))
        },
    },
    Case {
        id: "handshake.connect-ok.host",
        requirement: "GAME-8",
        level: Must,
        about: "without OneSync connectOK has the host's net id and base",
        run: |target| Box::pin(host_told(target)),
    },
    Case {
        id: "handshake.connect-ok.onesync-on",
        requirement: "GAME-8",
        level: Must,
        about: "with OneSync connectOK has the client's slot, no host, and the server's time",
        run: |target| {
            Box::pin(told(target, settings(Game::Gta5, OneSync::On), [-1, -1, 128], true))
        },
    },
    Case {
        id: "handshake.connect-ok.big-gta5",
        requirement: "GAME-8",
        level: Must,
        about: "in big mode connectOK of a gta5 server has slot 128",
        run: |target| {
            Box::pin(told(target, settings(Game::Gta5, OneSync::Big), [-1, -1, 128], true))
        },
    },
    Case {
        id: "handshake.connect-ok.big-rdr3",
        requirement: "GAME-8",
        level: Must,
        about: "in big mode connectOK of an rdr3 server has slot 16",
        run: |target| {
            Box::pin(told(target, settings(Game::Rdr3, OneSync::Big), [-1, -1, 16], true))
        },
    },
    Case {
        id: "handshake.net-id.ascending",
        requirement: "GAME-9",
        level: Must,
        about: "net ids count up from 1, also after a player left",
        run: |target| Box::pin(net_ids(target)),
    },
    Case {
        id: "handshake.slot.descending",
        requirement: "GAME-10",
        level: Must,
        about: "slots are given out from 128 down, and one that was freed is given out again",
        run: |target| Box::pin(slots(target)),
    },
    Case {
        id: "handshake.slot.exhausted",
        requirement: "GAME-6",
        level: Must,
        about: "128 players get the slots 0 to 128 without 31, and the 129th the error",
        run: |target| Box::pin(no_slot(target)),
    },
];

/// An admitted client whose peer has not shaken hands yet.
async fn at_the_door(target: &Target) -> Outcome<(Admitted, Peer)> {
    let admitted = admit(target).await?;
    let peer = Peer::connect(target, &admitted.token).await?;
    Ok((admitted, peer))
}

async fn unknown_guid(target: &Target) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    peer.shake_hands(&admitted.token, "1");
    peer.ignored("a handshake with a guid of no client").await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    peer.connect_ok().await.map(drop)
}

async fn missing_guid(target: &Target) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    peer.send(0, Reliable, &packet(&format!("token={}", admitted.token)));
    peer.ignored("a handshake without a guid").await
}

/// A packet with a form of the case's own.
fn packet(form: &str) -> Vec<u8> {
    [&MessageType::HANDSHAKE.0.to_le_bytes(), form.as_bytes()].concat()
}

async fn wrong_token(target: &Target, wrong: impl Fn(&str) -> String) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    peer.shake_hands(&wrong(&admitted.token), &admitted.guid);
    same("the error", INVALID_TOKEN, &peer.error().await?)
}

async fn missing_token(target: &Target) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    peer.send(0, Reliable, &packet(&format!("guid={}", admitted.guid)));
    same("the error", INVALID_TOKEN, &peer.error().await?)
}

async fn empty_token(target: &Target) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    peer.shake_hands("", &admitted.guid);
    peer.ignored("a handshake whose form ends before the guid").await
}

async fn stale_token(target: &Target) -> Outcome {
    let old = admit(target).await?;
    let new = admit_as(target, &old.guid).await?;
    let (_, mut other) = at_the_door(target).await?;
    other.shake_hands(&old.token, &old.guid);
    same("the error", INVALID_TOKEN, &other.error().await?)?;
    check(old.token != new.token, "another token", || format!("{:?} again", new.token))
}

async fn wrong_token_keeps_client(target: &Target) -> Outcome {
    let victim = admit(target).await?;
    let (attacker, mut other) = at_the_door(target).await?;
    other.shake_hands(&attacker.token, &victim.guid);
    same("the error", INVALID_TOKEN, &other.error().await?)?;
    enter(target, &victim).await.map(drop)
}

async fn wrong_token_keeps_player(target: &Target) -> Outcome {
    let (victim, mut player, connect_ok) = join(target).await?;
    let (attacker, mut other) = at_the_door(target).await?;
    other.shake_hands(&attacker.token, &victim.guid);
    same("the error", INVALID_TOKEN, &other.error().await?)?;
    player.undisturbed("somebody else's handshake", SILENCE / 5).await?;
    listed(target, connect_ok.net_id_u16()).await.map(drop)
}

async fn not_validated(target: &Target) -> Outcome {
    let held = hold(target).await?;
    let server = &held.own.target;
    let mut peer = Peer::connect(server, &held.token).await?;
    peer.shake_hands(&held.token, &held.guid);
    same("the error", "Invalid connection.", &peer.error().await?)?;
    let fields = [("method", "getEndpoints"), ("token", &held.token)];
    let answer = http::method(server, &fields).await?;
    same("the answer to getEndpoints", "false", answer.text().trim_end())
}

/// A handshake that means the same as the client's own, however it is written.
async fn form(target: &Target, write: impl Fn(&str, &str) -> String) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    let form = write(&admitted.token, &admitted.guid);
    peer.send(0, Reliable, &packet(&form));
    let answer = peer.connect_ok().await;
    answer
        .map(drop)
        .map_err(|_| failed("connectOK", format!("none, for the form {}", show(form.as_bytes()))))
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"))
}

async fn again(target: &Target) -> Outcome {
    let (admitted, mut player, connect_ok) = join(target).await?;
    player.shake_hands(&admitted.token, &admitted.guid);
    player.shake_hands("no", &admitted.guid);
    player.shake_hands("no", "1");
    player.ignored("further handshakes").await?;
    listed(target, connect_ok.net_id_u16()).await.map(drop)
}

async fn other_peer(target: &Target) -> Outcome {
    let (admitted, _old, before) = join(target).await?;
    let (_, mut new) = at_the_door(target).await?;
    new.shake_hands(&admitted.token, &admitted.guid);
    let after = read(&new.connect_ok().await?)?;
    let ids = |ok: &ConnectOk| format!("net id {} and slot id {}", ok.net_id, ok.slot_id);
    same("connectOK with", &ids(&before), &ids(&after))?;
    new.undisturbed("its handshake but connectOK", SILENCE / 5).await?;
    listed(target, before.net_id_u16()).await.map(drop)
}

/// Reads a connectOK to the byte.
pub(super) fn read(packet: &[u8]) -> Outcome<ConnectOk> {
    if let Ok(Message::ConnectOk(connect_ok)) = Message::from_slice_strict(packet) {
        return Ok(connect_ok);
    }
    let expected = "01 00 00 00 and \" <netId> <hostNetId> <hostBase> <slotId> <time>\"";
    Err(failed(expected, show(packet)))
}

async fn messages_before(target: &Target) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    peer.send(1, Unsequenced, &KeepAlive.to_packet());
    peer.send(0, Reliable, &Quit { reason: b"before the handshake" }.to_packet());
    peer.send(0, Reliable, &MessageType::SERVER_EVENT.0.to_le_bytes());
    peer.send(0, Reliable, &0xDEAD_BEEF_u32.to_le_bytes());
    peer.ignored("messages before the handshake").await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    peer.connect_ok().await.map(drop)
}

async fn short_packets(target: &Target) -> Outcome {
    let (admitted, mut peer) = at_the_door(target).await?;
    for length in 0..4 {
        for channel in 0..2 {
            peer.send(channel, Reliable, &[1, 0, 0][..length]);
        }
        peer.send(1, Unsequenced, &[1, 0, 0][..length]);
    }
    peer.ignored("packets that are too short for a type").await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    peer.connect_ok().await.map(drop)
}

async fn huge_packets(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (admitted, mut peer) = at_the_door(target).await?;
    let fields = format!("token={}&guid={}&x=", admitted.token, admitted.guid);
    let form = packet(&(fields + &"A".repeat(1 << 20)));
    peer.send(0, Reliable, &vec![0xAB; 1 << 20]);
    peer.send(1, Reliable, &form);
    peer.drain(SILENCE / 5).await;
    bystander.unharmed().await
}

fn settings(game: Game, onesync: OneSync) -> Config {
    Config { game, onesync, ..embedded::config() }
}

/// Checks the numbers of the first connectOK of a server with these settings.
async fn told(target: &Target, config: Config, expected: [i32; 3], time: bool) -> Outcome {
    let own = target.own(config)?;
    let (_, _peer, ok) = join(&own.target).await?;
    check_numbers(&ok, expected, time)
}

fn check_numbers(ok: &ConnectOk, expected: [i32; 3], time: bool) -> Outcome {
    let [host, base, slot] = expected;
    let clock = if time { "the server's time" } else { "-1" };
    let holds =
        [ok.host_net_id, ok.host_base, ok.slot_id] == expected && (time == (ok.server_time >= 0));
    check(holds, format!("\" <netId> {host} {base} {slot} <{clock}>\""), || {
        let ConnectOk { net_id, host_net_id, host_base, slot_id, server_time } = ok;
        format!("\" {net_id} {host_net_id} {host_base} {slot_id} {server_time}\"")
    })
}

async fn host_told(target: &Target) -> Outcome {
    let own = target.own(settings(Game::Gta5, OneSync::Off))?;
    let (_, _first, _) = join(&own.target).await?;
    own.running.decide(Decision::Host(Some(Host { net_id: 1, base: 123_456 })));
    let (_, _second, ok) = join(&own.target).await?;
    check_numbers(&ok, [1, 123_456, -1], false)
}

async fn net_ids(target: &Target) -> Outcome {
    let own = target.own(settings(Game::Gta5, OneSync::On))?;
    let (_, _first, one) = join(&own.target).await?;
    let (_, mut second, two) = join(&own.target).await?;
    second.send(0, Reliable, &Quit { reason: b"Exiting" }.to_packet());
    second.error().await?;
    let (_, _third, three) = join(&own.target).await?;
    let ids = [one, two, three].map(|ok| ok.net_id);
    check(ids == [1, 2, 3], "the net ids [1, 2, 3]", || format!("{ids:?}"))
}

async fn slots(target: &Target) -> Outcome {
    let own = target.own(settings(Game::Gta5, OneSync::On))?;
    let (_, _first, one) = join(&own.target).await?;
    let (_, mut second, two) = join(&own.target).await?;
    let (_, _third, three) = join(&own.target).await?;
    second.send(0, Reliable, &Quit { reason: b"Exiting" }.to_packet());
    second.error().await?;
    let (_, _fourth, four) = join(&own.target).await?;
    let slots = [one, two, three, four].map(|ok| ok.slot_id);
    check(slots == [128, 127, 126, 127], "the slots [128, 127, 126, 127]", || format!("{slots:?}"))
}

async fn no_slot(target: &Target) -> Outcome {
    let own = target.own(settings(Game::Gta5, OneSync::On))?;
    let mut players = Vec::new();
    for _ in 0..128 {
        players.push(join(&own.target).await?);
    }
    let mut slots: Vec<_> = players.iter().map(|(_, _, ok)| ok.slot_id).collect();
    slots.sort_unstable();
    let all: Vec<_> = (0..=128).filter(|slot| *slot != 31).collect();
    check(slots == all, "the slots 0 to 128 without 31", || format!("{slots:?}"))?;
    let (admitted, mut peer) = at_the_door(&own.target).await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    same("the error", "Not enough client slot IDs.", &peer.error().await?)?;
    alive(&own.target).await
}
