"""Known names, numbers and words go through every call that takes any; whoever runs this then looks for them on disk."""

import json
import time

import grpc
from google.protobuf import text_format

from contract import audit, audit_calls, dossier, identity, identity_calls, intake, processing, reporting
from office import (
    DEADLINE_S,
    DEPARTMENT,
    POST,
    Scenario,
    accept,
    applicant,
    change,
    leave_word,
    named,
    online,
    reason,
    report_question,
    request_id,
    submit,
    submit_and_accept,
    today,
)

# Each is told to the system in one place; none may be found anywhere but in answers to GetSubmission and GetDossier.
SECRETS = {
    "name": "Nguyễn Thị Mắc Khén",
    "identity_number": "087190765431",
    "phone": "0939 765 431",
    "email": "mac.khen.765431@vidu.vn",
    "address": "Số 765 đường Hoa Gạo, phường Cao Lãnh",
    "submitter_name": "Phạm Quýt Hồng",
    "request_content": "Xin cấp lại giấy phép vì nhà tôi cháy đêm mồng bảy.",
    "intake_reason": "Ông Bùi Văn Sậy nói chưa có giấy khai sinh của con.",
    "reason": "Chờ bà Đoàn Thị Lục Bình đi viện về.",
    "proof": "Bà Tạ Điên Điển ký nhận thay, có giấy ủy quyền.",
    "authorised": "Đinh Thị Cà Na",
    "noted": "Con gái bà, ở cùng hẻm với ông Sáu Bần.",
    "refused_name": "Huỳnh Ô Môi",
    "refused_number": "087190999999x",
    "refused_words": "Vì chị Lâm Bần Ổi không đồng ý.",
}


class Told(Scenario):
    def test_through_every_call_that_takes_words(self):
        ask = self.office.ask
        person = applicant(
            **{
                field: SECRETS[field]
                for field in (
                    "name",
                    "identity_number",
                    "phone",
                    "email",
                    "address",
                    "submitter_name",
                    "request_content",
                )
            }
        )
        marks = {"actor": "clerk-1"}
        lives = []

        filed = ask("intake", "SubmitDossier", submit(online(applicant=person))).dossier.dossier_id
        lives.append(filed)
        for_intake = reason(text=SECRETS["intake_reason"])
        missing = intake.RequestIntakeSupplementRequest(
            request_id=request_id(), dossier_id=filed, reason=for_intake, components=["GPCU"], **marks
        )
        ask("intake", "RequestIntakeSupplement", missing)
        brought = intake.SupplementSubmissionRequest(request_id=request_id(), dossier_id=filed, **marks)
        ask("intake", "SupplementSubmission", brought)
        position = ask("intake", "AcceptDossier", accept(filed)).position

        for rpc in ("RefuseDossier", "WithdrawSubmission"):
            other = ask("intake", "SubmitDossier", submit(online(applicant=person))).dossier.dossier_id
            request = getattr(intake, f"{rpc}Request")(
                request_id=request_id(), dossier_id=other, reason=for_intake, **marks
            )
            ask("intake", rpc, request)

        paper = dossier.BroughtAuthorisation(
            to=dossier.AUTHORISED_TO_COLLECT, person=dossier.AuthorisedPerson(name=SECRETS["authorised"])
        )
        filing = dossier.Filing(dossier_id=filed, authorisation=paper, words=SECRETS["noted"])
        received = intake.ReceiveFilingRequest(request_id=request_id(), filing=filing, operator=POST, **marks)
        ask("intake", "ReceiveFiling", received)

        why = {"reason": reason(text=SECRETS["reason"])}
        first = change(filed, min_position=position)
        ask("processing", "RequestSupplement", processing.RequestSupplementRequest(change=first, **why))
        ask("processing", "ReceiveSupplement", processing.ReceiveSupplementRequest(change=change(filed)))
        ask("processing", "SuspendProcessing", processing.SuspendProcessingRequest(change=change(filed), **why))
        ask("processing", "ResumeProcessing", processing.ResumeProcessingRequest(change=change(filed)))
        ask("processing", "ResolveDossier", processing.ResolveDossierRequest(change=change(filed), result="60/GP"))
        handed = processing.RecordDeliveryRequest(
            change=change(filed), mode=processing.DELIVERY_MODE_COUNTER, proof=SECRETS["proof"]
        )
        position = ask("processing", "RecordDelivery", handed).position
        for rpc in ("RefuseAfterExamination", "WithdrawDossier", "TerminateProcessing"):
            written = ask("intake", "SubmitAndAcceptDossier", submit_and_accept(online(applicant=person)))
            lives.append(written.dossier.dossier_id)
            mark = change(written.dossier.dossier_id, min_position=written.position)
            request = getattr(processing, f"{rpc}Request")(change=mark, **why)
            position = ask("processing", rpc, request).position

        # They were kept: whoever may see them, sees them.
        seen = ask("intake", "GetSubmission", intake.GetSubmissionRequest(dossier_id=filed)).applicant
        self.assertEqual(seen, person)
        # Processing fetches them from there.
        until = time.monotonic() + 60
        name = {"dossier": named(filed), "min_position": position}
        while True:
            there = ask("processing", "GetDossier", processing.GetDossierRequest(**name))
            self.assertFalse(there.applicant_erased)
            if not there.applicant_not_yet_here:
                break
            self.assertLess(time.monotonic(), until, "the applicant does not come to processing")
            time.sleep(0.05)
        self.assertEqual(there.applicant, person)

        heard = [self.refusals(filed), self.readings(lives, position), self.look_ups(filed)]
        found = [name for name, secret in SECRETS.items() for text in heard if secret in text]
        self.assertEqual(found, [], "told to somebody who must not know")
        leave_word(SECRETS)

    def refusals(self, filed):
        """What is said about requests that are refused; a refusal never quotes."""
        bad = applicant(
            name=SECRETS["refused_name"] + " 🎉",
            identity_number=SECRETS["refused_number"],
            request_content=SECRETS["refused_words"] + "\0",
        )
        requests = [
            ("intake", "SubmitDossier", submit(online(applicant=bad))),
            ("intake", "SubmitDossier", submit(online(procedure="0.000000", applicant=applicant(name=SECRETS["refused_name"])))),
            (
                "processing",
                "SuspendProcessing",
                processing.SuspendProcessingRequest(
                    change=change(filed), reason=reason(text=SECRETS["refused_words"])
                ),
            ),
            ("intake", "SubmitDossier", submit(online(applicant=bad)).SerializeToString() + b"\x0a\xff"),
        ]
        said = []
        for service, rpc, request in requests:
            with self.assertRaises(grpc.RpcError) as caught:
                if isinstance(request, bytes):
                    self.office.ask_in_bytes(service, rpc, request)
                else:
                    self.office.ask(service, rpc, request)
            trailers = caught.exception.trailing_metadata() or ()
            for _, value in trailers:
                said.append(value.decode("utf-8", "replace") if isinstance(value, bytes) else value)
            said.append(caught.exception.details())
        return "\n".join(said)

    def look_ups(self, filed):
        """What is told to whoever looks a number up, finds it or is refused, and to an auditor."""
        said = []
        for service in ("intake", "processing"):
            calls = identity_calls.IdentityServiceStub(self.office.channels[service])
            for number in ("identity_number", "refused_number"):
                asked = identity.FindDossiersByIdentityRequest(
                    identity_number=SECRETS[number],
                    purpose=identity.LOOK_UP_PURPOSE_DUPLICATE_CHECK,
                    reference="9/CV" if number == "identity_number" else SECRETS["identity_number"],
                    agency=DEPARTMENT,
                    actor="clerk-1",
                )
                try:
                    answer = calls.FindDossiersByIdentity(asked, timeout=DEADLINE_S)
                    self.assertEqual(number, "identity_number")
                    self.assertTrue(service == "intake" or filed in [one.dossier_id for one in answer.dossiers])
                    said.append(text_format.MessageToString(answer, as_utf8=True))
                except grpc.RpcError as error:
                    self.assertEqual((number, error.code()), ("refused_number", grpc.StatusCode.INVALID_ARGUMENT))
                    said.append(error.details())
                    said.extend(str(value) for _, value in error.trailing_metadata() or ())
        audits = audit_calls.AuditServiceStub(self.office.channels["processing"])
        listed = audits.ListIdentityLookUps(audit.ListIdentityLookUpsRequest(), timeout=DEADLINE_S)
        self.assertTrue(listed.look_ups)
        said.append(text_format.MessageToString(listed, as_utf8=True))
        return "\n".join(said)

    def readings(self, lives, position):
        """Everything that processing and reporting tell."""
        ask = self.office.ask
        heard = []
        for life in lives:
            name = {"dossier": named(life), "min_position": position}
            there = ask("processing", "GetDossier", processing.GetDossierRequest(**name))
            # Told to whoever may see it, in its place and nowhere else.
            there.ClearField("applicant")
            heard.append(there)
            history = ask("processing", "GetHistory", processing.GetHistoryRequest(page_size=500, **name))
            heard.append(history)
            # As the log has it, uncompressed.
            for event in history.events:
                json.loads(event.data_json)
                heard.append(event.data_json)
            heard.append(ask("processing", "ExplainDeadline", processing.ExplainDeadlineRequest(**name)))
        heard.append(ask("processing", "ListDossiers", processing.ListDossiersRequest()))
        heard.append(ask("intake", "ListSubmissions", intake.ListSubmissionsRequest()))
        question = report_question(today())
        heard.append(
            ask("reporting", "GetReport", reporting.GetReportRequest(question=question, min_position=position))
        )
        cell = reporting.ListCellDossiersRequest(question=question, row="total", column=3)
        heard.append(ask("reporting", "ListCellDossiers", cell))
        heard.append(ask("reporting", "GetStatus", reporting.GetStatusRequest()))
        # The text form of a message escapes what is not ASCII unless told otherwise.
        return "\n".join(
            part if isinstance(part, str) else text_format.MessageToString(part, as_utf8=True) for part in heard
        )
