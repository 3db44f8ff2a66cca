//! The table: every call, the scopes that open it, and its matter. What has no row is refused.

use prost::{DecodeError, Message as _};

use super::Scope;
use super::Scope::{
    Accept, Correct, Erase, Import, LookupIdentity, Operate, Process, ReadApplicant, ReadCounts,
    ReadDossier, ReadHistory, ReadReport, TakeIn,
};
use super::matter::{
    About, Matter, about, accepted, answered, asked_agency, at_intake, changed, filed, filing,
    minute, read, uploading,
};
use crate::Faults;
use crate::convert::change::submission_name;
use crate::hoso::{
    identity::v1 as identity, intake::v1 as intake, processing::v1 as processing,
    reporting::v1 as reporting,
};

/// Whom a row lets in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// Anyone, without a token.
    Anyone,
    /// Whose token is good for one of these.
    Scopes(&'static [Scope]),
}

/// What a call is about, read from the bytes of its first message; at a side door, of its query.
pub type Read = fn(&[u8]) -> Result<About, DecodeError>;

/// Who may make a call.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// `/package.Service/Method`, or `GET /path` of a side door.
    pub call: &'static str,
    /// Whom it lets in.
    pub who: Who,
    /// What it is about; none when its scopes alone decide.
    pub about: Option<Read>,
}

/// The row of a call.
pub fn row(call: &str) -> Option<&'static Row> {
    // Some hundred short names: a look costs less than a microsecond.
    ROWS.iter().find(|row| row.call == call)
}

macro_rules! rows {
    (
        $($service:literal {
            $($method:ident($request:ty) [$($scope:ident),*] $(, |$asked:ident| $about:expr)?;)*
        })*
        doors { $($door:literal $who:expr $(, |$query:ident| $matter:expr)?;)* }
    ) => {
        /// All of them.
        pub const ROWS: &[Row] = &[
            $($(Row {
                call: concat!("/", $service, "/", stringify!($method)),
                who: Who::Scopes(&[$($scope),*]),
                about: rows!(@about $request $(, |$asked| $about)?),
            },)*)*
            $(Row {
                call: $door,
                who: $who,
                about: rows!(@door $(|$query| $matter)?),
            },)*
        ];
    };
    (@about $request:ty) => {
        None
    };
    (@about $request:ty, |$asked:ident| $about:expr) => {
        Some(|bytes| {
            let $asked = <$request>::decode(bytes)?;
            Ok($about)
        })
    };
    (@door) => {
        None
    };
    (@door |$query:ident| $matter:expr) => {
        Some(|$query| Ok(about(String::new(), [$matter])))
    };
}

rows! {
    "hoso.intake.v1.IntakeService" {
        SubmitDossier(intake::SubmitDossierRequest) [TakeIn],
            |asked| about(asked.min_position, filed(asked.submission));
        AcceptDossier(intake::AcceptDossierRequest) [Accept],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id), accepted(asked.acceptance)]);
        SubmitAndAcceptDossier(intake::SubmitAndAcceptDossierRequest) [Accept], |asked| {
            let mut matters = filed(asked.submission);
            matters.push(accepted(asked.acceptance));
            about(asked.min_position, matters)
        };
        RefuseDossier(intake::RefuseDossierRequest) [Accept],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        RequestIntakeSupplement(intake::RequestIntakeSupplementRequest) [Accept],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        SupplementSubmission(intake::SupplementSubmissionRequest) [Accept],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        CorrectApplicant(intake::CorrectApplicantRequest) [Correct],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        EraseSubject(intake::EraseSubjectRequest) [Erase],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        RecordComponents(intake::RecordComponentsRequest) [Accept],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        WithdrawSubmission(intake::WithdrawSubmissionRequest) [Accept],
            |asked| about(asked.min_position, [at_intake(&asked.dossier_id)]);
        GetSubmission(intake::GetSubmissionRequest) [ReadApplicant], |asked| {
            let name = submission_name(asked.name.as_ref(), &mut Faults::default());
            about(asked.min_position, [Matter::Read(name)])
        };
        ListSubmissions(intake::ListSubmissionsRequest) [ReadDossier],
            |asked| about(asked.min_position, [Matter::Agency(asked.agency)]);
        // Any counter takes what is brought for any dossier, of whichever agency.
        ReceiveFiling(intake::ReceiveFilingRequest) [TakeIn], |asked| {
            let counter = Matter::Counter { point: String::new(), operator: asked.operator };
            about(asked.min_position, [counter])
        };
        GetFiling(intake::GetFilingRequest) [TakeIn, ReadDossier],
            |asked| filing(&asked.filing_id, asked.min_position);
        // Whoever carries an old system's dossiers over does so for every agency that it served.
        ImportDossier(intake::ImportDossierRequest) [Import];
    }
    "hoso.intake.v1.TerminalService" {
        EnrolTerminal(intake::EnrolTerminalRequest) [Operate];
        GetTerminal(intake::GetTerminalRequest) [TakeIn, Operate],
            |asked| about(asked.min_position, [Matter::Terminal(asked.terminal_id)]);
        SyncTerminal(intake::SyncTerminalRequest) [TakeIn], |first| about(String::new(), uploading(first));
        LeaseReceiptRange(intake::LeaseReceiptRangeRequest) [TakeIn],
            |asked| about(asked.min_position, [Matter::Terminal(asked.terminal_id)]);
        // Signed by the side that takes, read by either.
        AcknowledgeHandOver(intake::AcknowledgeHandOverRequest) [Accept],
            |asked| minute(asked.number, true, asked.min_position);
        GetHandOver(intake::GetHandOverRequest) [TakeIn, Accept],
            |asked| minute(asked.number, false, asked.min_position);
        ListOpenCustody(intake::ListOpenCustodyRequest) [TakeIn, Accept],
            |asked| about(asked.min_position, [Matter::Holder(asked.holder)]);
        ListTerminalAnswers(intake::ListTerminalAnswersRequest) [TakeIn, Operate],
            |asked| about(asked.min_position, [Matter::Terminal(asked.terminal_id)]);
        GetTerminalAnswer(intake::GetTerminalAnswerRequest) [TakeIn, Operate],
            |asked| about(asked.min_position, [Matter::Terminal(asked.terminal_id)]);
        // What a procedure asks for is public.
        ListChecklists(intake::ListChecklistsRequest) [TakeIn, Accept, ReadDossier];
        GetChecklist(intake::GetChecklistRequest) [TakeIn, Accept, ReadDossier];
    }
    // What is found is only what the caller may read.
    "hoso.identity.v1.IdentityService" {
        FindDossiersByIdentity(identity::FindDossiersByIdentityRequest) [LookupIdentity],
            |asked| about(asked.min_position, [Matter::Agency(asked.agency)]);
    }
    "hoso.processing.v1.AuditService" {
        ListIdentityLookUps(processing::ListIdentityLookUpsRequest) [ReadHistory], |asked| match &asked.dossier {
            Some(dossier) => read(Some(dossier), asked.min_position),
            None => about(asked.min_position, [Matter::Agency(String::new())]),
        };
    }
    "hoso.processing.v1.ProcessingService" {
        GetDossier(processing::GetDossierRequest) [ReadDossier], |asked| read(asked.dossier.as_ref(), asked.min_position);
        ListDossiers(processing::ListDossiersRequest) [ReadDossier],
            |asked| about(asked.min_position, [Matter::Agency(asked.agency)]);
        GetHistory(processing::GetHistoryRequest) [ReadDossier, ReadHistory],
            |asked| read(asked.dossier.as_ref(), asked.min_position);
        ExplainDeadline(processing::ExplainDeadlineRequest) [ReadDossier, ReadHistory],
            |asked| read(asked.dossier.as_ref(), asked.min_position);
        Transfer(processing::TransferRequest) [Process], |asked| changed(asked.change);
        AssignTask(processing::AssignTaskRequest) [Process], |asked| changed(asked.change);
        RequestSupplement(processing::RequestSupplementRequest) [Process], |asked| changed(asked.change);
        ReceiveSupplement(processing::ReceiveSupplementRequest) [Process], |asked| changed(asked.change);
        LapseSupplement(processing::LapseSupplementRequest) [Process], |asked| changed(asked.change);
        RequestFee(processing::RequestFeeRequest) [Process], |asked| changed(asked.change);
        RecordPayment(processing::RecordPaymentRequest) [Process], |asked| changed(asked.change);
        ExtendDeadline(processing::ExtendDeadlineRequest) [Process], |asked| changed(asked.change);
        SuspendProcessing(processing::SuspendProcessingRequest) [Process], |asked| changed(asked.change);
        ResumeProcessing(processing::ResumeProcessingRequest) [Process], |asked| changed(asked.change);
        TerminateProcessing(processing::TerminateProcessingRequest) [Process], |asked| changed(asked.change);
        ResolveDossier(processing::ResolveDossierRequest) [Process], |asked| changed(asked.change);
        RefuseAfterExamination(processing::RefuseAfterExaminationRequest) [Process], |asked| changed(asked.change);
        WithdrawDossier(processing::WithdrawDossierRequest) [Process], |asked| changed(asked.change);
        RecordDelivery(processing::RecordDeliveryRequest) [Process], |asked| changed(asked.change);
        ProposeVoid(processing::ProposeVoidRequest) [Correct], |asked| changed(asked.change);
        VoidAcceptance(processing::VoidAcceptanceRequest) [Correct], |asked| changed(asked.change);
        CorrectEvent(processing::CorrectEventRequest) [Correct], |asked| changed(asked.change);
        CorrectApplicant(processing::CorrectApplicantRequest) [Correct], |asked| changed(asked.change);
        EraseSubject(processing::EraseSubjectRequest) [Erase], |asked| changed(asked.change);
        // A node takes in for every agency.
        GiveUpVault(processing::GiveUpVaultRequest) [Erase],
            |_asked| about(String::new(), [Matter::Agency(String::new())]);
        WaiveFee(processing::WaiveFeeRequest) [Process], |asked| changed(asked.change);
        RefundFee(processing::RefundFeeRequest) [Process], |asked| changed(asked.change);
        ReceiveByCompetentAgency(processing::ReceiveByCompetentAgencyRequest) [Process],
            |asked| changed(asked.change);
        OpenSubtask(processing::OpenSubtaskRequest) [Process], |asked| changed(asked.change);
        CompleteSubtask(processing::CompleteSubtaskRequest) [Process],
            |asked| answered(asked.change, asked.number);
        CancelSubtask(processing::CancelSubtaskRequest) [Process], |asked| changed(asked.change);
        RecordComponents(processing::RecordComponentsRequest) [Process], |asked| changed(asked.change);
        RecordDeliveryFailure(processing::RecordDeliveryFailureRequest) [Process], |asked| changed(asked.change);
        ReturnResultToAgency(processing::ReturnResultToAgencyRequest) [Process], |asked| changed(asked.change);
        LinkFeedback(processing::LinkFeedbackRequest) [Process], |asked| changed(asked.change);
        ListSubtasks(processing::ListSubtasksRequest) [ReadDossier],
            |asked| about(asked.min_position, [Matter::Agency(asked.agency)]);
        PublishCalendar(processing::PublishCalendarRequest) [Operate];
        GetCalendar(processing::GetCalendarRequest) [Operate, ReadDossier, ReadHistory];
        GetFiling(processing::GetFilingRequest) [TakeIn, ReadDossier],
            |asked| filing(&asked.filing_id, asked.min_position);
        // Nobody knows whose dossiers they are for.
        ListHeldFilings(processing::ListHeldFilingsRequest) [ReadDossier],
            |asked| about(asked.min_position, [Matter::Agency(String::new())]);
    }
    "hoso.processing.v1.WatchService" {
        WatchDossiers(processing::WatchDossiersRequest) [ReadDossier],
            |asked| about(String::new(), [Matter::Agency(asked.agency)]);
        WatchDeadlines(processing::WatchDeadlinesRequest) [ReadDossier],
            |asked| about(String::new(), [Matter::Agency(asked.agency)]);
    }
    "hoso.reporting.v1.ReportingService" {
        GetReport(reporting::GetReportRequest) [ReadCounts, ReadReport], |asked| {
            let question = asked.question.unwrap_or_default();
            about(String::new(), [Matter::Agency(question.agency), Matter::Counts(asked.small_cells_min)])
        };
        ListCellDossiers(reporting::ListCellDossiersRequest) [ReadReport],
            |asked| about(String::new(), [Matter::Agency(asked.question.unwrap_or_default().agency)]);
        CheckFigures(reporting::CheckFiguresRequest) [ReadCounts, ReadReport, Operate];
        GetStatus(reporting::GetStatusRequest) [Operate, ReadCounts, ReadReport];
    }
    // The head is what auditors hold a history against.
    "hoso.log.v1.LogService" {
        GetHead(log::GetHeadRequest) [Operate, ReadHistory];
        GetStatus(log::GetStatusRequest) [Operate];
        ReadRecords(log::ReadRecordsRequest) [Operate];
    }
    "hoso.log.v1.ParkedService" {
        ListParked(log::ListParkedRequest) [Operate];
        GetParked(log::GetParkedRequest) [Operate];
    }
    "hoso.vault.v1.VaultService" {
        CopyVault(vault::CopyVaultRequest) [Operate];
    }
    doors {
        // Anyone who has a code may know how far it is: the code and the degree of completion, nothing else (TT 01/2018 Đ.16.2d).
        "/hoso.processing.v1.ProcessingService/TrackDossier" Who::Anyone;
        "GET /livez" Who::Anyone;
        "GET /readyz" Who::Anyone;
        "GET /metrics" Who::Scopes(&[Operate]);
        // A page without figures; what it shows it asks for.
        "GET /" Who::Anyone;
        "GET /v1/reports/ii06a" Who::Scopes(&[ReadCounts, ReadReport]), |query| asked_agency(query);
        "GET /v1/reports/ii06a/changes" Who::Scopes(&[ReadCounts, ReadReport]), |query| asked_agency(query);
    }
}
