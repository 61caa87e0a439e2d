//! Signs of life, time-outs, frames and ends (SPEC SERVER-2 to SERVER-4, GAME-14, GAME-15, GAME-17).

use cfx_game::frame::{MessageType, Payload};
use cfx_game::keep_alive::KeepAlive;
use cfx_session::server::{Config, Decision, Event, Input, Output};

use super::{Form, Host, Joined, address, error_to, frame, gone, post};

fn timed_out(ms: u64) -> String {
    format!("Server->client connection timed out. Last seen {ms} msec ago.")
}

fn joined() -> (Host, Joined) {
    let mut host = Host::new(Config::default());
    let joined = host.join(address(1), "1");
    (host, joined)
}

/// The outputs without `msgFrame`.
fn take_but_frames(host: &mut Host, joined: &Joined) -> Vec<Output> {
    let mut outputs = host.take();
    outputs.retain(|output| *output != frame(joined.peer));
    outputs
}

/// What a drop of a joined client gives to do.
fn dropped(joined: &Joined, reason: &str) -> [Output; 3] {
    let Joined { accepted, peer, net_id, .. } = joined;
    let told = error_to(accepted.from, reason);
    [told, Output::Reset(*peer), gone(accepted.client, *net_id, reason)]
}

/// SPEC SERVER-2: more than 120 s from acceptance, or from the last `getConfiguration`.
#[test]
fn before_joining() {
    let mut host = Host::new(Config::default());
    host.run_to(1000);
    let accepted = host.accept(address(1), "1");
    host.run_to(101_000);
    host.ask(post(address(1), "method=getConfiguration"));
    host.run_to(221_000);
    assert_eq!((host.take(), host.server.records()), (vec![], 1));
    host.run_for(1);
    assert_eq!(host.take(), [gone(accepted.client, None, &timed_out(120_001))]);
    assert_eq!((host.server.records(), host.until), (0, None));
}

/// SPEC SERVER-2: an application that never says `Handled` holds nobody for ever, if no resource
/// defers.
#[test]
fn never_handled() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init("1"));
    host.run_to(120_000);
    assert_eq!(host.server.records(), 1);
    host.run_for(1);
    let reason = timed_out(120_001);
    assert_eq!(host.take(), [gone(pending.client, None, &reason)]);
    assert_eq!(host.answer(pending.request).text(), super::refusal(&reason));
}

/// SPEC SERVER-2, SERVER-4: more than 60 s once joined.
#[test]
fn after_joining() {
    let (mut host, joined) = joined();
    host.run_to(60_000);
    assert_eq!(take_but_frames(&mut host, &joined), []);
    host.run_for(1);
    assert_eq!(take_but_frames(&mut host, &joined), dropped(&joined, &timed_out(60_001)));
    assert_eq!((host.server.records(), host.until), (0, None));
}

/// SPEC GAME-14: any packet is a sign of life; ENet's round trips are none.
#[test]
fn signs_of_life() {
    let keep_alive = KeepAlive.to_packet();
    let cut_host_message = b"\xDE\x30\xEA\xB3\x01";
    let signs: [(&[u8], bool); 5] = [
        (&keep_alive, true),
        (cut_host_message, true),
        (b"\x02\0\0\0anything", true),
        (b"\x01\0\0\0token=x&guid=1", false),
        (b"\x01\0", false),
    ];
    for (payload, counts) in signs {
        let (mut host, joined) = joined();
        host.run_to(50_000);
        host.packet(joined.peer, address(1), payload);
        host.input(Input::Ping { peer: joined.peer, ms: 20 });
        host.run_to(110_000);
        assert_eq!(host.server.joined(), usize::from(counts), "{payload:?}");
    }
    let (mut host, _) = joined();
    host.run_to(50_000);
    host.ask(post(address(1), "method=getConfiguration"));
    host.run_to(110_000);
    assert_eq!(host.server.joined(), 1);
}

/// SPEC GAME-17
#[test]
fn frames() {
    let (mut host, joined) = joined();
    for ms in (0..10_000).step_by(250) {
        host.run_to(ms);
        let expected = if ms > 0 && ms % 1000 == 0 { vec![frame(joined.peer)] } else { vec![] };
        assert_eq!(host.take(), expected, "{ms}");
    }
}

/// Messages of other kinds are the application's; the keep-alive is not.
#[test]
fn messages() {
    let (mut host, joined) = joined();
    let client = joined.accepted.client;
    for payload in [&b"\x02\0\0\0hi"[..], b"\x02\0\0\0"] {
        host.packet(joined.peer, address(1), payload);
        let message = Event::Message { client, payload: payload.to_vec() };
        assert_eq!(host.take(), [Output::Event(message)]);
    }
    host.packet(joined.peer, address(1), &KeepAlive.to_packet());
    host.packet(joined.peer, address(1), b"\x02\0\0");
    assert_eq!(host.take(), []);
}

/// SPEC SERVER-3
#[test]
fn a_lost_peer() {
    let (mut host, joined) = joined();
    host.run_to(20_000);
    host.packet(joined.peer, address(1), &KeepAlive.to_packet());
    host.run_to(31_500);
    host.take();
    host.input(Input::PeerGone(joined.peer));
    let mut outputs = host.take();
    // It is gone already, so it makes no difference whether it is reset.
    outputs.retain(|output| *output != Output::Reset(joined.peer));
    let reason = timed_out(11_500);
    let [told, _, gone] = dropped(&joined, &reason);
    assert_eq!(outputs, [told, gone]);
    host.input(Input::PeerGone(joined.peer));
    host.run_for(200_000);
    assert_eq!((host.take(), host.server.records()), (vec![], 0));
}

/// SPEC GAME-15: the reason without its NUL; of a wrong length it counts as empty.
#[test]
fn quits() {
    let long = [vec![b'x'; 1023], vec![0]].concat();
    let huge = vec![0; 100_000];
    let rows: [(&[u8], String); 7] = [
        (b"Exiting\0", "Exiting".into()),
        (&long, "x".repeat(1023)),
        (b"\xFF\xFE\0", "\u{fffd}\u{fffd}".into()),
        (b"", "Dropped.".into()),
        (b"\0", "Dropped.".into()),
        (&[b'x'; 1025], "Dropped.".into()),
        (&huge, "Dropped.".into()),
    ];
    for (payload, reason) in rows {
        let (mut host, joined) = joined();
        let packet = [&MessageType::I_QUIT.0.to_le_bytes()[..], payload].concat();
        host.packet(joined.peer, address(1), &packet);
        assert_eq!(host.take(), dropped(&joined, &reason));
    }
}

/// SPEC SERVER-4: whoever drops, it happens once.
#[test]
fn dropped_by_the_application() {
    for (reason, told) in [("", "Dropped."), ("Kicked: spam", "Kicked: spam")] {
        let (mut host, joined) = joined();
        let client = joined.accepted.client;
        for expected in [&dropped(&joined, told)[..], &[]] {
            host.decide(Decision::Drop { client, reason: reason.into() });
            assert_eq!(host.take(), expected);
        }
        host.packet(joined.peer, address(1), &KeepAlive.to_packet());
        host.input(Input::PeerGone(joined.peer));
        assert_eq!((host.take(), host.until), (vec![], None));
    }
}
