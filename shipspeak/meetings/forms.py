"""What people fill in to have a meeting analysed: a file, or a pasted transcript."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from shipspeak.meetings.schemas import LONGEST_TEXT, MeetingInput, MeetingOptions

ACCEPT = ".vtt,.srt,.txt,text/vtt,text/plain,application/x-subrip"
ROWS = 10


def _described(schema: type, name: str) -> Any:
    return schema.model_fields[name].description  # type: ignore[attr-defined]


class Reuse(forms.BooleanField):
    """Whether an earlier analysis of the same will do. Switched on for whoever has not chosen."""

    def __init__(self) -> None:
        super().__init__(
            required=False,
            initial=True,
            label="Show the earlier analysis if I had the same analysed before",
            help_text="It comes at once and costs nothing. Without the tick, it is made anew.",
        )


class FileForm(forms.Form):
    """A transcript as a file."""

    file = forms.FileField(
        label="Transcript file",
        allow_empty_file=True,  # said better, with the file's name, by `jobs.uploads`
        error_messages={"required": "Choose a file first: WebVTT, SubRip or plain text."},
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
    )
    reuse = Reuse()


class TextForm(forms.Form):
    """A transcript pasted as text, with what to call it and what to favour."""

    text = forms.CharField(
        label="Transcript",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Paste the transcript first, as lines such as “Name: words”."},
        widget=forms.Textarea(
            attrs={"rows": ROWS, "placeholder": "Ann: Shall we start?\nBen: Yes. First, the release…"}
        ),
    )
    title = forms.CharField(
        required=False,
        max_length=200,
        help_text="What to call the meeting.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    focus = forms.CharField(
        required=False,
        max_length=300,
        help_text=_described(MeetingOptions, "focus"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reuse = Reuse()

    @property
    def input(self) -> dict[str, str]:
        """The kind's input, from what was filled in."""
        return {name: self.cleaned_data[name] for name in MeetingInput.model_fields}

    @property
    def options(self) -> dict[str, str]:
        """The kind's options that were chosen."""
        focus = self.cleaned_data["focus"]
        return {"focus": focus} if focus else {}


def blame(form: forms.Form, errors: list[dict[str, str]], message: str) -> None:
    """Puts a refused submission's errors to the fields they are about; ``message`` when to none.

    Args:
        form: the form that was sent.
        errors: ``{"path": "input.title", "message": …}`` as in `jobs.errors.SubmitError`.
        message: the sentence of the whole.
    """
    placed = False
    for error in errors:
        name = error["path"].rpartition(".")[2]
        if name in form.fields:
            form.add_error(name, ValidationError(error["message"]))
            placed = True
    if not placed:
        form.add_error("file" if "file" in form.fields else "text", ValidationError(message))
