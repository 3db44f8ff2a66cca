//! Form II.06a counted from what the clients were told alone, in the words of its definition.

use domain::clock::Timeliness;
use domain::event::Channel;
use domain::local;
use statistics::Question;
use statistics::report::Cells;

use crate::client::Life;

/// The total of the form.
pub(crate) fn count(lives: &[Life], question: &Question) -> Cells {
    let mut cells = Cells::default();
    for life in lives {
        place(life, question, &mut cells);
    }
    cells
}

fn place(life: &Life, question: &Question, cells: &mut Cells) {
    let (Some(accepted), Some(due)) = (life.known.accepted.map(local::date), life.known.due) else {
        return;
    };
    let (from, to) = (question.period.from(), question.period.to());
    let ended = life
        .known
        .ended
        .map(|(at, result)| (local::date(at), at, result));
    if accepted > to || ended.is_some_and(|(day, _, _)| day < from) {
        return;
    }
    cells.c3 += 1;
    match (accepted < from, life.channel) {
        (true, _) => cells.c6 += 1,
        (false, Channel::Online) => cells.c4 += 1,
        (false, Channel::Direct | Channel::Postal) => cells.c5 += 1,
    }
    if let Some((_, at, result)) = ended.filter(|(day, _, _)| *day <= to) {
        cells.c7 += 1;
        match (due.class(at), result) {
            (Timeliness::Early, true) => cells.c8 += 1,
            (Timeliness::Early, false) | (Timeliness::OnTime, _) => cells.c9 += 1,
            (Timeliness::Overdue, _) => cells.c10 += 1,
        }
        return;
    }
    cells.c11 += 1;
    let end = local::instant(to.tomorrow().expect("a day after").at(0, 0, 0, 0));
    if due.passed(end.min(question.as_of.at)) {
        cells.c13 += 1;
    } else {
        cells.c12 += 1;
    }
}
