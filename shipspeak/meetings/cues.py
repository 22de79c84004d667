"""English phrases by which people decide, promise and ask each other to do things."""

from __future__ import annotations

import re

_DECIDED = r"(?:decided|agreed|settled|concluded|resolved|chosen|opted)"
_SETTLE = (
    r"(?:go (?:with|for|ahead)|stick (?:with|to)|use|keep(?! \w+ing)|drop|postpone|choose|pick|adopt|skip)"
)
_WILL = r"(?:'ll| will|'re going to| are going to|'re gonna)"
DECISION = re.compile(
    r"\b(?:"
    rf"we(?:'ve| have)? (?:just |all |finally |already )*{_DECIDED}"
    r"|(?:we|they|i|committee|board|council|team)(?: have| has|'ve|'s)? (?:approved|adopted|rejected|voted)"
    rf"|let's (?:just |all |then )*(?:{_SETTLE}|do (?:it|that|this) (?:on|at|by|next|in))"
    rf"|we{_WILL} (?:just |definitely |all |then )*{_SETTLE}"
    r"|(?:the|our|a) (?:final )?decision (?:is|was|has been)|decision (?:made|taken)"
    r"|(?:it's|it is|that's|that is|so that's|so that is) (?:decided|settled|agreed|final)"
    r"|(?:motion|amendment|question|bill)[\w\s]{0,30} (?:agreed to|carried|adopted|passed|defeated)"
    r"|(?:is|are|was|were|been) (?:unanimously )?(?:approved|agreed upon|agreed to|adopted|decided|ruled out)"
    r"|(?:we|everyone|everybody)(?: are| is|'re)? (?:all )?(?:agreed|in agreement)\b"
    r"|so we(?:'re| are) (?:going with|using|keeping|dropping|taking)"
    r")",
    re.IGNORECASE,
)
"""Words of a group that settles something."""

NOT_DECIDING = re.compile(
    r"\b(?:which|whom|whose|how|where|than|as|when|once|since|until|before|after|because|like|every time"
    r"|(?<!say )(?<!says )(?<!said )(?<!think )(?<!note )(?<!noted )(?<!noting )(?<!record )(?<!recorded )"
    r"(?<!confirm )(?<!confirmed )(?<!mean )(?<!means )(?<!fact )(?<!decision )(?<!is )(?<!believe )"
    r"(?<!minutes )(?<!remember )(?<!reported )(?<!happy )(?<!clear )that)"
    rf" (?:we|i|they|you)(?:'ve| have|'d| had)? (?:just |all |finally |already |also |ever )*"
    rf"(?:{_DECIDED}|approved|adopted|rejected|voted)\b"
    r"|\b(?:years?|months?|weeks?|decades?) (?:ago|since)\b|\bback then\b|\bat the time\b"
    r"|\blast (?:year|century)\b"
    r"|\bkeep (?:the pressure|in mind|going|it up|up|an eye|working|track)\b"
    r"|\blet's use (?:a|an) (?:\w+ )?(?:number|example|figure)\b|\blet's (?:say|suppose)\b",
    re.IGNORECASE,
)
"""Words that only refer to what was settled (“the conventions that I've adopted”) or settle nothing."""

_ASKED_TO_DO = (
    "send|write|check|prepare|look into|look at|ask|email|e-mail|update|fix|set up|organi[sz]e|schedule|draft"
    "|share|review|finish|follow up|test|call|book|create|add|bring|contact|circulate|provide|report"
    "|take care"
    "|make sure|work on|get back|upload|submit|post|run|arrange|invite|collect|document|investigate|design"
    "|build|order|buy|compile|let (?:me|us|him|her|them|you|everyone) know|undertake|take on|deal with"
    "|handle|chase|sort out|forward|pass (?:on|along)|remind|put together|hand (?:in|out|over)|print|copy"
    "|translate|record|measure|install|pick up|phone|text|message|reply|respond"
    r"|come up with|tell(?! (?:me|us) (?:what|why|how|if|whether|when|where|who|which|about|more|that"
    r"|something|a (?:bit|little)|an idea|your|the reason)\b)"
)
_DO = (
    f"{_ASKED_TO_DO}|talk to|speak (?:to|with)|find|come up|put|try|go through|present|confirm|discuss"
    "|read|do"
)
_ADVERBS = (
    "(?:also |just |then |definitely |try to |go and |have to |need to |be able to |please |maybe |all )*"
)
_I_WILL = r"i(?:'ll| will|'m going to| am going to|'m gonna)"
_NAME = r"(?-i:[A-Z][a-z]+)(?<!We)(?<!They)(?<!That)(?<!This)(?<!It)(?<!There)(?<!Which)(?<!What)(?<!Who)"
TASK = re.compile(
    r"\b(?:"
    rf"{_I_WILL} {_ADVERBS}(?:{_DO})\b"
    rf"|{_NAME}(?:'ll| will| is going to| needs to| has to) {_ADVERBS}(?:{_DO})\b"
    rf"|you(?:'ll| will|'re going to| are going to|'re gonna) {_ADVERBS}(?:be )?(?:{_DO}|working|looking"
    rf"|doing)\b"
    rf"|(?:could|can|would|will) (?:you|someone|somebody|everyone) {_ADVERBS}(?:{_ASKED_TO_DO})\b"
    rf"|if (?:you|someone|somebody) (?:could|can|would|'d) {_ADVERBS}(?:{_ASKED_TO_DO})\b"
    rf"|(?:could|can|would|will) {_NAME} {_ADVERBS}(?:{_ASKED_TO_DO})\b"
    rf"|please (?:also )?(?:{_ASKED_TO_DO})\b"
    r"|(?:action item|action point|to-?do|homework|assignment)s?\b"
    r"|(?:you're|you are|is|will be) (?:responsible for|in charge of)|your (?:task|job|part) (?:is|will)"
    r"|i(?:'ll| will) (?:take|own) (?:that|this|it|care)|the deadline (?:is|for)"
    r")",
    re.IGNORECASE,
)
"""Words of someone who takes on, or hands out, something to do."""

NOT_A_TASK = re.compile(
    r"\bwhat (?:\w+ ){1,6}(?:needs?|has|have|ought) to do\b|\b(?:is|are|was|were|'s|'re) there to\b"
    rf"|\b(?:that|which|where|when|once|as soon as|before|after) (?:{_I_WILL}|you(?:'ll| will)) "
    r"|\bi(?:'ll| will| want to| would like to) (?:just |now |also |then )*(?:ask|put|read|give|present|try"
    r"|do|find|take)\b(?:(?! back\b).){0,60}\b(?:questions?|comments?|remarks?|again|moment|opportunity"
    r"|example)\b(?!.*\b(?:get|come|go) back\b)(?!.* back to\b)"
    r"|\bi(?:'ll| will) (?:just |now |also )*(?:tell|show|give|remind|read) (?:you|everyone|everybody"
    r"|(?:the |all )?(?:hon(?:ou?rable)?\.? )?(?:members?|minister|committee|house|chair))\b"
    r"|\bif you\b.*\byou(?:'ll| will|'d| can)\b"
    r"|\b(?:needs?|has|have) to (?:speak|talk|listen|understand|answer"
    r"|do (?:more|better|that|it|something))\b",
    re.IGNORECASE,
)
"""Words about what someone is for, or what a speaker does in the very sentence; nothing to be done later."""

NEED = re.compile(
    rf"\b(?:(?:he|she|they)(?:'ll| will)|(?:you|we|i|someone|somebody|everyone) (?:need|needs|have|has"
    rf"|'ve got|ought) to|(?:you|we) should|"
    rf"we(?:'ll| will)) {_ADVERBS}(?:{_DO})\b",
    re.IGNORECASE,
)
"""Words that something should be done: a task only when it has a date."""

SUMMING_UP = re.compile(
    r"\b(?:so basically|in short|to sum(?:mari[sz]e| up)|in summary|to recap|in conclusion|overall|the reason"
    r"|the (?:main|key|important|big|first|second|third|next) (?:point|thing|question|problem|issue|goal"
    r"|idea)"
    r"|the (?:problem|issue|goal|purpose|aim|idea|question|point) (?:is|was|of)|what we (?:want|need)"
    r"|the plan"
    r"|we(?:'re| are) (?:here|talking about|trying)|the most important)\b",
    re.IGNORECASE,
)
"""Words that announce what matters."""


def straight(text: str) -> str:
    """``text`` with the apostrophes that the patterns know."""
    return text.replace("’", "'").replace(" '", "'")


def matters(text: str) -> bool:
    """Whether ``text`` decides, hands out, or sums up something."""
    said = straight(text)
    return any(pattern.search(said) for pattern in (DECISION, TASK, SUMMING_UP))
