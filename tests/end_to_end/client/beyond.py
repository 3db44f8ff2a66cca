"""What a province does with a dossier beyond the straight way: voided, put right, waived, asked of others, sent back by the post."""

import datetime
import time

import grpc

from contract import dossier, intake, processing, reporting
from office import (
    Calendar,
    Scenario,
    accept,
    applicant,
    change,
    day_of,
    direct,
    leave_word,
    named,
    reason,
    report_question,
    request_id,
    submit,
    submit_and_accept,
    today,
    word_left,
)

FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
PERMISSION_DENIED = grpc.StatusCode.PERMISSION_DENIED
CALENDAR = Calendar()
# What happens by itself happens within this time.
PATIENCE_S = 30


class Beyond(Scenario):
    def taken_in(self, submission=None, **changes):
        """An accepted dossier, and the position processing must have."""
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept(submission, **changes))
        self.position = written.position
        return written.dossier

    def does(self, rpc, dossier_id, actor="officer-1", **fields):
        request = getattr(processing, f"{rpc}Request")
        mark = change(dossier_id, actor=actor, min_position=self.position)
        answer = self.office.ask("processing", rpc, request(change=mark, **fields))
        self.position = answer.position
        return answer.dossier

    def does_not(self, rpc, dossier_id, code, why, actor="officer-1", **fields):
        request = getattr(processing, f"{rpc}Request")
        mark = change(dossier_id, actor=actor, min_position=self.position)
        self.refused("processing", rpc, request(change=mark, **fields), code, why)

    def kinds(self, dossier_id):
        asked = processing.GetHistoryRequest(dossier=named(dossier_id), page_size=500, min_position=self.position)
        return [event.kind for event in self.office.ask("processing", "GetHistory", asked).events]

    def report(self, **changes):
        question = report_question(today() - datetime.timedelta(days=1), today(), **changes)
        asked = reporting.GetReportRequest(question=question, min_position=self.position)
        report = self.office.ask("reporting", "GetReport", asked)
        return report.total, {line.key: line.value for line in report.memo}


class Voided(Beyond):
    def test_it_takes_two_persons_and_the_figures_forget_it(self):
        given = self.taken_in()
        counted, memo = self.report()
        proposed = self.does("ProposeVoid", given.dossier_id, reason=reason("sai_thu_tuc", "Chọn nhầm thủ tục"))
        self.assertEqual(proposed.void_proposed_by, "officer-1")
        self.assertIn("void_proposed", proposed.flags)
        self.does_not("VoidAcceptance", given.dossier_id, PERMISSION_DENIED, "VOID_BY_SAME_PERSON")
        voided = self.does("VoidAcceptance", given.dossier_id, actor="head-1")
        self.assertEqual(voided.phase, dossier.PHASE_VOIDED)
        self.assertEqual((voided.code, voided.exit), (given.code, "voided"))
        total, after = self.report()
        self.assertEqual(total.c3, counted.c3 - 1)
        self.assertEqual(after["acceptance_voided"], memo["acceptance_voided"] + 1)
        self.does_not("ResolveDossier", given.dossier_id, FAILED_PRECONDITION, "ACCEPTANCE_VOIDED", result="GP-1")
        # The code is not used again.
        self.assertNotEqual(self.taken_in().code, given.code)


class PutRight(Beyond):
    def test_a_wrong_channel_moves_from_column_five_to_column_four(self):
        given = self.taken_in()
        before, memo = self.report()
        right = self.does(
            "CorrectEvent", given.dossier_id, reason=reason("nham_kenh", ""), accepted_channel=dossier.CHANNEL_ONLINE
        )
        self.assertEqual(right.channel, dossier.CHANNEL_ONLINE)
        self.assertEqual(right.due, given.due)
        total, after = self.report()
        self.assertEqual((total.c4, total.c5), (before.c4 + 1, before.c5 - 1))
        self.assertEqual(after["corrected"], memo["corrected"] + 1)
        self.does_not(
            "CorrectEvent",
            given.dossier_id,
            INVALID_ARGUMENT,
            "CORRECTION_CHANGES_NOTHING",
            reason=reason(),
            accepted_channel=dossier.CHANNEL_ONLINE,
        )
        self.does_not("CorrectEvent", given.dossier_id, INVALID_ARGUMENT, "INVALID_FIELD", reason=reason())

    def test_a_wrong_time_of_acceptance_is_put_right_and_the_explanation_says_so(self):
        given = self.taken_in()
        now = datetime.datetime.now(datetime.timezone.utc)
        for time_right, code, why in (
            ({"revision": 2, "at": now + datetime.timedelta(days=1)}, INVALID_ARGUMENT, "CORRECTED_TIME_IMPOSSIBLE"),
            # Whoever shows no token may not bring an earlier time.
            ({"revision": 2, "at": now - datetime.timedelta(days=1)}, PERMISSION_DENIED, "RECORD_LATE_NOT_ALLOWED"),
            ({"revision": 9, "at": now}, FAILED_PRECONDITION, "NOTHING_TO_CORRECT"),
            ({}, INVALID_ARGUMENT, "INVALID_FIELD"),
        ):
            self.does_not("CorrectEvent", given.dossier_id, code, why, reason=reason(), legal_time=time_right)
        right = self.does(
            "CorrectEvent", given.dossier_id, reason=reason("nhap_sai"), legal_time={"revision": 2, "at": now}
        )
        self.assertIn("corrected", right.flags)
        self.assertLess(given.accepted_at.ToDatetime(), right.accepted_at.ToDatetime())
        asked = processing.ExplainDeadlineRequest(dossier=named(given.dossier_id), min_position=self.position)
        told = self.office.ask("processing", "ExplainDeadline", asked)
        self.assertIn("Đính chính thời điểm tiếp nhận", told.steps[-1].text_vi)
        self.assertIn("the time of acceptance", told.steps[-1].text_en)
        self.assertEqual(told.steps[-1].due, right.due)
        self.assertEqual(told.accepted_at, right.accepted_at)

    def test_a_misspelt_applicant_is_put_right_before_and_after_acceptance(self):
        filed = self.office.ask("intake", "SubmitDossier", submit()).dossier
        asked = intake.CorrectApplicantRequest(
            request_id=request_id(),
            dossier_id=filed.dossier_id,
            applicant=applicant(name="Lê Văn Đúng"),
            reason_code="sai_ten",
            actor="clerk-1",
        )
        self.office.ask("intake", "CorrectApplicant", asked)
        read = self.office.ask("intake", "GetSubmission", intake.GetSubmissionRequest(dossier_id=filed.dossier_id))
        self.assertEqual(read.applicant.name, "Lê Văn Đúng")
        self.position = self.office.ask("intake", "AcceptDossier", accept(filed.dossier_id)).position
        self.does(
            "CorrectApplicant",
            filed.dossier_id,
            applicant=applicant(name="Lê Văn Đúng Hơn"),
            reason_code="sai_ten",
        )
        self.assertEqual(self.kinds(filed.dossier_id).count("subject_replaced"), 2)


class Money(Beyond):
    def test_told_twice_paid_once_waived_and_given_back(self):
        life = self.taken_in().dossier_id
        self.does("RequestFee", life, notice="TB-1", amount_vnd=250_000)
        paid = {"notice": "TB-1", "amount_vnd": 250_000, "method": processing.PAYMENT_METHOD_ONLINE}
        first = self.does("RecordPayment", life, receipt="BL-1", **paid)
        again = self.does("RecordPayment", life, receipt="BL-1", **paid)
        self.assertEqual(again.revision, first.revision)
        self.does_not("RecordPayment", life, FAILED_PRECONDITION, "FEE_ALREADY_PAID", receipt="BL-2", **paid)
        self.does("RequestFee", life, notice="TB-2", amount_vnd=90_000)
        waived = self.does("WaiveFee", life, notice="TB-2", reason=reason("ho_ngheo", ""))
        self.assertEqual(waived.phase, dossier.PHASE_IN_PROCESSING)
        back = {
            "notice": "TB-1",
            "method": processing.PAYMENT_METHOD_TRANSFER,
            "receipt": "HT-1",
            "reason": reason("rut_ho_so", ""),
        }
        refunded = self.does("RefundFee", life, amount_vnd=100_000, **back)
        self.assertEqual(refunded.payments[0].refunded_vnd, 100_000)
        again = self.does("RefundFee", life, amount_vnd=100_000, **back)
        self.assertEqual(again.revision, refunded.revision)
        self.does_not("RefundFee", life, INVALID_ARGUMENT, "REFUND_TOO_LARGE", amount_vnd=200_000, **back)
        _, memo = self.report()
        for row in ["fee_requested", "paid_online", "fee_waived", "fee_refunded"]:
            self.assertGreaterEqual(memo[row], 1, row)


class Together(Beyond):
    def test_two_agencies_one_after_the_other(self):
        given = self.taken_in()
        life = given.dossier_id
        asked = {
            "agency": "000.00.14.H20",
            "limit": dossier.TimeLimit(amount=2, unit=dossier.TIME_UNIT_WORKING_DAYS),
            "question": reason("lay_y_kien", "Đề nghị cho ý kiến"),
        }
        opened = self.does("OpenSubtask", life, kind=dossier.SUBTASK_KIND_OPINION, **asked)
        due = CALENDAR.after(day_of(opened.subtasks[0].opened_at), 2)
        self.assertEqual(day_of(opened.subtasks[0].due.at), due)
        waits = self.does("OpenSubtask", life, kind=dossier.SUBTASK_KIND_INTERLINKED, after=1, **asked)
        self.assertFalse(waits.subtasks[1].HasField("due"))
        self.assertEqual(waits.due, given.due)
        self.assertEqual(self.asked("000.00.14.H20", life), [1])
        self.does_not("CompleteSubtask", life, FAILED_PRECONDITION, "SUBTASK_NOT_STARTED", number=2)
        done = self.does("CompleteSubtask", life, number=1, result="CV-5", answer="Thống nhất")
        self.assertEqual(done.subtasks[0].outcome, "early")
        self.assertTrue(done.subtasks[1].HasField("due"))
        self.assertEqual(self.asked("000.00.14.H20", life), [2])
        self.does("CancelSubtask", life, number=2, reason=reason("khong_can", ""))
        self.assertEqual(self.asked("000.00.14.H20", life), [])

    def asked(self, agency, life):
        """What the agency still has to answer of this dossier, one to a page."""
        numbers, token = [], ""
        while True:
            question = processing.ListSubtasksRequest(
                agency=agency, page_size=1, page_token=token, min_position=self.position
            )
            page = self.office.ask("processing", "ListSubtasks", question)
            numbers += [it.subtask.number for it in page.subtasks if it.dossier.dossier_id == life]
            token = page.next_page_token
            if not token:
                return numbers


class Post(Beyond):
    def test_two_failed_attempts_then_back_then_fetched(self):
        life = self.taken_in().dossier_id
        self.does("ResolveDossier", life, result="GP-7", electronic=True)
        item = {"postal_item": "EE123456785VN"}
        self.does("RecordDeliveryFailure", life, reason=reason("vang_nha", "Không gặp"), proof="Đã gọi điện", **item)
        failed = self.does("RecordDeliveryFailure", life, reason=reason("vang_nha", "Không gặp"), **item)
        self.assertEqual(failed.failed_deliveries, 2)
        self.assertIn("delivery_attempt_too_soon", failed.flags)
        back = self.does("ReturnResultToAgency", life, proof="Biên bản giao lại", **item)
        self.assertTrue(back.HasField("result_back_at"))
        self.assertEqual(back.phase, dossier.PHASE_RESOLVED)
        self.does_not("ReturnResultToAgency", life, FAILED_PRECONDITION, "RESULT_IS_BACK", **item)
        self.does("RecordDelivery", life, mode=processing.DELIVERY_MODE_COUNTER, proof="Ký nhận")
        feedback = dossier.Feedback(system="1022", number="PA-1", received_on=today().isoformat())
        linked = self.does("LinkFeedback", life, feedback=feedback)
        again = self.does("LinkFeedback", life, feedback=feedback)
        self.assertEqual(again.revision, linked.revision)
        self.assertEqual(list(again.feedback), [feedback])


class Papers(Beyond):
    def test_papers_are_digitised_and_reused_and_told_once(self):
        filed = self.office.ask("intake", "SubmitDossier", submit()).dossier
        papers = [
            dossier.DigitalComponent(component="DON", digest="ab" * 32, certified=True),
            dossier.DigitalComponent(component="CCCD", reused_from=dossier.REUSE_SOURCE_DATABASE, database="7"),
        ]
        asked = intake.RecordComponentsRequest(
            request_id=request_id(), dossier_id=filed.dossier_id, components=papers, actor="scanner-1"
        )
        known = self.office.ask("intake", "RecordComponents", asked).dossier
        self.assertEqual(list(known.digital_components), papers)
        asked.request_id = request_id()
        self.assertEqual(self.office.ask("intake", "RecordComponents", asked).dossier.revision, known.revision)
        asked.request_id = request_id()
        asked.components.append(dossier.DigitalComponent(component="DON", digest="abc"))
        self.refused("intake", "RecordComponents", asked, INVALID_ARGUMENT, "INVALID_FIELD", "components[2].digest")
        self.position = self.office.ask("intake", "AcceptDossier", accept(filed.dossier_id)).position
        scan = dossier.DigitalComponent(component="KETQUA", digest="cd" * 32)
        self.assertEqual(len(self.does("RecordComponents", filed.dossier_id, components=[scan]).digital_components), 3)
        _, memo = self.report()
        for row in ["components_digitised", "certified_copies", "components_reused", "database_used"]:
            self.assertGreaterEqual(memo[row], 1, row)


class Elsewhere(Beyond):
    def test_the_clock_starts_when_the_competent_agency_has_it(self):
        given = self.taken_in(direct(boundary_independent=True))
        self.assertFalse(given.HasField("due"))
        self.assertIn("awaiting_competent_agency", given.flags)
        received = self.does("ReceiveByCompetentAgency", given.dossier_id)
        self.assertEqual(day_of(received.due.at), CALENDAR.after(today(), 5))
        self.assertEqual(received.original_due, received.due)
        self.does_not("ReceiveByCompetentAgency", given.dossier_id, FAILED_PRECONDITION, "CLOCK_STARTED")
        asked = processing.ExplainDeadlineRequest(dossier=named(given.dossier_id), min_position=self.position)
        told = self.office.ask("processing", "ExplainDeadline", asked)
        self.assertTrue(all(day.reason and day.reason_en for day in told.days))
        self.assertIn("competent agency", told.days[0].reason_en)


class Provisional(Beyond):
    """Against a catalogue whose calendar publishes no year that is near."""

    def test_without_a_calendar_a_due_date_is_provisional(self):
        given = self.taken_in()
        self.assertTrue(given.due.provisional)
        asked = processing.GetDossierRequest(dossier=named(given.dossier_id), min_position=self.position)
        self.office.ask("processing", "GetDossier", asked)
        leave_word({"dossier": given.dossier_id})


class Recomputed(Beyond):
    """After a calendar was published, and again after the program was killed and started again."""

    def test_the_due_date_was_computed_once_and_intake_counts_on_the_published_calendar(self):
        self.position = ""
        self.computed(word_left()["dossier"])
        given = self.taken_in()
        self.assertFalse(given.due.provisional)
        asked = processing.GetDossierRequest(dossier=named(given.dossier_id), min_position=self.position)
        there = self.office.ask("processing", "GetDossier", asked).dossier
        self.assertEqual(there.due, given.due)
        self.assertNotIn("due_date_recomputed", self.kinds(given.dossier_id))
        answer = self.office.ask("processing", "GetCalendar", processing.GetCalendarRequest())
        self.assertEqual(answer.calendar.to_recompute, 0)

    def computed(self, life):
        until = time.monotonic() + PATIENCE_S
        while True:
            asked = processing.GetDossierRequest(dossier=named(life), min_position=self.position)
            if not self.office.ask("processing", "GetDossier", asked).dossier.due.provisional:
                break
            self.assertLess(time.monotonic(), until, "the due date stays provisional")
            time.sleep(0.1)
        self.assertEqual(self.kinds(life).count("due_date_recomputed"), 1)
