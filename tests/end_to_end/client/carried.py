"""What a department has after the dossiers of its old software were carried over: deploy/examples/carried-over.csv."""

import grpc

from contract import dossier, intake, processing
from office import (
    DEPARTMENT,
    at,
    change,
    day_of,
    direct,
    named,
    online,
    request_id,
    submit_and_accept,
)
from rehearsal import FIRST, SECOND, Played, moment, row, set_clock

TOURISM, ADVERTISING = "H20-DVDL", "H20-QC"


def by_number(reference):
    return processing.DossierName(source=dossier.SourceReference(system="motcua.cu", reference=reference))


class NothingYet(Played):
    def test_a_file_with_faults_has_left_nothing(self):
        self.position = self.everything()
        self.assertEqual(self.office.head("intake").position, 0)
        self.assertEqual(self.report(FIRST, "").total.c3, 0)


class CarriedOver(Played):
    """The tests go on from each other: the clock only goes forward."""

    def test_1_a_dossier_is_as_the_old_software_had_it(self):
        asked = processing.GetDossierRequest(dossier=by_number("2023-00125"), min_position=self.everywhere())
        given = self.office.ask("processing", "GetDossier", asked).dossier
        self.assertEqual(given.code, "000.00.06.H20-230309-0125")
        self.assertEqual(given.phase, dossier.PHASE_ACCEPTED)
        self.assertEqual((given.channel, given.synthetic), (dossier.CHANNEL_POSTAL, True))
        self.assertEqual(given.accepted_at, at(moment("2023-03-09 08:00")))
        # Twenty calendar days would have ended on 29/3; the paper in the applicant's hand says 5/4.
        self.assertEqual((day_here(given.due), day_here(given.computed_due)), ("2023-04-05", "2023-03-29"))
        self.assertEqual(given.original_due, given.due)
        self.assertEqual(given.carried_over_from, "motcua.cu")
        self.assertEqual(list(given.flags), ["carried_over", "due_date_as_recorded"])

        events = history(self, given)
        self.assertEqual([event.kind for event in events], ["dossier_submitted", "dossier_accepted"])
        self.assertEqual(events[0].occurred_at, at(moment("2023-03-08 15:30")))
        self.assertEqual(day_of(events[1].recorded_at).isoformat(), "2023-03-14")
        told = explained(self, given)
        self.assertIn("motcua.cu", told.steps[0].text_vi)
        self.assertIn("05/04/2023 như đã ghi tại đó", told.steps[0].text_vi)
        self.assertIn("29/03/2023", told.steps[0].text_vi)
        self.assertEqual(told.days[-1].date, "2023-04-05")

    def test_2_they_are_counted_once_and_say_where_they_come_from(self):
        self.position = self.everywhere()
        report = self.report(FIRST, "")
        self.assertEqual(row(report, TOURISM), "3 1 2 0 | 0 0 0 0 | 3 3 0")
        self.assertEqual(row(report, ADVERTISING), "1 1 0 0 | 0 0 0 0 | 1 1 0")
        # The fifth has no due date: a bucket of its own, and a standing check says so.
        self.assertEqual([check.id for check in report.checks if not check.holds], ["no_due_date"])
        memo = {line.key: line.value for line in report.memo}
        # None of them was recorded late by anybody.
        self.assertEqual((memo["carried_over"], memo["no_due_date"], memo["recorded_late"]), (4, 1, 0))

    def test_3_their_codes_are_not_given_out_again(self):
        asked = submit_and_accept(direct())
        taken = self.office.ask("intake", "SubmitAndAcceptDossier", asked).dossier
        # The old software had given out 0131 on that day.
        self.assertEqual(taken.code, "000.00.06.H20-230314-0132")
        withdrawn = processing.WithdrawDossierRequest(
            change=change(taken.dossier_id, min_position=self.office.head("intake").token)
        )
        self.office.ask("processing", "WithdrawDossier", withdrawn)

    def test_4_what_cannot_be_carried_over_is_refused(self):
        taken = self.wish(code="000.00.06.H20-230306-0117", reference="2023-00999")
        self.refused("intake", "ImportDossier", taken, grpc.StatusCode.ALREADY_EXISTS, "CODE_TAKEN")
        again = self.wish(code="000.00.06.H20-230309-0999", reference="2023-00125")
        self.refused("intake", "ImportDossier", again, grpc.StatusCode.ALREADY_EXISTS, "SOURCE_REFERENCE_TAKEN")
        precondition, invalid = grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.INVALID_ARGUMENT
        elsewhere = self.wish(code="000.00.06.H20-230309-30999", reference="2023-00999")
        self.refused("intake", "ImportDossier", elsewhere, precondition, "CODE_OF_ANOTHER_NODE", "code")
        too_old = self.wish(reference="2023-00999", accepted_at="2009-03-09 08:00")
        self.refused("intake", "ImportDossier", too_old, precondition, "NO_LAW_IN_FORCE")
        future = self.wish(reference="2023-00999", accepted_at="2023-03-15 08:00")
        self.refused("intake", "ImportDossier", future, invalid, "CARRIED_OVER_FROM_FUTURE", "accepted_at")
        several = self.wish(code="HS-9", reference="2023-00999", procedure="9.9", law="nd0-1900")
        details = self.refused("intake", "ImportDossier", several, invalid, "INVALID_FIELD")
        self.assertEqual(details.fields, ["procedure", "code", "law"])
        nameless = self.wish(reference="2023-00999")
        nameless.submission.ClearField("source")
        self.refused("intake", "ImportDossier", nameless, invalid, "INVALID_FIELD", "submission.source")

    def test_5_in_the_next_quarter_they_are_the_opening_stock(self):
        set_clock(moment("2023-03-20 10:00"))
        asked = processing.ResolveDossierRequest(
            change=processing.Change(request_id=request_id(), dossier=by_number("2023-00101"), actor="officer-1"),
            result="21/GP",
        )
        self.office.ask("processing", "ResolveDossier", asked)
        self.position = self.everywhere()
        report = self.report(SECOND, "")
        # Due on 21/3, resolved on 20/3: early.
        self.assertEqual(row(report, TOURISM), "3 0 0 3 | 1 1 0 0 | 2 2 0")
        # Twenty-four working hours were over on 17/3 at 08:10.
        self.assertEqual(row(report, ADVERTISING), "1 0 0 1 | 0 0 0 0 | 1 0 1")
        self.assertEqual([check.id for check in report.checks if not check.holds], ["no_due_date"])

    def everywhere(self):
        """The token of all that processing has, after it has all that intake has."""
        asked = processing.ListDossiersRequest(page_size=1, min_position=self.office.head("intake").token)
        self.office.ask("processing", "ListDossiers", asked)
        return self.everything()

    def wish(self, reference, code="000.00.06.H20-230309-0999", accepted_at="2023-03-09 08:00", law="", **changes):
        source = dossier.SourceReference(system="motcua.cu", reference=reference)
        carried = intake.CarriedOver(
            code=code, accepted_at=at(moment(accepted_at)), due_on="2023-04-05", law=law, point="CONG-DVC-DT"
        )
        return intake.ImportDossierRequest(
            request_id=request_id(),
            submission=online(source=source, operator=DEPARTMENT, **changes),
            carried_over=carried,
            actor="clerk-1",
        )


class Waiting(Played):
    """deploy/examples/carried-over-waiting.jsonl: what waits there waits on here. The tests go on from each other."""

    def test_1_a_supplement_asked_for_there_is_awaited_here_since_then(self):
        given = self.given("2023-00140")
        self.assertEqual(given.phase, dossier.PHASE_AWAITING_SUPPLEMENT)
        asked = intake.GetSubmissionRequest(dossier_id=given.dossier_id)
        papers = self.office.ask("intake", "GetSubmission", asked).components
        self.assertEqual([(it.code, it.originals, it.certified_copies) for it in papers], [("DON", 1, 0), ("VANBANG", 0, 2)])
        event = self.last(given, ["dossier_submitted", "dossier_accepted", "supplement_requested"])
        self.assertEqual(event.occurred_at, at(moment("2023-03-08 09:00")))
        self.assertEqual(day_of(event.recorded_at).isoformat(), "2023-03-14")
        self.assertIn("thieu_thanh_phan", event.text_vi)
        self.assertIn("như đã ghi tại motcua.cu", event.text_vi)
        self.assertIn('"THUYETMINH"', event.data_json)
        # Two working days after its acceptance: in time, as if it had been asked for here.
        self.assertEqual(list(given.flags), ["carried_over"])

    def test_2_it_is_brought_here_and_the_time_is_counted_as_the_law_version_says(self):
        given = self.given("2023-00140")
        brought = processing.ReceiveSupplementRequest(
            change=change(given.dossier_id, min_position=self.position),
            components=[dossier.Component(code="THUYETMINH", originals=1)],
        )
        now = self.office.ask("processing", "ReceiveSupplement", brought).dossier
        # Under NĐ 61/2018 the twenty days begin anew on 14/3 and end on 3/4.
        self.assertEqual(day_here(now.due), "2023-04-03")

    def test_3_a_suspension_there_goes_on_until_it_is_ended_here(self):
        given = self.given("2023-00141")
        self.assertEqual(given.phase, dossier.PHASE_SUSPENDED)
        event = self.last(given, ["dossier_submitted", "dossier_accepted", "processing_suspended"])
        self.assertIn("như đã ghi tại motcua.cu", event.text_vi)
        resumed = processing.ResumeProcessingRequest(change=change(given.dossier_id, min_position=self.position))
        now = self.office.ask("processing", "ResumeProcessing", resumed).dossier
        # Five days of it, of which only one on this clock: 27/3 and five days are 1/4, a Saturday.
        self.assertEqual(day_here(now.due), "2023-04-03")

    def test_4_an_extension_there_is_kept_with_the_due_date_before_it(self):
        given = self.given("2023-00142")
        self.assertEqual((day_here(given.original_due), day_here(given.due)), ("2023-03-13", "2023-03-20"))
        event = self.last(given, ["dossier_submitted", "dossier_accepted", "deadline_extended"])
        self.assertIn("as recorded at motcua.cu", event.text_en)
        self.assertEqual(explained(self, given).days[-1].date, "2023-03-20")

    def test_5_on_the_wire_each_field_that_cannot_be_is_named(self):
        carried = intake.CarriedOver(
            code="000.00.06.H20-230309-0999",
            accepted_at=at(moment("2023-03-09 08:00")),
            due_on="2023-04-05",
            point="CONG-DVC-DT",
            original_due_on="5/4",
            extensions=[intake.CarriedExtension(new_date="2023-04-07")],
            wait=intake.CarriedWait(reason_code="Lý do", components=["DON", "DON"]),
        )
        source = dossier.SourceReference(system="motcua.cu", reference="2023-00999")
        asked = intake.ImportDossierRequest(
            request_id=request_id(),
            submission=online(source=source, operator=DEPARTMENT),
            carried_over=carried,
            actor="clerk-1",
        )
        details = self.refused("intake", "ImportDossier", asked, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        for field in [
            "carried_over.original_due_on",
            "carried_over.extensions[0].notified_at",
            "carried_over.wait.since",
            "carried_over.wait.reason_code",
            "carried_over.wait.kind",
        ]:
            self.assertIn(field, details.fields)

    def given(self, reference):
        return given(self, reference)

    def last(self, given, kinds):
        """The last event of a history that is made of these."""
        events = history(self, given)
        self.assertEqual([event.kind for event in events], kinds)
        return events[-1]


class Lived(Played):
    """deploy/examples/carried-over-lived.jsonl: what is over there has its effect here. The tests go on from each other."""

    def test_1_a_supplement_brought_there_started_the_time_anew_and_both_due_dates_are_told(self):
        there = given(self, "2023-00150")
        self.assertEqual(there.phase, dossier.PHASE_IN_PROCESSING)
        # Twenty calendar days from 1/3; that system had 27/3.
        days = [day_here(due) for due in (there.original_due, there.due, there.recorded_due)]
        self.assertEqual(days, ["2023-03-13", "2023-03-21", "2023-03-27"])
        self.assertEqual(list(there.flags), ["carried_over", "due_date_not_as_recorded"])
        told = explained(self, there)
        self.assertIn("tại motcua.cu đã ghi: hẹn trả 27/03/2023", told.steps[-1].text_vi)
        self.assertEqual((told.days[0].date, told.days[-1].date), ("2023-03-01", "2023-03-21"))

    def test_2_a_suspension_and_fees_that_are_over_there_are_not_asked_for_again(self):
        there = given(self, "2023-00151")
        kinds = [event.kind for event in history(self, there)[2:]]
        suspended = ["processing_suspended", "processing_resumed"]
        self.assertEqual(kinds, ["fee_requested", "fee_paid", *suspended, "fee_requested", "fee_waived"])
        # 21/3 and the four days of the suspension end on a Saturday.
        days = [day_here(due) for due in (there.original_due, there.due)]
        self.assertEqual(days, ["2023-03-21", "2023-03-27"])
        self.assertEqual(list(there.flags), ["carried_over"])
        self.assertEqual([(it.notice, it.amount_vnd) for it in there.payments], [("TB-1", 120_000)])
        asked = processing.RequestFeeRequest(change=change(there.dossier_id), notice="TB-1", amount_vnd=120_000)
        code = grpc.StatusCode.FAILED_PRECONDITION
        self.refused("processing", "RequestFee", asked, code, "FEE_ALREADY_PAID")

    def test_3_a_payment_awaited_there_is_awaited_here_and_moves_the_due_date_by_its_whole_wait(self):
        there = given(self, "2023-00152")
        self.assertEqual(there.phase, dossier.PHASE_AWAITING_PAYMENT)
        paid = processing.RecordPaymentRequest(
            change=change(there.dossier_id, min_position=self.position),
            notice="TB-9",
            amount_vnd=250_000,
            method=processing.PAYMENT_METHOD_CASH,
            receipt="BL-90",
        )
        now = self.office.ask("processing", "RecordPayment", paid).dossier
        # Four calendar days, from 10/3 to 14/3.
        self.assertEqual([day_here(due) for due in (there.due, now.due)], ["2023-04-06", "2023-04-10"])

    def test_4_on_the_wire_each_field_that_cannot_be_is_named(self):
        carried = intake.CarriedOver(
            code="000.00.06.H20-230309-0999",
            accepted_at=at(moment("2023-03-09 08:00")),
            due_on="2023-04-05",
            point="CONG-DVC-DT",
            supplements=[intake.CarriedSupplement(not_brought=True, brought=[dossier.Component(code="")])],
            suspensions=[intake.CarriedSuspension(reason_code="Lý do")],
            fees=[intake.CarriedFee(method="shells"), intake.CarriedFee(waived=True, receipt="BL-7")],
            wait=intake.CarriedWait(kind=intake.CARRIED_WAIT_KIND_PAYMENT, components=["DON"]),
        )
        source = dossier.SourceReference(system="motcua.cu", reference="2023-00999")
        asked = intake.ImportDossierRequest(
            request_id=request_id(),
            submission=online(source=source, operator=DEPARTMENT),
            carried_over=carried,
            actor="clerk-1",
        )
        details = self.refused("intake", "ImportDossier", asked, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        for field in [
            "supplements[0].asked_at",
            "supplements[0].ended_at",
            "supplements[0].not_brought",
            "supplements[0].brought[0].code",
            "suspensions[0].since",
            "suspensions[0].until",
            "suspensions[0].reason_code",
            "fees[0].notice",
            "fees[0].amount_vnd",
            "fees[0].ended_at",
            "fees[0].method",
            "fees[0].receipt",
            "fees[1].waived",
            "wait.kind",
            "wait.notice",
            "wait.amount_vnd",
        ]:
            self.assertIn(f"carried_over.{field}", details.fields)


def given(test, reference):
    """The dossier as processing has it, after it has all that intake has."""
    asked = processing.ListDossiersRequest(page_size=1, min_position=test.office.head("intake").token)
    test.office.ask("processing", "ListDossiers", asked)
    test.position = test.everything()
    asked = processing.GetDossierRequest(dossier=by_number(reference), min_position=test.position)
    return test.office.ask("processing", "GetDossier", asked).dossier


def history(test, given):
    asked = processing.GetHistoryRequest(dossier=named(given.dossier_id))
    return test.office.ask("processing", "GetHistory", asked).events


def explained(test, given):
    asked = processing.ExplainDeadlineRequest(dossier=named(given.dossier_id))
    return test.office.ask("processing", "ExplainDeadline", asked)


def day_here(due):
    return day_of(due.at).isoformat()
