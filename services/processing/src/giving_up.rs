//! Giving up a vault that is gone for good: two persons declare it, and erasures do not wait for it until it is heard again.

use api::convert::filing;
use api::hoso::processing::v1::{GiveUpVaultRequest, GiveUpVaultResponse};
use api::{EdgeError, Faults, authority, text, token};
use application::losses::Declared;
use application::post::By;
use application::{HandleError, Wish};
use domain::ids::OrganisationId;
use domain::rejection::Rejection;
use domain::speaker::Speaker;
use eventlog::LogId;
use prost::Message as _;

use crate::grpc::Calls;

const REASON_MAX: usize = 200;
const METHOD: &str = "GiveUpVault";

impl Calls {
    /// Writes down one person's declaration; the same person's again changes nothing.
    ///
    /// # Errors
    /// With every fault of the request, or when it cannot be written.
    pub(crate) async fn give_up(
        &self,
        asked: &GiveUpVaultRequest,
    ) -> Result<GiveUpVaultResponse, EdgeError> {
        let mut faults = Faults::default();
        let request_id = faults.take("request_id", text::uuid(&asked.request_id));
        let actor = filing::actor(&asked.actor, &mut faults);
        let reason = faults.take("reason", text::line(&asked.reason, REASON_MAX));
        let of = faults.take("log_id", text::uuid(&asked.log_id)).map(LogId);
        let of = of.and_then(|of| faults.take("log_id", self.missed(of)));
        let ((request_id, actor), (reason, of)) =
            faults.finish(request_id.zip(actor).zip(reason.zip(of)))?;
        let (desk, board) = (&self.edge.desk, &self.board);
        let caller = authority::caller::current();
        let through = caller.names(&actor);
        let said = board.read(|board, _| {
            let all = board.losses.of(of);
            if all.iter().any(|one| one.by == actor) {
                return Ok(true);
            }
            let speaker = Speaker::new(&actor, through.as_ref());
            let mut others = all.iter().map(Declared::speaker);
            if others.all(|one| speaker.is_another_than(one)) {
                Ok(false)
            } else {
                Err(HandleError::from(Rejection::SecondPersonBySameAccount))
            }
        })?;
        if !said {
            let subject = &caller.subject;
            let body = asked.encode_to_vec();
            let by = By {
                request: Wish::request(desk.vault(), subject, request_id, METHOD, &body),
                request_id,
                actor,
                organisation: OrganisationId::new("hoso"),
                now: (self.edge.now)(),
            };
            let record = desk.declare_vault_loss(of, &reason, through, &by).await?;
            board.reach(record.place.position, self.edge.patience).await;
            self.vaults.wake();
        }
        let (given_up, declared_by) = board.read(|board, _| {
            let persons = board.losses.of(of).iter().map(|one| one.by.to_string());
            (board.losses.is_given_up(of), persons.collect())
        });
        Ok(GiveUpVaultResponse {
            given_up,
            declared_by,
            position: token::write(&[desk.log().head().into()]),
        })
    }

    /// A log beside which a vault does not answer: no other is given up.
    fn missed(&self, of: LogId) -> Result<LogId, &'static str> {
        if self.vaults.is_missed(of) {
            Ok(of)
        } else {
            Err(
                "must be the log of an intake node whose vault is waited for now; the status of processing lists them",
            )
        }
    }
}
