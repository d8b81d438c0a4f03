"""Attach to real programs, detach, and look whether anything is other than before."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from c_programs import answering
from native_targets import (
    answered,
    built,
    counting_image,
    foreign_code,
    kept_asking,
    loaded_server,
    odd,
    sampler_mappings,
)

import memwhy
from memwhy.model.errors import ParseError
from memwhy.native import layout
from memwhy.native.attach import Attachment, attach, check_image
from memwhy.native.errors import Occupied
from memwhy.native.functions import NAMES

pytest.importorskip("memwhy._core._stops")

PATCHED = {name for name in NAMES if name != "aligned_alloc"}
"""glibc's memalign and aligned_alloc were one function up to 2.37: one jump serves both names there."""


def counts(attachment: Attachment) -> dict[str, int]:
    """Calls by function, of the sampler that only counts."""
    return dict(zip(NAMES, list(attachment.header().reserved), strict=False))


def wait_for(condition, within_s: float = 20.0) -> None:  # type: ignore[no-untyped-def]
    """Until it holds."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.005)


def test_every_call_is_counted_exactly_once() -> None:
    with odd("busy") as target, attach(target.pid, image=counting_image()) as attachment:
        assert set(attachment.functions) >= PATCHED
        before = counts(attachment)
        wait_for(lambda: counts(attachment)["malloc"] >= before["malloc"] + 1000)
        now = counts(attachment)
        assert abs(now["malloc"] - now["free"]) <= 100
        assert target.ask("m") == "ok"


@pytest.mark.parametrize("function", ["realloc", "calloc", "free"])
def test_a_program_that_calls_malloc_no_more_is_attached_to_by_what_it_calls(function: str, tmp_path: Path) -> None:
    calls = {
        "realloc": "block = realloc(block, 100 + n % 1000);",
        "calloc": "if (!calloc(1, 16)) return 1;",
        "free": "if (n < 1000000) free(blocks[n]);",
    }
    program, source = tmp_path / function, tmp_path / "program.c"
    source.write_text(
        "#include <stdio.h>\n#include <stdlib.h>\n#include <unistd.h>\nstatic void *blocks[1000000], *block;\n"
        'int main(void) { for (int n = 0; n < 1000000; n++) blocks[n] = malloc(16);\n puts("ready"); fflush(stdout);\n'
        f"for (int n = 0; n < 1000000; n++, usleep(1000)) {{ {calls[function]} }} return 0; }}\n"
    )
    subprocess.run(["cc", "-O0", "-w", "-o", program, source], check=True)
    with subprocess.Popen([program], stdout=subprocess.PIPE) as target:
        assert target.stdout is not None
        target.stdout.readline()
        with attach(target.pid, image=counting_image()) as attachment:
            before = counts(attachment)
            wait_for(lambda: counts(attachment)[function] >= before[function] + 10)
            done = attachment.detach()
        assert (done.left, foreign_code(target.pid), sampler_mappings(target.pid)) == ((), {}, [])
        assert target.poll() is None
        target.kill()


def test_nothing_is_left_after_a_detach() -> None:
    with odd("busy") as target:
        modules = Path(f"/proc/{target.pid}/maps").read_text().count(".so")
        attachment = attach(target.pid, image=counting_image())
        assert len(sampler_mappings(target.pid)) == 1
        assert foreign_code(target.pid) != {}
        done = attachment.detach()
        assert set(done.restored) == set(attachment.functions)
        assert (done.left, done.gone) == ((), False)
        assert sampler_mappings(target.pid) == []
        assert foreign_code(target.pid) == {}
        assert Path(f"/proc/{target.pid}/maps").read_text().count(".so") == modules
        assert target.ask("m") == "ok"


def test_what_a_detach_had_to_leave_is_said_and_does_not_hinder_the_next() -> None:
    with odd() as target:
        with kept_asking(target):
            attachment = attach(target.pid, image=counting_image())
        done = attachment.detach(wait_s=0.2)  # nobody calls malloc any more
        assert set(done.restored) == set(attachment.functions)
        assert len(done.left) == 1
        assert "the sampler's memory, turned off (" in done.left[0]
        assert "called malloc or its like (malloc, free, calloc, realloc) within 0.2 s" in done.left[0]
        assert target.ask("m") == "ok"
        with kept_asking(target), attach(target.pid, image=counting_image()) as attachment:
            assert attachment.predecessor is not None
            assert attachment.predecessor.left == ()
        assert (sampler_mappings(target.pid), foreign_code(target.pid)) == ([], {})


def test_a_loaded_server_fails_no_request_while_memwhy_comes_and_goes() -> None:
    with loaded_server() as (server, clients):
        for _ in range(20):
            with attach(server.pid) as attachment:
                wait_for(lambda attachment=attachment: attachment.header().samples > 0)
        requests, failed = answered(clients)
        assert failed == 0
        assert requests > 100
        assert server.is_alive
        assert sampler_mappings(server.pid) == []
        assert foreign_code(server.pid) == {}


def test_the_header_says_whose_it_is_and_how_it_counts() -> None:
    with odd("busy") as target, attach(target.pid, period_bytes=4096) as attachment:
        header = attachment.header()
        assert (header.magic, header.version, header.state) == (layout.MAGIC, layout.VERSION, layout.State.ON)
        assert (header.owner_pid, header.period_bytes) == (os.getpid(), 4096)
        assert 100_000_000 < header.tsc_hz < 20_000_000_000
        assert header.orphan_tsc == 30 * header.tsc_hz
        maps = Path(f"/proc/{target.pid}/maps").read_text().splitlines()
        libc = next(line for line in maps if "libc.so.6" in line and "r-xp" in line).split("-")[0]
        assert header.libc_text_lo == int(libc, 16)
        beat = header.heartbeat_tsc
        attachment.refresh()
        assert attachment.header().heartbeat_tsc > beat


def test_the_tables_can_be_filled_in_before_the_first_sample() -> None:
    with odd("busy") as target, attach(target.pid, state=layout.State.OFF) as attachment:
        attachment.write(layout.AT_MODULES, b"rows")
        assert attachment.read(layout.AT_MODULES, 4) == b"rows"
        assert attachment.header().samples == 0
        attachment.set_state(layout.State.ON)
        wait_for(lambda: attachment.header().samples > 0)
        with pytest.raises(ValueError, match="not within the sampler's"):
            attachment.write(layout.REGION_BYTES - 2, b"rows")
        with pytest.raises(ValueError, match="not within the sampler's"):
            attachment.write(-1, b"r")


def test_only_the_functions_asked_for_are_patched() -> None:
    with odd("busy") as target, attach(target.pid, image=counting_image(), functions=("malloc", "free")) as attachment:
        assert set(attachment.functions) == {"malloc", "free"}
        assert target.ask("m") == "ok"
        assert counts(attachment)["malloc"] >= 100


def test_a_second_attach_is_told_who_watches() -> None:
    with odd("busy") as target, attach(target.pid, image=counting_image()):
        with pytest.raises(Occupied, match=rf"another memwhy \(pid {os.getpid()}\) watches pid {target.pid} already"):
            attach(target.pid, image=counting_image())
        assert target.ask("m") == "ok"


def test_a_child_of_the_target_runs_without_the_sampler() -> None:
    with odd("busy") as target:
        with attach(target.pid) as attachment:
            assert [target.ask("f") for _ in range(20)] == ["ok"] * 20
            assert [target.ask("v") for _ in range(5)] == ["ok"] * 5
            assert attachment.header().state == layout.State.ON
        assert target.ask("f") == "ok"


def test_a_child_of_an_attached_target_can_be_attached_to_itself() -> None:
    with odd("busy") as target, attach(target.pid) as attachment:
        child = int(target.ask("c"))
        with attach(child, image=counting_image()) as of_child:
            assert of_child.predecessor is not None
            assert of_child.predecessor.left == ()
            wait_for(lambda: counts(of_child)["malloc"] > 100)
        assert (foreign_code(child), sampler_mappings(child)) == ({}, [])
        assert attachment.header().state == layout.State.ON
        assert target.ask("m") == "ok"


def test_a_program_that_forbids_itself_new_code_is_watched_all_the_same() -> None:
    with odd("no-new-code", "busy") as target, attach(target.pid, image=counting_image()) as attachment:
        wait_for(lambda: counts(attachment)["malloc"] > 100)
        assert target.ask("m") == "ok"


def test_a_target_that_becomes_another_program_is_gone() -> None:
    with odd("busy") as target:
        attachment = attach(target.pid, image=counting_image())
        assert target.ask("x") == "ready"
        assert attachment.detach().gone
        assert foreign_code(target.pid) == {}
        assert target.ask("m") == "ok"


def test_a_target_that_ends_is_gone() -> None:
    with odd("busy") as target:
        attachment = attach(target.pid, image=counting_image())
        target.process.kill()
        target.process.wait()
        assert attachment.detach().gone


@pytest.mark.parametrize(
    "name", ["libjemalloc.so.2", "libtcmalloc.so.4", "libtcmalloc_minimal.so.4", "libmimalloc.so.2"]
)
def test_another_malloc_that_is_preloaded_is_the_one_that_is_watched(name: str) -> None:
    library = Path("/usr/lib/x86_64-linux-gnu") / name
    if not library.exists():
        pytest.skip(f"needs {name}")
    with odd("busy", env={**os.environ, "LD_PRELOAD": str(library)}) as target:
        with attach(target.pid, image=counting_image()) as attachment:
            assert target.ask("m") == "ok"
            assert counts(attachment)["malloc"] >= 100
            header = attachment.header()
            assert header.malloc_text_lo != 0
            assert any(library.name.split(".")[0] in note for note in attachment.notes)
        assert (foreign_code(target.pid), sampler_mappings(target.pid)) == ({}, [])
        with attach(target.pid) as attachment:
            assert [target.ask("m") for _ in range(50)] == ["ok"] * 50
            wait_for(lambda: attachment.header().samples > 0)
        assert target.ask("m") == "ok"


def test_many_threads_stand_still_for_a_moment_only() -> None:
    with odd("busy") as target:
        assert target.ask("t 300") == "ok"
        with attach(target.pid) as attachment:
            assert target.ask("m") == "ok"
        stops = sorted(attachment.stop_ns)
        assert stops[len(stops) // 2] < 50_000_000
        assert target.ask("m") == "ok"


def test_a_program_in_namespaces_of_its_own_is_reached_through_them(tmp_path: Path) -> None:
    command = ["unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
    try:
        with answering(*command, built("odd"), "busy") as target:
            if target.first != "ready":
                pytest.skip("namespaces may not be made here")
            inner = int(Path(f"/proc/{target.pid}/task/{target.pid}/children").read_text().split()[0])
            with attach(inner, image=counting_image()) as attachment:
                wait_for(lambda: counts(attachment)["malloc"] > 100)
                assert target.ask("m") == "ok"
            assert sampler_mappings(inner) == []
    except FileNotFoundError:
        pytest.skip("needs unshare")


@pytest.mark.skipif(os.getuid() != 0 or shutil.which("chroot") is None, reason="needs root and chroot")
def test_a_program_whose_files_have_other_names_out_here(tmp_path: Path) -> None:
    program = built("odd")
    libraries = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split()
    for file in (str(program), *(word for word in libraries if word.startswith("/"))):
        place = tmp_path / file.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, place)
    with answering("chroot", tmp_path, program, "busy") as target:
        assert target.first == "ready"
        attach(target.pid, image=counting_image()).detach()
        shutil.rmtree(tmp_path, ignore_errors=True)  # replaced by an update, say: it is read through the process
        with attach(target.pid, image=counting_image()) as attachment:
            wait_for(lambda: counts(attachment)["malloc"] > 100)
        assert sampler_mappings(target.pid) == []
        assert target.ask("m") == "ok"


@pytest.mark.specimen
def test_a_go_program_with_cgo_answers_all_the_time() -> None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "specimens"))
    try:
        from run import SpecimenFailed, running

        with running("odds-scraper", "guilty") as specimen:
            assert specimen.pprof is not None
            for _ in range(3):
                with attach(specimen.pid) as attachment:
                    wait_for(lambda attachment=attachment: attachment.header().samples > 0)
                    with urllib.request.urlopen(f"{specimen.pprof}/cmdline") as answer:
                        assert answer.status == 200
            assert sampler_mappings(specimen.pid) == []
            assert "panic" not in specimen.log.read_text()
    except SpecimenFailed as error:
        pytest.skip(str(error))
    finally:
        sys.path.pop(0)


def test_without_the_disassembler_it_says_what_to_install() -> None:
    script = (
        "import sys; sys.modules['iced_x86'] = None\n"
        "from memwhy.native.attach import attach\n"
        "from memwhy.native.errors import CannotAttach\n"
        "try: attach(int(sys.argv[1]))\n"
        "except CannotAttach as error: print(error.message, '/', error.help)\n"
    )
    with odd("busy") as target:
        command = [sys.executable, "-c", script, str(target.pid)]
        env = {"PYTHONPATH": str(Path(memwhy.__file__).resolve().parents[1])}
        text = subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout
        assert text == ("attaching needs the Python package iced-x86, which is not installed / pip install iced-x86\n")


def test_an_image_that_is_none_is_refused() -> None:
    image = counting_image()
    assert check_image(image).magic == layout.IMAGE_MAGIC
    for broken in (b"", image[:8], b"\0" * 4096, image[:130] + b"\xff" * 4, image.ljust(0x10000, b"\0")):
        with pytest.raises(ParseError, match=r"sampler\.bin"):
            check_image(broken)
