//! Hand-over minutes: who has which papers follows from what both sides signed, and so does when a dossier counts as filed.

use api::hoso::dossier::v1::Channel;
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    AcceptDossierRequest, Acceptance, AcknowledgeHandOverRequest, EntryAnswer, EntryResult,
    GetHandOverRequest, HandOver, HandOverParty, HandedOver, JournalEntry, ListOpenCustodyRequest,
    OpenCustody, PaperResult, PartyKind, handed_over, journal_entry::Item, open_custody,
};
use jiff::{SignedDuration, Timestamp};
use tonic::Status;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use super::super::keyed::stamp;
use super::super::line::{ACTOR, OFFICE};
use super::{Kept, Trial, is, same, when};
use crate::{Failure, client};

/// The account that signs for the side that takes.
const TAKER: &str = "kiem-tra-nhan";

impl Trial {
    pub(super) async fn one_sided(&mut self) -> Kept {
        let slip = self.collects().await?;
        let minute = self.minute(self.terminal(), self.point(), "", &[(&slip, UNSAID)]);
        let number = number(&minute);
        let entry = self.entry(Item::HandOver(minute));
        let answer = self.says(&entry).await?;
        is(&answer, EntryResult::Taken)?;
        let known = answer.papers.first().map(|it| !it.dossier_id.is_empty());
        same("the papers whose dossier is named", &known, &Some(true))?;
        let told = self.signed(&number).await?;
        same(
            "the side that has signed for taking",
            told.taker.as_str(),
            "",
        )?;
        let held = self.holds(&slip).await?.ok_or("nobody has the paper")?;
        same("who has it", &holder(&held), &self.terminal())?;
        same("the minute that waits", &held.unacknowledged, &number)
    }

    pub(super) async fn countersigned(&mut self) -> Kept {
        let slip = self.collects().await?;
        let minute = self.minute(self.terminal(), self.point(), "", &[(&slip, UNSAID)]);
        let number = number(&minute);
        let entry = self.entry(Item::HandOver(minute));
        is(&self.says(&entry).await?, EntryResult::Taken)?;
        let other = self.acknowledges(&number, "another", COMPLETE).await;
        same("the reason", reason(other)?.as_str(), "INVALID_FIELD")?;
        let request = acknowledging(&number, &slip, COMPLETE);
        let mut calls = self.post.calls();
        let signed = calls.acknowledge_hand_over(request.clone()).await;
        let signed = signed.map_err(|it| client::explain(&it))?.into_inner();
        let again = calls.acknowledge_hand_over(request).await;
        let again = again.map_err(|it| client::explain(&it))?.into_inner();
        self.tried("AcknowledgeHandOver, the same again");
        same("the answer", &again, &signed)?;
        let minute = signed.hand_over.ok_or("no minute came")?;
        // Whoever comes with a token signs as its account, unless that may name another.
        if minute.taker.is_empty() || !client::has_token() {
            same("who has taken", minute.taker.as_str(), TAKER)?;
        }
        let twice = self.acknowledges(&number, &slip, COMPLETE).await;
        same(
            "the reason",
            reason(twice)?.as_str(),
            "HAND_OVER_ACKNOWLEDGED",
        )?;
        let held = self.holds(&slip).await?;
        when(held.is_none(), "the paper is on its way still")
    }

    pub(super) async fn found(&mut self) -> Kept {
        let slips = [
            (self.collects().await?, COMPLETE, office(), UNSAID),
            (
                self.collects().await?,
                PaperResult::Missing,
                self.terminal(),
                PaperResult::Missing,
            ),
            (
                self.collects().await?,
                PaperResult::Damaged,
                office(),
                PaperResult::Damaged,
            ),
            (
                self.collects().await?,
                PaperResult::Incomplete,
                office(),
                PaperResult::Incomplete,
            ),
        ];
        let papers: Vec<_> = slips.iter().map(|it| (it.0.as_str(), it.1)).collect();
        let minute = self.minute(self.terminal(), office(), TAKER, &papers);
        let entry = self.entry(Item::HandOver(minute));
        is(&self.says(&entry).await?, EntryResult::Taken)?;
        for (slip, told, has, lasts) in slips {
            let held = self.holds(&slip).await?.ok_or("nobody has the paper")?;
            let what = format!("who has what was found {}", told.as_str_name());
            same(&what, &holder(&held), &has)?;
            same("what stays written beside it", &held.found(), &lasts)?;
        }
        Ok(())
    }

    pub(super) async fn refused(&mut self) -> Kept {
        let slip = self.collects().await?;
        let given = self.minute(self.terminal(), office(), TAKER, &[(&slip, COMPLETE)]);
        let entry = self.entry(Item::HandOver(given.clone()));
        is(&self.says(&entry).await?, EntryResult::Taken)?;
        let taken = HandOver {
            from: Some(office()),
            to: Some(self.point()),
            ..given
        };
        let answer = self.says_minute(taken).await?;
        refusal(&answer, "HAND_OVER_NUMBER_TAKEN", "hand_over.number")?;
        let twice = [(slip.as_str(), COMPLETE), (&slip, COMPLETE)];
        let twice = self.minute(office(), self.point(), TAKER, &twice);
        let answer = self.says_minute(twice).await?;
        refusal(&answer, "INVALID_FIELD", "hand_over.papers[1].slip")?;
        let unsaid = self.minute(office(), self.point(), TAKER, &[(&slip, UNSAID)]);
        let answer = self.says_minute(unsaid).await?;
        refusal(&answer, "INVALID_FIELD", "hand_over.papers[0].result")?;
        let itself = self.minute(office(), office(), TAKER, &[(&slip, COMPLETE)]);
        let answer = self.says_minute(itself).await?;
        refusal(&answer, "INVALID_FIELD", "hand_over.to")?;
        let nowhere = party(PartyKind::Point, "KHONG-CO");
        let nowhere = self.minute(office(), nowhere, TAKER, &[(&slip, COMPLETE)]);
        let answer = self.says_minute(nowhere).await?;
        refusal(&answer, "HAND_OVER_TO_UNKNOWN_POINT", "hand_over.to.id")?;
        let held = self.holds(&slip).await?.ok_or("nobody has the paper")?;
        same("who has it", &holder(&held), &office())
    }

    pub(super) async fn future(&mut self) -> Kept {
        let slip = self.collects().await?;
        let later = self.server_time + SignedDuration::from_hours(1);
        let minute = HandOver {
            signed_at: Some(stamp(later)),
            ..self.minute(self.terminal(), office(), TAKER, &[(&slip, COMPLETE)])
        };
        let number = number(&minute);
        let answer = self.says_minute(minute).await?;
        is(&answer, EntryResult::Taken)?;
        let flagged = answer.flags.iter().any(|flag| flag == "signed_in_future");
        when(flagged, "it is not flagged signed_in_future")?;
        let signed_at = self
            .signed(&number)
            .await?
            .signed_at
            .ok_or("no time came")?;
        let signed_at = Timestamp::new(signed_at.seconds, signed_at.nanos)?;
        let early = signed_at < later;
        when(
            early,
            &format!("it counts from {signed_at}, not from its receipt"),
        )
    }

    pub(super) async fn listed(&mut self) -> Kept {
        let (first, second) = (self.collects().await?, self.collects().await?);
        let holder = self.post.terminal().to_owned();
        let all = self.open(&holder, 0).await?;
        for slip in [&first, &second] {
            let there = all.iter().filter(|it| names(it, slip)).count();
            same("how often a leg is listed", &there, &1)?;
        }
        let mut paged = Vec::new();
        let mut request = asking(&holder, 0);
        request.page_size = 1;
        loop {
            let page = self.post.calls().list_open_custody(request.clone()).await;
            let page = page.map_err(|it| client::explain(&it))?.into_inner();
            paged.extend(page.papers);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        let slips = |papers: &[OpenCustody]| -> Vec<_> {
            papers.iter().map(|it| it.paper.clone()).collect()
        };
        self.tried(format!("ListOpenCustody, one a page → {}", paged.len()));
        same("the legs page by page", &slips(&paged), &slips(&all))?;
        let old = self.open(&holder, 8).await?;
        same(
            "the legs of this hour that are eight hours old",
            &old.len(),
            &0,
        )?;
        request.page_token.clear();
        request.page_size = -1;
        let wrong = self.post.calls().list_open_custody(request).await;
        same(
            "the reason",
            reason(wrong.map(|_| ()))?.as_str(),
            "INVALID_FIELD",
        )
    }

    pub(super) async fn accepted(&mut self) -> Kept {
        if self.example.processing.is_none() {
            self.skipped = true;
            self.tried("not tried: say --processing, where the acceptance is voided again");
            return Ok(());
        }
        let entry = self.collected();
        let answer = self.says(&entry).await?;
        is(&answer, EntryResult::Taken)?;
        let slip = slip_of(&entry)?;
        let earlier = self.server_time - SignedDuration::from_mins(10);
        // Whole seconds: what is on paper is no more exact.
        let signed_at = Timestamp::from_second(earlier.as_second())?;
        let minute = HandOver {
            signed_at: Some(stamp(signed_at)),
            ..self.minute(self.terminal(), self.point(), TAKER, &[(&slip, COMPLETE)])
        };
        is(&self.says_minute(minute).await?, EntryResult::Taken)?;
        let request = AcceptDossierRequest {
            request_id: Uuid::new_v4().to_string(),
            dossier_id: answer.dossier_id.clone(),
            acceptance: Some(Acceptance {
                point: self.example.point.clone(),
                operator: self.example.operator.clone(),
                ..Acceptance::default()
            }),
            actor: TAKER.to_owned(),
            ..AcceptDossierRequest::default()
        };
        let mut calls = IntakeServiceClient::new(self.post.channel());
        let accepted = calls.accept_dossier(request).await;
        let accepted = accepted.map_err(|it| client::explain(&it))?.into_inner();
        self.left.accepted(&answer.dossier_id, &accepted.position);
        let dossier = accepted.dossier.ok_or("no dossier came")?;
        self.tried(format!("AcceptDossier → {}", dossier.code));
        when(!dossier.code.is_empty(), "it has no code")?;
        same("its channel", &dossier.channel(), &Channel::Postal)?;
        same(
            "when it counts as accepted",
            &dossier.accepted_at,
            &Some(stamp(signed_at)),
        )?;
        let held = self.holds(&slip).await?;
        when(held.is_none(), "the paper is on its way still")
    }

    /// A dossier is collected: its slip.
    async fn collects(&mut self) -> Result<String, Failure> {
        let entry = self.collected();
        is(&self.says(&entry).await?, EntryResult::Taken)?;
        slip_of(&entry)
    }

    async fn says_minute(&mut self, minute: HandOver) -> Result<EntryAnswer, Failure> {
        let entry = self.entry(Item::HandOver(minute));
        self.says(&entry).await
    }

    /// A minute with a number of its own, signed at this moment of the server's clock.
    fn minute(
        &self,
        from: HandOverParty,
        to: HandOverParty,
        taker: &str,
        papers: &[(&str, PaperResult)],
    ) -> HandOver {
        HandOver {
            number: Uuid::new_v4().simple().to_string(),
            from: Some(from),
            to: Some(to),
            signed_at: Some(stamp(self.server_time)),
            giver: ACTOR.to_owned(),
            taker: taker.to_owned(),
            papers: papers
                .iter()
                .map(|(slip, result)| paper(slip, *result))
                .collect(),
        }
    }

    fn terminal(&self) -> HandOverParty {
        party(PartyKind::Terminal, self.post.terminal())
    }

    fn point(&self) -> HandOverParty {
        party(PartyKind::Point, &self.example.point)
    }

    /// The minute as the server has it.
    async fn signed(&mut self, number: &str) -> Result<HandOver, Failure> {
        let request = GetHandOverRequest {
            number: number.to_owned(),
            min_position: String::new(),
        };
        let told = self.post.calls().get_hand_over(request).await;
        let told = told.map_err(|it| client::explain(&it))?.into_inner();
        let minute = told.hand_over.ok_or("no minute came")?;
        self.tried(format!("GetHandOver → taker {:?}", minute.taker));
        Ok(minute)
    }

    async fn acknowledges(
        &mut self,
        number: &str,
        slip: &str,
        result: PaperResult,
    ) -> Result<(), Status> {
        let request = acknowledging(number, slip, result);
        let answer = self.post.calls().acknowledge_hand_over(request).await;
        self.tried(match &answer {
            Ok(_) => "AcknowledgeHandOver → signed".to_owned(),
            Err(status) => format!("AcknowledgeHandOver → {}", named(status)),
        });
        answer.map(|_| ())
    }

    /// The leg of a slip that is open; none when nobody of the post has it any more.
    async fn holds(&mut self, slip: &str) -> Result<Option<OpenCustody>, Failure> {
        let terminal = self.post.terminal().to_owned();
        for holder in [terminal.as_str(), OFFICE] {
            let papers = self.open(holder, 0).await?;
            if let Some(held) = papers.into_iter().find(|it| names(it, slip)) {
                return Ok(Some(held));
            }
        }
        Ok(None)
    }

    /// The open legs of this check that a holder has, for at least so many working hours.
    pub(super) async fn open(
        &mut self,
        holder: &str,
        working_hours_min: u32,
    ) -> Result<Vec<OpenCustody>, Failure> {
        let mut request = asking(holder, working_hours_min);
        let mut papers = Vec::new();
        loop {
            let page = self.post.calls().list_open_custody(request.clone()).await;
            let page = page.map_err(|it| client::explain(&it))?.into_inner();
            papers.extend(page.papers);
            request.page_token = page.next_page_token;
            if request.page_token.is_empty() {
                break;
            }
        }
        // Another check may be going on at the same office.
        papers.retain(|it| self.left.is_own(&it.dossier_id));
        let whose = if holder == OFFICE {
            "office"
        } else {
            "terminal"
        };
        self.tried(format!("ListOpenCustody of the {whose} → {}", papers.len()));
        Ok(papers)
    }
}

const COMPLETE: PaperResult = PaperResult::Complete;
const UNSAID: PaperResult = PaperResult::Unspecified;

fn party(kind: PartyKind, id: &str) -> HandOverParty {
    HandOverParty {
        kind: kind.into(),
        id: id.to_owned(),
    }
}

fn office() -> HandOverParty {
    party(PartyKind::PostOffice, OFFICE)
}

fn paper(slip: &str, result: PaperResult) -> HandedOver {
    HandedOver {
        paper: Some(handed_over::Paper::Slip(slip.to_owned())),
        item: String::new(),
        result: result.into(),
        dossier_id: String::new(),
    }
}

fn number(minute: &HandOver) -> String {
    minute.number.clone()
}

fn holder(held: &OpenCustody) -> HandOverParty {
    held.holder.clone().unwrap_or_default()
}

fn names(held: &OpenCustody, slip: &str) -> bool {
    matches!(&held.paper, Some(open_custody::Paper::Slip(it)) if it == slip)
}

fn slip_of(entry: &JournalEntry) -> Result<String, Failure> {
    match &entry.item {
        Some(Item::Collected(it)) => Ok(it.slip.clone()),
        Some(Item::HandOver(_) | Item::FeeReceipt(_) | Item::Filing(_) | Item::Lost(_)) | None => {
            Err("it was not collected".into())
        }
    }
}

fn asking(holder: &str, working_hours_min: u32) -> ListOpenCustodyRequest {
    ListOpenCustodyRequest {
        working_hours_min,
        holder: holder.to_owned(),
        ..ListOpenCustodyRequest::default()
    }
}

fn acknowledging(number: &str, slip: &str, result: PaperResult) -> AcknowledgeHandOverRequest {
    AcknowledgeHandOverRequest {
        request_id: Uuid::new_v4().to_string(),
        number: number.to_owned(),
        actor: TAKER.to_owned(),
        papers: vec![paper(slip, result)],
        min_position: String::new(),
    }
}

fn named(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map_or_else(|| status.code().to_string(), |info| info.reason)
}

/// The reason of what must be refused.
fn reason<T>(answer: Result<T, Status>) -> Result<String, Failure> {
    match answer {
        Ok(_) => Err("it was not refused".into()),
        Err(status) => Ok(named(&status)),
    }
}

fn refusal(answer: &EntryAnswer, reason: &str, field: &str) -> Kept {
    is(answer, EntryResult::Refused)?;
    let refusal = answer.refusal.clone().unwrap_or_default();
    same("the reason", refusal.reason.as_str(), reason)?;
    let named = refusal.faults.iter().any(|fault| fault.field == field);
    when(named, &format!("the field {field} is not named"))
}
