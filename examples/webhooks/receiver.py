# A webhook receiver: takes events that claw-events has signed, each once. Python's own library is enough.
#
#   WEBHOOK_SECRET=whsec_… python3 receiver.py 8080
import base64
import hashlib
import hmac
import json
import os
import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

key = base64.b64decode(os.environ["WEBHOOK_SECRET"].replace("whsec_", "", 1))
if not key:
    sys.exit("WEBHOOK_SECRET is empty: everybody could sign")
seen = set()
lock = threading.Lock()


def is_genuine(headers, body, tolerance=300):
    # As Standard Webhooks has it; `Webhook(secret).verify(body, headers)` of the package standardwebhooks does the same.
    timestamp = headers.get("webhook-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", timestamp) or abs(time.time() - int(timestamp)) > tolerance:
        return False
    signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
    wanted = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # There are several while secrets are changed.
    return any(hmac.compare_digest(wanted, given.encode()) for given in headers.get("webhook-signature", "").split())


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        # The signature is over the body as it came: verify first, parse then.
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_genuine(self.headers, body):
            return self.answer(401)
        # Deliveries are repeated when an answer got lost; the id tells.
        event_id = self.headers["webhook-id"]
        with lock:
            if event_id not in seen:
                event = json.loads(body)
                print(event["timestamp"], event["agentId"], event["type"], event_id, flush=True)
                seen.add(event_id)
        # Answer 2xx soon, and do what takes long afterwards.
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


# Up to 32 connections are opened at once; where only 5 may wait, as is usual, some are put off for a second.
ThreadingHTTPServer.request_queue_size = 64
server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
