//! A bad line: packets are lost, late, out of order and doubled, as a seed decides.

use std::collections::BTreeMap;

use crate::entropy::{self, Entropy};
use crate::{Delivery, Time};

/// How bad a line is. Parts are in thousandths of all packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Weather {
    /// Packets that are lost. A reliable one is sent again, and comes later.
    pub loss: u32,
    /// The most milliseconds that a packet is late, beyond the latency. It holds up those behind it.
    pub jitter: u64,
    /// Unreliable packets that neither wait for those before them nor hold up those behind them.
    pub reordered: u32,
    /// Unreliable packets that come twice.
    pub doubled: u32,
}

/// Milliseconds after which a reliable packet that was lost is sent again.
const RESEND: u64 = 100;

/// Decides when packets arrive. Pure: the same seed and the same packets give the same arrivals.
pub struct Link {
    weather: Weather,
    entropy: Entropy,
    /// The last arrival on each path, of packets that keep their order: unreliable, reliable.
    last: BTreeMap<u64, (Time, Time)>,
    packets: u64,
    bytes: u64,
    digest: u64,
}

impl Link {
    /// A line of this weather.
    pub fn new(weather: Weather, seed: u64) -> Self {
        let entropy = entropy::seeded(seed);
        Self { weather, entropy, last: BTreeMap::new(), packets: 0, bytes: 0, digest: 0 }
    }

    /// Another weather from now on.
    pub const fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
    }

    /// How many packets were sent, those that were lost included.
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// How many bytes were sent.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A number that depends on every byte of every packet, on its path and on its time.
    pub const fn digest(&self) -> u64 {
        self.digest
    }

    /// When a packet arrives that sets out on `path` at `now`; a second time where it is doubled, no
    /// time where it is lost.
    pub fn carry(
        &mut self,
        path: u64,
        delivery: Delivery,
        now: Time,
        latency: u64,
        payload: &[u8],
    ) -> [Option<Time>; 2] {
        self.count(path, now, payload);
        let mut at = now.after(latency).after(self.below(self.weather.jitter + 1));
        if delivery == Delivery::Reliable {
            while self.happens(self.weather.loss) {
                at = at.after(RESEND);
            }
            let (_, last) = self.last.entry(path).or_default();
            *last = at.max(*last);
            return [Some(*last), None];
        }
        if self.happens(self.weather.loss) {
            return [None, None];
        }
        if !self.happens(self.weather.reordered) {
            let (last, _) = self.last.entry(path).or_default();
            *last = at.max(*last);
            at = *last;
        }
        let late = self.below(self.weather.jitter + 1);
        [Some(at), self.happens(self.weather.doubled).then(|| at.after(late))]
    }

    /// When the end of a path is noticed that ends at `now`: behind all that is sent on it reliably.
    pub fn end(&self, path: u64, now: Time, latency: u64) -> Time {
        let last = self.last.get(&path).map_or(Time::ZERO, |(_, last)| *last);
        now.after(latency).max(last)
    }

    fn happens(&mut self, thousandths: u32) -> bool {
        thousandths > 0 && self.below(1000) < u64::from(thousandths)
    }

    fn below(&mut self, bound: u64) -> u64 {
        let mut bytes = [0; 8];
        (self.entropy)(&mut bytes);
        u64::from_le_bytes(bytes) % bound.max(1)
    }

    fn count(&mut self, path: u64, now: Time, payload: &[u8]) {
        self.packets += 1;
        self.bytes += payload.len() as u64;
        self.mix(path);
        self.mix(now.as_millis());
        self.mix(payload.len() as u64);
        for chunk in payload.chunks(8) {
            let mut word = [0; 8];
            word.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn mix(&mut self, word: u64) {
        self.digest = (self.digest ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BAD: Weather = Weather { loss: 50, jitter: 20, reordered: 50, doubled: 10 };

    fn arrivals(seed: u64, weather: Weather, delivery: Delivery) -> Vec<[Option<Time>; 2]> {
        let mut link = Link::new(weather, seed);
        (0..10_000).map(|ms| link.carry(0, delivery, Time::from_millis(ms), 30, b"x")).collect()
    }

    #[test]
    fn a_seed_decides() {
        let first = arrivals(1, BAD, Delivery::Unreliable);
        assert_eq!(first, arrivals(1, BAD, Delivery::Unreliable));
        assert_ne!(first, arrivals(2, BAD, Delivery::Unreliable));
    }

    #[test]
    fn the_weather_is_as_ordered() {
        let all = arrivals(7, BAD, Delivery::Unreliable);
        let lost = all.iter().filter(|[first, _]| first.is_none()).count();
        let doubled = all.iter().filter(|[_, second]| second.is_some()).count();
        assert!((400..600).contains(&lost), "{lost}");
        assert!((50..150).contains(&doubled), "{doubled}");
        let times: Vec<Time> = all.iter().filter_map(|[first, _]| *first).collect();
        let early = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        assert!((100..1000).contains(&early), "{early}");
        for (sent, [first, _]) in all.iter().enumerate() {
            let late = first.map_or(30, |at| at.as_millis() - sent as u64);
            assert!((30..=50).contains(&late), "{late}");
        }
    }

    #[test]
    fn reliable_packets_all_come_in_order() {
        let all = arrivals(7, BAD, Delivery::Reliable);
        assert!(all.iter().all(|[first, second]| first.is_some() && second.is_none()));
        assert!(all.windows(2).all(|pair| pair[0][0] <= pair[1][0]));
        let plain = arrivals(7, Weather::default(), Delivery::Unreliable);
        assert!(plain.iter().zip(30..).all(|([at, _], due)| *at == Some(Time::from_millis(due))));
    }
}
