//! The clients: they ask, sometimes never see the answer, ask again with the same request, here or elsewhere, and remember
//! what they were told.

use std::collections::{BTreeMap, BTreeSet};

use application::personal::PersonalError;
use application::{Answer, Desk, HandleError, Wish};
use domain::clock::Due;
use domain::command::Command;
use domain::dossier::Phase;
use domain::event::Channel;
use domain::ids::{ActorId, DossierId, OrganisationId};
use eventlog::{Key, Place, Record, Request};
use jiff::Timestamp;
use uuid::Uuid;

use crate::chance::Chance;
use crate::wire::finish;
use crate::wishes::{self, AGENCY};

const LIVES_MAX: usize = 10;

/// Something asked for, until it is known what came of it.
#[derive(Clone, Debug)]
struct Deed {
    number: u128,
    commands: Vec<Command>,
    /// It was asked before, and perhaps done.
    asked: bool,
    /// The first answers that the client never saw, by where it had asked.
    unseen: BTreeMap<usize, Record>,
}

impl Deed {
    fn new(number: u128, commands: Vec<Command>) -> Self {
        Self {
            number,
            commands,
            asked: false,
            unseen: BTreeMap::new(),
        }
    }
}

/// What a client knows of its dossier.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub(crate) phase: Phase,
    pub(crate) accepted: Option<Timestamp>,
    pub(crate) due: Option<Due>,
    /// When it ended, and whether with a result.
    pub(crate) ended: Option<(Timestamp, bool)>,
    /// It was asked that the applicant's data be erased.
    pub(crate) erasure: bool,
}

/// A dossier as its client knows it.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) id: DossierId,
    /// The intake nodes it was filed at; its client goes on at the last one.
    pub(crate) homes: Vec<usize>,
    pub(crate) channel: Channel,
    pub(crate) known: Known,
    /// It was worked on after its acceptance.
    pub(crate) went_on: bool,
    /// What was known before each answer, and the record of that answer.
    past: Vec<(Known, bool, Place)>,
    pending: Option<Deed>,
}

/// What a client was told happened.
#[derive(Debug)]
pub(crate) struct Told {
    /// Counts all that was ever told.
    pub(crate) nth: usize,
    pub(crate) request: Request,
    /// The last record of the answer.
    pub(crate) record: Record,
    /// Where it was asked.
    pub(crate) at: usize,
    /// The code that the dossier got with it.
    pub(crate) code: Option<String>,
}

#[derive(Debug)]
pub(crate) struct Clients {
    chance: Chance,
    pub(crate) lives: Vec<Life>,
    pub(crate) told: Vec<Told>,
    /// Requests whose answers were lost with what they told.
    pub(crate) lost: BTreeSet<[u8; 16]>,
    /// Dossiers whose personal data somebody wanted erased.
    pub(crate) erasures: BTreeSet<DossierId>,
    /// How often something was told.
    pub(crate) tellings: usize,
    numbers: u128,
    healed: bool,
}

/// What a client wants next, and of whom: an intake node, or processing.
pub(crate) struct Errand {
    life: usize,
    pub(crate) at: usize,
}

/// What came of an errand.
pub(crate) struct Came {
    pub(crate) line: String,
    /// The service died while it was asked.
    pub(crate) closed: bool,
    pub(crate) unanswered: bool,
    /// The filing was made before, elsewhere, and nobody heard of it.
    pub(crate) elsewhere: bool,
    /// The applicant's data is to be erased.
    pub(crate) erasure: bool,
}

fn request(number: u128) -> Request {
    Request {
        key: Key(number.to_be_bytes()),
        body: [1; 16],
    }
}

impl Clients {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            chance: Chance::new(seed, "clients"),
            lives: Vec::new(),
            told: Vec::new(),
            lost: BTreeSet::new(),
            erasures: BTreeSet::new(),
            tellings: 0,
            numbers: u128::from(seed) << 32,
            healed: false,
        }
    }

    /// From now on every answer arrives.
    pub(crate) fn heal(&mut self) {
        self.healed = true;
    }

    /// An errand, new or again; intake nodes are the first `intakes`, processing the one after them.
    pub(crate) fn errand(&mut self, intakes: usize) -> Option<Errand> {
        let life =
            if self.lives.len() < LIVES_MAX && self.chance.percent(30) || self.lives.is_empty() {
                let home = self.chance.index(intakes);
                self.filed(home)
            } else {
                self.chance.index(self.lives.len())
            };
        let known = &mut self.lives[life];
        match &known.pending {
            None => {
                let id = known.id;
                let commands =
                    wishes::next(&mut self.chance, known.known.phase, known.known.erasure)?;
                self.numbers += 1;
                if matches!(commands[0], Command::EraseSubject(_)) {
                    self.erasures.insert(id);
                }
                known.pending = Some(Deed::new(self.numbers, commands));
            }
            // Whoever heard nothing may ask the other node.
            Some(deed) if deed.asked && known.known.phase == Phase::Unknown => {
                let other = self.chance.index(intakes);
                if self.chance.percent(30) && known.homes.last() != Some(&other) {
                    known.homes.retain(|home| *home != other);
                    known.homes.push(other);
                }
            }
            Some(_) => {}
        }
        Some(self.to(life, intakes))
    }

    /// A new filing, to be made at this intake node.
    pub(crate) fn filing_at(&mut self, home: usize) -> Errand {
        let life = self.filed(home);
        Errand { life, at: home }
    }

    /// An errand whose outcome is not known yet.
    pub(crate) fn open_errand(&mut self, intakes: usize) -> Option<Errand> {
        let life = self.lives.iter().position(|life| life.pending.is_some())?;
        Some(self.to(life, intakes))
    }

    fn to(&self, life: usize, intakes: usize) -> Errand {
        let home = *self.lives[life]
            .homes
            .last()
            .expect("it is filed somewhere");
        let accepted = self.lives[life].known.accepted.is_some();
        let at = match self.lives[life].known.phase {
            Phase::Unknown
            | Phase::Submitted
            | Phase::AwaitingIntakeSupplement
            | Phase::Refused => home,
            Phase::Withdrawn if !accepted => home,
            Phase::Accepted
            | Phase::InProcessing
            | Phase::AwaitingSupplement
            | Phase::AwaitingPayment
            | Phase::Suspended
            | Phase::Terminated
            | Phase::Resolved
            | Phase::Returned
            | Phase::Withdrawn
            | Phase::Voided => intakes,
        };
        Errand { life, at }
    }

    /// A new dossier; its id follows from its first request.
    fn filed(&mut self, home: usize) -> usize {
        self.numbers += 1;
        let number = self.numbers;
        let channel = *self
            .chance
            .pick(&[Channel::Direct, Channel::Online, Channel::Postal]);
        let commands = wishes::filing(&mut self.chance, number, channel);
        self.lives.push(Life {
            id: DossierId::derive("client", Uuid::from_u128(number)),
            homes: vec![home],
            channel,
            known: Known {
                phase: Phase::Unknown,
                accepted: None,
                due: None,
                ended: None,
                erasure: false,
            },
            went_on: false,
            past: Vec::new(),
            pending: Some(Deed::new(number, commands)),
        });
        self.lives.len() - 1
    }

    /// Goes on an errand to a desk that is there.
    pub(crate) fn ask(&mut self, errand: &Errand, desk: &Desk, now: Timestamp) -> Came {
        let life = &mut self.lives[errand.life];
        let mut deed = life.pending.take().expect("an errand has one");
        let elsewhere = deed.unseen.keys().any(|at| *at != errand.at);
        deed.asked = true;
        let wish = Wish {
            request: request(deed.number),
            request_id: Uuid::from_u128(deed.number),
            dossier: life.id,
            expected: None,
            actor: ActorId::new("can-bo-1"),
            organisation: OrganisationId::new(AGENCY),
            now,
            through: None,
            may_record_late: false,
        };
        let words = wishes::words(&deed.commands[0], deed.number);
        let commands = deed.commands.clone();
        let answer = finish(desk.carry_out(&wish, words, move |kept| {
            let mut commands = commands.clone();
            wishes::name_words(&mut commands[0], kept);
            commands
        }));
        let asked = format!(
            "dossier {}: {}",
            errand.life,
            wishes::name(deed.commands.last().expect("a deed has one"))
        );
        let came = |line: &str| Came {
            line: format!("{asked}: {line}"),
            closed: false,
            unanswered: false,
            elsewhere,
            erasure: false,
        };
        let seen = deed.unseen.get(&errand.at);
        match answer {
            // It was so already, and nothing was written.
            Ok(answer) if answer.record.request != Some(wish.request) => came("as it is"),
            // Of an append a part is back, and more may come.
            Ok(_) if desk.log().awaits().is_some() => {
                life.pending = Some(deed);
                came("perhaps, before the next epoch")
            }
            Ok(answer) => {
                if let Some(seen) = seen {
                    assert_eq!(answer.record, *seen, "{asked}: another first answer");
                    assert!(answer.replayed);
                }
                let position = answer.record.place.position;
                if !self.healed && self.chance.percent(10) {
                    deed.unseen.insert(errand.at, answer.record);
                    life.pending = Some(deed);
                    return Came {
                        unanswered: true,
                        ..came(&format!("at {position}, and nobody hears of it"))
                    };
                }
                let line = format!(
                    "at {position}{}",
                    if answer.replayed { ", again" } else { "" }
                );
                self.hear(errand, wish.request, &deed.commands, answer);
                Came {
                    erasure: matches!(deed.commands[0], Command::EraseSubject(_)),
                    ..came(&line)
                }
            }
            // It may have happened or not.
            Err(HandleError::Closed(_) | HandleError::Personal(PersonalError::Closed(_))) => {
                life.pending = Some(deed);
                Came {
                    closed: true,
                    ..came("no answer")
                }
            }
            // What it is about has not come there yet.
            Err(error @ (HandleError::Unknown | HandleError::Elsewhere { writer: "intake" })) => {
                assert!(seen.is_none(), "{asked}: {error}");
                life.pending = Some(deed);
                came("not here yet")
            }
            Err(HandleError::AwaitsEpoch) => {
                life.pending = Some(deed);
                came("not before the next epoch")
            }
            Err(HandleError::Personal(PersonalError::Erased)) => {
                assert!(
                    seen.is_none() && life.known.phase != Phase::Unknown,
                    "{asked}"
                );
                came("nothing more may be kept about it")
            }
            Err(HandleError::Rejected(rejection)) => {
                assert!(seen.is_none(), "{asked}: {rejection}");
                assert!(
                    life.known.phase != Phase::Unknown,
                    "a good filing is refused: {rejection}"
                );
                came(&format!("refused: {rejection}"))
            }
            Err(error) => panic!("{asked}: {error}"),
        }
    }

    /// The answer is seen.
    fn hear(&mut self, errand: &Errand, request: Request, commands: &[Command], answer: Answer) {
        let life = &mut self.lives[errand.life];
        let at = Timestamp::from_microsecond(answer.record.event.occurred_at).expect("a time");
        let case = answer.dossier.case();
        let before = (life.known.clone(), life.went_on, answer.record.place);
        life.past.push(before);
        life.went_on |= life.known.accepted.is_some();
        let known = &mut life.known;
        known.phase = answer.dossier.phase();
        known.due = case.map_or(known.due, |case| case.due);
        let last = commands.last().expect("a deed has one");
        known.erasure |= matches!(last, Command::EraseSubject(_));
        let mut code = None;
        // Of a filing that was accepted at once a disaster may have left the first half.
        if matches!(last, Command::Accept(_)) && case.is_some() {
            known.accepted = Some(at);
            code = case.map(|case| case.code.to_string());
        } else if matches!(
            last,
            Command::Resolve(_) | Command::RefuseAfterExamination(_)
        ) {
            known.ended = Some((at, true));
        } else if matches!(last, Command::TerminateProcessing(_) | Command::Withdraw(_)) {
            known.ended = Some((at, false));
        }
        self.told.push(Told {
            nth: self.tellings,
            request,
            record: answer.record,
            at: errand.at,
            code,
        });
        self.tellings += 1;
    }

    /// Some of what a node has told, or would have told, is not there any more: the clients go on from what is. Gives what
    /// was lost of what was told.
    pub(crate) fn lose(&mut self, node: usize, is_lost: impl Fn(&Record) -> bool) -> Vec<Told> {
        let (lost, kept) = std::mem::take(&mut self.told)
            .into_iter()
            .partition(|told| told.at == node && is_lost(&told.record));
        self.told = kept;
        let lost: Vec<Told> = lost;
        self.lost.extend(lost.iter().map(|told| told.request.key.0));
        let gone: BTreeSet<_> = lost.iter().map(|told| place(&told.record.place)).collect();
        for life in &mut self.lives {
            let first = life
                .past
                .iter()
                .position(|(.., at)| gone.contains(&place(at)));
            if let Some(first) = first {
                (life.known, life.went_on) = (life.past[first].0.clone(), life.past[first].1);
                life.past.truncate(first);
            }
            if let Some(deed) = &mut life.pending {
                let lost = |record: &Record| is_lost(record);
                if deed.unseen.get(&node).is_some_and(lost) {
                    deed.unseen.remove(&node);
                    self.lost.insert(request(deed.number).key.0);
                }
            }
            let filing = |deed: &Deed| matches!(deed.commands[0], Command::Submit(_));
            let nothing = life.known.phase == Phase::Unknown;
            if nothing && life.pending.as_ref().is_some_and(|deed| !filing(deed)) {
                // What it was about is gone, and with it whatever may have been done.
                life.pending = None;
            }
        }
        lost
    }
}

/// What tells two records apart, whichever history they are of.
fn place(place: &Place) -> (Uuid, u32, u64, i64) {
    (place.log.0, place.epoch, place.position, place.recorded_at)
}
