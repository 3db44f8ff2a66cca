//! What lists promise: the order, each dossier once whatever the page, and the same after a restart.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

fn id(number: u32) -> DossierId {
    DossierId(Uuid::from_u128(u128::from(number)))
}

/// A dossier as a list tells it from others.
#[derive(Clone, Debug)]
struct Given {
    agency: u8,
    phase: Phase,
    holder: Option<u8>,
    due: Option<i64>,
}

fn spot(number: u32, given: &Given) -> Spot {
    Spot {
        shelf: Shelf {
            agency: AgencyId::new(given.agency.to_string()),
            phase: given.phase,
            holder: given.holder.map(|it| ActorId::new(it.to_string())),
        },
        place: Place {
            due: given.due.unwrap_or(NEVER),
            number,
        },
    }
}

fn any_given() -> impl Strategy<Value = Given> {
    let phase = prop::sample::select(vec![Phase::Accepted, Phase::InProcessing, Phase::Returned]);
    let (holder, due) = (prop::option::of(0..2_u8), prop::option::of(0..5_i64));
    (0..3_u8, phase, holder, due).prop_map(|(agency, phase, holder, due)| Given {
        agency,
        phase,
        holder,
        due,
    })
}

fn pages(register: &Register, filter: &Filter, size: usize) -> Vec<Place> {
    let mut all = Vec::new();
    loop {
        let page = register.page(filter, all.last().copied(), size);
        if page.is_empty() {
            return all;
        }
        assert!(page.len() <= size);
        all.extend(page);
    }
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_list_is_what_the_filter_says_in_order_whatever_the_page_and_after_a_restart(
        given in prop::collection::vec((any_given(), any_given()), 0..60),
        agency in prop::option::of(0..3_u8),
        holder in prop::option::of(0..2_u8),
        bounds in (prop::option::of(0..5_i64), prop::option::of(0..6_i64)),
        size in 1..9_usize,
    ) {
        let mut register = Register::default();
        for (number, (first, then)) in (0..).zip(&given) {
            prop_assert_eq!(register.enter(id(number), &format!("C-{number}")), number);
            register.move_to(None, Some(spot(number, first)));
            register.move_to(Some(spot(number, first)), Some(spot(number, then)));
        }
        let filter = Filter {
            agency: agency.map(|it| AgencyId::new(it.to_string())),
            holder: holder.map(|it| ActorId::new(it.to_string())),
            phases: vec![Phase::InProcessing, Phase::Returned],
            due_from: bounds.0.map(at),
            due_before: bounds.1.map(at),
        };
        let mut expected: Vec<_> = (0_u32..)
            .zip(&given)
            .map(|(number, (_, then))| (number, then))
            .filter(|(_, it)| it.phase != Phase::Accepted)
            .filter(|(_, it)| agency.is_none_or(|agency| agency == it.agency))
            .filter(|(_, it)| holder.is_none() || holder == it.holder)
            .filter(|(_, it)| bounds.0.is_none_or(|from| it.due.unwrap_or(NEVER) >= from))
            .filter(|(_, it)| bounds.1.is_none_or(|before| it.due.unwrap_or(NEVER) < before))
            .map(|(number, it)| spot(number, it).place)
            .collect();
        expected.sort_unstable();
        prop_assert_eq!(&pages(&register, &filter, size), &expected);
        let mut bytes = Vec::new();
        register.write(&mut bytes).unwrap();
        let again = Register::read(&mut bytes.as_slice()).unwrap();
        prop_assert_eq!(&pages(&again, &filter, size), &expected);
        prop_assert_eq!(again.by_code("C-", None, 100).len(), given.len());
        let found: Vec<_> = expected.iter().map(|place| again.dossier(*place)).collect();
        prop_assert_eq!(found, expected.iter().map(|place| Some(id(place.number))).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_agencies_that_are_no_more_still_have_is_all_that_passes_to_their_successors(
        given in prop::collection::vec(any_given(), 0..60),
        ended in prop::collection::btree_set(0..3_u8, 0..3),
        max in 0..80_usize,
    ) {
        let mut register = Register::default();
        for (number, it) in (0..).zip(&given) {
            register.enter(id(number), &format!("C-{number}"));
            register.move_to(None, Some(spot(number, it)));
        }
        let is_ended = |agency: &AgencyId| ended.contains(&agency.as_str().parse().unwrap());
        let phases = [Phase::Accepted, Phase::InProcessing];
        let found = register.of_agencies(&phases, is_ended, max);
        let theirs: BTreeSet<_> = (0..)
            .zip(&given)
            .filter(|(_, it)| ended.contains(&it.agency) && phases.contains(&it.phase))
            .map(|(number, _)| id(number))
            .collect();
        prop_assert_eq!(found.len(), theirs.len().min(max));
        let found: BTreeSet<_> = found.into_iter().collect();
        prop_assert_eq!(found.len(), theirs.len().min(max), "each once");
        prop_assert!(found.is_subset(&theirs));
    }
}

#[test]
fn a_page_stays_where_it_was_while_others_come_and_go() {
    let mut register = Register::default();
    let dossier = |due| Given {
        agency: 1,
        phase: Phase::Accepted,
        holder: None,
        due: Some(due),
    };
    for number in 0..6 {
        register.enter(id(number), &format!("C-{number}"));
        register.move_to(None, Some(spot(number, &dossier(i64::from(number) * 10))));
    }
    let filter = Filter {
        phases: vec![Phase::Accepted],
        ..Filter::default()
    };
    let first = register.page(&filter, None, 2);
    // One that was shown leaves, the last one shown moves on, and one comes that is due sooner than all.
    register.move_to(Some(spot(0, &dossier(0))), None);
    register.move_to(Some(spot(1, &dossier(10))), Some(spot(1, &dossier(90))));
    register.enter(id(6), "C-6");
    register.move_to(None, Some(spot(6, &dossier(1))));
    let rest = register.page(&filter, first.last().copied(), 10);
    let rest: Vec<_> = rest.iter().map(|place| place.number).collect();
    assert_eq!(rest, [2, 3, 4, 5, 1]);
}

#[test]
fn what_is_over_stands_where_its_right_due_date_says() {
    let mut register = Register::default();
    let given = |due| Given {
        agency: 1,
        phase: Phase::Returned,
        holder: None,
        due: Some(due),
    };
    // Two of them were due at the same moment.
    for (number, due) in [(0, 0), (1, 1), (2, 2), (3, 0)] {
        register.enter(id(number), &format!("C-{number}"));
        register.move_to(None, Some(spot(number, &given(due))));
    }
    let due = |micros| {
        Some(Due {
            at: at(micros),
            rule: domain::clock::DueRule::ByDate,
            provisional: false,
        })
    };
    register.due_moved(id(3), due(0), due(9));
    register.due_moved(id(7), due(0), due(9));
    let filter = Filter {
        phases: vec![Phase::Returned],
        ..Filter::default()
    };
    let numbers: Vec<_> = register
        .page(&filter, None, 9)
        .iter()
        .map(|it| it.number)
        .collect();
    assert_eq!(numbers, [0, 1, 2, 3]);
}

#[test]
fn a_code_that_two_dossiers_have_is_told_until_one_acceptance_is_voided() {
    let mut register = Register::default();
    let given = |phase| Given {
        agency: 1,
        phase,
        holder: None,
        due: Some(0),
    };
    let accepted = given(Phase::Accepted);
    for (number, code) in [(0, "H20-0001"), (1, "H20-0002"), (2, "H20-0001")] {
        register.enter(id(number), code);
        register.move_to(None, Some(spot(number, &accepted)));
    }
    let told = |register: &Register| -> Vec<_> {
        let twice = register.codes_given_twice();
        twice
            .map(|(code, first, again)| (code.to_owned(), first, again))
            .collect()
    };
    assert_eq!(told(&register), [("H20-0001".to_owned(), id(0), id(2))]);
    // Who had it first is found by it.
    let (_, found) = register.by_code("H20-0001", None, 10).remove(0);
    assert_eq!(found, id(0));
    let mut bytes = Vec::new();
    register.write(&mut bytes).unwrap();
    let mut register = Register::read(&mut bytes.as_slice()).unwrap();
    assert_eq!(told(&register).len(), 1);
    let voided = spot(2, &given(Phase::Voided));
    register.move_to(Some(spot(2, &accepted)), Some(voided));
    assert!(told(&register).is_empty());
}
