"""Reading what one just wrote, at whichever service, without ever being told that it does not exist."""

import base64
import datetime
import threading

import grpc

from contract import intake, processing, reporting
from office import (
    Office,
    Scenario,
    accept,
    change,
    day_of,
    named,
    online,
    report_question,
    request_id,
    submit,
    submit_and_accept,
    today,
)


# A run across midnight is still one period.
FIRST = today()


def question():
    return report_question(FIRST, FIRST + datetime.timedelta(days=1))


class OwnWrites(Scenario):
    def test_a_write_at_intake_is_read_at_once_at_processing(self):
        for _ in range(25):
            written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
            asked = processing.GetDossierRequest(
                dossier=named(written.dossier.dossier_id), min_position=written.position
            )
            seen = self.office.ask("processing", "GetDossier", asked)
            self.assertEqual(seen.dossier, written.dossier)

    def test_it_is_found_by_its_code_too(self):
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
        asked = processing.GetDossierRequest(
            dossier=processing.DossierName(code=written.dossier.code), min_position=written.position
        )
        self.assertEqual(self.office.ask("processing", "GetDossier", asked).dossier, written.dossier)

    def test_a_command_waits_for_the_write_it_builds_on(self):
        for _ in range(10):
            filed = self.office.ask("intake", "SubmitDossier", submit())
            accepted = self.office.ask("intake", "AcceptDossier", accept(filed.dossier.dossier_id))
            mark = change(
                filed.dossier.dossier_id,
                min_position=accepted.position,
                expected_revision=accepted.dossier.revision,
            )
            task = processing.AssignTaskRequest(change=mark, holder="officer-2")
            held = self.office.ask("processing", "AssignTask", task)
            self.assertEqual(held.dossier.revision, accepted.dossier.revision + 1)

    def test_a_report_counts_what_was_written_before_it_was_asked_for(self):
        asked = reporting.GetReportRequest(question=question())
        received = self.office.ask("reporting", "GetReport", asked).total.c3
        for more in range(1, 11):
            written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
            # Intake's own token is enough: reporting knows intake's log by what came through processing.
            asked = reporting.GetReportRequest(question=question(), min_position=written.position)
            counted = self.office.ask("reporting", "GetReport", asked)
            self.assertGreaterEqual(counted.total.c3, received + more, "another test may have added, none takes away")

    def test_every_list_and_look_up_waits_too(self):
        written = self.office.ask("intake", "SubmitDossier", submit())
        mark = {"min_position": written.position}
        life = written.dossier.dossier_id
        self.office.ask("intake", "GetSubmission", intake.GetSubmissionRequest(dossier_id=life, **mark))
        listed = self.office.ask("intake", "ListSubmissions", intake.ListSubmissionsRequest(page_size=500, **mark))
        self.assertIn(life, [waiting.dossier.dossier_id for waiting in listed.submissions])
        accepted = self.office.ask("intake", "AcceptDossier", accept(life))
        mark = {"min_position": accepted.position}
        listed = self.office.ask("intake", "ListSubmissions", intake.ListSubmissionsRequest(page_size=500, **mark))
        self.assertNotIn(life, [waiting.dossier.dossier_id for waiting in listed.submissions])
        inbox = self.office.ask("processing", "ListDossiers", processing.ListDossiersRequest(page_size=500, **mark))
        self.assertIn(life, [held.dossier_id for held in inbox.dossiers])
        history = self.office.ask(
            "processing", "GetHistory", processing.GetHistoryRequest(dossier=named(life), **mark)
        )
        self.assertEqual(len(history.events), 2)
        explained = self.office.ask(
            "processing", "ExplainDeadline", processing.ExplainDeadlineRequest(dossier=named(life), **mark)
        )
        self.assertEqual(day_of(explained.due.at), day_of(accepted.dossier.due.at))

    def test_tokens_of_several_logs_go_together(self):
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
        mark = change(written.dossier.dossier_id, min_position=written.position)
        ended = self.office.ask(
            "processing", "ResolveDossier", processing.ResolveDossierRequest(change=mark, result="20/GP")
        )
        both = f"{written.position} {ended.position}"
        report = reporting.GetReportRequest(question=question(), min_position=both)
        counted = self.office.ask("reporting", "GetReport", report)
        self.assertGreaterEqual(counted.total.c7, 1)
        self.assertGreaterEqual(counted.log_position, self.office.head("processing").position - 1000)

    def test_what_may_be_on_its_way_is_not_called_unknown(self):
        # Nobody waited for intake's answer: processing cannot know yet, and says so instead of NOT_FOUND.
        asked = processing.ResolveDossierRequest(change=change(request_id()), result="21/GP")
        details = self.refused(
            "processing", "ResolveDossier", asked, grpc.StatusCode.UNAVAILABLE, "DOSSIER_NOT_YET_HERE"
        )
        self.assertEqual(len(details.retries), 1)
        asked = processing.GetDossierRequest(dossier=named(request_id()))
        details = self.refused("processing", "GetDossier", asked, grpc.StatusCode.UNAVAILABLE, "DOSSIER_NOT_YET_HERE")
        self.assertEqual(len(details.retries), 1)

    def test_a_position_that_never_comes_is_waited_for_a_while_and_then_said_to_be_missing(self):
        # A token that is ahead of the log: the one written by the next call, asked about before that call.
        head = self.office.head("processing")
        ahead = ahead_of(head.token)
        for service, rpc, asked in (
            ("processing", "GetDossier", processing.GetDossierRequest(dossier=named(request_id()), min_position=ahead)),
            ("reporting", "GetReport", reporting.GetReportRequest(question=question(), min_position=ahead)),
        ):
            with self.subTest(service):
                details = self.refused(service, rpc, asked, grpc.StatusCode.UNAVAILABLE, "POSITION_NOT_YET_HERE")
                self.assertEqual(len(details.retries), 1)

    def test_the_callers_deadline_is_kept_while_waiting(self):
        ahead = ahead_of(self.office.head("processing").token)
        asked = processing.GetDossierRequest(dossier=named(request_id()), min_position=ahead)
        with self.assertRaises(grpc.RpcError) as caught:
            self.office.processing.GetDossier(asked, timeout=0.2)
        # The server ends the call at the same moment, and calls that CANCELLED.
        ended = (grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED)
        self.assertIn(caught.exception.code(), ended)

    def test_many_who_write_and_read_at_once_each_find_their_own(self):
        wrong = []

        def write_and_read(office):
            for _ in range(5):
                written = office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept(online()))
                asked = processing.GetDossierRequest(
                    dossier=named(written.dossier.dossier_id), min_position=written.position
                )
                seen = office.ask("processing", "GetDossier", asked)
                if seen.dossier != written.dossier:
                    wrong.append((written, seen))

        offices = [Office() for _ in range(8)]
        threads = [threading.Thread(target=write_and_read, args=[office]) for office in offices]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for office in offices:
            office.close()
        self.assertEqual(wrong, [])

    def test_reporting_tells_how_far_it_is(self):
        written = self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
        self.office.ask(
            "reporting", "GetReport", reporting.GetReportRequest(question=question(), min_position=written.position)
        )
        status = self.office.ask("reporting", "GetStatus", reporting.GetStatusRequest())
        head = self.office.head("processing")
        self.assertEqual(status.log_id, head.log_id)
        self.assertEqual(status.not_understood, 0)
        self.assertLessEqual(status.folded, status.position)
        self.assertLessEqual(status.position, head.position)
        self.assertGreater(status.position, 0)


def ahead_of(token):
    """The same log's token, a million records further on. Tokens are opaque to clients; a test may look inside."""
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    raw[-8:] = (int.from_bytes(raw[-8:], "big") + 1_000_000).to_bytes(8, "big")
    return base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
