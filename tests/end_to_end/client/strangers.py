"""Consumers that know nothing of hoso, with NATS' own Python client: what they find in the streams, and on the board of figures."""

import asyncio
import datetime
import json
import os
import re
import unicodedata
import urllib.parse
import uuid

import nats
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from contract import processing, reporting
from office import (
    DEPARTMENT,
    VIETNAM,
    Scenario,
    change,
    direct,
    online,
    report_question,
    submit_and_accept,
    word_left,
)

# From a write to its message, on a busy machine.
PATIENCE_S = 30
ROLES = ("intake", "processing")
# What the specification says of an attribute's name, and RFC 3339 of a time.
ATTRIBUTE = re.compile(r"^ce-[a-z0-9]{1,20}$")
RFC_3339 = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
REQUIRED = ("ce-id", "ce-source", "ce-specversion", "ce-type")
AGENCY = DEPARTMENT.replace(".", "-")


def run(story):
    """Runs a story with a connection of its own."""

    async def told():
        client = await nats.connect(os.environ["HOSO_NATS"], connect_timeout=PATIENCE_S)
        try:
            return await asyncio.wait_for(story(client.jetstream()), 2 * PATIENCE_S)
        finally:
            await client.close()

    return asyncio.run(told())


async def until(what, look):
    """Looks until there is something to see."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        seen = await look()
        if seen:
            return seen
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"not in time: {what}")
        await asyncio.sleep(0.05)


async def fetched(subscription, count, settle):
    """So many messages, in the order in which they came; each is settled (acknowledged, or given back)."""
    found = []
    while len(found) < count:
        for message in await subscription.fetch(min(100, count - len(found)), timeout=PATIENCE_S):
            found.append(message)
            await settle(message)
    return found


class Records(Scenario):
    """After `personal` told its secrets: the streams have everything, in order, and nothing about people."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.secrets = word_left()
        cls.heads = cls.office.heads()
        cls.messages = {role: run(lambda stream, role=role: cls.read(stream, role)) for role in ROLES}

    @classmethod
    async def read(cls, jetstream, role):
        """Everything in the stream, twice: given back at first, then acknowledged."""
        stream, count = f"HOSO_{role.upper()}", cls.heads[role]

        async def full():
            info = await jetstream.stream_info(stream)
            return info.state.messages >= count

        await until(f"{count} messages in {stream}", full)
        config = ConsumerConfig(
            ack_policy=AckPolicy.EXPLICIT, deliver_policy=DeliverPolicy.ALL, ack_wait=PATIENCE_S, max_ack_pending=10_000
        )
        subscription = await jetstream.pull_subscribe("hoso.>", durable="stranger", stream=stream, config=config)
        first = await fetched(subscription, count, lambda message: message.nak())
        again = await fetched(subscription, count, lambda message: message.ack())
        return first, again

    def each(self):
        for role, (first, _) in self.messages.items():
            for message in first:
                with self.subTest(f"{role}: {message.subject}"):
                    yield role, message

    def test_there_is_a_message_for_every_record_and_the_sequence_is_gapless(self):
        for role, (first, _) in self.messages.items():
            self.assertGreater(len(first), 5)
            sources = {message.headers["ce-source"] for message in first}
            self.assertEqual(len(sources), 1, sources)
            sequence = [message.headers["ce-sequence"] for message in first]
            self.assertEqual([int(number) for number in sequence], list(range(1, self.heads[role] + 1)))
            # As text they are in the same order: what the extension `sequence` asks for.
            self.assertEqual(sequence, sorted(sequence))

    def test_every_message_is_a_cloud_event_in_binary_mode(self):
        for role, message in self.each():
            headers = message.headers
            for name in REQUIRED:
                self.assertTrue(headers.get(name), name)
            self.assertEqual(headers["ce-specversion"], "1.0")
            self.assertEqual(headers["ce-datacontenttype"], "application/json")
            self.assertTrue(headers["ce-type"].startswith("hoso."))
            source = urllib.parse.urlsplit(headers["ce-source"])
            self.assertEqual(source.path.split("/")[:3], ["", "hoso", role])
            for name in (name for name in headers if name.startswith("ce-")):
                self.assertRegex(name, ATTRIBUTE)
            for name in ("ce-time", "ce-recordedtime"):
                self.assertRegex(headers[name], RFC_3339)
                datetime.datetime.fromisoformat(headers[name])
            self.assertLessEqual(headers["ce-time"][:19], headers["ce-recordedtime"][:19])
            for name in ("ce-id", "ce-subject", "ce-correlationid", "ce-causationid"):
                self.assertEqual(str(uuid.UUID(headers[name])), headers[name])
            self.assertTrue(all(value.isascii() and value.isprintable() for value in headers.values()))

    def test_an_id_is_of_one_event_and_stays_with_it_from_log_to_log(self):
        known = {}
        for role, (first, _) in self.messages.items():
            ids = [message.headers["ce-id"] for message in first]
            self.assertEqual(len(set(ids)), len(ids))
            known[role] = {message.headers["ce-id"]: message for message in first}
        shared = known["intake"].keys() & known["processing"].keys()
        # Processing takes in everything that intake recorded.
        self.assertEqual(len(shared), self.heads["intake"])
        for each in shared:
            ours, theirs = known["intake"][each], known["processing"][each]
            self.assertEqual(ours.data, theirs.data)
            for name in ("ce-type", "ce-subject", "ce-time"):
                self.assertEqual(ours.headers[name], theirs.headers[name])

    def test_the_subject_says_what_the_attributes_say(self):
        for role, message in self.each():
            _, kind, log, agency, name = message.subject.split(".")
            self.assertEqual(kind, role)
            self.assertEqual(message.headers["ce-source"], f"/hoso/{role}/{log}")
            self.assertEqual(message.headers["ce-type"], f"hoso.{name}")
            self.assertEqual(message.headers["Nats-Msg-Id"].split("/")[0], log)
            self.assertTrue(agency)

    def test_what_is_delivered_again_is_the_same(self):
        for first, again in self.messages.values():
            for once, twice in zip(first, sorted(again, key=lambda message: message.metadata.sequence.stream)):
                self.assertEqual(twice.metadata.num_delivered, 2)
                self.assertEqual((once.subject, once.headers, once.data), (twice.subject, twice.headers, twice.data))

    def test_the_payload_is_json_and_neither_it_nor_a_header_tells_of_people(self):
        for _, message in self.each():
            self.assertIsInstance(json.loads(message.data), dict)
            headers = " ".join(f"{name}: {urllib.parse.unquote(value)}" for name, value in message.headers.items())
            escaped = json.dumps(json.loads(message.data), ensure_ascii=False)
            for text in (message.data.decode("utf-8"), escaped, headers, message.subject):
                for name, secret in self.secrets.items():
                    for form in ("NFC", "NFD"):
                        self.assertNotIn(unicodedata.normalize(form, secret), text, name)


class Board(Scenario):
    """The current figures: one value a subject, the same object that reporting gives to whoever asks."""

    def file(self, submission):
        return self.office.ask("intake", "SubmitAndAcceptDossier", submit_and_accept(submission))

    def resolve(self, written):
        mark = change(written.dossier.dossier_id, min_position=written.position)
        request = processing.ResolveDossierRequest(change=mark, result="KQ-1")
        return self.office.ask("processing", "ResolveDossier", request)

    def board(self, period, holds):
        """The value of a period once it is as expected."""

        async def story(jetstream):
            async def look():
                try:
                    message = await jetstream.get_last_msg("HOSO_FIGURES", f"hoso.figures.{AGENCY}.ii06a.{period}")
                except NotFoundError:
                    return None
                return message if holds(json.loads(message.data)) else None

            return await until(f"the {period} is on the board", look)

        return run(story)

    def asked(self, value, **changes):
        """The same report from reporting itself, as known at the same moment."""
        as_of = datetime.datetime.fromisoformat(value["as_of"])
        question = report_question(
            datetime.date.fromisoformat(value["period"]["from"]),
            datetime.date.fromisoformat(value["period"]["to"]),
            agency=DEPARTMENT,
        )
        question.as_of.FromDatetime(as_of.astimezone(datetime.timezone.utc).replace(tzinfo=None))
        request = reporting.GetReportRequest(question=question, small_cells_min=5, **changes)
        return self.office.ask("reporting", "GetReport", request)

    def test_it_follows_what_happens_and_hides_what_is_small(self):
        # One dossier is a person: nothing is told of it but that it is too few.
        self.file(direct())
        few = self.board("month", lambda value: value["position"] > 0)
        withheld = json.loads(few.data)
        self.assertEqual((withheld["rows"], withheld["total"], withheld["memo"]), ([], None, None))
        self.assertEqual(withheld["rules"]["small_cells_min"], "5")

        for _ in range(5):
            self.file(online())
        last = self.resolve(self.file(direct()))
        found = {}
        for period in ("month", "quarter", "half-year", "year"):
            message = self.board(period, lambda value: value["total"] and value["total"]["c7"] == 1)
            found[period] = message
            value = json.loads(message.data)
            self.assertEqual((value["total"]["c3"], value["total"]["c11"]), (7, 6))
            self.assertEqual(value["rules"]["filter"], {"agency": DEPARTMENT})
            self.assertTrue(all(row["c3"] >= 5 for row in value["rows"]))
            self.assertTrue(all(check["holds"] for check in value["checks"]))
            today = datetime.datetime.now(VIETNAM).date().isoformat()
            self.assertTrue(value["period"]["from"] <= today <= value["period"]["to"])
            # The same bytes that reporting gives to whoever asks for that moment.
            answer = self.asked(value, min_position=last.position)
            self.assertEqual(message.data.decode(), answer.json)
            self.assertEqual(value["rules"]["chain_hash"], answer.chain_hash)

            headers = message.headers
            self.assertEqual(headers["ce-specversion"], "1.0")
            self.assertEqual(headers["ce-type"], "hoso.figures.ii06a")
            self.assertEqual(headers["ce-subject"], DEPARTMENT)
            self.assertRegex(headers["ce-time"], RFC_3339)
            self.assertEqual(headers["ce-source"], f"/hoso/reporting/{value['rules']['log']}")
        self.assertEqual(len({message.headers["ce-id"] for message in found.values()}), 4)
