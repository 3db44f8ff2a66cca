//! The lives beside the form: filings that were never accepted, and the second agency with its late hand-over.

use domain::Catalogue;
use domain::ids::{AgencyId, ProcedureCode};
use domain::local;
use jiff::civil::Date;

use super::choice::Choice;
use super::diary::{Diary, EVENING, LAST, Moment};
use super::dice::Dice;
use super::filing::answered;
use super::life::{Act, Exit, Hand, Life, Standing, Step, Wait, Way};
use super::quotas::{Fate, MISSES, Miss, Quirk};
use super::{FIRST, LAST_DAY, PlanError, RECORDED_LATE_ON};

/// The procedure of the second agency: a copy from its register, within the day.
const COPY: &str = "2.000908";
/// How many ordinary dossiers the second agency has.
const ORDINARY: usize = 8;

/// Filings that stay outside the form.
pub(crate) fn missed(
    agency: &AgencyId,
    choice: &Choice<'_>,
    diary: &Diary,
    dice: &mut Dice,
) -> Result<Vec<Life>, PlanError> {
    let mut lives = Vec::new();
    for (way, miss, count) in MISSES {
        for _ in 0..count {
            let (procedure, steps) = (0..200)
                .find_map(|_| {
                    let procedure = choice.pick(way, Fate::Early, Quirk::Plain, dice)?;
                    Some((procedure, steps(way, miss, diary, dice)?))
                })
                .ok_or_else(|| PlanError::NoLife {
                    sort: format!("{way:?} {miss:?}"),
                })?;
            lives.push(Life {
                number: 0,
                agency: agency.clone(),
                procedure: procedure.code.clone(),
                field: procedure.field.clone(),
                way,
                steps,
                standing: match miss {
                    Miss::Refused => Standing::RefusedAtIntake,
                    Miss::Withdrawn => Standing::WithdrawnBeforeAcceptance,
                    Miss::NeverCompleted | Miss::Waiting => Standing::NeverAccepted,
                },
            });
        }
    }
    Ok(lives)
}

fn steps(way: Way, miss: Miss, diary: &Diary, dice: &mut Dice) -> Option<Vec<Step>> {
    if miss == Miss::Waiting {
        // The last evening: the answer is due on the next working day.
        return Some(vec![Step {
            at: Moment {
                day: LAST_DAY,
                slot: EVENING,
            },
            act: Act::Submit,
        }]);
    }
    let days = diary.days(FIRST, LAST_DAY);
    let at = Moment {
        day: *dice.pick(days)?,
        slot: u8::try_from(dice.below(5)).unwrap_or_default(),
    };
    let filed = match way {
        Way::Online { assisted } => answered(at, assisted, diary, dice)?,
        Way::Direct | Way::Postal => at,
    };
    let mut steps = vec![Step {
        at: filed,
        act: Act::Submit,
    }];
    match miss {
        Miss::Refused => steps.push(Step {
            at,
            act: Act::RefuseIntake,
        }),
        Miss::Withdrawn => {
            steps.push(Step {
                at,
                act: Act::RequestIntakeSupplement,
            });
            let day = diary.after(at.day, dice.between(1, 4))?;
            steps.push(Step {
                at: Moment { day, ..at },
                act: Act::WithdrawSubmission,
            });
        }
        Miss::NeverCompleted => steps.push(Step {
            at,
            act: Act::RequestIntakeSupplement,
        }),
        Miss::Waiting => {}
    }
    let within = |step: &Step| FIRST <= step.at.day && step.at.day <= LAST_DAY;
    steps.iter().all(within).then_some(steps)
}

/// The second agency: copies given the same day, and one dossier whose hand-over minute lay two days in a bag.
pub(crate) fn second_agency(
    agency: &AgencyId,
    catalogue: &Catalogue,
    diary: &Diary,
    dice: &mut Dice,
) -> Result<(Vec<Life>, Life), PlanError> {
    let procedure = catalogue
        .procedure(&ProcedureCode::new(COPY))
        .filter(|procedure| procedure.agencies.contains(agency))
        .ok_or_else(|| PlanError::Catalogue(format!("{agency} must decide procedure {COPY}")))?;
    let none = || PlanError::NoLife {
        sort: "second agency".to_owned(),
    };
    let limit = procedure.limit.ok_or_else(none)?;
    let life = |way, steps: Vec<Step>, accepted: Moment, state| {
        let accepted = accepted.instant();
        let law = catalogue.law_on(local::date(accepted)).ok_or_else(none)?;
        let due = law.due(
            limit,
            accepted,
            catalogue.calendar(),
            catalogue.hours(agency),
        );
        Ok(Life {
            number: 0,
            agency: agency.clone(),
            procedure: procedure.code.clone(),
            field: procedure.field.clone(),
            way,
            steps,
            standing: Standing::Counted {
                accepted,
                due,
                state,
            },
        })
    };
    let days: Vec<Date> = diary.days(FIRST, LAST_DAY).to_vec();
    let mut lives = Vec::with_capacity(ORDINARY);
    for _ in 0..ORDINARY {
        let day = *dice.pick(&days).ok_or_else(none)?;
        let [brought, done, fetched] = [0, 2, 3].map(|slot| Moment { day, slot });
        let steps = vec![
            Step {
                at: brought,
                act: Act::SubmitAndAccept {
                    minute: None,
                    at_once: false,
                },
            },
            Step {
                at: done,
                act: Act::Resolve,
            },
            Step {
                at: fetched,
                act: Act::Deliver(Hand::Counter),
            },
        ];
        lives.push(life(
            Way::Direct,
            steps,
            brought,
            Ok((done.instant(), Exit::Granted)),
        )?);
    }
    // Signed after 15:00, so due on the 15th, and on the 16th, when it is recorded, already past due.
    let signed = Moment {
        day: LAST_DAY,
        slot: LAST,
    };
    let recorded = Moment {
        day: RECORDED_LATE_ON,
        slot: 1,
    };
    let act = Act::SubmitAndAccept {
        minute: Some(signed),
        at_once: false,
    };
    let late = life(
        Way::Postal,
        vec![Step { at: recorded, act }],
        signed,
        Err(Wait::Forwarding),
    )?;
    Ok((lives, late))
}
