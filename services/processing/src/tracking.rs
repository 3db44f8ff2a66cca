//! How far a dossier is, for whoever has its code: the code and the degree of completion, and nothing else (TT 01/2018 Đ.16.2d).

use api::hoso::processing::v1::{Completion, TrackDossierRequest, TrackDossierResponse};
use api::{EdgeError, text};
use application::HandleError;
use application::desk::Name;
use domain::dossier::Dossier;
use domain::ids::DossierCode;

use crate::grpc::Calls;

impl Calls {
    /// How far the dossier of that code is. A code that nobody knows, and what is no code, are answered in the same way.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn track(
        &self,
        asked: TrackDossierRequest,
    ) -> Result<TrackDossierResponse, EdgeError> {
        let completion = match text::identifier(&asked.code, 64) {
            Ok(code) => self.completion(&DossierCode::new(code))?,
            Err(_) => Completion::Unspecified,
        };
        Ok(TrackDossierResponse {
            // What was sent may be anything: only a code comes back.
            code: if completion == Completion::Unspecified {
                String::new()
            } else {
                asked.code
            },
            completion: completion.into(),
            label_vi: label(completion).to_owned(),
        })
    }

    fn completion(&self, code: &DossierCode) -> Result<Completion, EdgeError> {
        let id = match self.edge.desk.find(&Name::Code(code.clone())) {
            Ok(id) => id,
            Err(HandleError::Unknown) => return Ok(Completion::Unspecified),
            Err(error) => return Err(error.into()),
        };
        let (loaded, _) = self.edge.desk.load_known(id)?;
        Ok(match loaded.dossier {
            // Without a case it has no code.
            Dossier::Unknown
            | Dossier::Submitted(_)
            | Dossier::AwaitingIntakeSupplement(_)
            | Dossier::Refused(_) => Completion::Unspecified,
            Dossier::Accepted(_) => Completion::Accepted,
            Dossier::InProcessing(_)
            | Dossier::AwaitingSupplement(_)
            | Dossier::AwaitingPayment(_)
            | Dossier::Suspended(_) => Completion::InProcessing,
            Dossier::Resolved(_) => Completion::ResultReady,
            Dossier::Returned(_) => Completion::Returned,
            Dossier::Terminated(_) | Dossier::Withdrawn(_) | Dossier::Voided(_) => {
                Completion::Ended
            }
        })
    }
}

fn label(completion: Completion) -> &'static str {
    match completion {
        Completion::Unspecified => "Không tìm thấy hồ sơ",
        Completion::Accepted => "Đã tiếp nhận",
        Completion::InProcessing => "Đang giải quyết",
        Completion::ResultReady => "Đã có kết quả",
        Completion::Returned => "Đã trả kết quả",
        Completion::Ended => "Đã kết thúc",
    }
}
