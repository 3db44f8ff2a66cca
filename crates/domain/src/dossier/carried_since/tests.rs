//! What happened in another system, as an official would tell it.

use super::super::testing::*;
use super::super::{Phase, explain};
use super::*;
use crate::command::{Command, Right};
use crate::event::{Event, PaymentMethod};
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

fn supplement(since: &str, over: Option<(&str, SupplementEnd)>) -> CarriedWait {
    CarriedWait {
        since: at(since),
        awaited: Awaited::Supplement {
            reason: "thieu_giay_to".into(),
            components: vec![ComponentCode::new("DON")],
            lapses_on: None,
            over: over.map(|(civil, end)| (at(civil), end)),
        },
    }
}

fn brought(since: &str, until: &str) -> CarriedWait {
    let papers = vec![paper("BANVE")];
    supplement(since, Some((until, SupplementEnd::Brought(papers))))
}

fn suspension(since: &str, until: Option<&str>) -> CarriedWait {
    CarriedWait {
        since: at(since),
        awaited: Awaited::Suspension {
            reason: "xac_minh".into(),
            over: until.map(at),
        },
    }
}

fn fee(since: &str, notice: &str, over: Option<(&str, PaymentEnd)>) -> CarriedWait {
    CarriedWait {
        since: at(since),
        awaited: Awaited::Payment {
            notice: notice.into(),
            amount_vnd: 250_000,
            over: over.map(|(civil, end)| (at(civil), end)),
        },
    }
}

fn in_cash() -> PaymentEnd {
    PaymentEnd::Paid {
        method: PaymentMethod::Cash,
        receipt: "BL-7".into(),
    }
}

fn waits_for_a_supplement(since: &str) -> CarryOver {
    CarryOver {
        waits: vec![supplement(since, None)],
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
        waits: vec![suspension("2022-12-07T09:00", None)],
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
        waits: vec![suspension("2022-12-08T09:00", None)],
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
        waits: vec![suspension("2022-12-13T09:00", None)],
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
    if let Some(CarriedWait {
        awaited: Awaited::Supplement { lapses_on, .. },
        ..
    }) = lapsed.waits.first_mut()
    {
        *lapses_on = Some(day("2022-12-09"));
    }
    assert_eq!(
        told(&lapsed),
        [("CARRIED_SUPPLEMENT_LAPSED", Some("lapses_on"))]
    );
}

#[test]
fn a_supplement_brought_there_started_the_time_anew_and_what_that_system_said_is_told_beside_it() {
    let story = taken_over(CarryOver {
        original_due: Some(RecordedDue::On(day("2022-12-15"))),
        // That system added the days of the wait.
        due: Some(RecordedDue::On(day("2022-12-20"))),
        waits: vec![brought("2022-12-05T09:00", "2022-12-08T10:00")],
        ..carried_over(TEN_DAYS)
    });
    assert_eq!(story.dossier.phase(), Phase::InProcessing);
    assert_eq!(story.due(), "2022-12-22", "ten working days from the 8th");
    assert_eq!(story.flags(), ["carried_over", "due_date_not_as_recorded"]);
    let papers = &story.dossier.filing().unwrap().components;
    assert!(papers.contains(&paper("BANVE")));
    let told = explain::explain_deadline(&story.history, &story.catalogue).unwrap();
    let steps: Vec<_> = told.steps.iter().map(|it| it.what.vi.as_str()).collect();
    assert_eq!(
        steps,
        [
            "Tiếp nhận tại motcua.cu, chuyển tiếp sang hệ thống này, mã 000.00.06.H20-221201-0361, hẹn trả 15/12/2022 như đã ghi tại đó; bắt đầu tính thời hạn",
            "Yêu cầu bổ sung lần 1 (lý do: thieu_giay_to) (như đã ghi tại motcua.cu); thời hạn không tính trong khi chờ",
            "Nhận bổ sung hồ sơ, hẹn trả 22/12/2022 (như đã ghi tại motcua.cu); thời hạn tính lại từ đầu; tại motcua.cu đã ghi: hẹn trả 20/12/2022",
        ]
    );
    assert_eq!(told.days.first().unwrap().date, day("2022-12-08"));
}

#[test]
fn where_only_the_last_due_date_was_recorded_the_first_one_is_counted_here() {
    let wish = CarryOver {
        due: Some(RecordedDue::On(day("2022-12-20"))),
        waits: vec![suspension("2022-12-05T09:00", Some("2022-12-08T09:00"))],
        ..carried_over(TEN_DAYS)
    };
    let story = taken_over(wish.clone());
    let case = story.dossier.case().unwrap();
    assert_eq!(case.original_due.unwrap().date(), day("2022-12-15"));
    assert_eq!(story.due(), "2022-12-20");
    assert_eq!(story.flags(), ["carried_over"]);
    // What moved nothing leaves the due date where it was recorded.
    let story = taken_over(CarryOver {
        waits: vec![fee(
            "2022-12-02T09:00",
            "TB-1",
            Some(("2022-12-05T09:00", in_cash())),
        )],
        due: Some(RecordedDue::On(day("2022-12-28"))),
        ..carried_over(WITH_RUNNING_FEE)
    });
    assert_eq!(story.due(), "2022-12-28");
    assert_eq!(story.flags(), ["carried_over", "due_date_as_recorded"]);
    let story = taken_over(CarryOver { due: None, ..wish });
    assert_eq!(story.dossier.case().unwrap().due, None);
}

#[test]
fn what_was_paid_or_waived_there_is_not_asked_for_again() {
    let waiver = PaymentEnd::Waived {
        reason: "ho_ngheo".into(),
    };
    let mut story = taken_over(CarryOver {
        original_due: Some(RecordedDue::On(day("2022-12-22"))),
        due: Some(RecordedDue::On(day("2022-12-27"))),
        waits: vec![
            // Paid with the filing, before it was accepted.
            fee(
                "2022-11-30T16:00",
                "TB-0",
                Some(("2022-11-30T16:00", in_cash())),
            ),
            fee(
                "2022-12-05T09:00",
                "TB-1",
                Some(("2022-12-07T09:00", in_cash())),
            ),
            fee(
                "2022-12-08T09:00",
                "TB-2",
                Some(("2022-12-09T09:00", waiver)),
            ),
        ],
        ..carried_over(WITH_FEE)
    });
    assert_eq!(story.due(), "2022-12-27", "three working days in all");
    assert_eq!(story.flags(), ["carried_over"]);
    let paid: Vec<_> = story.dossier.case().unwrap().paid.iter().collect();
    let notices: Vec<_> = paid.iter().map(|it| &*it.notice).collect();
    assert_eq!(notices, ["TB-0", "TB-1"]);
    assert_eq!(paid[1].kept_vnd(), 250_000);
    let no = story.refuses(ask_fee("TB-1"));
    assert_eq!(no.reason(), "FEE_ALREADY_PAID");
    story.does(refund_fee("TB-1", 100_000));
}

#[test]
fn a_payment_that_is_awaited_there_is_awaited_here_and_stops_the_clock_since_then() {
    for (procedure, due_after) in [(WITH_FEE, "2022-12-28"), (WITH_RUNNING_FEE, "2022-12-22")] {
        let mut story = taken_over(CarryOver {
            due: Some(RecordedDue::On(day("2022-12-22"))),
            waits: vec![fee("2022-12-08T09:00", "TB-1", None)],
            ..carried_over(procedure)
        });
        assert_eq!(story.dossier.phase(), Phase::AwaitingPayment);
        assert_eq!(story.decides(&ask_fee("TB-1")), Ok(Vec::new()));
        assert_eq!(story.refuses(pay("TB-2")).reason(), "FEE_NOT_REQUESTED");
        story.at("2022-12-14T09:00").does(pay("TB-1"));
        assert_eq!(story.due(), due_after, "{procedure}");
    }
}

#[test]
fn a_supplement_that_never_came_there_takes_its_wait_from_the_clock_and_starts_nothing_anew() {
    let mut story = taken_over(CarryOver {
        original_due: Some(RecordedDue::On(day("2022-12-15"))),
        due: Some(RecordedDue::On(day("2022-12-20"))),
        waits: vec![supplement(
            "2022-12-05T09:00",
            Some(("2022-12-08T09:00", SupplementEnd::NotBrought)),
        )],
        ..carried_over(TEN_DAYS)
    });
    assert_eq!(story.due(), "2022-12-20");
    assert_eq!(story.flags(), ["carried_over"]);
    let told = explain::explain_deadline(&story.history, &story.catalogue).unwrap();
    let last = &told.steps.last().unwrap().what.en;
    assert!(
        last.contains("was not brought and processing went on"),
        "{last}"
    );
    // It was asked for: once more is once too often.
    story.does(ask_supplement());
    assert!(story.flags().contains(&"second_supplement_request"));
}

#[test]
fn what_is_over_must_lie_between_acceptance_and_now_one_after_the_other() {
    let story = Story::begins("2022-12-12T09:00");
    let wish = CarryOver {
        due: Some(RecordedDue::On(day("2022-12-22"))),
        waits: vec![
            brought("2022-11-29T09:00", "2022-12-02T09:00"),
            suspension("2022-12-05T09:00", Some("2022-12-04T09:00")),
            fee(
                "2022-12-06T09:00",
                "TB-1",
                Some(("2022-12-08T09:00", in_cash())),
            ),
            brought("2022-12-07T09:00", "2022-12-13T09:00"),
            fee("2022-12-12T08:00", "TB-1", None),
        ],
        ..carried_over(WITH_FEE)
    };
    let faults = carried_over::faults(&wish, &story.catalogue, story.now);
    let told: Vec<_> = faults.iter().map(|no| (no.reason(), no.field())).collect();
    assert_eq!(
        told,
        [
            ("CARRIED_PAST_OUTSIDE", Some("supplements")),
            ("CARRIED_PAST_OUTSIDE", Some("suspensions")),
            ("CARRIED_PAST_OUTSIDE", Some("supplements")),
            ("CARRIED_WAITS_OVERLAP", Some("supplements")),
            ("CARRIED_WAITS_OVERLAP", Some("since")),
            ("CARRIED_FEE_TWICE", Some("fees")),
        ]
    );
}

#[test]
fn an_extension_after_a_wait_is_to_a_later_day_than_the_one_that_the_wait_gave() {
    let wish = |new_date: &str| CarryOver {
        original_due: Some(RecordedDue::On(day("2022-12-15"))),
        due: Some(RecordedDue::On(day(new_date))),
        waits: vec![suspension("2022-12-02T09:00", Some("2022-12-06T09:00"))],
        extensions: vec![extended("2022-12-09T09:00", new_date)],
        ..carried_over(TEN_DAYS)
    };
    let story = taken_over(wish("2022-12-30"));
    assert_eq!(story.due(), "2022-12-30");
    assert_eq!(story.flags(), ["carried_over"]);
    // Two working days of the suspension: it was due on the 19th.
    let story = Story::begins("2022-12-12T09:00");
    let no = story.refuses(Command::CarryOver(Box::new(wish("2022-12-16"))));
    assert_eq!(no.reason(), "CARRIED_EXTENSION_OUT_OF_ORDER");
}

#[test]
fn a_time_that_was_wrong_there_is_put_right_here_with_all_that_follows() {
    let wish = |until: &str| CarryOver {
        original_due: Some(RecordedDue::On(day("2022-12-15"))),
        due: Some(RecordedDue::On(day("2022-12-29"))),
        waits: vec![
            suspension("2022-12-02T09:00", Some(until)),
            supplement(
                "2022-12-08T09:00",
                Some(("2022-12-09T09:00", SupplementEnd::NotBrought)),
            ),
        ],
        extensions: vec![extended("2022-12-09T10:00", "2022-12-29")],
        ..carried_over(TEN_DAYS)
    };
    let right = taken_over(wish("2022-12-05T09:00"));
    let mut story = taken_over(wish("2022-12-07T09:00"));
    story.may_record_late = true;
    for actor in ["can-bo-1", "truong-phong"] {
        story.actor = actor;
        let at = at("2022-12-05T09:00");
        if !story.flags().contains(&"corrected") {
            story.does(correct(Right::LegalTime { revision: 4, at }));
        }
    }
    let like = against_lived::without_memos(right.dossier.clone(), &right.dossier);
    assert_eq!(
        against_lived::without_memos(story.dossier, &right.dossier),
        like
    );
}
