//! The one way a wish becomes events: load → decide → append, and again when somebody was faster.
//!
//! The personal data of a new dossier ride along with the event that names them, as a rule: the log's thread has the vault keep
//! them, and one sync is for both. Where what is appended depends on what the vault has kept, its own thread keeps it first,
//! and hands the wish on to the log's without waking the caller between.

use std::sync::Arc;

use domain::command::Command;
use domain::dossier::{self, Dossier};
use domain::event::Occurrence;
use domain::ids::{DossierId, VaultRef};
use eventlog::{Append, AppendError, Appended, Expected, Revision, StreamId, Ticket};
use tokio::sync::oneshot;
use vault::{Draft, PutError, Rider, Sealed};

use crate::codec::{self, Stamp};
use crate::desk::{Answer, Desk, Wish};
use crate::error::HandleError;
use crate::loading::Loaded;
use crate::personal::PersonalError;
use crate::{personal, rehearsal};

/// How often a wish without an expected revision is decided by the caller's own thread, when somebody was faster.
const TRIES_MAX: u32 = 3;

/// What a wish comes to by what is there now.
enum Decided {
    /// Nothing new: the dossier is told as it is.
    Unchanged(Box<Answer>),
    /// These events, if nobody is faster.
    Events(Append, Happening),
}

/// Events on their way to the log, and the dossier before them.
struct Happening {
    before: Box<Dossier>,
    occurrences: Vec<Occurrence>,
}

/// What will be appended if the vault keeps what was drafted, under these names.
struct Foreseen {
    rider: Rider,
    kept: Vec<VaultRef>,
    append: Append,
    happening: Happening,
}

/// What the vault's thread came to.
enum Tried {
    /// Nothing new.
    Unchanged(Box<Answer>),
    /// The log's thread has these events.
    Appending(Happening),
    /// The log had no room: the caller may wait for it.
    Busy,
}

impl Desk {
    /// Carries out a wish: all of its commands, in order, or none. The answer comes after the disk has it.
    ///
    /// `secrets` are personal data; they go to the vault, and `build` gets where they are. The rules are asked before the
    /// vault is, so that a wish that is refused leaves nothing anywhere.
    ///
    /// # Errors
    /// See [`HandleError`]; nothing is stored then.
    pub async fn carry_out(
        &self,
        wish: &Wish,
        secrets: Vec<Vec<u8>>,
        build: impl Fn(&[VaultRef]) -> Vec<Command> + Send + Sync + 'static,
    ) -> Result<Answer, HandleError> {
        if let Some(answer) = self.answered(wish.request)? {
            return Ok(answer);
        }
        // The rules would judge by less than has happened.
        if self.log().awaits().is_some() {
            return Err(HandleError::AwaitsEpoch);
        }
        let first = if secrets.is_empty() {
            self.handle(wish, &build(&[])).await
        } else {
            self.keep_and_handle(wish, secrets, Arc::new(build)).await
        };
        match first {
            // The same request, sent twice at the same moment: its twin was faster, and what refuses this one now is what
            // the twin has done.
            Err(refused) => self.answered(wish.request)?.ok_or(refused),
            answered => answered,
        }
    }

    async fn keep_and_handle(
        &self,
        wish: &Wish,
        secrets: Vec<Vec<u8>>,
        build: Arc<impl Fn(&[VaultRef]) -> Vec<Command> + Send + Sync + 'static>,
    ) -> Result<Answer, HandleError> {
        let draft = self.vault().draft(wish.dossier.0, secrets);
        let mut draft = draft.map_err(PersonalError::from)?;
        if let Some(foreseen) = self.foresee(wish, &mut draft, &*build)? {
            let Foreseen {
                rider,
                kept,
                append,
                happening,
            } = foreseen;
            let bytes = rider.bytes();
            let riding = self.log().append_with(append, Box::new(rider), bytes);
            match riding.await {
                // The subject is known by now, or the vault takes no more: it says so itself.
                Err(AppendError::NotTaken) => {}
                appended => {
                    return match self.appended(wish, happening, appended)? {
                        Some(answer) => Ok(answer),
                        None => self.handle(wish, &build(&kept)).await,
                    };
                }
            }
        }
        self.keep_first(wish, draft, build).await
    }

    /// Has the vault keep what it is about before anything else.
    async fn keep_first(
        &self,
        wish: &Wish,
        draft: Draft,
        build: Arc<impl Fn(&[VaultRef]) -> Vec<Command> + Send + Sync + 'static>,
    ) -> Result<Answer, HandleError> {
        let (ticket, appended) = self.log().ticket();
        let (tell, told) = oneshot::channel();
        let then = {
            let (desk, wish, build) = (self.clone(), wish.clone(), Arc::clone(&build));
            move |sealed| {
                // A caller that went away is no fault.
                let _ = tell.send(desk.go_on(&wish, sealed, &*build, ticket));
            }
        };
        // Calls that came together reach the vault together.
        tokio::task::yield_now().await;
        let keeping = self.vault().keep_then(draft, then);
        keeping.map_err(PersonalError::from)?;
        let appended = appended.await;
        let gone = || PersonalError::Closed("its writer is gone".to_owned());
        let (kept, tried) = told.await.map_err(|_| gone())??;
        match tried {
            Tried::Unchanged(answer) => return Ok(*answer),
            Tried::Appending(happening) => {
                if let Some(answer) = self.appended(wish, happening, appended)? {
                    return Ok(answer);
                }
            }
            Tried::Busy => {}
        }
        self.handle(wish, &build(&kept)).await
    }

    /// Asks the rules before the vault is written. What they say stands if the draft's names will do and no number of a
    /// dossier was given out: those are given out only for what is kept.
    fn foresee(
        &self,
        wish: &Wish,
        draft: &mut Draft,
        build: &impl Fn(&[VaultRef]) -> Vec<Command>,
    ) -> Result<Option<Foreseen>, HandleError> {
        let Some(names) = draft.foreseen() else {
            self.rehearse(wish, &build(&vec![personal::placeholder(); draft.count()]))?;
            return Ok(None);
        };
        let kept = references(&names);
        let rehearsed = self.rehearse(wish, &build(&kept))?;
        if rehearsed.gave_codes || rehearsed.occurrences.is_empty() {
            return Ok(None);
        }
        let (append, happening) = happening(wish, rehearsed.occurrences, rehearsed.loaded)?;
        Ok(draft.rider().map(|rider| Foreseen {
            rider,
            kept,
            append,
            happening,
        }))
    }

    /// On the vault's thread, which must not wait: decides by what is there now, and leaves the events to the log's thread.
    fn go_on(
        &self,
        wish: &Wish,
        sealed: Result<Vec<Sealed>, PutError>,
        build: &impl Fn(&[VaultRef]) -> Vec<Command>,
        ticket: Ticket,
    ) -> Result<(Vec<VaultRef>, Tried), HandleError> {
        let sealed = sealed.map_err(PersonalError::from)?;
        let kept = references(&sealed);
        let (append, happening) = match self.decided(wish, &build(&kept))? {
            Decided::Unchanged(answer) => return Ok((kept, Tried::Unchanged(answer))),
            Decided::Events(append, happening) => (append, happening),
        };
        match ticket.append(append) {
            Ok(()) => Ok((kept, Tried::Appending(happening))),
            Err(AppendError::Busy) => Ok((kept, Tried::Busy)),
            Err(error) => Err(error.into()),
        }
    }

    /// Decides and appends, again when somebody was faster.
    pub(crate) async fn handle(
        &self,
        wish: &Wish,
        commands: &[Command],
    ) -> Result<Answer, HandleError> {
        for _ in 0..TRIES_MAX {
            match self.decided(wish, commands)? {
                Decided::Unchanged(answer) => return Ok(*answer),
                Decided::Events(append, happening) => {
                    let appended = self.log().append(append).await;
                    if let Some(answer) = self.appended(wish, happening, appended)? {
                        return Ok(answer);
                    }
                }
            }
        }
        Err(HandleError::Contended)
    }

    fn decided(&self, wish: &Wish, commands: &[Command]) -> Result<Decided, HandleError> {
        let loaded = self.load(wish.dossier)?;
        let occurrences = self.decide(wish, commands, &*self.codes, &loaded)?;
        if occurrences.is_empty() {
            let answer = unchanged(wish.dossier, loaded)?;
            return Ok(Decided::Unchanged(Box::new(answer)));
        }
        let (append, happening) = happening(wish, occurrences, loaded)?;
        Ok(Decided::Events(append, happening))
    }

    /// The answer, now that the log has said what became of the events; `None` when somebody was faster and it is to be
    /// decided again.
    fn appended(
        &self,
        wish: &Wish,
        happening: Happening,
        appended: Result<Appended, AppendError>,
    ) -> Result<Option<Answer>, HandleError> {
        let Happening {
            before,
            occurrences,
        } = happening;
        match appended {
            Ok(appended) if appended.replayed => self.answer(&appended.records, true).map(Some),
            Ok(appended) => {
                let last = appended.records.into_iter().last();
                let record = last.ok_or(HandleError::Unknown)?;
                Ok(Some(Answer {
                    id: wish.dossier,
                    dossier: occurrences.iter().fold(*before, dossier::evolve),
                    revision: record.revision,
                    record,
                    replayed: false,
                }))
            }
            Err(AppendError::Conflict { .. }) if wish.expected.is_none() => Ok(None),
            Err(error @ AppendError::KeyTaken { .. }) => {
                // Somebody was faster with the same name: which one it is, they say.
                rehearsal::names_are_free(self.log(), &occurrences)?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The dossier as it is: what was wished is told a second time, and changes nothing.
fn unchanged(id: DossierId, loaded: Loaded) -> Result<Answer, HandleError> {
    let record = loaded.records.last().ok_or(HandleError::Unknown)?.clone();
    Ok(Answer {
        id,
        dossier: loaded.dossier,
        revision: loaded.revision,
        record,
        replayed: false,
    })
}

fn references(sealed: &[Sealed]) -> Vec<VaultRef> {
    sealed.iter().map(personal::reference).collect()
}

fn happening(
    wish: &Wish,
    occurrences: Vec<Occurrence>,
    loaded: Loaded,
) -> Result<(Append, Happening), HandleError> {
    let append = encode(wish, &occurrences, loaded.revision)?;
    let happening = Happening {
        before: Box::new(loaded.dossier),
        occurrences,
    };
    Ok((append, happening))
}

fn encode(
    wish: &Wish,
    occurrences: &[Occurrence],
    revision: Revision,
) -> Result<Append, HandleError> {
    let stamp = Stamp {
        request: wish.request,
        causation: wish.request_id,
        correlation: wish.dossier.0,
        actor: &wish.actor,
        organisation: &wish.organisation,
    };
    let events = (0u32..)
        .zip(occurrences)
        .map(|(index, occurrence)| codec::encode(occurrence, index, &stamp))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| HandleError::Broken(error.to_string()))?;
    Ok(Append {
        stream: StreamId(wish.dossier.0),
        expected: Expected::Exactly(revision),
        request: Some(wish.request),
        events,
    })
}
