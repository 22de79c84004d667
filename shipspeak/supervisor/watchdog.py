"""Notices when django-q2 has stopped handing out work."""

from __future__ import annotations

from dataclasses import dataclass

PATIENCE = 15.0
LONGEST_PATIENCE = 300.0


@dataclass(slots=True)
class Watchdog:
    """Decides when the workers must be started anew because no drain runs.

    A cluster can look alive and hand out nothing. The one way that is known is closed (`TaskQueue`); this
    stands behind it for those that are not. Each restart that does not help doubles the patience, so that
    drains which can't start for another reason are not tried in a hurry.

    Args:
        quiet_since: when a drain was last seen, or the workers were started; monotonic seconds.
        patience: seconds without a drain that are borne.
    """

    quiet_since: float
    patience: float = PATIENCE

    def is_stuck(self, *, drains: int, now: float) -> bool:
        """Whether the workers are stuck; to be asked every few seconds."""
        if drains:
            self.quiet_since = now
            self.patience = PATIENCE
            return False
        return now - self.quiet_since > self.patience

    def restarted(self, now: float) -> None:
        """The workers were started anew."""
        if now - self.quiet_since > self.patience:
            self.patience = min(LONGEST_PATIENCE, 2 * self.patience)
        self.quiet_since = now
