"""A postal terminal that was not written by us: it collects offline, calls when it can, is cut off, and calls again."""

import datetime
import queue

import grpc

from contract import dossier, processing, terminal, terminal_calls
from office import (
    COUNTER,
    DEADLINE_S,
    DEPARTMENT,
    FIVE_DAYS,
    POST,
    Calendar,
    Scenario,
    accept,
    applicant,
    at,
    at_counter,
    day_of,
    named,
    request_id,
)

TERMINAL = "T-870000-1"
OFFICE = "BC-870000"


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Terminal:
    """A journal on paper, and the answers it has."""

    def __init__(self, channel):
        self.calls = terminal_calls.TerminalServiceStub(channel)
        self.journal = []
        self.answers = {}

    def key_in(self, **item):
        sequence = len(self.journal) + 1
        entry = terminal.JournalEntry(
            sequence=sequence, command_id=request_id(), device_time=at(now()), actor="postman-1", **item
        )
        self.journal.append(entry)
        return sequence

    def call(self, answers_max):
        """Says hello, sends whatever has no answer, and hangs up after so many answers. Returns the welcome."""
        to_send = queue.SimpleQueue()
        hello = terminal.TerminalHello(
            terminal_id=TERMINAL,
            office=OFFICE,
            acknowledged=len(self.answers),
            highest=len(self.journal),
            device_time=at(now()),
        )
        to_send.put(terminal.SyncTerminalRequest(hello=hello))
        line = self.calls.SyncTerminal(iter(to_send.get, None), timeout=DEADLINE_S)
        welcome = next(line).welcome
        for entry in self.journal[len(self.answers) :]:
            to_send.put(terminal.SyncTerminalRequest(entry=entry))
        while answers_max and len(self.answers) < len(self.journal):
            answer = next(line).answer
            self.answers[answer.sequence] = answer
            answers_max -= 1
        to_send.put(None)
        line.cancel()
        return welcome


def party(kind, name):
    return terminal.HandOverParty(kind=kind, id=name)


class ByPost(Scenario):
    def test_a_dossier_goes_by_post_from_the_door_to_the_agency(self):
        post = Terminal(self.office.channels["intake"])
        enrolled = terminal.EnrolTerminalRequest(
            request_id=request_id(), terminal_id=TERMINAL, office=OFFICE, operator=POST, actor="operator-1"
        )
        post.calls.EnrolTerminal(enrolled, timeout=DEADLINE_S)
        asked = terminal.LeaseReceiptRangeRequest(
            request_id=request_id(), terminal_id=TERMINAL, series="AA-26P", count=10, actor="operator-1"
        )
        numbers = post.calls.LeaseReceiptRange(asked, timeout=DEADLINE_S).range
        self.assertEqual(numbers.last - numbers.first, 9)

        checklist = post.call(0).catalogue
        collected = {
            "procedure": FIVE_DAYS,
            "agency": DEPARTMENT,
            "applicant": applicant(),
            "components": [dossier.Component(code="DON", originals=1)],
            "checklist": checklist,
            "place": dossier.PLACE_KIND_HOME_COLLECTION,
            "synthetic": True,
        }
        first = post.key_in(collected=terminal.Collected(slip="PG-0001", **collected))
        wrong = post.key_in(collected=terminal.Collected(slip="PG-0002", **{**collected, "agency": ""}))
        second = post.key_in(collected=terminal.Collected(slip="PG-0003", **collected))
        paid = post.key_in(
            fee_receipt=terminal.FeeReceipt(
                series="AA-26P", number=numbers.first, slip="PG-0001", amount_vnd=26_000
            )
        )
        signed_at = now()
        papers = [
            terminal.HandedOver(slip=slip, result=terminal.PAPER_RESULT_COMPLETE) for slip in ("PG-0001", "PG-0003")
        ]
        minute = terminal.HandOver(
            number="BB-0001",
            to=party(terminal.PARTY_KIND_POINT, COUNTER),
            signed_at=at(signed_at),
            giver="postman-1",
            taker="clerk-1",
            papers=papers,
            **{"from": party(terminal.PARTY_KIND_TERMINAL, TERMINAL)},
        )
        handed = post.key_in(hand_over=minute)
        # The line breaks twice.
        post.call(1)
        post.call(2)
        post.call(len(post.journal))

        taken = [post.answers[entry].result == terminal.ENTRY_RESULT_TAKEN for entry in (first, second, paid, handed)]
        self.assertTrue(all(taken), post.answers)
        refusal = post.answers[wrong].refusal
        self.assertEqual(refusal.reason, "INVALID_FIELD")
        self.assertEqual([fault.field for fault in refusal.faults], ["collected.agency"])
        self.assertTrue(refusal.message)
        life = post.answers[first].dossier_id
        self.assertEqual(post.answers[handed].papers[0].dossier_id, life)
        open_papers = post.calls.ListOpenCustody(terminal.ListOpenCustodyRequest(), timeout=DEADLINE_S).papers
        self.assertEqual(list(open_papers), [], "the centre has both")

        # The clerk says nothing of the minute; its signing is the moment of lawful filing all the same.
        accepted = self.office.ask("intake", "AcceptDossier", accept(life, acceptance=at_counter()))
        got = accepted.dossier.accepted_at.ToDatetime(datetime.timezone.utc)
        self.assertLess(abs(got - signed_at), datetime.timedelta(milliseconds=1))
        self.assertTrue(accepted.dossier.code)
        self.assertEqual(accepted.dossier.channel, dossier.CHANNEL_POSTAL)
        due = day_of(accepted.dossier.due.at)
        self.assertEqual(due, Calendar().after(day_of(accepted.dossier.accepted_at), 5))
        history = self.office.ask(
            "processing",
            "GetHistory",
            processing.GetHistoryRequest(dossier=named(life), min_position=accepted.position),
        )
        kinds = [event.kind for event in history.events]
        self.assertEqual(kinds, ["dossier_submitted", "dossier_collected", "dossier_accepted"])

    def test_what_is_sent_again_is_answered_as_it_was(self):
        post = Terminal(self.office.channels["intake"])
        again = terminal.EnrolTerminalRequest(
            request_id=request_id(), terminal_id="T-870000-2", office=OFFICE, operator=POST, actor="operator-1"
        )
        first = post.calls.EnrolTerminal(again, timeout=DEADLINE_S)
        self.assertEqual(post.calls.EnrolTerminal(again, timeout=DEADLINE_S), first)

    def test_a_terminal_that_nobody_knows_is_told_so(self):
        post = Terminal(self.office.channels["intake"])
        hello = terminal.TerminalHello(terminal_id="T-0", office=OFFICE, device_time=at(now()))
        line = post.calls.SyncTerminal(iter([terminal.SyncTerminalRequest(hello=hello)]), timeout=DEADLINE_S)
        with self.assertRaises(grpc.RpcError) as caught:
            next(line)
        self.explained(caught.exception, grpc.StatusCode.NOT_FOUND, "TERMINAL_UNKNOWN", "hello.terminal_id")
