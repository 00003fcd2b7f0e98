"""registry_proxy -- stands before a schema registry and fails as a file says, while it says so.

usage: registry_proxy.py REGISTRY_URL MODE_FILE LOGIN [CERTIFICATE]    prints the port it listens on; with a
certificate and its key in one PEM file it speaks TLS.
The file's word: ok, 403, 429, 500, slow (no answer for 20 s), early (an hour), away (the connection is closed). LOGIN is what
Basic authentication wants, as user:password; "" wants none."""
import base64
import http.server
import ssl
import sys
import time
import urllib.error
import urllib.request

upstream, mode_file, login = sys.argv[1:4]
wanted = "Basic " + base64.b64encode(login.encode()).decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def date_time_string(self, timestamp=None):
        is_early = open(mode_file).read().strip() == "early"
        return super().date_time_string((timestamp or time.time()) - 3600 * is_early)

    def log_message(self, *_):
        pass

    def reply(self, status, kind, body):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        mode = open(mode_file).read().strip()
        if login and self.headers.get("Authorization") != wanted:
            return self.reply(401, "application/json", b'{"error_code":401,"message":"who are you"}')
        if mode == "away":
            self.close_connection = True
            return None
        if mode == "slow":
            time.sleep(20)
        if mode in ("403", "429", "500"):
            return self.reply(int(mode), "text/html", b"<html>as told</html>")
        request = urllib.request.Request(upstream + self.path, method=self.command, data=body or None)
        if self.headers.get("Content-Type"):
            request.add_header("Content-Type", self.headers["Content-Type"])
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, kind, said = answer.status, answer.headers.get("Content-Type", ""), answer.read()
        except urllib.error.HTTPError as error:
            status, kind, said = error.code, error.headers.get("Content-Type", ""), error.read()
        return self.reply(status, kind, said)

    do_GET = do_POST = do_PUT = do_DELETE = do_any


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 4:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[4])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
