//! What every service stands on: the clock, telemetry, signals and serving. It knows nothing of dossiers.
//!
//! * [`clock`]: the only place that asks the machine for the time; tests and the demo set it by hand
//! * [`telemetry`]: log lines, as text for people or JSON for machines
//! * [`signals`]: when to stop, and why
//! * [`http`]: the side door: `/livez`, `/readyz`, `/metrics`, and what a service adds
//! * [`metrics`]: what Prometheus scrapes
//! * [`serve`]: one gRPC server with health and reflection; NOT_SERVING first, then a bounded drain
//! * [`limits`]: how much it takes on at once; [`rates`]: how often one caller may call; `together`: calls that waited for
//!   another thread are woken, and so answered, a round at a time
//! * [`tls`]: certificates, exchanged while it runs; [`tokens`]: who calls, as a signed token says

pub mod clock;
pub mod http;
pub mod limits;
pub mod metrics;
pub mod rates;
pub mod serve;
pub mod signals;
pub mod telemetry;
pub mod tls;
mod together;
pub mod tokens;
mod watched;

pub use clock::Clock;
pub use watched::FileError;
