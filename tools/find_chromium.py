#!/usr/bin/env python3
"""Print the Chromium to open pages with: one on PATH that is new enough, else Debian's headless shell in .toolchain/.

Debian's package and the libraries and fonts that this machine lacks are unpacked, not installed: no root is needed, and
apt keeps its lists in .toolchain/ as well. Standard library only. What it does is said on stderr.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLCHAIN = ROOT / ".toolchain"
OLDEST = 120
NAMES = ("chromium-headless-shell", "headless_shell", "chromium", "chromium-browser", "google-chrome", "chrome")
PACKAGES = ("chromium-headless-shell", "fonts-dejavu-core")
HELP = f"install Chromium {OLDEST} or newer"

# A script, so that the program finds the libraries and fonts beside it wherever the tree is moved to.
SCRIPT = """#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="LIBRARIES"
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/usr/lib/chromium/chromium-headless-shell" "$@"
"""
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <include ignore_missing="yes">/etc/fonts/conf.d</include>
</fontconfig>
"""


class NoChromium(Exception):
    """There is no usable Chromium, and none could be brought."""


def say(text: str) -> None:
    """One line for the person who waits."""
    print(f"find_chromium: {text}", file=sys.stderr, flush=True)


def version_of(chromium: str) -> int | None:
    """Major version of a Chromium command, None if it does not run or says none."""
    try:
        done = subprocess.run([chromium, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r"(\d+)\.\d+\.\d+", done.stdout)
    return int(match[1]) if match and done.returncode == 0 else None


def brought() -> Path:
    """Where the unpacked Chromium stands."""
    return TOOLCHAIN / "chromium" / "chromium"


def apt(home: Path, *words: str) -> None:
    """One apt-get command with lists and archives below `home`, as whoever we are."""
    for folder in ("state/lists/partial", "cache/archives/partial"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    settings = (
        f"Dir::State={home / 'state'}",
        "Dir::State::status=/var/lib/dpkg/status",
        f"Dir::Cache={home / 'cache'}",
        "Debug::NoLocking=1",
        "APT::Sandbox::User=",
        "Acquire::Languages=none",
        "Acquire::Retries=3",
    )
    options = [word for setting in settings for word in ("-o", setting)]
    subprocess.run(["apt-get", "-qq", *options, *words], check=True, stdout=sys.stderr, timeout=600)


def unpack(archives: Path, into: Path) -> None:
    """The packages' files below `into`, and the command that starts them."""
    for package in sorted(archives.glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", str(package), str(into)], check=True, stdout=sys.stderr)
    found = (file for place in ("lib", "usr/lib") for file in (into / place).rglob("*.so*"))
    folders = sorted({f"$here/{file.parent.relative_to(into)}" for file in found})
    (into / "fonts.conf").write_text(FONTS)
    (into / brought().name).write_text(SCRIPT.replace("LIBRARIES", ":".join(folders)))
    (into / brought().name).chmod(0o755)


def install() -> None:
    """Put Chromium into .toolchain/. A half-made one is never left in its place."""
    target = brought().parent
    fresh, home = (target.with_name(f"chromium.{part}.{os.getpid()}") for part in ("new", "apt"))
    say(f"no Chromium {OLDEST} or newer on PATH: unpacking Debian's {PACKAGES[0]} (about 100 MB) into {target}")
    try:
        apt(home, "update")
        apt(home, "install", "--yes", "--download-only", "--no-install-recommends", *PACKAGES)
        fresh.mkdir()
        unpack(home / "cache" / "archives", fresh)
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    except (OSError, subprocess.SubprocessError) as error:
        if version_of(str(brought())) is None:  # else somebody else was quicker
            raise NoChromium(f"Debian's could not be unpacked ({error}); {HELP}") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def present() -> str | None:
    """A Chromium that this machine or .toolchain/ has already, None if there is none that will do."""
    for candidate in (*map(shutil.which, NAMES), str(brought())):
        if candidate is None or not Path(candidate).exists():
            continue
        version = version_of(candidate)
        if version is not None and version >= OLDEST:
            return candidate
        say(f"{candidate} is " + (f"Chromium {version}" if version else "not usable"))
    return None


def find_chromium() -> str:
    """The Chromium to use, brought when there is none. Raises NoChromium."""
    found = present()
    if found is None:
        install()
        found = str(brought())
        if version_of(found) is None:
            raise NoChromium(f"{found} does not run on this machine; {HELP}")
    return found


def main() -> int:
    """Print the command."""
    try:
        print(find_chromium())
    except NoChromium as error:
        say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
