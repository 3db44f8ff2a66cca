"""The provincial operations centre over HTTP, with Python's own client: one report, and a stream of its changes."""

import base64
import datetime
import http.client
import json
import os
import re
import urllib.parse

from contract import reporting
from office import DEPARTMENT, Scenario, direct, online, report_question, submit_and_accept

REPORT = "/v1/reports/ii06a"
CHANGES = f"{REPORT}/changes"
# Longer than a stream waits between two events.
PATIENCE_S = 30


def connection():
    return http.client.HTTPConnection(os.environ["HOSO_REPORTING_HTTP"], timeout=PATIENCE_S)


def get(path, headers=None, **parameters):
    """A response, read to its end: status, headers, body."""
    line = connection()
    try:
        query = urllib.parse.urlencode(parameters)
        line.request("GET", f"{path}?{query}" if query else path, headers=headers or {})
        response = line.getresponse()
        return response.status, response.headers, response.read()
    finally:
        line.close()


class Centre(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # As many as are shown: of fewer nothing is told.
        for _ in range(5):
            cls.file()

    @classmethod
    def file(cls, submission=None):
        return cls.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept(submission or direct()))

    def told(self, value, **changes):
        """The same report over gRPC, as known at the same moment."""
        period = [datetime.date.fromisoformat(value["period"][end]) for end in ("from", "to")]
        question = report_question(*period, **changes)
        as_of = datetime.datetime.fromisoformat(value["as_of"]).astimezone(datetime.timezone.utc)
        question.as_of.FromDatetime(as_of.replace(tzinfo=None))
        request = reporting.GetReportRequest(question=question, small_cells_min=5)
        return self.office.ask("reporting", "GetReport", request)


class Asked(Centre):
    def test_it_is_the_object_that_grpc_and_the_command_give(self):
        self.file(online())
        written = self.file()
        for parameters, changes in (
            ({}, {}),
            ({"period": "month", "by": "agency"}, {"grouping": reporting.GROUPING_AGENCY}),
            ({"by": "channel", "pending_rule": "provincial"}, {"grouping": 4, "pending_rule": 2}),
            ({"agency": DEPARTMENT, "channel": "direct"}, {"agency": DEPARTMENT, "channel": 1}),
        ):
            with self.subTest(str(parameters)):
                status, headers, body = get(REPORT, min_position=written.position, **parameters)
                self.assertEqual(status, 200, body)
                self.assertEqual(headers["content-type"], "application/json")
                self.assertTrue(headers["hoso-position"])
                value = json.loads(body)
                # What was just written is in it.
                self.assertGreaterEqual(value["total"]["c3"], 6)
                self.assertEqual(body.decode(), self.told(value, **changes).json)
                # And a day asked for by name gives the same to the byte.
                again = {"from": value["period"]["from"], "to": value["period"]["to"], "as_of": value["as_of"]}
                parameters = {name: text for name, text in parameters.items() if name != "period"}
                self.assertEqual(get(REPORT, **again, **parameters)[2], body)

    def test_rows_of_few_dossiers_are_merged(self):
        written = self.file(online())
        _, _, body = get(REPORT, by="channel", min_position=written.position)
        value = json.loads(body)
        self.assertEqual(value["rules"]["small_cells_min"], "5")
        self.assertTrue(all(row["c3"] >= 5 for row in value["rows"]), value["rows"])
        self.assertEqual(sum(row["c3"] for row in value["rows"]), value["total"]["c3"])

    def test_who_has_it_already_is_not_sent_it_again(self):
        written = self.file()
        known = {"min_position": written.position}
        status, headers, _ = get(REPORT, **known)
        tag = headers["etag"]
        # The figures may settle anew with the quarter of an hour, but not twice in a moment.
        for _ in range(2):
            status, headers, body = get(REPORT, headers={"If-None-Match": f'"other", {tag}'}, **known)
            if status == 304:
                break
            tag = headers["etag"]
        self.assertEqual((status, body), (304, b""))
        self.assertEqual(headers["etag"], tag)
        written = self.file()
        status, headers, _ = get(REPORT, headers={"If-None-Match": tag}, min_position=written.position)
        self.assertEqual(status, 200)
        self.assertNotEqual(headers["etag"], tag)

    def test_all_faults_are_told_at_once_as_a_problem(self):
        status, headers, body = get(REPORT, **{"from": "15/12/2022", "to": "2023-06-14", "by": "day", "colour": "red"})
        self.assertEqual((status, headers["content-type"]), (400, "application/problem+json"))
        problem = json.loads(body)
        self.assertEqual(problem["type"], "urn:hoso:INVALID_FIELD")
        self.assertEqual((problem["status"], problem["reason"]), (400, "INVALID_FIELD"))
        self.assertTrue(problem["title"] and problem["detail"])
        self.assertEqual({fault["parameter"] for fault in problem["errors"]}, {"from", "by", "colour"})
        self.assertNotIn(b"red", body)

    def test_a_position_that_does_not_come_is_said_with_how_long_to_wait(self):
        head = self.office.head("reporting")
        raw = bytearray.fromhex("01") + bytes.fromhex(head.log_id.replace("-", "")) + bytes(4) + (2**40).to_bytes(8, "big")
        token = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
        status, headers, body = get(REPORT, min_position=token)
        self.assertEqual((status, json.loads(body)["reason"]), (503, "POSITION_NOT_YET_HERE"))
        self.assertEqual(headers["retry-after"], "1")

    def test_the_page_for_people_asks_nobody_else(self):
        status, headers, body = get("/")
        self.assertEqual(status, 200)
        self.assertTrue(headers["content-type"].startswith("text/html"))
        self.assertIn("default-src 'none'", headers["content-security-policy"])
        self.assertIn("Tình hình, kết quả giải quyết thủ tục hành chính", body.decode())
        self.assertEqual(re.findall(rb"https?://", body), [])


class Stream:
    """An open stream of events."""

    def __init__(self, last=None, **parameters):
        self.line = connection()
        headers = {"Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = last
        self.line.request("GET", f"{CHANGES}?{urllib.parse.urlencode(parameters)}", headers=headers)
        self.response = self.line.getresponse()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Whoever leaves in the middle of a stream closes the socket, not only the reader.
        self.response.close()
        self.line.close()

    def event(self):
        """The next event; comments only say that the other side is there."""
        fields = {}
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith(":"):
                continue
            if not line:
                if "data" in fields:
                    return fields
                fields = {}
                continue
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")


class Changes(Centre):
    def test_whoever_listens_is_told_of_every_change(self):
        written = self.file()
        with Stream(by="agency", min_position=written.position) as stream:
            self.assertEqual(stream.response.status, 200)
            self.assertTrue(stream.response.headers["content-type"].startswith("text/event-stream"))
            first = stream.event()
            self.assertEqual(first["event"], "report")
            before = json.loads(first["data"])["total"]["c3"]
            self.file()
            second = stream.event()
            self.assertEqual(json.loads(second["data"])["total"]["c3"], before + 1)
            self.assertNotEqual(second["id"], first["id"])
            # It is the report that whoever asks gets.
            value = json.loads(second["data"])
            self.assertEqual(second["data"], self.told(value, grouping=reporting.GROUPING_AGENCY).json)

    def test_whoever_comes_back_is_told_only_what_is_new(self):
        written = self.file()
        with Stream(min_position=written.position) as stream:
            known = stream.event()
        with Stream(last=known["id"]) as stream:
            self.file()
            # Not the report he has already: the first that comes has the new dossier.
            event = stream.event()
            self.assertEqual(event["event"], "report")
            had, has = (json.loads(each["data"])["total"]["c3"] for each in (known, event))
            self.assertEqual(has, had + 1)

    def test_an_id_that_is_not_of_this_log_starts_anew_and_says_so(self):
        log = self.office.head("reporting").log_id
        for last in ("", "nonsense", "00000000-0000-4000-8000-000000000000/0/1/1", f"{log}/0/{2**40}/1"):
            with self.subTest(last), Stream(last=last) as stream:
                restart = stream.event()
                self.assertEqual(restart["event"], "restart")
                self.assertTrue(json.loads(restart["data"])["detail"])
                self.assertEqual(stream.event()["event"], "report")

    def test_a_stream_of_what_was_known_then_is_refused(self):
        status, _, body = get(CHANGES, as_of="2023-03-15")
        self.assertEqual(status, 400)
        self.assertEqual([fault["parameter"] for fault in json.loads(body)["errors"]], ["as_of"])
