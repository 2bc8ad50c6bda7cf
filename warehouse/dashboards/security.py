"""HTTP security headers of the app, and the host names that it answers to."""

from collections.abc import Sequence
from ipaddress import ip_address

from flask import Flask, Response

LOOPBACK_NAMES = ["localhost", "127.0.0.1", "[::1]"]
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


def content_security_policy(script_hashes: Sequence[str]) -> str:
    """Value of the Content-Security-Policy header: content from this server only, Dash's inline script by its hash."""
    rules = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *script_hashes],
        "style-src": ["'self'", "'unsafe-inline'"],  # Plotly writes style attributes and a style element of its own
        "img-src": ["'self'", "data:"],  # sparklines are SVG in data: URLs, where scripts do not run
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items())


def secure(server: Flask, script_hashes: Sequence[str], host: str) -> None:
    """Adds the headers to every response. On loopback, requests with another Host header get 400: no web site in the
    viewer's browser can read the page by pointing its own name at 127.0.0.1 (DNS rebinding).
    """
    policy = content_security_policy(script_hashes)
    if _is_loopback(host):
        server.config["TRUSTED_HOSTS"] = LOOPBACK_NAMES

    def add_headers(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = policy
        return response

    server.after_request(add_headers)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
