"""What operators copy: systemd reads the units, nginx serves as configured, alerts name numbers there are."""

from __future__ import annotations

import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.cli.processes import serving
from tests.ledger.world import Clock, create
from yinzheng.ledger.reading import open_reader

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())


def needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    return found


def test_systemd_reads_every_unit(tmp_path: Path) -> None:
    analyze = needed("systemd-analyze")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/yinzheng/.venv/bin/yinzheng", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    said = subprocess.run(
        [analyze, "verify", *map(str, sorted(tmp_path.iterdir()))], capture_output=True, text=True, timeout=60
    )
    assert (said.returncode, said.stderr) == (0, "")


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda p: p.name)
def test_every_command_of_a_unit_is_one(unit: Path) -> None:
    """With these options; and keys are nowhere the pages can see."""
    (line,) = re.findall(r"^ExecStart=\S+/yinzheng (.*)$", unit.read_text(encoding="utf-8"), re.M)
    words = line.split()
    from tests.cli.commands import run

    shown = run(words[0], "--help").out
    for option in (word for word in words[1:] if word.startswith("--")):
        assert re.search(rf"{option}\b", shown), option
    assert re.findall("^UMask=(.*)$", unit.read_text(encoding="utf-8"), re.M) == ["0077"]  # docs/adr/0083
    if words[0] == "serve":
        text = unit.read_text(encoding="utf-8")
        assert "PASSPHRASE" not in text
        (hidden,) = re.findall(r"^InaccessiblePaths=(.*)$", text, re.M)
        state = "/var/lib/yinzheng/state"
        keys = [f"{state}/keys", f"{state}/people", "/etc/yinzheng", "/var/lib/yinzheng/.aws"]
        backup = (DEPLOY / "systemd" / "yinzheng-backup.service").read_text(encoding="utf-8")
        (written,) = re.findall(r"^ReadWritePaths=(.*)$", backup, re.M)
        assert {f"-{one}" for one in (*keys, *written.split()[1:])} == {*hidden.split()}


def test_what_root_types_is_typed_as_the_services_do() -> None:
    """One account, state, program and seal in the command and in every unit."""
    typed = (DEPLOY / "yinzheng").read_text(encoding="utf-8")
    desk = (DEPLOY / "systemd" / "yinzheng-desk.service").read_text(encoding="utf-8")
    subprocess.run(["sh", "-n", DEPLOY / "yinzheng"], check=True, timeout=60)
    for form in (
        r"User=(\S+)", r"Environment=(YINZHENG_STATE=\S+)", r"(LoadCredentialEncrypted=\S+)",
        r"ExecStart=(\S+)", r"(UMask=\S+)",
    ):  # fmt: skip
        (said,) = re.findall(f"^{form}$", desk.replace(" desk --port 8001 --proxy 127.0.0.1", ""), re.M)
        assert said in typed, said


def test_alerts_are_about_numbers_that_are_told(tmp_path: Path) -> None:
    clock = Clock()
    with open_reader(create(tmp_path / "state", clock), clock) as reader:
        told = {f"yinzheng_{one.name}" for one in reader.measures(clock.now)}
    text = (DEPLOY / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"yinzheng_[a-z_]+", text)) <= told


# ---------------------------------------------------------------- nginx


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def nginx(folder: Path, pages: str) -> Iterator[tuple[int, int, ssl.SSLContext]]:
    """nginx with our configuration, but for names, ports and certificates; ports of http and https."""
    program, openssl = needed("nginx"), needed("openssl")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2"),
            *(
                "-subj",
                "/CN=verify.example.org",
                "-addext",
                "subjectAltName=DNS:verify.example.org,DNS:desk.example.org",
            ),
        ],
        check=True,
        capture_output=True,
        timeout=60,
    )
    plain, tls = free_port(), free_port()
    text = (DEPLOY / "nginx" / "yinzheng.conf").read_text(encoding="utf-8")
    text = re.sub(r"listen \[::\].*\n", "", text)
    text = text.replace("listen 80;", f"listen 127.0.0.1:{plain};").replace(
        "listen 443", f"listen 127.0.0.1:{tls}"
    )
    text = re.sub(r"/etc/yinzheng-tls/\w+\.pem", str(folder / "cert.pem"), text)
    text = re.sub(r"/etc/yinzheng-tls/\w+\.key", str(folder / "key.pem"), text)
    kept = "error_log /var/log/nginx/error.log crit;"
    assert text.count(kept) == text.count("access_log off;") == text.count("server {")
    text = text.replace(kept, f"error_log {folder / 'error.log'} info;")
    text = text.replace("http://127.0.0.1:8000", pages).replace("http://127.0.0.1:8001", "http://127.0.0.1:9")
    temporary = "".join(
        f"{name}_temp_path {folder / name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"pid {folder / 'pid'}; error_log {folder / 'error.log'}; daemon off; master_process off;"
        f"events {{}} http {{ {temporary} {text} }}",
        encoding="utf-8",
    )
    with subprocess.Popen(
        [program, "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.PIPE
    ) as process:
        try:
            _await(plain, process)
            yield plain, tls, ssl.create_default_context(cafile=str(folder / "cert.pem"))
        finally:
            process.terminate()


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(process.stderr.read() if process.stderr else "nginx does not start")


def ask(
    port: int, context: ssl.SSLContext, path: str, name: str = "verify.example.org", **headers: str
) -> tuple[int, bytes]:
    """One request over TLS, by hand: names are not resolved here."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=name) as tls,
    ):
        assert tls.version() == "TLSv1.3"
        lines = [f"GET {path} HTTP/1.1", f"Host: {name}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        tls.sendall("\r\n".join([*lines, "", ""]).encode())
        answer = b"".join(iter(lambda: tls.recv(65536), b""))
    return int(answer.split(b" ", 2)[1]), answer


@contextmanager
def holding(port: int, context: ssl.SSLContext, name: str, count: int) -> Iterator[None]:
    """So many requests at a time that do not end: each promises a body that does not come."""
    with ExitStack() as open_ones:
        for _ in range(count):
            raw = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
            one = open_ones.enter_context(context.wrap_socket(raw, server_hostname=name))
            one.sendall(f"POST /held HTTP/1.1\r\nHost: {name}\r\nContent-Length: 9\r\n\r\n".encode())
        time.sleep(0.5)
        yield


def upload(port: int, context: ssl.SSLContext, size: int) -> int:
    """The status of a file of that many bytes, handed in at the page in two pieces."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
    body = head + b"x" * size + b"\r\n--x--\r\n"
    with (
        socket.create_connection(("127.0.0.1", port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname="verify.example.org") as tls,
    ):
        lines = ["POST /verify HTTP/1.1", "Host: verify.example.org", "Connection: close"]
        lines += ["Content-Type: multipart/form-data; boundary=x", f"Content-Length: {len(body)}", "", ""]
        tls.sendall("\r\n".join(lines).encode() + body[: size // 2])
        time.sleep(0.1)
        tls.sendall(body[size // 2 :])
        return int(b"".join(iter(lambda: tls.recv(65536), b"")).split(b" ", 2)[1])


@pytest.mark.server
def test_nginx_stands_in_front(tmp_path: Path) -> None:
    state = create(tmp_path / "state", Clock(int(time.time()) - 60))
    with (
        serving(
            "serve", "--state", str(state), "--port", "0", "--proxy", "127.0.0.1", "--rate", "1"
        ) as pages,
        nginx(tmp_path, pages) as (plain, tls, context),
    ):
        with pytest.raises(urllib.error.HTTPError) as moved:
            urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({})).open(
                f"http://127.0.0.1:{plain}/verify?a=b", timeout=20
            )
        assert moved.value.code == 301
        assert moved.value.headers["location"].startswith("https://")

        status, answer = ask(tls, context, "/healthz")
        assert (status, b'"status":"ok"' in answer) == (200, True)
        assert b"strict-transport-security" in answer.lower()
        assert ask(tls, context, "/metrics")[0] == 404
        assert (
            b"yinzheng_log_size"
            in urllib.request.build_opener(urllib.request.ProxyHandler({}))
            .open(f"{pages}/metrics", timeout=20)
            .read()
        )

        # What is handed in is no file of nginx's, not even while it comes.
        assert upload(tls, context, 300_000) == 200
        assert "temporary file" not in (tmp_path / "error.log").read_text(encoding="utf-8")

        # Who claims to be another each time is counted as one.
        seen = {ask(tls, context, "/verify", X_Forwarded_For=f"203.0.113.{n}")[0] for n in range(6)}
        assert seen == {200, 429}

        # What nginx says by itself: the desk is away, and more is sent than is taken.
        for name, media, said in (
            ("desk.example.org", b"application/problem+json", b'"code":"desk-unreachable"'),
            ("verify.example.org", b"text/html; charset=utf-8", "文件最大 64 MiB".encode()),
        ):
            long = {} if name.startswith("desk") else {"Content_Length": "70000000"}
            status, answer = ask(tls, context, "/v1/verify", name, **long)
            assert status == (413 if long else 503)
            assert media in answer
            assert said in answer
            assert b"strict-transport-security" in answer.lower()

        # Who asks too much at once is not told that the registry is away; each holds a body back.
        for name, media in (("desk.example.org", b"problem+json"), ("verify.example.org", b"text/html")):
            with holding(tls, context, name, 32):
                status, answer = ask(tls, context, "/verify", name)
            assert (status, media in answer) == (429, True)
            assert b"upgraded" not in answer

        old = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ssl.SSLError):
            ask(tls, old, "/healthz")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None
