//! What a client sends to servers of other bit versions.

use cfx_control::answer::Accepted;
use cfx_control::bit_version;
use cfx_game::frame::{MessageType, Payload};
use cfx_onesync::reassembly::Fragment;
use cfx_session::client::{Delivery, Event, Input, Output};

use super::player::{Player, Script, Step, accepted, frame, ok};

/// An active client of a server of this bit version.
fn active(bit_version: u64) -> Player {
    let answer = Accepted { bit_version, ..accepted() };
    let change = |script: &mut Script| script.handshake = ok(&answer.to_json());
    let mut player = Player::scripted(Step::Active, change);
    player.give(Input::Packet(&frame()));
    player.news();
    player
}

fn types(outputs: &[Output]) -> Vec<(u8, Delivery, MessageType)> {
    let packets = outputs.iter().filter_map(|output| match output {
        Output::Packet { channel, delivery, payload } => {
            let kind = payload.first_chunk().expect("a type");
            Some((*channel, *delivery, MessageType(u32::from_le_bytes(*kind))))
        }
        _ => None,
    });
    packets.filter(|(.., kind)| *kind != MessageType::END).collect()
}

#[test]
fn the_server_s_version_decides() {
    let versions = [
        (bit_version::FIRST, MessageType::STATE_BAG, MessageType::REASSEMBLED_EVENT),
        (bit_version::STATE_BAG_V2, MessageType::STATE_BAG_V2, MessageType::REASSEMBLED_EVENT),
        (bit_version::CURRENT, MessageType::STATE_BAG_V2, MessageType::REASSEMBLED_EVENT_V2),
    ];
    for (version, bag, event) in versions {
        let mut player = active(version);
        player.give(Input::SetBag { bag: "player:1", key: "a", value: b"\x01" });
        player.give(Input::TriggerServerEvent { name: "e", args: b"", latent: Some(0) });
        let expected = [(0, Delivery::Reliable, bag), (0, Delivery::Unreliable, event)];
        assert_eq!(types(&player.news()), expected);
    }
}

/// Both versions of events are read, whatever the server is, and answered in kind.
#[test]
fn a_client_reads_both() {
    let mut player = active(bit_version::FIRST);
    let fragment = |data| Fragment { event_id: 3, index: 0, count: 1, data };
    let rows = [
        (fragment(b"\0\x02e\0args").to_v1().to_packet(), MessageType::REASSEMBLED_EVENT),
        (fragment(b"\x01\0eargs").to_v2().to_packet(), MessageType::REASSEMBLED_EVENT_V2),
    ];
    for (packet, kind) in rows {
        player.give(Input::Packet(&packet));
        let news = player.news();
        assert_eq!(types(&news), [(0, Delivery::Unreliable, kind)]);
        let event = Event::NetEvent { name: b"e".to_vec(), args: b"args".to_vec(), latent: true };
        assert!(news.contains(&Output::Event(event)), "{news:?}");
        // Again: acknowledged, and not told again.
        player.give(Input::Packet(&packet));
        assert_eq!(player.news().len(), 1);
    }
}

/// A value that the first version cannot hold is not sent.
#[test]
fn a_value_that_is_too_long_for_the_first_version() {
    let value = vec![0; 128 * 1024];
    for (version, sent) in [(bit_version::FIRST, 0), (bit_version::CURRENT, 1)] {
        let mut player = active(version);
        player.give(Input::SetBag { bag: "player:1", key: "a", value: &value });
        assert_eq!(types(&player.news()).len(), sent);
    }
}
