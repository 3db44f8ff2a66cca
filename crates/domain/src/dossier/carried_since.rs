//! What another system recorded of a dossier since it was accepted there: apologies with new dates, and what it waits for.
//!
//! They become the events that hoso itself would have written, at the times recorded there, each with the system that it was
//! recorded in. What the law did not allow is a fact all the same: kept as it was, and flagged.

use jiff::Timestamp;
use jiff::civil::Date;

use super::recount::Counting;
use super::{Case, Context, carried_over, extension, supplement};
use crate::catalogue::Catalogue;
use crate::clock;
use crate::command::{CarriedWait, CarryOver, RecordedDue};
use crate::event::{
    DeadlineExtended, Event, Occurrence, ProcessingSuspended, Reason, SupplementRequested,
};
use crate::local;
use crate::rejection::Rejection;

/// The day of a due date as recorded.
pub(super) fn day_of(due: RecordedDue) -> Date {
    match due {
        RecordedDue::On(day) => day,
        RecordedDue::At(at) => local::date(at),
    }
}

/// Everything about it that cannot be, at once.
pub(super) fn faults(command: &CarryOver, catalogue: &Catalogue, now: Timestamp) -> Vec<Rejection> {
    let mut faults = of_extensions(command, now);
    let since = match &command.wait {
        Some(CarriedWait::Supplement { since, .. } | CarriedWait::Suspension { since, .. }) => {
            since
        }
        None => return faults,
    };
    if *since < command.accepted_at || *since > now {
        faults.push(Rejection::CarriedWaitOutside { since: *since });
    } else if let Some(lapses_on) = lapses_on(command, catalogue)
        && lapses_on < local::date(now)
    {
        faults.push(Rejection::CarriedSupplementLapsed { lapses_on });
    }
    faults
}

/// They come one after the other, and each moves the due date to a later day: the last one to the day on which it is due.
fn of_extensions(command: &CarryOver, now: Timestamp) -> Vec<Rejection> {
    let mut faults = Vec::new();
    let extended = !command.extensions.is_empty();
    let (Some(original), Some(due), true) = (command.original_due, command.due, extended) else {
        if extended || command.original_due.is_some() {
            faults.push(Rejection::CarriedExtensionWithoutDue);
        }
        return faults;
    };
    let (mut at, mut due_on) = (command.accepted_at, day_of(original));
    for it in &command.extensions {
        if it.notified_at < at || it.notified_at > now || it.new_date <= due_on {
            let new_date = it.new_date;
            faults.push(Rejection::CarriedExtensionOutOfOrder { new_date });
        }
        (at, due_on) = (it.notified_at, it.new_date);
    }
    if due_on != day_of(due) {
        let (new_date, due_on) = (due_on, day_of(due));
        faults.push(Rejection::CarriedExtensionNotDue { new_date, due_on });
    }
    faults
}

/// When a supplement that is awaited there lapses: as recorded, or as the law version says.
fn lapses_on(command: &CarryOver, catalogue: &Catalogue) -> Option<Date> {
    let Some(CarriedWait::Supplement {
        since, lapses_on, ..
    }) = &command.wait
    else {
        return None;
    };
    lapses_on.or_else(|| {
        let law = carried_over::law(command, catalogue).ok()?;
        let days = law.supplement_lapses_after_working_days.value?;
        let asked_on = local::date(*since);
        Some(clock::working_day_after(
            asked_on,
            u32::from(days),
            catalogue.calendar(),
        ))
    })
}

/// The events, in the order of their times; `case` is the dossier as it was accepted there.
pub(super) fn occurrences(
    command: &CarryOver,
    case: &Case,
    ctx: &Context<'_>,
) -> Result<Vec<Occurrence>, Rejection> {
    let counting = Counting::of(case, ctx)?;
    let recorded_in = Some(command.system.clone());
    let reason = |code: &str| Reason {
        code: code.into(),
        text: None,
    };
    let mut happened = Vec::new();
    let mut due = case.due;
    for (it, ordinal) in command.extensions.iter().zip(1_u16..) {
        let before = due.ok_or(Rejection::NoDueDate)?;
        let notified_on = local::date(it.notified_at);
        due = Some(counting.on_day(before, it.new_date));
        let event = Event::DeadlineExtended(DeadlineExtended {
            reason: reason(&it.reason),
            ordinal,
            asked_for: it.new_date,
            late_notice: extension::notice_is_late(notified_on, before, &counting),
            // It counted there, whatever the law version says.
            due,
            recorded_in: recorded_in.clone(),
        });
        let at = it.notified_at;
        happened.push(Occurrence { at, event });
    }
    match &command.wait {
        Some(CarriedWait::Supplement {
            since,
            reason: code,
            components,
            ..
        }) => happened.push(Occurrence {
            at: *since,
            event: Event::SupplementRequested(SupplementRequested {
                reason: reason(code),
                components: components.clone(),
                ordinal: 1,
                late: supplement::is_late(case.accepted_at, local::date(*since), &counting),
                lapses_on: lapses_on(command, ctx.catalogue),
                recorded_in,
            }),
        }),
        Some(CarriedWait::Suspension {
            since,
            reason: code,
        }) => happened.push(Occurrence {
            at: *since,
            event: Event::ProcessingSuspended(ProcessingSuspended {
                reason: reason(code),
                recorded_in,
            }),
        }),
        None => {}
    }
    happened.sort_by_key(|it| it.at);
    Ok(happened)
}

#[cfg(test)]
mod tests {
    use super::super::Phase;
    use super::super::testing::*;
    use super::*;
    use crate::command::{CarriedExtension, Command};
    use crate::ids::ComponentCode;

    fn taken_over(wish: CarryOver) -> Story {
        let mut story = Story::begins("2022-12-12T09:00");
        story.does(Command::CarryOver(Box::new(wish)));
        story
    }

    fn extended(notified_at: &str, new_date: &str) -> CarriedExtension {
        CarriedExtension {
            notified_at: at(notified_at),
            new_date: day(new_date),
            reason: "qua_tai".into(),
        }
    }

    fn waits_for_a_supplement(since: &str) -> CarryOver {
        CarryOver {
            wait: Some(CarriedWait::Supplement {
                since: at(since),
                reason: "thieu_giay_to".into(),
                components: vec![ComponentCode::new("DON")],
                lapses_on: None,
            }),
            ..carried_over(TEN_DAYS)
        }
    }

    #[test]
    fn a_dossier_that_waits_for_a_supplement_there_waits_here_since_then() {
        let mut story = taken_over(waits_for_a_supplement("2022-12-05T09:00"));
        assert_eq!(story.dossier.phase(), Phase::AwaitingSupplement);
        let Event::SupplementRequested(asked) = story.last() else {
            panic!()
        };
        assert_eq!(asked.recorded_in.as_deref(), Some("motcua.cu"));
        assert!(!asked.late);
        // The older law: the time begins anew when it is brought.
        story.at("2022-12-13T09:00").does(bring_supplement());
        assert_eq!(story.due(), "2022-12-27");
    }

    #[test]
    fn a_suspension_there_takes_its_whole_time_from_the_clock() {
        let mut story = taken_over(CarryOver {
            wait: Some(CarriedWait::Suspension {
                since: at("2022-12-07T09:00"),
                reason: "xac_minh".into(),
            }),
            ..carried_over(TEN_DAYS)
        });
        assert_eq!(story.dossier.phase(), Phase::Suspended);
        story.at("2022-12-14T09:00").does(resume());
        // Five working days of it, two of which lie before the import.
        assert_eq!(story.due(), "2022-12-22");
    }

    #[test]
    fn an_earlier_extension_is_kept_with_the_due_date_before_it() {
        let story = taken_over(CarryOver {
            original_due: Some(RecordedDue::On(day("2022-12-15"))),
            due: Some(RecordedDue::On(day("2022-12-22"))),
            extensions: vec![extended("2022-12-09T09:00", "2022-12-22")],
            ..carried_over(TEN_DAYS)
        });
        assert_eq!(story.due(), "2022-12-22");
        let case = story.dossier.case().unwrap();
        assert_eq!(case.original_due.unwrap().date(), day("2022-12-15"));
        assert_eq!(story.flags(), ["carried_over"]);
    }

    #[test]
    fn what_the_law_did_not_allow_there_counts_as_recorded_and_is_flagged() {
        let story = taken_over(CarryOver {
            original_due: Some(RecordedDue::On(day("2022-12-09"))),
            due: Some(RecordedDue::On(day("2022-12-22"))),
            extensions: vec![
                extended("2022-12-09T09:00", "2022-12-15"),
                extended("2022-12-12T08:00", "2022-12-22"),
            ],
            ..carried_over(TEN_DAYS)
        });
        assert_eq!(story.due(), "2022-12-22");
        let flags = story.flags();
        for flag in ["late_extension", "second_extension"] {
            assert!(flags.contains(&flag), "{flags:?}");
        }
    }

    #[test]
    fn a_wait_after_an_extension_moves_the_extended_due_date() {
        let mut story = taken_over(CarryOver {
            original_due: Some(RecordedDue::On(day("2022-12-15"))),
            due: Some(RecordedDue::On(day("2022-12-22"))),
            extensions: vec![extended("2022-12-02T09:00", "2022-12-22")],
            wait: Some(CarriedWait::Suspension {
                since: at("2022-12-08T09:00"),
                reason: "xac_minh".into(),
            }),
            ..carried_over(TEN_DAYS)
        });
        story.at("2022-12-13T09:00").does(resume());
        assert_eq!(story.due(), "2022-12-27");
    }

    #[test]
    fn what_cannot_have_been_so_is_told_all_at_once() {
        let now = at("2022-12-12T09:00");
        let catalogue = Story::begins("2022-12-12T09:00").catalogue;
        let told = |wish: &CarryOver| -> Vec<_> {
            let faults = carried_over::faults(wish, &catalogue, now);
            faults.iter().map(|no| (no.reason(), no.field())).collect()
        };
        let wish = CarryOver {
            original_due: Some(RecordedDue::On(day("2022-12-15"))),
            extensions: vec![extended("2022-11-30T09:00", "2022-12-14")],
            wait: Some(CarriedWait::Suspension {
                since: at("2022-12-13T09:00"),
                reason: "xac_minh".into(),
            }),
            ..carried_over(TEN_DAYS)
        };
        assert_eq!(
            told(&wish),
            [
                ("CARRIED_EXTENSION_OUT_OF_ORDER", Some("extensions")),
                ("CARRIED_EXTENSION_NOT_DUE", Some("extensions")),
                ("CARRIED_WAIT_OUTSIDE", Some("since")),
            ]
        );
        let without = CarryOver {
            extensions: vec![extended("2022-12-09T09:00", "2022-12-22")],
            ..carried_over(TEN_DAYS)
        };
        let reason = ("CARRIED_EXTENSION_WITHOUT_DUE", Some("original_due_on"));
        assert_eq!(told(&without), [reason]);
        let mut lapsed = waits_for_a_supplement("2022-12-05T09:00");
        if let Some(CarriedWait::Supplement { lapses_on, .. }) = &mut lapsed.wait {
            *lapses_on = Some(day("2022-12-09"));
        }
        assert_eq!(
            told(&lapsed),
            [("CARRIED_SUPPLEMENT_LAPSED", Some("lapses_on"))]
        );
    }
}
