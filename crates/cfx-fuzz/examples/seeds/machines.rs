//! Seeds of what keeps a state: ENet hosts, the two state machines.

use std::time::Duration;

use cfx_net::enet::{Delivery, Enet, RustyEnet, Settings};

use crate::{Input, Seeds, packets};

/// A command: number, channel, sequence number, fields and data.
fn command(number: u8, channel: u8, sequence: u16, fields: &[u8]) -> Vec<u8> {
    [&[number, channel], &sequence.to_be_bytes()[..], fields].concat()
}

/// A reliable fragment of a packet of 6 bytes in two pieces.
fn fragment(number: u8) -> Vec<u8> {
    let (data, offset): (&[u8], u8) = if number == 0 { (b"abcd", 0) } else { (b"ef", 4) };
    let mut fields = vec![0, 2, 0, u8::try_from(data.len()).expect("short")];
    for field in [2, number, 6, offset] {
        fields.extend([0, 0, 0, field]);
    }
    fields.extend(data);
    command(0x88, 0, 2 + u16::from(number), &fields)
}

pub(crate) fn enet(seeds: &mut Seeds) {
    let commands = [
        command(0x85, 0xFF, 9, b""),
        command(0x86, 0, 1, b"\0\x05hello"),
        command(0x07, 0, 0, b"\0\x01\0\x05hello"),
        command(0x49, 1, 0, b"\0\x01\0\x05hello"),
        [fragment(0), fragment(1)].concat(),
        fragment(1),
        command(0x84, 0xFF, 2, &[0; 4]),
        command(0x01, 0xFF, 1, &[0, 1, 0, 0]),
        command(0x8A, 0xFF, 3, &[0; 8]),
        command(0x8B, 0xFF, 3, &[0; 12]),
        command(0x83, 0xFF, 1, &[0; 40]),
    ];
    seeds.add_all(
        "enet_datagram",
        "commands",
        commands.iter().map(|commands| [&[0x80, 0, 0, 0], &commands[..]].concat()),
    );
    seeds.add_all("enet_datagram", "honest", honest());
    for to in [0, 1] {
        for (at, commands) in commands.iter().enumerate() {
            let input = Input::new().raw([5, to]).bytes(commands).raw([5, to | 4]).bytes(commands);
            seeds.add("enet_host", "commands", &format!("commands-{to}-{at:02}"), input);
        }
    }
    let all =
        commands.iter().fold(Input::new(), |input, commands| input.raw([1, 0]).bytes(commands));
    seeds.add("enet_host", "all", "all", all);
    for (at, datagram) in honest().iter().enumerate() {
        let input = Input::new().raw([5, 2]).bytes(datagram).raw([5, 3]).bytes(datagram);
        seeds.add("enet_host", "honest", &format!("honest-{at:02}"), input);
    }
}

/// The datagrams of two hosts that connect, talk and part.
fn honest() -> Vec<Vec<u8>> {
    let server_address = std::net::SocketAddr::from(([192, 0, 2, 1], 30120));
    let client_address = std::net::SocketAddr::from(([198, 51, 100, 2], 50000));
    let mut server =
        RustyEnet::new(Settings { peer_limit: 4, ..Settings::server(1) }).expect("good");
    let mut client = RustyEnet::new(Settings::client(2)).expect("good");
    let peer = client.connect(server_address, 0xC0FF_EE11, Duration::ZERO).expect("a peer");
    let mut seen = Vec::new();
    for step in 0..40 {
        let now = Duration::from_millis(20 * step);
        if step == 20 {
            for delivery in [Delivery::Reliable, Delivery::Unreliable, Delivery::Unsequenced] {
                client.send(peer, 1, delivery, b"hello").expect("connected");
            }
            client.send(peer, 0, Delivery::Reliable, &[7; 2000]).expect("connected");
        }
        if step == 30 {
            client.disconnect(peer, 5);
        }
        while client.poll(now).is_some() {}
        while server.poll(now).is_some() {}
        while let Some((_, datagram)) = client.transmit() {
            server.handle(client_address, &datagram, now, &mut |_, _| true);
            seen.push(datagram);
        }
        while let Some((_, datagram)) = server.transmit() {
            client.handle(server_address, &datagram, now, &mut |_, _| false);
            seen.push(datagram);
        }
    }
    seen.retain(|datagram| datagram.len() <= 300);
    seen
}

pub(crate) fn session(seeds: &mut Seeds) {
    let packets: Vec<_> = packets("packets", "client_to_server").into_iter().step_by(12).collect();
    let number = |value: usize| u8::try_from(value).expect("small");
    for length in [1, 4, 8, 16, 40] {
        let steps = vec![0; length];
        let input = Input::new().raw([7; 8]).raw(&steps);
        seeds.add("session_client", "next", &format!("next-{length:02}"), input);
        for flags in [0, 1, 2, 0x81] {
            let input = Input::new().raw([flags]).raw(&steps);
            seeds.add("session_server", "next", &format!("next-{flags}-{length:02}"), input);
        }
    }
    for op in 0..20 {
        // Each operation at several stages of a join, then on as if nothing had been.
        for (stage, (_, packet)) in [0, 3, 5, 12].into_iter().zip(packets.iter().cycle().skip(op)) {
            let some = packet.get(..40).unwrap_or(packet);
            let steps = vec![0; stage];
            let tail = Input::new().raw([number(op), 1, 20]).bytes(some).raw([0; 6]);
            let name = format!("op-{op:02}-{stage:02}");
            let input = Input::new().raw([7; 8]).raw(&steps).raw(&tail.0);
            seeds.add("session_client", &stage.to_string(), &name, input);
            let flags = number(op % 3);
            let input = Input::new().raw([flags]).raw(&steps).raw(&tail.0);
            seeds.add("session_server", &stage.to_string(), &name, input);
        }
    }
    pair(seeds, &packets);
    let urls = [
        "play.example",
        "192.0.2.1:30121",
        "[2001:db8::1]:5",
        "https://play.example/",
        "HTTP://a:1/x",
        "http://",
        "ftp://a",
        "a b",
    ];
    seeds.add_all("session_url", "url", urls);
}

fn pair(seeds: &mut Seeds, packets: &[(String, Vec<u8>)]) {
    let join = |player: u8| [player, 0];
    // Two seconds.
    let run = [0, 5, 2, 2];
    for op in 0..14 {
        for (flags, (_, packet)) in [0, 1, 2, 0x80].into_iter().zip(packets.iter().cycle()) {
            let some = packet.get(..40).unwrap_or(packet);
            let input = Input::new()
                .raw([flags])
                .raw(join(0))
                .raw(join(1))
                .raw(run)
                // Continue, and the players are in.
                .raw([0, 9, 0, 7])
                .raw(run)
                .raw([1, op, 20, 20])
                .bytes(some)
                .raw(run)
                .raw(join(1))
                .raw(join(2))
                .raw([0, 5, 3, 2]);
            seeds.add("session_pair", &flags.to_string(), &format!("op-{op:02}-{flags}"), input);
        }
    }
}
