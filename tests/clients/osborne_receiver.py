"""Another implementation's receiver. Prints its port, then one JSON object for each event it takes."""

import asyncio
import json
import sys

from osbornehoffman import OHAccount, OHReceiver


async def main():
    async def told(event):
        said = event.to_dict()
        names = ("message_type", "account", "sequence", "receiver", "line", "event_code", "sia_event", "zone")
        print(json.dumps({name: said[name] for name in names}), flush=True)

    async with OHReceiver("127.0.0.1", 0, [OHAccount(account, 42) for account in sys.argv[1:]], told) as receiver:
        print(receiver._server.server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)


asyncio.run(main())
