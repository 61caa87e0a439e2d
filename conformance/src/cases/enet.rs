//! The ENet connection and its gate (SPEC ENET).

use std::net::{IpAddr, Ipv4Addr};

use cfx_game::frame::Payload;
use cfx_game::quit::Quit;
use cfx_net::enet::Delivery;
use cfx_wire::hash;
use tokio::time::{Instant, timeout};

use crate::case::Level::{Must, Should};
use crate::case::{Case, Outcome, Stop, check, failed, skipped};
use crate::target::{PATIENCE, SILENCE, Target};
use crate::tools::enet::{Connect, malformed, unanswered, verified};
use crate::tools::game::{Admitted, Heard, Peer, admit, admit_as, enter, join};
use crate::tools::oob::{Port, alive, show};
use crate::tools::players::{Bystander, gone, listed};

/// The family.
pub(super) const CASES: &[Case] = &[
    Case {
        id: "enet.connect.verified",
        requirement: "ENET-1",
        level: Must,
        about: "a CONNECT with a token's hash is answered by VERIFY_CONNECT with its connect id and two channels",
        run: |target| Box::pin(verify(target)),
    },
    Case {
        id: "enet.connect.mtu",
        requirement: "ENET-1",
        level: Must,
        about: "an MTU of 1 is raised to 576, one of 65535 cut to 4096 or less",
        run: |target| Box::pin(mtu(target)),
    },
    Case {
        id: "enet.connect.channels",
        requirement: "ENET-1",
        level: Must,
        about: "a CONNECT that asks for 255 channels gets two",
        run: |target| Box::pin(channels(target)),
    },
    Case {
        id: "enet.connect.unknown-hash",
        requirement: "ENET-3",
        level: Must,
        about: "a CONNECT whose data is no token's hash is not answered with one datagram",
        run: |target| Box::pin(unknown_hash(target)),
    },
    Case {
        id: "enet.connect.amplification",
        requirement: "SEC-1",
        level: Must,
        about: "200 CONNECTs with unknown hashes from one port bring not one byte back",
        run: |target| Box::pin(amplification(target)),
    },
    Case {
        id: "enet.connect.one-for-one",
        requirement: "SEC-1",
        level: Must,
        about: "a CONNECT with a token's hash is answered at first by no more bytes than it has",
        run: |target| Box::pin(one_for_one(target)),
    },
    Case {
        id: "enet.connect.connected-token",
        requirement: "ENET-4",
        level: Must,
        about: "a CONNECT from another port with the hash of a connected token is not answered, and the player stays",
        run: |target| Box::pin(connected_token(target)),
    },
    Case {
        id: "enet.connect.five-tries",
        requirement: "ENET-4",
        level: Must,
        about: "four tries with one token are answered, from different ports, and the fifth is not",
        run: |target| Box::pin(five_tries(target)),
    },
    Case {
        id: "enet.connect.other-address",
        requirement: "ENET-4",
        level: Must,
        about: "a second try with one token from another address is not answered",
        run: |target| Box::pin(other_address(target)),
    },
    Case {
        id: "enet.connect.other-address-is-free",
        requirement: "ENET-8",
        level: Should,
        about: "tries from another address do not use up the four of a token",
        run: |target| Box::pin(other_address_is_free(target)),
    },
    Case {
        id: "enet.connect.repeated",
        requirement: "ENET-7",
        level: Must,
        about: "the same CONNECT sent eight times is one try",
        run: |target| Box::pin(repeated(target)),
    },
    Case {
        id: "enet.connect.after-disconnect",
        requirement: "ENET-4",
        level: Must,
        about: "a token that connected and disconnected five times connects a sixth time and joins",
        run: |target| Box::pin(after_disconnect(target)),
    },
    Case {
        id: "enet.token.replaced",
        requirement: "ENET-3",
        level: Must,
        about: "the hash of a token that a newer initConnect of the same guid replaced is not answered",
        run: |target| Box::pin(replaced_token(target)),
    },
    Case {
        id: "enet.token.left",
        requirement: "SEC-3",
        level: Must,
        about: "the hash of the token of a player who left is not answered",
        run: |target| Box::pin(left_token(target)),
    },
    Case {
        id: "enet.port.shared",
        requirement: "OOB-1",
        level: Must,
        about: "a connected player's getinfo, from the same port, is answered, and the player stays connected",
        run: |target| Box::pin(shared_port(target)),
    },
    Case {
        id: "enet.malformed.stranger",
        requirement: "SEC-5",
        level: Must,
        about: "malformed ENet datagrams from strangers are not answered and harm nobody",
        run: |target| Box::pin(malformed_stranger(target)),
    },
    Case {
        id: "enet.malformed.connected",
        requirement: "SEC-5",
        level: Must,
        about: "malformed ENet datagrams of a connected peer are answered by no more than they cost and harm nobody else",
        run: |target| Box::pin(malformed_connected(target)),
    },
    Case {
        id: "enet.malformed.other-port",
        requirement: "SEC-5",
        level: Must,
        about: "ENet datagrams with a connected peer's number from another port do not reach its connection",
        run: |target| Box::pin(foreign_port(target)),
    },
    Case {
        id: "enet.fragments.huge-packet",
        requirement: "SEC-5",
        level: Must,
        about: "first fragments of twenty packets of 32 MiB each harm nobody",
        run: |target| Box::pin(huge_fragments(target)),
    },
    Case {
        id: "enet.disconnect.removes",
        requirement: "SERVER-3",
        level: Must,
        about: "a player whose ENet peer disconnects is removed from /players.json",
        run: |target| Box::pin(disconnect_removes(target)),
    },
];

fn hash_of(admitted: &Admitted) -> u32 {
    hash::lower(admitted.token.as_bytes())
}

async fn verify(target: &Target) -> Outcome {
    let data = hash_of(&admit(target).await?);
    let mut port = Port::open(target)?;
    let verify = verified(&mut port, Connect::new(data, 0x1234_5678)).await?;
    verify.give_up(&port);
    check(
        (verify.id, verify.channels, verify.mtu) == (0x1234_5678, 2, 1300),
        "VERIFY_CONNECT with connect id 12345678, 2 channels and MTU 1300",
        || {
            format!(
                "connect id {:x}, {} channels, MTU {}: {}",
                verify.id,
                verify.channels,
                verify.mtu,
                show(&verify.datagram)
            )
        },
    )
}

async fn mtu(target: &Target) -> Outcome {
    let data = hash_of(&admit(target).await?);
    for (asked, least, most) in [(1, 576, 576), (65_535, 576, 4096)] {
        let mut port = Port::open(target)?;
        let connect = Connect { mtu: asked, ..Connect::new(data, asked) };
        let verify = verified(&mut port, connect).await?;
        verify.give_up(&port);
        let expected = format!("for an MTU of {asked} one of {least} to {most}");
        check((least..=most).contains(&verify.mtu), expected, || verify.mtu.to_string())?;
    }
    Ok(())
}

async fn channels(target: &Target) -> Outcome {
    let data = hash_of(&admit(target).await?);
    let mut port = Port::open(target)?;
    let connect = Connect { channels: 255, ..Connect::new(data, 1) };
    let verify = verified(&mut port, connect).await?;
    verify.give_up(&port);
    check(verify.channels == 2, "2 channels", || verify.channels.to_string())
}

async fn unknown_hash(target: &Target) -> Outcome {
    let mut port = Port::open(target)?;
    let data = hash::lower(b"no token of any client");
    unanswered(&mut port, Connect::new(data, 1), "with the hash of no token").await?;
    alive(target).await
}

async fn amplification(target: &Target) -> Outcome {
    let mut port = Port::open(target)?;
    let unknown = hash::lower(b"no token of any client");
    for number in 1..200 {
        port.send(&Connect::new(unknown.wrapping_add(number), number).datagram());
    }
    unanswered(&mut port, Connect::new(unknown, 200), "with the hash of no token").await?;
    alive(target).await
}

async fn one_for_one(target: &Target) -> Outcome {
    let data = hash_of(&admit(target).await?);
    let mut port = Port::open(target)?;
    let connect = Connect::new(data, 1);
    let verify = verified(&mut port, connect).await?;
    // ENet repeats its answer after half a second; what comes before that is too much.
    let more = port.receive_until(Instant::now() + SILENCE).await;
    verify.give_up(&port);
    let sent = connect.datagram().len();
    let received = verify.datagram.len() + more.as_ref().map_or(0, Vec::len);
    check(received <= sent, format!("at most {sent} bytes"), || {
        let more = more.map(|more| format!(" and {}", show(&more))).unwrap_or_default();
        format!("{received} bytes: {}{more}", show(&verify.datagram))
    })
}

async fn connected_token(target: &Target) -> Outcome {
    let (admitted, mut player, _) = join(target).await?;
    let mut port = Port::open(target)?;
    let connect = Connect::new(hash_of(&admitted), 1);
    unanswered(&mut port, connect, "with the hash of a token that is connected").await?;
    player.undisturbed("a second CONNECT of somebody else", SILENCE / 10).await
}

async fn five_tries(target: &Target) -> Outcome {
    let data = hash_of(&admit(target).await?);
    let mut ports = Vec::new();
    for number in 1..=4 {
        let mut port = Port::open(target)?;
        let verify = verified(&mut port, Connect::new(data, number)).await;
        ports.push((verify.map_err(|stop| nth(stop, number))?, port));
    }
    let mut port = Port::open(target)?;
    let fifth = unanswered(&mut port, Connect::new(data, 5), "that is its token's fifth try").await;
    for (verify, port) in &ports {
        verify.give_up(port);
    }
    fifth?;
    alive(target).await
}

fn nth(stop: Stop, number: u32) -> Stop {
    match stop {
        Stop::Failed { expected, received } => {
            failed(format!("for try {number} {expected}"), received)
        }
        skip @ Stop::Skipped(_) => skip,
    }
}

const SECOND_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

/// A port whose datagrams come from another address than those of other ports.
fn other_port(target: &Target) -> Outcome<Port> {
    if target.address.ip() != IpAddr::V4(Ipv4Addr::LOCALHOST) {
        return Err(skipped("only on loopback are there two addresses to send from"));
    }
    Port::open_on(target, SECOND_ADDRESS)
}

async fn other_address(target: &Target) -> Outcome {
    let data = hash_of(&admit(target).await?);
    let mut other = other_port(target)?;
    let mut port = Port::open(target)?;
    let verify = verified(&mut port, Connect::new(data, 1)).await?;
    let connect = Connect::new(data, 2);
    let second = unanswered(&mut other, connect, "from another address than the first try").await;
    verify.give_up(&port);
    second
}

async fn other_address_is_free(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    let data = hash_of(&admitted);
    let other = other_port(target)?;
    let mut port = Port::open(target)?;
    verified(&mut port, Connect::new(data, 1)).await?.give_up(&port);
    for number in 2..12 {
        other.send(&Connect::new(data, number).datagram());
    }
    enter(target, &admitted).await.map(drop)
}

async fn repeated(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    let connect = Connect::new(hash_of(&admitted), 1);
    let mut port = Port::open(target)?;
    let verify = verified(&mut port, connect).await?;
    for _ in 0..7 {
        port.send(&connect.datagram());
    }
    // A question behind them, so that they are all through.
    alive(target).await?;
    verify.give_up(&port);
    enter(target, &admitted).await.map(drop)
}

async fn after_disconnect(target: &Target) -> Outcome {
    let admitted = admit(target).await?;
    for _ in 0..5 {
        let mut peer = Peer::connect(target, &admitted.token).await?;
        peer.disconnect();
        peer.ended().await?;
    }
    enter(target, &admitted).await.map(drop)
}

async fn replaced_token(target: &Target) -> Outcome {
    let old = admit(target).await?;
    let new = admit_as(target, &old.guid).await?;
    let mut port = Port::open(target)?;
    unanswered(&mut port, Connect::new(hash_of(&old), 1), "with the hash of a replaced token")
        .await?;
    enter(target, &new).await.map(drop)
}

async fn left_token(target: &Target) -> Outcome {
    let (admitted, mut player, connect_ok) = join(target).await?;
    player.send(0, Delivery::Reliable, &Quit { reason: b"Exiting" }.to_packet());
    player.error().await?;
    gone(target, connect_ok.net_id_u16()).await?;
    let mut port = Port::open(target)?;
    let connect = Connect::new(hash_of(&admitted), 1);
    unanswered(&mut port, connect, "with the hash of the token of a player who left").await
}

async fn shared_port(target: &Target) -> Outcome {
    let (_, mut player, _) = join(target).await?;
    target.may_ask().await;
    player.send_datagram(&cfx_oob::c2s::getinfo(b"xyz"));
    let expected = "infoResponse to a player's getinfo";
    let until = Instant::now() + PATIENCE;
    loop {
        match player.hear(until.saturating_duration_since(Instant::now())).await {
            Heard::OutOfBand(body) if body.starts_with(b"infoResponse\n") => break,
            Heard::Packet(_) => {}
            other => return Err(failed(expected, other.show())),
        }
    }
    player.ignored("its getinfo but infoResponse").await
}

async fn malformed_stranger(target: &Target) -> Outcome {
    // A server that lets us have no player is checked all the same.
    let mut bystander = match Bystander::join(target).await {
        Ok(bystander) => Some(bystander),
        Err(Stop::Skipped(_)) => None,
        Err(stop) => return Err(stop),
    };
    let mut port = Port::open(target)?;
    // Without a number, with the number of somebody else, with one that nobody has.
    for header in [[0x0F, 0xFF], [0, 0], [0x0F, 0x00]] {
        for datagram in malformed(header) {
            port.send(&datagram);
        }
        // A question behind them, so that they are all through.
        alive(target).await?;
    }
    if let Some(answer) = port.receive_until(Instant::now() + SILENCE).await {
        return Err(failed("no answer to malformed datagrams", show(&answer)));
    }
    match &mut bystander {
        Some(bystander) => bystander.unharmed().await,
        None => Ok(()),
    }
}

async fn malformed_connected(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, mut player, _) = join(target).await?;
    let before = player.received();
    let datagrams = malformed(player.header());
    let sent: usize = datagrams.iter().map(Vec::len).sum();
    for datagram in datagrams {
        player.send_datagram(&datagram);
    }
    bystander.unharmed().await?;
    // The server may end this connection for what was sent.
    player.drain(SILENCE / 5).await;
    let received = player.received() - before;
    check(received <= sent, format!("at most the {sent} bytes that were sent"), || {
        format!("{received} bytes")
    })?;
    bystander.unharmed().await
}

async fn foreign_port(target: &Target) -> Outcome {
    let (_, mut player, connect_ok) = join(target).await?;
    let net_id = connect_ok.net_id_u16();
    let mut port = Port::open(target)?;
    let header = player.header();
    for session in [0, 0x10, 0x20, 0x30] {
        for datagram in endings([header[0] & 0x0F | session, header[1]]) {
            port.send(&datagram);
        }
    }
    if let Some(answer) = port.receive_until(Instant::now() + SILENCE).await {
        return Err(failed("no answer to a stranger's ENet datagrams", show(&answer)));
    }
    player.undisturbed("what a stranger sent under its number", SILENCE / 10).await?;
    listed(target, net_id).await?;
    // From its own port they do what they say; otherwise nothing was shown.
    for datagram in endings(header) {
        player.send_datagram(&datagram);
    }
    gone(target, net_id).await
}

/// msgIQuit in an unsequenced packet, and a DISCONNECT that is not to be acknowledged.
fn endings(header: [u8; 2]) -> [Vec<u8>; 2] {
    let quit = Quit { reason: b"no" }.to_packet();
    let length = u8::try_from(quit.len()).unwrap_or(0);
    let unsequenced = [&header[..], &[0x49, 0, 0, 0, 0, 1, 0, length], &quit].concat();
    let disconnect = [&header[..], &[0x44, 0xFF, 0, 0, 0, 0, 0, 0]].concat();
    [unsequenced, disconnect]
}

async fn huge_fragments(target: &Target) -> Outcome {
    let mut bystander = Bystander::join(target).await?;
    let (_, player, _) = join(target).await?;
    let header = player.header();
    let (total, piece) = (32_u32 << 20, 1024_u16);
    for number in 0..20_u16 {
        // SEND_UNRELIABLE_FRAGMENT, each of a packet of its own.
        let mut datagram = vec![header[0], header[1], 12, 0, 0, 0];
        datagram.extend((number + 1).to_be_bytes());
        datagram.extend(piece.to_be_bytes());
        for field in [total / u32::from(piece), 0, total, 0] {
            datagram.extend(field.to_be_bytes());
        }
        datagram.extend(vec![0; usize::from(piece)]);
        player.send_datagram(&datagram);
    }
    bystander.unharmed().await
}

async fn disconnect_removes(target: &Target) -> Outcome {
    let (_, mut player, connect_ok) = join(target).await?;
    player.disconnect();
    let ended = timeout(PATIENCE, player.ended()).await;
    ended.map_err(|_| failed("the end of the ENet connection", "nothing"))??;
    gone(target, connect_ok.net_id_u16()).await
}
