//! A newer client of the same guid (SPEC HTTP-13, SERVER-4, SERVER-7).

use cfx_session::server::{Config, Decision, Output};

use super::{Accepted, Form, Host, address, error_to, get_endpoints, gone, refusal};

const GUID: &str = "148618792331476182";
const REASON: &str = "Reconnecting";

/// The guid comes again from elsewhere, passes, and joins.
fn comes_again(host: &mut Host) -> (Vec<Output>, Accepted) {
    let pending = host.connect(address(2), &Form::init(GUID));
    let outputs = host.take();
    host.handled(pending.client);
    let token = host.answer(pending.request).json()["token"].as_str().expect("it").to_owned();
    let (client, guid, from) = (pending.client, GUID.to_owned(), address(2));
    let accepted = Accepted { client, guid, token, from };
    host.enter(&accepted);
    assert_eq!((host.server.records(), host.server.joined()), (1, 1));
    (outputs, accepted)
}

/// Its answer ends with the error, and nothing comes behind it.
#[test]
fn while_deferring() {
    let mut host = Host::new(Config::default());
    let pending = host.connect(address(1), &Form::init(GUID));
    let (client, resource) = (pending.client, "a".to_owned());
    host.decide(Decision::Defer { client, resource });
    host.handled(client);
    host.answers.remove(&pending.request).expect("progress");
    // The rest of an answer whose head was looked at is read without it.
    host.answers.entry(pending.request).or_default().status = Some(200);
    let (outputs, _) = comes_again(&mut host);
    assert_eq!(outputs, [gone(client, None, REASON)]);
    assert_eq!(host.answer(pending.request).text(), refusal(REASON));
    host.run_for(5000);
    assert_eq!(host.answer(pending.request).text(), refusal(REASON));
}

#[test]
fn while_validated() {
    let mut host = Host::new(Config::default());
    let accepted = host.accept(address(1), GUID);
    assert!(host.admits(address(1), 1, accepted.data()));
    let peer = host.peer(accepted.data());
    let (outputs, newer) = comes_again(&mut host);
    // No peer was bound, so no address is known to send an error to.
    assert_eq!(outputs, [Output::Reset(peer), gone(accepted.client, None, REASON)]);
    assert_eq!(host.post(get_endpoints(&accepted.token)), "false\r\n");
    assert_eq!(host.post(get_endpoints(&newer.token)), "[]\r\n");
    assert!(!host.admits(address(1), 2, accepted.data()));
}

#[test]
fn while_joined() {
    let mut host = Host::new(Config::default());
    let joined = host.join(address(1), GUID);
    let (outputs, newer) = comes_again(&mut host);
    let client = joined.accepted.client;
    assert_eq!(
        outputs,
        [error_to(address(1), REASON), Output::Reset(joined.peer), gone(client, 1, REASON)]
    );
    // The older one's last words are nobody's.
    host.take();
    host.packet(joined.peer, address(1), &joined.accepted.handshake());
    assert_eq!(host.take(), [error_to(address(1), "Invalid connection token received.")]);
    assert_eq!(host.server.joined(), 1);
    assert_ne!(newer.token, joined.accepted.token);
}

/// A newer one that is refused before its ticket was good leaves the older alone.
#[test]
fn refused_early() {
    let mut host = Host::new(Config::default());
    host.join(address(1), GUID);
    for form in [
        Form::init(GUID).with("protocol", "11"),
        Form::init(GUID).with("gameName", "rdr3"),
        Form::init(GUID).without("name"),
    ] {
        host.post(form.body());
    }
    assert_eq!((host.take(), host.server.joined()), (vec![], 1));
    // The build is looked at after the older one is gone, as in the reference.
    host.post(Form::init(GUID).with("gameBuild", "0").body());
    assert_eq!(host.server.records(), 0);
}
