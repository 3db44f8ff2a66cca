"""What no honest client sends: each is told what is wrong with it, nothing of it is stored, and the services stay up."""

import datetime
import unicodedata

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from contract import dossier, intake, processing, reporting
from office import (
    COUNTER,
    DEPARTMENT,
    PORTAL,
    POST,
    Scenario,
    accept,
    applicant,
    at,
    at_counter,
    at_portal,
    change,
    direct,
    leave_word,
    named,
    online,
    postal,
    reason,
    request_id,
    submit,
    submit_and_accept,
    today,
    report_question,
    word_left,
)

INVALID = grpc.StatusCode.INVALID_ARGUMENT
PRECONDITION = grpc.StatusCode.FAILED_PRECONDITION
DENIED = grpc.StatusCode.PERMISSION_DENIED
NOT_FOUND = grpc.StatusCode.NOT_FOUND
ABORTED = grpc.StatusCode.ABORTED
EXISTS = grpc.StatusCode.ALREADY_EXISTS
OUT_OF_RANGE = grpc.StatusCode.OUT_OF_RANGE

FIELD = "INVALID_FIELD"


class Prepared(Scenario):
    """Good dossiers for bad requests to be about."""

    def test_a_dossier_is_filed_and_one_accepted_and_one_waits_for_a_supplement(self):
        source = dossier.SourceReference(system="motcua.dongthap", reference="2026-000777")
        filed_by = submit(online(source=source))
        filed = self.office.ask("intake", "SubmitDossier", filed_by)
        by_post = self.office.ask("intake", "SubmitDossier", submit(postal()))
        accepted = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
        held = processing.AssignTaskRequest(
            change=change(accepted.dossier.dossier_id, min_position=accepted.position), holder="officer-1"
        )
        held = self.office.ask("processing", "AssignTask", held)
        question = report_question(today())
        settled = reporting.GetReportRequest(question=question, min_position=held.position)
        self.office.ask("reporting", "GetReport", settled)
        leave_word(
            {
                "filed": filed.dossier.dossier_id,
                "filed_by": filed_by.SerializeToString().hex(),
                "by_post": by_post.dossier.dossier_id,
                "accepted": accepted.dossier.dossier_id,
                "revision": held.dossier.revision,
                "processing": self.office.heads()["processing"],
            }
        )


class Refused(Scenario):
    """Not one byte of any data folder may change while these run; whoever runs them sees to that."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.word = word_left()
        cls.filed = cls.word["filed"]
        cls.accepted = cls.word["accepted"]
        cls.before = cls.office.heads()

    def tearDown(self):
        self.assertEqual(self.office.heads(), self.before, "something of it was stored")

    def no_filing(self, field, **changes):
        """A submission with these fields is refused, whichever call carries it."""
        with self.subTest(field=field):
            given = online(**changes)
            self.refused("intake", "SubmitDossier", submit(given), INVALID, FIELD, f"submission.{field}")
            at_once = submit_and_accept(given, acceptance=at_portal())
            self.refused("intake", "SubmitAndAcceptDossier", at_once, INVALID, FIELD, f"submission.{field}")

    # --- missing

    def test_nothing_at_all(self):
        details = self.refused("intake", "SubmitDossier", intake.SubmitDossierRequest(), INVALID, FIELD)
        self.assertLessEqual({"request_id", "actor", "submission"}, set(details.fields))
        details = self.refused("intake", "AcceptDossier", intake.AcceptDossierRequest(), INVALID, FIELD)
        self.assertLessEqual({"request_id", "actor", "dossier_id", "acceptance"}, set(details.fields))
        for rpc in ("Transfer", "ResolveDossier", "RecordPayment", "ExtendDeadline"):
            request = getattr(processing, f"{rpc}Request")()
            details = self.refused("processing", rpc, request, INVALID, FIELD, "change")
            self.assertGreater(len(details.fields), 1, "all faults at once, not the first only")
        self.refused("reporting", "GetReport", reporting.GetReportRequest(), INVALID, FIELD, "question")

    def test_all_faults_are_told_at_once(self):
        bad = online(procedure="", channel=0, place=0, applicant=applicant(name="", phone="call me"))
        details = self.refused("intake", "SubmitDossier", submit(bad, request_id="1"), INVALID, FIELD)
        expected = {"request_id", *(f"submission.{field}" for field in ("procedure", "channel", "place"))}
        expected |= {"submission.applicant.name", "submission.applicant.phone"}
        self.assertEqual(set(details.fields), expected)

    def test_a_name_and_a_reason_must_be_there(self):
        self.no_filing("applicant.name", applicant=applicant(name=""))
        self.no_filing("applicant.name", applicant=applicant(name="  \t "))
        self.no_filing("applicant", applicant=None)
        request = intake.RefuseDossierRequest(request_id=request_id(), dossier_id=self.filed, actor="clerk-1")
        self.refused("intake", "RefuseDossier", request, INVALID, FIELD, "reason")
        request = processing.GetDossierRequest()
        self.refused("processing", "GetDossier", request, INVALID, FIELD)

    # --- oversized

    def test_text_longer_than_allowed(self):
        self.no_filing("applicant.name", applicant=applicant(name="Ă" * 201))
        self.no_filing("applicant.request_content", applicant=applicant(request_content="a" * 1001))
        self.no_filing("applicant.address", applicant=applicant(address="ấ" * 301))
        self.no_filing("procedure", procedure="1" * 65)
        request = submit(actor="a" * 129)
        self.refused("intake", "SubmitDossier", request, INVALID, FIELD, "actor")
        request = processing.SuspendProcessingRequest(change=change(self.accepted), reason=reason(text="ơ" * 4001))
        self.refused("processing", "SuspendProcessing", request, INVALID, FIELD, "reason.text")

    def test_ten_megabytes_in_one_field(self):
        huge = "a" * 10_000_000
        for request in (submit(online(applicant=applicant(name=huge))), submit(actor=huge)):
            self.refused("intake", "SubmitDossier", request, OUT_OF_RANGE, "REQUEST_TOO_LARGE")
        request = processing.GetDossierRequest(dossier=processing.DossierName(code=huge))
        self.refused("processing", "GetDossier", request, OUT_OF_RANGE, "REQUEST_TOO_LARGE")
        request = reporting.CheckFiguresRequest(figures_toml=huge)
        self.refused("reporting", "CheckFigures", request, OUT_OF_RANGE, "REQUEST_TOO_LARGE")

    def test_as_much_as_one_message_may_hold(self):
        large = "a" * 200_000
        self.no_filing("applicant.name", applicant=applicant(name=large))
        request = submit(min_position=large)
        self.refused("intake", "SubmitDossier", request, INVALID, FIELD, "min_position")

    def test_too_many_papers_and_too_many_copies(self):
        paper = dossier.Component(code="DON", originals=1)
        self.no_filing("components", components=[paper] * 101)
        self.no_filing("components[0].originals", components=[dossier.Component(code="DON", originals=1001)])
        self.no_filing("components[0].copies", components=[dossier.Component(code="DON", copies=2**32 - 1)])
        self.no_filing("components[0].code", components=[dossier.Component(originals=1)])
        request = processing.RequestSupplementRequest(
            change=change(self.accepted), reason=reason(), components=["DON"] * 101
        )
        self.refused("processing", "RequestSupplement", request, INVALID, FIELD, "components")

    # --- bytes that are no such message

    def test_wrong_wire_types(self):
        malformed = [
            b"\x0a",  # a length is promised and does not come
            b"\x0a\x05ab",  # five bytes are promised, two come
            b"\x08\x01",  # a number where text belongs
            b"\x12\x02\xff\xff",  # a submission that is no message
            b"\x0d\x01\x02\x03\x04",  # four fixed bytes where text belongs
            b"\x0a\x02\xc3\x28",  # text that is no UTF-8
            b"\x0b\x0a\x00\x0c",  # an old-style group
            b"\xff" * 40,  # a tag that never ends
            b"\x0a\xff\xff\xff\xff\x0f",  # four gigabytes are promised
            b"\x00\x00",  # field number 0
        ]
        for raw in malformed:
            with self.subTest(raw.hex()):
                self.refused("intake", "SubmitDossier", raw, INVALID, "MALFORMED_REQUEST")
                self.refused("processing", "ResolveDossier", raw, INVALID, "MALFORMED_REQUEST")
                self.refused("reporting", "GetReport", raw, INVALID, "MALFORMED_REQUEST")

    def test_messages_within_messages_without_end(self):
        deep = b""
        for _ in range(2000):
            size = len(deep)
            length = bytearray()
            while size > 127:
                length.append(size & 127 | 128)
                size >>= 7
            length.append(size)
            deep = b"\x12" + bytes(length) + deep
        with self.assertRaises(grpc.RpcError) as caught:
            self.office.ask_in_bytes("intake", "SubmitDossier", deep)
        self.assertEqual(caught.exception.code(), INVALID)

    def test_fields_that_nobody_defined_are_passed_over(self):
        # A newer client may say more; what this program does not know it leaves aside, and judges the rest.
        raw = intake.SubmitDossierRequest().SerializeToString() + b"\xfa\x7f\x03abc"
        self.refused("intake", "SubmitDossier", raw, INVALID, FIELD, "request_id")

    def test_an_rpc_and_a_service_that_do_not_exist(self):
        self.refused_path("/hoso.intake.v1.IntakeService/DeleteEverything")
        self.refused_path("/hoso.intake.v2.IntakeService/SubmitDossier")

    def refused_path(self, path):
        call = self.office.channels["intake"].unary_unary(path, request_serializer=None, response_deserializer=None)
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"", timeout=5)
        self.explained(caught.exception, grpc.StatusCode.UNIMPLEMENTED, "METHOD_UNKNOWN")

    # --- text

    def test_emoji_and_symbols_in_a_name(self):
        for name in ("Trần 🎉", "Trần ©", "Trần <script>", "Trần\u0301\u20dd", "Trần = 1", "Trần_"):
            self.no_filing("applicant.name", applicant=applicant(name=name))
            self.no_filing("applicant.submitter_name", applicant=applicant(submitter_name=name))

    def test_control_and_invisible_characters(self):
        for bad in ("\0", "\x07", "\x1b[31m", "\r\n", "\x7f", "\u0085", "\u200b", "\u202e", "\ufeff", "\u2066"):
            self.no_filing("applicant.name", applicant=applicant(name=f"Trần{bad}Văn"))
            self.no_filing("applicant.address", applicant=applicant(address=f"Cao{bad}Lãnh"))
            request = processing.TransferRequest(change=change(self.accepted), to=DEPARTMENT, unit=f"P{bad}1")
            self.refused("processing", "Transfer", request, INVALID, FIELD, "unit")
        for bad in ("\0", "\x1b", "\u202e"):
            request = processing.SuspendProcessingRequest(
                change=change(self.accepted), reason=reason(text=f"Chờ{bad}giám định")
            )
            self.refused("processing", "SuspendProcessing", request, INVALID, FIELD, "reason.text")

    def test_codes_are_no_place_for_letters_with_marks(self):
        for code in ("Sở", "1.003 654", "1.003654\n", "１.００３６５４", "DON\0"):
            self.no_filing("procedure", procedure=code)
            self.no_filing("operator", operator=code)
        for code in ("Thiếu", "THIEU", "thieu giay to", "", "a" * 65):
            request = processing.SuspendProcessingRequest(change=change(self.accepted), reason=reason(code=code))
            self.refused("processing", "SuspendProcessing", request, INVALID, FIELD, "reason.code")

    def test_numbers_of_people_that_cannot_be(self):
        for number in ("12345", "000190001234", "08719000123x", "0100109107", "0100109106-000", "٠٨٧١٩٠٠٠١٢٣٤"):
            self.no_filing("applicant.identity_number", applicant=applicant(identity_number=number))
        for phone in ("113", "call me", "0939 123 456 0939 123 456", "+84\u00a0939123456"):
            self.no_filing("applicant.phone", applicant=applicant(phone=phone))
        for email in ("@", "a@b", "nguyễn@dongthap.vn", "a b@c.vn"):
            self.no_filing("applicant.email", applicant=applicant(email=email))

    # --- times

    def test_days_that_do_not_exist(self):
        for day in ("2023-02-30", "2026-13-01", "2026-00-10", "30/02/2023", "2026-1-5", "tomorrow", "", "2026-12-01T00:00"):
            request = processing.ExtendDeadlineRequest(change=change(self.accepted), reason=reason(), new_date=day)
            self.refused("processing", "ExtendDeadline", request, INVALID, FIELD, "new_date")

    def test_the_year_9999_and_the_year_one(self):
        for day in ("9999-12-31", "0001-01-01", "-9999-01-01", "1999-12-31", "2101-01-01", "20260-01-01"):
            request = processing.ExtendDeadlineRequest(change=change(self.accepted), reason=reason(), new_date=day)
            self.refused("processing", "ExtendDeadline", request, INVALID, FIELD, "new_date")
        for stamp in (
            at(datetime.datetime(9999, 12, 31, tzinfo=datetime.timezone.utc)),
            Timestamp(seconds=-(2**63)),
            Timestamp(seconds=2**63 - 1),
            Timestamp(seconds=1_700_000_000, nanos=-1),
            Timestamp(seconds=1_700_000_000, nanos=2_000_000_000),
        ):
            with self.subTest(str(stamp)):
                minute = intake.HandOverMinute(number="BB-1", signed_at=stamp)
                given = intake.Acceptance(point=COUNTER, operator=POST, hand_over_minute=minute)
                request = accept(self.word["by_post"], acceptance=given)
                field = "acceptance.hand_over_minute.signed_at"
                self.refused("intake", "AcceptDossier", request, INVALID, FIELD, field)
                question = report_question(today(), as_of=stamp)
                request = reporting.GetReportRequest(question=question)
                self.refused("reporting", "GetReport", request, INVALID, FIELD, "question.as_of")
                request = processing.ListDossiersRequest(due_before=stamp)
                self.refused("processing", "ListDossiers", request, INVALID, FIELD, "due_before")

    def test_a_hand_over_minute_from_tomorrow_or_for_a_dossier_that_no_post_carried(self):
        tomorrow = at(datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1))
        minute = intake.HandOverMinute(number="BB-1", signed_at=tomorrow)
        given = intake.Acceptance(point=COUNTER, operator=POST, hand_over_minute=minute)
        request = accept(self.word["by_post"], acceptance=given)
        self.refused("intake", "AcceptDossier", request, INVALID, "TIME_IN_FUTURE")
        given = intake.Acceptance(point=PORTAL, operator=DEPARTMENT, hand_over_minute=minute)
        request = accept(self.filed, acceptance=given)
        self.refused("intake", "AcceptDossier", request, INVALID, "MINUTE_ONLY_FOR_POSTAL")

    def test_a_new_date_before_the_due_date_and_one_that_nobody_works_on(self):
        request = processing.ExtendDeadlineRequest(
            change=change(self.accepted), reason=reason(), new_date=today().isoformat()
        )
        self.refused("processing", "ExtendDeadline", request, INVALID, "EXTENSION_NOT_LATER", "new_date")
        sunday = today() + datetime.timedelta(days=34 - today().weekday())
        request = processing.ExtendDeadlineRequest(
            change=change(self.accepted), reason=reason(), new_date=sunday.isoformat()
        )
        self.refused("processing", "ExtendDeadline", request, INVALID, "EXTENSION_ON_DAY_OFF", "new_date")

    # --- numbers

    def test_values_that_no_enum_has(self):
        for value in (0, 4, 99, -1, 2**31 - 1):
            self.no_filing("channel", channel=value)
        for value in (0, 6, -1):
            self.no_filing("place", place=value)
        for value in (0, 5, -1):
            self.no_filing("applicant.kind", applicant=applicant(kind=value))
        for value in (0, 77):
            request = processing.RecordDeliveryRequest(change=change(self.accepted), mode=value)
            self.refused("processing", "RecordDelivery", request, INVALID, FIELD, "mode")
            request = processing.RecordPaymentRequest(
                change=change(self.accepted), notice="TB-1", amount_vnd=1, method=value, receipt="BL-1"
            )
            self.refused("processing", "RecordPayment", request, INVALID, FIELD, "method")
        request = processing.ListDossiersRequest(phases=[99])
        self.refused("processing", "ListDossiers", request, INVALID, FIELD, "phases")
        request = intake.ListSubmissionsRequest(channel=99)
        self.refused("intake", "ListSubmissions", request, INVALID, FIELD, "channel")

    def test_amounts_that_nobody_pays(self):
        for amount in (0, 10**15 + 1, 2**64 - 1):
            request = processing.RequestFeeRequest(change=change(self.accepted), notice="TB-1", amount_vnd=amount)
            self.refused("processing", "RequestFee", request, INVALID, FIELD, "amount_vnd")

    def test_negative_sizes(self):
        for size in (-1, -(2**31)):
            request = intake.ListSubmissionsRequest(page_size=size)
            self.refused("intake", "ListSubmissions", request, INVALID, FIELD, "page_size")
            request = processing.GetHistoryRequest(dossier=named(self.accepted), page_size=size)
            self.refused("processing", "GetHistory", request, INVALID, FIELD, "page_size")

    def test_more_in_a_page_than_it_holds_are_given_as_many_as_it_holds(self):
        listed = self.office.ask("intake", "ListSubmissions", intake.ListSubmissionsRequest(page_size=2**31 - 1))
        self.assertLessEqual(len(listed.submissions), 500)
        self.assertEqual(listed.next_page_token, "")

    # --- names of things

    def test_ids_that_are_none(self):
        for given in ("", "1", "not-a-uuid", "0" * 36, "00000000-0000-0000-0000-000000000000", "🙂"):
            request = submit(request_id=given)
            self.refused("intake", "SubmitDossier", request, INVALID, FIELD, "request_id")
            self.refused("intake", "AcceptDossier", accept(given), INVALID, FIELD, "dossier_id")
            request = processing.ResolveDossierRequest(change=change(given), result="1/GP")
            self.refused("processing", "ResolveDossier", request, INVALID, FIELD, "change.dossier.dossier_id")

    def test_dossiers_that_nobody_filed(self):
        unknown = request_id()
        self.refused("intake", "AcceptDossier", accept(unknown), NOT_FOUND, "DOSSIER_UNKNOWN")
        request = intake.GetSubmissionRequest(dossier_id=unknown)
        self.refused("intake", "GetSubmission", request, NOT_FOUND, "DOSSIER_UNKNOWN")
        request = intake.GetSubmissionRequest(code="000.00.06.H20-200101-9999")
        self.refused("intake", "GetSubmission", request, NOT_FOUND, "DOSSIER_UNKNOWN")
        # Having waited for all that intake has, processing knows that it is not on its way.
        request = processing.GetDossierRequest(
            dossier=named(unknown), min_position=self.office.head("intake").token
        )
        self.refused("processing", "GetDossier", request, NOT_FOUND, "DOSSIER_UNKNOWN")

    def test_procedures_agencies_and_points_that_the_catalogue_does_not_have(self):
        for changes, said in (
            ({"procedure": "0.000000"}, "UNKNOWN_PROCEDURE"),
            ({"procedure": "../../etc"}, "UNKNOWN_PROCEDURE"),
            ({"agency": "000.00.99.H20"}, "UNKNOWN_AGENCY"),
            ({"point": "BUU-CUC-1"}, "UNKNOWN_POINT"),
        ):
            with self.subTest(said):
                self.refused("intake", "SubmitDossier", submit(online(**changes)), INVALID, said)
        request = processing.TransferRequest(change=change(self.accepted), to="000.00.99.H20")
        self.refused("processing", "Transfer", request, INVALID, "TRANSFER_TO_UNKNOWN_AGENCY", "to")
        request = processing.TransferRequest(change=change(self.accepted), to="000.00.21.H20")
        self.refused("processing", "Transfer", request, INVALID, "TRANSFER_TO_UNKNOWN_AGENCY", "to")

    def test_acceptance_without_the_authority_for_it(self):
        for acceptance, code, said in (
            (intake.Acceptance(point="BUU-CUC-1", operator=POST), INVALID, "UNKNOWN_POINT"),
            (intake.Acceptance(point="TTPVHCC-P-CAO-LANH", operator="000.51.00.H20"), PRECONDITION, "POINT_DOES_NOT_SERVE"),
            (intake.Acceptance(point="BPMC-HONG-NGU", operator="000.00.24.H20"), PRECONDITION, "POINT_NOT_VALID"),
            (intake.Acceptance(point=PORTAL, operator=POST), DENIED, "OPERATOR_NOT_AT_POINT"),
        ):
            with self.subTest(said):
                request = accept(self.filed, acceptance=acceptance)
                self.refused("intake", "AcceptDossier", request, code, said)
                request = submit_and_accept(online(), acceptance=acceptance)
                self.refused("intake", "SubmitAndAcceptDossier", request, code, said)

    # --- requests that contradict others

    def test_a_request_id_that_stood_for_something_else(self):
        first = intake.SubmitDossierRequest.FromString(bytes.fromhex(self.word["filed_by"]))
        again = submit(request_id=first.request_id)
        self.refused("intake", "SubmitDossier", again, EXISTS, "REQUEST_ID_REUSED")
        first.submission.applicant.name += " Em"
        self.refused("intake", "SubmitDossier", first, EXISTS, "REQUEST_ID_REUSED")
        other = submit_and_accept(request_id=first.request_id)
        self.refused("intake", "SubmitAndAcceptDossier", other, EXISTS, "REQUEST_ID_REUSED")

    def test_another_systems_number_twice(self):
        first = intake.SubmitDossierRequest.FromString(bytes.fromhex(self.word["filed_by"]))
        again = submit(online(source=first.submission.source))
        self.refused("intake", "SubmitDossier", again, EXISTS, "SOURCE_REFERENCE_TAKEN")

    def test_a_revision_that_is_no_longer_or_not_yet(self):
        for revision in (1, self.word["revision"] - 1, self.word["revision"] + 1, 2**32 - 1):
            mark = change(self.accepted, expected_revision=revision)
            request = processing.ResolveDossierRequest(change=mark, result="1/GP")
            self.refused("processing", "ResolveDossier", request, ABORTED, "STALE_REVISION")
        request = accept(self.filed, expected_revision=7)
        self.refused("intake", "AcceptDossier", request, ABORTED, "STALE_REVISION")

    def test_what_the_phase_does_not_allow(self):
        request = processing.RecordDeliveryRequest(
            change=change(self.accepted), mode=processing.DELIVERY_MODE_COUNTER
        )
        self.refused("processing", "RecordDelivery", request, PRECONDITION, "NOT_RESOLVED")
        request = processing.ResumeProcessingRequest(change=change(self.accepted))
        self.refused("processing", "ResumeProcessing", request, PRECONDITION, "NOT_SUSPENDED")
        request = processing.LapseSupplementRequest(change=change(self.accepted))
        self.refused("processing", "LapseSupplement", request, PRECONDITION, "SUPPLEMENT_NOT_REQUESTED")
        request = submit(direct(assisted=True))
        self.refused("intake", "SubmitDossier", request, INVALID, FIELD, "submission.assisted")

    def test_position_tokens_that_are_none(self):
        for token in ("x", "🙂", "AAAA AAAA", "%00", "=" * 100):
            request = intake.ListSubmissionsRequest(min_position=token)
            self.refused("intake", "ListSubmissions", request, INVALID, FIELD, "min_position")
            request = reporting.GetReportRequest(question=report_question(today()), min_position=token)
            self.refused("reporting", "GetReport", request, INVALID, FIELD, "min_position")


class Kept(Scenario):
    """What looks odd and is right all the same; and that the services still work."""

    def test_decomposed_vietnamese_is_kept_composed(self):
        composed = unicodedata.normalize("NFC", "Nguyễn Thị Hồng Ngự")
        decomposed = unicodedata.normalize("NFD", composed)
        self.assertNotEqual(composed, decomposed)
        filed = self.office.ask("intake", "SubmitDossier", submit(online(applicant=applicant(name=decomposed))))
        asked = intake.GetSubmissionRequest(dossier_id=filed.dossier.dossier_id, min_position=filed.position)
        seen = self.office.ask("intake", "GetSubmission", asked)
        self.assertEqual(seen.applicant.name, composed)
        self.assertFalse(seen.applicant_erased)

    def test_two_hundred_letters_are_allowed_however_they_are_written(self):
        longest = unicodedata.normalize("NFD", "ế" * 200)
        filed = self.office.ask("intake", "SubmitDossier", submit(online(applicant=applicant(name=longest))))
        self.assertEqual(filed.dossier.phase, dossier.PHASE_SUBMITTED)

    def test_words_may_hold_lines_and_emoji(self):
        words = "Xin cấp lại giấy phép.\nCảm ơn 🙂"
        filed = self.office.ask("intake", "SubmitDossier", submit(online(applicant=applicant(request_content=words))))
        asked = intake.GetSubmissionRequest(dossier_id=filed.dossier.dossier_id)
        self.assertEqual(self.office.ask("intake", "GetSubmission", asked).applicant.request_content, words)

    def test_a_hundred_papers_are_allowed(self):
        papers = [dossier.Component(code=f"GIAY-{number}", copies=1000) for number in range(100)]
        filed = self.office.ask("intake", "SubmitDossier", submit(online(components=papers)))
        asked = intake.GetSubmissionRequest(dossier_id=filed.dossier.dossier_id)
        self.assertEqual(len(self.office.ask("intake", "GetSubmission", asked).components), 100)

    def test_the_services_go_on_as_if_nothing_had_been(self):
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept(acceptance=at_counter()))
        mark = change(written.dossier.dossier_id, min_position=written.position)
        ended = self.office.ask(
            "processing", "ResolveDossier", processing.ResolveDossierRequest(change=mark, result="50/GP")
        )
        report = reporting.GetReportRequest(question=report_question(today()), min_position=ended.position)
        counted = self.office.ask("reporting", "GetReport", report)
        self.assertTrue(all(check.holds for check in counted.checks))
