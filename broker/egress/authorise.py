"""May this request carry the real number? Yes only when origin, destination, endpoint, fields and account all fit."""

from __future__ import annotations

from dataclasses import dataclass

from broker.core.canonical import unb64u
from broker.egress.account_named import Named, account_named, is_operation, names_any
from broker.egress.accounts import Accounts
from broker.egress.armed import ArmedRelease
from broker.egress.bodies import ContentType, Located, locate, open_body
from broker.egress.bodies.urlencoded import SEMICOLON
from broker.egress.destination import Destination
from broker.egress.headers import page_headers, require_plain_coding
from broker.egress.refusal import RefusedError, body_not_readable, field_mismatch
from broker.egress.registry import Registry
from broker.protocol.egress import MAX_REQUEST_BODY, EgressOutcome, Send
from broker.protocol.processors import Endpoint, TaughtEndpoint, framed_by


@dataclass(frozen=True, slots=True)
class Authorised:
    """A request that may be swapped, and all that is needed to send it. `account` is null when the entry cannot tell accounts apart."""

    endpoint: Endpoint
    destination: Destination
    page_headers: dict[str, str]
    located: Located
    account: str | None
    account_first_seen: bool


@dataclass(frozen=True, slots=True)
class Authoriser:
    """Holds what requests are judged by."""

    registry: Registry
    accounts: Accounts
    sandbox: bool

    def authorise(self, request: Send, release: ArmedRelease) -> Authorised:
        """`request` as an authorised one; raises `RefusedError` with the reason."""
        self._check_origin(request, release)
        headers = page_headers(request)
        destination = Destination.parse(request.url, sandbox=self.sandbox)
        content_type, endpoint = self._endpoint(request, release, headers, destination)
        self._check_frame(request, release, endpoint)
        reader = open_body(_body(request), content_type, endpoint)
        located = locate(reader, endpoint, release.surrogate)
        if not is_operation(endpoint, destination, headers, reader):
            raise field_mismatch()
        _check_credentials(endpoint, headers)
        named = account_named(endpoint, destination, headers, reader)
        if isinstance(endpoint, TaughtEndpoint) and names_any(self.registry.unnamed(endpoint), destination, headers, reader):
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED, endpoint.id)
        first_seen = self._first_seen(request.top_origin, endpoint, named)
        return Authorised(endpoint, destination, headers, located, named.account if named else None, account_first_seen=first_seen)

    def redirect_allowed(self, url: str, request: Send, release: ArmedRelease) -> bool:
        """Whether a 307 or 308 to `url` leads to a registered destination, where the next leg is judged in full."""
        try:
            destination = Destination.parse(url, sandbox=self.sandbox)
        except RefusedError:
            return False
        return bool(self.registry.endpoints(destination, request.method, release.decision.seen))

    def remember(self, origin: str, authorised: Authorised) -> None:
        """Take the account of a request that was answered well as the shop's, when it had none."""
        if authorised.account_first_seen and authorised.account is not None:
            self.accounts.remember(origin, self.registry.processor_of(authorised.endpoint), authorised.account)

    def _check_origin(self, request: Send, release: ArmedRelease) -> None:
        if request.top_origin != release.decision.seen.origin:
            raise RefusedError(EgressOutcome.ORIGIN_MISMATCH)

    def _check_frame(self, request: Send, release: ArmedRelease, endpoint: Endpoint) -> None:
        seen = release.decision.seen
        hosted = request.frame_origin in seen.frame_origins and framed_by(endpoint, request.frame_origin)
        # What only a processor's frames say about a checkout, its page does not do by itself.
        own = endpoint.first_party or isinstance(endpoint, TaughtEndpoint)
        if not hosted and not (own and request.frame_origin == seen.origin):
            raise RefusedError(EgressOutcome.ORIGIN_MISMATCH)

    def _first_seen(self, origin: str, endpoint: Endpoint, named: Named | None) -> bool:
        """Whether the account is to be taken on trust; raises `RefusedError` for another one, and for a processor new to the shop."""
        shop, processor = self.accounts.at(origin), self.registry.processor_of(endpoint)
        known = shop.keys() | self.registry.processors_at(origin)
        kept = shop.get(processor)
        if known and processor not in known:
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED, endpoint.id)
        if kept is not None and (named is None or not self.accounts.is_same(kept, named.account)):
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED, endpoint.id)
        if named is not None and not named.plainly:
            raise field_mismatch()
        return kept is None and named is not None and not named.pinned

    def _endpoint(
        self, request: Send, release: ArmedRelease, headers: dict[str, str], destination: Destination
    ) -> tuple[ContentType, Endpoint]:
        candidates = self.registry.endpoints(destination, request.method, release.decision.seen)
        if not candidates:
            encrypted = self.registry.encrypts(request.frame_origin)
            raise RefusedError(EgressOutcome.CLIENT_SIDE_ENCRYPTED if encrypted else EgressOutcome.NOT_REGISTERED)
        require_plain_coding(headers)
        content_type = ContentType.parse(headers.get("content-type", ""))
        fitting = [entry for entry in candidates if entry.content_type == content_type.media_type and _query_fits(entry, destination)]
        if not fitting:
            raise RefusedError(EgressOutcome.NOT_REGISTERED)
        return content_type, fitting[0]


def _body(request: Send) -> bytes:
    try:
        body = unb64u(request.body)
    except ValueError:
        raise body_not_readable() from None
    if len(body) > MAX_REQUEST_BODY:
        raise RefusedError(EgressOutcome.REQUEST_TOO_LARGE)
    return body


def _query_fits(entry: Endpoint, destination: Destination) -> bool:
    if SEMICOLON.search(destination.query or ""):
        return False
    pairs = destination.query_pairs()
    names = [name for name, _ in pairs]
    return len(set(names)) == len(names) and set(names) <= set(entry.query) and entry.done_by_query() <= set(pairs)


def _check_credentials(endpoint: Endpoint, headers: dict[str, str]) -> None:
    # Credentials pass without being listed, and what was taught compares only what was seen: those nobody saw may be another account's.
    if isinstance(endpoint, TaughtEndpoint) and "authorization" in headers:
        compared = any((account.where, account.name) == ("header", "authorization") for account in endpoint.accounts)
        if not compared and "authorization" not in endpoint.headers:
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED, endpoint.id)
