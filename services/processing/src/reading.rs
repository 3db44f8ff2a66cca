//! What each change says, from the wire: the command it means, and the words that go to the vault first.

use api::convert::change::{self as wire, Wished};
use api::convert::values;
use api::hoso::processing::v1::{
    AssignTaskRequest, Change, ExtendDeadlineRequest, LapseSupplementRequest,
    ReceiveSupplementRequest, RecordDeliveryRequest, RecordPaymentRequest,
    RefuseAfterExaminationRequest, RequestFeeRequest, RequestSupplementRequest,
    ResolveDossierRequest, ResumeProcessingRequest, SuspendProcessingRequest,
    TerminateProcessingRequest, TransferRequest, WithdrawDossierRequest,
};
use api::{EdgeError, Faults, edge, text};
use domain::command::{
    AssignTask, Command, ExtendDeadline, LapseSupplement, ReceiveSupplement, RecordDelivery,
    RecordPayment, RefuseAfterExamination, RequestFee, RequestSupplement, Resolve,
    ResumeProcessing, SuspendProcessing, TerminateProcessing, Transfer, Withdraw,
};
use domain::ids::{ActorId, AgencyId};

/// The largest amount: more than the whole economy handles in a day, and far from overflowing anything.
const AMOUNT_MAX_VND: u64 = 1_000_000_000_000_000;

/// A request that changes an accepted dossier.
pub trait Changing: prost::Message + Default {
    /// The method's name.
    const METHOD: &'static str;

    /// The marks it carries.
    fn change(&mut self) -> &mut Option<Change>;

    /// What it wishes; faults are noted, and nothing is given then.
    ///
    /// # Errors
    /// When words cannot be written for the vault, which no words can cause.
    fn read(&self, faults: &mut Faults) -> Result<Option<Wished>, EdgeError>;
}

macro_rules! changing {
    ($($request:ident = $method:literal, |$asked:ident, $faults:ident| $read:expr;)*) => {$(
        impl Changing for $request {
            const METHOD: &'static str = $method;
            fn change(&mut self) -> &mut Option<Change> {
                &mut self.change
            }
            fn read(&self, $faults: &mut Faults) -> Result<Option<Wished>, EdgeError> {
                let $asked = self;
                $read
            }
        }
    )*};
}

changing! {
    TransferRequest = "Transfer", |asked, faults| {
        let to = faults.take("to", text::identifier(&asked.to, 64)).map(AgencyId::new);
        let unit = unit(&asked.unit, faults);
        Ok(to.zip(unit).map(|(to, unit)| Wished::plain(Command::Transfer(Transfer { to, unit }))))
    };
    AssignTaskRequest = "AssignTask", |asked, faults| {
        let holder = faults.take("holder", text::identifier(&asked.holder, 128)).map(ActorId::new);
        let unit = unit(&asked.unit, faults);
        Ok(holder
            .zip(unit)
            .map(|(holder, unit)| Wished::plain(Command::AssignTask(AssignTask { holder, unit }))))
    };
    RequestSupplementRequest = "RequestSupplement", |asked, faults| {
        let why = values::reason(asked.reason.as_ref(), faults);
        let components = values::component_codes(&asked.components, faults);
        why.map(|why| Wished::because(why, move |reason| {
            Command::RequestSupplement(RequestSupplement { reason, components: components.clone() })
        })).transpose()
    };
    ReceiveSupplementRequest = "ReceiveSupplement", |asked, faults| {
        let components = values::components(&asked.components, faults);
        Ok(Some(Wished::plain(Command::ReceiveSupplement(ReceiveSupplement { components }))))
    };
    LapseSupplementRequest = "LapseSupplement", |_asked, _faults| {
        Ok(Some(Wished::plain(Command::LapseSupplement(LapseSupplement))))
    };
    RequestFeeRequest = "RequestFee", |asked, faults| {
        let notice = faults.take("notice", text::identifier(&asked.notice, 64));
        let amount = amount(asked.amount_vnd, faults);
        Ok(notice.zip(amount).map(|(notice, amount_vnd)| {
            Wished::plain(Command::RequestFee(RequestFee { notice: notice.into(), amount_vnd }))
        }))
    };
    RecordPaymentRequest = "RecordPayment", |asked, faults| {
        let notice = faults.take("notice", text::identifier(&asked.notice, 64));
        let amount = amount(asked.amount_vnd, faults);
        let method = faults.take("method", wire::payment_method(asked.method));
        let receipt = faults.take("receipt", text::identifier(&asked.receipt, 64));
        Ok(notice.zip(amount).zip(method).zip(receipt).map(
            |(((notice, amount_vnd), method), receipt)| {
                Wished::plain(Command::RecordPayment(RecordPayment {
                    notice: notice.into(),
                    amount_vnd,
                    method,
                    receipt: receipt.into(),
                }))
            },
        ))
    };
    ExtendDeadlineRequest = "ExtendDeadline", |asked, faults| {
        let why = values::reason(asked.reason.as_ref(), faults);
        let date = faults.take("new_date", values::date(&asked.new_date));
        why.zip(date).map(|(why, new_date)| Wished::because(why, move |reason| {
            Command::ExtendDeadline(ExtendDeadline { reason, new_date })
        })).transpose()
    };
    SuspendProcessingRequest = "SuspendProcessing", |asked, faults| {
        values::reason(asked.reason.as_ref(), faults).map(|why| Wished::because(why, |reason| {
            Command::SuspendProcessing(SuspendProcessing { reason })
        })).transpose()
    };
    ResumeProcessingRequest = "ResumeProcessing", |_asked, _faults| {
        Ok(Some(Wished::plain(Command::ResumeProcessing(ResumeProcessing))))
    };
    TerminateProcessingRequest = "TerminateProcessing", |asked, faults| {
        values::reason(asked.reason.as_ref(), faults).map(|why| Wished::because(why, |reason| {
            Command::TerminateProcessing(TerminateProcessing { reason })
        })).transpose()
    };
    ResolveDossierRequest = "ResolveDossier", |asked, faults| {
        let electronic = asked.electronic;
        Ok(faults.take("result", text::identifier(&asked.result, 128)).map(|result| {
            Wished::plain(Command::Resolve(Resolve { result: result.into(), electronic, earlier: None }))
        }))
    };
    RefuseAfterExaminationRequest = "RefuseAfterExamination", |asked, faults| {
        values::reason(asked.reason.as_ref(), faults).map(|why| Wished::because(why, |reason| {
            Command::RefuseAfterExamination(RefuseAfterExamination { reason })
        })).transpose()
    };
    WithdrawDossierRequest = "WithdrawDossier", |asked, faults| {
        match values::reason_if_any(asked.reason.as_ref(), faults) {
            Some(why) => Wished::because(why, |reason| {
                Command::Withdraw(Withdraw { reason: Some(reason) })
            }).map(Some),
            None => Ok(Some(Wished::plain(Command::Withdraw(Withdraw { reason: None })))),
        }
    };
    RecordDeliveryRequest = "RecordDelivery", |asked, faults| {
        let mode = faults.take("mode", wire::delivery_mode(asked.mode));
        let item = optional("postal_item", &asked.postal_item, faults);
        let proof = faults.take("proof", text::prose(&asked.proof, 1000));
        let Some(((mode, item), proof)) = mode.zip(item).zip(proof) else {
            return Ok(None);
        };
        let secrets = if proof.is_empty() { Vec::new() } else { vec![edge::secret(&proof)?] };
        Ok(Some(Wished {
            secrets,
            build: Box::new(move |kept| Command::RecordDelivery(RecordDelivery {
                mode,
                item: item.clone(),
                proof: kept.first().cloned(),
            })),
        }))
    };
}

fn unit(given: &str, faults: &mut Faults) -> Option<Option<Box<str>>> {
    if given.is_empty() {
        return Some(None);
    }
    faults
        .take("unit", text::line(given, 64))
        .map(|unit| Some(unit.into()))
}

fn optional(field: &str, given: &str, faults: &mut Faults) -> Option<Option<Box<str>>> {
    if given.is_empty() {
        return Some(None);
    }
    faults
        .take(field, text::identifier(given, 64))
        .map(|given| Some(given.into()))
}

fn amount(given: u64, faults: &mut Faults) -> Option<u64> {
    if given == 0 || given > AMOUNT_MAX_VND {
        faults.note("amount_vnd", "must be between 1 and 10^15 đồng");
        return None;
    }
    Some(given)
}
