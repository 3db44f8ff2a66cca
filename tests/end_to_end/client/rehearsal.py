"""Lives that go on side by side on a clock set by hand: whoever is next to act, acts; and what they must have come to."""

import datetime
import heapq
import json
import os
import pathlib
import time

from contract import dossier, intake, processing, reporting
from office import (
    VIETNAM,
    Scenario,
    accept,
    applicant,
    at,
    change,
    direct,
    named,
    submit,
    submit_and_accept,
)

# What happens by itself happens within this time, of the machine's own clock.
PATIENCE_S = 30
COLUMNS = [f"c{number}" for number in range(3, 14)]
# The two quarters in which everything happens (15/12 to 14/3, 15/3 to 14/6).
FIRST = ("2022-12-15", "2023-03-14")
SECOND = ("2023-03-15", "2023-06-14")


def moment(civil):
    """`2023-01-09 08:00` in Vietnam."""
    return datetime.datetime.fromisoformat(civil).replace(tzinfo=VIETNAM)


def set_clock(when):
    """The services' time from now on; they read the file whenever they need it."""
    clock = pathlib.Path(os.environ["HOSO_CLOCK"])
    beside = clock.with_suffix(".next")
    beside.write_text(when.isoformat(), encoding="utf-8")
    beside.replace(clock)


class Story:
    """One life. `story` tells it, yielding the moment at which it goes on; the tables are what a person worked out.

    HISTORY has a line for each event: when it happened, what, and the due day that it names, if it names one.
    FORM has a line for each report: the quarter, as known when, and the life's row of form II.06a, (3) to (13). The life
    has a field of its own, so its row is all that the form says about it.
    MEMO is what stands below the line for its procedure, in the last quarter told, as known at the end.
    """

    FIELD = ""
    PROCEDURE = ""
    HISTORY = ""
    FORM = ()
    MEMO = {}
    FLAGS = ()

    def __init__(self, office):
        self.office = office
        self.position = ""
        self.ids = []

    def story(self):
        raise NotImplementedError

    # --- what a life does

    @property
    def life(self):
        return self.ids[0]

    def written(self, answer):
        self.position = answer.position
        return answer.dossier

    def files(self, submission=None, **fields):
        """Files it at intake."""
        given = submission or direct(procedure=self.PROCEDURE, applicant=applicant())
        filed = self.written(self.office.ask("intake", "SubmitDossier", submit(given, **fields)))
        self.ids.append(filed.dossier_id)
        return filed

    def is_accepted(self, **fields):
        """What was filed is accepted."""
        return self.written(self.office.ask("intake", "AcceptDossier", accept(self.ids[-1], **fields)))

    def is_taken_in(self, submission=None, **fields):
        """Files it and has it accepted at the counter."""
        given = submission or direct(procedure=self.PROCEDURE)
        asked = submit_and_accept(given, **fields)
        taken = self.written(self.office.ask("intake", "SubmitAndAcceptDossier", asked))
        self.ids.append(taken.dossier_id)
        return taken

    def does(self, rpc, actor="officer-1", **fields):
        """Processing does something to the dossier that was filed last."""
        mark = change(self.ids[-1], actor=actor, min_position=self.position)
        request = getattr(processing, f"{rpc}Request")(change=mark, **fields)
        return self.written(self.office.ask("processing", rpc, request))

    def now(self, dossier_id=None):
        asked = processing.GetDossierRequest(dossier=named(dossier_id or self.ids[-1]), min_position=self.position)
        return self.office.ask("processing", "GetDossier", asked).dossier

    def is_everywhere(self):
        """Processing writes down what intake wrote before the clock goes on: reports go by when it knew."""
        asked = processing.ListDossiersRequest(page_size=1, min_position=self.position)
        self.office.ask("processing", "ListDossiers", asked)

    def until(self, so):
        """Waits for what happens by itself."""
        until = time.monotonic() + PATIENCE_S
        while not so(self.now()):
            if time.monotonic() > until:
                raise AssertionError(f"it does not happen by itself: {self.now()}")
            time.sleep(0.05)


def play(stories, ends):
    """Plays them all, every step at its moment, and lets the clock stand at the end."""
    waiting = []
    for number, story in enumerate(stories):
        steps = story.story()
        heapq.heappush(waiting, (moment(next(steps)), number, steps))
    while waiting:
        when, number, steps = heapq.heappop(waiting)
        set_clock(when)
        following = next(steps, None)
        stories[number].is_everywhere()
        if following is not None:
            following = moment(following)
            if following < when:
                raise AssertionError(f"{type(stories[number]).__name__} goes back to {following}")
            heapq.heappush(waiting, (following, number, steps))
    set_clock(moment(ends))


class Played(Scenario):
    """Compares every life with what a person worked out beforehand."""

    def compare(self, story):
        self.position = self.everything()
        with self.subTest("history"):
            self.assertEqual(self.history(story), lines(story.HISTORY))
        with self.subTest("flags"):
            self.assertEqual(tuple(story.now(story.life).flags), story.FLAGS)
        for quarter, known, cells in story.FORM:
            with self.subTest("form", quarter=quarter, known=known):
                report = self.report(quarter, known, field=story.FIELD)
                self.assertEqual(row(report, story.FIELD), cells)
                self.assertEqual([check.id for check in report.checks if not check.holds], [])
        with self.subTest("memo"):
            # A dossier that was never accepted has a procedure and no field.
            report = self.report(story.FORM[-1][0], "", procedure=story.PROCEDURE)
            said = {line.key: line.value for line in report.memo}
            self.assertEqual({key: said[key] for key in story.MEMO}, story.MEMO)

    def everything(self):
        """The token of all that processing has written."""
        return self.office.head("processing").token

    def history(self, story):
        found = []
        for dossier_id in story.ids:
            asked = processing.GetHistoryRequest(dossier=named(dossier_id), page_size=500, min_position=story.position)
            for event in self.office.ask("processing", "GetHistory", asked).events:
                when = event.occurred_at.ToDatetime(datetime.timezone.utc).astimezone(VIETNAM)
                due = json.loads(event.data_json).get("due") or {}
                found.append(f"{when:%Y-%m-%d %H:%M} {event.kind} {day_here(due.get('at'))}".strip())
        return found

    def report(self, quarter, known, **changes):
        question = {"from": quarter[0], "to": quarter[1], "grouping": reporting.GROUPING_FIELD}
        if known:
            question["as_of"] = at(moment(known))
        asked = reporting.GetReportRequest(
            question=reporting.ReportQuestion(**{**question, **changes}), min_position=self.position
        )
        return self.office.ask("reporting", "GetReport", asked)


def day_here(instant):
    if not instant:
        return ""
    when = datetime.datetime.fromisoformat(instant.replace("Z", "+00:00"))
    return f"{when.astimezone(VIETNAM):%Y-%m-%d}"


def lines(table):
    """The lines of a table without their comments."""
    return [" ".join(line.split("#")[0].split()) for line in table.strip().splitlines() if line.split("#")[0].strip()]


def row(report, key):
    """A row as `(3) (4) (5) (6) | (7) … (10) | (11) (12) (13)`; a field nothing is known of has noughts."""
    found = next((row for row in report.rows if row.key == key), reporting.ReportRow())
    cells = [str(getattr(found, column)) for column in COLUMNS]
    return " | ".join(" ".join(group) for group in (cells[0:4], cells[4:8], cells[8:11]))
