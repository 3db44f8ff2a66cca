//! Any wish at any time, for the tests that try them in any order.

use proptest::prelude::*;

use super::*;
use crate::command::*;
use crate::event::Channel;
use crate::ids::{OrganisationId, PointId};

/// Something done to a dossier, some minutes after (or, as two clocks differ, before) what was done last.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub minutes: i64,
    pub wish: Command,
    pub may_record_late: bool,
    /// The calendar of 2027 has been published by now.
    pub with_2027: bool,
    /// Somebody else acts.
    pub by_another: bool,
}

/// Any attempt.
pub fn any_attempt() -> impl Strategy<Value = Attempt> {
    let minutes = prop_oneof![2 => -3_000_i64..0, 10 => 0..30_000_i64, 1 => 0..200_000_i64];
    (
        minutes,
        any_wish(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(minutes, wish, may_record_late, with_2027, by_another)| Attempt {
                minutes,
                wish,
                may_record_late,
                with_2027,
                by_another,
            },
        )
}

/// Up to so many attempts; most lives begin with a filing and an acceptance, or there would be little to try.
pub fn any_attempts(max: usize) -> impl Strategy<Value = Vec<Attempt>> {
    let attempts = prop::collection::vec(any_attempt(), 1..max);
    let begun = prop_oneof![1 => Just(0_usize), 1 => Just(1), 6 => Just(2)];
    let procedures = [
        TEN_DAYS,
        EIGHT_HOURS,
        WITH_FEE,
        WITH_RUNNING_FEE,
        WITHOUT_LIMIT,
    ];
    (attempts, begun, prop::sample::select(procedures.to_vec())).prop_map(
        |(mut attempts, begun, procedure)| {
            let submit = Submit {
                // Some of them are filed outside the agency's boundary.
                boundary_independent: attempts.len() % 5 == 4,
                ..submit(procedure)
            };
            let first = [Command::Submit(submit), accept()];
            for (attempt, wish) in attempts.iter_mut().zip(first.into_iter().take(begun)) {
                attempt.wish = wish;
            }
            attempts
        },
    )
}

/// Any moment at which a story may begin: under both law versions, between them, and before a year without a calendar.
pub fn any_beginning() -> impl Strategy<Value = Timestamp> {
    let begins = [
        "2022-12-15T09:00",
        "2023-01-19T16:59",
        "2025-07-31T15:01",
        "2026-11-23T14:00",
        "2026-12-18T07:00",
    ];
    prop::sample::select(begins.to_vec()).prop_map(at)
}

/// Any wish; those that carry a dossier on come more often.
pub fn any_wish() -> impl Strategy<Value = Command> {
    let procedures = [
        TEN_DAYS,
        INFORMATION_ONLY,
        AT_ONCE,
        EIGHT_HOURS,
        WITH_FEE,
        WITH_RUNNING_FEE,
        OF_ANOTHER_AGENCY,
        WITHOUT_LIMIT,
        ABOLISHED,
    ];
    let channels = [Channel::Direct, Channel::Online, Channel::Postal];
    let submit = (
        prop::sample::select(procedures.to_vec()),
        prop::sample::select(channels.to_vec()),
    )
        .prop_map(|(procedure, channel)| {
            Command::Submit(Submit {
                channel,
                boundary_independent: channel == Channel::Postal,
                ..submit(procedure)
            })
        });
    let dates = [
        "2022-12-30",
        "2023-01-02",
        "2023-02-10",
        "2026-12-11",
        "2027-01-04",
        "2027-03-01",
    ];
    let dates = prop::sample::select(dates.to_vec());
    let plain = prop::sample::select(vec![
        ask_intake_supplement(),
        bring_intake_supplement(),
        refuse_intake(),
        transfer(AGENCY),
        transfer("000.00.99.H20"),
        assign(),
        ask_supplement(),
        bring_supplement(),
        lapse(),
        ask_fee("TB-1"),
        ask_fee("TB-2"),
        pay("TB-1"),
        pay("TB-2"),
        pay_amount("TB-1", 1),
        suspend(),
        resume(),
        terminate(),
        refuse(),
        deliver(),
        withdraw(),
        recompute(),
        erase(),
        note_collection(),
    ]);
    let beyond = prop::sample::select(beyond());
    let times = [
        "2022-12-14T09:00",
        "2023-01-18T09:00",
        "2026-11-20T09:00",
        "2026-12-21T09:00",
    ];
    let times = || prop::sample::select(times.to_vec());
    prop_oneof![
        3 => submit,
        1 => prop::sample::select(procedures.to_vec()).prop_map(take_over),
        4 => any_accept(),
        30 => plain,
        25 => beyond,
        3 => dates.prop_map(extend),
        2 => Just(resolve()),
        1 => times().prop_map(|time| resolve_earlier(earlier(time))),
        4 => any_time_put_right(),
    ]
}

/// Whatever happened early on, at any time of a story's first months.
fn any_time_put_right() -> impl Strategy<Value = Command> {
    (1..9_u32, any_beginning(), -3_000..60_000_i64).prop_map(|(revision, from, minutes)| {
        let at = from + jiff::SignedDuration::from_mins(minutes);
        correct(Right::LegalTime { revision, at })
    })
}

fn any_accept() -> impl Strategy<Value = Command> {
    let times = [
        "2022-12-14T09:00",
        "2023-01-18T09:00",
        "2026-11-20T09:00",
        "2026-12-21T09:00",
    ];
    let times = || prop::sample::select(times.to_vec());
    let elsewhere = Accept {
        point: PointId::new("BD-CAOLANH"),
        ..acceptance()
    };
    let by_another = Accept {
        operator: OrganisationId::new("GRAB"),
        ..acceptance()
    };
    prop_oneof![
        6 => Just(accept()),
        1 => times().prop_map(accept_on_minute),
        1 => times().prop_map(|time| Command::Accept(Accept { earlier: Some(earlier(time)), ..acceptance() })),
        1 => Just(Command::Accept(elsewhere)),
        1 => Just(Command::Accept(by_another)),
    ]
}

/// Every event that happened as these attempts were made on one dossier, one after the other.
pub fn lived(
    beginning: Timestamp,
    attempts: &[Attempt],
    mut after_each: impl FnMut(&Story),
) -> Story {
    let mut story = Story::begins("2022-12-15T09:00");
    let with_2027 = catalogue_with_2027();
    story.now = beginning;
    for attempt in attempts {
        story.now = story
            .now
            .saturating_add(jiff::SignedDuration::from_mins(attempt.minutes))
            .unwrap_or(story.now);
        story.may_record_late = attempt.may_record_late;
        story.actor = if attempt.by_another {
            "can-bo-9"
        } else {
            "can-bo-1"
        };
        if attempt.with_2027 && story.catalogue.version() != with_2027.version() {
            story.catalogue = with_2027.clone();
        }
        if let Ok(happened) = story.decides(&attempt.wish) {
            story.happens(happened);
        }
        after_each(&story);
    }
    story
}
