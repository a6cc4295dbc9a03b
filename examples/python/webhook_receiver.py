"""Receives webhooks and takes only those that the server signed."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from multimail import WebhookVerificationError, verify_webhook

SECRET = os.environ["WEBHOOK_SECRET"]
seen = set()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            event = verify_webhook(SECRET, self.headers, body)
        except WebhookVerificationError:
            self.send_error(400)
            return
        # The same event may come twice.
        if self.headers["webhook-id"] not in seen:
            print(event["type"], self.headers["webhook-id"], flush=True)
        seen.add(self.headers["webhook-id"])
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Receiver)
print("listening", server.server_port, flush=True)
server.serve_forever()
