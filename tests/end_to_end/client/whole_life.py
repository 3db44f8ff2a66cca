"""Dossiers from the first call to the last, as the one-stop software drives them."""

import grpc

from contract import dossier, intake, processing
from office import (
    AT_ONCE,
    COUNTER,
    DEPARTMENT,
    POST,
    Calendar,
    Scenario,
    accept,
    applicant,
    at_counter,
    change,
    day_of,
    direct,
    named,
    online,
    postal,
    reason,
    submit,
    submit_and_accept,
)

FAILED_PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
INVALID_ARGUMENT = grpc.StatusCode.INVALID_ARGUMENT
CALENDAR = Calendar()


class Life(Scenario):
    """What the stories below share."""

    def expect(self, given, phase, status):
        self.assertEqual(given.phase, phase)
        self.assertEqual(given.national_status, status)

    def expect_due(self, due, day):
        """The due date is this day, at its close of business, compared by date."""
        self.assertEqual(day_of(due.at), day)
        self.assertFalse(due.by_instant)

    def history(self, dossier_id, position):
        asked = processing.GetHistoryRequest(dossier=named(dossier_id), min_position=position)
        return self.office.ask("processing", "GetHistory", asked)


class Online(Life):
    def test_from_the_portal_to_the_delivered_result(self):
        ask = self.office.ask
        person = applicant(name="Công ty TNHH Du lịch Sen Hồng", kind=dossier.APPLICANT_KIND_BUSINESS)
        source = dossier.SourceReference(system="motcua.dongthap", reference="2026-000001")
        filed = ask("intake", "SubmitDossier", submit(online(applicant=person, source=source))).dossier
        self.expect(filed, dossier.PHASE_SUBMITTED, 1)
        self.assertEqual(filed.code, "")
        self.assertFalse(filed.HasField("due"))
        self.assertTrue(filed.HasField("answer_due"))
        self.assertTrue(filed.synthetic)
        life = filed.dossier_id

        # What is missing is asked for once, before acceptance; then it is accepted.
        missing = intake.RequestIntakeSupplementRequest(
            request_id=accept(life).request_id, dossier_id=life, reason=reason(), components=["GPCU"], actor="clerk-1"
        )
        waiting = ask("intake", "RequestIntakeSupplement", missing).dossier
        self.expect(waiting, dossier.PHASE_AWAITING_INTAKE_SUPPLEMENT, 5)
        brought = intake.SupplementSubmissionRequest(
            request_id=accept(life).request_id,
            dossier_id=life,
            components=[dossier.Component(code="GPCU", copies=1)],
            actor="portal",
        )
        self.expect(ask("intake", "SupplementSubmission", brought).dossier, dossier.PHASE_SUBMITTED, 1)
        accepted = ask("intake", "AcceptDossier", accept(life))
        self.expect(accepted.dossier, dossier.PHASE_ACCEPTED, 2)
        day = day_of(accepted.dossier.accepted_at)
        self.assertRegex(accepted.dossier.code, rf"^000\.00\.06\.H20-{day:%y%m%d}-[0-9]{{4,}}$")
        first_due = CALENDAR.after(day, 5)
        self.expect_due(accepted.dossier.due, first_due)
        self.expect_due(accepted.dossier.original_due, first_due)
        self.assertEqual(accepted.dossier.due.provisional, not {day.year, first_due.year} <= CALENDAR.published)

        # The receipt says what the applicant may rely on.
        receipt = accepted.receipt
        self.assertEqual(receipt.code, accepted.dossier.code)
        self.assertEqual(receipt.limit, dossier.TimeLimit(amount=5, unit=dossier.TIME_UNIT_WORKING_DAYS))
        self.assertEqual(receipt.due, accepted.dossier.due)
        self.assertIn("Sở Văn hóa", receipt.agency_name)
        self.assertEqual(receipt.law, "nd118-2025")
        self.assertTrue(receipt.anchor)

        # Processing, from the position that intake's answer named.
        mark = {"min_position": accepted.position}
        to_unit = processing.TransferRequest(change=change(life, **mark), to=DEPARTMENT, unit="Phòng Quản lý du lịch")
        self.expect(ask("processing", "Transfer", to_unit).dossier, dossier.PHASE_IN_PROCESSING, 4)
        task = processing.AssignTaskRequest(change=change(life), holder="officer-7")
        held = ask("processing", "AssignTask", task).dossier
        self.assertEqual((held.holder, held.agency_now), ("officer-7", DEPARTMENT))

        wanted = processing.RequestSupplementRequest(change=change(life), reason=reason(), components=["KYQUY"])
        self.expect(ask("processing", "RequestSupplement", wanted).dossier, dossier.PHASE_AWAITING_SUPPLEMENT, 5)
        self.refused(
            "processing",
            "ResolveDossier",
            processing.ResolveDossierRequest(change=change(life), result="12/GP"),
            FAILED_PRECONDITION,
            "SUPPLEMENT_AWAITED",
        )
        received = processing.ReceiveSupplementRequest(
            change=change(life), components=[dossier.Component(code="KYQUY", certified_copies=1)]
        )
        went_on = ask("processing", "ReceiveSupplement", received).dossier
        self.expect(went_on, dossier.PHASE_IN_PROCESSING, 4)
        # The law in force counts anew from the day the supplement came: today.
        self.expect_due(went_on.original_due, first_due)
        events = self.history(life, "").events
        due = CALENDAR.after(day_of(events[-1].occurred_at), 5)
        self.expect_due(went_on.due, due)

        # An apology in time moves the due date to the day it names.
        later = CALENDAR.after(due, 3)
        extended = processing.ExtendDeadlineRequest(
            change=change(life, expected_revision=went_on.revision), reason=reason("cho_y_kien"), new_date=str(later)
        )
        moved = ask("processing", "ExtendDeadline", extended).dossier
        self.expect_due(moved.due, later)
        self.assertNotIn("late_extension", moved.flags)

        explained = ask("processing", "ExplainDeadline", processing.ExplainDeadlineRequest(dossier=named(life)))
        self.assertEqual(explained.code, moved.code)
        self.assertEqual((explained.due, explained.original_due), (moved.due, moved.original_due))
        self.assertEqual(explained.law, "nd118-2025")
        self.assertGreaterEqual(len(explained.steps), 3)
        self.assertTrue(all(step.text_vi and step.text_en for step in explained.steps))
        self.assertTrue(explained.rules and all(rule.source and rule.certainty for rule in explained.rules))
        self.assertEqual([day.date for day in explained.days], sorted({day.date for day in explained.days}))
        self.assertTrue(all(day.reason for day in explained.days if day.kind == "holiday"))

        resolved = ask(
            "processing",
            "ResolveDossier",
            processing.ResolveDossierRequest(change=change(life), result="12/GP-SVHTTDL", electronic=True),
        ).dossier
        self.expect(resolved, dossier.PHASE_RESOLVED, 9)
        self.assertEqual(resolved.exit, "granted")
        self.assertTrue(resolved.HasField("ended_at"))
        handed = processing.RecordDeliveryRequest(
            change=change(life), mode=processing.DELIVERY_MODE_POST, postal_item="RN123456785VN"
        )
        returned = ask("processing", "RecordDelivery", handed)
        self.expect(returned.dossier, dossier.PHASE_RETURNED, 10)
        self.assertEqual(returned.dossier.ended_at, resolved.ended_at)

        # Its history is whole, in order, and the same under each of its names.
        history = self.history(life, returned.position)
        self.assertEqual(
            [event.kind for event in history.events],
            [
                "dossier_submitted",
                "intake_supplement_requested",
                "intake_supplement_received",
                "dossier_accepted",
                "transferred",
                "task_assigned",
                "supplement_requested",
                "supplement_received",
                "deadline_extended",
                "dossier_resolved",
                "result_delivered",
            ],
        )
        self.assertEqual([event.revision for event in history.events], list(range(1, 12)))
        self.assertEqual(returned.dossier.revision, 11)
        self.assertEqual(len({event.event_id for event in history.events}), 11)
        self.assertTrue(all(event.text_vi and event.text_en for event in history.events))
        positions = [event.position for event in history.events]
        self.assertEqual(positions, sorted(set(positions)))
        for name in (
            processing.DossierName(code=returned.dossier.code),
            processing.DossierName(source=source),
        ):
            found = ask("processing", "GetDossier", processing.GetDossierRequest(dossier=name))
            self.assertEqual(found.dossier, returned.dossier)


class Endings(Life):
    """The other ways in which a dossier ends."""

    def accepted(self, submission=None):
        return self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept(submission))

    def marked(self, written):
        return change(written.dossier.dossier_id, min_position=written.position)

    def test_refused_at_intake(self):
        filed = self.office.ask("intake", "SubmitDossier", submit()).dossier
        no = intake.RefuseDossierRequest(
            request_id=accept("").request_id, dossier_id=filed.dossier_id, reason=reason("khong_du_dieu_kien"), actor="clerk-1"
        )
        self.expect(self.office.ask("intake", "RefuseDossier", no).dossier, dossier.PHASE_REFUSED, 3)
        self.refused(
            "intake", "AcceptDossier", accept(filed.dossier_id), FAILED_PRECONDITION, "REFUSED_AT_INTAKE"
        )

    def test_taken_back_before_acceptance(self):
        filed = self.office.ask("intake", "SubmitDossier", submit()).dossier
        back = intake.WithdrawSubmissionRequest(
            request_id=accept("").request_id, dossier_id=filed.dossier_id, actor="portal"
        )
        self.expect(self.office.ask("intake", "WithdrawSubmission", back).dossier, dossier.PHASE_WITHDRAWN, 7)

    def test_refused_after_examination(self):
        written = self.accepted()
        asked = processing.RefuseAfterExaminationRequest(change=self.marked(written), reason=reason("khong_dat"))
        ended = self.office.ask("processing", "RefuseAfterExamination", asked).dossier
        self.expect(ended, dossier.PHASE_RESOLVED, 9)
        self.assertEqual(ended.exit, "refused_after_examination")

    def test_taken_back_during_processing(self):
        written = self.accepted(postal())
        asked = processing.WithdrawDossierRequest(change=self.marked(written))
        ended = self.office.ask("processing", "WithdrawDossier", asked).dossier
        self.expect(ended, dossier.PHASE_WITHDRAWN, 7)
        self.assertEqual(ended.exit, "withdrawn")

    def test_suspended_resumed_and_stopped_for_good(self):
        written = self.accepted()
        life = written.dossier.dossier_id
        pause = processing.SuspendProcessingRequest(change=self.marked(written), reason=reason("cho_giam_dinh"))
        self.expect(self.office.ask("processing", "SuspendProcessing", pause).dossier, dossier.PHASE_SUSPENDED, 8)
        on = processing.ResumeProcessingRequest(change=change(life))
        resumed = self.office.ask("processing", "ResumeProcessing", on).dossier
        self.expect(resumed, dossier.PHASE_IN_PROCESSING, 4)
        stop = processing.TerminateProcessingRequest(change=change(life), reason=reason("khong_con_doi_tuong"))
        ended = self.office.ask("processing", "TerminateProcessing", stop).dossier
        self.expect(ended, dossier.PHASE_TERMINATED, 8)
        self.assertEqual(ended.exit, "terminated")
        again = processing.ResolveDossierRequest(change=change(life), result="13/GP")
        self.refused("processing", "ResolveDossier", again, FAILED_PRECONDITION, "ALREADY_TERMINATED")

    def test_a_fee_asked_for_and_paid(self):
        written = self.accepted()
        life = written.dossier.dossier_id
        asked = processing.RequestFeeRequest(change=self.marked(written), notice="TB-01", amount_vnd=650_000)
        self.expect(self.office.ask("processing", "RequestFee", asked).dossier, dossier.PHASE_AWAITING_PAYMENT, 6)
        short = processing.RecordPaymentRequest(
            change=change(life), notice="TB-01", amount_vnd=1, method=processing.PAYMENT_METHOD_CASH, receipt="BL-1"
        )
        self.refused("processing", "RecordPayment", short, INVALID_ARGUMENT, "PAYMENT_TOO_SMALL", "amount_vnd")
        paid = processing.RecordPaymentRequest(
            change=change(life), notice="TB-01", amount_vnd=650_000, method=processing.PAYMENT_METHOD_ONLINE, receipt="BL-2"
        )
        self.expect(self.office.ask("processing", "RecordPayment", paid).dossier, dossier.PHASE_IN_PROCESSING, 4)

    def test_a_result_at_once(self):
        asked = submit_and_accept(direct(procedure=AT_ONCE), immediate_result="05/TB-SVHTTDL")
        written = self.office.ask("intake", "SubmitAndAcceptDossier", asked)
        self.expect(written.dossier, dossier.PHASE_RETURNED, 10)
        self.assertEqual(written.dossier.exit, "granted")
        self.assertTrue(written.dossier.code)
        seen = self.office.ask(
            "processing",
            "GetDossier",
            processing.GetDossierRequest(dossier=named(written.dossier.dossier_id), min_position=written.position),
        )
        self.assertEqual(seen.dossier, written.dossier)

    def test_only_a_procedure_with_a_result_at_once_has_one(self):
        asked = submit_and_accept(immediate_result="05/TB-SVHTTDL")
        self.refused(
            "intake", "SubmitAndAcceptDossier", asked, INVALID_ARGUMENT, "INVALID_FIELD", "immediate_result"
        )

    def test_after_acceptance_intake_is_no_longer_the_writer(self):
        written = self.accepted()
        back = intake.WithdrawSubmissionRequest(
            request_id=accept("").request_id, dossier_id=written.dossier.dossier_id, actor="clerk-1"
        )
        self.refused("intake", "WithdrawSubmission", back, FAILED_PRECONDITION, "WRITTEN_ELSEWHERE")

    def test_before_acceptance_processing_is_not_yet_the_writer(self):
        written = self.office.ask("intake", "SubmitDossier", submit())
        asked = processing.ResolveDossierRequest(change=self.marked(written), result="14/GP")
        self.refused("processing", "ResolveDossier", asked, FAILED_PRECONDITION, "WRITTEN_ELSEWHERE")

    def test_the_post_accepts_at_the_centres_counter_and_the_channel_is_direct(self):
        written = self.accepted(direct(operator=POST, point=COUNTER))
        self.assertEqual(written.dossier.channel, dossier.CHANNEL_DIRECT)
        self.assertIn("Trung tâm", written.receipt.point_name)

    def test_two_acceptances_at_once_never_share_a_code(self):
        calls = [
            self.office.intake.SubmitAndAcceptDossier.future(submit_and_accept(), timeout=10) for _ in range(24)
        ]
        codes = sorted(call.result().dossier.code for call in calls)
        self.assertEqual(len(set(codes)), len(codes))

    def test_accepting_twice_is_refused(self):
        filed = self.office.ask("intake", "SubmitDossier", submit(direct())).dossier
        self.office.ask("intake", "AcceptDossier", accept(filed.dossier_id, acceptance=at_counter()))
        again = accept(filed.dossier_id, acceptance=at_counter())
        self.refused("intake", "AcceptDossier", again, FAILED_PRECONDITION, "WRITTEN_ELSEWHERE")
