//! Whole lives: what typical dossiers go through from filing to the result, with their dates.

use domain::clock::Timeliness;
use domain::command::Command;
use domain::dossier::{Exit, Phase, decide_all, replay};
use domain::ids::{ActorId, OrganisationId};
use domain::{Context, Dossier};

use crate::testing::*;

fn class(story: &Story) -> Timeliness {
    let due = story.dossier.case().unwrap().due.unwrap();
    due.class(story.dossier.ended().unwrap().at)
}

fn national(story: &Story) -> u8 {
    story.dossier.phase().national_status().unwrap()
}

#[test]
fn a_dossier_filed_online_is_completed_accepted_supplemented_and_resolved_in_time() {
    let mut story = Story::begins("2022-12-15T20:00");
    let mut statuses = Vec::new();
    for (time, wish) in [
        ("2022-12-15T20:00", Command::Submit(submit_online(TEN_DAYS))),
        ("2022-12-16T08:00", ask_intake_supplement()),
        ("2022-12-17T21:00", bring_intake_supplement()),
        ("2022-12-19T09:00", accept()),
        ("2022-12-19T10:00", transfer(AGENCY)),
        ("2022-12-21T10:00", ask_supplement()),
        ("2022-12-27T10:00", bring_supplement()),
        ("2023-01-10T16:00", resolve()),
        ("2023-01-12T09:00", deliver()),
    ] {
        story.at(time).does(wish);
        statuses.push(national(&story));
    }
    assert_eq!(statuses, [1, 5, 1, 2, 4, 5, 4, 9, 10]);
    let case = story.dossier.case().unwrap();
    assert_eq!(case.original_due.unwrap().date(), day("2023-01-03"));
    assert_eq!(case.due.unwrap().date(), day("2023-01-11"));
    assert_eq!(class(&story), Timeliness::Early);
    assert!(story.flags().is_empty(), "{:?}", story.flags());
}

#[test]
fn a_dossier_sent_by_post_is_accepted_as_of_the_signed_minute() {
    let mut story = Story::begins("2022-12-19T08:00");
    story.does(Command::Submit(submit_by_post(TEN_DAYS)));
    story.does(accept_on_minute("2022-12-16T16:30"));
    let case = story.dossier.case().unwrap();
    assert_eq!(case.accepted_at, at("2022-12-16T16:30"));
    assert_eq!(case.code.as_str(), "000.00.06.H20-221216-0001");
    assert_eq!(story.due(), "2022-12-30");
    story.at("2022-12-30T23:00").does(resolve());
    assert_eq!(
        class(&story),
        Timeliness::OnTime,
        "dates are compared, not hours"
    );
}

#[test]
fn a_dossier_extended_once_is_judged_by_the_new_date_and_a_second_apology_does_not_help() {
    let mut story = Story::accepted("2022-12-01T09:00", TEN_DAYS);
    story.at("2022-12-13T09:00").does(extend("2022-12-20"));
    assert_eq!(story.due(), "2022-12-20");
    story.at("2022-12-16T09:00").does(extend("2022-12-30"));
    assert_eq!(story.due(), "2022-12-20");
    assert_eq!(story.flags(), ["second_extension"]);
    story.at("2022-12-21T09:00").does(resolve());
    assert_eq!(class(&story), Timeliness::Overdue);
    assert_eq!(story.dossier.case().unwrap().extensions().count(), 2);
}

#[test]
fn a_dossier_suspended_over_tet_loses_only_working_days() {
    let mut story = Story::accepted("2023-01-12T09:00", TEN_DAYS);
    assert_eq!(story.due(), "2023-02-02");
    story.at("2023-01-18T09:00").does(suspend());
    assert_eq!(national(&story), 8);
    story.at("2023-01-30T09:00").does(resume());
    // 19, 27 and 30 January were lost; 20 to 26 January nobody worked anyway.
    assert_eq!(story.due(), "2023-02-07");
    story.at("2023-02-07T10:00").does(resolve());
    assert_eq!(class(&story), Timeliness::OnTime);
}

#[test]
fn a_dossier_withdrawn_before_acceptance_never_counts_as_processed() {
    let mut story = Story::filed("2022-12-15T09:00", TEN_DAYS);
    story.at("2022-12-15T10:00").does(withdraw());
    assert_eq!(national(&story), 7);
    assert_eq!((story.dossier.case(), story.dossier.ended()), (None, None));
}

#[test]
fn a_dossier_withdrawn_after_acceptance_ends_there() {
    let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
    story.at("2022-12-20T09:00").does(ask_supplement());
    story.at("2022-12-21T10:00").does(withdraw());
    let ended = story.dossier.ended().unwrap();
    assert_eq!(
        (ended.at, ended.exit),
        (at("2022-12-21T10:00"), Exit::Withdrawn)
    );
    assert_eq!(
        story.refuses(bring_supplement()).reason(),
        "ALREADY_WITHDRAWN"
    );
}

#[test]
fn a_dossier_refused_after_examination_is_a_result_that_is_handed_over() {
    let mut story = Story::accepted("2022-12-15T09:00", TEN_DAYS);
    story
        .at("2022-12-15T10:00")
        .does(transfer(AGENCY))
        .does(assign());
    story.at("2022-12-28T09:00").does(refuse());
    assert_eq!(national(&story), 9);
    assert_eq!(
        story.dossier.ended().unwrap().exit,
        Exit::RefusedAfterExamination
    );
    assert_eq!(class(&story), Timeliness::Early);
    story.at("2022-12-29T09:00").does(deliver());
    assert_eq!(national(&story), 10);
}

#[test]
fn a_dossier_with_a_fee_waits_for_the_payment_outside_the_time() {
    let mut story = Story::accepted("2023-01-03T09:00", WITH_FEE);
    assert_eq!(story.due(), "2023-01-31");
    story.at("2023-01-05T09:00").does(ask_fee("TB-77"));
    assert_eq!(national(&story), 6);
    assert_eq!(story.refuses(resolve()).reason(), "PAYMENT_AWAITED");
    story.at("2023-01-09T09:00").does(pay("TB-77"));
    assert_eq!(
        story.refuses(pay_again("TB-77")).reason(),
        "FEE_ALREADY_PAID"
    );
    assert_eq!(story.due(), "2023-02-02");
    story.at("2023-02-03T09:00").does(resolve());
    assert_eq!(class(&story), Timeliness::Overdue);
}

#[test]
fn an_hour_procedure_is_judged_to_the_minute() {
    let mut story = Story::accepted("2022-12-30T16:00", EIGHT_HOURS);
    assert_eq!(
        story.dossier.case().unwrap().due.unwrap().at,
        at("2023-01-03T16:00")
    );
    story
        .at("2023-01-03T09:00")
        .does(suspend())
        .at("2023-01-03T10:00")
        .does(resume());
    assert_eq!(
        story.dossier.case().unwrap().due.unwrap().at,
        at("2023-01-03T17:00")
    );
    story.at("2023-01-03T17:01").does(resolve());
    assert_eq!(class(&story), Timeliness::Overdue);
}

#[test]
fn an_immediate_result_is_filed_accepted_resolved_and_delivered_in_one_step() {
    let story = Story::begins("2022-12-15T09:00");
    let (actor, organisation) = (ActorId::new("quay-3"), OrganisationId::new(POST));
    let ctx = Context {
        now: story.now,
        catalogue: &story.catalogue,
        codes: &story.codes,
        actor: &actor,
        organisation: &organisation,
        through: None,
        may_record_late: false,
        history: &[],
    };
    let wishes = [
        Command::Submit(submit(AT_ONCE)),
        accept(),
        resolve(),
        deliver(),
    ];
    let happened = decide_all(&Dossier::Unknown, &wishes, &ctx).unwrap();
    let kinds: Vec<_> = happened.iter().map(|it| it.event.kind()).collect();
    assert_eq!(
        kinds,
        [
            "dossier_submitted",
            "dossier_accepted",
            "dossier_resolved",
            "result_delivered"
        ]
    );
    let dossier = replay(&happened);
    assert_eq!(dossier.phase(), Phase::Returned);
    assert_eq!(
        dossier.case().unwrap().due.unwrap().date(),
        day("2022-12-15")
    );
}

#[test]
fn under_the_shipped_catalogue_a_travel_licence_of_the_reported_period_is_accepted_and_resolved() {
    let mut story = Story::begins("2022-12-15T09:00");
    story.catalogue = domain::Catalogue::parse(&[
        (
            "agencies.toml",
            include_str!("../../../../deploy/catalogue/agencies.toml"),
        ),
        (
            "points.toml",
            include_str!("../../../../deploy/catalogue/points.toml"),
        ),
        (
            "fields.toml",
            include_str!("../../../../deploy/catalogue/fields.toml"),
        ),
        (
            "procedures.toml",
            include_str!("../../../../deploy/catalogue/procedures.toml"),
        ),
        (
            "calendar.csv",
            include_str!("../../../../deploy/catalogue/calendar.csv"),
        ),
        (
            "law.toml",
            include_str!("../../../../deploy/catalogue/law.toml"),
        ),
    ])
    .unwrap();
    story
        .does(Command::Submit(submit("2.001628")))
        .does(accept());
    assert_eq!(story.dossier.case().unwrap().law.as_str(), "nd61-2018");
    // Ten days, the tenth a Sunday.
    assert_eq!(story.due(), "2022-12-26");
    story.at("2022-12-16T09:00").does(ask_supplement());
    story.at("2023-01-18T09:00").does(bring_supplement());
    // Counted anew from 18 January; 28 and 29 January are a weekend.
    assert_eq!(story.due(), "2023-01-30");
    story.at("2023-01-30T16:00").does(resolve()).does(deliver());
    assert_eq!(class(&story), Timeliness::OnTime);
}

#[test]
fn of_several_wishes_all_happen_or_none() {
    let story = Story::begins("2022-12-15T09:00");
    let (actor, organisation) = (ActorId::new("quay-3"), OrganisationId::new(POST));
    let ctx = Context {
        now: story.now,
        catalogue: &story.catalogue,
        codes: &story.codes,
        actor: &actor,
        organisation: &organisation,
        through: None,
        may_record_late: false,
        history: &[],
    };
    let wishes = [Command::Submit(submit(AT_ONCE)), accept(), deliver()];
    let no = decide_all(&Dossier::Unknown, &wishes, &ctx).unwrap_err();
    assert_eq!(no.reason(), "NOT_RESOLVED");
}
