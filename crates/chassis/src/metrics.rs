//! What Prometheus scrapes of a role: its calls as the server counts them, and the plain numbers that the service tells.

mod calls;
mod sheet;

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

pub(crate) use calls::{Calls, Counted};
pub use sheet::{Samples, Sheet};

/// How [`Metrics::text`] is labelled.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Writes a service's own numbers as they are now; called at each scrape.
pub type Tell = Arc<dyn Fn(&mut Sheet<'_>) + Send + Sync>;

/// The numbers of one role; clones share them.
#[derive(Clone, Debug)]
pub(crate) struct Metrics(Arc<Registry>);

impl Metrics {
    pub(crate) fn new(role: &'static str, calls: &Arc<Calls>, tell: Tell) -> Self {
        let labels = [("role".into(), role.into())].into_iter();
        let mut registry = Registry::with_prefix_and_labels("hoso", labels);
        registry.register_collector(Box::new(Arc::clone(calls)));
        registry.register_collector(Box::new(Told(tell)));
        Self(Arc::new(registry))
    }

    /// All numbers in the text format of OpenMetrics.
    pub(crate) fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.0)?;
        Ok(text)
    }
}

/// The service's own numbers.
struct Told(Tell);

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl Collector for Told {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut sheet = Sheet::new(encoder);
        (self.0)(&mut sheet);
        sheet.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_service_tells_is_what_is_scraped() {
        let tell: Tell = Arc::new(|sheet| {
            sheet.numbers("log_position", "The newest position.", &[(vec![], 41.0)]);
            let origin = |name: &str| vec![("origin", name.to_owned())];
            let samples = [(origin("a"), 1.0), (origin("b"), 2.0)];
            sheet.numbers("feed_duplicates_total", "Dropped.", &samples);
            sheet.numbers("feed_lag_seconds", "Nobody is followed.", &[]);
            sheet.histogram(
                "sync_seconds",
                "Syncs.",
                &[(0.001, 3), (f64::INFINITY, 1)],
                0.5,
            );
        });
        let calls = Arc::new(Calls::new(&[]));
        let text = Metrics::new("intake", &calls, tell).text().unwrap();
        for line in [
            "# TYPE hoso_log_position gauge",
            "hoso_log_position{role=\"intake\"} 41.0",
            "# TYPE hoso_feed_duplicates counter",
            "hoso_feed_duplicates_total{role=\"intake\",origin=\"b\"} 2.0",
            "hoso_sync_seconds_count{role=\"intake\"} 4",
            "hoso_sync_seconds_bucket{role=\"intake\",le=\"0.001\"} 3",
            "hoso_sync_seconds_bucket{role=\"intake\",le=\"+Inf\"} 4",
            "# EOF",
        ] {
            assert!(text.contains(line), "{line} is not in:\n{text}");
        }
        assert!(!text.contains("lag_seconds"));
    }
}
