//! How the dossiers of a load come: a weight for each channel.

use std::fmt;
use std::str::FromStr;

use domain::event::Channel;

/// Weights of the channels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mix {
    online: u32,
    direct: u32,
    postal: u32,
}

impl Mix {
    /// The channel of the dossier with this number: over many, as the weights say; the same every time.
    pub fn channel(&self, number: u64) -> Channel {
        let total = u64::from(self.online) + u64::from(self.direct) + u64::from(self.postal);
        // A multiplier without pattern spreads consecutive numbers over the weights.
        let spread = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
        let place = spread % total.max(1);
        if place < u64::from(self.online) {
            Channel::Online
        } else if place < u64::from(self.online) + u64::from(self.direct) {
            Channel::Direct
        } else {
            Channel::Postal
        }
    }
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut mix = Self {
            online: 0,
            direct: 0,
            postal: 0,
        };
        for part in text.split(',') {
            let (channel, weight) = part
                .split_once('=')
                .ok_or_else(|| format!("{part:?} is no CHANNEL=WEIGHT"))?;
            let weight = weight
                .parse::<u32>()
                .ok()
                .filter(|weight| *weight <= 1_000_000)
                .ok_or_else(|| format!("{weight:?} is no weight"))?;
            match channel {
                "online" => mix.online = weight,
                "direct" => mix.direct = weight,
                "postal" => mix.postal = weight,
                other => return Err(format!("{other:?} is not online, direct or postal")),
            }
        }
        if mix.online + mix.direct + mix.postal == 0 {
            return Err("some channel needs a weight above 0".to_owned());
        }
        Ok(mix)
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            online,
            direct,
            postal,
        } = self;
        write!(f, "online={online},direct={direct},postal={postal}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn over_many_dossiers_the_channels_come_as_the_weights_say() {
        let mix: Mix = "online=60,direct=30,postal=10".parse().unwrap();
        let count = |channel| (0..10_000).filter(|it| mix.channel(*it) == channel).count();
        assert!((5_700..6_300).contains(&count(Channel::Online)));
        assert!((2_700..3_300).contains(&count(Channel::Direct)));
        assert!((800..1_200).contains(&count(Channel::Postal)));
        assert_eq!(mix.to_string().parse(), Ok(mix));
        assert!("online".parse::<Mix>().is_err());
        assert!("online=0".parse::<Mix>().is_err());
        assert!("by-drone=1".parse::<Mix>().is_err());
    }
}
