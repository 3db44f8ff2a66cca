//! The page on which a service writes its numbers at a scrape.

use std::fmt;

use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

/// Values with what tells them apart; few and known ahead, never about people.
pub type Samples<'a> = &'a [(Vec<(&'static str, String)>, f64)];

/// Takes a service's numbers.
#[derive(Debug)]
pub struct Sheet<'a> {
    encoder: DescriptorEncoder<'a>,
    /// The first failure; what came after it is not written.
    written: fmt::Result,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(encoder: DescriptorEncoder<'a>) -> Self {
        Self {
            encoder,
            written: Ok(()),
        }
    }

    pub(crate) fn finish(self) -> fmt::Result {
        self.written
    }

    /// Numbers of one kind. A name that ends in `_total` only ever counts up; without samples nothing is written.
    pub fn numbers(&mut self, name: &str, help: &str, samples: Samples<'_>) {
        if self.written.is_ok() && !samples.is_empty() {
            self.written = self.write_numbers(name, help, samples);
        }
    }

    fn write_numbers(&mut self, name: &str, help: &str, samples: Samples<'_>) -> fmt::Result {
        let (name, kind) = match name.strip_suffix("_total") {
            Some(name) => (name, MetricType::Counter),
            None => (name, MetricType::Gauge),
        };
        let mut family = self.encoder.encode_descriptor(name, help, None, kind)?;
        for (labels, value) in samples {
            let mut sample = family.encode_family(labels)?;
            if kind == MetricType::Counter {
                sample.encode_counter::<NoLabelSet, _, f64>(value, None)?;
            } else {
                sample.encode_gauge(value)?;
            }
        }
        Ok(())
    }

    /// How often something took how long: upper bounds in seconds, the last one infinite, each with how many fell between
    /// it and the one before; and the sum in seconds.
    pub fn histogram(&mut self, name: &str, help: &str, buckets: &[(f64, u64)], sum: f64) {
        if self.written.is_ok() {
            self.written = self.write_histogram(name, help, buckets, sum);
        }
    }

    fn write_histogram(
        &mut self,
        name: &str,
        help: &str,
        buckets: &[(f64, u64)],
        sum: f64,
    ) -> fmt::Result {
        let count = buckets.iter().map(|(_, count)| count).sum();
        self.encoder
            .encode_descriptor(name, help, None, MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(sum, count, buckets, None)
    }
}
