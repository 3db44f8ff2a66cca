//! How often one caller may call, and one address that does not say who calls.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

/// So many callers are remembered before those that have been quiet are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// How often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RateSettings {
    /// Calls a second of one caller, and at once after a silence; 0: as many as they want.
    pub calls_per_second: u32,
    /// Calls a minute of one address without a token, and at once after a silence.
    pub anonymous_per_minute: NonZeroU32,
    /// Look-ups by an identity number a minute of one caller, and at once after a silence: nobody tries out all numbers.
    pub look_ups_per_minute: NonZeroU32,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            calls_per_second: 1000,
            anonymous_per_minute: NonZeroU32::MIN.saturating_add(29),
            look_ups_per_minute: NonZeroU32::MIN.saturating_add(29),
        }
    }
}

/// Counts calls.
#[derive(Debug)]
pub struct Rates {
    callers: Option<DefaultKeyedRateLimiter<Box<str>>>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    look_ups: DefaultKeyedRateLimiter<Box<str>>,
}

impl Rates {
    /// Nobody has called yet.
    pub fn new(settings: RateSettings) -> Self {
        let callers = NonZeroU32::new(settings.calls_per_second);
        Self {
            callers: callers.map(|calls| DefaultKeyedRateLimiter::keyed(Quota::per_second(calls))),
            addresses: DefaultKeyedRateLimiter::keyed(Quota::per_minute(
                settings.anonymous_per_minute,
            )),
            look_ups: DefaultKeyedRateLimiter::keyed(Quota::per_minute(
                settings.look_ups_per_minute,
            )),
        }
    }

    /// Counts a call of this caller.
    ///
    /// # Errors
    /// With how long to wait.
    pub fn caller(&self, subject: &str) -> Result<(), Duration> {
        match &self.callers {
            Some(callers) => count(callers, &subject.into()),
            None => Ok(()),
        }
    }

    /// Counts a look-up by an identity number of this caller.
    ///
    /// # Errors
    /// With how long to wait.
    pub fn look_up(&self, subject: &str) -> Result<(), Duration> {
        count(&self.look_ups, &subject.into())
    }

    /// Counts a call from this address. Whoever has an IPv6 address has a whole network of them: it is counted as one.
    ///
    /// # Errors
    /// With how long to wait.
    pub fn address(&self, from: IpAddr) -> Result<(), Duration> {
        let network = match from.to_canonical() {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        };
        count(&self.addresses, &network)
    }
}

fn count<K: Clone + Eq + std::hash::Hash>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
) -> Result<(), Duration> {
    if limiter.len() > REMEMBERED_MAX {
        limiter.retain_recent();
    }
    limiter
        .check_key(key)
        .map_err(|not_until| not_until.wait_time_from(DefaultClock::default().now()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_calls_too_often_waits_and_nobody_else_does() {
        let rates = Rates::new(RateSettings {
            calls_per_second: 2,
            anonymous_per_minute: NonZeroU32::MIN,
            look_ups_per_minute: NonZeroU32::MIN,
        });
        rates.caller("an").unwrap();
        rates.caller("an").unwrap();
        let wait = rates.caller("an").unwrap_err();
        assert!(wait <= Duration::from_millis(500), "{wait:?}");
        rates.caller("binh").unwrap();

        rates.look_up("an").unwrap();
        let wait = rates.look_up("an").unwrap_err();
        assert!(wait > Duration::from_secs(50), "{wait:?}");
        rates.look_up("binh").unwrap();

        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        let other: IpAddr = "192.0.2.1".parse().unwrap();
        let same: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        rates.address(one).unwrap();
        assert!(
            rates.address(neighbour).is_err(),
            "one network counts as one"
        );
        rates.address(other).unwrap();
        assert!(rates.address(same).is_err());
    }
}
