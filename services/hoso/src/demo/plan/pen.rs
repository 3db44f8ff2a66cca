//! Writes the life of an accepted dossier, step by step, keeping its due date with the domain's own clock.
//!
//! Nothing here decides a rule: the due date comes from the law version and the calendar, and whatever does not fit
//! gives no life at all; the caller throws the dice again.

use domain::Catalogue;
use domain::calendar::Calendar;
use domain::catalogue::Procedure;
use domain::clock::{self, Due, DueRule, TimeLimit};
use domain::ids::AgencyId;
use domain::law::LawVersion;
use domain::local;
use domain::working_hours::WorkingHours;
use jiff::Timestamp;
use jiff::civil::Date;

use super::diary::{Diary, LAST, Moment};
use super::dice::Dice;
use super::filing::{filing, slot};
use super::life::{Act, Exit, Hand, Payment, Standing, Step, Wait, Way};
use super::quotas::{Fate, Quirk};

/// When a dossier may be accepted and when it may end: first and last day of each.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Of acceptance.
    pub(crate) accept: (Date, Date),
    /// Of the end.
    pub(crate) end: (Date, Date),
    /// The last day on which anything happens to it.
    pub(crate) last: Date,
}

/// The life wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish<'a> {
    /// The agency that decides.
    pub(crate) agency: &'a AgencyId,
    /// What is asked for.
    pub(crate) procedure: &'a Procedure,
    /// How it comes.
    pub(crate) way: Way,
    /// Where it leads.
    pub(crate) fate: Fate,
    /// What is particular about it.
    pub(crate) quirk: Quirk,
    /// When.
    pub(crate) window: Window,
}

/// A life being written.
#[derive(Debug)]
pub(crate) struct Pen<'a> {
    wish: Wish<'a>,
    diary: &'a Diary,
    calendar: &'a Calendar,
    hours: &'a WorkingHours,
    law: &'a LawVersion,
    limit: TimeLimit,
    /// The legal time of acceptance.
    accepted: Timestamp,
    due: Due,
    cursor: Moment,
    steps: Vec<Step>,
}

/// A whole life, or none when the dice fell so that it is not possible.
pub(crate) fn life(
    wish: Wish<'_>,
    catalogue: &Catalogue,
    diary: &Diary,
    dice: &mut Dice,
) -> Option<(Vec<Step>, Standing)> {
    let mut pen = Pen::accept(wish, catalogue, diary, dice)?;
    let state = match wish.fate {
        Fate::AtOnce => Ok((pen.accepted, Exit::Granted)),
        Fate::Pending(wait) => Err(pen.wait(wait, dice)?),
        Fate::Early | Fate::OnTime | Fate::Withdrawn => Ok(pen.work_and_end(dice)?),
    };
    let Pen {
        accepted,
        due,
        steps,
        ..
    } = pen;
    Some((
        steps,
        Standing::Counted {
            accepted,
            due,
            state,
        },
    ))
}

impl<'a> Pen<'a> {
    fn accept(
        wish: Wish<'a>,
        catalogue: &'a Catalogue,
        diary: &'a Diary,
        dice: &mut Dice,
    ) -> Option<Self> {
        let (first, last) = wish.window.accept;
        let day = *dice.pick(diary.days(first, last))?;
        // An immediate result after 15:00 would be due the next day, and so come early.
        let slots = if wish.fate == Fate::AtOnce {
            3
        } else {
            usize::from(LAST) + 1
        };
        let at = Moment {
            day,
            slot: slot(dice, 0, slots),
        };
        let (steps, accepted) = filing(wish, at, diary, dice)?;
        let accepted_on = local::date(accepted);
        let law = catalogue.law_on(accepted_on)?;
        let calendar = catalogue.calendar();
        let hours = catalogue.hours(wish.agency);
        let limit = wish.procedure.limit_for(wish.way.channel())?;
        let due = law.due(limit, accepted, calendar, hours);
        let fits = first <= accepted_on && steps.iter().all(|step| step.at.day <= wish.window.last);
        fits.then_some(Self {
            wish,
            diary,
            calendar,
            hours,
            law,
            limit,
            accepted,
            due,
            cursor: at,
            steps,
        })
    }

    fn write(&mut self, at: Moment, act: Act) -> Option<()> {
        self.cursor = at;
        self.steps.push(Step { at, act });
        (at.day <= self.wish.window.last).then_some(())
    }

    /// As [`Self::write`], for what must happen before the due date passes.
    fn write_in_time(&mut self, at: Moment, act: Act) -> Option<()> {
        self.write(at, act)?;
        (!self.due.passed(at.instant())).then_some(())
    }

    /// The next moment after so many working days.
    fn later(&self, days: usize, dice: &mut Dice) -> Option<Moment> {
        if days == 0 {
            return self.diary.next(self.cursor);
        }
        let day = self.diary.after(self.cursor.day, days)?;
        Some(Moment {
            day,
            slot: slot(dice, 0, usize::from(LAST) + 1),
        })
    }

    /// The same day (NĐ 61/2018 Đ.18), in the same breath when the day is nearly over.
    fn forward(&mut self) -> Option<()> {
        let at = Moment {
            slot: (self.cursor.slot + 1).min(LAST),
            ..self.cursor
        };
        self.write(at, Act::Transfer)
    }

    fn assign(&mut self, dice: &mut Dice) -> Option<()> {
        let at = self.later(0, dice)?;
        self.write_in_time(at, Act::Assign)
    }

    /// Within three working days of acceptance (NĐ 61/2018 Đ.19.4).
    fn ask_for_supplement(&mut self, dice: &mut Dice) -> Option<()> {
        let days = dice.between(0, 1);
        let at = self.later(days, dice)?;
        self.write_in_time(at, Act::RequestSupplement)?;
        let waited = clock::working_days_between(local::date(self.accepted), at.day, self.calendar);
        (waited <= u32::from(self.law.supplement_request_within_working_days.value)).then_some(())
    }

    /// The whole time starts anew.
    fn bring_supplement(&mut self, dice: &mut Dice) -> Option<()> {
        let days = dice.between(1, 4);
        let at = self.later(days, dice)?;
        self.write_in_time(at, Act::ReceiveSupplement)?;
        self.due = self
            .law
            .due(self.limit, at.instant(), self.calendar, self.hours);
        Some(())
    }

    fn ask_for_fee(&mut self, dice: &mut Dice) -> Option<Moment> {
        let days = dice.between(0, 1);
        let at = self.later(days, dice)?;
        self.write_in_time(at, Act::RequestFee)?;
        Some(at)
    }

    fn fee(&mut self, dice: &mut Dice) -> Option<()> {
        let asked = self.ask_for_fee(dice)?;
        let days = dice.between(0, 2);
        let paid = self.later(days, dice)?;
        let how = match (self.wish.way, self.wish.procedure.fee_online) {
            (Way::Online { .. }, true) => Payment::Online,
            (Way::Online { .. } | Way::Postal, _) => Payment::Transfer,
            (Way::Direct, _) => Payment::Cash,
        };
        self.write_in_time(paid, Act::Pay(how))?;
        if self.wish.procedure.fee_suspends_clock {
            self.stood_still(asked, paid);
        }
        Some(())
    }

    fn suspend(&mut self, dice: &mut Dice) -> Option<Moment> {
        let days = dice.between(0, 1);
        let at = self.later(days, dice)?;
        self.write_in_time(at, Act::Suspend)?;
        Some(at)
    }

    fn pause(&mut self, dice: &mut Dice) -> Option<()> {
        let from = self.suspend(dice)?;
        let days = dice.between(1, 4);
        let to = self.later(days, dice)?;
        self.write_in_time(to, Act::Resume)?;
        self.stood_still(from, to);
        Some(())
    }

    fn stood_still(&mut self, from: Moment, to: Moment) {
        let (from, to) = (from.instant(), to.instant());
        self.due = clock::resume(self.due, self.limit, from, to, self.calendar, self.hours);
    }

    /// Notified at the latest a day before the due date (NĐ 61/2018 Đ.19.9).
    fn extend(&mut self, dice: &mut Dice) -> Option<()> {
        let days = dice.between(0, 1);
        let at = self.later(days, dice)?;
        let due_on = self.due.date();
        let new = self.diary.after(due_on, dice.between(2, 5))?;
        self.write(at, Act::Extend(new))?;
        self.due = Due {
            at: self.hours.closing(new),
            ..self.due
        };
        (at.day < due_on).then_some(())
    }

    fn work_and_end(&mut self, dice: &mut Dice) -> Option<(Timestamp, Exit)> {
        let (fate, quirk) = (self.wish.fate, self.wish.quirk);
        self.forward()?;
        self.assign(dice)?;
        if quirk == Quirk::Supplement {
            self.ask_for_supplement(dice)?;
            self.bring_supplement(dice)?;
        }
        if self.wish.procedure.fee_bearing && fate != Fate::Withdrawn && dice.chance(85) {
            self.fee(dice)?;
        }
        match quirk {
            Quirk::Suspension => self.pause(dice)?,
            Quirk::Extension => self.extend(dice)?,
            Quirk::Plain | Quirk::IntakeSupplement | Quirk::Supplement | Quirk::Refused => {}
        }
        let (act, exit) = match (fate, quirk) {
            (Fate::Withdrawn, _) => (Act::Withdraw, Exit::Withdrawn),
            (_, Quirk::Refused) => (Act::RefuseAfterExamination, Exit::Refused),
            (_, _) => (Act::Resolve, Exit::Granted),
        };
        let at = self.end(dice)?;
        self.write_in_time(at, act)?;
        if exit != Exit::Withdrawn && dice.chance(88) {
            self.deliver(dice);
        }
        Some((at.instant(), exit))
    }

    /// When it ends, so that the form puts it where it must be.
    fn end(&self, dice: &mut Dice) -> Option<Moment> {
        let soonest = self.diary.next(self.cursor)?;
        let (first, last) = self.wish.window.end;
        let first = first.max(soonest.day);
        let due_on = self.due.date();
        let day = match self.wish.fate {
            Fate::OnTime
                if self.due.rule == DueRule::ByDate && first <= due_on && due_on <= last =>
            {
                due_on
            }
            Fate::Early => {
                let days = self.diary.days(first, last.min(due_on.yesterday().ok()?));
                // Seldom at once, and not after months for what may take months.
                let most = days.len().min(25);
                *days.get(dice.between(most * 3 / 10, most.checked_sub(1)?))?
            }
            Fate::Withdrawn => *dice.pick(self.diary.days(first, last.min(due_on)))?,
            Fate::OnTime | Fate::AtOnce | Fate::Pending(_) => return None,
        };
        let least = if day == soonest.day { soonest.slot } else { 0 };
        Some(Moment {
            day,
            slot: slot(dice, least, usize::from(LAST - least) + 1),
        })
    }

    /// Some days after the result, unless the play is over by then.
    fn deliver(&mut self, dice: &mut Dice) {
        let days = dice.between(0, 3);
        let Some(at) = self
            .later(days, dice)
            .filter(|at| at.day <= self.wish.window.last)
        else {
            return;
        };
        let hand = match (self.wish.way, dice.below(10)) {
            (Way::Online { .. }, 0..=5) => Hand::Electronic,
            (Way::Online { .. }, 6..=8) | (Way::Direct, 0..=1) | (Way::Postal, _) => Hand::Post,
            (Way::Online { .. } | Way::Direct, _) => Hand::Counter,
        };
        self.steps.push(Step {
            at,
            act: Act::Deliver(hand),
        });
    }

    /// Leaves it pending on the last day, its due date still to come.
    fn wait(&mut self, wait: Wait, dice: &mut Dice) -> Option<Wait> {
        match wait {
            Wait::Forwarding => {}
            Wait::Officer => self.forward()?,
            Wait::Nothing | Wait::Supplement | Wait::Payment | Wait::Resumption => {
                self.forward()?;
                self.assign(dice)?;
            }
        }
        match wait {
            Wait::Forwarding | Wait::Officer | Wait::Nothing => {}
            Wait::Supplement => self.ask_for_supplement(dice)?,
            Wait::Payment => self.ask_for_fee(dice).map(drop)?,
            Wait::Resumption => self.suspend(dice).map(drop)?,
        }
        (self.due.date() > self.wish.window.end.1).then_some(wait)
    }
}
