"""Data loaders: constructed, iterated. Their iterators stay what they are; a pass is cut by ending it early."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader, DistributedSampler
from torch.utils.data.dataloader import _BaseDataLoaderIter

from hplint.runtime import events
from hplint.runtime.patches import Patches
from hplint.runtime.places import Place
from hplint.runtime.recorder import Record
from hplint.runtime.taps.wrapping import Arguments, Options, watched

if TYPE_CHECKING:
    from hplint.runtime.session import Session


def install(session: Session, patches: Patches) -> None:
    """Tap ``torch.utils.data.DataLoader`` and its iterators."""

    def begin(args: Arguments, kwargs: Options) -> Place | None:
        return session.finder.construction(args[0])

    def end(place: Place | None, result: object, args: Arguments, kwargs: Options) -> None:
        _known(session, args[0], place)

    def built(place: Place | None, result: object, args: Arguments, kwargs: Options) -> None:
        session.world.samplers[args[0]] = place

    patches.wrap(DistributedSampler, "__init__", lambda original: watched(session, original, before=begin, after=built))
    patches.wrap(DataLoader, "__init__", lambda original: watched(session, original, before=begin, after=end))
    patches.wrap(DataLoader, "__iter__", functools.partial(_iter, session))
    patches.wrap(_BaseDataLoaderIter, "__next__", functools.partial(_next, session))


def _known(session: Session, loader: DataLoader[Any], place: Place | None) -> Record[DataLoader[Any]]:
    found = session.world.loaders.get(loader)
    if found is not None:
        return found
    record = session.world.loaders.add(loader, place)

    def tell() -> None:
        there = record.object
        if there is not None:
            session.emit(events.LoaderBuilt, record.place, loader=there, record=record)

    session.later(tell)
    return record


def _iter(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def __iter__(self: DataLoader[Any]) -> Any:
        if session.idle:
            return original(self)
        record = session.shielded("data loaders", _known, session, self, None)
        if record is None:
            return original(self)
        record.passes += 1
        session.emit(events.PassStarts, session.finder.here(), loader=self, record=record)
        iterator = original(self)
        session.shielded("data loaders", session.iterators.__setitem__, iterator, record)
        return iterator

    return __iter__


def _next(session: Session, original: Any) -> Any:
    @functools.wraps(original)
    def __next__(self: Any) -> Any:
        record = None if session.idle else session.iterators.get(self)
        if record is None:
            return original(self)
        given: int = self._num_yielded
        if session.gate is not None and session.gate(record, given):
            _pass_ends(session, record, given, cut=True)
            raise StopIteration
        try:
            batch = original(self)
        except StopIteration:
            _pass_ends(session, record, given, cut=False)
            raise
        record.steps += 1
        if session.wants(events.Batch):
            session.emit(
                events.Batch,
                session.finder.here(),
                loader=record.object,
                record=record,
                number=given + 1,
                batch=batch,
            )
        return batch

    return __next__


def _pass_ends(session: Session, record: Record[Any], given: int, *, cut: bool) -> None:
    if session.wants(events.PassEnds):
        place = session.finder.here()
        session.emit(events.PassEnds, place, loader=record.object, record=record, batches=given, cut=cut)
