"""Lists and pages: bounded, in order, each dossier once."""

import base64
import datetime

import grpc

from contract import dossier, intake, processing
from office import (
    DEPARTMENT,
    Scenario,
    at,
    change,
    direct,
    named,
    online,
    submit,
    submit_and_accept,
)

INVALID = grpc.StatusCode.INVALID_ARGUMENT


class Lists(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        ask = cls.office.ask
        cls.waiting = [ask("intake", "SubmitDossier", submit()).dossier.dossier_id for _ in range(7)]
        cls.at_counter = [ask("intake", "SubmitDossier", submit(direct())).dossier.dossier_id for _ in range(3)]
        cls.accepted = []
        for _ in range(9):
            written = ask("intake", "SubmitAndAcceptDossier", submit_and_accept())
            cls.accepted.append(written.dossier)
        cls.position = written.position
        for index, given in enumerate(cls.accepted):
            holder = "officer-even" if index % 2 == 0 else "officer-odd"
            mark = change(given.dossier_id, min_position=cls.position)
            ask("processing", "AssignTask", processing.AssignTaskRequest(change=mark, holder=holder))

    def pages(self, service, rpc, kind, field, size, **question):
        """Every entry of a list, a page at a time."""
        entries, token, pages = [], "", 0
        while True:
            asked = kind(page_size=size, page_token=token, min_position=self.position, **question)
            page = self.office.ask(service, rpc, asked)
            got = list(getattr(page, field))
            self.assertLessEqual(len(got), size)
            entries += got
            pages += 1
            token = page.next_page_token
            if not token:
                return entries, pages
            if "code_prefix" not in question:
                self.assertEqual(len(got), size, "only the last page may be short")

    def submissions(self, size, **question):
        found, pages = self.pages(
            "intake", "ListSubmissions", intake.ListSubmissionsRequest, "submissions", size, **question
        )
        return found, pages

    def inbox(self, size, **question):
        found, pages = self.pages(
            "processing", "ListDossiers", processing.ListDossiersRequest, "dossiers", size, **question
        )
        return [held.dossier_id for held in found], pages

    def test_what_waits_for_intake_comes_nearest_answer_limit_first(self):
        found, pages = self.submissions(3)
        ids = [entry.dossier.dossier_id for entry in found]
        self.assertEqual(pages, 4)
        self.assertEqual(ids, self.waiting + self.at_counter)
        limits = [entry.dossier.answer_due.ToNanoseconds() for entry in found[: len(self.waiting)]]
        self.assertEqual(limits, sorted(limits))
        self.assertFalse(any(entry.late for entry in found))

    def test_it_can_be_narrowed(self):
        found, _ = self.submissions(50, channel=dossier.CHANNEL_DIRECT)
        self.assertEqual([entry.dossier.dossier_id for entry in found], self.at_counter)
        found, _ = self.submissions(50, agency=DEPARTMENT)
        self.assertEqual(len(found), 10)
        found, _ = self.submissions(50, agency="000.00.14.H20")
        self.assertEqual(found, [])
        found, _ = self.submissions(50, late_only=True)
        self.assertEqual(found, [])

    def test_an_inbox_has_each_dossier_once_whatever_the_page(self):
        whole, _ = self.inbox(500)
        self.assertEqual(sorted(whole), sorted(given.dossier_id for given in self.accepted))
        for size in (1, 2, 9, 10):
            self.assertEqual(self.inbox(size)[0], whole)

    def test_an_inbox_can_be_narrowed(self):
        even, _ = self.inbox(2, holder="officer-even")
        self.assertEqual(sorted(even), sorted(given.dossier_id for given in self.accepted[::2]))
        self.assertEqual(self.inbox(50, agency="000.00.14.H20")[0], [])
        self.assertEqual(self.inbox(50, phases=[dossier.PHASE_ACCEPTED])[0], [])
        self.assertEqual(len(self.inbox(50, phases=[dossier.PHASE_IN_PROCESSING])[0]), 9)
        due = self.accepted[0].due.at.ToDatetime(datetime.timezone.utc)
        self.assertEqual(self.inbox(50, due_before=at(due - datetime.timedelta(days=2)))[0], [])
        self.assertEqual(len(self.inbox(50, due_before=at(due + datetime.timedelta(days=2)))[0]), 9)

    def test_what_is_finished_is_listed_too_and_stays_where_it_is(self):
        ask = self.office.ask
        finished = []
        for _ in range(3):
            copy = ask("intake", "SubmitAndAcceptDossier", submit_and_accept(direct(agency=DEPARTMENT)))
            mark = change(copy.dossier.dossier_id, min_position=copy.position)
            ask("processing", "AssignTask", processing.AssignTaskRequest(change=mark, holder="officer-done"))
            mark = change(copy.dossier.dossier_id)
            ask("processing", "ResolveDossier", processing.ResolveDossierRequest(change=mark, result="KQ"))
            mark = change(copy.dossier.dossier_id)
            mode = processing.DELIVERY_MODE_COUNTER
            ask("processing", "RecordDelivery", processing.RecordDeliveryRequest(change=mark, mode=mode))
            finished.append(copy.dossier.dossier_id)
        self.assertEqual(self.inbox(50, holder="officer-done")[0], [], "nothing of it is pending")
        returned = [dossier.PHASE_RETURNED]
        for size in (1, 2, 50):
            self.assertEqual(self.inbox(size, phases=returned, holder="officer-done")[0], finished)
        self.assertLessEqual(set(finished), set(self.inbox(50, phases=returned, agency=DEPARTMENT)[0]))
        row = ask(
            "processing", "ListDossiers", processing.ListDossiersRequest(phases=returned, holder="officer-done")
        ).dossiers[0]
        whole = ask("processing", "GetDossier", processing.GetDossierRequest(dossier=named(finished[0])))
        self.assertEqual(row, whole.dossier)

    def test_a_code_is_found_by_its_beginning(self):
        codes = {given.code: given.dossier_id for given in self.accepted}
        day = self.accepted[0].code.rsplit("-", 1)[0]
        found, _ = self.inbox(4, code_prefix=day)
        by_code = [codes[code] for code in sorted(codes)]
        self.assertEqual([life for life in found if life in codes.values()], by_code)
        for given in self.accepted:
            self.assertEqual(self.inbox(5, code_prefix=given.code)[0], [given.dossier_id])
        even = self.accepted[0]
        self.assertEqual(self.inbox(5, code_prefix=even.code, holder="officer-even")[0], [even.dossier_id])
        self.assertEqual(self.inbox(5, code_prefix=even.code, holder="officer-odd")[0], [])
        asked = processing.ListDossiersRequest(code_prefix="mã số")
        self.refused("processing", "ListDossiers", asked, INVALID, "INVALID_FIELD", "code_prefix")

    def test_due_dates_bound_a_list_on_both_sides(self):
        due = self.accepted[0].due.at.ToDatetime(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        mine = {given.dossier_id for given in self.accepted}
        within = self.inbox(3, due_from=at(due), due_before=at(due + day))[0]
        self.assertLessEqual(mine, set(within))
        self.assertFalse(mine & set(self.inbox(3, due_from=at(due + day))[0]))

    def test_phases_before_acceptance_are_intakes(self):
        asked = processing.ListDossiersRequest(phases=[dossier.PHASE_SUBMITTED])
        self.refused("processing", "ListDossiers", asked, INVALID, "INVALID_FIELD", "phases")

    def test_a_history_has_pages_too(self):
        life = self.accepted[0].dossier_id
        whole = self.office.ask(
            "processing", "GetHistory", processing.GetHistoryRequest(dossier=named(life), page_size=500)
        ).events
        self.assertEqual(len(whole), 3)
        one_by_one, token = [], ""
        while True:
            page = self.office.ask(
                "processing",
                "GetHistory",
                processing.GetHistoryRequest(dossier=named(life), page_size=1, page_token=token),
            )
            one_by_one += page.events
            token = page.next_page_token
            if not token:
                break
        self.assertEqual(one_by_one, list(whole))

    def test_too_many_in_a_page_are_clamped_and_too_few_refused(self):
        for size in (501, 1_000_000, 2**31 - 1):
            self.office.ask("intake", "ListSubmissions", intake.ListSubmissionsRequest(page_size=size))
            self.office.ask("processing", "ListDossiers", processing.ListDossiersRequest(page_size=size))
        for size in (-1, -(2**31)):
            asked = intake.ListSubmissionsRequest(page_size=size)
            self.refused("intake", "ListSubmissions", asked, INVALID, "INVALID_FIELD", "page_size")
            asked = processing.ListDossiersRequest(page_size=size)
            self.refused("processing", "ListDossiers", asked, INVALID, "INVALID_FIELD", "page_size")

    def test_a_page_token_belongs_to_its_question(self):
        first = self.office.ask("intake", "ListSubmissions", intake.ListSubmissionsRequest(page_size=2))
        other = intake.ListSubmissionsRequest(
            page_size=2, page_token=first.next_page_token, channel=dossier.CHANNEL_ONLINE
        )
        self.refused("intake", "ListSubmissions", other, INVALID, "INVALID_FIELD", "page_token")
        # Bound to the question, and naming no place: taken for the first page, it would show everything again.
        bound = base64.urlsafe_b64decode(first.next_page_token + "=" * (-len(first.next_page_token) % 4))[:4]
        for end in (b"", b"\x00" * 31, b"\x7f" * 32):
            token = base64.urlsafe_b64encode(bound + end).rstrip(b"=").decode()
            forged = intake.ListSubmissionsRequest(page_size=2, page_token=token)
            self.refused("intake", "ListSubmissions", forged, INVALID, "INVALID_FIELD", "page_token")
        made_up = processing.ListDossiersRequest(page_token="không phải của hệ thống")
        self.refused("processing", "ListDossiers", made_up, INVALID, "INVALID_FIELD", "page_token")

    def test_a_page_stays_where_it_was_when_others_come_and_go(self):
        # A dossier that leaves the list between two pages neither hides another nor shows one twice.
        ask = self.office.ask
        mine = [
            ask("intake", "SubmitDossier", submit(online(agency="000.00.14.H20"))).dossier.dossier_id
            for _ in range(4)
        ]
        question = {"agency": "000.00.14.H20", "page_size": 2}
        first = ask("intake", "ListSubmissions", intake.ListSubmissionsRequest(**question))
        self.assertEqual([entry.dossier.dossier_id for entry in first.submissions], mine[:2])
        back = intake.WithdrawSubmissionRequest(
            request_id=submit().request_id, dossier_id=mine[0], actor="portal"
        )
        gone = ask("intake", "WithdrawSubmission", back)
        second = ask(
            "intake",
            "ListSubmissions",
            intake.ListSubmissionsRequest(
                page_token=first.next_page_token, min_position=gone.position, **question
            ),
        )
        self.assertEqual([entry.dossier.dossier_id for entry in second.submissions], mine[2:])
        for life in mine[1:]:
            back = intake.WithdrawSubmissionRequest(request_id=submit().request_id, dossier_id=life, actor="portal")
            ask("intake", "WithdrawSubmission", back)
