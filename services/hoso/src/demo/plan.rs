//! The play: every dossier's life, written backwards from the figures the report must show.
//!
//! * [`quotas`]: how many lives of each sort; [`choice`]: in which procedures
//! * [`pen`]: writes an accepted dossier's life with the domain's own clock; [`filing`]: what leads up to it;
//!   [`others`]: the lives beside the form
//! * [`life`]: what a life is; [`diary`]: the moments of the play; [`dice`]: reproducible chance
//! * [`expected`]: the figures that follow, column by column, for the comparison with what reporting says
//!
//! Pure: the same catalogue gives the same play.

pub(crate) mod choice;
pub(crate) mod diary;
pub(crate) mod dice;
pub(crate) mod expected;
pub(crate) mod filing;
pub(crate) mod life;
pub(crate) mod others;
pub(crate) mod pen;
pub(crate) mod quotas;

use domain::Catalogue;
use domain::catalogue::Procedure;
use domain::event::Channel;
use domain::ids::AgencyId;
use domain::local;
use jiff::civil::{Date, date};
use thiserror::Error;

use choice::{Choice, ONLINE_PROCEDURES};
use diary::Diary;
use dice::Dice;
use life::{Life, Standing, Way};
use pen::{Window, Wish};
use quotas::{Fate, Origin, QUOTAS, Quirk, Quota};

/// The department.
pub(crate) const AGENCY: &str = "000.00.06.H20";
/// The agency of the late hand-over.
pub(crate) const SECOND_AGENCY: &str = "000.00.14.H20";
/// The half-year before: its first and last day.
pub(crate) const BEFORE: (Date, Date) = (date(2022, 6, 15), date(2022, 12, 14));
/// The half-year's first day.
pub(crate) const FIRST: Date = date(2022, 12, 15);
/// The half-year's last day.
pub(crate) const LAST_DAY: Date = date(2023, 6, 14);
/// When the late hand-over is recorded.
pub(crate) const RECORDED_LATE_ON: Date = date(2023, 6, 16);
/// The seed of everything; another one is another play with the same figures.
const SEED: u64 = 42_841_117;

/// The whole play.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Every life, by its first moment; numbers are places here, from 1.
    pub(crate) lives: Vec<Life>,
    /// The number of the dossier whose life is told.
    pub(crate) told: u32,
    /// The number of the dossier that is recorded late.
    pub(crate) late: u32,
}

/// The catalogue does not allow this play.
#[derive(Debug, Error)]
pub(crate) enum PlanError {
    /// Something the play needs is missing.
    #[error("the demo cannot be played with this catalogue: {0}")]
    Catalogue(String),
    /// No life of this sort was found.
    #[error("the demo found no life for: {sort}")]
    NoLife {
        /// The sort.
        sort: String,
    },
}

impl Plan {
    /// Writes the play.
    ///
    /// # Errors
    /// When the catalogue has not enough procedures, or none in which a wanted life is possible.
    pub(crate) fn draw(catalogue: &Catalogue) -> Result<Self, PlanError> {
        let mut dice = Dice::new(SEED);
        let agency = known(AGENCY, catalogue)?;
        let second = known(SECOND_AGENCY, catalogue)?;
        let diary = Diary::new(catalogue.calendar(), date(2022, 6, 1), date(2023, 12, 29));
        let choice = Choice::new(catalogue, &agency, BEFORE.0, LAST_DAY, &mut dice);
        let mut lives = accepted(&agency, catalogue, &choice, &diary, &mut dice)?;
        lives.extend(others::missed(&agency, &choice, &diary, &mut dice)?);
        let (ordinary, late) = others::second_agency(&second, catalogue, &diary, &mut dice)?;
        lives.extend(ordinary);
        // A stable sort: what begins at one moment stays in the order of the quotas.
        lives.sort_by_key(|life| life.steps.first().map(|step| step.at));
        lives.push(late);
        for (number, life) in (1..).zip(&mut lives) {
            life.number = number;
        }
        let late = lives.last().map_or(0, |life| life.number);
        let told = told(&lives).ok_or_else(|| PlanError::NoLife {
            sort: "across Tết".to_owned(),
        })?;
        Ok(Self { lives, told, late })
    }

    /// How many calls it takes.
    pub(crate) fn calls(&self) -> u64 {
        self.lives
            .iter()
            .map(|life| u64::try_from(life.steps.len()).unwrap_or_default())
            .sum()
    }

    /// A life by its number.
    pub(crate) fn life(&self, number: u32) -> Option<&Life> {
        self.lives
            .get(usize::try_from(number.checked_sub(1)?).ok()?)
    }
}

fn known(id: &str, catalogue: &Catalogue) -> Result<AgencyId, PlanError> {
    let id = AgencyId::new(id);
    if catalogue.agency(&id).is_some() {
        Ok(id)
    } else {
        Err(PlanError::Catalogue(format!("agency {id} is missing")))
    }
}

fn accepted(
    agency: &AgencyId,
    catalogue: &Catalogue,
    choice: &Choice<'_>,
    diary: &Diary,
    dice: &mut Dice,
) -> Result<Vec<Life>, PlanError> {
    let mut lives = Vec::new();
    let mut first_ones = 0;
    for quota in QUOTAS {
        for _ in 0..quota.count {
            // Each of the 48 is asked for at least once.
            let wanted = if is_ordinary(&quota) {
                choice.online(first_ones)
            } else {
                None
            };
            first_ones += usize::from(wanted.is_some());
            lives.push(one(agency, &quota, wanted, catalogue, choice, diary, dice)?);
        }
    }
    if first_ones < ONLINE_PROCEDURES {
        let text = format!("{AGENCY} must have {ONLINE_PROCEDURES} procedures fully online");
        return Err(PlanError::Catalogue(text));
    }
    Ok(lives)
}

fn is_ordinary(quota: &Quota) -> bool {
    let online = quota.way == Way::Online { assisted: false };
    online
        && quota.origin == Origin::InPeriod
        && quota.fate == Fate::Early
        && quota.quirk == Quirk::Plain
}

fn one(
    agency: &AgencyId,
    quota: &Quota,
    wanted: Option<&Procedure>,
    catalogue: &Catalogue,
    choice: &Choice<'_>,
    diary: &Diary,
    dice: &mut Dice,
) -> Result<Life, PlanError> {
    let Quota {
        origin,
        way,
        fate,
        quirk,
        ..
    } = *quota;
    // A procedure may be too quick or too slow for the window: then another one; the wanted one is always quick enough.
    for _ in 0..100 {
        let Some(procedure) = wanted.or_else(|| choice.pick(way, fate, quirk, dice)) else {
            break;
        };
        let wish = Wish {
            agency,
            procedure,
            way,
            fate,
            quirk,
            window: window(origin, fate),
        };
        let found = (0..60).find_map(|_| pen::life(wish, catalogue, diary, dice));
        if let Some((steps, standing)) = found {
            return Ok(Life {
                number: 0,
                agency: agency.clone(),
                procedure: procedure.code.clone(),
                field: procedure.field.clone(),
                way,
                steps,
                standing,
            });
        }
    }
    Err(PlanError::NoLife {
        sort: format!("{quota:?}"),
    })
}

fn window(origin: Origin, fate: Fate) -> Window {
    let last = LAST_DAY;
    match (origin, fate) {
        (Origin::Before, _) => Window {
            accept: (BEFORE.0, date(2022, 11, 30)),
            end: BEFORE,
            last,
        },
        (Origin::CarriedOver, _) => Window {
            accept: (date(2022, 11, 14), BEFORE.1),
            end: (FIRST, last),
            last,
        },
        (Origin::InPeriod, Fate::Pending(_)) => Window {
            accept: (date(2023, 5, 15), last),
            end: (FIRST, last),
            last,
        },
        (Origin::InPeriod, Fate::Early | Fate::OnTime | Fate::AtOnce | Fate::Withdrawn) => Window {
            accept: (FIRST, last),
            end: (FIRST, last),
            last,
        },
    }
}

/// A dossier through the portal that was accepted just before Tết and due after it, with the fullest life.
fn told(lives: &[Life]) -> Option<u32> {
    lives
        .iter()
        .filter(|life| life.way.channel() == Channel::Online)
        .filter(|life| match life.standing {
            Standing::Counted {
                accepted,
                due,
                state,
            } => {
                let on = local::date(accepted);
                let before_tet = date(2023, 1, 10) <= on && on <= date(2023, 1, 18);
                let in_february = date(2023, 2, 1) <= due.date() && due.date() <= date(2023, 2, 17);
                let after_tet =
                    state.is_ok_and(|(ended, _)| local::date(ended) >= date(2023, 1, 27));
                before_tet && in_february && after_tet
            }
            Standing::NeverAccepted
            | Standing::RefusedAtIntake
            | Standing::WithdrawnBeforeAcceptance => false,
        })
        .max_by_key(|life| (life.steps.len(), std::cmp::Reverse(life.number)))
        .map(|life| life.number)
}

#[cfg(test)]
mod tests;
