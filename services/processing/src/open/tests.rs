//! What is kept of open dossiers comes out as it went in, also after a restart.

use proptest::prelude::*;

use super::*;

fn any_due() -> impl Strategy<Value = Due> {
    let rule = prop_oneof![Just(DueRule::ByDate), Just(DueRule::ByInstant)];
    (0..2_000_000_000_000_000_i64, rule, any::<bool>()).prop_map(|(at, rule, provisional)| Due {
        at: Timestamp::from_microsecond(at).unwrap(),
        rule,
        provisional,
    })
}

fn any_case() -> impl Strategy<Value = CaseOutline> {
    let few = || 0..3_u8;
    (
        few(),
        prop::option::of(few()),
        prop::option::of(few()),
        prop::option::of(any_due()),
        few(),
        any::<bool>(),
    )
        .prop_map(
            |(agency, unit, holder, due, calendar, clock_started)| CaseOutline {
                agency: AgencyId::new(agency.to_string()),
                unit: unit.map(|unit| format!("Phòng {unit}").into()),
                holder: holder.map(|holder| ActorId::new(holder.to_string())),
                due,
                calendar: VersionHash::new(calendar.to_string()),
                clock_started,
                lapses_on: None,
                subtasks: Vec::new(),
            },
        )
}

fn any_outline() -> impl Strategy<Value = Outline> {
    (prop::sample::select(Phase::ALL.to_vec()), any_case()).prop_map(|(phase, case)| Outline {
        phase,
        case: crate::register::lists(phase).then_some(case),
    })
}

/// Whatever is over is not among them.
fn expected(put: &[(u8, Outline)]) -> HashMap<DossierId, Unpacked> {
    let mut expected = HashMap::new();
    for (id, outline) in put {
        let number = outline.case.is_some().then_some(u32::from(*id));
        expected.insert(of(*id), (number, outline.clone()));
        expected.retain(|_, (_, outline)| !outline.is_over());
    }
    expected
}

fn of(id: u8) -> DossierId {
    DossierId(Uuid::from_u128(u128::from(id)))
}

proptest! {
    #[test]
    fn every_dossier_that_is_not_over_is_kept_as_it_last_was_also_after_a_restart(
        put in prop::collection::vec((0..12_u8, any_outline()), 0..60),
    ) {
        let mut open = OpenDossiers::default();
        for (id, outline) in &put {
            let number = outline.case.is_some().then_some(u32::from(*id));
            open.put(of(*id), 7, number, outline);
            open.moved_on(of(*id), 8);
        }
        let mut bytes = Vec::new();
        open.write(&mut bytes).unwrap();
        let again = OpenDossiers::read(&mut bytes.as_slice()).unwrap();
        let expected = expected(&put);
        for open in [&open, &again] {
            prop_assert_eq!(open.packed.len(), expected.len());
            for id in 0..12 {
                prop_assert_eq!(open.get(of(id)), expected.get(&of(id)).cloned());
                prop_assert_eq!(open.revision(of(id)), expected.get(&of(id)).map(|_| 8));
            }
            for (id, (_, outline)) in &expected {
                let Some(case) = &outline.case else { continue };
                let told = open.due_and_unit(*id);
                prop_assert_eq!(told, Some((case.due, case.unit.as_deref())));
            }
        }
        prop_assert!(again.shared.len() <= expected.len(), "what nobody has is let go");
    }
}

#[test]
fn a_million_open_dossiers_take_a_hundred_megabytes() {
    // A map of twice as many places as it holds, and a byte for each.
    let each = size_of::<(DossierId, Packed)>() + 1;
    assert!(each * (2 << 20) <= 100 << 20, "{each} bytes a place");
}
