//! The game channel of a player who is in (SPEC GAME-14 to GAME-17, SERVER-4).

use std::time::Duration;

use cfx_game::frame::{MessageType, Payload};
use cfx_game::keep_alive::KeepAlive;
use cfx_game::quit::Quit;
use cfx_game::s2c::Message;
use cfx_net::enet::Delivery::{Reliable, Unreliable, Unsequenced};
use cfx_wire::Decode;

use crate::case::Level::Must;
use crate::case::{Case, Outcome, check, failed, same};
use crate::target::{SILENCE, Target};
use crate::tools::game::{Heard, Peer, admit, admit_as, enter, join};
use crate::tools::oob::show;
use crate::tools::players::{Bystander, gone, listed};

/// How long a msgFrame may take to come: one second and what a slow machine adds.
const FRAME: Duration = Duration::from_millis(1500);

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "channel.frame.first",
        requirement: "GAME-17",
        level: Must,
        about: "msgFrame comes within 1.5 s of connectOK, and after it, with index 0 and two bytes of 0 or 1",
        run: |target| Box::pin(first_frame(target)),
    },
    Case {
        id: "channel.frame.repeated",
        requirement: "GAME-17",
        level: Must,
        about: "msgFrame comes again within 1.5 s of the first",
        run: |target| Box::pin(next_frame(target)),
    },
    Case {
        id: "channel.keep-alive.accepted",
        requirement: "GAME-14",
        level: Must,
        about: "msgEnd, unsequenced on channel 1 or any other way, is taken without an answer",
        run: |target| Box::pin(keep_alive(target)),
    },
    Case {
        id: "channel.quit.reason",
        requirement: "GAME-15",
        level: Must,
        about: "msgIQuit drops the player with its reason, which the out-of-band error repeats",
        run: |target| Box::pin(quit(target, b"Exiting\0", "Exiting")),
    },
    Case {
        id: "channel.quit.empty",
        requirement: "SERVER-4",
        level: Must,
        about: "msgIQuit with an empty reason, a NUL alone, drops the player as `Dropped.`",
        run: |target| Box::pin(quit(target, b"\0", "Dropped.")),
    },
    Case {
        id: "channel.quit.none",
        requirement: "GAME-15",
        level: Must,
        about: "msgIQuit with nothing behind its type drops the player as `Dropped.`",
        run: |target| Box::pin(quit(target, b"", "Dropped.")),
    },
    Case {
        id: "channel.quit.longest",
        requirement: "GAME-15",
        level: Must,
        about: "a reason of 1024 bytes with its NUL is taken whole",
        run: |target| Box::pin(longest_quit(target)),
    },
    Case {
        id: "channel.quit.overlong",
        requirement: "GAME-15",
        level: Must,
        about: "msgIQuit with a reason of 1025 bytes drops the player as `Dropped.`",
        run: |target| Box::pin(quit(target, &[b'x'; 1025], "Dropped.")),
    },
    Case {
        id: "channel.quit.last-byte",
        requirement: "GAME-15",
        level: Must,
        about: "the last byte of a reason is not part of it, even if it is no NUL",
        run: |target| Box::pin(quit(target, b"Exiting!", "Exiting")),
    },
    Case {
        id: "channel.messages.unknown",
        requirement: "GAME-1",
        level: Must,
        about: "packets of types that nobody knows are ignored, whatever they hold",
        run: |target| Box::pin(unknown_types(target)),
    },
    Case {
        id: "channel.messages.malformed",
        requirement: "SEC-5",
        level: Must,
        about: "packets of every known type with an empty or senseless payload harm no other player",
        run: |target| Box::pin(malformed_messages(target)),
    },
    Case {
        id: "channel.messages.short",
        requirement: "GAME-1",
        level: Must,
        about: "packets of 0 to 3 bytes of a player are ignored",
        run: |target| Box::pin(short_packets(target)),
    },
    Case {
        id: "channel.messages.huge",
        requirement: "SEC-5",
        level: Must,
        about: "packets of 1 MiB of a player harm no other player",
        run: |target| Box::pin(huge_packets(target)),
    },
    Case {
        id: "channel.messages.flood",
        requirement: "SEC-5",
        level: Must,
        about: "3000 small packets at once of a player harm no other player",
        run: |target| Box::pin(flood(target)),
    },
    Case {
        id: "channel.replaced.reason",
        requirement: "HTTP-13",
        level: Must,
        about: "a player whose guid connects anew gets the out-of-band error `Reconnecting`",
        run: |target| Box::pin(replaced(target)),
    },
    Case {
        id: "channel.replaced.new-one",
        requirement: "SERVER-7",
        level: Must,
        about: "of two clients with one guid the older one is gone and the newer one joins",
        run: |target| Box::pin(newer_one(target)),
    },
    Case {
        id: "channel.dropped.silence",
        requirement: "SERVER-4",
        level: Must,
        about: "a player who left is told so once, and then nothing more, whatever it sends",
        run: |target| Box::pin(dropped_once(target)),
    },
];

async fn first_frame(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    let mut peer = Peer::connect(target, &admitted.token).await?;
    peer.shake_hands(&admitted.token, &admitted.guid);
    match peer.hear(FRAME).await {
        Heard::Packet(packet) if packet.starts_with(&[1, 0, 0, 0]) => {}
        other => return Err(failed("connectOK before any other packet", other.show())),
    }
    let packet = peer.packet(MessageType::FRAME, FRAME).await?;
    let expected = "msgFrame of 10 bytes: type, index 0, lockdown 0 or 1, sync style 0 or 1";
    match Message::from_slice_strict(&packet) {
        Ok(Message::Frame(frame))
            if frame.index == 0 && frame.lockdown_mode <= 1 && frame.sync_style <= 1 =>
        {
            Ok(())
        }
        _ => Err(failed(expected, show(&packet))),
    }
}

async fn next_frame(target: &Target) -> Outcome {
    let (_, mut player, _) = join(target).await?;
    player.packet(MessageType::FRAME, FRAME).await?;
    player.packet(MessageType::FRAME, FRAME).await.map(drop)
}

async fn keep_alive(target: &Target) -> Outcome {
    let (_, mut player, ok) = join(target).await?;
    for _ in 0..5 {
        player.send(1, Unsequenced, &KeepAlive.to_packet());
    }
    player.send(0, Reliable, &KeepAlive.to_packet());
    player.send(1, Unreliable, &[&KeepAlive.to_packet()[..], b"and more"].concat());
    player.ignored("msgEnd").await?;
    listed(target, ok.net_id_u16()).await.map(drop)
}

/// Sends msgIQuit with this behind its type, and checks what the player is told.
async fn quit(target: &Target, payload: &[u8], told: &str) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, mut player, ok) = join(target).await?;
    let packet = [&MessageType::I_QUIT.0.to_le_bytes(), payload].concat();
    player.send(0, Reliable, &packet);
    same("the error", told, &player.error().await?)?;
    gone(target, ok.net_id_u16()).await?;
    bystander.unharmed().await
}

async fn longest_quit(target: &Target) -> Outcome {
    let reason = "x".repeat(1023);
    quit(target, format!("{reason}\0").as_bytes(), &reason).await
}

async fn unknown_types(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, mut player, ok) = join(target).await?;
    for kind in [0, 2, 0xDEAD_BEEF, u32::MAX, MessageType::named("msgNoSuchThing").0] {
        for payload in [&b""[..], b"\0", &[0xFF; 64], &[b'A'; 3000]] {
            let packet = [&kind.to_le_bytes(), payload].concat();
            player.send(0, Reliable, &packet);
            player.send(1, Unsequenced, &packet);
        }
    }
    player.ignored("packets of unknown types").await?;
    listed(target, ok.net_id_u16()).await?;
    bystander.unharmed().await
}

async fn malformed_messages(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, mut player, _) = join(target).await?;
    let kinds = MessageType::KNOWN.into_iter().map(|(kind, _)| kind);
    for kind in kinds.filter(|kind| *kind != MessageType::I_QUIT) {
        for payload in [&b""[..], b"\0", &[0xFF; 7], &[0xFF; 200], &[0; 200]] {
            player.send(0, Reliable, &[&kind.0.to_le_bytes(), payload].concat());
        }
    }
    // Whether it drops who sends such things is the server's affair.
    player.drain(SILENCE / 5).await;
    bystander.unharmed().await
}

async fn short_packets(target: &Target) -> Outcome {
    let (_, mut player, ok) = join(target).await?;
    for length in 0..4 {
        player.send(0, Reliable, &[1, 0, 0][..length]);
        player.send(1, Unsequenced, &[1, 0, 0][..length]);
    }
    player.ignored("packets that are too short for a type").await?;
    listed(target, ok.net_id_u16()).await.map(drop)
}

async fn huge_packets(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, mut player, _) = join(target).await?;
    for kind in [MessageType(0xDEAD_BEEF), MessageType::SERVER_EVENT] {
        let packet = [&kind.0.to_le_bytes()[..], &vec![b'A'; 1 << 20]].concat();
        player.send(0, Reliable, &packet);
    }
    player.drain(SILENCE / 5).await;
    bystander.unharmed().await
}

async fn flood(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, mut player, _) = join(target).await?;
    for number in 0..3000_u32 {
        let delivery = if number % 3 == 0 { Reliable } else { Unsequenced };
        player.send(1, delivery, &KeepAlive.to_packet());
    }
    bystander.unharmed().await?;
    player.drain(SILENCE / 5).await;
    bystander.unharmed().await
}

async fn replaced(target: &Target) -> Outcome {
    let (old, mut player, _) = join(target).await?;
    admit_as(target, &old.guid).await?;
    same("the error", "Reconnecting", &player.error().await?)
}

async fn newer_one(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (old, _old_player, before) = join(target).await?;
    let new = admit_as(target, &old.guid).await?;
    let (_player, after) = enter(target, &new).await?;
    check(after.net_id != before.net_id, "another net id", || format!("{} again", after.net_id))?;
    listed(target, after.net_id_u16()).await?;
    gone(target, before.net_id_u16()).await?;
    bystander.unharmed().await
}

async fn dropped_once(target: &Target) -> Outcome {
    let (admitted, mut player, _) = join(target).await?;
    player.send(0, Reliable, &Quit { reason: b"Exiting" }.to_packet());
    player.error().await?;
    player.shake_hands(&admitted.token, &admitted.guid);
    player.send(1, Unsequenced, &KeepAlive.to_packet());
    match player.hear(SILENCE).await {
        // ENet may end the connection.
        Heard::Nothing | Heard::Disconnected => Ok(()),
        other => Err(failed("nothing more", other.show())),
    }
}
