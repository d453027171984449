"""The way of a download: straight, or through the site's proxy where it leads there."""

from __future__ import annotations

import ssl

import httpx
from typing_extensions import override

from kiosk.proxy import Proxy, refusal


_STATUS_DIGITS = 3


class Way(httpx.AsyncBaseTransport):
    """
    httpx's transport, chosen for each address anew: a redirect may lead elsewhere.

    Args:
        tls: Whom to trust.
        proxy: Is gone through, if it leads there.

    """

    def __init__(self, tls: ssl.SSLContext, proxy: Proxy | None) -> None:
        self._proxy = proxy
        self._straight = httpx.AsyncHTTPTransport(verify=tls)
        self._through = self._straight
        if proxy is not None:
            proof = (proxy.user, proxy.password) if proxy.user else None
            asked = httpx.Proxy(f"http://{proxy.address}", auth=proof)
            self._through = httpx.AsyncHTTPTransport(verify=tls, proxy=asked)

    @override
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Send one request.

        Raises:
            ProxyRefused: The proxy says no.

        """
        proxy, url = self._proxy, request.url
        if proxy is None or not proxy.leads_to(url.host):
            return await self._straight.handle_async_request(request)
        try:
            return await self._through.handle_async_request(request)
        except httpx.ProxyError as error:  # its text is a status and the proxy's words
            status = int(str(error)[:_STATUS_DIGITS])
            raise refusal(proxy, status, url.netloc.decode("ascii")) from None

    @override
    async def aclose(self) -> None:
        """Close all connections."""
        await self._straight.aclose()
        await self._through.aclose()
