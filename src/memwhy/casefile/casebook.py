"""The casebook: takes observations and snapshots as they come, and can be asked for the case at any time."""

from collections.abc import Mapping as Map
from dataclasses import dataclass, field

from memwhy.account import account, coarse
from memwhy.casefile.derived import derive
from memwhy.casefile.facts import target_of
from memwhy.casefile.subject import SubjectSeries, choose_total, controls_of, series_of
from memwhy.casefile.timeline import Timeline
from memwhy.model.account import Account
from memwhy.model.case import Case, SeenHolders, SeenProfile, Series
from memwhy.model.errors import ParseError
from memwhy.model.evidence import Evidence, Snapshot
from memwhy.model.gosettings import gogc_percent
from memwhy.model.holders import HeldGrowth, Holders
from memwhy.model.native import StackReading
from memwhy.model.probe import Experiment
from memwhy.model.reading import Moment, Observation, Reading, Unread, Where
from memwhy.model.report import EvidenceRow
from memwhy.model.units import NS_PER_S
from memwhy.sources import READERS, held, look
from memwhy.trend.holding import follow
from memwhy.trend.stacks import grow

WORDED = ("words/", "pasted/prose", "pasted/crowd", "pasted/exhausted", "page/", "managed/settings", "native/caches")
"""Sources of what people write, not of what tools print of a process: figures in sentences, settings, messages."""

KEPT_PROFILES = 24
"""Of one kind and build; of more, every second one between the first and the last is dropped."""

KEPT_STACKS = 64
"""Readings of the sampler; of more, every second one is dropped."""

KEPT_HOLDERS = 24
"""Looks at who holds the heap, of one process; of more, every second one between the first and the last is dropped."""


@dataclass(slots=True)
class Seen:
    """How much of one source was read."""

    samples: int = 0
    errors: int = 0
    problem: str | None = None
    where: list[Where] = field(default_factory=list)


UNASKED = ("go/binary", "go/buildinfo", held.NAME)
"""Of Go's own sources those that are read from the program's file and its memory; the others are answers of its endpoint."""


class Casebook:
    """Collects evidence; `case()` builds the case, `evidence()` the rows of what was read."""

    def __init__(self, *, live: bool = False) -> None:
        self.live = live
        self.timeline = Timeline(may_restart=not live)
        self.notes: list[str] = []
        self.seen: dict[tuple[str, str, str], Seen] = {}
        self.unread: list[Unread] = []
        self.profiles: list[SeenProfile] = []
        self.stacks: dict[str, list[StackReading]] = {}
        self.holders: dict[str, list[tuple[Moment, Holders]]] = {}
        self._held: dict[str, HeldGrowth | None] = {}
        self.experiments: dict[str, dict[str, Experiment]] = {}
        self.account: Account | None = None
        self._accounts: dict[str, Account] = {}
        self._facts_of: dict[str, dict[str, str]] = {}
        self.ended: str | None = None
        self.cpu_ns = 0
        self.aside_s: float | None = None
        """CPU time of ours in other processes, which looked at who holds the heap."""
        self._now: dict[str, dict[str, int]] = {}
        self._wall_less_monotonic_ns: int | None = None
        self._moments: dict[str, list[tuple[Moment, str]]] = {}

    # -- taking evidence in ---------------------------------------------------------------------

    def add_snapshot(self, snapshot: Snapshot, *, file: str = "live", subject: str = "target") -> None:
        """Parse every evidence of one tick; what cannot be read or parsed is counted, never raised. subject: one for
        each process that was watched."""
        self.cpu_ns += snapshot.cpu_ns
        if self._wall_less_monotonic_ns is None:
            self._wall_less_monotonic_ns = snapshot.wall_ns - snapshot.monotonic_ns
        readings: dict[str, tuple[int, Reading]] = {}
        for evidence in snapshot.evidence:
            seen = self.seen.setdefault((evidence.source, file, ""), Seen())
            reading = self._parse(evidence, seen)
            if reading is None:
                if evidence.source == look.NAME and evidence.error is not None:
                    self._facts_of.setdefault(subject, {})["look.error"] = evidence.error
                continue
            readings[evidence.source] = (evidence.monotonic_ns, reading)
            moment = Moment(clock="monotonic", value=evidence.monotonic_ns)
            where = Where(file=file)
            self._take(evidence.source, subject, moment, where, reading)
        facts = self._facts_of.setdefault(subject, {})
        asked = sum(
            evidence.source.startswith("go/") and evidence.source not in UNASKED for evidence in snapshot.evidence
        )
        facts["endpoint.requests"] = str(int(facts.get("endpoint.requests", "0")) + asked)
        if "process.age_s" not in facts and "process.start_ticks" in facts:
            # field 22 of stat counts in USER_HZ, which is 100 on every architecture that memwhy knows
            age_s = snapshot.monotonic_ns / NS_PER_S - int(facts["process.start_ticks"]) / 100
            facts["process.age_s"] = str(max(0, round(age_s)))
        self._account(readings, subject)

    def add(self, observation: Observation) -> None:
        """Take one observation of a document."""
        whose = observation.subject.removeprefix("host ")
        seen = self.seen.setdefault((observation.source, observation.where.file, whose), Seen())
        seen.samples += 1
        seen.where.append(observation.where)
        self._take(observation.source, observation.subject, observation.moment, observation.where, observation.reading)
        if observation.reading.mappings:
            self._account_document(observation)

    @staticmethod
    def _parse(evidence: Evidence, seen: Seen) -> Reading | None:
        if evidence.error is not None:
            seen.errors += 1
            seen.problem = evidence.error
            return None
        reader = READERS.get(evidence.source)
        if reader is None:
            seen.problem = "no reader of this memwhy knows this source"
            return None
        try:
            reading: Reading = reader.parse(evidence.raw)
        except ParseError as error:
            seen.errors += 1
            seen.problem = str(error)
            return None
        seen.samples += 1
        return reading

    def _take(self, source: str, subject: str, moment: Moment, where: Where, reading: Reading) -> None:
        now = self._now.setdefault(subject, {})
        add = self.timeline.add
        for metric, value in reading.metrics.items():
            quantum = reading.quanta.get(metric, 1)
            add((subject, metric, source), moment.clock, moment.value, value, quantum=quantum, where=where)
        together = dict(reading.metrics)
        if moment.clock != "order":
            now.update(reading.metrics)
            together = now
        quantum = max((reading.quanta.get(metric, 1) for metric in reading.metrics), default=1)
        for metric, value in derive(
            together, reading.metrics, gogc=gogc_percent(self.facts_of(subject).get("env.GOGC", ""))
        ).items():
            add((subject, metric, "derived"), moment.clock, moment.value, value, quantum=quantum)
        facts = self._facts_of.setdefault(subject, {})
        facts.update(reading.facts)
        if any(metric.startswith("go.") for metric in reading.metrics):
            facts["go.seen"] = "1"  # nobody else prints these figures
        self.notes.extend(note for note in reading.notes if note not in self.notes)
        if reading.stacks is not None:
            kept = self.stacks.setdefault(subject, [])
            kept.append(reading.stacks)
            if len(kept) > KEPT_STACKS:
                del kept[1:-1:2]
        if reading.holders is not None:
            looks = self.holders.setdefault(subject, [])
            looks.append((moment, reading.holders))
            self._held.pop(subject, None)
            if len(looks) > KEPT_HOLDERS:
                del looks[1:-1:2]
        moments = self._moments.setdefault(subject, [])
        for experiment in reading.experiments:  # stated first, then again with its result
            self.experiments.setdefault(subject, {})[experiment.name] = experiment
            over = experiment.result is not None or experiment.problem is not None
            moments.append((moment, f"experiment {experiment.name} {'ends' if over else 'begins'}"))
        for profile in reading.profiles:
            x = moment.value * (1.0 if moment.clock == "order" else 1e-9)
            self.profiles.append(SeenProfile(profile=profile, subject=subject, where=where, x=x, clock=moment.clock))
        if len(self.profiles) > KEPT_PROFILES * 8:
            self._thin_profiles()

    def _thin_profiles(self) -> None:
        groups: dict[tuple[str, str, str | None], list[SeenProfile]] = {}
        for seen in self.profiles:
            groups.setdefault((seen.profile.kind, seen.subject, seen.profile.build_id), []).append(seen)
        for group in groups.values():
            if len(group) > KEPT_PROFILES:
                del group[1:-1:2]
        kept = [seen for group in groups.values() for seen in group]
        self.profiles = sorted(kept, key=lambda seen: seen.x)

    # -- layers ---------------------------------------------------------------------------------

    def _account(self, readings: Map[str, tuple[int, Reading]], subject: str) -> None:
        """The layers of one tick: fine ones where smaps was read, else the coarse ones of status until it is."""
        now = self._now.get(subject, {})
        seen = self._accounts.get(subject)
        if "proc/smaps" in readings:
            time_ns, smaps = readings["proc/smaps"]
            total = self._witness(readings)
            found = account(smaps.mappings, total_bytes=total, go=_go(now), facts=self.facts_of(subject))
            self._keep(found, subject, Moment(clock="monotonic", value=time_ns))
        elif "proc/status" in readings and (seen is None or not seen.fine):
            found = coarse(now)
            self._keep(found, subject, Moment(clock="monotonic", value=readings["proc/status"][0]))

    @staticmethod
    def _witness(readings: Map[str, tuple[int, Reading]]) -> int | None:
        """The kernel's own total read beside the mappings: the exact rollup, else status."""
        for source in ("proc/smaps_rollup", "proc/status"):
            if source in readings:
                return readings[source][1].metrics.get("process.rss_bytes")
        return None

    def _account_document(self, observation: Observation) -> None:
        if any(mapping.rss_bytes is None for mapping in observation.reading.mappings):
            return
        now = {**self._now.get("", {}), **self._now.get(observation.subject, {})}
        found = account(
            observation.reading.mappings, total_bytes=None, go=_go(now), facts=self.facts_of(observation.subject)
        )
        self._keep(found, observation.subject, observation.moment)

    def _keep(self, found: Account, subject: str, moment: Moment) -> None:
        self.account = self._accounts[subject] = found
        now = self._now.setdefault(subject, {})
        for layer in found.layers:
            now[layer.metric] = layer.bytes
            self.timeline.add((subject, layer.metric, "account"), moment.clock, moment.value, layer.bytes)
        self.timeline.add(
            (subject, "derived.layers_total_bytes", "account"), moment.clock, moment.value, found.total_bytes
        )
        values = {layer.metric: layer.bytes for layer in found.layers}
        for metric, value in derive(values, values).items():
            self.timeline.add((subject, metric, "account"), moment.clock, moment.value, value)

    # -- asking ---------------------------------------------------------------------------------

    def total(self) -> Series | None:
        """The series that stands for the whole, as it stands now."""
        total, subject = choose_total(self.timeline, self._named())
        found = self.timeline.best(subject, total) if total else None
        return series_of(self.timeline, total, subject, found[1]) if total and found else None

    def newest(self, subject: str = "target") -> dict[str, int]:
        """The newest value of every metric of one process, as it stands now."""
        return dict(self._now.get(subject, ()))

    def newest_stacks(self) -> StackReading | None:
        """The newest reading of a sampler that still sampled; else the newest."""
        readings = [reading for kept in self.stacks.values() for reading in kept]
        return next((one for one in reversed(readings) if not one.problem), readings[-1] if readings else None)

    def _named(self) -> frozenset[str]:
        """Whose memory a page complains about: whom its opening names and who has figures on it, else the first process of
        a container."""
        named = frozenset(subject for subject, facts in self._facts_of.items() if "process.named" in facts)
        return named or frozenset(subject for subject, facts in self._facts_of.items() if "process.first" in facts)

    def facts_of(self, subject: str) -> dict[str, str]:
        """All facts, this subject's own before others': a page seldom says whose binary it describes."""
        merged: dict[str, str] = {}
        strangers = set(self.timeline.subjects("process.rss_bytes")) - {subject, ""}  # words belong to nobody else
        for whose, facts in self._facts_of.items():
            if whose not in strangers:
                merged.update(facts)
        return merged | self._facts_of.get(subject, {})

    def case(self) -> Case:
        """The case as it stands now."""
        total, subject = choose_total(self.timeline, self._named())
        facts = self.facts_of(subject)
        if self.seen and all(source.startswith(WORDED) for source, _, _ in self.seen):
            facts["page.worded"] = "1"
        series = SubjectSeries(self.timeline, subject)
        clock = series[total].clock if total else "order"
        holders = self._holders_of(subject)
        return Case(
            target=target_of(facts),
            total=total,
            series=series,
            controls=controls_of(self.timeline, total, subject) if total else (),
            account=self._accounts.get(subject) or (None if self.live else self.account),
            profiles=tuple(self.profiles),
            stacks=grow(self.stacks.get(subject, ())),
            holders=holders,
            held=self._follow(subject, holders),
            experiments=tuple(self.experiments.get(subject, {}).values()),
            facts=dict(sorted(facts.items())),
            live=self.live,
            ended=self.ended,
            notes=tuple(self.notes),
            begun_wall_ns=self._begun_wall_ns(clock),
            moments=self._moments_by(clock, subject),
        )

    def _holders_of(self, subject: str) -> tuple[SeenHolders, ...]:
        """The looks of the subject's newest program, in seconds since its series begin."""
        looks = self.holders.get(subject, ())
        found = []
        for moment, one in looks:
            since = moment.value - self.timeline.origin.get(moment.clock, 0)
            found.append(
                SeenHolders(holders=one, x=float(moment.value) if moment.clock == "order" else since / NS_PER_S)
            )
        return tuple(found)

    def _follow(self, subject: str, looks: tuple[SeenHolders, ...]) -> HeldGrowth | None:
        """The looks as growth, reckoned once for all who ask before the next."""
        if subject not in self._held:
            self._held[subject] = follow([(one.x, one.holders) for one in looks])
        return self._held[subject]

    def _begun_wall_ns(self, clock: str) -> int | None:
        """The wall clock where this clock's seconds begin."""
        origin = self.timeline.origin.get(clock)
        if origin is None or clock == "order":
            return None
        if clock == "wall":
            return origin
        return None if self._wall_less_monotonic_ns is None else origin + self._wall_less_monotonic_ns

    def _moments_by(self, clock: str, subject: str) -> tuple[tuple[float, str], ...]:
        """What was done to the subject, in seconds of this clock; nothing where it has no times."""
        origin = self.timeline.origin.get(clock, 0)
        return tuple(
            ((moment.value - origin) / NS_PER_S, words)
            for moment, words in self._moments.get(subject, ())
            if moment.clock == clock != "order"
        )

    def evidence(self) -> tuple[EvidenceRow, ...]:
        """One row a source and file, then what was seen but not read."""
        rows = []
        for (source, file, whose), seen in self.seen.items():
            lines = [f"{w.first_line}-{w.last_line}" for w in seen.where if w.first_line is not None]
            problem = seen.problem
            if problem is not None and seen.samples:
                problem = f"{seen.errors} of {seen.samples + seen.errors} reads failed: {problem}"
            where = f"{file}:{_span(lines)}" if lines else file
            name = _format(source) + (f" of {whose}" if whose else "")
            rows.append(EvidenceRow(source=source, format=name, where=where, samples=seen.samples, problem=problem))
        for unread in self.unread:
            rows.append(
                EvidenceRow(
                    source="unread", format=unread.format, where=str(unread.where), samples=0, problem=unread.problem
                )
            )
        return tuple(rows)


PASTED = ("pasted", "words", "system", "native", "managed")


def _format(source: str) -> str:
    """A reader's name as people call the format: of what was pasted, without the room that reads it."""
    room, _, name = source.partition("/")
    return name if room in PASTED else source


def _go(now: Map[str, int]) -> dict[str, int] | None:
    found = {name: value for name, value in now.items() if name.startswith("go.")}
    return found or None


def _span(lines: list[str]) -> str:
    return f"{lines[0].split('-')[0]}-{lines[-1].split('-')[1]}" if lines else ""
