"""What was told to whom, over which transports, and what people chose."""

from notifications.models.choice import Choice
from notifications.models.delivery import Delivery
from notifications.models.notification import Level, Notification

__all__ = ["Choice", "Delivery", "Level", "Notification"]
