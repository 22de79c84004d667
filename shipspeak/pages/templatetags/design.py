"""Tags that draw the small parts which all pages are made of."""

from __future__ import annotations

from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def icon(name: str, size: int = 18) -> SafeString:
    """The icon ``name`` of static/img/icons.svg, ``size`` pixels wide; decoration only."""
    return format_html(
        '<svg class="icon" width="{0}" height="{0}" aria-hidden="true" focusable="false">'
        '<use href="{1}#{2}"></use></svg>',
        size,
        static("img/icons.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def current(context: dict[str, Any], prefix: str) -> str | SafeString:
    """``aria-current`` for the link of the part of the site that is shown."""
    request = context.get("request")
    path = request.path if request else ""
    here = path == "/" if prefix == "/" else path.startswith(prefix)
    if not here:
        return ""
    return format_html('aria-current="{}"', "page" if path == prefix else "true")


@register.inclusion_tag("partials/_bar.html")
def bar(fraction: float, label: str) -> dict[str, Any]:
    """A progress bar; ``label`` says what of, to those who don't see it."""
    return {"percent": int(max(0.0, min(1.0, fraction)) * 100 + 1e-9), "label": label}


@register.inclusion_tag("partials/_field.html")
def field(bound: Any) -> dict[str, Any]:
    """A form's field: label, control, help and errors, which the control points at."""
    ids = [f"{bound.auto_id}_help"] if bound.help_text else []
    ids += [f"{bound.auto_id}_errors"] if bound.errors else []
    return {"field": bound, "described_by": " ".join(ids), "kind": type(bound.field.widget).__name__.lower()}
