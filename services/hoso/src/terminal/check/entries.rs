//! What a terminal says entry by entry: that each is taken once, answered for ever, and stops no other.

use api::hoso::dossier::v1::{Applicant, BroughtDeliveryFailure, Filing, filing};
use api::hoso::intake::v1::intake_service_client::IntakeServiceClient;
use api::hoso::intake::v1::{
    EntryResult, GetSubmissionRequest, JournalEntry, get_submission_request::Name,
    journal_entry::Item, sync_terminal_response as from,
};
use uuid::Uuid;

use super::super::keyed::now;
use super::{Kept, Trial, is, same, when};

impl Trial {
    pub(super) async fn enrolled(&mut self) -> Kept {
        let operator = self.example.operator.clone();
        let request = Uuid::new_v4();
        let first = self.post.enrol(&operator, request).await?;
        let again = self.post.enrol(&operator, request).await?;
        self.tried("EnrolTerminal, the same again");
        same("the terminal", &first.terminal, &again.terminal)
    }

    pub(super) async fn stranger(&mut self) -> Kept {
        let post = self.post.named(format!("la-{}", Uuid::new_v4().simple()));
        let opened = post.open(0, 0, now()).await;
        let why = opened.err().ok_or("it was let in")?.to_string();
        self.tried(format!("hello → {why}"));
        let named = "TERMINAL_UNKNOWN";
        when(why.contains(named), &format!("the reason is not {named}"))
    }

    pub(super) async fn welcomed(&mut self) -> Kept {
        let line = self.line().await?;
        let wanted = line.welcome.next_sequence;
        self.tried(format!("hello → welcome, entry {wanted}"));
        same("the entry it wants", &wanted, &1)?;
        self.checklist.clone_from(&line.welcome.catalogue);
        when(!self.checklist.is_empty(), "the welcome names no catalogue")
    }

    pub(super) async fn taken(&mut self) -> Kept {
        let entry = self.collected();
        let answer = self.says(&entry).await?;
        is(&answer, EntryResult::Taken)?;
        when(!answer.dossier_id.is_empty(), "it has no dossier id")?;
        let mut calls = IntakeServiceClient::new(self.post.channel());
        let asked = GetSubmissionRequest {
            name: Some(Name::DossierId(answer.dossier_id.clone())),
            min_position: answer.position.clone(),
        };
        let dossier = calls.get_submission(asked).await?.into_inner().dossier;
        let dossier = dossier.ok_or("the dossier is not there")?;
        self.first = Some((entry, answer));
        when(dossier.code.is_empty(), "it has a code")?;
        when(dossier.due.is_none(), "it has a due date")
    }

    pub(super) async fn again(&mut self) -> Kept {
        let (entry, first) = self.first()?;
        let again = self.says(&entry).await?;
        same("the answer", &again, &first)
    }

    pub(super) async fn twice(&mut self) -> Kept {
        let (entry, first) = self.first()?;
        let sequence = self.number();
        let answer = self.says(&JournalEntry { sequence, ..entry }).await?;
        is(&answer, EntryResult::Duplicate)?;
        same(
            "the entry it repeats",
            &answer.duplicate_of,
            &first.sequence,
        )?;
        same("the dossier", &answer.dossier_id, &first.dossier_id)
    }

    pub(super) async fn bad(&mut self) -> Kept {
        let mut wrong = self.collected();
        if let Some(Item::Collected(it)) = &mut wrong.item {
            it.applicant = Some(Applicant {
                identity_number: "1".to_owned(),
                ..Applicant::default()
            });
        }
        let right = self.collected();
        let mut line = self.line().await?;
        line.send(&wrong).await?;
        line.send(&right).await?;
        let (refused, taken) = (line.answer().await?, line.answer().await?);
        self.heard(&wrong, &refused);
        self.heard(&right, &taken);
        is(&refused, EntryResult::Refused)?;
        let faults = refused.refusal.map(|it| it.faults).unwrap_or_default();
        for field in ["name", "identity_number"] {
            let field = format!("collected.applicant.{field}");
            let named = faults.iter().any(|fault| fault.field == field);
            when(named, &format!("the field {field} is not named"))?;
        }
        is(&taken, EntryResult::Taken)
    }

    pub(super) async fn early(&mut self) -> Kept {
        let (first, second) = (self.collected(), self.collected());
        let mut line = self.line().await?;
        line.send(&second).await?;
        match line.heard().await? {
            from::Body::Missing(missing) => {
                self.tried(format!("#{} → missing {}", second.sequence, missing.from));
                same("the first missing one", &missing.from, &first.sequence)?;
            }
            other @ (from::Body::Welcome(_) | from::Body::Answer(_) | from::Body::Progress(_)) => {
                return Err(format!("it says {other:?}").into());
            }
        }
        line.send(&first).await?;
        for entry in [first, second] {
            let answer = line.answer().await?;
            self.heard(&entry, &answer);
            same("the order", &answer.sequence, &entry.sequence)?;
            is(&answer, EntryResult::Taken)?;
        }
        Ok(())
    }

    pub(super) async fn cut(&mut self) -> Kept {
        let entry = self.collected();
        let line = self.line().await?;
        line.send(&entry).await?;
        drop(line);
        self.tried(format!("#{}, cut", entry.sequence));
        let once = self.says(&entry).await?;
        let twice = self.says(&entry).await?;
        is(&once, EntryResult::Taken)?;
        same("the answer", &once, &twice)
    }

    pub(super) async fn reused(&mut self) -> Kept {
        let (_, first) = self.first()?;
        let mut other = JournalEntry {
            sequence: first.sequence,
            ..self.another()
        };
        let answer = self.says(&other).await?;
        let reason = answer.refusal.map(|it| it.reason).unwrap_or_default();
        same("the reason", reason.as_str(), "SEQUENCE_REUSED")?;
        other.sequence = self.number();
        is(&self.says(&other).await?, EntryResult::Taken)
    }

    pub(super) async fn filed(&mut self) -> Kept {
        let (_, first) = self.first()?;
        // Of a dossier that is there, so that nothing waits for it for ever.
        let item = Item::Filing(Filing {
            dossier: Some(filing::Dossier::DossierId(first.dossier_id)),
            brought: Some(filing::Brought::DeliveryFailure(BroughtDeliveryFailure {
                postal_item: "EE123456785VN".to_owned(),
                signed_at: None,
                reason_code: "vang_nha".to_owned(),
            })),
            words: String::new(),
        });
        let entry = self.entry(item);
        let answer = self.says(&entry).await?;
        is(&answer, EntryResult::Taken)?;
        when(!answer.filing_id.is_empty(), "it has no filing id")
    }

    pub(super) async fn receipts(&mut self) -> Kept {
        let (first, second) = (
            self.post.lease("KT", 2).await?,
            self.post.lease("KT", 2).await?,
        );
        self.tried(format!(
            "KT/{}–{}, KT/{}–{}",
            first.first, first.last, second.first, second.last
        ));
        let apart = first.last < second.first || second.last < first.first;
        when(apart, "a number was given twice")?;
        let entry = self.receipt(&first);
        is(&self.says(&entry).await?, EntryResult::Taken)?;
        let entry = self.receipt(&first);
        is(&self.says(&entry).await?, EntryResult::Refused)
    }

    pub(super) async fn set_back(&mut self) -> Kept {
        let line = self.post.open(0, 1, now()).await?;
        self.tried(format!(
            "hello, highest 1 → set_back {}",
            line.welcome.set_back
        ));
        when(line.welcome.set_back, "it is not told")
    }

    pub(super) async fn skewed(&mut self) -> Kept {
        let highest = self.next - 1;
        let tomorrow = now() + jiff::SignedDuration::from_hours(24);
        let line = self.post.open(0, highest, tomorrow).await?;
        let skew = line.welcome.skew_seconds;
        self.tried(format!("hello, a day ahead → {skew} s"));
        when(line.welcome.clock_skewed, "it is not noticed")?;
        let hours = skew / 3_600;
        when(
            (23..=24).contains(&hours),
            &format!("it is said to be {hours} h"),
        )
    }
}
