//! What the form cannot place: each kind in a row of its own, and what the standing checks say of it.

use domain::clock::Timeliness;
use domain::event::{
    Channel, Correction, DuplicateSubmission, Event, FeePaid, PaymentMethod, ReuseSource,
};
use domain::ids::{HomeId, ProcedureCode};
use jiff::civil::date;
use statistics::memo::MemoRow;
use statistics::report::Cells;
use statistics::{Question, ii06a};
use uuid::Uuid;

use crate::history::{
    Log, accepted, at, by_date, channel_corrected, corrected, delivered, digitised, failing,
    fee_paid, granted, half_year, id, memo, question, recomputed, refused_at_intake, report,
    reused, submitted, subtask_completed, total, voided, withdrawn,
};

#[test]
fn without_a_due_date_a_dossier_is_in_no_column_but_counted_below_and_a_check_fails() {
    let mut log = Log::default();
    log.add(1, "2023-01-10T08:00:00", accepted(1, Channel::Online, None))
        .add(2, "2023-01-10T08:00:00", accepted(2, Channel::Online, None))
        .add(2, "2023-01-11T08:00:00", granted());
    let report = report(&log);
    assert_eq!(report.total, Cells::default());
    assert_eq!(report.memo.get(MemoRow::NoDueDate), 2);
    assert_eq!(failing(&report), ["no_due_date"]);
    log.add(1, "2023-01-12T08:00:00", recomputed(by_date("2023-02-01")));
    assert_eq!(total(&log).c4, 1);
}

#[test]
fn an_end_before_acceptance_is_unclassified() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-09T08:00:00", granted());
    let report = report(&log);
    assert_eq!(report.total, Cells::default());
    assert_eq!(report.memo.get(MemoRow::Unclassified), 1);
    assert_eq!(
        failing(&report),
        ["unclassified", "ended_before_acceptance"]
    );
}

#[test]
fn an_end_without_acceptance_is_unclassified() {
    let mut log = Log::default();
    log.add(1, "2023-01-10T08:00:00", submitted(1, Channel::Online))
        .add(1, "2023-01-12T08:00:00", granted());
    assert_eq!(
        failing(&report(&log)),
        ["unclassified", "ended_without_acceptance"]
    );
}

#[test]
fn a_dossier_with_a_record_nobody_understands_is_unclassified_from_there_on() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20");
    let mut facts = log.facts();
    facts.apply_unclassified(3, id(1));
    let report = ii06a(&facts, &half_year());
    assert_eq!(
        (report.total.c3, report.memo.get(MemoRow::Unclassified)),
        (0, 1)
    );
    let then = question(
        date(2022, 12, 15),
        date(2023, 6, 14),
        2,
        at("2023-06-15T00:00:00"),
    );
    assert_eq!(ii06a(&facts, &then).total.c3, 1);
}

#[test]
fn what_was_never_accepted_stays_outside_the_form_in_a_row_of_its_kind() {
    let mut log = Log::default();
    for dossier in 1..4 {
        log.add(
            dossier,
            "2023-01-10T08:00:00",
            submitted(dossier, Channel::Online),
        );
    }
    log.add(2, "2023-01-11T08:00:00", refused_at_intake()).add(
        3,
        "2023-01-11T08:00:00",
        withdrawn(),
    );
    let report = report(&log);
    assert_eq!(report.total, Cells::default());
    for row in [
        MemoRow::NeverAccepted,
        MemoRow::RefusedAtIntake,
        MemoRow::WithdrawnBeforeAcceptance,
    ] {
        assert_eq!(report.memo.get(row), 1, "{}", row.key());
    }
    assert!(report.holds());
}

#[test]
fn the_same_dossier_on_two_nodes_counts_once() {
    let mut log = Log::default();
    let noticed = Event::DuplicateSubmission(DuplicateSubmission {
        other_home: HomeId(Uuid::from_u128(2)),
        void_code: None,
    });
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-10T09:00:00", noticed);
    assert_eq!(total(&log).c3, 1);
    assert_eq!(memo(&log, MemoRow::Duplicates), 1);
}

#[test]
fn the_standing_checks_find_what_operators_really_meet() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-12T08:00:00", delivered());
    assert_eq!(failing(&report(&log)), ["delivered_without_end"]);
    log.add_late(
        2,
        "2023-01-12T08:00:00",
        "2023-01-11T08:00:00",
        accepted(2, Channel::Online, Some(by_date("2023-01-20"))),
    );
    log.add_late(
        3,
        "2023-01-11T08:00:00",
        "2023-01-11T08:00:00",
        accepted(3, Channel::Online, Some(by_date("2023-01-20"))),
    );
    log.add_late(3, "2023-01-13T08:00:00", "2023-01-11T09:00:00", granted());
    assert_eq!(
        failing(&report(&log)),
        [
            "delivered_without_end",
            "accepted_in_future",
            "ended_in_future"
        ]
    );
    let information_only = Some(vec![ProcedureCode::new("1.000002")]);
    let report = ii06a(
        &log.facts(),
        &Question {
            information_only,
            ..half_year()
        },
    );
    assert_eq!(
        failing(&report),
        [
            "online_information_only",
            "delivered_without_end",
            "accepted_in_future",
            "ended_in_future"
        ]
    );
}

#[test]
fn clocks_that_differ_by_minutes_are_no_future() {
    let mut log = Log::default();
    let due = Some(by_date("2023-01-20"));
    log.add_late(
        1,
        "2023-01-10T08:05:00",
        "2023-01-10T08:00:00",
        accepted(1, Channel::Online, due),
    );
    assert!(report(&log).holds());
    log.add_late(
        2,
        "2023-01-10T08:05:01",
        "2023-01-10T08:00:00",
        accepted(2, Channel::Online, due),
    );
    assert_eq!(failing(&report(&log)), ["accepted_in_future"]);
}

#[test]
fn a_voided_acceptance_leaves_the_figures_and_an_earlier_report_still_has_it() {
    let mut log = Log::default();
    log.take_in(0, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .take_in(1, "2023-01-10T08:00:00", Channel::Direct, "2023-01-20")
        .add(1, "2023-01-11T08:00:00", voided());
    assert_eq!(
        (total(&log).c3, memo(&log, MemoRow::AcceptanceVoided)),
        (1, 1)
    );
    let before = question(
        date(2022, 12, 15),
        date(2023, 6, 14),
        4,
        at("2023-01-10T09:00:00"),
    );
    let report = ii06a(&log.facts(), &before);
    assert_eq!(
        (report.total.c3, report.total.c5),
        (2, 1),
        "as it was known then"
    );
}

#[test]
fn a_corrected_channel_counts_from_its_position_on() {
    let mut log = Log::default();
    log.take_in(1, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(1, "2023-01-12T08:00:00", granted())
        .add(
            1,
            "2023-02-10T08:00:00",
            channel_corrected(Channel::Online, Channel::Postal),
        );
    assert_eq!((total(&log).c4, total(&log).c5), (0, 1));
    assert_eq!(memo(&log, MemoRow::ReceivedPostal), 1);
    assert_eq!(memo(&log, MemoRow::Corrected), 1);
    let before = question(
        date(2022, 12, 15),
        date(2023, 6, 14),
        3,
        at("2023-02-01T00:00:00"),
    );
    assert_eq!(
        ii06a(&log.facts(), &before).total.c4,
        1,
        "as it was known then"
    );
}

#[test]
fn marks_below_the_line_count_each_dossier_once() {
    let mut log = Log::default();
    log.take_in(0, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(0, "2023-01-11T08:00:00", digitised())
        .add(0, "2023-01-11T08:00:01", digitised())
        .add(0, "2023-01-11T08:00:02", reused(ReuseSource::NationalStore))
        .add(
            0,
            "2023-01-11T09:00:00",
            subtask_completed(Timeliness::Overdue),
        );
    for row in [
        MemoRow::ComponentsDigitised,
        MemoRow::CertifiedCopies,
        MemoRow::ComponentsReused,
        MemoRow::NationalStore,
        MemoRow::SubtaskOverdue,
    ] {
        assert_eq!(memo(&log, row), 1, "{}", row.key());
    }
    assert_eq!(memo(&log, MemoRow::DatabaseUsed), 0);
}

#[test]
fn a_corrected_payment_leaves_the_other_one_online() {
    let paid = |how| {
        let Event::FeePaid(paid) = fee_paid(Some(by_date("2023-01-20"))) else {
            panic!()
        };
        Event::FeePaid(FeePaid {
            method: how,
            ..paid
        })
    };
    let to_cash = || {
        corrected(Correction::PaidMethod {
            notice: "1".into(),
            old: PaymentMethod::Online,
            new: PaymentMethod::Cash,
        })
    };
    let mut log = Log::default();
    log.take_in(0, "2023-01-10T08:00:00", Channel::Online, "2023-01-20")
        .add(0, "2023-01-11T08:00:00", paid(PaymentMethod::Online))
        .add(0, "2023-01-11T09:00:00", paid(PaymentMethod::Online))
        .add(0, "2023-01-11T10:00:00", to_cash());
    assert_eq!(memo(&log, MemoRow::PaidOnline), 1);
    log.add(0, "2023-01-11T11:00:00", to_cash());
    assert_eq!(memo(&log, MemoRow::PaidOnline), 0);
}
