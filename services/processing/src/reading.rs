//! What each change says, from the wire: the command it means, and the words that go to the vault first.

use api::convert::change::{self as wire, Wished};
use api::convert::{beyond, filing, values};
use api::hoso::processing::v1::{
    AssignTaskRequest, CancelSubtaskRequest, Change, CompleteSubtaskRequest,
    CorrectApplicantRequest, CorrectEventRequest, EraseSubjectRequest, ExtendDeadlineRequest,
    LapseSupplementRequest, LinkFeedbackRequest, OpenSubtaskRequest, ProposeVoidRequest,
    ReceiveByCompetentAgencyRequest, ReceiveSupplementRequest, RecordComponentsRequest,
    RecordDeliveryFailureRequest, RecordDeliveryRequest, RecordPaymentRequest, RefundFeeRequest,
    RefuseAfterExaminationRequest, RequestFeeRequest, RequestSupplementRequest,
    ResolveDossierRequest, ResumeProcessingRequest, ReturnResultToAgencyRequest,
    SuspendProcessingRequest, TerminateProcessingRequest, TransferRequest, VoidAcceptanceRequest,
    WaiveFeeRequest, WithdrawDossierRequest,
};
use api::{EdgeError, Faults, edge, text};
use domain::command::{
    AssignTask, CancelSubtask, Command, CompleteSubtask, CorrectEvent, EraseSubject,
    ExtendDeadline, LapseSupplement, OpenSubtask, ProposeVoid, ReceiveByCompetentAgency,
    ReceiveSupplement, RecordDelivery, RecordDeliveryFailure, RecordPayment, RefundFee,
    RefuseAfterExamination, RequestFee, RequestSupplement, Resolve, ResumeProcessing,
    ReturnResultToAgency, SuspendProcessing, TerminateProcessing, Transfer, VoidAcceptance,
    WaiveFee, Withdraw,
};
use domain::ids::{ActorId, AgencyId, VaultRef};

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
        let amount = wire::amount(asked.amount_vnd, faults);
        Ok(notice.zip(amount).map(|(notice, amount_vnd)| {
            Wished::plain(Command::RequestFee(RequestFee { notice: notice.into(), amount_vnd }))
        }))
    };
    RecordPaymentRequest = "RecordPayment", |asked, faults| {
        let notice = faults.take("notice", text::identifier(&asked.notice, 64));
        let amount = wire::amount(asked.amount_vnd, faults);
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
        let to_authorised = asked.to_authorised;
        let mode = faults.take("mode", wire::delivery_mode(asked.mode));
        let item = optional("postal_item", &asked.postal_item, faults);
        let proof = faults.take("proof", text::prose(&asked.proof, 1000));
        mode.zip(item).zip(proof).map(|((mode, item), proof)| with_words(&proof, move |proof| {
            Command::RecordDelivery(RecordDelivery { mode, item: item.clone(), proof, to_authorised })
        })).transpose()
    };
    ProposeVoidRequest = "ProposeVoid", |asked, faults| {
        values::reason(asked.reason.as_ref(), faults).map(|why| Wished::because(why, |reason| {
            Command::ProposeVoid(ProposeVoid { reason })
        })).transpose()
    };
    VoidAcceptanceRequest = "VoidAcceptance", |_asked, _faults| {
        Ok(Some(Wished::plain(Command::VoidAcceptance(VoidAcceptance))))
    };
    CorrectEventRequest = "CorrectEvent", |asked, faults| {
        let why = values::reason(asked.reason.as_ref(), faults);
        let right = beyond::right(asked.right.as_ref(), faults);
        why.zip(right).map(|(why, right)| Wished::because(why, move |reason| {
            Command::CorrectEvent(CorrectEvent { right: right.clone(), reason })
        })).transpose()
    };
    CorrectApplicantRequest = "CorrectApplicant", |asked, faults| {
        let person = filing::applicant(asked.applicant.as_ref(), faults);
        let reason = wire::reason_code(&asked.reason_code, faults);
        person
            .zip(reason)
            .map(|((_, person), reason)| Wished::replacing(&person, reason))
            .transpose()
    };
    EraseSubjectRequest = "EraseSubject", |asked, faults| {
        let ground = wire::reason_code(&asked.reason_code, faults);
        Ok(ground.map(|ground| Wished::plain(Command::EraseSubject(EraseSubject { ground }))))
    };
    WaiveFeeRequest = "WaiveFee", |asked, faults| {
        let notice = faults.take("notice", text::identifier(&asked.notice, 64)).map(Box::<str>::from);
        let why = values::reason(asked.reason.as_ref(), faults);
        why.zip(notice).map(|(why, notice)| Wished::because(why, move |reason| {
            Command::WaiveFee(WaiveFee { notice: notice.clone(), reason })
        })).transpose()
    };
    RefundFeeRequest = "RefundFee", |asked, faults| {
        let notice = faults.take("notice", text::identifier(&asked.notice, 64)).map(Box::<str>::from);
        let amount = wire::amount(asked.amount_vnd, faults);
        let method = faults.take("method", wire::payment_method(asked.method));
        let receipt = faults.take("receipt", text::identifier(&asked.receipt, 64)).map(Box::<str>::from);
        let why = values::reason(asked.reason.as_ref(), faults);
        why.zip(notice).zip(amount).zip(method).zip(receipt).map(
            |((((why, notice), amount_vnd), method), receipt)| Wished::because(why, move |reason| {
                Command::RefundFee(RefundFee {
                    notice: notice.clone(),
                    amount_vnd,
                    method,
                    receipt: receipt.clone(),
                    reason,
                })
            }),
        ).transpose()
    };
    ReceiveByCompetentAgencyRequest = "ReceiveByCompetentAgency", |_asked, _faults| {
        Ok(Some(Wished::plain(Command::ReceiveByCompetentAgency(ReceiveByCompetentAgency))))
    };
    OpenSubtaskRequest = "OpenSubtask", |asked, faults| {
        let kind = faults.take("kind", beyond::subtask_kind(asked.kind));
        let agency = faults.take("agency", text::identifier(&asked.agency, 64)).map(AgencyId::new);
        let limit = faults.take("limit", beyond::limit(asked.limit.as_ref()));
        let after = if asked.after == 0 {
            Some(None)
        } else {
            faults.take("after", beyond::subtask_number(asked.after)).map(Some)
        };
        let why = faults.within("question", |faults| values::reason_of(asked.question.as_ref(), faults));
        why.zip(kind).zip(agency).zip(limit).zip(after).map(
            |((((why, kind), agency), limit), after)| Wished::because(why, move |question| {
                Command::OpenSubtask(OpenSubtask { kind, agency: agency.clone(), limit, after, question })
            }),
        ).transpose()
    };
    CompleteSubtaskRequest = "CompleteSubtask", |asked, faults| {
        let number = faults.take("number", beyond::subtask_number(asked.number));
        let result = optional("result", &asked.result, faults);
        let answer = faults.take("answer", text::prose(&asked.answer, 4000));
        number.zip(result).zip(answer).map(|((number, result), answer)| {
            with_words(&answer, move |answer| {
                Command::CompleteSubtask(CompleteSubtask { number, result: result.clone(), answer })
            })
        }).transpose()
    };
    CancelSubtaskRequest = "CancelSubtask", |asked, faults| {
        let number = faults.take("number", beyond::subtask_number(asked.number));
        let why = values::reason(asked.reason.as_ref(), faults);
        why.zip(number).map(|(why, number)| Wished::because(why, move |reason| {
            Command::CancelSubtask(CancelSubtask { number, reason })
        })).transpose()
    };
    RecordComponentsRequest = "RecordComponents", |asked, faults| {
        let papers = beyond::components(&asked.components, faults);
        Ok(Some(Wished::plain(Command::RecordComponents(papers))))
    };
    RecordDeliveryFailureRequest = "RecordDeliveryFailure", |asked, faults| {
        let item = faults.take("postal_item", text::identifier(&asked.postal_item, 64)).map(Box::<str>::from);
        let why = values::reason(asked.reason.as_ref(), faults);
        let proof = faults.take("proof", text::prose(&asked.proof, 1000));
        let Some(((why, item), proof)) = why.zip(item).zip(proof) else {
            return Ok(None);
        };
        let words = edge::words(Some(&why))?;
        let first = words.len();
        let secrets = if proof.is_empty() {
            words
        } else {
            [words, vec![edge::secret(&proof)?]].concat()
        };
        Ok(Some(Wished {
            secrets,
            build: Box::new(move |kept| Command::RecordDeliveryFailure(RecordDeliveryFailure {
                item: item.clone(),
                reason: edge::reason(&why, kept),
                proof: kept.get(first).cloned(),
            })),
        }))
    };
    ReturnResultToAgencyRequest = "ReturnResultToAgency", |asked, faults| {
        let item = faults.take("postal_item", text::identifier(&asked.postal_item, 64)).map(Box::<str>::from);
        let proof = faults.take("proof", text::prose(&asked.proof, 1000));
        item.zip(proof).map(|(item, proof)| with_words(&proof, move |proof| {
            Command::ReturnResultToAgency(ReturnResultToAgency { item: item.clone(), proof })
        })).transpose()
    };
    LinkFeedbackRequest = "LinkFeedback", |asked, faults| {
        let feedback = beyond::feedback(asked.feedback.as_ref(), faults);
        Ok(feedback.map(|feedback| Wished::plain(Command::LinkFeedback(feedback))))
    };
}

/// A command with words that may be missing.
fn with_words(
    words: &str,
    build: impl Fn(Option<VaultRef>) -> Command + Send + Sync + 'static,
) -> Result<Wished, EdgeError> {
    let secrets = if words.is_empty() {
        Vec::new()
    } else {
        vec![edge::secret(words)?]
    };
    Ok(Wished {
        secrets,
        build: Box::new(move |kept| build(kept.first().cloned())),
    })
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
