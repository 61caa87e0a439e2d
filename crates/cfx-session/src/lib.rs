//! The two sides of a CitizenFX (FiveM/RedM) connection as state machines: no sockets, no clock, no
//! randomness of their own. The same inputs give the same outputs, to the byte.
//!
//! | module | holds |
//! |---|---|
//! | [`client`] | a player's side: discovery, handshake, manifest, ENet, `connectOK` |
//! | [`server`] | the other side, for any number of players |
//! | [`http`] | HTTP requests and answers in pieces, as both machines see them |
//! | [`pair`] | both machines in one memory on a virtual clock, for tests and benches |
//! | [`Time`], [`Entropy`] | the caller's clock and randomness |
//!
//! Both machines work alike: change them once with `handle(input, now)`, then drain `poll(now)`
//! until it is [`Poll::Idle`]. An output that is not taken keeps those behind it waiting.
//!
//! ```
//! use cfx_session::{entropy, pair::Pair, server, client};
//!
//! let mut pair = Pair::new(server::Config::default(), entropy::seeded(1));
//! let player = pair.add_client(client::Config { name: "Ana".into(), ..Default::default() });
//! pair.join(player);
//! pair.run_for(2_000);
//! assert_eq!(pair.client(player).state(), client::State::Active);
//! assert_eq!(pair.server().joined(), 1);
//! ```

pub mod client;
pub mod entropy;
pub mod http;
mod limiter;
mod msgpack;
pub mod pair;
pub mod server;
mod time;

pub use entropy::Entropy;
pub use limiter::Rate;
pub use time::Time;

/// How a packet is sent by ENet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In order, until it is acknowledged.
    Reliable,
    /// Once; one that comes behind a later one of its channel is lost.
    Unreliable,
    /// Once, in no order.
    Unsequenced,
}

/// What a machine answers when it is polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Poll<T> {
    /// Do this, and poll again.
    Ready(T),
    /// There is nothing to do before the next input or this time, whichever comes first.
    Idle {
        /// When to poll again at the latest; nothing when only an input can change anything.
        until: Option<Time>,
    },
}
