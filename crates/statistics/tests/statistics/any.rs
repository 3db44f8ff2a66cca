//! Histories to count: any events at all, mostly as they could be, sometimes in any order.

use domain::clock::{Due, DueRule, Timeliness};
use domain::event::{Channel, Event, Occurrence, ReuseSource};
use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;
use statistics::Period;

use crate::history::{
    Entry, accepted, assigned, at, channel_corrected, delivered, digitised, extended, fee_paid,
    fee_requested, fee_waived, granted, id, lapsed, received_by_agency, recomputed, refused,
    refused_at_intake, resumed, retimed, reused, submitted, subtask_completed, supplement_received,
    supplement_requested, suspended, terminated, voided, withdrawn,
};

/// Hours after the first of November 2022, in Vietnam.
pub(crate) fn hour(hours: i64) -> Timestamp {
    at("2022-11-01T00:00:00") + jiff::SignedDuration::from_hours(hours)
}

fn any_due() -> impl Strategy<Value = Due> {
    (0..6000_i64, any::<bool>(), any::<bool>()).prop_map(|(hours, by_date, provisional)| Due {
        at: hour(hours),
        rule: if by_date {
            DueRule::ByDate
        } else {
            DueRule::ByInstant
        },
        provisional,
    })
}

fn any_channel() -> impl Strategy<Value = Channel> {
    prop_oneof![
        Just(Channel::Direct),
        Just(Channel::Online),
        Just(Channel::Postal)
    ]
}

/// An event after acceptance.
fn any_middle() -> impl Strategy<Value = Event> {
    prop_oneof![
        Just(supplement_requested()),
        proptest::option::weighted(0.9, any_due()).prop_map(supplement_received),
        Just(fee_requested()),
        proptest::option::weighted(0.9, any_due()).prop_map(fee_paid),
        proptest::option::of(any_due()).prop_map(extended),
        Just(suspended()),
        proptest::option::weighted(0.9, any_due()).prop_map(resumed),
        any_due().prop_map(recomputed),
        Just(assigned()),
        proptest::option::weighted(0.9, any_due()).prop_map(fee_waived),
        proptest::option::weighted(0.9, any_due()).prop_map(received_by_agency),
        (any_channel(), any_channel()).prop_map(|(old, new)| channel_corrected(old, new)),
        any_retimed(),
        Just(digitised()),
        Just(reused(ReuseSource::NationalStore)),
        Just(subtask_completed(Timeliness::Overdue)),
    ]
}

/// Any times put right, also such as no rule would let pass.
fn any_retimed() -> impl Strategy<Value = Event> {
    let due = proptest::option::weighted(0.9, any_due());
    let ended = proptest::option::of(0..6000_i64);
    (0..6000_i64, due, ended)
        .prop_map(|(accepted, due, ended)| retimed(hour(accepted), due, ended.map(hour)))
}

fn any_end() -> impl Strategy<Value = Event> {
    prop_oneof![4 => Just(granted()), 1 => Just(refused()), 1 => Just(withdrawn()), 1 => Just(terminated()), 1 => Just(lapsed()), 1 => Just(voided())]
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (any::<u8>(), any_channel()).prop_map(|(about, channel)| submitted(about, channel)),
        (any::<u8>(), any_channel(), proptest::option::of(any_due()))
            .prop_map(|(about, channel, due)| accepted(about, channel, due)),
        any_middle(),
        any_end(),
        Just(refused_at_intake()),
        Just(delivered()),
    ]
}

/// One dossier's events with the hours between them: mostly a life as it could be, sometimes anything in any order of
/// times; `None` for a record that nobody understands.
fn any_life() -> impl Strategy<Value = Vec<(i64, Option<Event>)>> {
    let due = proptest::option::weighted(0.9, any_due());
    let life = (
        any::<u8>(),
        any_channel(),
        due,
        proptest::collection::vec(any_middle(), 0..4),
    );
    let exit = proptest::option::weighted(0.7, any_end());
    let plausible = (life, exit, any::<bool>(), 0..8_u8, any_due()).prop_map(
        |((about, channel, due, middle), exit, deliver, fate, late)| {
            let mut events = vec![submitted(about, channel)];
            match fate {
                0 => return vec![events.remove(0)],
                1 => events.push(refused_at_intake()),
                2 => events.push(withdrawn()),
                _ => {
                    events.push(accepted(about, channel, due));
                    events.extend(middle);
                    events.extend(exit);
                    if fate == 4 {
                        events.push(retimed(hour(300), Some(late), Some(hour(900))));
                    }
                    if fate == 3 {
                        events.push(channel_corrected(channel, Channel::Online));
                    }
                    if deliver {
                        events.push(delivered());
                    }
                }
            }
            events
        },
    );
    let plausible = plausible.prop_flat_map(|events| {
        let gaps = proptest::collection::vec(0..700_i64, events.len());
        gaps.prop_map(move |gaps| {
            gaps.into_iter()
                .zip(events.iter().cloned().map(Some))
                .collect::<Vec<_>>()
        })
    });
    let wild = (
        -3000..4000_i64,
        proptest::option::weighted(0.95, any_event()),
    );
    prop_oneof![4 => plausible, 1 => proptest::collection::vec(wild, 1..8)]
}

/// Any history of a few dossiers, as a log keeps it: each dossier's events in its own order, all mixed. What is
/// recorded late is recorded up to twenty days late, and sometimes the legal time lies in the future.
pub(crate) fn any_log() -> impl Strategy<Value = Vec<Entry>> {
    let life = (0..5000_i64, any_life(), any::<u64>());
    proptest::collection::vec(life, 1..14).prop_map(|lives| {
        let mut records = Vec::new();
        for (dossier, (start, life, seed)) in (0..).zip(lives) {
            let mut now = start;
            for (step, (gap, event)) in (0_u32..).zip(life) {
                now += gap;
                let late = [0, 0, 0, 0, 30, 80, 480, -48]
                    [usize::try_from(seed.rotate_left(3 * step) % 8).unwrap()];
                records.push((now + late, dossier, now, event));
            }
        }
        // Stable, so that a dossier's events keep their order even where its times do not.
        records.sort_by_key(|(recorded, dossier, _, _)| (*recorded / 400, *dossier));
        let positions = (1..).step_by(2);
        positions
            .zip(records)
            .map(|(position, (recorded, dossier, when, event))| Entry {
                position,
                recorded_at: hour(recorded),
                dossier: id(dossier),
                occurrence: event.map(|event| Occurrence {
                    at: hour(when),
                    event,
                }),
            })
            .collect()
    })
}

/// Any period that has to do with those histories.
pub(crate) fn any_period() -> impl Strategy<Value = Period> {
    (-20..300_i64, 0..200_i64).prop_map(|(start, length)| {
        let from = date(2022, 11, 1).saturating_add(jiff::SignedDuration::from_hours(24 * start));
        Period::new(
            from,
            from.saturating_add(jiff::SignedDuration::from_hours(24 * length)),
        )
        .unwrap()
    })
}
