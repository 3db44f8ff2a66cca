//! What each event does to a dossier's row. Total: any event on any row gives a row.

use domain::calendar::Calendar;
use domain::clock::{Due, working_days_between};
use domain::event::Channel;
use domain::local;
use jiff::Timestamp;

use super::Names;
use super::bits;
use super::event::{Accepted, FactEvent, Retimed, Submitted, Told};
use super::row::{Exit, Row, Wait};
use crate::day::{self, DAY_MICROS, Day, NEVER, NO_INSTANT};

/// Clocks of two machines may differ; a legal time later than its recording by more than this is in the future.
const SKEW_MICROS: i64 = 5 * 60 * 1_000_000;

/// What an event means beside itself: when it was recorded, on which calendar, with which names known.
pub(super) struct Surroundings<'a> {
    pub(super) recorded_at: Timestamp,
    pub(super) calendar: &'a Calendar,
    pub(super) names: &'a mut Names,
}

/// The row after what was told of the dossier at this legal time.
pub(super) fn change(
    mut row: Row,
    at: Timestamp,
    event: &FactEvent<'_>,
    around: &mut Surroundings<'_>,
) -> Row {
    row.marks = event.marks.of(row.marks);
    match &event.told {
        Told::Submitted(submitted) => submit(&mut row, at, submitted, around),
        Told::Accepted(accepted) => accept(&mut row, at, accepted, around),
        Told::Ended(exit) => end(&mut row, at, *exit, around),
        Told::Delivered => {
            if row.exit() == Exit::None {
                row.put(bits::DELIVERED_WITHOUT_END, true);
            }
        }
        Told::Waits(what) => wait(&mut row, *what, at),
        Told::GoesOn(what, due) => go_on(&mut row, *what, at, *due),
        Told::Promised(due) => {
            if row.is_pending() && due.is_some() {
                promise(&mut row, *due);
            }
        }
        Told::Duplicate => row.put(bits::DUPLICATE, true),
        Told::CameBy(channel) => came_by(&mut row, *channel),
        Told::Assisted(assisted) => {
            if row.has(bits::ACCEPTED) {
                row.put(bits::ASSISTED, *assisted);
            }
        }
        Told::Retimed(times) => retime(&mut row, times, around),
        Told::Nothing => {}
    }
    row.settle();
    row
}

fn submit(row: &mut Row, at: Timestamp, submitted: &Submitted<'_>, around: &mut Surroundings<'_>) {
    // What was known first stays.
    if row.has(bits::SUBMITTED) {
        return;
    }
    row.put(bits::SUBMITTED, true);
    row.put(bits::SYNTHETIC, submitted.synthetic);
    if row.has(bits::ACCEPTED) {
        return;
    }
    row.begun_at = at.as_microsecond();
    row.agency = around.names.agencies.number(&submitted.agency);
    row.procedure = around.names.procedures.number(&submitted.procedure);
    row.put_channel(number(submitted.channel));
    row.put(bits::ASSISTED, submitted.assisted);
}

fn accept(row: &mut Row, at: Timestamp, accepted: &Accepted<'_>, around: &mut Surroundings<'_>) {
    if row.has(bits::ACCEPTED) {
        return;
    }
    row.put(bits::ACCEPTED, true);
    row.begun_at = at.as_microsecond();
    row.agency = around.names.agencies.number(&accepted.agency);
    row.procedure = around.names.procedures.number(&accepted.procedure);
    row.field = around.names.fields.number(&accepted.field);
    row.law = around.names.laws.number(&accepted.law);
    row.put_channel(number(accepted.channel));
    row.put(bits::ASSISTED, accepted.assisted);
    // Form 01 may be left out for immediate results only (NĐ 61/2018 Đ.17.4).
    row.put(bits::IMMEDIATE, !accepted.receipt_issued);
    // What another system accepted was not recorded late there; it has a row of its own.
    row.put(
        bits::ACCEPTED_LATE,
        !accepted.carried_over && late(at, around),
    );
    row.put(bits::ACCEPTED_IN_FUTURE, in_future(at, around));
    promise(row, accepted.due);
}

/// From here on the dossier is counted as it really came; a report as of an earlier position counts it as it was known.
fn came_by(row: &mut Row, channel: Channel) {
    if row.has(bits::ACCEPTED) {
        row.put_channel(number(channel));
        // Only who files online is helped to.
        if channel != Channel::Online {
            row.put(bits::ASSISTED, false);
        }
    }
}

/// From here on the dossier is counted by its right times. What was put right late was known late.
fn retime(row: &mut Row, times: &Retimed<'_>, around: &mut Surroundings<'_>) {
    if !row.has(bits::ACCEPTED) {
        return;
    }
    let begun_at = times.accepted_at.as_microsecond();
    if begun_at != row.begun_at {
        row.begun_at = begun_at;
        row.put(bits::ACCEPTED_LATE, late(times.accepted_at, around));
        row.put(
            bits::ACCEPTED_IN_FUTURE,
            in_future(times.accepted_at, around),
        );
    }
    row.law = around.names.laws.number(&times.law);
    row.put(bits::HAS_ORIGINAL | bits::ORIGINAL_BY_INSTANT, false);
    row.original_due_at = NO_INSTANT;
    if let Some(due) = times.original_due {
        row.put_original_due(due);
    }
    row.put_due(times.due);
    if let Some(wait) = times.last_wait {
        row.waits_from = of(wait.from);
        row.waits_until = wait.until.map_or(NEVER, of);
    }
    if let Some(at) = times.ended_at
        && row.exit() != Exit::None
        && at.as_microsecond() != row.ended_at
    {
        row.ended_at = at.as_microsecond();
        row.put(bits::ENDED_LATE, late(at, around));
        row.put(bits::ENDED_IN_FUTURE, in_future(at, around));
    }
}

/// The first end stays: an ended dossier stays ended.
fn end(row: &mut Row, at: Timestamp, exit: Exit, around: &Surroundings<'_>) {
    if row.exit() != Exit::None {
        return;
    }
    row.put_exit(exit);
    row.ended_at = at.as_microsecond();
    row.put(bits::ENDED_LATE, late(at, around));
    row.put(bits::ENDED_IN_FUTURE, in_future(at, around));
}

/// A wait begins; as in the dossier itself, only while it is worked on: it has one status at a time.
fn wait(row: &mut Row, wait: Wait, at: Timestamp) {
    if row.is_pending() && row.waits().is_none() {
        row.begin_wait(wait, of(at));
    }
}

/// What was waited for came, and the event says the due date from now on.
fn go_on(row: &mut Row, wait: Wait, at: Timestamp, due: Option<Due>) {
    if row.is_pending() && row.waits() == Some(wait) {
        row.end_wait(of(at));
        promise(row, due);
    }
}

/// The due date from now on. The first one ever promised is kept beside it.
fn promise(row: &mut Row, due: Option<Due>) {
    row.put_due(due);
    if let Some(due) = due
        && !row.has(bits::HAS_ORIGINAL)
    {
        row.put_original_due(due);
    }
}

/// More than one working day between the legal day and the day of recording.
fn late(at: Timestamp, around: &Surroundings<'_>) -> bool {
    // Nearly everything is recorded at once: no calendar is asked.
    let gap = around
        .recorded_at
        .as_microsecond()
        .saturating_sub(at.as_microsecond());
    gap > DAY_MICROS
        && working_days_between(
            local::date(at),
            local::date(around.recorded_at),
            around.calendar,
        ) > 1
}

fn in_future(at: Timestamp, around: &Surroundings<'_>) -> bool {
    at.as_microsecond()
        .saturating_sub(around.recorded_at.as_microsecond())
        > SKEW_MICROS
}

fn of(at: Timestamp) -> Day {
    day::of_micros(at.as_microsecond())
}

/// The channel bits.
pub(crate) fn number(channel: Channel) -> u32 {
    match channel {
        Channel::Direct => 0,
        Channel::Online => 1,
        Channel::Postal => 2,
    }
}
