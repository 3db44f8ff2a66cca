//! What the list promises: the order, each submission once whatever the page, and the same after a restart.

use api::place::Place as _;
use domain::event::Channel::{Direct, Online, Postal};

use super::*;

fn id(number: u128) -> DossierId {
    DossierId(Uuid::from_u128(number))
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

/// Some thousand submissions of every sort, a part of them answered or completed since, from one seed.
fn some(seed: u64) -> (Waiting, Vec<(AgencyId, Channel, Place)>) {
    let mut state = seed;
    let mut any = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let (mut waiting, mut all) = (Waiting::default(), Vec::new());
    for number in 0..3_000_u64 {
        let agency = AgencyId::new(format!("A{}", any(4)));
        let channel = [Direct, Online, Postal][usize::try_from(any(3)).unwrap()];
        let due = (any(2) == 0).then(|| at(i64::try_from(any(50)).unwrap()));
        let filed = at(i64::try_from(any(9)).unwrap());
        let place = Place::new(due, filed, id(number.into()));
        waiting.insert(agency.clone(), channel, place);
        match any(4) {
            0 => {
                waiting.remove(place.dossier);
            }
            1 => {
                waiting.answer_by(place.dossier, None);
                all.push((agency, channel, Place::new(None, filed, place.dossier)));
            }
            _ => all.push((agency, channel, place)),
        }
    }
    (waiting, all)
}

#[test]
fn a_list_is_what_the_filter_says_in_order_whatever_the_page_and_after_a_restart() {
    for seed in 0..8 {
        let (waiting, all) = some(seed);
        let mut bytes = Vec::new();
        application::snapshot::write_lines(&mut bytes, waiting.shelves()).unwrap();
        let again = application::snapshot::read_lines(&mut bytes.as_slice()).unwrap();
        let again = Waiting::with(again);
        for agency in [
            None,
            Some(AgencyId::new("A1")),
            Some(AgencyId::new("nobody")),
        ] {
            for channel in [None, Some(Online)] {
                for late_at in [None, Some(at(20))] {
                    let filter = Filter {
                        agency: agency.clone(),
                        channel,
                        late_at,
                    };
                    let mut expected: Vec<_> = all
                        .iter()
                        .filter(|(of, ..)| agency.as_ref().is_none_or(|it| it == of))
                        .filter(|(_, by, _)| channel.is_none_or(|it| it == *by))
                        .filter(|(.., place)| late_at.is_none_or(|now| place.is_late_at(now)))
                        .map(|(.., place)| *place)
                        .collect();
                    expected.sort_unstable();
                    for list in [&waiting, &again] {
                        let mut pages: Vec<Place> = Vec::new();
                        loop {
                            let page = list.page(&filter, pages.last().copied(), 97);
                            if page.is_empty() {
                                break;
                            }
                            pages.extend(page);
                        }
                        assert_eq!(pages, expected, "seed {seed}, {filter:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn what_is_read_back_is_taken_off_and_moved_like_what_was_never_laid_down() {
    let (waiting, all) = some(1);
    let mut again = Waiting::with(waiting.shelves);
    for (_, _, place) in all {
        again.answer_by(place.dossier, Some(at(1)));
        assert!(again.remove(place.dossier).is_some());
    }
    assert!(again.page(&Filter::default(), None, 1).is_empty());
}

#[test]
fn a_place_comes_out_of_a_page_token_as_it_went_in() {
    let place = Place::new(None, at(1_795_493_826_312_555), id(7));
    assert_eq!(Place::from_bytes(&place.to_bytes()), Some(place));
}
