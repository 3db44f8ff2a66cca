//! Everything processing keeps in memory about its log, folded in one pass.

use std::io::{self, Read, Write};

use application::codec;
use application::duplicates::Duplicates;
use application::erasures::Erasures;
use application::filings::Filings;
use application::follow_up::FollowUp;
use application::look_ups::LookUps;
use application::losses::Losses;
use application::parked::{HasParked, Parked};
use application::projection::Fold;
use application::put_right::PutRight;
use application::snapshot::{self, Keep};
use domain::ids::DossierId;
use eventlog::format::RecordView;
use eventlog::{Position, epoch};

use crate::inbox::Inbox;

/// The lists of processing.
#[derive(Debug, Default)]
pub struct Board {
    /// What officers have to do.
    pub inbox: Inbox,
    /// Dossiers with a second history.
    pub duplicates: Duplicates,
    /// What was brought for dossiers, and is not decided yet.
    pub filings: Filings,
    /// Whose personal data is erased.
    pub erasures: Erasures,
    /// Whose applicant was put right.
    pub put_right: PutRight,
    /// Look-ups by an identity number.
    pub look_ups: LookUps,
    /// Vaults that are declared gone for good.
    pub losses: Losses,
    /// Dossiers that are not understood.
    pub parked: Parked,
}

impl Board {
    /// What may be decided by what came after a position.
    pub fn follow_ups(&self, after: Position) -> Vec<FollowUp> {
        self.duplicates
            .since(after)
            .chain(self.filings.since(after))
            .collect()
    }
}

impl Fold for Board {
    fn apply(&mut self, record: &RecordView<'_>) {
        self.losses.apply(record);
        if epoch::opens_view(record) {
            return;
        }
        let id = DossierId(record.stream.0);
        match codec::decode_view(record) {
            Ok(occurrence) => self.inbox.take(id, record.revision, &occurrence),
            // It keeps its last place in the inbox, and every call about it says why it is stuck.
            Err(why) => self.parked.note(id, &why),
        }
        self.duplicates.apply(record);
        self.filings.apply(record);
        self.erasures.apply(record);
        self.put_right.apply(record);
        self.look_ups.apply(record);
    }

    fn rival(&mut self, record: &RecordView<'_>) {
        self.duplicates.rival(record);
        self.filings.rival(record);
        self.erasures.rival(record);
        self.losses.rival(record);
    }
}

impl Keep for Board {
    fn write(&self, to: &mut dyn Write) -> io::Result<()> {
        let Self {
            inbox,
            duplicates,
            filings,
            erasures,
            put_right,
            look_ups,
            losses,
            parked,
        } = self;
        let people = (erasures, put_right, look_ups, losses);
        snapshot::write_value(to, &(duplicates, filings, people, parked))?;
        inbox.write(to)
    }

    fn read(&self, from: &mut dyn Read) -> io::Result<Self> {
        let (duplicates, filings, people, parked) = snapshot::read_value(from)?;
        let (erasures, put_right, look_ups, losses) = people;
        Ok(Self {
            inbox: Inbox::read(from)?,
            duplicates,
            filings,
            erasures,
            put_right,
            look_ups,
            losses,
            parked,
        })
    }
}

impl HasParked for Board {
    fn parked(&self) -> &Parked {
        &self.parked
    }
}
