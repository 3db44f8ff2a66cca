//! What a service tells about itself: where its log is, what it has from others, what waits, what room is left.

use std::fmt;
use std::sync::Arc;

use domain::ids::DossierId;
use eventlog::{EventLog, Head, Load, LogId, Position, Room};
use tokio::sync::watch;
pub use vault::Exchange;
use vault::Vault;

use crate::losses::Declared;

/// What it has from a log it follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FollowedLog {
    /// The log.
    pub log: LogId,
    /// The newest of its positions here.
    pub have: Position,
    /// The newest known to be there.
    pub upstream: Position,
    /// How much earlier the one was written than the other, microseconds; none when it is not known.
    pub lag_us: Option<i64>,
    /// Why it waits, when it does.
    pub waiting: Option<String>,
    /// Records that were here already.
    pub duplicates: u64,
    /// Records that the stream did not bring.
    pub repaired: u64,
    /// Messages that were no records of that log.
    pub foreign: u64,
}

/// How far the service's own log is published.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelayedLog {
    /// The newest position in the stream.
    pub position: Position,
    /// Why the relay waits, when it does.
    pub waiting: Option<String>,
}

/// A vault elsewhere, as the service speaks with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VaultLine {
    /// The log beside it.
    pub log: LogId,
    /// Entries that accepted dossiers name and are not here yet.
    pub entries_wanted: usize,
    /// Erasures it has not said that it carried out.
    pub erasures_untold: usize,
    /// Why it is waited for, when it is.
    pub waiting: Option<String>,
    /// Who declared it gone for good.
    pub losses: Vec<Declared>,
    /// Enough of them have: erasures do not wait for it.
    pub given_up: bool,
}

/// A list in memory that is folded from the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Folded {
    /// The newest position in it.
    pub position: Position,
    /// Records that this program did not understand, where they are counted.
    pub not_understood: Option<u64>,
    /// Filings that are not decided yet, where they are counted.
    pub held_filings: Option<u64>,
    /// Codes that two dossiers have, where that is looked at.
    pub codes_given_twice: Option<GivenTwice>,
}

/// Codes that two dossiers have.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct GivenTwice {
    /// How many.
    pub count: u64,
    /// The newest of them: the code, who had it first, and who got it again.
    pub newest: Vec<(String, DossierId, DossierId)>,
}

/// A service, at one moment.
#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// `intake`, `processing` or `reporting`.
    pub role: &'static str,
    /// Where its log ends.
    pub head: Head,
    /// Why it cannot do its work, when it cannot.
    pub unable: Option<String>,
    /// The logs it follows.
    pub followed: Vec<FollowedLog>,
    /// The vaults elsewhere that it speaks with.
    pub vaults: Vec<VaultLine>,
    /// How the master key of its own vault is exchanged; none for a role without one.
    pub exchange: Option<Exchange>,
    /// How far its own is published; none when nothing publishes it.
    pub relayed: Option<RelayedLog>,
    /// How far its list is.
    pub folded: Folded,
    /// The room on its disk.
    pub room: Room,
    /// How busy its log's writer is.
    pub load: Load,
    /// Its clock, microseconds since 1970.
    pub now_us: i64,
}

/// Something that is looked at whenever it is asked for.
pub type Look<T> = Arc<dyn Fn() -> T + Send + Sync>;

/// Where a service's status comes from; clones look at the same.
#[derive(Clone)]
pub struct Source {
    /// The role.
    pub role: &'static str,
    /// The log.
    pub log: EventLog,
    /// Why the service cannot do its work, when it cannot.
    pub unable: watch::Receiver<Option<String>>,
    /// The logs it follows.
    pub followed: Look<Vec<FollowedLog>>,
    /// The vaults elsewhere that it speaks with.
    pub vaults: Look<Vec<VaultLine>>,
    /// Its own vault, if it has one.
    pub vault: Option<Vault>,
    /// How far its own is published.
    pub relayed: Look<Option<RelayedLog>>,
    /// How far its list is.
    pub folded: Look<Folded>,
    /// Its clock, microseconds since 1970.
    pub now_us: Look<i64>,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("role", &self.role)
            .field("log", &self.log)
            .finish_non_exhaustive()
    }
}

impl Source {
    /// The status now.
    pub fn now(&self) -> Status {
        Status {
            role: self.role,
            head: self.log.head(),
            unable: self.unable.borrow().clone(),
            followed: (self.followed)(),
            vaults: (self.vaults)(),
            exchange: self.vault.as_ref().map(Vault::exchange),
            relayed: (self.relayed)(),
            folded: (self.folded)(),
            room: self.log.room(),
            load: self.log.load(),
            now_us: (self.now_us)(),
        }
    }
}

/// A number's name, what it says, and its values with what tells them apart.
pub type Number<'a> = dyn FnMut(&str, &str, &[(Vec<(&'static str, String)>, f64)]) + 'a;

#[allow(
    clippy::cast_precision_loss,
    reason = "a scrape takes 64-bit floats; 2^53 records are not reached"
)]
impl Status {
    /// Tells every number that somebody watches over the years; the names are for ever.
    pub fn tell(&self, number: &mut Number<'_>) {
        self.tell_own(number);
        self.tell_vaults(number);
        self.tell_exchange(number);
        if let Some(relayed) = &self.relayed {
            let left = self.head.position.saturating_sub(relayed.position);
            let mut one = |name, help, value| number(name, help, &[(Vec::new(), value)]);
            one(
                "relay_unrelayed_records",
                "Records of the log that are not in the stream yet.",
                left as f64,
            );
            one(
                "relay_waiting",
                "1 while the relay waits for NATS.",
                truth(relayed.waiting.is_some()),
            );
        }
        if self.role != "intake" {
            number(
                "feed_logs",
                "How many logs it follows; 0 until the first is found.",
                &[(Vec::new(), self.followed.len() as f64)],
            );
        }
        let mut of_each = |name, help, value: &dyn Fn(&FollowedLog) -> Option<f64>| {
            let samples: Vec<_> = self
                .followed
                .iter()
                .filter_map(|it| Some((vec![("origin", it.log.to_string())], value(it)?)))
                .collect();
            number(name, help, &samples);
        };
        of_each(
            "feed_position",
            "The newest position of the followed log that is here.",
            &|it| Some(it.have as f64),
        );
        of_each(
            "feed_lag_records",
            "How many records of the followed log are not here yet.",
            &|it| Some(it.upstream.saturating_sub(it.have) as f64),
        );
        of_each(
            "feed_lag_seconds",
            "How much earlier the newest record here was written than the newest there.",
            &|it| it.lag_us.map(seconds),
        );
        of_each(
            "feed_waiting",
            "1 while the followed log is away or does not fit.",
            &|it| Some(truth(it.waiting.is_some())),
        );
        of_each(
            "feed_duplicates_total",
            "Records that came again and were dropped.",
            &|it| Some(it.duplicates as f64),
        );
        of_each(
            "feed_repaired_total",
            "Records that the stream did not bring, fetched from the origin.",
            &|it| Some(it.repaired as f64),
        );
        of_each(
            "feed_foreign_total",
            "Messages that were no records of the followed log.",
            &|it| Some(it.foreign as f64),
        );
    }

    fn tell_vaults(&self, number: &mut Number<'_>) {
        let mut of_each = |name, help, value: &dyn Fn(&VaultLine) -> f64| {
            let sample = |it: &VaultLine| (vec![("origin", it.log.to_string())], value(it));
            number(
                name,
                help,
                &self.vaults.iter().map(sample).collect::<Vec<_>>(),
            );
        };
        of_each(
            "vault_entries_wanted",
            "Personal data of accepted dossiers that is not here yet.",
            &|it| it.entries_wanted as f64,
        );
        of_each(
            "vault_erasures_untold",
            "Erasures that the vault beside the followed log has not carried out yet.",
            &|it| it.erasures_untold as f64,
        );
        of_each(
            "vault_waiting",
            "1 while the vault beside the followed log does not answer.",
            &|it| truth(it.waiting.is_some()),
        );
        of_each(
            "vault_given_up",
            "1 while the vault beside the followed log is given up as gone for good: erasures do not wait for it.",
            &|it| truth(it.given_up),
        );
    }

    fn tell_exchange(&self, number: &mut Number<'_>) {
        let Some(exchange) = &self.exchange else {
            return;
        };
        let (left, unneeded, waiting) = match exchange {
            Exchange::None => (0, false, false),
            Exchange::UnderWay(it) => (it.of.saturating_sub(it.done), false, false),
            Exchange::Done { .. } => (0, true, false),
            Exchange::Waits(_) => (0, false, true),
        };
        let mut one = |name, help, value| number(name, help, &[(Vec::new(), value)]);
        one(
            "vault_keys_to_rewrap",
            "Subject keys of the role's own vault that a change of its master key has still to wrap anew.",
            f64::from(left),
        );
        one(
            "vault_old_master_key_unneeded",
            "1 when the role's own vault is under the successor of the master key and the old one opens nothing here.",
            truth(unneeded),
        );
        one(
            "vault_master_key_waiting",
            "1 while the successor of the master key cannot be taken into use.",
            truth(waiting),
        );
    }

    fn tell_own(&self, number: &mut Number<'_>) {
        let mut one = |name, help, value| number(name, help, &[(Vec::new(), value)]);
        one(
            "ready",
            "1 while the role does its work.",
            truth(self.unable.is_none()),
        );
        one(
            "log_position",
            "The newest synced position of the log.",
            self.head.position as f64,
        );
        one("log_epoch", "The log's epoch.", f64::from(self.head.epoch));
        one(
            "log_recorded_at_seconds",
            "When the newest record was written.",
            seconds(self.head.recorded_at),
        );
        one(
            "log_waiting_writes",
            "Writes that wait for the log's writer.",
            self.load.writes as f64,
        );
        one(
            "log_waiting_bytes",
            "Bytes that wait for the log's writer.",
            self.load.bytes as f64,
        );
        one(
            "folded_position",
            "The newest position in the lists folded from the log.",
            self.folded.position as f64,
        );
        if let Some(count) = self.folded.not_understood {
            one(
                "not_understood_records",
                "Records that this program does not understand.",
                count as f64,
            );
        }
        if let Some(count) = self.folded.held_filings {
            one(
                "held_filings",
                "Filings that wait for their dossier.",
                count as f64,
            );
        }
        if let Some(twice) = &self.folded.codes_given_twice {
            one(
                "codes_given_twice",
                "Dossier codes that a second dossier has too.",
                twice.count as f64,
            );
        }
        one(
            "disk_free_bytes",
            "Bytes free on the log's disk.",
            self.room.free as f64,
        );
        one(
            "disk_free_bytes_min",
            "Bytes that must stay free: with less, writes are refused.",
            self.room.min as f64,
        );
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

#[allow(
    clippy::cast_precision_loss,
    reason = "microseconds since 1970 fit into 2^53 until the year 2255"
)]
fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}
