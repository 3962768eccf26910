"""``python -m tailrace.sandbox.index_server FOLDER HOST PORT``: pypiserver until stdin ends."""

from __future__ import annotations

import hmac
import os
import sys
import threading
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pypiserver

from tailrace.sandbox.index_process import USERNAME


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the sandbox's terminal is for people."""


def main() -> None:
    """Serve FOLDER; the first line of standard input is the token that may upload."""
    folder, host, port = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    token = sys.stdin.readline().strip()

    def may_upload(username: str, password: str) -> bool:
        return username == USERNAME and hmac.compare_digest(password.encode(), token.encode())

    app = pypiserver.app(
        roots=[folder],
        authenticate=["update"],
        auther=may_upload,
        hash_algo="sha256",
        disable_fallback=True,
        overwrite=False,
    )
    server = make_server(host, port, app, server_class=_Server, handler_class=_Quiet)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    bound = server.server_address
    print(f"http://{host}:{bound[1]}", flush=True)  # noqa: T201 - our parent reads it
    server.serve_forever()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
