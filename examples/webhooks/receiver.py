# A webhook receiver: takes events that claw-events has signed, each once.
#
#   pip install standardwebhooks
#   WEBHOOK_SECRET=whsec_… python receiver.py 8080
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

webhook = Webhook(os.environ["WEBHOOK_SECRET"])
seen = set()


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        # The signature is over the body as it came: verify first, parse then.
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            webhook.verify(body, {name.lower(): value for name, value in self.headers.items()})
        except WebhookVerificationError:
            return self.answer(401)
        # Deliveries are repeated when an answer got lost; the id tells.
        event_id = self.headers["webhook-id"]
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


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8080), Receiver)
print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
