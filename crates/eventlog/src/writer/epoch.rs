//! The writer's steps from a log that waits to one that serves its next epoch: each of them may be the last before a crash.

use std::io;

use crate::epoch::{self, Awaits, Opening, Why};
use crate::error::EpochError;
use crate::locks::lock;
use crate::record::{Place, Position};
use crate::settings::Role;
use crate::writer::{Writer, sound};

impl Writer {
    /// Somebody has seen this position: a log that ends before it waits from now on.
    pub(super) fn seen_by(&mut self, seen: Position, by: String) -> io::Result<bool> {
        let shorter = seen > self.stage.standing.position;
        // A replica takes what it lacks from the log that it follows.
        if !shorter || self.stage.awaits || self.shared.settings.role == Role::Replica {
            return Ok(shorter);
        }
        self.commit()?;
        let awaits = Awaits::new(Why::Shorter { seen, by }, &self.stage.standing);
        awaits.store(&self.shared.folder)?;
        self.await_epoch(Some(awaits));
        Ok(true)
    }

    fn await_epoch(&mut self, awaits: Option<Awaits>) {
        self.stage.awaits = awaits.is_some();
        self.shared.awaits.send_replace(awaits);
    }

    /// Opens the next epoch: notes the record that is to open it, writes that record, removes the mark. After a crash in
    /// between, the next start finds by the note whether the record was written.
    pub(super) fn open_epoch(
        &mut self,
        opening: &Opening,
    ) -> io::Result<Result<Place, EpochError>> {
        let Some(awaits) = self.shared.awaits.borrow().clone() else {
            return Ok(Err(EpochError::NotAwaited));
        };
        if let Some(jump) = self.stage.jump {
            return Ok(Err(EpochError::ClockJumped(jump)));
        }
        // What came before it is not part of it.
        self.commit()?;
        let folder = self.shared.folder.clone();
        let faults = self.shared.settings.faults.clone();
        faults.at("epoch::begin")?;
        let standing = &self.stage.standing;
        let number = epoch::next(standing, self.stage.epoch, opening);
        let event_id = (self.shared.settings.ids)();
        let event = epoch::record(&awaits, standing, opening, event_id, self.stage.now)?;
        let position = standing.position.saturating_add(1);
        let noted = awaits.opening(position, event.event_id);
        let before = std::mem::replace(&mut self.stage.epoch, number);
        let staged = self.stage.open_epoch(&self.segments, event);
        let place = match sound(staged)? {
            Ok(place) => place,
            Err(refused) => {
                self.stage.epoch = before;
                return Ok(Err(refused));
            }
        };
        noted.store(&folder)?;
        faults.at("epoch::noted")?;
        self.commit()?;
        faults.at("epoch::written")?;
        {
            let mut manifest = lock(&self.shared.manifest);
            manifest.epoch = number;
            manifest.store(&folder, &faults)?;
        }
        faults.at("epoch::numbered")?;
        Awaits::remove(&folder)?;
        self.await_epoch(None);
        tracing::warn!(log = %place.log, epoch = number, position, "the next epoch is open");
        Ok(Ok(place))
    }
}
