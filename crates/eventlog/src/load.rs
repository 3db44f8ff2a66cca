//! How busy the writer is, in plain numbers: what waits for it, and how long its syncs take.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of how long a sync takes, microseconds; the last class has none.
const BOUNDS_US: [u64; 14] = [
    50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
    1_000_000,
];

/// How busy the writer is.
#[derive(Clone, PartialEq, Debug)]
pub struct Load {
    /// Writes that wait.
    pub writes: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Syncs since the log was opened, by how long they took: upper bounds in seconds, the last one infinite, each with
    /// how many fell between it and the one before.
    pub syncs: Vec<(f64, u64)>,
    /// How long all of them took, seconds.
    pub sync_seconds: f64,
}

/// Counts syncs by how long they took.
#[derive(Debug, Default)]
pub(crate) struct Syncs {
    counts: [AtomicU64; BOUNDS_US.len() + 1],
    sum_us: AtomicU64,
}

impl Syncs {
    pub(crate) fn took(&self, time: Duration) {
        let us = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        let class = BOUNDS_US.partition_point(|bound| *bound < us);
        if let Some(count) = self.counts.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_us.fetch_add(us, Ordering::Relaxed);
    }

    /// The classes, and the sum in seconds.
    pub(crate) fn read(&self) -> (Vec<(f64, u64)>, f64) {
        let seconds = |us: u64| Duration::from_micros(us).as_secs_f64();
        let bounds = BOUNDS_US.iter().map(|us| seconds(*us));
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let classes = bounds.chain([f64::INFINITY]).zip(counts).collect();
        (classes, seconds(self.sum_us.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sync_is_counted_where_its_time_belongs() {
        let syncs = Syncs::default();
        for us in [1, 50, 51, 1_000_000, 1_000_001] {
            syncs.took(Duration::from_micros(us));
        }
        let (classes, sum) = syncs.read();
        assert_eq!(classes[0], (0.000_05, 2));
        assert_eq!(classes[1], (0.000_1, 1));
        assert_eq!(classes[13], (1.0, 1));
        assert_eq!(classes[14], (f64::INFINITY, 1));
        assert!((sum - 2.000_103).abs() < 1e-9);
    }
}
