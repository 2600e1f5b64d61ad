"""An HTTP server of this machine that serves bytes, with the faults of real servers."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Serves ``files``, bytes by path, and records the requests as (path, Range or '').

    Attributes:
        ranges: Whether it knows Range.
        cut_after: Bytes after which it cuts each of the next connections, one number for each.
        tag: ETag of all files.
        status: Status codes of the next answers, in place of the files.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__(('127.0.0.1', 0), Handler)
        self.files = files
        self.ranges, self.tag = True, '"one"'
        self.cut_after: list[int] = []
        self.status: list[int] = []
        self.requests: list[tuple[str, str]] = []

    @property
    def url(self) -> str:
        return f'http://127.0.0.1:{self.server_port}'

    def handle_error(self, request, client_address) -> None:
        pass  # a client that went away


class Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server, path = self.server, self.path.lstrip('/')
        wanted = self.headers.get('Range', '')
        server.requests.append((path, wanted))
        if server.status or path not in server.files:
            self.send_error(server.status.pop(0) if server.status else 404)
            return
        data, start = server.files[path], 0
        unchanged = self.headers.get('If-Range', server.tag) == server.tag
        if wanted and server.ranges and unchanged:
            start = int(wanted.removeprefix('bytes=').rstrip('-'))
            if start >= len(data):
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(data)}')
                self.send_header('Content-Length', '0')
                self.end_headers()
                return
            self.send_response(206)
            self.send_header('Content-Range', f'bytes {start}-{len(data) - 1}/{len(data)}')
        else:
            self.send_response(200)
        self.send_header('Content-Length', str(len(data) - start))
        if server.tag:
            self.send_header('ETag', server.tag)
        self.end_headers()
        part = data[start:]
        if server.cut_after:
            part = part[: server.cut_after.pop(0)]
        self.wfile.write(part)

    def log_message(self, *args) -> None:
        pass


@contextmanager
def serving(**files: bytes):
    server = FileServer({name: content for name, content in files.items()})
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
