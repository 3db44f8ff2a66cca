//! Facts built in any way are the same facts, bit for bit.

use std::num::NonZeroUsize;

use domain::calendar::Calendar;
use domain::event::Channel;
use proptest::prelude::*;
use statistics::Facts;
use statistics::facts::{Fact, RestoreError, fold_in_order};

use crate::any::any_log;
use crate::history::{Entry, Log, calendar, fold, granted};

fn in_parallel(log: &[Entry], block: usize, workers: usize) -> Facts {
    let mut facts = Facts::new(calendar());
    let decode = |block: &[Entry], fold: &mut dyn FnMut(&[Fact<'_>])| {
        fold(&block.iter().map(Entry::fact).collect::<Vec<_>>());
        Ok::<_, ()>(())
    };
    fold_in_order(
        &mut facts,
        log.chunks(block),
        decode,
        NonZeroUsize::new(workers).unwrap(),
    )
    .unwrap();
    facts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn facts_kept_up_to_date_are_those_rebuilt_from_zero(log in any_log(), cut in 0.0..1.0_f64, block in 1..20_usize) {
        let at = log.iter().filter(|fact| f64::from(u32::try_from(fact.position).unwrap()) < cut * 200.0).count();
        let mut kept = Facts::restore(&fold(&log[..at]).snapshot(), calendar()).unwrap();
        // A feed may repeat what was folded already.
        log[at / 2..].iter().for_each(|entry| kept.apply_fact(&entry.fact()));
        let rebuilt = fold(&log);
        prop_assert!(kept == rebuilt);
        prop_assert_eq!(kept.digest(), rebuilt.digest());
        prop_assert_eq!(kept.snapshot(), rebuilt.snapshot());
        for workers in [1, 2, 3] {
            prop_assert_eq!(in_parallel(&log, block, workers).digest(), rebuilt.digest());
        }
    }

    #[test]
    fn a_snapshot_comes_back_bit_for_bit(log in any_log()) {
        let facts = fold(&log);
        let bytes = facts.snapshot();
        let restored = Facts::restore(&bytes, calendar()).unwrap();
        prop_assert!(restored == facts);
        prop_assert_eq!(restored.snapshot(), bytes);
    }

    #[test]
    fn a_damaged_snapshot_is_refused_and_never_a_panic(log in any_log(), place in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let mut bytes = fold(&log).snapshot();
        let at = place.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Facts::restore(&bytes, calendar()).is_err());
        bytes.truncate(at);
        prop_assert!(Facts::restore(&bytes, calendar()).is_err());
    }
}

fn two_events() -> Facts {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-12T08:00:00", granted());
    log.facts()
}

#[test]
fn a_snapshot_made_with_another_calendar_is_refused() {
    let text =
        "# published: 2022\ndate,kind,reason,certainty\n2022-09-02,off,Quốc khánh,official\n";
    let other = Calendar::parse("calendar.csv", text).unwrap();
    let refused = Facts::restore(&two_events().snapshot(), other);
    assert!(matches!(refused, Err(RestoreError::OtherCalendar { .. })));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    assert!(matches!(
        Facts::restore(b"a letter to the ministry", calendar()),
        Err(RestoreError::OtherFormat)
    ));
    assert!(matches!(
        Facts::restore(b"", calendar()),
        Err(RestoreError::Damaged(_))
    ));
}

#[test]
fn other_facts_have_another_digest() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20");
    assert_ne!(log.facts().digest(), two_events().digest());
    assert!(log.facts() != two_events());
}

#[test]
fn a_block_that_cannot_be_read_stops_the_fold_there() {
    let mut log = Log::default();
    for dossier in 0..20 {
        log.take_in(
            dossier,
            "2023-01-10T08:00:00",
            Channel::Online,
            "2023-01-20",
        );
    }
    let mut facts = Facts::new(calendar());
    let decode = |block: &[Entry], fold: &mut dyn FnMut(&[Fact<'_>])| {
        if block.iter().any(|entry| entry.position == 21) {
            return Err("block of 21");
        }
        fold(&block.iter().map(Entry::fact).collect::<Vec<_>>());
        Ok(())
    };
    let result = fold_in_order(
        &mut facts,
        log.0.chunks(4),
        decode,
        NonZeroUsize::new(3).unwrap(),
    );
    assert_eq!(result, Err("block of 21"));
    assert_eq!(facts.through(), Some(20));
    assert!(facts == fold(&log.0[..20]));
}
