//! The play against the rules and the figures: the domain allows every step, and the form comes out as planned.

use std::collections::BTreeSet;

use domain::clock::Timeliness;
use domain::command::{
    Accept, AssignTask, Command, EarlierTime, ExtendDeadline, ReceiveIntakeSupplement,
    ReceiveSupplement, RecordDelivery, RecordPayment, RefuseAfterExamination, RefuseIntake,
    RequestFee, RequestIntakeSupplement, RequestSupplement, Resolve, ResumeProcessing, Submit,
    SuspendProcessing, Transfer, Withdraw,
};
use domain::dossier::{
    CodeIssuer, CodeOfAnotherNode, CodesExhausted, Context, Dossier, decide_all, evolve,
};
use domain::event::{ApplicantKind, DeliveryMode, PaymentMethod, PlaceKind, Reason};
use domain::ids::{ActorId, DossierCode, DossierId, OrganisationId, PointId, VaultRef};
use domain::{Event, Occurrence};
use jiff::Timestamp;
use statistics::{AsOf, Facts, Grouping, Period, Question, ii06a};
use uuid::Uuid;

use super::life::{Act, Step};
use super::*;

fn catalogue() -> std::sync::Arc<Catalogue> {
    crate::shipped::catalogue(None).unwrap()
}

fn drawn() -> (std::sync::Arc<Catalogue>, Plan) {
    let catalogue = catalogue();
    let plan = Plan::draw(&catalogue).unwrap();
    (catalogue, plan)
}

/// Gives every dossier of a test the same code: nothing here depends on it.
struct OneCode;

impl CodeIssuer for OneCode {
    fn issue(&self, prefix: &str, day: Date) -> Result<DossierCode, CodesExhausted> {
        Ok(domain::code::format(prefix, day, 0, 1))
    }

    fn may_take_over(&self, _: &DossierCode) -> Result<(), CodeOfAnotherNode> {
        Ok(())
    }

    fn take_over(&self, _: &DossierCode) {}
}

fn reason() -> Reason {
    Reason {
        code: "test".into(),
        text: None,
    }
}

fn filed(life: &Life) -> Command {
    Command::Submit(Submit {
        procedure: life.procedure.clone(),
        agency: life.agency.clone(),
        channel: life.way.channel(),
        assisted: life.way == Way::Online { assisted: true },
        place: PlaceKind::Counter,
        point: None,
        operator: OrganisationId::new("VNPOST-DT"),
        applicant: ApplicantKind::Citizen,
        subject: VaultRef {
            entry: Uuid::nil(),
            digest: "".into(),
        },
        components: Vec::new(),
        source: None,
        synthetic: true,
        boundary_independent: false,
    })
}

fn accept(life: &Life, minute: Option<diary::Moment>) -> Command {
    let online = life.way.channel() == Channel::Online;
    Command::Accept(Accept {
        point: PointId::new(if online { "CONG-DVC-DT" } else { "TTPVHCC-DT" }),
        operator: OrganisationId::new(life.agency.as_str()),
        earlier: minute.map(|signed| EarlierTime::HandOverMinute {
            number: "1".into(),
            signed_at: signed.instant(),
        }),
        receipt_issued: true,
    })
}

fn resolve() -> Command {
    Command::Resolve(Resolve {
        result: "KQ".into(),
        electronic: false,
        earlier: None,
    })
}

fn deliver() -> Command {
    Command::RecordDelivery(RecordDelivery {
        mode: DeliveryMode::Counter,
        item: None,
        proof: None,
        to_authorised: false,
    })
}

fn commands(life: &Life, act: Act) -> Vec<Command> {
    let command = match act {
        Act::Submit => filed(life),
        Act::SubmitAndAccept { minute, at_once } => {
            let mut both = vec![filed(life), accept(life, minute)];
            both.extend(
                at_once
                    .then(|| [resolve(), deliver()])
                    .into_iter()
                    .flatten(),
            );
            return both;
        }
        Act::RequestIntakeSupplement => Command::RequestIntakeSupplement(RequestIntakeSupplement {
            reason: reason(),
            components: Vec::new(),
        }),
        Act::SupplementSubmission => Command::ReceiveIntakeSupplement(ReceiveIntakeSupplement {
            components: Vec::new(),
        }),
        Act::RefuseIntake => Command::RefuseIntake(RefuseIntake { reason: reason() }),
        Act::WithdrawSubmission | Act::Withdraw => Command::Withdraw(Withdraw { reason: None }),
        Act::Accept => accept(life, None),
        Act::Transfer => Command::Transfer(Transfer {
            to: life.agency.clone(),
            unit: None,
        }),
        Act::Assign => Command::AssignTask(AssignTask {
            holder: ActorId::new("officer"),
            unit: None,
        }),
        Act::RequestSupplement => Command::RequestSupplement(RequestSupplement {
            reason: reason(),
            components: Vec::new(),
        }),
        Act::ReceiveSupplement => Command::ReceiveSupplement(ReceiveSupplement {
            components: Vec::new(),
        }),
        Act::RequestFee => Command::RequestFee(RequestFee {
            notice: "1".into(),
            amount_vnd: 1,
        }),
        Act::Pay(_) => Command::RecordPayment(RecordPayment {
            notice: "1".into(),
            amount_vnd: 1,
            method: PaymentMethod::Cash,
            receipt: "1".into(),
        }),
        Act::Extend(new_date) => Command::ExtendDeadline(ExtendDeadline {
            reason: reason(),
            new_date,
        }),
        Act::Suspend => Command::SuspendProcessing(SuspendProcessing { reason: reason() }),
        Act::Resume => Command::ResumeProcessing(ResumeProcessing),
        Act::Resolve => resolve(),
        Act::RefuseAfterExamination => {
            Command::RefuseAfterExamination(RefuseAfterExamination { reason: reason() })
        }
        Act::Deliver(_) => deliver(),
    };
    vec![command]
}

/// What the domain makes of a step, which it must allow.
fn happens(life: &Life, step: &Step, dossier: &Dossier, catalogue: &Catalogue) -> Vec<Occurrence> {
    let context = Context {
        now: step.at.instant(),
        catalogue,
        codes: &OneCode,
        actor: &ActorId::new("test"),
        organisation: &OrganisationId::new("test"),
        through: None,
        may_record_late: false,
        history: &[],
    };
    decide_all(dossier, &commands(life, step.act), &context)
        .unwrap_or_else(|no| panic!("life {} at {:?}: {no}\n{life:#?}", life.number, step))
}

/// The whole play, by the domain alone, into facts; and when each position was recorded.
fn rehearse(plan: &Plan, catalogue: &Catalogue) -> (Facts, Vec<Timestamp>) {
    let mut facts = Facts::new(catalogue.calendar().clone());
    let mut steps: Vec<(&Life, &Step)> = plan
        .lives
        .iter()
        .flat_map(|life| life.steps.iter().map(move |step| (life, step)))
        .collect();
    steps.sort_by_key(|(_, step)| step.at);
    let mut dossiers = vec![Dossier::Unknown; plan.lives.len() + 1];
    let mut recorded = Vec::new();
    for (life, step) in steps {
        let dossier = &mut dossiers[life.number as usize];
        for occurrence in happens(life, step, dossier, catalogue) {
            recorded.push(step.at.instant());
            let id = DossierId(Uuid::from_u128(u128::from(life.number)));
            facts.apply(recorded.len() as u64, step.at.instant(), id, &occurrence);
            let pending = dossier.case().is_some() && dossier.ended().is_none();
            let due = dossier.case().and_then(|case| case.due);
            let late = pending && due.is_some_and(|due| due.passed(occurrence.at));
            assert!(
                !late,
                "something happens to life {} after its due date",
                life.number
            );
            *dossier = evolve(std::mem::take(dossier), &occurrence);
        }
    }
    for life in &plan.lives {
        ends_as_planned(life, &dossiers[life.number as usize]);
    }
    (facts, recorded)
}

fn ends_as_planned(life: &Life, dossier: &Dossier) {
    match life.standing {
        Standing::Counted {
            accepted,
            due,
            state,
        } => {
            let case = dossier.case().unwrap();
            assert_eq!(
                (case.accepted_at, case.due),
                (accepted, Some(due)),
                "life {life:#?}"
            );
            assert_eq!(
                dossier.ended().map(|ended| ended.at),
                state.ok().map(|(at, _)| at)
            );
            if let Ok((at, exit)) = state {
                assert_ne!(exit.class(due, at), Timeliness::Overdue);
            }
        }
        Standing::NeverAccepted
        | Standing::RefusedAtIntake
        | Standing::WithdrawnBeforeAcceptance => {
            assert!(dossier.case().is_none());
        }
    }
}

#[test]
fn the_figures_are_reading_b_of_the_article() {
    let (_, plan) = drawn();
    let half_year = plan.expected(AGENCY, FIRST, LAST_DAY);
    assert_eq!(
        half_year.total,
        [428, 314, 67, 47, 411, 360, 51, 0, 17, 17, 0]
    );
    assert_eq!(half_year.online_procedures, 48);
    assert_eq!(plan.expected(AGENCY, BEFORE.0, BEFORE.1).total[8], 47);
    assert_eq!(
        plan.expected(SECOND_AGENCY, FIRST, LAST_DAY).total,
        [9, 0, 9, 0, 8, 0, 8, 0, 1, 1, 0]
    );
}

#[test]
fn online_dossiers_touch_exactly_48_of_the_110_fully_online_procedures() {
    let (catalogue, plan) = drawn();
    let online: BTreeSet<_> = plan
        .lives
        .iter()
        .filter(|life| life.way.channel() == Channel::Online)
        .map(|life| &life.procedure)
        .collect();
    assert_eq!(online.len(), ONLINE_PROCEDURES);
    let full = domain::catalogue::OnlineLevel::Full;
    assert!(
        online
            .iter()
            .all(|code| catalogue.procedure(code).unwrap().online == full)
    );
    assert_eq!(
        catalogue
            .procedures()
            .filter(|it| it.online == full)
            .count(),
        110
    );
}

#[test]
fn two_draws_are_one_play() {
    let catalogue = catalogue();
    let (one, other) = (
        Plan::draw(&catalogue).unwrap(),
        Plan::draw(&catalogue).unwrap(),
    );
    assert_eq!(one.lives, other.lives);
    assert_eq!((one.told, one.late), (other.told, other.late));
}

#[test]
fn the_domain_allows_every_step_and_the_form_comes_out_as_planned() {
    let (catalogue, plan) = drawn();
    let (facts, recorded) = rehearse(&plan, &catalogue);
    let position = recorded.len() as u64;
    let at = local::instant(RECORDED_LATE_ON.at(17, 0, 0, 0));
    for (agency, from, to) in [
        (AGENCY, FIRST, LAST_DAY),
        (AGENCY, BEFORE.0, BEFORE.1),
        (SECOND_AGENCY, FIRST, LAST_DAY),
    ] {
        let period = Period::new(from, to).unwrap();
        let mut question = Question::new(period, AsOf { position, at });
        question.group = Grouping::Field;
        question.filter.agency = Some(AgencyId::new(agency));
        let report = ii06a(&facts, &question);
        let planned = plan.expected(agency, from, to);
        assert_eq!(report.total.all(), planned.total, "{agency} {from}");
        let rows = report
            .rows
            .iter()
            .map(|row| (row.key.clone(), row.cells.all()))
            .collect();
        assert_eq!(planned.rows, rows, "{agency} {from}");
        assert!(report.holds(), "{:?}", report.checks);
        if from == FIRST && agency == AGENCY {
            for (row, count) in report.memo.rows() {
                let wanted = planned.memo.get(row.key()).copied().unwrap_or_default();
                let planned = !crate::demo::check::NOT_PLANNED.contains(&row.key());
                assert!(
                    !planned || count == wanted,
                    "{}: {count}, planned {wanted}",
                    row.key()
                );
            }
            assert_eq!(report.memo.procedures_with_online_dossiers, 48);
        }
    }
}

#[test]
fn at_no_month_end_is_anything_overdue() {
    let (catalogue, plan) = drawn();
    let (facts, recorded) = rehearse(&plan, &catalogue);
    let period = Period::new(FIRST, LAST_DAY).unwrap();
    for month in 1..=6 {
        let at = local::instant(date(2023, month, 15).at(0, 0, 0, 0));
        let position = recorded.partition_point(|recorded| *recorded < at) as u64;
        let mut question = Question::new(period, AsOf { position, at });
        question.filter.agency = Some(AgencyId::new(AGENCY));
        let total = ii06a(&facts, &question).total;
        assert_eq!(
            (total.c10, total.c13),
            (0, 0),
            "as known on 15/{month}/2023"
        );
        assert_eq!(total.c6, 47);
    }
}

#[test]
fn the_told_life_crosses_tet_and_is_explained_by_its_history() {
    let (catalogue, plan) = drawn();
    let life = plan.life(plan.told).unwrap();
    let mut dossier = Dossier::default();
    let mut history = Vec::new();
    for step in &life.steps {
        for occurrence in happens(life, step, &dossier, &catalogue) {
            dossier = evolve(dossier, &occurrence);
            history.push(occurrence);
        }
    }
    let explained = domain::explain_deadline(&history, &catalogue).unwrap();
    assert!(
        explained
            .days
            .iter()
            .any(|day| &*day.reason == "Tết Nguyên đán")
    );
    assert!(
        history
            .iter()
            .any(|it| matches!(it.event, Event::DossierAccepted(_)))
    );
}
