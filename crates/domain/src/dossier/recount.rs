//! The due date counted from the start: the statutory time from acceptance, and everything that moved the clock since.
//!
//! Every step that moves a due date counts it all again on the calendar in use. So a due date is always the one that
//! its history gives, and a newly published calendar needs no rule of its own.

use jiff::Timestamp;
use jiff::civil::Date;

use super::case::{Case, ClockMove, Pause, PauseWhy};
use super::{Context, Extension};
use crate::calendar::Calendar;
use crate::catalogue::Catalogue;
use crate::clock::{self, Due, TimeLimit};
use crate::event::AcceptanceBasis;
use crate::law::{LawVersion, SupplementRule, SuspensionRule};
use crate::rejection::Rejection;
use crate::working_hours::WorkingHours;

/// What a due date is counted with: the dossier's law version, the calendar in use, the agency's hours.
#[derive(Clone, Copy)]
pub(super) struct Counting<'a> {
    pub(super) law: &'a LawVersion,
    pub(super) calendar: &'a Calendar,
    pub(super) hours: &'a WorkingHours,
}

/// What a pause does to the clock under the law version.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    /// The statutory time starts anew at the end of the pause.
    Restart,
    /// The time left when the pause began is what is left when it ends.
    Pause,
    /// None: the clock ran on.
    None,
}

/// What a pause of this sort does to the clock under a law version.
pub(super) fn effect_of(why: PauseWhy, law: &LawVersion) -> Effect {
    match why {
        PauseWhy::Supplement => match law.on_supplement.value {
            SupplementRule::Restart => Effect::Restart,
            SupplementRule::Suspend => Effect::Pause,
        },
        // What never came starts nothing anew.
        PauseWhy::SupplementNotBrought | PauseWhy::Payment => Effect::Pause,
        PauseWhy::Suspension => match law.on_suspension.value {
            SuspensionRule::Pause => Effect::Pause,
            SuspensionRule::Continue => Effect::None,
        },
    }
}

impl<'a> Counting<'a> {
    /// With the law version that governs the case.
    pub(super) fn of(case: &Case, ctx: &Context<'a>) -> Result<Self, Rejection> {
        Self::in_catalogue(case, ctx.catalogue).ok_or_else(|| Rejection::LawVersionUnknown {
            law: case.law.clone(),
        })
    }

    /// As [`Self::of`]; `None` when the catalogue has lost the law version.
    pub(super) fn in_catalogue(case: &Case, catalogue: &'a Catalogue) -> Option<Self> {
        Some(Self {
            law: catalogue.law(&case.law)?,
            calendar: catalogue.calendar(),
            hours: catalogue.hours(&case.agency),
        })
    }

    /// The due date when the clock starts at `start` and nothing moves it.
    pub(super) fn fresh(&self, limit: TimeLimit, start: Timestamp) -> Due {
        self.law.due(limit, start, self.calendar, self.hours)
    }

    /// The due date that the whole history of the case gives; `None` when the procedure sets no time, or the clock has not
    /// started.
    pub(super) fn due(&self, case: &Case) -> Option<Due> {
        let from = case.clock_from?;
        let start = match case.basis {
            // Kept as recorded, whatever hoso would have counted.
            AcceptanceBasis::CarriedOver { counted: false, .. } => case.original_due?,
            AcceptanceBasis::CarriedOver { counted: true, .. }
            | AcceptanceBasis::ServerClock
            | AcceptanceBasis::HandOverMinute { .. }
            | AcceptanceBasis::RecordedLate { .. } => self.fresh(case.limit?, from),
        };
        Some(case.moves.iter().fold(start, |due, it| match it {
            // What was waited for before the clock started took no time from it.
            ClockMove::Paused(pause) if pause.to <= from && from > case.accepted_at => due,
            ClockMove::Paused(pause) => match case.limit {
                Some(limit) => self.after_pause(due, limit, pause),
                None => due,
            },
            ClockMove::Extended(extension) => self.after_extension(due, extension),
        }))
    }

    /// What a pause of this sort does to the clock.
    pub(super) fn effect(&self, why: PauseWhy) -> Effect {
        effect_of(why, self.law)
    }

    fn after_pause(&self, due: Due, limit: TimeLimit, pause: &Pause) -> Due {
        match self.effect(pause.why) {
            Effect::Restart => self.fresh(limit, pause.to),
            Effect::Pause => {
                clock::resume(due, limit, pause.from, pause.to, self.calendar, self.hours)
            }
            Effect::None => due,
        }
    }

    fn after_extension(&self, due: Due, extension: &Extension) -> Due {
        if extension.counts {
            self.on_day(due, extension.asked_for)
        } else {
            due
        }
    }

    /// The due date moved to the close of business of a day named by an officer.
    pub(super) fn on_day(&self, due: Due, day: Date) -> Due {
        Due {
            at: self.hours.closing(day),
            rule: due.rule,
            provisional: !self.calendar.published(day.year()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::*;
    use super::*;

    proptest! {
        #[test]
        fn the_due_date_in_force_is_the_one_its_history_gives(
            beginning in any_beginning(),
            attempts in any_attempts(40),
        ) {
            lived(beginning, &attempts, |story| {
                let Some(case) = story.dossier.case() else { return };
                if case.calendar == *story.catalogue.calendar().version() {
                    let counting = Counting::in_catalogue(case, &story.catalogue).unwrap();
                    assert_eq!(counting.due(case), case.due);
                }
            });
        }
    }
}
