"""The live page's server, over real sockets: what it tells, and what it never gives away."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from bench.errors import InputError
from bench.live.ending import seconds_left
from bench.live.reading import Seen
from bench.live.state import Live
from bench.records.writing import write_facts
from bench.report.charts import Curve, by_network, thinned

from .half_trained import PUBLISHED, RUNNING, half_trained, progress

serving = pytest.importorskip("bench.live.serving")
pytest.importorskip("starlette", reason="pip install '.[live]'")
pytest.importorskip("uvicorn", reason="pip install '.[live]'")
SECRET = "the words of a file beside the folder"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("live")
    (place / "secret.txt").write_text(SECRET)
    (place / "half-secret").mkdir()
    (place / "half-secret" / "a.csv").write_text(SECRET)
    (place / "half").mkdir()
    root = half_trained(place / "half")
    (root / "out.txt").symlink_to(place / "secret.txt")
    (root / "up").symlink_to(place)
    (root / "absolute.csv").symlink_to("/etc/passwd")
    (root / "hidden.txt").symlink_to(root / ".lock")
    (root / "weights.txt").symlink_to(root / "trials/mnist5k/gan/s0/weights.pt")
    (root / "trials/mnist5k/gan/s0/weights.pt").write_text(SECRET)
    (root / "pipe.txt").symlink_to("/dev/zero")
    return root


def started(root: Path, *more: str) -> tuple["subprocess.Popen[str]", int]:
    """`bench serve` as a process, and its port."""
    code = "from bench.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", str(root), *more]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
            return server, int(found[1])
    raise AssertionError(server.communicate())


@pytest.fixture(scope="module")
def port(root: Path) -> Iterator[int]:
    server, port = started(root)
    yield port
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=20)
    assert (server.returncode, out.splitlines(), err) == (0, ["no longer served"], "")


def asked(
    port: int, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content; the path goes out as it is, with no client's tidying."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    link.putrequest(method, path, skip_host="Host" in headers)
    for name, value in headers.items():
        link.putheader(name.replace("_", "-"), value)
    link.endheaders()
    answer = link.getresponse()
    return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()


def test_the_state_is_that_of_the_folder(port: int) -> None:
    status, headers, content = asked(port, "/live.json")
    now = json.loads(content)
    assert status == 200
    assert now["state"] == "training"
    assert now["counts"] == {"finished": 7, "running": 2, "waiting": 6}
    running = {(t["model"], t["seed"]): t for t in now["trials"] if t["status"] == "running"}
    assert {key: t["images"] for key, t in running.items()} == RUNNING
    assert now["share"] == pytest.approx((7 * 256 + 128 + 64) / (15 * 256))
    assert now["verdicts"] is None
    newest = {s["model"]: (s["seed"], s["images"]) for s in now["samples"]}
    assert set(newest) == {"gan", "cgan", "dcgan", "wgan", "wgangp"}
    assert headers["cache-control"] == "no-cache"
    again = asked(port, "/live.json", If_None_Match=headers["etag"])
    assert (again[0], again[2]) == (304, b"")


def test_curves_so_far_are_the_rows_on_disk(port: int, root: Path) -> None:
    charts = json.loads(asked(port, "/charts.json")[2])["mnist5k"]
    lines = charts["quality"]["panels"][0]["lines"]
    for (model, seed), images in RUNNING.items():
        (line,) = (x for x in lines if (x["model"], x.get("seed")) == (model, seed))
        rows = pd.read_parquet(root / f"trials/mnist5k/{model}/s{seed}/evaluations.parquet")
        rows = rows[rows["metric"] == "fid"]
        rows = rows[rows["features"].str.startswith("digits-lenet:")].sort_values("images")
        assert line["x"]["images"] == rows["images"].tolist()
        assert line["y"] == pytest.approx(rows["value"].tolist(), rel=1e-4)
        assert (line["x"]["images"][-1], line["end"]) == (images, "running")
    (mean,) = (x for x in lines if x["model"] == "gan" and x.get("mean"))
    assert mean["mean"] == 2
    assert set(charts) == {"quality", "losses", "gradient_norms"}


def test_a_sample_and_a_table_can_be_had(port: int) -> None:
    source = json.loads(asked(port, "/live.json")[2])["samples"][0]["source"]
    status, headers, content = asked(port, f"/{source}")
    assert (status, headers["content-type"], content[:4]) == (200, "image/png", b"\x89PNG")
    status, headers, _ = asked(port, "/experiment.toml")
    assert (status, headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert headers["content-security-policy"].startswith("default-src 'none'")


UP: tuple[str, ...] = (
    "..",
    "%2e%2e",
    ".%2e",
    "%2E.",
    "%252e%252e",
    "..%2f..",
    "..%5c..",
    "..\\..",
    "%c0%ae%c0%ae",
)
UP += ("....//", "..;", "%u002e%u002e", "%ef%bc%8e%ef%bc%8e", "..%00", "trials/../..")
PLACES = ("secret.txt", "half-secret/a.csv", "../etc/passwd")


@pytest.mark.parametrize("up", UP)
def test_no_way_leads_up(port: int, up: str) -> None:
    for place in PLACES:
        for path in (f"/{up}/{place}", f"/trials/{up}/{up}/{place}", f"//{up}/{place}"):
            status, _, content = asked(port, path)
            assert status in (400, 404), path
            assert SECRET.encode() not in content
            assert b"root:" not in content


@pytest.mark.parametrize(
    "path",
    [
        *("/out.txt", "/up/secret.txt", "/up/half-secret/a.csv", "/absolute.csv", "/pipe.txt"),
        *("/.lock", "/hidden.txt", "/weights.txt", "/trials/mnist5k/gan/s0/weights.pt"),
        *("//etc/passwd", "/%2fetc%2fpasswd", "/file:///etc/passwd", "/etc/passwd", "/trials"),
        *("/trials/", "/%00", "/a.txt%00.png", "/" + "a" * 5000 + ".txt", "/nothing.csv"),
    ],
)
def test_what_is_outside_hidden_or_of_another_kind_is_not_there(port: int, path: str) -> None:
    status, headers, content = asked(port, path)
    assert status == 404
    assert SECRET.encode() not in content
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "localhost.evil.example"),
        *("127.0.0.1@evil.example", "", "0.0.0.0", "[::1]", "2130706433", "localhost."),
    ],
)
def test_another_hosts_name_is_refused(port: int, host: str) -> None:
    """DNS rebinding: a page elsewhere gives its own name our address."""
    for path in ("/", "/live.json", "/experiment.toml"):
        status, _, content = asked(port, path, Host=host)
        assert status == 400
        assert b"mnist5k" not in content


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:9000"])
def test_this_machines_names_are_not(port: int, host: str) -> None:
    assert asked(port, "/live.json", Host=host)[0] == 200


def test_two_hosts_or_none_are_refused(port: int) -> None:
    for lines in ("Host: 127.0.0.1\r\nHost: evil.example\r\n", ""):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
            link.sendall(f"GET /live.json HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
            answer = link.makefile("rb").read()
        assert answer.startswith(b"HTTP/1.1 400")
        assert b"mnist5k" not in answer


@pytest.mark.parametrize(
    "method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"]
)
def test_it_only_reads(port: int, root: Path, method: str) -> None:
    before = sorted(root.rglob("*"))
    for path in ("/", "/live.json", "/experiment.toml", "/new.txt"):
        assert asked(port, path, method)[0] in (404, 405)
    assert sorted(root.rglob("*")) == before
    assert (root / "experiment.toml").read_bytes() == (PUBLISHED / "experiment.toml").read_bytes()


def test_head_gives_no_content(port: int) -> None:
    for path in ("/", "/live.json", "/experiment.toml"):
        status, headers, content = asked(port, path, "HEAD")
        assert (status, content) == (200, b"")
        assert int(headers["content-length"]) > 0


def test_only_the_loopback_interface_listens(port: int) -> None:
    listening = [line.split()[1:4] for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    own = [a for a, _, state in listening if state == "0A" and a.endswith(f":{port:04X}")]
    assert own == [f"0100007F:{port:04X}"]


def test_the_page_lets_only_its_own_script_run(port: int) -> None:
    status, headers, content = asked(port, "/")
    assert status == 200
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == "'none'"
    assert rules["connect-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "DENY"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert b"mnist5k" not in content  # it asks for all that it shows


def test_the_server_is_light_and_at_the_lowest_priority(port: int, root: Path) -> None:
    loaded = (
        "import sys, bench.live.app, bench.live.serving\n"
        "from bench.live.state import Live\n"
        f"live = Live({str(root)!r} and __import__('pathlib').Path({str(root)!r}))\n"
        "live.state(); before = set(sys.modules); live.charts()\n"
        "print(*sorted({'numpy', 'pyarrow'} & before), '|', *sorted("
        "{'pandas', 'torch', 'scipy', 'matplotlib', 'seaborn', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "numpy |"
    (own,) = (
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if b"\0serve\0" + str(root).encode() in path.read_bytes()
    )
    assert os.getpriority(os.PRIO_PROCESS, own) == 19


def test_a_port_that_is_taken_is_named_and_the_next_is_found(port: int, root: Path) -> None:
    with pytest.raises(InputError, match=f"port {port} cannot be used"):
        serving.bound(port)
    with serving.bound(None) as found:
        assert found.getsockname()[0] == "127.0.0.1"
        assert found.getsockname()[1] != port


def test_without_the_packages_one_line_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "find_spec", lambda name: None)
    with pytest.raises(InputError) as told:
        serving.require_packages("bench serve")
    assert "pip install 'gan-bench[live]'" in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_is_read_again_only_where_it_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = Live(half_trained(tmp_path))
    live.state(), live.charts()
    opened: list[str] = []
    real = Path.open

    def watched(path: Path, *more: Any, **named: Any) -> Any:
        opened.append(path.name)
        return real(path, *more, **named)

    monkeypatch.setattr(Path, "open", watched)
    before = live.state()
    live.charts()
    assert set(opened) <= {".lock"}
    opened.clear()
    progress(tmp_path / "trials/mnist5k/wgan/s1", 96_000)
    opened.clear()
    after = live.state()
    live.charts()
    assert set(opened) <= {".lock", "trial.json", "status.json", "progress.json"}
    assert after["share"] - before["share"] == pytest.approx(32 / (15 * 256))
    assert after["charts"] == before["charts"]  # rows come with the next evaluation


def test_a_folder_goes_from_training_to_its_report(tmp_path: Path) -> None:
    live = Live(half_trained(tmp_path))
    assert live.state()["state"] == "training"
    (tmp_path / ".lock").write_text(f"process {2**22 + 1} on {socket.gethostname()}")  # none such
    progress(tmp_path / "trials/mnist5k/wgan/s1", 96_000)
    assert live.state()["state"] == "training"  # a trial runs, whoever holds the folder
    for name in ("dcgan", "wgan"):
        (tmp_path / f"trials/mnist5k/{name}/s1/progress.json").unlink()
    now = live.state()
    assert now["state"] == "stopped"
    assert now["again"].startswith("bench run ")
    for dataset, label, seed in [t.key for t in live.folder.trials()]:
        folder = tmp_path / "trials" / dataset / label / f"s{seed}"
        write_facts(folder / "status.json", {"status": "failed", "reason": "it was ended"})
    assert live.state()["state"] == "stopped"  # no report
    (tmp_path / "report.html").write_text("<p>the report")
    assert live.state()["state"] == "reporting"  # another look may follow
    os.utime(tmp_path / "report.html", (time.time() + 5, time.time() + 5))
    assert not live.ended()
    later = time.time() - 60
    for path in tmp_path.rglob("status.json"):
        os.utime(path, (later - 1, later - 1))
    os.utime(tmp_path / "report.html", (later, later))
    assert live.ended()


def test_a_copy_of_a_reported_folder_has_ended_whatever_its_files_times(tmp_path: Path) -> None:
    few = shutil.ignore_patterns("plots")
    root = shutil.copytree(PUBLISHED, tmp_path / "clone", ignore=few)
    early = time.time() - 1000
    os.utime(root / "report.html", (early, early))
    for path in root.rglob("status.json"):
        os.utime(path, (early + 500, early + 500))
    assert Live(root).ended()
    facts = json.loads((status := root / "trials/mnist5k/gan/s1/status.json").read_text())
    write_facts(status, facts | {"seconds": facts["seconds"] + 1})  # trained again since
    os.utime(status, (early + 500, early + 500))
    assert Live(root).state()["state"] == "stopped"


def test_facts_that_lie_outside_the_folder_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    root = half_trained(tmp_path / "half")
    write_facts(tmp_path / "status.json", {"status": "failed", "reason": SECRET})
    folder = root / "trials/mnist5k/gan/s0"
    (folder / "status.json").unlink()
    (folder / "status.json").symlink_to(tmp_path / "status.json")
    shutil.move(root / "trials/mnist5k/cgan", tmp_path / "cgan")
    (root / "trials/mnist5k/cgan").symlink_to(tmp_path / "cgan")
    live = Live(root)
    now = live.state()
    assert SECRET not in json.dumps(now)
    own = [trial["status"] for trial in now["trials"] if trial["model"] == "cgan"]
    assert own == ["damaged", "damaged", "waiting"]
    assert "cgan" not in {sample["model"] for sample in now["samples"]}
    assert "cgan" not in {line["model"] for line in lines_of(live.charts())}


def lines_of(charts: Any) -> list[Any]:
    return charts["mnist5k"]["quality"]["panels"][0]["lines"]  # type: ignore[no-any-return]


def test_a_script_of_a_foreign_report_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "trials").mkdir()
    (tmp_path / "experiment.toml").write_bytes((PUBLISHED / "experiment.toml").read_bytes())
    (tmp_path / "report.html").write_text("<script>alert(1)</script>")
    (tmp_path / "other.html").write_text("<script>alert(1)</script>")
    server, port = started(tmp_path)
    try:
        for name, wanted in (("report.html", "script-src 'sha256-"), ("other.html", "sandbox")):
            status, headers, _ = asked(port, f"/{name}")
            assert status == 200
            policy = headers["content-security-policy"]
            assert wanted in policy
            assert "default-src 'none'" in policy
            assert "script-src 'unsafe" not in policy
    finally:
        server.kill()
        server.communicate()


def seen(model: str, seed: int, **facts: Any) -> Seen:
    return Seen(("mnist5k", model, seed), Path("nowhere"), {"planned": 1000} | facts, 0.0)


def test_the_end_is_what_is_left_at_the_rates_so_far() -> None:
    """By hand: gan 0.1 s an image, wgan 0.25 by its speed and evaluations, dcgan their mean."""
    gan = {"status": "finished", "images": 1000, "seconds": 80.0, "evaluating_seconds": 20.0}
    wgan = {"images_per_second": 5.0, "evaluating_seconds": 20.0, "images": 400, "total": 1000}
    trials = [
        seen("gan", 0, **gan),
        seen("gan", 1, status="waiting"),
        seen("wgan", 0, status="running", **wgan),
        seen("dcgan", 0, status="waiting"),
        seen("dcgan", 1, status="failed"),
    ]
    left = 1000 * 0.1 + 600 * 0.25 + 1000 * (0.1 + 0.25) / 2
    assert seconds_left(trials) == pytest.approx(left)
    both = [*trials, seen("gan", 2, status="running", images=900, total=1000)]
    assert seconds_left(both) == pytest.approx((left + 100 * 0.1) / 2)
    assert seconds_left(trials[1:2]) is None
    assert seconds_left(trials[:1]) == 0.0


def test_thinned_curves_are_means_and_end_where_they_ended() -> None:
    rng = np.random.default_rng(0)
    clocks = {name: np.arange(1.0, 401.0) for name in ("images", "generator_steps", "seconds")}
    values = np.exp(rng.normal(size=(2, 400)))
    name = "grad_norm/generator"
    curves = [Curve("gan", s, name, "finished", clocks, values[s]) for s in (0, 1)]
    thin = thinned(curves[0], 100)
    assert thin.values == pytest.approx(values[0].reshape(100, 4).mean(1))
    assert thin.clocks["images"][-1] == 400
    panels = by_network(curves, ["gan"], "images", "norm")["panels"]
    (mean,) = (line for line in panels[1]["lines"] if line.get("mean"))
    geometric = np.sqrt(values[0] * values[1]).reshape(100, 4).mean(1)
    assert mean["y"] == pytest.approx(geometric, rel=1e-4)
    assert mean["low"] == pytest.approx(values.min(0).reshape(100, 4).mean(1), rel=1e-4)
    assert not panels[0]["lines"]


@pytest.mark.parametrize("looked_at", [True, False])
def test_after_its_run_it_waits_for_the_page_that_is_looked_at(
    tmp_path: Path, looked_at: bool
) -> None:
    root = half_trained(tmp_path, held=False)
    command = [sys.executable, "-m", "bench.live", str(root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as server:  # type: ignore[call-overload]
        try:
            port = int(server.stdout.readline().decode().rsplit(":", 1)[1].strip("/\n"))
            for label, seed in RUNNING:
                (root / f"trials/mnist5k/{label}/s{seed}/progress.json").unlink()
            for dataset, label, seed in [t.key for t in Live(root).folder.trials()]:
                status = root / "trials" / dataset / label / f"s{seed}" / "status.json"
                if not status.exists():
                    write_facts(status, {"status": "failed", "reason": "it was ended"})
            (root / "report.html").write_text("<p>the report")
            if looked_at:
                assert json.loads(asked(port, "/live.json")[2])["state"] == "reporting"
                assert b"<p>the report" not in asked(port, "/")[2]
            server.stdin.close()
            if looked_at:
                time.sleep(1)  # as the page does between two questions
                assert json.loads(asked(port, "/live.json")[2])["state"] == "ended"
                assert asked(port, "/")[2] == b"<p>the report"
            assert server.wait(serving.LINGER - 2) == 0
        finally:
            server.kill()
