//! What leads up to an acceptance: the filing, what was missing, the hand-over minute.

use jiff::Timestamp;

use super::diary::{Diary, EVENING, LAST, Moment};
use super::dice::Dice;
use super::life::{Act, Step, Way};
use super::pen::Wish;
use super::quotas::{Fate, Quirk};

/// One of so many moments of a day, from the least on.
pub(crate) fn slot(dice: &mut Dice, least: u8, choices: usize) -> u8 {
    least + u8::try_from(dice.below(choices)).unwrap_or_default()
}

/// What leads up to an acceptance at this moment, and the acceptance; with its legal time.
pub(crate) fn filing(
    wish: Wish<'_>,
    at: Moment,
    diary: &Diary,
    dice: &mut Dice,
) -> Option<(Vec<Step>, Timestamp)> {
    let at_once = wish.fate == Fate::AtOnce;
    let step = |at, act| Step { at, act };
    let steps = match (wish.way, wish.quirk) {
        (Way::Online { assisted }, Quirk::IntakeSupplement) => {
            let brought = answered(at, assisted, diary, dice)?;
            let day = diary.before(brought.day, dice.between(1, 3))?;
            let asked = Moment {
                day,
                slot: slot(dice, 0, usize::from(LAST) + 1),
            };
            vec![
                step(answered(asked, assisted, diary, dice)?, Act::Submit),
                step(asked, Act::RequestIntakeSupplement),
                step(brought, Act::SupplementSubmission),
                step(at, Act::Accept),
            ]
        }
        (Way::Online { assisted }, _) => {
            vec![
                step(answered(at, assisted, diary, dice)?, Act::Submit),
                step(at, Act::Accept),
            ]
        }
        (Way::Direct, Quirk::IntakeSupplement) => {
            let day = diary.before(at.day, dice.between(1, 3))?;
            let first = Moment {
                day,
                slot: slot(dice, 0, usize::from(LAST) + 1),
            };
            vec![
                step(first, Act::Submit),
                step(first, Act::RequestIntakeSupplement),
                step(at, Act::SupplementSubmission),
                step(at, Act::Accept),
            ]
        }
        (Way::Direct, _) => vec![step(
            at,
            Act::SubmitAndAccept {
                minute: None,
                at_once,
            },
        )],
        (Way::Postal, _) => {
            let signed = match at.slot.checked_sub(1) {
                Some(slot) => Moment { slot, ..at },
                None => Moment {
                    day: diary.before(at.day, 1)?,
                    slot: LAST,
                },
            };
            let act = Act::SubmitAndAccept {
                minute: Some(signed),
                at_once,
            };
            return Some((vec![step(at, act)], signed.instant()));
        }
    };
    Some((steps, at.instant()))
}

/// When an online filing came that is answered at this moment, within eight working hours.
pub(crate) fn answered(
    at: Moment,
    assisted: bool,
    diary: &Diary,
    dice: &mut Dice,
) -> Option<Moment> {
    let eve = diary.before(at.day, 1)?;
    let late_eve = (at.slot < LAST).then(|| Moment {
        day: eve,
        slot: slot(dice, at.slot + 1, usize::from(LAST - at.slot)),
    });
    let same_day = at.slot.checked_sub(1).map(|slot| Moment { slot, ..at });
    // Through the portal also in the evening, and on the days off before a working day.
    let off_hours = Moment {
        day: at.day.yesterday().ok()?,
        slot: EVENING,
    };
    let choices: Vec<Moment> = match (assisted, same_day, late_eve) {
        (true, Some(same_day), _) => vec![same_day],
        (true, None, late_eve) => late_eve.into_iter().collect(),
        (false, same_day, late_eve) => same_day
            .into_iter()
            .chain(late_eve)
            .chain([off_hours])
            .collect(),
    };
    dice.pick(&choices).copied()
}
