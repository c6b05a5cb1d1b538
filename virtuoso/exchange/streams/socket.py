"""A WebSocket, as a connection uses it. Tests replace it to let hours pass in a moment."""

from __future__ import annotations

import fcntl
import struct
import termios
from typing import Protocol

import aiohttp

CLOSE_S = 1.0
MAX_MESSAGE = 16 << 20  # bytes; the longest known message, of a whole venue, has 400 KB


class Socket(Protocol):
    """An open WebSocket. Its methods raise OSError or aiohttp.ClientError when the connection is broken."""

    async def receive(self) -> str | bytes | None:
        """Return the next message, or None when the connection has ended."""
        ...

    async def send(self, text: str) -> None:
        """Send one message."""
        ...

    def waiting_bytes(self) -> int:
        """Return the number of bytes that have arrived and were not read yet."""
        ...

    async def close(self) -> None:
        """Close the connection. Do not wait long for the other side."""
        ...


class AiohttpSocket:
    """See Socket. It answers the pings of the venue itself."""

    def __init__(self, session: aiohttp.ClientSession, websocket: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._websocket = websocket

    async def receive(self) -> str | bytes | None:
        """See Socket."""
        message = await self._websocket.receive()
        return message.data if message.type in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY} else None

    async def send(self, text: str) -> None:
        """See Socket."""
        await self._websocket.send_str(text)

    def waiting_bytes(self) -> int:
        """See Socket."""
        socket = self._websocket.get_extra_info("socket")
        if socket is None or socket.fileno() < 0:
            return 0
        (count,) = struct.unpack("i", fcntl.ioctl(socket.fileno(), termios.FIONREAD, bytes(4)))
        return int(count)

    async def close(self) -> None:
        """See Socket."""
        await self._websocket.close()
        await self._session.close()


async def open_socket(url: str) -> Socket:
    """Return an open WebSocket. Raise OSError or aiohttp.ClientError when the venue refuses it."""
    session = aiohttp.ClientSession()
    try:
        websocket = await session.ws_connect(
            url, max_msg_size=MAX_MESSAGE, timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_S)
        )
    except BaseException:
        await session.close()
        raise
    return AiohttpSocket(session, websocket)
