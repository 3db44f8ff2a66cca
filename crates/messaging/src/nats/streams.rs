//! The streams that keep records for their followers and figures for everybody: made when missing, reported when they do not fit, never altered.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, pull};
use async_nats::jetstream::context::Context;
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType};
use eventlog::{LogId, format};
use thiserror::Error;

use crate::nats::subjects::{self, Role};

/// How long JetStream itself drops a message that it has; followers drop duplicates for ever.
const DUPLICATE_WINDOW: Duration = Duration::from_secs(120);
/// Unacknowledged messages are delivered again after this.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// More may be under way than a follower holds in memory.
const ACKS_PENDING_MAX: i64 = 4096;
/// A follower that does not come back is forgotten; should it come back, its consumer is made anew.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30 * 24 * 3600);

/// What a stream is made with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamSettings {
    /// On how many servers of a cluster it is kept; default 1.
    pub replicas: usize,
    /// How long messages are kept; default 7 days. Who was away for longer asks the origins.
    pub age_max: Duration,
    /// How many messages are kept; default 1,000,000.
    pub messages_max: i64,
}

impl Default for StreamSettings {
    fn default() -> Self {
        Self {
            replicas: 1,
            age_max: Duration::from_secs(7 * 24 * 3600),
            messages_max: 1_000_000,
        }
    }
}

/// The stream cannot be used.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum StreamError {
    /// The server does not answer, or refuses.
    #[error("stream {name}: {reason}")]
    Away {
        /// The stream.
        name: &'static str,
        /// What was answered.
        reason: String,
    },
    /// There is another stream of this name.
    #[error("stream {name} is there but not as hoso needs it, and is left as it is: {}", .differences.join("; "))]
    Incompatible {
        /// The stream.
        name: &'static str,
        /// What differs.
        differences: Vec<String>,
    },
}

fn wanted(role: Role, settings: StreamSettings) -> Config {
    Config {
        name: role.stream().to_owned(),
        description: Some(format!("records of {role}; refilled from its log")),
        subjects: vec![subjects::stream(role)],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        max_age: settings.age_max,
        max_messages: settings.messages_max,
        max_bytes: -1,
        max_messages_per_subject: -1,
        max_consumers: -1,
        duplicate_window: DUPLICATE_WINDOW,
        ..Config::default()
    }
}

/// The last value of each subject, for as long as nobody gives a newer one.
fn wanted_figures(settings: StreamSettings) -> Config {
    Config {
        name: subjects::FIGURES.to_owned(),
        description: Some("current figures, the last of each agency and period".to_owned()),
        subjects: vec![subjects::all_figures()],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        max_messages: -1,
        max_bytes: -1,
        max_messages_per_subject: 1,
        max_consumers: -1,
        ..Config::default()
    }
}

/// What keeps a stream from doing its work; how much it keeps is its operator's business.
fn differences(have: &Config, want: &Config) -> Vec<String> {
    let mut found = Vec::new();
    let mut differs = |different: bool, what: String| {
        if different {
            found.push(what);
        }
    };
    differs(
        have.subjects != want.subjects,
        format!(
            "its subjects are {:?}, not {:?}",
            have.subjects, want.subjects
        ),
    );
    differs(
        have.retention != want.retention,
        format!(
            "its retention is {:?}, not {:?}",
            have.retention, want.retention
        ),
    );
    differs(
        have.discard != want.discard,
        format!(
            "when full it discards {:?}, not {:?}",
            have.discard, want.discard
        ),
    );
    differs(
        have.storage != want.storage,
        format!("its storage is {:?}, not {:?}", have.storage, want.storage),
    );
    differs(
        have.num_replicas != want.num_replicas,
        format!(
            "it has {} replicas, not {}",
            have.num_replicas, want.num_replicas
        ),
    );
    let record = i32::try_from(2 * format::BLOCK_RAW_MAX).unwrap_or(i32::MAX);
    differs(
        have.max_message_size > 0 && have.max_message_size < record,
        format!(
            "it takes messages of {} bytes, not {record}",
            have.max_message_size
        ),
    );
    let last_only = want.max_messages_per_subject == 1;
    differs(
        last_only && have.max_messages_per_subject != 1,
        "it keeps more than the last message of a subject".to_owned(),
    );
    differs(have.no_ack, "it acknowledges nothing".to_owned());
    differs(have.sealed, "it is sealed".to_owned());
    differs(
        have.mirror.is_some() || have.sources.is_some(),
        "it is filled from other streams".to_owned(),
    );
    found
}

/// Sees to it that the role's stream is there.
///
/// # Errors
/// When it cannot be made, or is there but different.
pub async fn ensure(
    jetstream: &Context,
    role: Role,
    settings: StreamSettings,
) -> Result<(), StreamError> {
    made(jetstream, role.stream(), wanted(role, settings)).await?;
    Ok(())
}

/// Sees to it that the stream of the current figures is there, and says what it is like.
///
/// # Errors
/// When it cannot be made, or is there but different.
pub(super) async fn ensure_figures(
    jetstream: &Context,
    settings: StreamSettings,
) -> Result<Info, StreamError> {
    made(jetstream, subjects::FIGURES, wanted_figures(settings)).await
}

async fn made(jetstream: &Context, name: &'static str, want: Config) -> Result<Info, StreamError> {
    let stream = jetstream.get_or_create_stream(want.clone()).await;
    let stream = stream.map_err(|error| StreamError::Away {
        name,
        reason: error.to_string(),
    })?;
    let info = stream.cached_info();
    let differences = differences(&info.config, &want);
    if differences.is_empty() {
        Ok(info.clone())
    } else {
        Err(StreamError::Incompatible { name, differences })
    }
}

/// The durable consumer of one follower of one log.
pub fn consumer(role: Role, log: LogId, follower: &str) -> pull::Config {
    pull::Config {
        durable_name: Some(consumer_name(log, follower)),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        max_deliver: -1,
        max_ack_pending: ACKS_PENDING_MAX,
        filter_subject: subjects::log(role, log),
        inactive_threshold: FORGOTTEN_AFTER,
        ..pull::Config::default()
    }
}

/// The consumer's name.
pub fn consumer_name(log: LogId, follower: &str) -> String {
    format!("{}-{log}", subjects::token(follower))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_does_not_fit_is_told_by_everything_that_differs() {
        let want = wanted(Role::Intake, StreamSettings::default());
        assert_eq!(differences(&want, &want), Vec::<String>::new());
        let kept_shorter = Config {
            max_age: Duration::from_secs(60),
            max_messages: 10,
            ..want.clone()
        };
        assert_eq!(differences(&kept_shorter, &want), Vec::<String>::new());
        let other = Config {
            subjects: vec!["orders.>".to_owned()],
            retention: RetentionPolicy::WorkQueue,
            storage: StorageType::Memory,
            num_replicas: 3,
            max_message_size: 100,
            no_ack: true,
            ..want.clone()
        };
        assert_eq!(differences(&other, &want).len(), 6);
        let figures = wanted_figures(StreamSettings::default());
        assert_eq!(differences(&figures, &figures), Vec::<String>::new());
        let all_of_them = Config {
            max_messages_per_subject: -1,
            ..figures.clone()
        };
        assert_eq!(differences(&all_of_them, &figures).len(), 1);
    }
}
