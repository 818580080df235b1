"""A panel made of another implementation's parts: its mask, its cipher, its reading of messages.

Arguments: port, account. Prints one JSON object: what the implementation itself reads in each message, and the answer
it opened.
"""

import asyncio
import json
import sys

from Crypto.Cipher import DES3
from osbornehoffman.server import OHConnection, OHServer

PORT, ACCOUNT = int(sys.argv[1]), sys.argv[2]


def event(token: str, sequence: int, data: str, trailer: str = "") -> str:
    body = f'"{token}"{sequence:04X}R6666L1234[#{ACCOUNT}|{data}]{trailer}'
    return f"\n0101{len(body) + 8:04X}{body}\r\0"


async def connect():
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    sent = await asyncio.wait_for(reader.readexactly(24), 10)
    ends = OHConnection(OHServer("127.0.0.1", 0, {}))
    # The mask is its own reverse.
    ends._key = OHConnection._scramble_key(sent)
    # This refuses a weak key, and keys of which two thirds are alike.
    ends._cipher = DES3.new(ends._key, mode=DES3.MODE_ECB)
    return ends, reader, writer


async def tell(text: str) -> dict:
    ends, reader, writer = await connect()
    closed = ends.encrypt_data(text.encode("latin-1"))
    said = await ends.parse_event(("127.0.0.1", 0), closed)
    writer.write(closed)
    await writer.drain()
    answer = ends.decrypt_data(await asyncio.wait_for(reader.readexactly(8), 10))
    writer.close()
    return {
        "kind": said["message_type"].name,
        "account": said.get("account") or said.get("system_account"),
        "code": said.get("sia_event"),
        "zone": said.get("sia_zone") or said.get("zone"),
        "panel": said.get("panel_id"),
        "answer": answer.decode("ascii", "replace"),
    }


async def main():
    hidden = (await connect())[0]
    told = [
        await tell(f"SR6666L1234    {ACCOUNT}XX    \0"),
        await tell(f"SR6666L1234    {ACCOUNT}XX    \0[ID0000002A]\0"),
        await tell(event("SIA-DCS", 1, "Nri01/PA001")),
        await tell(event("ADM-CID", 2, "1101 01 002")),
        await tell(event("SIA-DCS", 3, "Nri01/FA003*'Kitchen'NM", f"|#{ACCOUNT}")),
        # The same again on another connection: its acknowledgement was lost.
        await tell(event("SIA-DCS", 3, "Nri01/FA003*'Kitchen'NM", f"|#{ACCOUNT}")),
    ]
    assert hidden is not None
    print(json.dumps(told))


asyncio.run(main())
