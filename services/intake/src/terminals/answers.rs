//! The answers to a terminal's journal, as the office and whoever helps it read them: the same that the terminal gets.

use api::convert::{post, post_outward, values};
use api::hoso::intake::v1::get_terminal_answer_request::Entry as Named;
use api::hoso::intake::v1::{
    EntryAnswer, GetTerminalAnswerRequest, GetTerminalAnswerResponse, ListTerminalAnswersRequest,
    ListTerminalAnswersResponse, TerminalAnswer,
};
use api::{EdgeError, Faults, page, place, text, token};
use application::HandleError;
use application::post::journal::Answered;
use domain::event::{EntryAnswer as Answer, HandOverSigned};
use domain::ids::TerminalId;

use super::TerminalCalls;

/// As many entries are looked at for one page; of a long journal with nothing refused a page is then empty.
const LOOKED_AT_MAX: u32 = 5_000;

impl TerminalCalls {
    /// The answer to an entry as it is told: a duplicate tells what became of the first.
    pub(super) fn told_answer(&self, it: &Answered) -> Result<EntryAnswer, HandleError> {
        let told = post_outward::answer(it, self.minute_of(&it.answered.answer)?.as_ref());
        let Answer::Duplicate { of } = it.answered.answer else {
            return Ok(told);
        };
        let desk = &self.edge.desk;
        let Some(first) = desk.journal_answer(&it.answered.terminal, of)? else {
            return Ok(told);
        };
        let minute = self.minute_of(&first.answered.answer)?;
        let result = told.result;
        let mut told = EntryAnswer {
            sequence: told.sequence,
            duplicate_of: of,
            flags: told.flags,
            ..post_outward::answer(&first, minute.as_ref())
        };
        told.result = result;
        Ok(told)
    }

    fn minute_of(&self, answer: &Answer) -> Result<Option<HandOverSigned>, HandleError> {
        let Answer::HandedOver { number } = answer else {
            return Ok(None);
        };
        self.edge.desk.signed_hand_over(number)
    }

    fn shown(&self, it: &Answered) -> Result<TerminalAnswer, HandleError> {
        Ok(TerminalAnswer {
            answer: Some(self.told_answer(it)?),
            device_time: it.answered.device_at.map(values::timestamp),
            actor: it.record.event.actor.to_string(),
        })
    }

    pub(super) async fn answers(
        &self,
        asked: ListTerminalAnswersRequest,
    ) -> Result<ListTerminalAnswersResponse, EdgeError> {
        let question = format!("{}/{}", asked.terminal_id, asked.refused_only);
        let mut faults = Faults::default();
        let terminal = post::terminal_id(&asked.terminal_id, &mut faults);
        let size = page::size(asked.page_size, &mut faults);
        let after = place::read::<u32>(&asked.page_token, &question, &mut faults);
        let points = faults.take("min_position", token::read(&asked.min_position));
        let (terminal, points) = faults.finish(terminal.zip(points))?;
        self.edge.wait_for(&points).await?;
        let (answers, last) =
            self.answers_after(&terminal, after.unwrap_or(0), size, asked.refused_only)?;
        let next = last.map(|last| page::write(&question, &place::Place::to_bytes(&last)));
        Ok(ListTerminalAnswersResponse {
            answers,
            next_page_token: next.unwrap_or_default(),
            position: self.edge.here(),
        })
    }

    /// A page of answers, and the entry with which it ends if the journal goes on.
    fn answers_after(
        &self,
        terminal: &TerminalId,
        after: u32,
        size: usize,
        refused_only: bool,
    ) -> Result<(Vec<TerminalAnswer>, Option<u32>), HandleError> {
        let desk = &self.edge.desk;
        // One that was never enrolled here has no journal, rather than an empty one.
        desk.terminal(terminal)?;
        let length = desk.journal_length(terminal)?;
        let until = length.min(after.saturating_add(LOOKED_AT_MAX));
        let mut answers = Vec::new();
        let mut last = after;
        for sequence in after.saturating_add(1)..=until {
            if answers.len() == size {
                break;
            }
            last = sequence;
            let Some(it) = desk.journal_answer(terminal, sequence)? else {
                continue;
            };
            let refused = matches!(it.answered.answer, Answer::Refused(_));
            if refused || !refused_only {
                answers.push(self.shown(&it)?);
            }
        }
        Ok((answers, (last < length).then_some(last)))
    }

    pub(super) async fn answer_to(
        &self,
        asked: GetTerminalAnswerRequest,
    ) -> Result<GetTerminalAnswerResponse, EdgeError> {
        let mut faults = Faults::default();
        let terminal = post::terminal_id(&asked.terminal_id, &mut faults);
        let named = match &asked.entry {
            Some(Named::CommandId(id)) => faults
                .take("command_id", text::uuid(id))
                .map(|command| (0, Some(command))),
            Some(Named::Sequence(0)) => {
                faults.note("sequence", "must be numbered from 1");
                None
            }
            Some(Named::Sequence(sequence)) => Some((*sequence, None)),
            None => {
                faults.note("entry", "must be named by its sequence or its command_id");
                None
            }
        };
        let points = faults.take("min_position", token::read(&asked.min_position));
        let ((terminal, (sequence, command)), points) =
            faults.finish(terminal.zip(named).zip(points))?;
        self.edge.wait_for(&points).await?;
        let desk = &self.edge.desk;
        desk.terminal(&terminal)?;
        let found = match command {
            Some(command) => desk.journal_answer_of(&terminal, command)?,
            None => desk.journal_answer(&terminal, sequence)?,
        };
        let found = found.ok_or(EdgeError::NotFound {
            what: "journal entry",
        })?;
        Ok(GetTerminalAnswerResponse {
            answer: Some(self.shown(&found)?),
            position: self.edge.here(),
        })
    }
}
