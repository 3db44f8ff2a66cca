//! What a load saw: how long calls took, and why some were refused.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;
use tonic::Status;
use tonic_types::StatusExt as _;

/// An hour: what takes longer is told as that.
const MICROS_MAX: u64 = 3_600_000_000;

/// Latencies and refusals, while they come.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Microseconds, to three digits; none only if the histogram's bounds were wrong.
    micros: Option<Histogram<u64>>,
    errors: BTreeMap<String, u64>,
}

/// The same, told.
#[derive(Clone, Debug, Serialize)]
pub struct Seen {
    /// Calls that were granted.
    pub calls: u64,
    /// Granted calls a second.
    pub rate: f64,
    /// How long they took, in microseconds.
    pub latency_us: Latency,
    /// Refusals by reason.
    pub errors: BTreeMap<String, u64>,
}

/// Quantiles of times, in microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// Half are shorter.
    pub p50: u64,
    /// Nine of ten are shorter.
    pub p90: u64,
    /// All but one of a hundred.
    pub p99: u64,
    /// All but one of a thousand.
    pub p999: u64,
    /// The longest.
    pub max: u64,
    /// Their mean.
    pub mean: f64,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            micros: Histogram::new_with_bounds(1, MICROS_MAX, 3).ok(),
            errors: BTreeMap::new(),
        }
    }
}

impl Tally {
    /// A call was granted after so long.
    pub fn granted(&mut self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        if let Some(histogram) = &mut self.micros {
            histogram.saturating_record(micros);
        }
    }

    /// A call was refused.
    pub fn refused(&mut self, status: &Status) {
        let reason = status
            .get_details_error_info()
            .map_or_else(|| format!("{:?}", status.code()), |info| info.reason);
        *self.errors.entry(reason).or_default() += 1;
    }

    /// How many were granted.
    pub fn count(&self) -> u64 {
        self.micros.as_ref().map_or(0, Histogram::len)
    }

    /// The quantiles.
    pub fn latency(&self) -> Latency {
        let Some(micros) = &self.micros else {
            return Latency::default();
        };
        Latency {
            p50: micros.value_at_quantile(0.5),
            p90: micros.value_at_quantile(0.9),
            p99: micros.value_at_quantile(0.99),
            p999: micros.value_at_quantile(0.999),
            max: micros.max(),
            mean: micros.mean(),
        }
    }

    /// All of it, over this time.
    pub fn seen(self, over: Duration) -> Seen {
        Seen {
            calls: self.count(),
            rate: per_second(self.count(), over),
            latency_us: self.latency(),
            errors: self.errors,
        }
    }
}

/// So many in this time, a second.
#[allow(clippy::cast_precision_loss, reason = "a rate for people")]
pub fn per_second(count: u64, over: Duration) -> f64 {
    if over.is_zero() {
        0.0
    } else {
        count as f64 / over.as_secs_f64()
    }
}

/// The middle one; 0 of none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_times_to_three_digits() {
        let mut tally = Tally::default();
        for millis in 1..=1_000 {
            tally.granted(Duration::from_millis(millis));
        }
        tally.granted(Duration::from_secs(100_000));
        tally.refused(&Status::unavailable("away"));
        let near = |found: u64, wanted: u64| found.abs_diff(wanted) <= wanted / 500;
        let seen = tally.seen(Duration::from_secs(10));
        assert!(near(seen.latency_us.p50, 501_000), "{seen:?}");
        assert!(near(seen.latency_us.p99, 991_000), "{seen:?}");
        assert!(near(seen.latency_us.max, MICROS_MAX), "{seen:?}");
        assert_eq!((seen.calls, seen.errors["Unavailable"]), (1_001, 1));
        assert!((seen.rate - 100.1).abs() < 1e-9);
    }

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(Vec::new()).abs() < 1e-9);
    }
}
