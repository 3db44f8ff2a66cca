"""The same request again: the first answer, byte for byte, for ever, and nothing is done twice."""

import threading

import grpc

from contract import dossier, intake, processing
from office import (
    AT_ONCE,
    Calendar,
    Office,
    Scenario,
    accept,
    at_counter,
    bytes_of,
    change,
    direct,
    leave_word,
    reason,
    request_id,
    submit,
    submit_and_accept,
    text_of,
    today,
    word_left,
)

PAPERS = [dossier.Component(code="GPCU", originals=1)]


class Script:
    """One call of every rpc that changes something, each with the answer it got."""

    def __init__(self, office):
        self.office = office
        self.calls = []

    def say(self, service, rpc, request, answer):
        raw = request.SerializeToString(deterministic=True)
        got = self.office.ask_in_bytes(service, rpc, raw)
        self.calls.append((service, rpc, raw, got))
        return answer.FromString(got)

    def at_intake(self, rpc, request):
        return self.say("intake", rpc, request, getattr(intake, f"{rpc}Response"))

    def at_processing(self, rpc, **fields):
        request = getattr(processing, f"{rpc}Request")(**fields)
        return self.say("processing", rpc, request, getattr(processing, f"{rpc}Response"))

    def accepted(self):
        """A fresh dossier for the calls that end one; its own call is part of the script too."""
        return self.at_intake("SubmitAndAcceptDossier", submit_and_accept())

    def play(self):
        marks = {"request_id": request_id(), "actor": "clerk-1"}
        filed = self.at_intake("SubmitDossier", submit(direct())).dossier.dossier_id
        self.at_intake(
            "RequestIntakeSupplement",
            intake.RequestIntakeSupplementRequest(
                dossier_id=filed, reason=reason(), components=["GPCU"], **{**marks, "request_id": request_id()}
            ),
        )
        self.at_intake(
            "SupplementSubmission",
            intake.SupplementSubmissionRequest(
                dossier_id=filed, components=PAPERS, **{**marks, "request_id": request_id()}
            ),
        )
        accepted = self.at_intake("AcceptDossier", accept(filed, acceptance=at_counter()))
        at_once = submit_and_accept(direct(procedure=AT_ONCE), immediate_result="07/TB")
        self.at_intake("SubmitAndAcceptDossier", at_once)
        refused = self.at_intake("SubmitDossier", submit()).dossier.dossier_id
        self.at_intake(
            "RefuseDossier",
            intake.RefuseDossierRequest(dossier_id=refused, reason=reason(), **{**marks, "request_id": request_id()}),
        )
        withdrawn = self.at_intake("SubmitDossier", submit()).dossier.dossier_id
        self.at_intake(
            "WithdrawSubmission",
            intake.WithdrawSubmissionRequest(dossier_id=withdrawn, **{**marks, "request_id": request_id()}),
        )

        first = change(filed, min_position=accepted.position)
        self.at_processing("Transfer", change=first, to="000.00.06.H20", unit="Phòng Quản lý du lịch")
        self.at_processing("AssignTask", change=change(filed), holder="officer-3")
        self.at_processing("RequestSupplement", change=change(filed), reason=reason(), components=["KYQUY"])
        self.at_processing("ReceiveSupplement", change=change(filed), components=PAPERS)
        self.at_processing("RequestFee", change=change(filed), notice="TB-9", amount_vnd=1_000_000)
        self.at_processing(
            "RecordPayment",
            change=change(filed),
            notice="TB-9",
            amount_vnd=1_000_000,
            method=processing.PAYMENT_METHOD_TRANSFER,
            receipt="BL-9",
        )
        self.at_processing("SuspendProcessing", change=change(filed), reason=reason())
        self.at_processing("ResumeProcessing", change=change(filed))
        later = Calendar().after(today(), 12)
        self.at_processing("ExtendDeadline", change=change(filed), reason=reason(), new_date=later.isoformat())
        self.at_processing("ResolveDossier", change=change(filed), result="30/GP")
        self.at_processing(
            "RecordDelivery",
            change=change(filed),
            mode=processing.DELIVERY_MODE_COUNTER,
            proof="Đã ký nhận tại quầy.",
        )
        for rpc, fields in (
            ("RefuseAfterExamination", {"reason": reason()}),
            ("WithdrawDossier", {}),
            ("TerminateProcessing", {"reason": reason()}),
        ):
            written = self.accepted()
            mark = change(written.dossier.dossier_id, min_position=written.position)
            self.at_processing(rpc, change=mark, **fields)


class Repeats(Scenario):
    def answer_again(self, calls):
        for service, rpc, raw, got in calls:
            with self.subTest(rpc):
                self.assertEqual(self.office.ask_in_bytes(service, rpc, raw).hex(), got.hex())


class First(Repeats):
    """Before the program is killed."""

    def test_every_call_that_changes_something_answers_a_repeat_as_it_answered_first(self):
        script = Script(self.office)
        script.play()
        rpcs = {rpc for _, rpc, _, _ in script.calls}
        # All that change something; LapseSupplement has no call here: no law version sets a limit that could pass.
        self.assertEqual(len(rpcs), 21)
        heads = {name: self.office.head(name).position for name in ("intake", "processing")}
        self.answer_again(script.calls)
        self.answer_again(reversed(script.calls))
        self.assertEqual({name: self.office.head(name).position for name in heads}, heads)
        leave_word(
            {"calls": [[service, rpc, text_of(raw), text_of(got)] for service, rpc, raw, got in script.calls]}
        )


class AfterTheKill(Repeats):
    """After `kill -9` and a start over the same folder."""

    def test_the_first_answers_are_still_the_answers(self):
        calls = [
            (service, rpc, bytes_of(raw), bytes_of(got)) for service, rpc, raw, got in word_left()["calls"]
        ]
        self.assertGreater(len(calls), 20)
        heads = {name: self.office.head(name).position for name in ("intake", "processing")}
        self.answer_again(calls)
        self.assertEqual({name: self.office.head(name).position for name in heads}, heads)

    def test_a_reused_request_id_is_still_noticed(self):
        for service, rpc, raw, _ in word_left()["calls"]:
            kind = getattr({"intake": intake, "processing": processing}[service], f"{rpc}Request")
            request = kind.FromString(bytes_of(raw))
            (request if service == "intake" else request.change).actor = "somebody-else"
            with self.subTest(rpc):
                self.refused(service, rpc, request, grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")

    def test_work_goes_on_where_it_ended(self):
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
        mark = change(written.dossier.dossier_id, min_position=written.position)
        asked = processing.ResolveDossierRequest(change=mark, result="31/GP")
        ended = self.office.ask("processing", "ResolveDossier", asked)
        self.assertEqual(ended.dossier.phase, dossier.PHASE_RESOLVED)
        known = {
            bytes_of(got)
            for _, rpc, _, got in word_left()["calls"]
            if rpc in ("AcceptDossier", "SubmitAndAcceptDossier")
        }
        codes = {intake.SubmitAndAcceptDossierResponse.FromString(got).dossier.code for got in known}
        self.assertNotIn(written.dossier.code, codes, "a code was given out twice")


class AtOnce(Scenario):
    """The same request from many at the same moment."""

    def test_one_dossier_comes_of_it_and_all_get_the_same_answer(self):
        raw = submit_and_accept().SerializeToString(deterministic=True)
        before = self.office.head("intake").position
        answers = []

        def send():
            office = Office()
            answers.append(office.ask_in_bytes("intake", "SubmitAndAcceptDossier", raw))
            office.close()

        threads = [threading.Thread(target=send) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), 12)
        self.assertEqual(len(set(answers)), 1)
        self.assertEqual(self.office.head("intake").position, before + 2)

    def test_of_many_changes_of_one_revision_one_is_made(self):
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
        life = written.dossier.dossier_id
        revision = written.dossier.revision
        outcomes = []

        def take(number):
            office = Office()
            mark = change(life, min_position=written.position, expected_revision=revision)
            try:
                office.ask("processing", "AssignTask", processing.AssignTaskRequest(change=mark, holder=f"o-{number}"))
                outcomes.append("taken")
            except grpc.RpcError as error:
                self.explained(error, grpc.StatusCode.ABORTED, "STALE_REVISION")
                outcomes.append("stale")
            office.close()

        threads = [threading.Thread(target=take, args=[number]) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(outcomes), ["stale"] * 7 + ["taken"])
