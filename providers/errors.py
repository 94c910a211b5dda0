"""What can go wrong with a model, as one tree; the class says what the caller may do about it.

* ProviderError
  * Unavailable          no connection, no first token, overloaded, a proxy's page, or the stream broke, as often as the
                         retry table allows: the project waits and the provider is probed
    * RateLimited        429: wait `retry_after` seconds
  * Blocked              only a person can mend it; the message says how. Itself: an engine that cannot be loaded
    * AuthenticationFailed   401, 403
    * QuotaExhausted         402, or a quota code with 429 or 403
    * ModelNotFound          the server does not have the model
    * ContextExceeded        the prompt and the room for an answer do not fit the context window
    * RequestRejected        any other 4xx, an unknown provider type
  * BadReply             the server answered, but not with an answer
    * ReplyTruncated     the stream ended without a finish reason
    * ReplyDegenerate    a stream guard ended it: repetition, white space, thinking over its budget
"""

from __future__ import annotations


class ProviderError(Exception):
    """Base of all errors that a provider raises. The text is one sentence: what, where, what to do next."""

    def __init__(
        self, message: str, *, status: int | None = None, body: str = "", retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        """HTTP status, None when no answer came."""
        self.body = body[:2000]
        """What the server said, at most 2,000 characters."""
        self.retry_after = retry_after
        """Seconds the server asked us to wait, None when it did not say."""


class Unavailable(ProviderError):
    """The server cannot be used now, but may be later."""


class RateLimited(Unavailable):
    """The server asks for fewer requests."""


class Blocked(ProviderError):
    """Trying again would not help before somebody changes something."""


class AuthenticationFailed(Blocked):
    """The key is missing, wrong, or not allowed to use the model."""


class QuotaExhausted(Blocked):
    """The account is out of money or over its limit."""


class ModelNotFound(Blocked):
    """The server has no such model."""


class ContextExceeded(Blocked):
    """Prompt and answer do not fit the context window."""


class RequestRejected(Blocked):
    """The server or our own check refused the request."""


class BadReply(ProviderError):
    """An answer came, but it is no answer."""


class ReplyTruncated(BadReply):
    """The stream ended before the server said that the answer was finished."""


class ReplyDegenerate(BadReply):
    """The answer turned into noise and was ended by us."""
