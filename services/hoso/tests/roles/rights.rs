//! Who may make each call about what, stated apart from the table that the program goes by: what a token must name.

use std::collections::BTreeMap;

use crate::things::{
    ACCEPTED_AT, AGENCY, ALL_AGENCIES, ANSWERED, CELLS, COUNTER, FILED, FILED_AT, FILED_READ,
    FILING, HOLDER, MINUTE, MINUTE_TO_SIGN, Named, OFFICE, READ, READ_OR_ALL, TERMINAL, Thing,
    UPLOADS_FOR, WORKED_ON,
};

/// Scopes of which one must be there, what the call must be about, and the calls of one service.
pub(crate) type Right = (
    &'static [&'static str],
    &'static [Thing],
    &'static str,
    &'static [&'static str],
);

const INTAKE: &str = "hoso.intake.v1.IntakeService";
const TERMINALS: &str = "hoso.intake.v1.TerminalService";
const IDENTITY: &str = "hoso.identity.v1.IdentityService";
const AUDIT: &str = "hoso.processing.v1.AuditService";
const PROCESSING: &str = "hoso.processing.v1.ProcessingService";
const WATCH: &str = "hoso.processing.v1.WatchService";
const REPORTING: &str = "hoso.reporting.v1.ReportingService";
const LOG: &str = "hoso.log.v1.LogService";

/// All of them, but for [`WITHOUT_TOKEN`].
pub(crate) const RIGHTS: &[Right] = &[
    (&["take-in"], &[AGENCY, COUNTER], INTAKE, &["SubmitDossier"]),
    (
        &["accept"],
        &[FILED, ACCEPTED_AT],
        INTAKE,
        &["AcceptDossier"],
    ),
    (
        &["accept"],
        &[AGENCY, FILED_AT, ACCEPTED_AT],
        INTAKE,
        &["SubmitAndAcceptDossier"],
    ),
    (
        &["accept"],
        &[FILED],
        INTAKE,
        &[
            "RefuseDossier",
            "RequestIntakeSupplement",
            "SupplementSubmission",
            "RecordComponents",
            "WithdrawSubmission",
        ],
    ),
    (&["correct"], &[FILED], INTAKE, &["CorrectApplicant"]),
    (&["erase"], &[FILED], INTAKE, &["EraseSubject"]),
    (
        &["read-applicant"],
        &[FILED_READ],
        INTAKE,
        &["GetSubmission"],
    ),
    (&["read-dossier"], &[AGENCY], INTAKE, &["ListSubmissions"]),
    (&["take-in"], &[OFFICE], INTAKE, &["ReceiveFiling"]),
    (
        &["take-in", "read-dossier"],
        &[FILING],
        INTAKE,
        &["GetFiling"],
    ),
    (&["import"], &[], INTAKE, &["ImportDossier"]),
    (&["operate"], &[], TERMINALS, &["EnrolTerminal"]),
    (
        &["take-in", "operate"],
        &[TERMINAL],
        TERMINALS,
        &["GetTerminal", "ListTerminalAnswers", "GetTerminalAnswer"],
    ),
    (
        &["take-in"],
        &[TERMINAL, UPLOADS_FOR],
        TERMINALS,
        &["SyncTerminal"],
    ),
    (&["take-in"], &[TERMINAL], TERMINALS, &["LeaseReceiptRange"]),
    (
        &["accept"],
        &[MINUTE_TO_SIGN],
        TERMINALS,
        &["AcknowledgeHandOver"],
    ),
    (
        &["take-in", "accept"],
        &[MINUTE],
        TERMINALS,
        &["GetHandOver"],
    ),
    (
        &["take-in", "accept"],
        &[HOLDER],
        TERMINALS,
        &["ListOpenCustody"],
    ),
    (
        &["take-in", "accept", "read-dossier"],
        &[],
        TERMINALS,
        &["ListChecklists", "GetChecklist"],
    ),
    (
        &["lookup-identity"],
        &[AGENCY],
        IDENTITY,
        &["FindDossiersByIdentity"],
    ),
    (
        &["read-history"],
        &[READ_OR_ALL],
        AUDIT,
        &["ListIdentityLookUps"],
    ),
    (&["read-dossier"], &[READ], PROCESSING, &["GetDossier"]),
    (
        &["read-dossier"],
        &[AGENCY],
        PROCESSING,
        &["ListDossiers", "ListSubtasks"],
    ),
    (
        &["read-dossier", "read-history"],
        &[READ],
        PROCESSING,
        &["GetHistory", "ExplainDeadline"],
    ),
    (
        &["process"],
        &[WORKED_ON],
        PROCESSING,
        &[
            "Transfer",
            "AssignTask",
            "RequestSupplement",
            "ReceiveSupplement",
            "LapseSupplement",
            "RequestFee",
            "RecordPayment",
            "WaiveFee",
            "RefundFee",
            "ExtendDeadline",
            "SuspendProcessing",
            "ResumeProcessing",
            "TerminateProcessing",
            "ResolveDossier",
            "RefuseAfterExamination",
            "WithdrawDossier",
            "RecordDelivery",
            "RecordDeliveryFailure",
            "ReturnResultToAgency",
            "ReceiveByCompetentAgency",
            "OpenSubtask",
            "CancelSubtask",
            "RecordComponents",
            "LinkFeedback",
        ],
    ),
    (&["process"], &[ANSWERED], PROCESSING, &["CompleteSubtask"]),
    (
        &["correct"],
        &[WORKED_ON],
        PROCESSING,
        &[
            "ProposeVoid",
            "VoidAcceptance",
            "CorrectEvent",
            "CorrectApplicant",
        ],
    ),
    (&["erase"], &[WORKED_ON], PROCESSING, &["EraseSubject"]),
    (&["erase"], &[ALL_AGENCIES], PROCESSING, &["GiveUpVault"]),
    (&["operate"], &[], PROCESSING, &["PublishCalendar"]),
    (
        &["operate", "read-dossier", "read-history"],
        &[],
        PROCESSING,
        &["GetCalendar"],
    ),
    (
        &["take-in", "read-dossier"],
        &[FILING],
        PROCESSING,
        &["GetFiling"],
    ),
    (
        &["read-dossier"],
        &[ALL_AGENCIES],
        PROCESSING,
        &["ListHeldFilings"],
    ),
    (
        &["read-dossier"],
        &[AGENCY],
        WATCH,
        &["WatchDossiers", "WatchDeadlines"],
    ),
    (
        &["read-counts", "read-report"],
        &[AGENCY, CELLS],
        REPORTING,
        &["GetReport"],
    ),
    (
        &["read-report"],
        &[AGENCY],
        REPORTING,
        &["ListCellDossiers"],
    ),
    (
        &["read-counts", "read-report", "operate"],
        &[],
        REPORTING,
        &["CheckFigures", "GetStatus"],
    ),
    (&["operate", "read-history"], &[], LOG, &["GetHead"]),
    (&["operate"], &[], LOG, &["GetStatus", "ReadRecords"]),
    (
        &["operate"],
        &[],
        "hoso.log.v1.ParkedService",
        &["ListParked", "GetParked"],
    ),
    (
        &["operate"],
        &[],
        "hoso.vault.v1.VaultService",
        &["CopyVault"],
    ),
];

/// Calls that anyone may make.
pub(crate) const WITHOUT_TOKEN: &[&str] = &["/hoso.processing.v1.ProcessingService/TrackDossier"];

/// What the side door of reporting lets in: the scopes, what it must be about, the path.
pub(crate) const DOORS: &[(&[&str], &[Thing], &str)] = &[
    (
        &["read-counts", "read-report"],
        &[AGENCY],
        "/v1/reports/ii06a",
    ),
    (
        &["read-counts", "read-report"],
        &[AGENCY],
        "/v1/reports/ii06a/changes",
    ),
    (&["operate"], &[], "/metrics"),
];

/// What a token says.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) scopes: Vec<&'static str>,
    pub(crate) claims: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Token {
    /// Whether it is good for one of these.
    pub(crate) fn opens(&self, scopes: &[&str]) -> bool {
        self.scopes.iter().any(|scope| scopes.contains(scope))
    }

    /// Whether it names what any of these ask for.
    pub(crate) fn names(&self, any: &[&[Named]]) -> bool {
        any.iter().any(|all| all.iter().all(|one| self.has(*one)))
    }

    fn has(&self, (claim, wanted): Named) -> bool {
        if claim == "scope" {
            return self.scopes.contains(&wanted);
        }
        match self.claims.get(claim) {
            Some(named) => named.iter().any(|it| ["*", wanted].contains(it)),
            // Whoever acts for an agency and for no unit in particular acts for all of them.
            None => claim == "unit",
        }
    }
}
