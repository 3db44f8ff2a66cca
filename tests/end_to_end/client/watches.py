"""Watch streams, as the one-stop software uses them: nothing missed, nothing told twice, ended with a reason."""

import base64
import queue
import threading

import grpc

from contract import dossier, processing, watch, watch_calls
from office import DEADLINE_S, DEPARTMENT, Scenario, change, submit_and_accept

OTHER = "000.00.14.H20"


class Stream:
    """A stream that is read beside what the test does; every wait has a bound."""

    def __init__(self, call):
        self.call = call
        self.told = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for message in self.call:
                self.told.put(message)
        except grpc.RpcError as end:
            self.told.put(end)

    def next(self):
        message = self.told.get(timeout=3 * DEADLINE_S)
        if isinstance(message, grpc.RpcError):
            raise message
        return message

    def cancel(self):
        self.call.cancel()


class Watching(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.calls = watch_calls.WatchServiceStub(cls.office.channels["processing"])

    def dossiers(self, **asked):
        stream = Stream(self.calls.WatchDossiers(watch.WatchDossiersRequest(**asked)))
        self.addCleanup(stream.cancel)
        return stream

    def deadlines(self, **asked):
        stream = Stream(self.calls.WatchDeadlines(watch.WatchDeadlinesRequest(**asked)))
        self.addCleanup(stream.cancel)
        return stream

    def ended(self, stream):
        with self.assertRaises(grpc.RpcError) as caught:
            while True:
                stream.next()
        return caught.exception

    def accepted(self):
        return self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept())

    def changed(self, rpc, request):
        return self.office.ask("processing", rpc, request)


class Changes(Watching):
    def changes(self, stream, count):
        told = []
        while len(told) < count:
            message = stream.next()
            position = message.position
            if message.HasField("change"):
                told.append(message.change)
        return told, position

    def test_a_list_and_the_watch_from_its_position_are_the_whole_picture(self):
        before = self.accepted()
        page = self.office.ask(
            "processing", "ListDossiers", processing.ListDossiersRequest(min_position=before.position, page_size=500)
        )
        self.assertIn(before.dossier.dossier_id, [row.dossier_id for row in page.dossiers])
        stream = self.dossiers(after_position=page.position, agency=DEPARTMENT)
        written = self.accepted()
        mark = change(written.dossier.dossier_id, min_position=written.position)
        self.changed("AssignTask", processing.AssignTaskRequest(change=mark, holder="officer-1"))
        told, position = self.changes(stream, 3)
        self.assertEqual(
            [(entry.kind, entry.dossier.dossier_id, entry.dossier.revision) for entry in told],
            [
                (kind, written.dossier.dossier_id, revision)
                for revision, kind in enumerate(["dossier_submitted", "dossier_accepted", "task_assigned"], 1)
            ],
        )
        self.assertEqual(told[-1].dossier.holder, "officer-1")
        # Each is told as it was right after the event, as a list shows it; never who the applicant is.
        self.assertEqual(told[0].dossier.phase, dossier.PHASE_SUBMITTED)
        self.assertEqual(told[1].dossier.due, written.dossier.due)
        # Come back with the last position, or with a write's: what follows, and nothing before.
        stream.cancel()
        mark = change(written.dossier.dossier_id)
        resolved = self.changed("ResolveDossier", processing.ResolveDossierRequest(change=mark, result="KQ-1"))
        again, _ = self.changes(self.dossiers(after_position=position), 1)
        self.assertEqual(again[0].kind, "dossier_resolved")
        self.assertEqual(again[0].dossier, resolved.dossier)

    def test_an_agency_hears_of_what_it_has_and_of_what_leaves_it_and_of_nothing_else(self):
        here, there = self.dossiers(agency=DEPARTMENT), self.dossiers(agency=OTHER)
        for stream in here, there:
            self.assertFalse(stream.next().HasField("change"), "the first message only says where it begins")
        written = self.accepted()
        mark = change(written.dossier.dossier_id, min_position=written.position)
        self.changed("Transfer", processing.TransferRequest(change=mark, to=OTHER, unit="Phòng Một"))
        told, _ = self.changes(there, 1)
        self.assertEqual((told[0].kind, told[0].agency_before), ("transferred", DEPARTMENT))
        self.assertEqual(self.changes(here, 3)[0][-1], told[0])
        mark = change(written.dossier.dossier_id)
        self.changed("AssignTask", processing.AssignTaskRequest(change=mark, holder="officer-2"))
        self.assertEqual(self.changes(there, 1)[0][0].kind, "task_assigned")
        # A sign of life comes all the same, and its position can be gone on from.
        message = here.next()
        self.assertFalse(message.HasField("change"))
        again = self.dossiers(agency=DEPARTMENT, after_position=message.position)
        self.assertFalse(again.next().HasField("change"))

    def test_a_position_that_cannot_be_gone_on_from_says_what_to_do(self):
        here = self.office.ask("processing", "ListDossiers", processing.ListDossiersRequest()).position
        raw = bytearray(base64.urlsafe_b64decode(here + "=" * (-len(here) % 4)))
        other_log, later_epoch = bytearray(raw), bytearray(raw)
        other_log[1] ^= 0xFF
        later_epoch[20] += 1
        for forged in other_log, later_epoch:
            token = base64.urlsafe_b64encode(bytes(forged)).rstrip(b"=").decode()
            end = self.ended(self.dossiers(after_position=token))
            self.explained(end, grpc.StatusCode.FAILED_PRECONDITION, "POSITION_OF_ANOTHER_HISTORY")
        ahead = bytearray(raw)
        ahead[21] = 1
        token = base64.urlsafe_b64encode(bytes(ahead)).rstrip(b"=").decode()
        end = self.ended(self.dossiers(after_position=token))
        details = self.explained(end, grpc.StatusCode.UNAVAILABLE, "POSITION_NOT_YET_HERE")
        self.assertEqual(len(details.retries), 1)
        for made_up in "không phải", f"{here} {here}":
            end = self.ended(self.dossiers(after_position=made_up))
            self.explained(end, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "after_position")

    def test_a_watcher_that_does_not_read_holds_up_nobody(self):
        # Many watchers that take nothing; writes and other watchers go on meanwhile.
        idle = [self.calls.WatchDossiers(watch.WatchDossiersRequest()) for _ in range(20)]
        for call in idle:
            self.addCleanup(call.cancel)
        stream = self.dossiers()
        stream.next()
        written = [self.accepted() for _ in range(60)]
        told, _ = self.changes(stream, 120)
        accepted = [entry.dossier.dossier_id for entry in told if entry.kind == "dossier_accepted"]
        self.assertEqual(accepted, [given.dossier.dossier_id for given in written])


class Deadlines(Watching):
    def round(self, stream):
        """What one round told: the state of each dossier, and the position at its end."""
        told = {}
        while True:
            message = stream.next()
            if not message.HasField("notice"):
                return told, message.position
            self.assertEqual(message.position, "", "only the end of a round can be gone on from")
            told[message.notice.dossier.dossier_id] = message.notice.state

    def news(self, stream):
        while True:
            told, position = self.round(stream)
            if told:
                return told, position

    def test_what_is_due_is_told_once_and_again_only_when_it_changes(self):
        first, second = self.accepted(), self.accepted()
        ids = [given.dossier.dossier_id for given in (first, second)]
        for given in first, second:
            mark = change(given.dossier.dossier_id, min_position=given.position)
            self.changed("Transfer", processing.TransferRequest(change=mark, to=DEPARTMENT, unit="Phòng Gấp"))
        asked = {"agency": DEPARTMENT, "unit": "Phòng Gấp", "within_working_hours": 48}
        stream = self.deadlines(**asked)
        there, position = self.round(stream)
        self.assertEqual(there, dict.fromkeys(ids, watch.DEADLINE_STATE_DUE_SOON))
        # Nobody else's, and not what is due later than asked.
        other = self.deadlines(**{**asked, "unit": "Phòng Khác"})
        self.assertEqual(self.round(other)[0], {})
        early = self.deadlines(**{**asked, "within_working_hours": 1})
        self.assertEqual(self.round(early)[0], {})
        mark = change(ids[0])
        self.changed("ResolveDossier", processing.ResolveDossierRequest(change=mark, result="KQ-1"))
        self.assertEqual(self.news(stream)[0], {ids[0]: watch.DEADLINE_STATE_GONE})
        # Whoever was away since the first round is told the same, and no more.
        back = self.deadlines(**asked, after_position=position)
        told, position = self.round(back)
        self.assertEqual(told, {ids[0]: watch.DEADLINE_STATE_GONE})
        back = self.deadlines(**asked, after_position=position)
        self.assertEqual(self.round(back)[0], {})

    def test_faults_are_told_all_at_once(self):
        end = self.ended(self.deadlines(within_working_hours=401, after_position="x"))
        details = self.explained(end, grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", "agency")
        self.assertLessEqual({"within_working_hours", "after_position"}, set(details.fields))
