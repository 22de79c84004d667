"""Who uses ShipSpeak, and by what they are known."""

from shipspeak.accounts.models.api_key import ApiKey
from shipspeak.accounts.models.sign_in_link import SignInLink
from shipspeak.accounts.models.socket_ticket import SocketTicket
from shipspeak.accounts.models.spent_token import SpentToken
from shipspeak.accounts.models.user import User

__all__ = ["ApiKey", "SignInLink", "SocketTicket", "SpentToken", "User"]
