"""Descriptors that become more: to whom they lead, who keeps them open as far as goroutines tell, and who asks for them.

Of a connection the kernel knows the peer and the state, the program's goroutines know what it waits for. The two are joined by
number alone: where as many goroutines of one kind came as sockets, the one is said beside the other, with both numbers.
"""

from collections import Counter
from collections.abc import Mapping as Map
from dataclasses import dataclass

from memwhy.attribution.frames import own_frame
from memwhy.attribution.goroutines import FEW, Group, alike, counted, groups, stack_bytes_each
from memwhy.attribution.heap import LAYER, LEAST_SHARE, MOST_HOLDERS, Sites
from memwhy.attribution.states import Frames, Seen, Site, by_stack, count_states
from memwhy.model.case import Case
from memwhy.model.gomodules import STANDARD
from memwhy.model.report import Holder
from memwhy.model.units import human_bytes
from memwhy.trend.profiles import Growth, grow


@dataclass(frozen=True, slots=True)
class Habit:
    """A goroutine that a library keeps for each connection. leaf: its innermost function outside the runtime; through: a function
    further out; says: what it means that it stands there; what: which kind of connection."""

    leaf: str
    through: str
    what: str
    says: str


HABITS = (
    Habit("net/http.(*persistConn).readLoop", "", "HTTP client connection",
          "an answer has come and its body is neither read to its end nor closed"),
    Habit("", "net/http.(*persistConn).readLoop", "HTTP client connection",
          "idle or waiting for an answer: kept by a Transport; one Transport for each request, or MaxIdleConnsPerHost, keeps many"),
    Habit("net/http.(*persistConn).writeLoop", "", "", ""),
    Habit("", "net/http.(*http2clientConnReadLoop).run", "HTTP/2 client connection", "open, whatever runs on it"),
    Habit("", "golang.org/x/net/http2.(*clientConnReadLoop).run", "HTTP/2 client connection", "open, whatever runs on it"),
    Habit("", "google.golang.org/grpc/internal/transport.(*http2Client).reader", "gRPC client connection",
          "open: a ClientConn that nobody closed, or more of them than one a target"),
    Habit("database/sql.(*Rows).awaitDone", "", "database rows", "not closed: rows.Close() is missing, or they are not read to the end"),
    Habit("database/sql.(*Tx).awaitDone", "", "database transaction", "neither committed nor rolled back"),
    Habit("", "net/http.(*connReader).backgroundRead", "", ""),
    Habit("", "net/http.(*conn).serve", "HTTP server connection", ""),
)  # fmt: skip
"""By Go's own sources: net/http/transport.go readLoop (the select that waits for bodyEOF, after Peek has had an answer),
net/http/server.go, database/sql/sql.go awaitDone; the first that fits."""


def habit_of(stack: Frames) -> Habit | None:
    """What it means that a goroutine stands there; None for all others."""
    for habit in HABITS:
        if (not habit.leaf or stack[0] == habit.leaf) and (not habit.through or habit.through in stack[1:]):
            return habit
    return None


def descriptor_groups(case: Case) -> tuple[Holder, ...]:
    """What is opened and not closed: sockets by peer, other descriptors by what they are, those that grow first."""
    sites = Sites(case)
    waiting = groups(case)
    found = [(site, one, True) for site, one in _grown(count_states(case.profiles, "sockets"))]
    others = _grown(count_states(case.profiles, "descriptors"))
    sockets = sum(one.change for site, one in others if site[0] == "socket")
    named = sum(one.change for _, one, _ in found)
    found += [(site, one, False) for site, one in others if site[0] != "socket" or named < sockets / 2]
    whole = sum(one.change for _, one, _ in found)
    ranked = sorted(found, key=lambda row: (not row[1].grows, -row[1].change, row[0]))
    peers = _peers(count_states(case.profiles, "sockets"))
    kept = [row for row in ranked if row[1].change >= max(1, LEAST_SHARE * whole)][:MOST_HOLDERS]
    return tuple(
        _holder(site, one, one.change / whole, waiting if is_socket else (), peers.get(site, ()), case, sites)
        for site, one, is_socket in kept
    )


def _grown(seen: Seen | None) -> list[tuple[Site, Growth]]:
    if seen is None:
        return []
    return [(site, one) for site, one in grow(seen.states(_by_peer), per=seen.per).items() if one.change > 0]


def _by_peer(frames: Frames) -> Site:
    """State and peer; of accepted ones the port, whoever connected."""
    return (frames[0], frames[1] if len(frames) > 1 else "") if frames else ("others", "")


def _peers(seen: Seen | None) -> Map[Site, tuple[tuple[str, int], ...]]:
    """From where the accepted ones come, most first."""
    if seen is None:
        return {}
    found: dict[Site, Counter[str]] = {}
    for frames, number in by_stack(seen.newest).items():
        if len(frames) > 2:
            found.setdefault(_by_peer(frames), Counter())[frames[2]] += number
    return {site: tuple(counted.most_common()) for site, counted in found.items()}


def _holder(
    site: Site,
    one: Growth,
    share: float,
    waiting: tuple[Group, ...],
    peers: tuple[tuple[str, int], ...],
    case: Case,
    sites: Sites,
) -> Holder:
    matched = tuple(group for group in waiting if alike(group.growth, one))
    telling = [group for group in matched if (habit := habit_of(group.stack)) is not None and habit.what]
    each, how = stack_bytes_each(case)
    held = each * len(matched)
    note = [f"{one.last:,} now"]
    if peers:
        note.append(_from(peers))
    if not one.grows:
        note.append("it does not grow steadily")
    note += [_kept_open(group) for group in telling]
    note += _creators(matched, telling)
    asked = _asked_by(case, sites, telling)
    note += _asked_said(asked)
    if matched:
        note.append(f"bytes are the stacks of these goroutines, {human_bytes(each)} each, {how}")
    first = telling[0].stack if telling else matched[0].stack if matched else ()
    holder = Holder(
        layer=LAYER,
        function=" ".join(part for part in site if part),
        module=_owner(first, sites),
        bytes=round(one.change * held),
        share=round(share, 4),
        stack=first,
        method="descriptors",
        modules=sites.versions(first),
        note="; ".join(note),
        askers=tuple(asked),
    )
    return counted(holder, one, held)


def _owner(stack: Frames, sites: Sites) -> str | None:
    """Whose code the goroutines run, where it is not Go's own."""
    function = own_frame(stack)
    return None if not stack or sites.modules.of(function)[0] == STANDARD else sites.module(function)


def _from(peers: tuple[tuple[str, int], ...]) -> str:
    """`from 10.0.0.7 (600) and 2 other addresses`."""
    first = ", ".join(f"{name.removeprefix('from ')} ({number:,})" for name, number in peers[:FEW])
    more = f" and {len(peers) - FEW} other addresses" if len(peers) > FEW else ""
    return f"from {first}{more}"


def _kept_open(group: Group) -> str:
    """`as many goroutines (+1,003) are in net/http.(*persistConn).readLoop: HTTP client connections, an answer has come …`."""
    habit = habit_of(group.stack)
    assert habit is not None
    where = habit.leaf or habit.through
    says = habit.says or f"in {own_frame(group.stack)}"
    return f"as many goroutines ({_number(group)}) stand in {where}: {habit.what}, {says}"


def _number(group: Group) -> str:
    """`+1,003, +40.0/s`."""
    one = group.growth
    return f"{one.change:+,}" + (f", {one.per:+.1f}/s" if one.has_pace else "")


def _creators(matched: tuple[Group, ...], telling: list[Group]) -> list[str]:
    """Other goroutines that came in the same number, by what started them: they may be the ones that hold the descriptor."""
    said = []
    for group in matched:
        if group in telling or habit_of(group.stack) is not None:
            continue
        started = (
            group.waiting.created_by if group.waiting is not None and group.waiting.created_by else group.stack[-1]
        )
        said.append(f"as many goroutines ({_number(group)}) stand in {own_frame(group.stack)}, started by {started}")
    return said[:FEW]


def _asked_by(case: Case, sites: Sites, telling: list[Group]) -> dict[str, float]:
    """Whose code makes HTTP requests, and its share, by what it allocates on the way: a client's connections are made by goroutines of net/http,
    on whose stacks nobody else is."""
    if not any(
        habit.what.startswith("HTTP") and "client" in habit.what for one in telling if (habit := habit_of(one.stack))
    ):
        return {}
    seen = [one.profile for one in case.profiles if one.profile.kind == "alloc_space"]
    if not seen:
        return {}
    asked: Counter[str] = Counter()
    for frames, value in by_stack(seen[-1]).items():
        through = [i for i, frame in enumerate(frames) if frame.startswith("net/http.(*Client).")]
        if through and value > 0:
            beyond = (frame for frame in frames[through[-1] :] if sites.modules.of(frame)[0] != STANDARD)
            asked[next(beyond, "")] += value
    asked.pop("", None)
    if not asked:
        return {}
    whole = sum(asked.values())
    return {name: value / whole for name, value in asked.most_common(FEW)}


def _asked_said(asked: Map[str, float]) -> list[str]:
    """`requests are made in main.fetch (100%) of what HTTP clients allocated`."""
    first = ", ".join(f"{name} ({share:.0%})" for name, share in asked.items())
    return [f"requests are made in {first} of what HTTP clients allocated"] if asked else []
