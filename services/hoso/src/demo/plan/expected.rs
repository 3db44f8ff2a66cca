//! The figures that follow from the lives: what form II.06a must say of any period once the play is over.

use std::collections::{BTreeMap, BTreeSet};

use domain::clock::Timeliness;
use domain::event::Channel;
use domain::local;
use jiff::civil::Date;

use super::Plan;
use super::life::{Exit, Life, Standing, Wait, Way};

/// Columns (3) to (13) of a row.
pub(crate) type Figures = [u64; 11];

/// What the form must say.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Expected {
    /// By field code.
    pub(crate) rows: BTreeMap<String, Figures>,
    /// All together.
    pub(crate) total: Figures,
    /// Below the line; what is not named here must be 0.
    pub(crate) memo: BTreeMap<&'static str, u64>,
    /// Fully-online procedures with at least one online dossier.
    pub(crate) online_procedures: u64,
}

impl Plan {
    /// What the form must say of an agency and a period, both days counted in.
    pub(crate) fn expected(&self, agency: &str, from: Date, to: Date) -> Expected {
        let mut expected = Expected::default();
        let mut online = BTreeSet::new();
        for life in self
            .lives
            .iter()
            .filter(|life| life.agency.as_str() == agency)
        {
            if expected.place(life, from, to) && life.way.channel() == Channel::Online {
                online.insert(&life.procedure);
            }
        }
        expected.online_procedures = u64::try_from(online.len()).unwrap_or(u64::MAX);
        expected
    }
}

impl Expected {
    /// Puts one life where it belongs; whether the form counts it.
    fn place(&mut self, life: &Life, from: Date, to: Date) -> bool {
        let outside = match life.standing {
            Standing::Counted { .. } => None,
            Standing::NeverAccepted => Some("never_accepted"),
            Standing::RefusedAtIntake => Some("refused_at_intake"),
            Standing::WithdrawnBeforeAcceptance => Some("withdrawn_before_acceptance"),
        };
        let Standing::Counted {
            accepted,
            due,
            state,
        } = life.standing
        else {
            let last = life.steps.last().map(|step| step.at.day);
            if let (Some(key), Some(day)) = (outside, last)
                && from <= day
                && day <= to
            {
                self.note(key);
            }
            return false;
        };
        let (accepted, ended) = (local::date(accepted), state.ok());
        let ended_on = ended.map(|(at, _)| local::date(at));
        if accepted > to || ended_on.is_some_and(|day| day < from) {
            return false;
        }
        let received = accepted >= from;
        let flow = match (received, life.way) {
            (true, Way::Online { .. }) => 4,
            (true, Way::Direct | Way::Postal) => 5,
            (false, _) => 6,
        };
        self.note_arrival(life.way, received);
        match ended.filter(|_| ended_on.is_some_and(|day| day <= to)) {
            Some((at, exit)) => {
                let class = match exit.class(due, at) {
                    Timeliness::Early => 8,
                    Timeliness::OnTime => 9,
                    Timeliness::Overdue => 10,
                };
                self.count(life, &[3, flow, 7, class]);
                self.note_end(exit, class);
            }
            None => {
                let within = if due.date() > to { 12 } else { 13 };
                self.count(life, &[3, flow, 11, within]);
                // What it waits for is planned for the last day only.
                if let Err(wait) = state {
                    self.note_wait(wait);
                }
            }
        }
        self.note("synthetic");
        true
    }

    fn count(&mut self, life: &Life, columns: &[usize]) {
        let row = self.rows.entry(life.field.to_string()).or_default();
        for column in columns {
            for figures in [&mut *row, &mut self.total] {
                if let Some(figure) = figures.get_mut(column - 3) {
                    *figure += 1;
                }
            }
        }
    }

    fn note(&mut self, key: &'static str) {
        *self.memo.entry(key).or_default() += 1;
    }

    fn note_arrival(&mut self, way: Way, received: bool) {
        self.note(match (way, received) {
            (Way::Online { .. }, true) => "received_online",
            (Way::Direct, true) => "received_direct",
            (Way::Postal, true) => "received_postal",
            (Way::Online { .. }, false) => "opening_online",
            (Way::Direct, false) => "opening_direct",
            (Way::Postal, false) => "opening_postal",
        });
        if received && way == (Way::Online { assisted: true }) {
            self.note("received_assisted");
        }
    }

    fn note_end(&mut self, exit: Exit, class: usize) {
        self.note(match exit {
            Exit::Granted => "granted",
            Exit::Refused => "refused_after_examination",
            Exit::Withdrawn => "withdrawn",
        });
        if class != 10 {
            self.note("ended_within_due");
        }
    }

    fn note_wait(&mut self, wait: Wait) {
        match wait {
            Wait::Supplement => self.note("awaiting_supplement"),
            Wait::Payment => self.note("awaiting_payment"),
            Wait::Resumption => self.note("suspended"),
            Wait::Forwarding | Wait::Officer | Wait::Nothing => {}
        }
    }
}
