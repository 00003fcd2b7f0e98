"""sql_terminal.py -- types into the SQL shell through a pseudo-terminal and reads what it shows.

usage: sql_terminal.py PROGRAM

What is typed counts by what reaches the server (its log) and by what appears; nothing is timed,
every wait ends when what is awaited is there, or fails after a minute.
"""
import base64
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

PATIENCE = 60
UP, DOWN, HOME, END = b"\x1b[A", b"\x1b[B", b"\x01", b"\x05"
CTRL_C, CTRL_D, CTRL_U, TAB, ENTER = b"\x03", b"\x04", b"\x15", b"\t", b"\r"


class Terminal:
    def __init__(self, arguments, environment, columns=80):
        self.seen = b""
        self.at = 0
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execve(arguments[0], arguments, environment)
        self.resize(columns)

    def resize(self, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def read(self):
        ready, _, _ = select.select([self.master], [], [], 0.2)
        if not ready:
            return True
        try:
            piece = os.read(self.master, 65536)
        except OSError:  # the shell has left
            return False
        self.seen += piece
        return piece != b""

    def type(self, *keys):
        for key in keys:
            os.write(self.master, key if isinstance(key, bytes) else key.encode())

    def expect(self, text):
        """Waits until the text appears behind what was expected last."""
        wanted = text if isinstance(text, bytes) else text.encode()
        end = time.time() + PATIENCE
        while True:
            found = self.seen.find(wanted, self.at)
            if found >= 0:
                self.at = found + len(wanted)
                return
            if time.time() > end or not self.read():
                self.fail("%r did not appear" % wanted)

    def leave(self, key=None, expected=0):
        """Waits for the end. The prompt stands there a moment before libedit listens, and until then
        the terminal takes a Ctrl-D for itself, or gives it to libedit as a character of the line: so
        the line is emptied, and the key typed again."""
        end = time.time() + PATIENCE
        typed = time.time()
        while self.read():
            if time.time() > end:
                self.fail("the shell did not leave")
            if key and time.time() - typed > 1:
                typed = time.time()
                try:
                    self.type(CTRL_U, key)
                except OSError:
                    pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        if not os.WIFEXITED(status) or os.WEXITSTATUS(status) != expected:
            self.fail("ended with status %d" % status)

    def fail(self, words):
        print("failed:", words)
        print("seen since the last match:", self.seen[self.at:][-2000:])
        sys.exit(1)


class Stub:
    def __init__(self, directory):
        self.log = os.path.join(directory, "log")
        port = os.path.join(directory, "port")
        here = os.path.dirname(os.path.abspath(__file__))
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(here, "sql_stub.py"), port, self.log],
            stdin=subprocess.PIPE)
        end = time.time() + PATIENCE
        while not (os.path.exists(port) and os.path.getsize(port)):
            assert time.time() < end, "the stub did not start"
            time.sleep(0.05)
        self.url = "http://127.0.0.1:" + open(port).read()

    def requests(self):
        return open(self.log).read() if os.path.exists(self.log) else ""

    def await_request(self, text):
        end = time.time() + PATIENCE
        while text not in self.requests():
            if time.time() > end:
                print("failed: no request with", text, "but\n", self.requests())
                sys.exit(1)
            time.sleep(0.05)

    def stop(self):
        if not self.process.stdin.closed:
            self.process.stdin.close()
        self.process.wait()


def check(condition, words):
    if not condition:
        print("failed:", words)
        sys.exit(1)


def test_typing(shell, stub):
    shell.expect("sql> ")
    # A statement of three lines; then back up into it, a change in its first line, and again.
    shell.type("SELECT ONE", ENTER, "FROM ORDERS EMIT CHANGES", ENTER, "LIMIT 2;", ENTER)
    stub.await_request(r'"sql":"SELECT ONE\nFROM ORDERS EMIT CHANGES\nLIMIT 2;"')
    shell.expect("CASH")
    shell.expect("sql> ")
    shell.type(UP, UP, UP, HOME, *[b"\x06"] * 7, "X", DOWN, DOWN, END, ENTER)
    stub.await_request(r'"sql":"SELECT XONE\nFROM ORDERS EMIT CHANGES\nLIMIT 2;"')
    shell.expect("CASH")
    shell.expect("sql> ")
    # Pasted text waits for Enter; its tabs complete nothing, its control characters are gone.
    shell.type(b"\x1b[200~SELECT\tPASTED,\n\tSHOW\tT\x07;\r\nSHOW T\t;\n\x1b[201~", CTRL_C)
    shell.expect("sql> ")
    shell.type(b"\x1b[200~SELECT\tP,\n\tS\tT\x07\nFROM ORDERS;\n\x1b[201~", ENTER)
    stub.await_request(r'"sql":"SELECT P,\n S T\nFROM ORDERS;"')
    shell.expect("CASH")
    shell.expect("sql> ")
    check("PASTED" not in stub.requests(), "a paste ran by itself")
    # Text beyond ASCII, and a semicolon inside of quotes that ends nothing.
    shell.type("DESCRIBE `\u00e9;\u4e2d`", ENTER, ";", ENTER)
    stub.await_request("DESCRIBE `\u00e9;\u4e2d`\\n;")
    shell.expect("TOTAL_AMOUNT")
    shell.expect("sql> ")


def test_completion(shell, stub):
    shell.type("desc", TAB, "ord", TAB, ";", ENTER)
    stub.await_request('"ksql":"describe orders ;"')
    shell.expect("sql> ")
    # A column of the source that is named, and one of the names that have to be quoted.
    shell.type("SELECT * FROM ORDERS WHERE TOTAL_", TAB, "= 7", TAB, ";", ENTER)
    stub.await_request('"sql":"SELECT * FROM ORDERS WHERE TOTAL_AMOUNT = 7;"')
    shell.expect("sql> ")
    # A name that is no text a terminal should see is not offered.
    shell.type("DESCRIBE `ev", TAB, "X`;", ENTER)
    stub.await_request('"ksql":"DESCRIBE `evX`;"')
    shell.expect("sql> ")
    # Several candidates are listed.
    shell.type("SHOW T", TAB, TAB)
    shell.expect("TABLES")
    shell.expect("TOPICS")
    shell.type("ABL", TAB, ";", ENTER)
    stub.await_request('"ksql":"SHOW TABLES ;"')
    shell.expect("BY_METHOD")
    shell.expect("sql> ")
    shell.type("SET 'auto", TAB, " = 'earliest';", ENTER)
    stub.await_request("GET /is_valid_property/auto.offset.reset")
    shell.expect("sql> ")
    shell.type("PRINT 'mcd", TAB, " LIMIT 2;", ENTER)
    stub.await_request("\"ksql\":\"PRINT 'mcd_orders' LIMIT 2;\"")
    shell.expect("key: 2")
    shell.expect("sql> ")


def test_interrupt(shell, stub):
    # Ctrl-C while typing throws the text away.
    shell.type("SELECT NEVER_SENT", ENTER, "FROM ORDERS", CTRL_C)
    shell.expect("sql> ")
    # Ctrl-C ends a push query, and not the shell.
    for _ in range(2):
        shell.type("SELECT * FROM ORDERS EMIT CHANGES;", ENTER)
        shell.expect("7 | CARD")
        shell.type(CTRL_C)
        shell.expect("query ended after")
        shell.expect("sql> ")
    stub.await_request("client left")
    # It ends all that was typed with it, and a script.
    shell.type("SELECT * FROM ORDERS EMIT CHANGES; SELECT NOT_REACHED FROM ORDERS;", ENTER)
    shell.expect("3 | CARD")
    shell.type(CTRL_C)
    shell.expect("query ended after")
    shell.expect("sql> ")
    # Rows fit the terminal as it is now.
    shell.resize(30)
    shell.type("SELECT * FROM ORDERS EMIT CHANGES LIMIT 1;", ENTER)
    shell.expect("sql> ")
    shell.resize(80)
    for text in ("NEVER_SENT", "NOT_REACHED"):
        check(text not in stub.requests(), "%s reached the server" % text)


def test_hostile(shell):
    shell.type("SELECT * FROM EVIL;", ENTER)
    shell.expect(r"a\x1b[2J\u009b1m\u202e\n\x7f\x00")
    shell.expect("sql> ")
    shell.type("output json", ENTER)
    shell.expect("sql> ")
    shell.type("SELECT * FROM EVIL;", ENTER)
    shell.expect(r"a\u001b[2J\u009b1m\u202e\n\u007f\u0000")
    shell.expect("sql> ")
    shell.type("output tabular", ENTER)
    shell.expect("sql> ")
    for raw in (b"\x1b[2J", b"\xc2\x9b", b"\xe2\x80\xae", b"\x7f"):
        check(raw not in shell.seen, "%r reached the terminal" % raw)


def test_errors(shell):
    shell.type("SELECT 1", ENTER, "FROM NOWHERE;", ENTER)
    shell.expect("no stream or table 'NOWHERE', did you mean 'ORDERS'?")
    shell.expect("    FROM NOWHERE;\r\n         ^")
    shell.expect("sql> ")


def main():
    directory = tempfile.mkdtemp()
    stub = Stub(directory)
    environment = dict(os.environ, TERM="xterm", XDG_STATE_HOME=directory,
                       EDITRC="/dev/null", HOME=directory)
    environment.pop("NO_COLOR", None)
    arguments = [sys.argv[1], "sql", "--server", stub.url]
    try:
        shell = Terminal(arguments, environment)
        test_typing(shell, stub)
        test_completion(shell, stub)
        test_interrupt(shell, stub)
        test_hostile(shell)
        test_errors(shell)
        check(b"\x1b[31m" in shell.seen, "no colour on a terminal")
        shell.type(" SELECT 'secret' FROM ORDERS;", ENTER)
        shell.expect("CASH")
        shell.expect("sql> ")
        shell.type(CTRL_D)
        shell.leave(CTRL_D)

        # What was typed is there the next time, for its owner only, and not what began with a blank.
        history = os.path.join(directory, "drivethru", "sql_history")
        check(os.stat(history).st_mode & 0o777 == 0o600, "others can read the history")
        kept = open(history).read()
        check(r"SELECT XONE\nFROM ORDERS EMIT CHANGES\nLIMIT 2;" in kept, "the history lost a text")
        check("secret" not in kept and "NEVER_SENT" not in kept, "the history kept too much")
        environment["NO_COLOR"] = "1"
        shell = Terminal(arguments, environment)
        shell.expect("sql> ")
        shell.type(UP, ENTER)
        shell.expect("no stream or table 'NOWHERE'")
        shell.expect("sql> ")
        check(not re.search(rb"\x1b\[[0-9;]*m", shell.seen), "colour in spite of NO_COLOR")
        shell.type("exit", ENTER)
        shell.leave()

        # The terminal's own end: the shell leaves too.
        shell = Terminal(arguments, environment)
        shell.expect("sql> ")
        os.kill(shell.pid, signal.SIGHUP)
        os.waitpid(shell.pid, 0)

        # A terminal that cannot move its cursor edits lines itself, and gets no escape sequences.
        shell = Terminal(arguments, dict(environment, TERM="dumb"))
        shell.expect("sql> ")
        shell.type("SHOW TABLES;", ENTER)
        shell.expect("BY_METHOD")
        shell.expect("sql> ")
        check(b"\x1b" not in shell.seen, "escape sequences on a dumb terminal")
        shell.type("exit", ENTER)
        shell.leave()

        # A password is asked for, and not shown.
        shell = Terminal(arguments + ["-u", "ada"], environment)
        shell.expect("password of ada: ")
        shell.type("count\u00e9ss", ENTER)
        shell.expect("sql> ")
        stub.await_request("GET /info  by Basic " + base64.b64encode("ada:count\u00e9ss".encode()).decode())
        check(b"count" not in shell.seen, "the password was shown")
        shell.type("exit", ENTER)
        shell.leave()

        # Commands that are not waited for.
        shell = Terminal(arguments, environment)
        shell.expect("sql> ")
        shell.type("request pipelining on", ENTER)
        shell.expect("request pipelining is ON")
        shell.expect("sql> ")
        asked = stub.requests().count("GET /status/")
        shell.type("CREATE STREAM QUEUED AS SELECT * FROM ORDERS;", ENTER)
        stub.await_request("CREATE STREAM QUEUED AS SELECT * FROM ORDERS;")
        shell.expect("sql> ")
        check(stub.requests().count("GET /status/") == asked, "a command was waited for")
        shell.type("request pipelining off", ENTER)
        shell.expect("request pipelining is OFF")
        shell.expect("sql> ")
        shell.type("CREATE STREAM QUEUED2 AS SELECT * FROM ORDERS;", ENTER)
        stub.await_request("GET /status/")
        shell.expect("sql> ")
        shell.type("exit", ENTER)
        shell.leave()

        # A server that is away: says so, and the shell can be pointed to another.
        shell = Terminal([sys.argv[1], "sql", "--server", "http://127.0.0.1:1"], environment)
        shell.expect("starts a server")
        shell.expect("sql> ")
        shell.type("server %s" % stub.url, ENTER)
        shell.expect("version 7.9.0-stub")
        shell.expect("sql> ")
        shell.type("SHOW TABLES;", ENTER)
        shell.expect("BY_METHOD")
        shell.expect("sql> ")
        # One that goes away takes a statement with it, not the shell.
        stub.stop()
        shell.type("SHOW TABLES;", ENTER)
        shell.expect("cannot reach")
        shell.expect("'server URL' asks another one")
        shell.expect("sql> ")
        shell.type(CTRL_D)
        shell.leave(CTRL_D)
    finally:
        stub.stop()


main()
