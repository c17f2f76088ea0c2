"""May this request carry the real number? Yes only when origin, destination, endpoint, fields and account all fit."""

from __future__ import annotations

from dataclasses import dataclass

from broker.core.canonical import canonical_json, unb64u
from broker.egress.accounts import Accounts
from broker.egress.armed import ArmedRelease
from broker.egress.bodies import BodyReader, ContentType, Located, locate, open_body
from broker.egress.destination import Destination
from broker.egress.headers import page_headers, require_plain_coding
from broker.egress.refusal import RefusedError, body_not_readable
from broker.egress.registry import Registry
from broker.protocol.egress import MAX_REQUEST_BODY, EgressOutcome, Send
from broker.protocol.processors import Account, Endpoint, TaughtEndpoint, framed_by


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
        content_type, endpoint = self._endpoint(request, headers, destination)
        self._check_frame(request, release, endpoint)
        reader = open_body(_body(request), content_type, endpoint)
        located = locate(reader, endpoint, release.surrogate)
        _check_credentials(endpoint, headers)
        account = _account(endpoint, destination, headers, reader)
        known = self.accounts.check(request.top_origin, endpoint.id, account) if account is not None else True
        if known is False:
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED)
        return Authorised(endpoint, destination, headers, located, account, account_first_seen=known is None)

    def redirect_allowed(self, url: str, request: Send) -> bool:
        """Whether a 307 or 308 to `url` leads to a registered destination, where the next leg is judged in full."""
        try:
            destination = Destination.parse(url, sandbox=self.sandbox)
        except RefusedError:
            return False
        return bool(self.registry.endpoints(destination, request.method, request.top_origin))

    def _check_origin(self, request: Send, release: ArmedRelease) -> None:
        if request.top_origin != release.decision.seen.origin:
            raise RefusedError(EgressOutcome.ORIGIN_MISMATCH)

    def _check_frame(self, request: Send, release: ArmedRelease, endpoint: Endpoint) -> None:
        seen = release.decision.seen
        hosted = request.frame_origin in seen.frame_origins and framed_by(endpoint, request.frame_origin)
        if request.frame_origin != seen.origin and not hosted:
            raise RefusedError(EgressOutcome.ORIGIN_MISMATCH)

    def _endpoint(self, request: Send, headers: dict[str, str], destination: Destination) -> tuple[ContentType, Endpoint]:
        candidates = self.registry.endpoints(destination, request.method, request.top_origin)
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
    names = [name for name, _ in destination.query_pairs()]
    return len(set(names)) == len(names) and set(names) <= set(entry.query)


def _check_credentials(endpoint: Endpoint, headers: dict[str, str]) -> None:
    # Credentials pass without being listed, and what was taught compares only what was seen: those nobody saw may be another account's.
    if isinstance(endpoint, TaughtEndpoint) and "authorization" in headers:
        compared = any((account.where, account.name) == ("header", "authorization") for account in endpoint.accounts)
        if not compared and "authorization" not in endpoint.headers:
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED)


def _account(endpoint: Endpoint, destination: Destination, headers: dict[str, str], reader: BodyReader) -> str | None:
    """All that names the account, as one string; null when the entry names nothing or pins everything. Raises account changed."""
    open_places: list[object] = []
    for account in endpoint.accounts:
        values = _account_values(account, destination, headers, reader)
        if account.value is None:
            open_places.append([account.where, account.name, values])
        elif values != [account.value]:
            raise RefusedError(EgressOutcome.ACCOUNT_CHANGED)
    return canonical_json(open_places).decode() if open_places else None


def _account_values(account: Account, destination: Destination, headers: dict[str, str], reader: BodyReader) -> list[str]:
    if account.where == "header":
        return [headers[account.name]] if account.name in headers else []
    if account.where == "query":
        return [value for name, value in destination.query_pairs() if name == account.name]
    return [destination.path.split("/")[1:][int(account.name)]] if account.where == "path" else reader.account_values(account.name)
