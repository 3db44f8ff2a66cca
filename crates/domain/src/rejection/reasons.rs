//! The list of rejections: the stable reason, the kind, the sentences and the hint of each, side by side.

use jiff::{Timestamp, civil::Date};

use super::time_faults::label;
use super::{CarriedPart, RejectionKind, TimeFaults};
use crate::ids::{
    AgencyId, DossierCode, LawId, OrganisationId, PointId, ProcedureCode, TerminalId, VersionHash,
};
use crate::written::{dmy, dong, moment};

rejections! {
    // What is named must exist in the catalogue.

    /// Submission names a procedure that is not in the catalogue.
    UnknownProcedure { procedure: ProcedureCode } = "UNKNOWN_PROCEDURE" InvalidArgument field "procedure"
        en("the catalogue has no procedure {procedure}")
        vi("Danh mục không có thủ tục {procedure}.")
        hint("use the national procedure code without the agency suffix, as in the catalogue")
    /// Submission names an agency that is not in the catalogue.
    UnknownAgency { agency: AgencyId } = "UNKNOWN_AGENCY" InvalidArgument field "agency"
        en("the catalogue has no agency {agency}")
        vi("Danh mục không có cơ quan {agency}.")
        hint("use an agency identifier of the catalogue")
    /// Submission or acceptance names a one-stop point that is not in the catalogue.
    UnknownPoint { point: PointId } = "UNKNOWN_POINT" InvalidArgument field "point"
        en("the catalogue has no one-stop point {point}")
        vi("Danh mục không có điểm tiếp nhận {point}.")
        hint("use a point of the catalogue, or leave it out when filing elsewhere")
    /// A hand-over minute names a point that is not in the catalogue as the side that gives.
    HandOverFromUnknownPoint { point: PointId } = "HAND_OVER_FROM_UNKNOWN_POINT" InvalidArgument field "from.id"
        en("the catalogue has no one-stop point {point}")
        vi("Danh mục không có điểm tiếp nhận {point}.")
        hint("use a point of the catalogue")
    /// A hand-over minute names a point that is not in the catalogue as the side that takes.
    HandOverToUnknownPoint { point: PointId } = "HAND_OVER_TO_UNKNOWN_POINT" InvalidArgument field "to.id"
        en("the catalogue has no one-stop point {point}")
        vi("Danh mục không có điểm tiếp nhận {point}.")
        hint("use a point of the catalogue")
    /// A transfer to an agency that is not in the catalogue or not valid today.
    TransferToUnknownAgency { agency: AgencyId } = "TRANSFER_TO_UNKNOWN_AGENCY" InvalidArgument field "to"
        en("the catalogue has no valid agency {agency} to pass the dossier to")
        vi("Không có cơ quan {agency} đang hoạt động để chuyển hồ sơ đến.")
        hint("name an agency that is valid today, such as the successor of one that was merged")

    // Authority to accept: procedure, agency, point and operator on the day of acceptance.

    /// The procedure is not in force on the day of acceptance.
    ProcedureNotValid { procedure: ProcedureCode, on: Date } = "PROCEDURE_NOT_VALID" FailedPrecondition
        en("procedure {procedure} is not in force on {on}")
        vi("Thủ tục {procedure} không có hiệu lực vào ngày {}.", dmy(*on))
        hint("refuse the dossier at intake, or correct the catalogue")
    /// The agency does not exist on the day of acceptance.
    AgencyNotValid { agency: AgencyId, on: Date } = "AGENCY_NOT_VALID" FailedPrecondition
        en("agency {agency} does not exist on {on}")
        vi("Cơ quan {agency} không hoạt động vào ngày {}.", dmy(*on))
        hint("file anew for the agency's successor")
    /// The agency does not decide this procedure.
    AgencyDoesNotDecide { agency: AgencyId, procedure: ProcedureCode } = "AGENCY_DOES_NOT_DECIDE" FailedPrecondition
        en("agency {agency} does not decide procedure {procedure}")
        vi("Cơ quan {agency} không có thẩm quyền giải quyết thủ tục {procedure}.")
        hint("refuse the dossier at intake and point to the competent agency")
    /// The point is closed on the day of acceptance.
    PointNotValid { point: PointId, on: Date } = "POINT_NOT_VALID" FailedPrecondition field "point"
        en("one-stop point {point} is not open on {on}")
        vi("Điểm tiếp nhận {point} không hoạt động vào ngày {}.", dmy(*on))
        hint("accept at a point that is valid on that day")
    /// The point has no authority for the agency.
    PointDoesNotServe { point: PointId, agency: AgencyId } = "POINT_DOES_NOT_SERVE" FailedPrecondition field "point"
        en("one-stop point {point} may not accept for agency {agency}")
        vi("Điểm tiếp nhận {point} không được tiếp nhận hồ sơ của cơ quan {agency}.")
        hint("accept at a point that serves the agency; elsewhere the dossier can only be collected")
    /// The operator does not run the point.
    OperatorNotAtPoint { operator: OrganisationId, point: PointId } = "OPERATOR_NOT_AT_POINT" PermissionDenied field "operator"
        en("{operator} does not run one-stop point {point}")
        vi("{operator} không vận hành điểm tiếp nhận {point}.")
        hint("name the organisation whose staff work at the point, as in the catalogue")
    /// No law version of the catalogue is in force on the day.
    NoLawInForce { on: Date } = "NO_LAW_IN_FORCE" FailedPrecondition
        en("the catalogue has no law version in force on {on}")
        vi("Danh mục không có phiên bản pháp luật có hiệu lực vào ngày {}.", dmy(*on))
        hint("add the law version to the catalogue; no due date is given without one")
    /// The law version that governs the dossier is no longer in the catalogue.
    LawVersionUnknown { law: LawId } = "LAW_VERSION_UNKNOWN" FailedPrecondition
        en("the catalogue has no law version {law}, which governs this dossier")
        vi("Danh mục không có phiên bản pháp luật {law} đang áp dụng cho hồ sơ này.")
        hint("keep old law versions in the catalogue: a dossier is judged by the one of its acceptance")
    /// The day's dossier codes have run out.
    CodesExhausted { prefix: Box<str>, on: Date } = "CODES_EXHAUSTED" ResourceExhausted
        en("no dossier code is left for {prefix} on {on}")
        vi("Hết mã hồ sơ cho {prefix} trong ngày {}.", dmy(*on))
        hint("try again; if it stays so, the node's counter needs attention")

    // Legal times.

    /// An earlier time lies after the server's clock.
    TimeInFuture { at: Timestamp, now: Timestamp } = "TIME_IN_FUTURE" InvalidArgument field "earlier"
        en("{at} lies after the server's clock, {now}")
        vi("Thời điểm {} muộn hơn giờ máy chủ {}.", moment(*at), moment(*now))
        hint("check the device's clock; a legal time is never in the future")
    /// Recorded late, before the dossier was filed.
    TimeBeforeSubmission { at: Timestamp, submitted_at: Timestamp } = "TIME_BEFORE_SUBMISSION" InvalidArgument field "earlier"
        en("{at} lies before the dossier was filed, {submitted_at}")
        vi("Thời điểm {} sớm hơn lúc nộp hồ sơ {}.", moment(*at), moment(*submitted_at))
        hint("only a signed hand-over minute may be older than the recorded filing")
    /// An end before the beginning.
    TimeBeforeAcceptance { at: Timestamp, accepted_at: Timestamp } = "TIME_BEFORE_ACCEPTANCE" InvalidArgument field "earlier"
        en("{at} lies before the dossier was accepted, {accepted_at}")
        vi("Thời điểm {} sớm hơn lúc tiếp nhận {}.", moment(*at), moment(*accepted_at))
        hint("processing cannot end before acceptance")
    /// A hand-over minute is an act between the public post and the agency.
    MinuteOnlyForPostal = "MINUTE_ONLY_FOR_POSTAL" InvalidArgument field "hand_over_minute"
        en("a hand-over minute gives the time of acceptance only to a dossier that came by public post")
        vi("Biên bản giao nhận chỉ xác định thời điểm tiếp nhận của hồ sơ gửi qua bưu chính công ích.")
        hint("leave it out: the server's clock gives the time")
    /// A hand-over minute says when a dossier was filed, not when it was resolved.
    MinuteNotForEnds = "MINUTE_NOT_FOR_ENDS" InvalidArgument field "earlier"
        en("a hand-over minute does not say when processing ended")
        vi("Biên bản giao nhận không xác định thời điểm kết thúc xử lý.")
        hint("leave it out: the server's clock gives the time")
    /// A hand-over minute older than the law version allows.
    MinuteTooOld { signed_on: Date, working_days: u32, max: u16 } = "MINUTE_TOO_OLD" FailedPrecondition field "hand_over_minute"
        en("the minute was signed on {signed_on}, {working_days} working days ago; {max} are allowed")
        vi("Biên bản ký ngày {}, đã {working_days} ngày làm việc; tối đa {max} ngày.", dmy(*signed_on))
        hint("leave the minute out; the time can be put right afterwards by CorrectEvent, under the scope record-late")
    /// Recorded later than the law version allows.
    RecordedTooLate { on: Date, working_days: u32, max: u16 } = "RECORDED_TOO_LATE" FailedPrecondition field "earlier"
        en("{on} lies {working_days} working days back; {max} are allowed")
        vi("Ngày {} đã qua {working_days} ngày làm việc; tối đa {max} ngày.", dmy(*on))
        hint("leave the earlier time out: the server's clock gives the time")
    /// The caller may not record late.
    RecordLateNotAllowed = "RECORD_LATE_NOT_ALLOWED" PermissionDenied
        en("the caller may not record an earlier time")
        vi("Tài khoản không có quyền ghi nhận thời điểm sớm hơn.")
        hint("ask for the scope record-late, or leave the earlier time out")

    // Carried over from another system.

    /// The other system's code is in no pattern of dossier codes.
    CodeNotAccepted { code: DossierCode } = "CODE_NOT_ACCEPTED" InvalidArgument field "code"
        en("{code} is in no accepted pattern of dossier codes")
        vi("Mã {code} không đúng mẫu mã hồ sơ được chấp nhận.")
        hint("a code is kept as it is: 000.00.06.H20-YYMMDD-… or H20.06-YYMMDD-…, 4 to 13 digits at the end")
    /// Another intake node gives out such codes, and would not know that this one is taken.
    CodeOfAnotherNode { code: DossierCode, node: u8 } = "CODE_OF_ANOTHER_NODE" FailedPrecondition field "code"
        en("{code} has the form of the codes that intake node {node} gives out")
        vi("Mã {code} có dạng mã do nút tiếp nhận số {node} cấp.")
        hint("import it at the intake node with that digit; one may be started for the import")
    /// The other system names a law version that is not in the catalogue.
    UnknownLaw { law: LawId } = "UNKNOWN_LAW" InvalidArgument field "law"
        en("the catalogue has no law version {law}")
        vi("Danh mục không có phiên bản pháp luật {law}.")
        hint("use a law version of the catalogue, or leave it out for the one in force on the day of acceptance")
    /// Accepted in the future.
    CarriedOverFromFuture { at: Timestamp, now: Timestamp } = "CARRIED_OVER_FROM_FUTURE" InvalidArgument field "accepted_at"
        en("{at} lies after the server's clock, {now}")
        vi("Thời điểm tiếp nhận {} muộn hơn giờ máy chủ {}.", moment(*at), moment(*now))
        hint("a dossier that is carried over was accepted before now")
    /// Filed after it was accepted.
    FiledAfterAcceptance { filed_at: Timestamp, accepted_at: Timestamp } = "FILED_AFTER_ACCEPTANCE" InvalidArgument field "filed_at"
        en("{filed_at} lies after the acceptance, {accepted_at}")
        vi("Thời điểm nộp {} muộn hơn lúc tiếp nhận {}.", moment(*filed_at), moment(*accepted_at))
        hint("leave the time of filing out when the other system did not record it")
    /// Due before it was accepted.
    DueBeforeAcceptance { due_on: Date, accepted_on: Date } = "DUE_BEFORE_ACCEPTANCE" InvalidArgument field "due"
        en("{due_on} lies before the acceptance on {accepted_on}")
        vi("Ngày hẹn trả {} sớm hơn ngày tiếp nhận {}.", dmy(*due_on), dmy(*accepted_on))
        hint("leave the due date out when the other system did not record one")

    // The phase does not allow it.

    /// There is no such dossier.
    DossierUnknown = "DOSSIER_UNKNOWN" NotFound
        en("there is no such dossier")
        vi("Không có hồ sơ này.")
        hint("check the number; a dossier begins with its submission")
    /// Filed already.
    AlreadySubmitted = "ALREADY_SUBMITTED" FailedPrecondition
        en("the dossier was filed already")
        vi("Hồ sơ đã được nộp.")
        hint("read the dossier; for another dossier use another request id")
    /// Not accepted yet.
    NotAccepted = "NOT_ACCEPTED" FailedPrecondition
        en("the dossier is not accepted yet")
        vi("Hồ sơ chưa được tiếp nhận.")
        hint("accept it first")
    /// Accepted already.
    AlreadyAccepted = "ALREADY_ACCEPTED" FailedPrecondition
        en("the dossier was accepted already")
        vi("Hồ sơ đã được tiếp nhận.")
        hint("what follows is processing's: ask for a supplement, refuse after examination, resolve")
    /// Refused at intake.
    RefusedAtIntake = "REFUSED_AT_INTAKE" FailedPrecondition
        en("the dossier was refused at intake")
        vi("Hồ sơ đã bị từ chối tiếp nhận.")
        hint("the applicant files anew")
    /// Intake waits for what is missing.
    IntakeSupplementAwaited = "INTAKE_SUPPLEMENT_AWAITED" FailedPrecondition
        en("intake asked for what is missing and it has not come")
        vi("Hồ sơ đang chờ bổ sung trước khi tiếp nhận.")
        hint("record the supplement first, or refuse the dossier")
    /// Intake waits for nothing.
    IntakeSupplementNotRequested = "INTAKE_SUPPLEMENT_NOT_REQUESTED" FailedPrecondition
        en("intake asked for no supplement")
        vi("Hồ sơ không có yêu cầu bổ sung trước khi tiếp nhận.")
        hint("ask for the supplement first, or accept")
    /// A supplement was asked for and has not come.
    SupplementAwaited = "SUPPLEMENT_AWAITED" FailedPrecondition
        en("a supplement was asked for and has not come")
        vi("Hồ sơ đang chờ bổ sung giấy tờ.")
        hint("record the supplement, or its lapse; or stop processing, or withdraw")
    /// No supplement was asked for.
    SupplementNotRequested = "SUPPLEMENT_NOT_REQUESTED" FailedPrecondition
        en("no supplement is awaited")
        vi("Hồ sơ không chờ bổ sung giấy tờ.")
        hint("ask for the supplement first")
    /// The law version sets no limit for the answer.
    SupplementNeverLapses { law: LawId } = "SUPPLEMENT_NEVER_LAPSES" FailedPrecondition
        en("law version {law} sets no limit for a supplement")
        vi("Phiên bản pháp luật {law} không quy định thời hạn bổ sung hồ sơ.")
        hint("stop processing for good with a reason and its legal ground")
    /// The limit has not passed.
    SupplementNotLapsed { lapses_on: Date } = "SUPPLEMENT_NOT_LAPSED" FailedPrecondition
        en("the supplement may still come until {lapses_on}")
        vi("Hạn bổ sung hồ sơ là ngày {}, chưa hết hạn.", dmy(*lapses_on))
        hint("wait until that day has passed")
    /// A financial obligation is open.
    PaymentAwaited = "PAYMENT_AWAITED" FailedPrecondition
        en("a financial obligation was notified and is not met")
        vi("Hồ sơ đang chờ thực hiện nghĩa vụ tài chính.")
        hint("record the payment; or stop processing, or withdraw")
    /// No such obligation was notified.
    FeeNotRequested { notice: Box<str> } = "FEE_NOT_REQUESTED" FailedPrecondition field "notice"
        en("no financial obligation {notice} is open")
        vi("Không có thông báo nghĩa vụ tài chính {notice} đang chờ nộp.")
        hint("name the notice that was sent")
    /// Paid already.
    FeeAlreadyPaid { notice: Box<str> } = "FEE_ALREADY_PAID" FailedPrecondition field "notice"
        en("financial obligation {notice} was paid already")
        vi("Nghĩa vụ tài chính theo thông báo {notice} đã được nộp.")
        hint("nothing more to record; a second payment is refunded outside")
    /// Less than what was notified.
    PaymentTooSmall { paid_vnd: u64, due_vnd: u64 } = "PAYMENT_TOO_SMALL" InvalidArgument field "amount_vnd"
        en("{paid_vnd} đồng does not meet the obligation of {due_vnd} đồng")
        vi("Số tiền {} đồng chưa đủ {} đồng.", dong(*paid_vnd), dong(*due_vnd))
        hint("record the payment once the whole amount is paid")
    /// Suspended.
    Suspended = "SUSPENDED" FailedPrecondition
        en("processing is suspended")
        vi("Hồ sơ đang tạm dừng xử lý.")
        hint("resume processing first; or stop it for good, or withdraw")
    /// Not suspended.
    NotSuspended = "NOT_SUSPENDED" FailedPrecondition
        en("processing is not suspended")
        vi("Hồ sơ không tạm dừng xử lý.")
        hint("read the dossier: there is nothing to resume")
    /// No due date to move.
    NoDueDate = "NO_DUE_DATE" FailedPrecondition
        en("the dossier has no due date that could move")
        vi("Hồ sơ không có ngày hẹn trả để gia hạn.")
        hint("the procedure sets no time limit; nothing is late")
    /// The new day is not after the due date.
    ExtensionNotLater { new_date: Date, due_on: Date } = "EXTENSION_NOT_LATER" InvalidArgument field "new_date"
        en("{new_date} is not after the due date, {due_on}")
        vi("Ngày {} không muộn hơn ngày hẹn trả {}.", dmy(*new_date), dmy(*due_on))
        hint("name a working day after the due date")
    /// The new day is off.
    ExtensionOnDayOff { new_date: Date } = "EXTENSION_ON_DAY_OFF" InvalidArgument field "new_date"
        en("{new_date} is not a working day")
        vi("Ngày {} không phải ngày làm việc.", dmy(*new_date))
        hint("name a working day: nobody could hand over the result on that day")
    /// The due date stands as it is.
    NothingToRecompute { calendar: VersionHash } = "NOTHING_TO_RECOMPUTE" FailedPrecondition
        en("the due date stands as calendar {calendar} gives it")
        vi("Ngày hẹn trả không thay đổi theo lịch {calendar}.")
        hint("wait for a newer calendar")
    /// No result yet.
    NotResolved = "NOT_RESOLVED" FailedPrecondition
        en("there is no result to hand over")
        vi("Hồ sơ chưa có kết quả để trả.")
        hint("enter the result first")
    /// Resolved already.
    AlreadyResolved = "ALREADY_RESOLVED" FailedPrecondition
        en("the dossier is resolved")
        vi("Hồ sơ đã có kết quả giải quyết.")
        hint("only the delivery of the result is left")
    /// Handed over already.
    AlreadyReturned = "ALREADY_RETURNED" FailedPrecondition
        en("the result was handed over")
        vi("Hồ sơ đã trả kết quả.")
        hint("nothing is left to do; for another result a new dossier is filed")
    /// Stopped for good.
    AlreadyTerminated = "ALREADY_TERMINATED" FailedPrecondition
        en("processing was stopped for good")
        vi("Hồ sơ đã dừng giải quyết.")
        hint("the applicant files anew")
    /// Withdrawn.
    AlreadyWithdrawn = "ALREADY_WITHDRAWN" FailedPrecondition
        en("the applicant withdrew the dossier")
        vi("Hồ sơ đã được công dân rút.")
        hint("the applicant files anew")
    /// Destroyed already.
    SubjectAlreadyErased = "SUBJECT_ALREADY_ERASED" FailedPrecondition
        en("the personal data was noted as destroyed already")
        vi("Dữ liệu cá nhân của hồ sơ đã được ghi nhận là đã xóa.")
        hint("nothing is left to do")

    // Beyond the straight way.

    /// Nobody proposed to void it.
    VoidNotProposed = "VOID_NOT_PROPOSED" FailedPrecondition
        en("nobody proposed to void the acceptance")
        vi("Chưa có đề nghị hủy tiếp nhận hồ sơ.")
        hint("propose it first; a second person then confirms")
    /// Whoever proposes does not confirm.
    VoidBySamePerson = "VOID_BY_SAME_PERSON" PermissionDenied field "actor"
        en("whoever proposed to void the acceptance cannot confirm it")
        vi("Người đề nghị hủy tiếp nhận không được tự xác nhận.")
        hint("let a second person confirm")
    /// One account for two persons.
    SecondPersonBySameAccount = "SECOND_PERSON_BY_SAME_ACCOUNT" PermissionDenied field "actor"
        en("the account that named the first person cannot name the second")
        vi("Tài khoản đã thay mặt người thứ nhất không được thay mặt người thứ hai.")
        hint("let the second person send it with a token of their own")
    /// Accepted by mistake, as two persons said.
    AcceptanceVoided = "ACCEPTANCE_VOIDED" FailedPrecondition
        en("the acceptance was voided")
        vi("Hồ sơ đã bị hủy tiếp nhận.")
        hint("file anew for the right procedure")
    /// There was no such event.
    NothingToCorrect { event: &'static str } = "NOTHING_TO_CORRECT" FailedPrecondition field "correction"
        en("the dossier has no {} that could be corrected so", label(event).1)
        vi("Hồ sơ không có sự kiện “{}” để đính chính.", label(event).0)
        hint("read the history: name a fact that was recorded")
    /// The event has no time that is put right.
    TimeNotCorrectable { event: &'static str } = "TIME_NOT_CORRECTABLE" FailedPrecondition field "legal_time.revision"
        en("the time of {event} is not put right")
        vi("Thời điểm của sự kiện này không được đính chính ({event}).")
        hint("name the event that was recorded at a wrong time: filing, acceptance, a wait or its end, a result, its delivery")
    /// The right time cannot be.
    CorrectedTimeImpossible { faults: TimeFaults } = "CORRECTED_TIME_IMPOSSIBLE" InvalidArgument field "legal_time.at"
        en("{} {faults}", faults.at)
        vi("Thời điểm {}: {}.", moment(faults.at), faults.vietnamese())
        hint("give a time between the events before and after it; when several are wrong, correct them from the last to the first, or from the first to the last")
    /// Whoever proposes does not confirm.
    CorrectionBySamePerson = "CORRECTION_BY_SAME_PERSON" PermissionDenied field "actor"
        en("whoever proposed this correction, which changes figures, cannot confirm it")
        vi("Người đề nghị đính chính làm thay đổi số liệu không được tự xác nhận.")
        hint("let a second person send the same correction")
    /// The fact is right already.
    CorrectionChangesNothing = "CORRECTION_CHANGES_NOTHING" InvalidArgument field "correction"
        en("the fact is recorded so already")
        vi("Dữ liệu đã đúng như vậy, không cần đính chính.")
        hint("read the dossier: it may have been corrected before")
    /// Help goes with filing online.
    AssistedNeedsOnline = "ASSISTED_NEEDS_ONLINE" FailedPrecondition field "correction"
        en("only who files online can be helped to do so")
        vi("Chỉ hồ sơ nộp trực tuyến mới có hỗ trợ tại quầy.")
        hint("correct the channel first")
    /// Never paid.
    FeeNotPaid { notice: Box<str> } = "FEE_NOT_PAID" FailedPrecondition field "notice"
        en("financial obligation {notice} was not paid")
        vi("Nghĩa vụ tài chính theo thông báo {notice} chưa được nộp.")
        hint("name a notice that was paid")
    /// More than what is left.
    RefundTooLarge { refund_vnd: u64, left_vnd: u64 } = "REFUND_TOO_LARGE" InvalidArgument field "amount_vnd"
        en("{refund_vnd} đồng is more than the {left_vnd} đồng that were paid and not given back")
        vi("Số tiền hoàn {} đồng lớn hơn số đã nộp còn lại {} đồng.", dong(*refund_vnd), dong(*left_vnd))
        hint("give back at most what was paid")
    /// Not boundary-independent, or received before.
    ClockStarted = "CLOCK_STARTED" FailedPrecondition
        en("the clock has started already")
        vi("Thời hạn giải quyết đã bắt đầu tính.")
        hint("only a boundary-independent dossier is received by the competent agency, and once")
    /// A sub-task for an agency that does not exist today.
    SubtaskAgencyUnknown { agency: AgencyId } = "SUBTASK_AGENCY_UNKNOWN" InvalidArgument field "agency"
        en("the catalogue has no valid agency {agency} to ask")
        vi("Không có cơ quan {agency} đang hoạt động để lấy ý kiến hoặc liên thông.")
        hint("name an agency that is valid today")
    /// No sub-task of that number.
    SubtaskUnknown { number: u16 } = "SUBTASK_UNKNOWN" InvalidArgument field "number"
        en("the dossier has no sub-task {number}")
        vi("Hồ sơ không có việc phối hợp số {number}.")
        hint("read the dossier: its sub-tasks are numbered from 1")
    /// Answered or cancelled.
    SubtaskClosed { number: u16 } = "SUBTASK_CLOSED" FailedPrecondition field "number"
        en("sub-task {number} is closed")
        vi("Việc phối hợp số {number} đã kết thúc.")
        hint("ask anew if another answer is needed")
    /// It waits for the one before it.
    SubtaskNotStarted { number: u16, after: u16 } = "SUBTASK_NOT_STARTED" FailedPrecondition field "number"
        en("sub-task {number} starts when sub-task {after} is closed")
        vi("Việc phối hợp số {number} chỉ bắt đầu khi việc số {after} kết thúc.")
        hint("complete or cancel the one before it first")
    /// The post gave it back already.
    ResultIsBack = "RESULT_IS_BACK" FailedPrecondition
        en("the result is back at the agency already")
        vi("Kết quả đã được chuyển hoàn về cơ quan.")
        hint("hand it over at the counter, or record the next attempt once it is sent again")
    /// The agency has not ended, or nobody took over.
    NoSuccessor { agency: AgencyId } = "NO_SUCCESSOR" FailedPrecondition
        en("agency {agency} has not ended, or the catalogue names no successor")
        vi("Cơ quan {agency} chưa kết thúc hoạt động hoặc chưa có cơ quan kế thừa.")
        hint("name the successor in the catalogue, or transfer the dossier")

    // What happened to a carried-over dossier since.

    /// Extensions without the first and the present due date, or the first one where nothing moved it.
    CarriedExtensionWithoutDue = "CARRIED_EXTENSION_WITHOUT_DUE" InvalidArgument field "original_due_on"
        en("extensions go with the due date given at acceptance and the one now, and the former only with what may have moved it")
        vi("Gia hạn phải kèm ngày hẹn trả ban đầu và ngày hẹn trả hiện tại; ngày ban đầu chỉ dùng khi có gia hạn hoặc lần chờ đã kết thúc.")
        hint("tell both due dates, or no extension; the first one alone stands in the present one's place")
    /// An extension that lies before acceptance or the one before it, in the future, or does not move the due date on.
    CarriedExtensionOutOfOrder { new_date: Date } = "CARRIED_EXTENSION_OUT_OF_ORDER" InvalidArgument field "extensions"
        en("the extension to {new_date} was not told after acceptance and the one before it, or is to no later day")
        vi("Lần gia hạn đến ngày {} không theo đúng thứ tự thời gian hoặc không muộn hơn ngày hẹn trước.", dmy(*new_date))
        hint("list extensions from the earliest on, each with when it was told and a later day than before")
    /// The last extension is to another day than the due date.
    CarriedExtensionNotDue { new_date: Date, due_on: Date } = "CARRIED_EXTENSION_NOT_DUE" InvalidArgument field "extensions"
        en("the last extension is to {new_date}, and it is due on {due_on}")
        vi("Lần gia hạn cuối đến ngày {}, trong khi ngày hẹn trả là {}.", dmy(*new_date), dmy(*due_on))
        hint("the due date is that of the last extension; put right the one that is wrong")
    /// A wait that is over, which began before acceptance, ended before it began, or ended in the future.
    CarriedPastOutside { part: CarriedPart, from: Timestamp, until: Timestamp } = "CARRIED_PAST_OUTSIDE" InvalidArgument field (part.field())
        en("it cannot have lasted from {from} to {until}: before its acceptance, after now, or backwards")
        vi("Khoảng từ {} đến {} trước khi tiếp nhận, ở tương lai hoặc ngược thứ tự.", moment(*from), moment(*until))
        hint("tell when it began and ended, as recorded there; what was paid before acceptance needs no time of the notice")
    /// Two waits at one time.
    CarriedWaitsOverlap { part: CarriedPart, from: Timestamp, other: Timestamp } = "CARRIED_WAITS_OVERLAP" InvalidArgument field (part.field())
        en("what began at {from} began while it still waited for what was asked for at {other}")
        vi("Lần chờ bắt đầu {} trùng với lần chờ bắt đầu {} chưa kết thúc.", moment(*from), moment(*other))
        hint("a dossier waits for one thing at a time: tell the one that stopped it, and a fee paid meanwhile by its payment only, after the wait")
    /// A fee with the notice of one that was paid before.
    CarriedFeeTwice { notice: Box<str> } = "CARRIED_FEE_TWICE" InvalidArgument field "fees"
        en("notice {notice} was paid before, and is told once more")
        vi("Thông báo nghĩa vụ tài chính {notice} đã nộp lại được nêu thêm một lần.")
        hint("each notice has a number of its own, the one that is not paid yet too")
    /// A wait that began before acceptance or in the future.
    CarriedWaitOutside { since: Timestamp } = "CARRIED_WAIT_OUTSIDE" InvalidArgument field "since"
        en("it cannot wait since {since}, before its acceptance or after now")
        vi("Thời điểm bắt đầu chờ {} sớm hơn lúc tiếp nhận hoặc ở tương lai.", moment(*since))
        hint("tell since when it waits, as recorded there")
    /// The supplement that it waits for has lapsed.
    CarriedSupplementLapsed { lapses_on: Date } = "CARRIED_SUPPLEMENT_LAPSED" FailedPrecondition field "lapses_on"
        en("the supplement had to be brought by {lapses_on}: the dossier is not pending any more")
        vi("Hạn bổ sung ngày {} đã qua: hồ sơ không còn chờ bổ sung.", dmy(*lapses_on))
        hint("end it in the other system, or tell until when it may still be brought")

    // Postal terminals.

    /// This node enrolled no such terminal.
    TerminalUnknown { terminal: TerminalId } = "TERMINAL_UNKNOWN" NotFound field "terminal_id"
        en("this node knows no terminal {terminal}")
        vi("Nút tiếp nhận này không có thiết bị {terminal}.")
        hint("enrol the terminal here, or call the node that enrolled it")
    /// It is enrolled in another office.
    TerminalOfAnotherOffice { terminal: TerminalId, office: Box<str> } = "TERMINAL_OF_ANOTHER_OFFICE" PermissionDenied field "office"
        en("terminal {terminal} is enrolled in another post office, {office}")
        vi("Thiết bị {terminal} thuộc bưu cục khác, {office}.")
        hint("enrol it anew where it stands now")
    /// It belongs to another intake node, which has its journal and its receipt numbers.
    TerminalOfAnotherNode { terminal: TerminalId, node: u32, here: u8 } = "TERMINAL_OF_ANOTHER_NODE" FailedPrecondition field "node"
        en("terminal {terminal} belongs to intake node {node}, and this is node {here}")
        vi("Thiết bị {terminal} thuộc nút tiếp nhận {node}; đây là nút {here}.")
        hint("call the node that enrolled it; what it has keyed in waits there meanwhile")
    /// Another entry of the journal has the number.
    SequenceReused { sequence: u32 } = "SEQUENCE_REUSED" FailedPrecondition field "sequence"
        en("another entry was taken in under number {sequence}")
        vi("Số thứ tự {sequence} đã dùng cho một mục khác.")
        hint("write the entry once more under the journal's next number, with the same command id")
    /// A receipt's number was used before.
    ReceiptNumberUsed { series: Box<str>, number: u64 } = "RECEIPT_NUMBER_USED" FailedPrecondition field "number"
        en("receipt {series}/{number} was issued before")
        vi("Biên lai {series}/{number} đã được sử dụng.")
        hint("issue another receipt, and let the office look at both")
    /// The node's numbers in the series have run out.
    ReceiptNumbersExhausted { series: Box<str> } = "RECEIPT_NUMBERS_EXHAUSTED" FailedPrecondition field "series"
        en("no receipt number is left in series {series} at this node")
        vi("Hết số biên lai trong ký hiệu {series}.")
        hint("begin another series")
    /// Another minute has the number.
    HandOverNumberTaken { number: Box<str> } = "HAND_OVER_NUMBER_TAKEN" FailedPrecondition field "number"
        en("another minute has the number {number}")
        vi("Số biên bản giao nhận {number} đã được sử dụng.")
        hint("give the minute its own number")
    /// There is no such minute.
    HandOverUnknown { number: Box<str> } = "HAND_OVER_UNKNOWN" NotFound field "number"
        en("this node has no minute {number}")
        vi("Không có biên bản giao nhận {number}.")
        hint("wait until the terminal that holds it has synchronised")
    /// Both sides have signed.
    HandOverAcknowledged { number: Box<str> } = "HAND_OVER_ACKNOWLEDGED" FailedPrecondition
        en("both sides have signed minute {number} already")
        vi("Biên bản giao nhận {number} đã được hai bên ký.")
        hint("read the minute; what was found later goes into a new one")
}
