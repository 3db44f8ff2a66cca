"""Below gRPC: garbage, cut frames, half-open connections. The services answer or hang up, and stay up."""

import socket
import struct

import h2.config
import h2.connection
import h2.events

from office import Office, Scenario, submit, today, report_question
from contract import reporting

WAIT_S = 5
PATHS = {
    "intake": "/hoso.intake.v1.IntakeService/SubmitDossier",
    "processing": "/hoso.processing.v1.ProcessingService/ResolveDossier",
    "reporting": "/hoso.reporting.v1.ReportingService/GetReport",
}
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def prefixed(message, promised=None, compressed=0):
    """A gRPC message with its five-byte prefix, which may promise more than comes."""
    return struct.pack(">BI", compressed, len(message) if promised is None else promised) + message


class Frames(Scenario):
    def setUp(self):
        self.before = self.office.heads()

    def tearDown(self):
        # On connections of their own: what was done to one must not be felt on another.
        office = Office()
        self.addCleanup(office.close)
        self.assertEqual(office.heads(), self.before)

    def connect(self, name):
        host, port = self.office.addresses[name].rsplit(":", 1)
        connection = socket.create_connection((host, int(port)), timeout=WAIT_S)
        self.addCleanup(connection.close)
        return connection

    def until_closed(self, connection, garbage):
        """Sends and reads until the server hangs up; it must, or have said something."""
        heard = b""
        try:
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            while True:
                more = connection.recv(65536)
                if not more:
                    return heard
                heard += more
        except OSError as error:
            if isinstance(error, TimeoutError):
                self.assertTrue(heard, "neither an answer nor a hang-up")
            return heard

    def call(self, name, body, end=True, headers=()):
        """One call over HTTP/2 with exactly these bytes as its body; the answer's headers and trailers."""
        connection = self.connect(name)
        http = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        http.initiate_connection()
        sent = {
            ":method": "POST",
            ":scheme": "http",
            ":path": PATHS[name],
            ":authority": self.office.addresses[name],
            "te": "trailers",
            "content-type": "application/grpc",
            **dict(headers),
        }
        http.send_headers(1, list(sent.items()))
        http.send_data(1, body, end_stream=end)
        connection.sendall(http.data_to_send())
        if not end:
            return {}
        got = {}
        while True:
            raw = connection.recv(65536)
            if not raw:
                return got
            for event in http.receive_data(raw):
                if isinstance(event, (h2.events.ResponseReceived, h2.events.TrailersReceived)):
                    got.update(dict(event.headers))
                if isinstance(event, h2.events.StreamReset):
                    got["reset"] = event.error_code
                if isinstance(event, (h2.events.StreamEnded, h2.events.StreamReset, h2.events.ConnectionTerminated)):
                    return got
            connection.sendall(http.data_to_send())

    def test_this_little_client_can_make_a_good_call(self):
        question = report_question(today())
        body = prefixed(reporting.GetReportRequest(question=question).SerializeToString())
        got = self.call("reporting", body)
        self.assertEqual((got[":status"], got["grpc-status"]), ("200", "0"))

    def test_what_is_no_http2_at_all(self):
        for name in PATHS:
            for garbage in (
                b"\x00" * 64,
                b"\xff" * 4096,
                b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,  # a TLS greeting
                PREFACE + b"\xff" * 1000,
                PREFACE + frame(4, 0, 0, b"\x00\x01"),  # settings cut in the middle
                PREFACE + frame(4, 0, 0, b"") + frame(1, 5, 1, b"\xff\xff\xff\xff"),  # headers that are none
                PREFACE + frame(4, 0, 0, b"") + frame(0, 1, 7, b"abc"),  # data of a call that never began
                PREFACE + frame(4, 0, 0, b"") + frame(8, 0, 0, b"\x00\x00\x00\x00"),  # a window of nothing
                PREFACE + frame(4, 0, 0, b"") + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",  # sixteen megabytes promised
            ):
                with self.subTest(f"{name}: {garbage[:30]!r}"):
                    connection = self.connect(name)
                    self.until_closed(connection, garbage)

    def test_a_message_that_ends_before_it_is_whole(self):
        raw = submit().SerializeToString()
        for name in PATHS:
            for body in (
                b"",  # no message at all
                b"\x00\x00",  # not even a prefix
                prefixed(raw[:20], promised=len(raw)),
                prefixed(b"", promised=5),
                prefixed(b"", promised=2**32 - 1),  # four gigabytes promised
                prefixed(raw, promised=len(raw) - 1),  # less promised than came
            ):
                with self.subTest(f"{name}: {body[:12].hex()}"):
                    got = self.call(name, body)
                    self.assertEqual(got.get(":status"), "200")
                    self.assertNotIn(got.get("grpc-status"), (None, "0", "2"), got)
                    self.assertIn("grpc-status-details-bin", got, "refused without a reason")

    def test_a_message_compressed_in_a_way_nobody_offered(self):
        body = prefixed(submit().SerializeToString(), compressed=1)
        for headers in ((), (("grpc-encoding", "snappy"),), (("grpc-encoding", "gzip"),)):
            got = self.call("intake", body, headers=headers)
            self.assertNotIn(got.get("grpc-status"), (None, "0", "2"), got)

    def test_a_request_that_is_no_grpc(self):
        got = self.call("intake", b"{}", headers=(("content-type", "application/json"),))
        self.assertIn(got.get(":status"), ("200", "415"))
        self.assertNotEqual(got.get("grpc-status"), "0")

    def test_calls_that_are_begun_and_left(self):
        for name in PATHS:
            for _ in range(20):
                connection = self.connect(name)
                connection.sendall(PREFACE)
                connection.close()
            for _ in range(20):
                self.call(name, prefixed(b"", promised=1000), end=False)

    def test_a_connection_that_says_nothing(self):
        silent = [self.connect(name) for name in PATHS for _ in range(10)]
        # Others are served while these wait.
        self.office.heads()
        for connection in silent:
            connection.close()
