//! A Bloom filter: says at once, from memory, that a segment does not hold what is looked for.

/// Ten bits and seven probes a key: one look-up in a hundred is made in vain.
const BITS_PER_KEY: usize = 10;
const PROBES: u64 = 7;

/// A set of hashes that may say yes for one it does not hold, never no for one it holds.
#[derive(Debug)]
pub(crate) struct Filter {
    bits: Box<[u8]>,
}

impl Filter {
    /// Room for `keys` different hashes.
    pub(crate) fn with_capacity(keys: usize) -> Self {
        let bytes = keys.saturating_mul(BITS_PER_KEY).div_ceil(8);
        Self {
            bits: vec![0; bytes].into(),
        }
    }

    pub(crate) fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bits: bytes.into() }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bits
    }

    pub(crate) fn insert(&mut self, hash: u64) {
        for (byte, mask) in probes(hash, self.bits.len()) {
            if let Some(byte) = self.bits.get_mut(byte) {
                *byte |= mask;
            }
        }
    }

    pub(crate) fn may_hold(&self, hash: u64) -> bool {
        !self.bits.is_empty()
            && probes(hash, self.bits.len())
                .all(|(byte, mask)| self.bits.get(byte).is_some_and(|byte| byte & mask != 0))
    }
}

/// Which bits stand for `hash` in `len` bytes.
fn probes(hash: u64, len: usize) -> impl Iterator<Item = (usize, u8)> {
    let bits = u64::try_from(len).unwrap_or(u64::MAX).saturating_mul(8);
    let start = mix(hash);
    // Odd, so that the probes do not fall together.
    let step = mix(start) | 1;
    (0..PROBES).filter_map(move |probe| {
        let bit = start
            .wrapping_add(step.wrapping_mul(probe))
            .checked_rem(bits)?;
        let byte = usize::try_from(bit / 8).ok()?;
        Some((byte, 1 << (bit % 8)))
    })
}

/// The finaliser of `SplitMix64`: spreads what differs in few bits over all of them.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// A hash of a key of any length; keys are ids and digests, which are spread already.
pub(crate) fn hash(key: &[u8]) -> u64 {
    key.chunks(8).fold(0, |hash, chunk| {
        let mut word = [0; 8];
        for (to, from) in word.iter_mut().zip(chunk) {
            *to = *from;
        }
        mix(hash ^ u64::from_le_bytes(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_in_is_found_and_little_else() {
        let mut filter = Filter::with_capacity(10_000);
        for key in 0..10_000_u64 {
            filter.insert(hash(&key.to_be_bytes()));
        }
        assert!((0..10_000_u64).all(|key| filter.may_hold(hash(&key.to_be_bytes()))));
        let wrong = (10_000..110_000_u64)
            .filter(|key| filter.may_hold(hash(&key.to_be_bytes())))
            .count();
        assert!(wrong < 2_000, "{wrong} of 100000");
    }

    #[test]
    fn an_empty_filter_holds_nothing() {
        assert!(!Filter::with_capacity(0).may_hold(7));
    }
}
