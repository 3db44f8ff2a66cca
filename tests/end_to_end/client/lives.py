"""Complete lives under NĐ 61/2018, in the winter and spring of 2023: each one's history and figures, worked out by hand.

The days: 20/1 and 23/1 to 26/1 are Tết, 1/5 to 3/5 are off; Saturdays and Sundays are. Working days are counted from the
day after acceptance. The catalogue is the shipped one, but for three things that its test adds: a supplement that is not
brought within ten working days lapses; 000.00.14.H20 ends on 28/2/2023 and 000.00.06.H20 takes over from it; procedure
9.990001 (twenty working days) gives 000.00.14.H20 something to decide.
"""

import grpc

from contract import dossier, intake, processing, reporting
from office import (
    applicant,
    at,
    at_counter,
    at_portal,
    direct,
    named,
    online,
    postal,
    reason,
    request_id,
    submit,
)
from rehearsal import FIRST, SECOND, Played, Story, moment, play, row

ENDED = "000.00.14.H20"
SUCCESSOR = "000.00.06.H20"


class OnlineWithASupplement(Story):
    FIELD, PROCEDURE = "H20-LH", "2.001616"

    def story(self):
        yield "2023-01-09 08:00"
        self.files(online(procedure=self.PROCEDURE))
        yield "2023-01-09 10:00"
        self.is_accepted(acceptance=at_portal())
        yield "2023-01-09 14:00"
        self.does("Transfer", to=SUCCESSOR, unit="Phòng Quản lý du lịch")
        yield "2023-01-11 09:00"
        self.does("RequestSupplement", reason=reason(), components=["GPCU"])
        yield "2023-01-30 08:30"
        self.does("ReceiveSupplement", components=[dossier.Component(code="GPCU", copies=1)])
        yield "2023-02-03 15:00"
        self.does("ResolveDossier", result="11/GP", electronic=True)
        yield "2023-02-06 09:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_ELECTRONIC)

    HISTORY = """
        2023-01-09 08:00 dossier_submitted
        2023-01-09 10:00 dossier_accepted 2023-01-16     # five days: 10, 11, 12, 13, 16
        2023-01-09 14:00 transferred
        2023-01-11 09:00 supplement_requested            # on the second working day; three are allowed
        2023-01-30 08:30 supplement_received 2023-02-06  # anew from 30/1: 31, 1, 2, 3, 6
        2023-02-03 15:00 dossier_resolved
        2023-02-06 09:00 result_delivered
    """
    FORM = (
        # Received online, waiting, its day not come.
        (FIRST, "2023-01-12 12:00", "1 1 0 0 | 0 0 0 0 | 1 1 0"),
        # Resolved on 3/2, due on 6/2: early.
        (FIRST, "", "1 1 0 0 | 1 1 0 0 | 0 0 0"),
    )
    MEMO = {"received_online": 1, "granted": 1, "electronic_result": 1, "second_supplement": 0}


class ByPostWithTwoFailedDeliveries(Story):
    FIELD, PROCEDURE = "H20-TDTT", "1.002396"
    ITEM = {"postal_item": "EE123456785VN"}

    def story(self):
        yield "2022-12-20 14:00"
        minute = intake.HandOverMinute(number="BB-20/12-01", signed_at=at(moment("2022-12-20 08:00")))
        acceptance = at_counter()
        acceptance.hand_over_minute.CopyFrom(minute)
        self.is_taken_in(postal(procedure=self.PROCEDURE), acceptance=acceptance)
        yield "2022-12-29 16:00"
        self.does("ResolveDossier", result="12/GP")
        yield "2023-01-03 09:00"
        self.does("RecordDeliveryFailure", reason=reason("vang_nha", "Không gặp"), **self.ITEM)
        yield "2023-01-05 09:00"
        self.does("RecordDeliveryFailure", reason=reason("vang_nha", "Không gặp"), **self.ITEM)
        yield "2023-01-06 10:00"
        self.does("ReturnResultToAgency", proof="Biên bản giao lại", **self.ITEM)
        yield "2023-01-09 09:30"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER, proof="Ký nhận")

    HISTORY = """
        2022-12-20 14:00 dossier_submitted             # as it was recorded
        2022-12-20 08:00 dossier_accepted 2022-12-29   # as the minute was signed; seven days: 21, 22, 23, 26 to 29
        2022-12-29 16:00 dossier_resolved
        2023-01-03 09:00 delivery_failed
        2023-01-05 09:00 delivery_failed               # two working days later, as TT 17/2017 asks: no flag
        2023-01-06 10:00 result_returned_to_agency     # after two attempts: no flag
        2023-01-09 09:30 result_delivered
    """
    FORM = (
        (FIRST, "2022-12-21 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # Resolved on its day; the post's trouble afterwards is no lateness of the agency's.
        (FIRST, "", "1 0 1 0 | 1 0 1 0 | 0 0 0"),
    )
    MEMO = {"received_postal": 1, "delivery_failed": 1, "result_back": 1, "delivered_by_post": 0, "recorded_late": 0}


class InterlinkedWithOneLateAgency(Story):
    FIELD, PROCEDURE = "H20-MTNATL", "1.001833"

    def story(self):
        yield "2023-02-13 09:00"
        self.is_taken_in()
        yield "2023-02-13 14:00"
        for kind, agency, days in (
            (dossier.SUBTASK_KIND_INTERLINKED, ENDED, 2),
            (dossier.SUBTASK_KIND_OPINION, "000.00.01.H20", 3),
        ):
            limit = dossier.TimeLimit(amount=days, unit=dossier.TIME_UNIT_WORKING_DAYS)
            self.does("OpenSubtask", kind=kind, agency=agency, limit=limit, question=reason("lay_y_kien", "Cho ý kiến"))
        yield "2023-02-15 16:00"
        self.does("CompleteSubtask", number=2, result="CV-2", answer="Thống nhất")
        yield "2023-02-20 10:00"
        self.does("CompleteSubtask", number=1, result="CV-1", answer="Thống nhất")
        yield "2023-02-22 11:00"
        self.does("ResolveDossier", result="13/GP")
        yield "2023-02-22 15:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER)

    HISTORY = """
        2023-02-13 09:00 dossier_submitted
        2023-02-13 09:00 dossier_accepted 2023-02-22  # seven days: 14 to 17, 20, 21, 22
        2023-02-13 14:00 subtask_opened 2023-02-15    # both at once, each with its own day
        2023-02-13 14:00 subtask_opened 2023-02-16
        2023-02-15 16:00 subtask_completed            # due on 16/2: early
        2023-02-20 10:00 subtask_completed            # due on 15/2: overdue; the dossier's own day stays
        2023-02-22 11:00 dossier_resolved
        2023-02-22 15:00 result_delivered
    """
    FORM = (
        # The agency is late, the dossier is not.
        (FIRST, "2023-02-16 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        (FIRST, "", "1 0 1 0 | 1 0 1 0 | 0 0 0"),
    )
    MEMO = {"with_subtasks": 1, "subtask_overdue": 1}
    FLAGS = ("subtask_overdue",)


class WithdrawnBeforeAndAfterAcceptance(Story):
    FIELD, PROCEDURE = "H20-NTBD", "1.009398"

    def story(self):
        yield "2023-02-06 09:00"
        filed = self.files()
        yield "2023-02-06 10:00"
        self.is_taken_in()
        yield "2023-02-07 10:00"
        back = intake.WithdrawSubmissionRequest(
            request_id=request_id(), dossier_id=filed.dossier_id, reason=reason("doi_y", ""), actor="clerk-1"
        )
        self.written(self.office.ask("intake", "WithdrawSubmission", back))
        yield "2023-02-15 10:00"
        self.does("WithdrawDossier", reason=reason("doi_y", ""))

    HISTORY = """
        2023-02-06 09:00 dossier_submitted
        2023-02-07 10:00 dossier_withdrawn
        2023-02-06 10:00 dossier_submitted            # the other one
        2023-02-06 10:00 dossier_accepted 2023-02-27  # fifteen days: 7 to 10, 13 to 17, 20 to 24, 27
        2023-02-15 10:00 dossier_withdrawn
    """
    FORM = (
        # The one that is not accepted is outside the form.
        (FIRST, "2023-02-06 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # A withdrawal long before the day is no early result: on time.
        (FIRST, "", "1 0 1 0 | 1 0 1 0 | 0 0 0"),
    )
    MEMO = {"withdrawn": 1, "withdrawn_before_acceptance": 1, "never_accepted": 0}


class RefusedAfterExamination(Story):
    FIELD, PROCEDURE = "H20-QC", "1.004639"

    def story(self):
        yield "2023-03-06 09:00"
        self.is_taken_in()
        yield "2023-03-16 14:00"
        self.does("RefuseAfterExamination", reason=reason("khong_dat", "Không đủ điều kiện"))
        yield "2023-03-17 09:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER)

    HISTORY = """
        2023-03-06 09:00 dossier_submitted
        2023-03-06 09:00 dossier_accepted 2023-03-20  # ten days: 7 to 10, 13 to 17, 20
        2023-03-16 14:00 dossier_resolved
        2023-03-17 09:00 result_delivered
    """
    FORM = (
        # Pending at the end of the one quarter is the opening of the next.
        (FIRST, "", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # A refusal is a result (Đ.19.8), and this one came four days before its day.
        (SECOND, "", "1 0 0 1 | 1 1 0 0 | 0 0 0"),
    )
    MEMO = {"opening_direct": 1, "refused_after_examination": 1, "granted": 0}


class ExtendedOnceAndOnceMore(Story):
    FIELD, PROCEDURE = "H20-XNKVHP", "1.003608"

    def story(self):
        yield "2023-03-20 08:00"
        self.files(online(procedure=self.PROCEDURE))
        yield "2023-03-20 09:00"
        self.is_accepted(acceptance=at_portal())
        yield "2023-03-30 10:00"
        self.does("ExtendDeadline", reason=reason("cho_giam_dinh", ""), new_date="2023-04-10")
        yield "2023-04-06 10:00"
        self.does("ExtendDeadline", reason=reason("cho_giam_dinh", ""), new_date="2023-04-14")
        yield "2023-04-12 15:00"
        self.does("ResolveDossier", result="16/GP")
        yield "2023-04-13 09:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER)

    HISTORY = """
        2023-03-20 08:00 dossier_submitted
        2023-03-20 09:00 dossier_accepted 2023-04-03   # ten days: 21 to 24, 27 to 31, 3
        2023-03-30 10:00 deadline_extended 2023-04-10  # the one that the law allows, in time
        2023-04-06 10:00 deadline_extended             # a second one: recorded, and moves nothing
        2023-04-12 15:00 dossier_resolved
        2023-04-13 09:00 result_delivered
    """
    FORM = (
        # Its day, 10/4, is over; the 14th that the second apology names is no due date.
        (SECOND, "2023-04-11 12:00", "1 1 0 0 | 0 0 0 0 | 1 0 1"),
        (SECOND, "", "1 1 0 0 | 1 0 0 1 | 0 0 0"),
    )
    MEMO = {"ended_within_due": 0, "ended_within_original_due": 0}
    FLAGS = ("second_extension",)


class SuspendedOverTet(Story):
    FIELD, PROCEDURE = "H20-TV", "1.008895"

    def story(self):
        yield "2023-01-11 09:00"
        self.is_taken_in()
        yield "2023-01-18 09:00"
        self.does("SuspendProcessing", reason=reason("cho_giam_dinh", ""))
        yield "2023-01-31 09:00"
        self.does("ResumeProcessing")
        yield "2023-02-14 16:00"
        self.does("ResolveDossier", result="17/GP")
        yield "2023-02-15 09:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER)

    HISTORY = """
        2023-01-11 09:00 dossier_submitted
        2023-01-11 09:00 dossier_accepted 2023-02-08     # fifteen days: 12, 13, 16 to 19, 27, 30, 31, 1, 2, 3, 6, 7, 8
        2023-01-18 09:00 processing_suspended            # ten are left: 19, 27, 30, 31, 1, 2, 3, 6, 7, 8
        2023-01-31 09:00 processing_resumed 2023-02-14   # ten from the day after: 1, 2, 3, 6 to 10, 13, 14
        2023-02-14 16:00 dossier_resolved
        2023-02-15 09:00 result_delivered
    """
    FORM = (
        (FIRST, "2023-01-27 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # On the day that the suspension moved it to; after the one first promised.
        (FIRST, "", "1 0 1 0 | 1 0 1 0 | 0 0 0"),
    )
    MEMO = {"suspended": 0, "ended_within_due": 1, "ended_within_original_due": 0}


class FeeThroughThePost(Story):
    FIELD, PROCEDURE = "H20-VHCS", "1.001029"

    def story(self):
        yield "2023-04-10 09:00"
        self.is_taken_in()
        yield "2023-04-12 09:00"
        self.does("RequestFee", notice="TB-18", amount_vnd=300_000)
        yield "2023-04-19 08:00"
        self.pays()
        yield "2023-04-21 14:00"
        self.does("ResolveDossier", result="18/GP")
        yield "2023-04-24 09:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_POST, postal_item="RN123456785VN")

    def pays(self):
        """At a post office, whose clerk neither knows nor changes the dossier: a filing, which processing decides."""
        payment = dossier.BroughtPayment(notice="TB-18", amount_vnd=300_000, method="post", receipt="BL-18")
        brought = intake.ReceiveFilingRequest(
            request_id=request_id(),
            filing=dossier.Filing(dossier_id=self.life, payment=payment),
            operator="VNPOST-DT",
            actor="post-1",
        )
        self.position = self.office.ask("intake", "ReceiveFiling", brought).position
        self.until(lambda it: it.phase == dossier.PHASE_IN_PROCESSING)

    HISTORY = """
        2023-04-10 09:00 dossier_submitted
        2023-04-10 09:00 dossier_accepted 2023-04-17  # five days: 11 to 14, 17
        2023-04-12 09:00 fee_requested                # the clock stands still; three days are left: 13, 14, 17
        2023-04-19 08:00 fee_paid 2023-04-24          # from its receipt: 20, 21, 24
        2023-04-21 14:00 dossier_resolved
        2023-04-24 09:00 result_delivered
    """
    FORM = (
        (SECOND, "2023-04-13 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        (SECOND, "", "1 0 1 0 | 1 1 0 0 | 0 0 0"),
    )
    MEMO = {"fee_requested": 1, "paid_online": 0, "awaiting_payment": 0, "delivered_by_post": 1}


class AcceptanceVoided(Story):
    FIELD, PROCEDURE = "H20-GD", "9.900008"

    def story(self):
        yield "2023-05-08 09:00"
        self.is_taken_in()
        yield "2023-05-09 09:00"
        self.does("ProposeVoid", reason=reason("sai_thu_tuc", "Chọn nhầm thủ tục"))
        yield "2023-05-09 15:00"
        self.does("VoidAcceptance", actor="head-1")

    HISTORY = """
        2023-05-08 09:00 dossier_submitted
        2023-05-08 09:00 dossier_accepted 2023-05-22  # ten days: 9 to 12, 15 to 19, 22
        2023-05-09 09:00 void_proposed
        2023-05-09 15:00 acceptance_voided
    """
    FORM = (
        (SECOND, "2023-05-08 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # It should never have been: the form knows nothing of it.
        (SECOND, "", "0 0 0 0 | 0 0 0 0 | 0 0 0"),
    )
    MEMO = {"acceptance_voided": 1}


class AgencyMerged(Story):
    FIELD, PROCEDURE = "H20-BS", "9.990001"

    def story(self):
        yield "2023-02-15 09:00"
        self.is_taken_in(direct(procedure=self.PROCEDURE, agency=ENDED))
        yield "2023-03-01 07:00"
        self.until(lambda it: it.agency_now == SUCCESSOR)
        yield "2023-03-15 10:00"
        self.does("ResolveDossier", result="20/GP")
        yield "2023-03-15 15:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER)

    HISTORY = """
        2023-02-15 09:00 dossier_submitted
        2023-02-15 09:00 dossier_accepted 2023-03-15  # twenty days: 16, 17, 20 to 24, 27, 28, 1 to 3, 6 to 10, 13 to 15
        2023-03-01 07:00 agency_succeeded             # by itself, once the agency had ended; the day stays
        2023-03-15 10:00 dossier_resolved
        2023-03-15 15:00 result_delivered
    """
    FORM = (
        (FIRST, "", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        (SECOND, "", "1 0 0 1 | 1 0 1 0 | 0 0 0"),
    )
    MEMO = {"succeeded": 1, "opening_direct": 1}


class SupplementLapsed(Story):
    FIELD, PROCEDURE = "H20-CSLT", "1.004594"

    def story(self):
        yield "2023-05-04 09:00"
        self.is_taken_in()
        yield "2023-05-08 09:00"
        self.does("RequestSupplement", reason=reason(), components=["DON"])
        # Its last day is not over yet: nothing happens.
        yield "2023-05-22 16:00"
        yield "2023-05-23 07:00"
        self.until(lambda it: it.phase == dossier.PHASE_TERMINATED)

    HISTORY = """
        2023-05-04 09:00 dossier_submitted
        2023-05-04 09:00 dossier_accepted 2023-06-05  # thirty calendar days end on Saturday 3/6: Monday
        2023-05-08 09:00 supplement_requested         # ten working days for it: 9 to 12, 15 to 19, 22
        2023-05-23 07:00 supplement_lapsed            # by itself
    """
    FORM = (
        (SECOND, "2023-05-22 16:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # No result, so never early: on time, for its day had not come.
        (SECOND, "", "1 0 1 0 | 1 0 1 0 | 0 0 0"),
    )
    MEMO = {"lapsed": 1, "awaiting_supplement": 0}


class SubjectErased(Story):
    FIELD, PROCEDURE = "H20-DSVH", "2.001613"

    def story(self):
        yield "2023-04-03 09:00"
        self.is_taken_in(direct(procedure=self.PROCEDURE, applicant=applicant()))
        yield "2023-04-17 10:00"
        self.does("ResolveDossier", result="21/GP")
        yield "2023-04-17 15:00"
        self.does("RecordDelivery", mode=processing.DELIVERY_MODE_COUNTER)
        yield "2023-05-16 08:00"
        self.does("EraseSubject", actor="data-protection-1", reason_code="yeu_cau_chu_the")
        # The node that took it in destroys its copy too; then the history says that it is done.
        self.until(lambda it: it.revision == 6)

    HISTORY = """
        2023-04-03 09:00 dossier_submitted
        2023-04-03 09:00 dossier_accepted 2023-04-18  # fifteen calendar days
        2023-04-17 10:00 dossier_resolved
        2023-04-17 15:00 result_delivered
        2023-05-16 08:00 subject_erasure_requested
        2023-05-16 08:00 subject_key_destroyed        # by itself
    """
    FORM = (
        (SECOND, "2023-04-04 12:00", "1 0 1 0 | 0 0 0 0 | 1 1 0"),
        # Resolved a day before its day.
        (SECOND, "2023-05-15 12:00", "1 0 1 0 | 1 1 0 0 | 0 0 0"),
        # Nobody knows any more whose it was; it counts all the same.
        (SECOND, "", "1 0 1 0 | 1 1 0 0 | 0 0 0"),
    )
    MEMO = {"granted": 1, "received_direct": 1}


LIVES = (
    OnlineWithASupplement,
    ByPostWithTwoFailedDeliveries,
    InterlinkedWithOneLateAgency,
    WithdrawnBeforeAndAfterAcceptance,
    RefusedAfterExamination,
    ExtendedOnceAndOnceMore,
    SuspendedOverTet,
    FeeThroughThePost,
    AcceptanceVoided,
    AgencyMerged,
    SupplementLapsed,
    SubjectErased,
)


class Lives(Played):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lives = {life: life(cls.office) for life in LIVES}
        play(list(cls.lives.values()), ends="2023-06-15 09:00")

    def test_each_life_is_what_a_person_worked_out(self):
        for life, story in self.lives.items():
            with self.subTest(life.__name__):
                self.compare(story)

    def test_the_quarters_add_up(self):
        self.position = self.everything()
        first, second = (self.report(quarter, "") for quarter in (FIRST, SECOND))
        for report in (first, second):
            self.assertEqual([check.id for check in report.checks if not check.holds], [])
        # The one refused in March, and the merged agency's; everything else of the first quarter ended in it.
        self.assertEqual((first.total.c11, second.total.c6), (2, 2))

    def test_the_merged_agencys_dossier_counts_for_it_then_and_for_its_successor_now(self):
        self.position = self.everything()
        by = {"grouping": reporting.GROUPING_AGENCY, "field": AgencyMerged.FIELD}
        counted = "1 0 1 0 | 0 0 0 0 | 1 1 0"
        nothing = "0 0 0 0 | 0 0 0 0 | 0 0 0"
        then = self.report(FIRST, "", organised=reporting.ORGANISED_THEN, **by)
        self.assertEqual((row(then, ENDED), row(then, SUCCESSOR)), (counted, nothing))
        now = self.report(FIRST, "", organised=reporting.ORGANISED_NOW, **by)
        self.assertEqual((row(now, ENDED), row(now, SUCCESSOR)), (nothing, counted))

    def test_whose_dossier_it_was_is_told_until_it_is_erased(self):
        def whose(life):
            story = self.lives[life]
            asked = processing.GetDossierRequest(dossier=named(story.life), min_position=story.position)
            found = self.office.ask("processing", "GetDossier", asked)
            return found.applicant.name, found.applicant_erased

        self.assertEqual(whose(SubjectErased), ("", True))
        self.assertEqual(whose(FeeThroughThePost)[1], False)

    def test_tet_and_the_suspension_are_told_day_by_day(self):
        story = self.lives[SuspendedOverTet]
        asked = processing.ExplainDeadlineRequest(dossier=named(story.life), min_position=story.position)
        days = self.office.ask("processing", "ExplainDeadline", asked).days
        told = {day.date: day.kind for day in days}
        self.assertEqual((days[0].date, days[-1].date), ("2023-01-11", "2023-02-14"))
        self.assertEqual([told[f"2023-01-{day}"] for day in (12, 19, 30)], ["counted", "paused", "paused"])
        self.assertEqual(sum(day.kind in ("counted", "due") for day in days), 15)

    def test_nothing_real_is_taken_in_where_the_clock_is_set_by_hand(self):
        invalid = grpc.StatusCode.INVALID_ARGUMENT
        real = submit(online(synthetic=False))
        self.refused("intake", "SubmitDossier", real, invalid, "INVALID_FIELD", "submission.synthetic")
