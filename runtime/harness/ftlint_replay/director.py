"""Makes threads wait at the window, so that one chosen order happens, and writes down what they do there.
A thread waits inside its own report, as if the system had taken the processor away from it between two instructions.
"""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from . import points, shown, syntax, values
from .lane import Lane, Pending, was_filled
from .schedule import Schedule
from .types import Step, ThreadError, Trace, Window

FIRST, LAST, OTHER, GATE = 1, 2, 4, 8
_UPDATES, _FILLS = ("augment", "read_modify_write"), ("check_then_insert", "lazy_init")
_TAKES_TURN = ("read", "store", "get_item", "set_item", "del_item", "delete", "contains")


class Director:
    """The listener of the monitor. `conduct.py` drives it from a thread of its own."""
    def __init__(self, window: Window, schedule: Schedule, alone: Callable[[], bool]) -> None:
        self.window = window
        self.schedule = schedule
        self.trace = Trace(str(schedule))
        self.lanes: dict[int, Lane] = {}
        self.a: Lane | None = None
        self.b: Lane | None = None
        self.over = False
        self.preassigned = False
        self._alone = alone
        self._changed = threading.Condition(threading.Lock())
        self._turn = threading.Lock()
        self._points: dict[tuple[int, int], int] = {}
        self._codes: dict[int, CodeType | None] = {}
        self._first_codes: set[int] = set()
        self._queued = schedule.serial and schedule.mode == "program" and window.first.function != "<module>"
        self._arrivals = 0
        others = {OTHER: window.other} if window.other != window.last else {}
        self._sites = sites = {FIRST: window.first, LAST: window.last, **others}
        self._expressions = {role: values.Expression(site, values.source(site)) for role, site in sites.items()}
        self._test = syntax.enclosing_test(window)
        self._gap = syntax.gap(window) if schedule.park == "gap" else None
        self._keep = 0
        self._closed = False
        self._loop = window.first == window.last and window.first.kind == "iterate"
        self.fill: Callable[[FrameType, values.Expression], None] | None = None

    def wants(self, code: CodeType) -> bool:
        """Whether a site of the window is in this code object."""
        if (known := id(code)) not in self._codes:
            found = False
            for role, site in self._sites.items():
                if points.belongs(site, code):
                    for offset in points.offsets(site, code):
                        found = True
                        if role == FIRST:
                            self._first_codes.add(known)
                        if role == OTHER and self.schedule.mode == "program":
                            gate = points.statement(syntax.tree(site.file), site, code)
                            self._points[known, gate] = self._points.get((known, gate), 0) | GATE
                        self._points[known, offset] = self._points.get((known, offset), 0) | role
            self._codes[known] = code if found else None
        return self._codes[known] is not None

    def instruction(self, frame: FrameType, code: CodeType, offset: int) -> bool:
        """One instruction is about to run. Trouble of ours must not become an exception of the user's code."""
        if self.over:
            return False
        try:
            return self._instruction(frame, code, offset)
        except Exception:  # noqa: BLE001
            self.trace.harness = traceback.format_exc()
            self.finish()
            return False

    def _instruction(self, frame: FrameType, code: CodeType, offset: int) -> bool:
        ident = threading.get_ident()
        lane = self.lanes.get(ident)
        if lane is not None and lane.pending is not None and lane.pending.frame is frame:
            self._completed(lane, lane.pending, frame)
        if id(code) not in self._codes and not self.wants(code):
            return False
        if self._queued and id(code) in self._first_codes:
            lane = lane or self._enter(ident)
            if lane.entered is not frame:
                self._queue(lane, frame)
        role = self._points.get((id(code), offset))
        if self._gap is not None and lane is not None and lane.inside is frame and not lane.stopped \
                and lane.has_read and self._gap(frame.f_lineno or 0) and self._parks_here(lane, "gap", lane.slot):
            self._park(lane, frame, lane.slot, "parked")
        if role is not None and not self.over:
            lane = lane or self._enter(ident)
            if role & GATE:
                self._lets_a_begin(lane)
            if role & ~GATE and not self.over:
                self._arrives(lane, role & ~GATE, frame)
        return True

    def leave(self, frame: FrameType, code: CodeType, error: BaseException | None) -> None:
        """A frame of the window ends."""
        lane = self.lanes.get(threading.get_ident())
        if lane is None or self.over:
            return
        try:
            self._leave(lane, frame, error)
        except Exception:  # noqa: BLE001
            self.trace.harness = traceback.format_exc()
            self.finish()

    def _leave(self, lane: Lane, frame: FrameType, error: BaseException | None) -> None:
        if lane.pending is not None and lane.pending.frame is frame:
            if error is None:
                self._completed(lane, lane.pending, frame)
            else:
                self._give_turn(lane.pending)
                lane.pending = None
        if error is not None:
            self.fail(lane, frame, error)
        if lane.inside is frame:
            self._exit(lane)
        if lane.entered is frame:
            self._go(lane, frame)

    def fail(self, lane: Lane, frame: FrameType, error: BaseException) -> None:
        """An exception left a function of the window."""
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        line = frame.f_lineno or 0
        with self._changed:
            self._note(lane, "raise", self.window.last.file, line, None, values.MISSING, text)
            name, file = type(error).__name__, frame.f_code.co_filename
            self.trace.errors.append(ThreadError(lane.name, lane.thread, name, text[:200], line, file))

    def register(self, name: str) -> Lane:
        """The calling thread plays this lane: for drivers, which start the threads themselves."""
        lane = self._enter(threading.get_ident())
        lane.name = name
        with self._changed:
            self.a, self.b = (lane, self.b) if name == "A" else (self.a, lane)
        return lane

    def release(self, lane: Lane | None) -> None:
        """A thread that waits goes on."""
        with self._changed:
            if lane is not None and lane.state in ("parked", "held"):
                if lane.state == "parked":
                    self._note(lane, "resume", self.window.last.file, self.window.last.line, None, values.MISSING, None)
                lane.state = "running"
                lane.released = True
            self._changed.notify_all()

    def finish(self) -> None:
        """Nobody waits any more."""
        with self._changed:
            self.over = True
            for lane in self.lanes.values():
                lane.state = "running"
            self._changed.notify_all()

    def release_all(self) -> None:
        """All threads that were held go on."""
        for lane in list(self.lanes.values()):
            self.release(lane)

    def forget_a(self) -> None:
        """The thread that waited goes on, and the next one that comes there takes its part, as if nothing had been."""
        with self._changed:
            self._keep, self._closed = 0, False
            self.trace.steps.clear()
            for lane in self.lanes.values():
                lane.stopped = lane.finished = lane.released = lane.met = False
                lane.passed, lane.name, lane.state = 0, "", "running"
            self.a = self.b = None
            self._changed.notify_all()

    def _enter(self, ident: int) -> Lane:
        thread = getattr(threading, "_active", {}).get(ident)
        name = thread.name if thread is not None else "a thread without a name"
        with self._changed:
            lane = Lane(ident, threading.get_native_id(), len(self.lanes) + 1, name)
            self.lanes[ident] = lane
        return lane

    def _arrives(self, lane: Lane, role: int, frame: FrameType) -> None:
        main = LAST if role & LAST else role
        expression = self._expressions[FIRST if main & FIRST else main]
        if self.fill is not None:
            fill, self.fill = self.fill, None
            fill(frame, expression)
        if expression.made_up(frame):
            self.trace.detail = "the place belongs to an object that was made up"
            return
        slot = expression.slot(frame)
        if main & FIRST or self._loop and lane.inside is not frame:
            self._begin(lane, frame, slot)
        if main & (LAST | OTHER):
            self._too_late(lane, frame, slot)
            lane.arrivals += 1 if main & LAST else 0
            if self._parks_here(lane, "act" if main & LAST else "other", slot):
                self._park(lane, frame, slot, "parked")
        if self.over:
            return
        turn = self._sites[FIRST if main & FIRST else main].kind in _TAKES_TURN and self._turn.acquire(timeout=0.05)
        lane.pending = Pending(frame, main, slot, expression.value(frame), turn)

    def _lets_a_begin(self, lane: Lane) -> None:
        """The other access is in another function: its thread may be through before A's thread has even started.

        In a directed attempt it waits for A to stand, in a serial control for A to be through; never for long.
        """
        patience = 10
        with self._changed:
            lane.delays += 1
            while not self.over and patience > 0 and lane is not self.a and lane.delays <= 3:
                a = self.a
                through = a is not None and (a.acted > 0 if self.schedule.serial else a.stopped)
                if through or (a is None and self._alone()):
                    break
                patience -= 1
                self._changed.wait(0.01)

    def _too_late(self, lane: Lane, frame: FrameType, slot: values.Slot | None) -> None:
        """One other thread has passed while A stands: a third one waits, so that the witness stays short."""
        with self._changed:
            a, b = self.a, self.b
            waits = (not self.preassigned and not self.schedule.serial and not self.schedule.b_to_end and a is not None
                     and a.state == "parked" and b is not None and b.passed > 0 and lane not in (a, b))
        if waits and a is not None and values.same(slot, a.slot):
            self._park(lane, frame, slot, "held")

    def _begin(self, lane: Lane, frame: FrameType, slot: values.Slot | None) -> None:
        """A thread is about to enter the window."""
        if lane.inside is not None:
            self._exit(lane)
        lane.inside, lane.read, lane.slot, lane.has_read = frame, None, slot, False
        with self._changed:
            if self._queued and self.a is None and not self._alone():
                self.a, lane.name, lane.acted = lane, "A", 0
            if self._queued and lane is self.b and self.a is not None and not lane.finished and not lane.passed:
                # B has been at A's place and comes again: it is through. A thread that was never there is no B.
                here = values.same(slot, self.a.slot)
                lane.finished = lane.met
                lane.met = lane.met or here
                if not lane.met:
                    self.b, lane.name = None, ""

    def _queue(self, lane: Lane, frame: FrameType) -> None:
        """In a serial control of a program: one thread at a time in the function of the window, A first, then B.

        Waits at the beginning of the function, where it holds no lock of its own yet, and not for ever.
        """
        with self._changed:
            lane.entered, patience = frame, 40
            if self.a is None and not self._alone():
                self.a, lane.name, lane.acted = lane, "A", 0
            while not self.over and self.a is not None and lane not in (self.a, self.b) and patience > 0:
                ready = self.a.finished if self.schedule.park == "end" else self.a.acted > 0
                if ready and self.b is None:
                    self.b, lane.name = lane, "B"
                else:
                    lane.queued, patience = True, patience - 1
                    self._changed.wait(0.01)
            lane.queued = False

    def _go(self, lane: Lane, frame: FrameType) -> None:
        """The function of the window is left in a serial control."""
        with self._changed:
            lane.entered = None
            if lane is self.a and not lane.acted:
                self.a, lane.name = None, ""
            stays = not lane.finished and (lane is self.b or (lane is self.a and self.schedule.park == "end"))
            lane.finished = lane.finished or stays
            self._changed.notify_all()
        if stays:
            self._park(lane, frame, lane.slot, "held")

    def _exit(self, lane: Lane) -> None:
        """The thread has left the window, through the act or past it."""
        with self._changed:
            lane.left += 1
            lane.inside = None
            lane.read = None
            self._changed.notify_all()

    def _completed(self, lane: Lane, pending: Pending, frame: FrameType) -> None:
        lane.pending = None
        role = pending.role
        site = self._sites[FIRST if role & FIRST else role]
        expression = self._expressions[FIRST if role & FIRST else role]
        value = pending.value if role & FIRST else expression.value(frame)
        self._give_turn(pending)
        hold = False
        with self._changed:
            kind = "read" if role & FIRST else ("act" if role & LAST else "other")
            self._note(lane, kind, site.file, site.line, pending.slot, value, None)
            if role & FIRST:
                lane.read, lane.has_read = pending.slot, True
            else:
                hold = self._counts(lane, role, pending, value)
            self._changed.notify_all()
        place = "read" if role & FIRST or self._loop and role & LAST else "past" if role & OTHER else ""
        if place and self._parks_here(lane, place, pending.slot):
            self._park(lane, frame, pending.slot, "parked")
        elif hold:
            self._park(lane, frame, pending.slot, "held")

    def _counts(self, lane: Lane, role: int, pending: Pending, value: Any) -> bool:
        """Counts an act; true when the thread is held after it. An update that changes nothing does not count for B."""
        lane.acted += 1 if role & LAST else 0
        a = self.a
        if self.over or a is None:
            return False
        if lane is a:
            lane.slot = pending.slot
            return self.schedule.park == "after" and lane.acted == 1
        between = a.acted > 0 if self.schedule.serial else a.stopped and not a.released
        here = values.same(pending.slot, a.slot)
        self.trace.apart |= between and not here
        if not between or not here:
            return False
        if self.window.pattern in _UPDATES and values.is_plain(value) and values.show(value) == values.show(pending.value):
            return False
        if self.b is None:
            self.b, lane.name = lane, "B"
        lane.passed += 1
        return lane.passed == 1 and not self.schedule.b_to_end and (lane is self.b or not self.schedule.serial)

    def _parks_here(self, lane: Lane, place: str, slot: values.Slot | None) -> bool:
        if self.schedule.park != place or self.over:
            return False
        with self._changed:
            if self.preassigned:
                stops = lane is self.a and not lane.stopped
            elif self.a is not None or lane.inside is None or self._alone():
                stops = False
            else:
                self._arrivals += 1
                stops = self._arrivals > self.schedule.arrival
                if stops:
                    self.a, lane.name, lane.slot = lane, "A", slot
            lane.stopped = lane.stopped or stops
            return stops

    def _park(self, lane: Lane, frame: FrameType, slot: values.Slot | None, state: str) -> None:
        line = frame.f_lineno or 0
        with self._changed:
            if self.over:
                return
            lane.slot, lane.state = slot, state
            if state == "parked":
                self._already_passed(lane, slot)
                self._keep = len(self.trace.steps) + 1
                self._note(lane, "wait", frame.f_code.co_filename, line, slot, values.MISSING, None)
            self._changed.notify_all()
            while lane.state == state and not self.over:
                self._changed.wait(1.0)
        if state == "parked" and self._expressions[LAST].site.function == frame.f_code.co_qualname:
            self._recheck(lane, frame, line)

    def _already_passed(self, lane: Lane, slot: values.Slot | None) -> None:
        """Another thread may have acted since this one's first access, before this one could stop."""
        begun = max((index for index, it in enumerate(self.trace.steps) if it.thread == lane.number and it.kind == "read"),
                    default=len(self.trace.steps))
        passed = {it.thread for it in self.trace.steps[begun:] if it.kind in ("act", "other") and values.same(it.slot, slot)}
        for other in self.lanes.values():
            if other.number in passed and other is not lane and self.b is None and not self.preassigned:
                self.b, other.name = other, "B"
                other.passed += 1

    def _recheck(self, lane: Lane, frame: FrameType, line: int) -> None:
        """Whether the test that allowed the act still holds when the act comes."""
        holds = values.holds(self._test, frame)
        with self._changed:
            filled = was_filled(self.trace.steps, lane, self._expressions[LAST].value(frame))
            holds = False if filled and self.window.pattern in _FILLS else holds
            if holds is not None:
                self._note(lane, "recheck", frame.f_code.co_filename, line, lane.slot, values.MISSING, None, holds)

    def _give_turn(self, pending: Pending) -> None:
        if pending.turn:
            pending.turn = False
            self._turn.release()

    def _note(
        self, lane: Lane, kind: str, file: str, line: int, slot: values.Slot | None, value: Any, said: str | None,
        holds: bool | None = None,
    ) -> None:
        if self.over or self._closed or (self.schedule.serial and len(self.trace.steps) > 400):
            return
        text = said if said is not None or value is values.MISSING else values.show(value)
        self.trace.steps.append(Step(lane.number, lane.name, lane.thread, kind, file, line, slot, value, text,
                                     values.is_plain(value), holds, items=shown.items(value, values.key)))
        if len(self.trace.steps) > 400:
            # Before somebody stops, the oldest steps go; afterwards those in the middle of what the others do.
            del self.trace.steps[self._keep: self._keep + 200]
        # The story ends with the act of the thread that had stopped: what comes later is another window.
        self._closed = bool(self._keep) and lane is self.a and kind in ("act", "raise")
