//! Vaults that are declared gone for good: by whom, and until when.
//!
//! Two persons declare it. Whatever is heard of such a node ends it: a record of its log that comes in, or an answer of
//! its vault, which is written down.

use std::collections::BTreeMap;

use domain::event::{Event, EventKind, Occurrence, VaultLossDeclared, VaultLossEnded};
use domain::ids::{ActorId, HomeId, OrganisationId};
use domain::speaker::Speaker;
use eventlog::format::RecordView;
use eventlog::{Expected, Key, LogId, Record, Request, StreamId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::codec;
use crate::desk::Desk;
use crate::error::HandleError;
use crate::post::{self, By};
use crate::projection::Fold;

/// So many persons are needed.
const PERSONS: usize = 2;
/// Who acts when nobody asked.
const ACTOR: &str = "hoso";

/// One person's declaration.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Declared {
    /// The person.
    pub by: ActorId,
    /// The account that called, where it named the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<ActorId>,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// What became of the vault.
    pub reason: Box<str>,
}

/// Which vaults are declared gone.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Losses(BTreeMap<LogId, Vec<Declared>>);

impl Declared {
    /// The person and the account.
    pub fn speaker(&self) -> Speaker<'_> {
        Speaker::new(&self.by, self.through.as_ref())
    }
}

impl Losses {
    /// Who declared the vault beside this log gone, the first one first.
    pub fn of(&self, log: LogId) -> &[Declared] {
        self.0.get(&log).map_or(&[], Vec::as_slice)
    }

    /// Whether erasures do not wait for the vault beside this log.
    pub fn is_given_up(&self, log: LogId) -> bool {
        self.of(log).len() >= PERSONS
    }

    /// The logs beside which a vault is declared gone, by one person at least.
    pub fn logs(&self) -> impl Iterator<Item = LogId> + '_ {
        self.0.keys().copied()
    }

    /// A record of this log came in: whoever wrote it is not gone.
    fn heard_of(&mut self, record: &RecordView<'_>) {
        if let Some(origin) = record.origin {
            self.0.remove(&origin.log);
        }
    }
}

impl Fold for Losses {
    fn apply(&mut self, record: &RecordView<'_>) {
        if record.origin.is_some() {
            return self.heard_of(record);
        }
        let of_it = matches!(
            EventKind::named(record.kind),
            Some(EventKind::VaultLossDeclared | EventKind::VaultLossEnded)
        );
        let Some(occurrence) = of_it.then(|| codec::decode_view(record).ok()).flatten() else {
            return;
        };
        if let Event::VaultLossDeclared(it) = occurrence.event {
            let all = self.0.entry(LogId(it.home.0)).or_default();
            let said = Declared {
                by: ActorId::new(record.actor),
                through: it.through,
                at_us: record.occurred_at,
                reason: it.reason,
            };
            if all
                .iter()
                .all(|one| one.speaker().is_another_than(said.speaker()))
            {
                all.push(said);
            }
        } else if let Event::VaultLossEnded(it) = occurrence.event {
            self.0.remove(&LogId(it.home.0));
        }
    }

    fn rival(&mut self, record: &RecordView<'_>) {
        self.heard_of(record);
    }
}

fn stream(desk: &Desk, of: LogId) -> StreamId {
    post::stream(desk, "hoso vault loss v1", &[of.0.as_bytes()])
}

impl Desk {
    /// Writes down that a person declares the vault beside a log gone for good, in a history of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn declare_vault_loss(
        &self,
        of: LogId,
        reason: &str,
        through: Option<ActorId>,
        by: &By,
    ) -> Result<Record, HandleError> {
        post::may_write(self, by.now)?;
        let happened = Occurrence {
            at: by.now,
            event: Event::VaultLossDeclared(VaultLossDeclared {
                home: HomeId(of.0),
                reason: reason.into(),
                through,
            }),
        };
        Ok(post::append(self, stream(self, of), Expected::Any, by, &happened).await?)
    }

    /// Writes down that a vault that was declared gone has spoken.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn end_vault_loss(&self, of: LogId, now: Timestamp) -> Result<Record, HandleError> {
        post::may_write(self, now)?;
        let stream = stream(self, of);
        let revision = self.log().revision(stream)?;
        let parts = [stream.0.as_bytes().as_slice(), &revision.to_be_bytes()];
        let key = post::digest("hoso vault spoke v1", &parts);
        let by = By {
            request: Request {
                key: Key(key),
                body: key,
            },
            request_id: Uuid::from_bytes(key),
            actor: ActorId::new(ACTOR),
            organisation: OrganisationId::new(ACTOR),
            now,
        };
        let happened = Occurrence {
            at: now,
            event: Event::VaultLossEnded(VaultLossEnded { home: HomeId(of.0) }),
        };
        Ok(post::append(self, stream, Expected::Exactly(revision), &by, &happened).await?)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use domain::event::TerminalEnrolled;
    use domain::ids::TerminalId;
    use eventlog::Settings;

    use super::*;
    use crate::projection::Projection;
    use crate::testing;

    fn now() -> Timestamp {
        "2022-12-15T02:00:00Z".parse().unwrap()
    }

    fn desk(folder: &Path) -> Desk {
        let settings = Settings {
            free_bytes_min: 0,
            ..Settings::new(|| 1)
        };
        testing::desk(folder, &testing::shipped_catalogue(), settings)
    }

    fn by(request: u8, actor: &str) -> By {
        By {
            request: Request {
                key: Key([request; 16]),
                body: [0; 16],
            },
            request_id: Uuid::from_u128(u128::from(request)),
            actor: ActorId::new(actor),
            organisation: OrganisationId::new("hoso"),
            now: now(),
        }
    }

    /// Who is counted, and whether that is enough.
    fn said(desk: &Desk, of: LogId) -> (Vec<String>, bool) {
        let folded = Projection::open(desk.log().clone(), Losses::default()).unwrap();
        folded.read(|losses, _| {
            let persons = losses.of(of).iter().map(|one| one.by.to_string());
            (persons.collect(), losses.is_given_up(of))
        })
    }

    #[tokio::test]
    async fn a_vault_is_given_up_by_two_persons_until_anything_is_heard_of_its_node() {
        let folder = tempfile::tempdir().unwrap();
        let here = desk(&folder.path().join("processing"));
        let there = desk(&folder.path().join("intake"));
        let (of, other) = (there.log().head().log, here.log().head().log);
        let both = || vec!["a".to_owned(), "b".to_owned()];
        let through = async |request: u8, actor: &str, account: Option<ActorId>| {
            let by = by(request, actor);
            let declared = here.declare_vault_loss(of, "scrapped", account, &by);
            declared.await.unwrap();
        };
        let declare = async |request: u8, actor: &str| through(request, actor, None).await;
        declare(1, "a").await;
        declare(2, "a").await;
        assert_eq!(said(&here, of), (vec!["a".to_owned()], false));
        // One account does not speak for two.
        through(7, "c", Some(ActorId::new("a"))).await;
        assert_eq!(said(&here, of), (vec!["a".to_owned()], false));
        declare(3, "b").await;
        assert_eq!(said(&here, of), (both(), true));
        assert_eq!(said(&here, other), (Vec::new(), false));

        // Its vault answers.
        here.end_vault_loss(of, now()).await.unwrap();
        assert_eq!(said(&here, of), (Vec::new(), false));
        // What was said before counts for nothing after.
        declare(4, "b").await;
        assert_eq!(said(&here, of), (vec!["b".to_owned()], false));
        declare(5, "a").await;
        assert!(said(&here, of).1);

        // A record of its log comes in.
        let terminal = TerminalEnrolled {
            terminal: TerminalId::new("T-1"),
            office: "BC1".into(),
            operator: OrganisationId::new("VNPOST-DT"),
        };
        there.enrol_terminal(terminal, &by(6, "c")).await.unwrap();
        let records = there.log().read_after(0, 10).unwrap();
        here.log().import(records).await.unwrap();
        assert_eq!(said(&here, of), (Vec::new(), false));
    }
}
