"""One paused request from end to end: judge, send with real values, scrub the answer, say how it ended."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urldefrag, urljoin

import aiohttp
import structlog
from multidict import CIMultiDict
from yarl import URL

from broker.core.clock import Clock
from broker.core.errors import LedgerError
from broker.egress.answer_headers import delivered
from broker.egress.armed import ArmedRelease, Leg, body_hash
from broker.egress.armoury import Armoury
from broker.egress.authorise import Authorised, Authoriser
from broker.egress.content_coding import Decoding
from broker.egress.delivery import Delivery, Emit
from broker.egress.headers import outgoing
from broker.egress.hint import Hint, HintReader
from broker.egress.network import PrivateAddressError, Progress
from broker.egress.refusal import RefusedError
from broker.egress.scrub import NotScrubbableError, Patterns, Scrubber, scrub_text
from broker.protocol.egress import EGRESS_MEANINGS, EgressOutcome, End, Head, Send, WholeAnswer

_READ = 65_536
_MOST_HEADERS = 262_144  # bytes of all of them, as in Chromium; with more a frame to the broker could be longer than it takes
_KEEPS_METHOD_AND_BODY = (307, 308)

log = structlog.get_logger("egress")


class TooLargeError(Exception):
    """The answer, or its head, has more bytes than the limit."""


@dataclass(frozen=True, slots=True)
class Resender:
    """Everything a request needs; one for the whole process."""

    session: aiohttp.ClientSession
    armoury: Armoury
    authoriser: Authoriser
    response_limit: int
    clock: Clock

    async def handle(self, request: Send, emit: Emit) -> None:
        """Answer `request` through `emit`; the last message is always `End`, unless the broker is gone."""
        try:
            release = self.armoury.find(request.release_id)
            authorised = self.authoriser.authorise(request, release)
            values = _Values(*release.claim(request, self.clock))
        except RefusedError as refused:
            await emit(_end(request, refused.outcome, entry=refused.entry))
        except Exception as error:
            _log_fault(request, error)
            await emit(_end(request, EgressOutcome.REQUEST_REFUSED))
        else:
            await emit(await self._send(request, release, authorised, values, emit))

    async def _send(self, request: Send, release: ArmedRelease, authorised: Authorised, values: _Values, emit: Emit) -> End:
        progress, next_leg, hint, whole = Progress(), None, None, None
        try:
            body = authorised.located.replaced(values.number, values.code)
            async with self._request(request, authorised, body, progress) as answer:
                next_leg, outcome = self._next_leg(request, release, answer, values.patterns)
                reader = HintReader(authorised.endpoint, request.url, answer.status, answer.headers)
                whole = await self._stream(request, answer, values.patterns, reader, emit)
            hint = reader.hint()
            if answer.status < HTTPStatus.BAD_REQUEST:
                self._remember(request, authorised)
        except RefusedError as refused:
            outcome = refused.outcome
        except Exception as error:
            _log_fault(request, error)
            outcome, next_leg = _outcome_of(error, progress), None
        finally:
            release.was_sent(next_leg) if progress.sent else release.nothing_was_sent()
            self.armoury.settle(release)
        return _end(request, outcome, authorised, hint if outcome is EgressOutcome.SWAPPED else None, whole)

    def _remember(self, request: Send, authorised: Authorised) -> None:
        try:
            self.authoriser.remember(request.top_origin, authorised)
        except (OSError, LedgerError) as error:  # the payment is made all the same, and the page waits for its answer
            _log_fault(request, error)

    def _request(self, request: Send, authorised: Authorised, body: bytes, progress: Progress) -> aiohttp.client._RequestContextManager:
        headers = outgoing(request, authorised.page_headers, authorised.destination, authorised.endpoint.headers)
        return self.session.request(
            request.method,
            URL(authorised.destination.url, encoded=True),
            data=io.BytesIO(body),
            headers=CIMultiDict(headers),
            allow_redirects=False,
            trace_request_ctx=progress,
        )

    def _next_leg(
        self, request: Send, release: ArmedRelease, answer: aiohttp.ClientResponse, patterns: Patterns
    ) -> tuple[Leg | None, EgressOutcome]:
        """What a 307 or 308 may lead to. The browser follows it; the next leg then comes here as a request of its own."""
        if answer.status not in _KEEPS_METHOD_AND_BODY or "Location" not in answer.headers:
            return None, EgressOutcome.SWAPPED
        location = scrub_text(patterns, answer.headers["Location"])
        try:
            url = urldefrag(urljoin(request.url, location)).url
        except ValueError:  # it is no address: the browser goes nowhere either
            return None, EgressOutcome.REDIRECT_REFUSED
        if not self.authoriser.redirect_allowed(url, request, release):
            return None, EgressOutcome.REDIRECT_REFUSED
        return Leg(url, request.method, body_hash(request.body)), EgressOutcome.SWAPPED

    async def _stream(
        self, request: Send, answer: aiohttp.ClientResponse, patterns: Patterns, reader: HintReader, emit: Emit
    ) -> WholeAnswer | None:
        """Hand the answer on; what `End` takes along, when it was not emitted before."""
        decoding = Decoding(answer.headers.getall("Content-Encoding", []), answer.headers.getall("Transfer-Encoding", []))
        head = _head(request, answer, patterns)
        if (answer.content_length or 0) > self.response_limit:
            raise TooLargeError
        scrubber, delivery, size = Scrubber(patterns), Delivery(head, emit), 0

        async def add(data: bytes) -> None:
            if data:
                reader.feed(data)
                await delivery.add(data)

        async for data in _coming(answer, delivery):
            for piece in decoding.feed(data):
                size += len(piece)
                if size > self.response_limit:
                    raise TooLargeError
                await add(scrubber.feed(piece))
        decoding.finish()
        await add(scrubber.finish())
        return delivery.whole()


@dataclass(frozen=True, slots=True, repr=False)
class _Values:
    number: str
    code: str
    patterns: Patterns


def _head(request: Send, answer: aiohttp.ClientResponse, patterns: Patterns) -> Head:
    if not 200 <= answer.status <= 599:
        raise NotScrubbableError
    if sum(len(name) + len(value) for name, value in answer.raw_headers) > _MOST_HEADERS:
        raise TooLargeError
    return Head(
        request_id=request.request_id,
        status=answer.status,
        reason=scrub_text(patterns, "".join(c for c in answer.reason or "" if c.isprintable())),
        headers=delivered(answer.raw_headers, patterns),
    )


async def _coming(answer: aiohttp.ClientResponse, delivery: Delivery) -> AsyncIterator[bytes]:
    """The body as it comes; what is held meanwhile is handed on when it comes slowly."""
    while True:
        patience = asyncio.timeout(delivery.patience)
        try:
            async with patience:
                data = await answer.content.read(_READ)
        except TimeoutError:
            if not patience.expired():
                raise
            await delivery.hand_on()
            continue
        if not data:
            return
        yield data


def _outcome_of(error: Exception, progress: Progress) -> EgressOutcome:
    if not progress.sent:
        private = isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, PrivateAddressError)
        return EgressOutcome.DESTINATION_REFUSED if private else EgressOutcome.MERCHANT_UNREACHABLE
    if isinstance(error, NotScrubbableError):
        return EgressOutcome.RESPONSE_NOT_SCRUBBABLE
    if isinstance(error, TooLargeError):
        return EgressOutcome.RESPONSE_TOO_LARGE
    return EgressOutcome.MERCHANT_TIMEOUT if isinstance(error, TimeoutError) else EgressOutcome.MAY_HAVE_BEEN_CHARGED


def _log_fault(request: Send, error: Exception) -> None:
    # Only the kind: a message or traceback could hold what was sent.
    log.warning("fault", release=request.release_id, kind=type(error).__name__)


def _end(
    request: Send,
    outcome: EgressOutcome,
    authorised: Authorised | None = None,
    hint: Hint | None = None,
    whole: WholeAnswer | None = None,
    entry: str | None = None,
) -> End:
    entry = authorised.endpoint.id if authorised else entry
    log.info("request", release=request.release_id, outcome=outcome.value, entry=entry)
    charged = EGRESS_MEANINGS[outcome].may_have_been_charged
    return End(
        request_id=request.request_id,
        outcome=outcome,
        may_have_been_charged=charged,
        entry=entry,
        fields=authorised.located.kinds if authorised and charged else (),
        account_first_seen=authorised is not None and charged and authorised.account_first_seen,
        hint=hint,
        answer=whole,
    )
