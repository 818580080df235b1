"""Reads frames, one JSON object a line, with the siadc09 package, and compares what it makes of each with what the
encoder was told. Every difference is printed; any is a failure."""

import json
import sys

from siadc09.message import parse_frame


def seen(frame):
    key = bytes.fromhex(frame["key"]) if frame["key"] else None
    message = parse_frame(bytes.fromhex(frame["frame"]), key)
    content = getattr(message.data, "content", None)
    return {
        "token": message.idtoken,
        "sequence": message.seq,
        "account": message.account.acct,
        "prefix": message.account.pref,
        "receiver": message.account.rcvr,
        "encrypted": bool(message.encrypted),
        "data": content.decode("latin-1") if content else "",
        "extended": [extended.prefix for extended in message.xdata],
        "stamp": message.timestamp.strftime("%H:%M:%S,%m-%d-%Y") if message.timestamp else "",
    }


def main():
    read = differ = 0
    for line in sys.stdin:
        frame = json.loads(line)
        read += 1
        try:
            found = seen(frame)
        except Exception as error:  # whatever it says, the frame was not read
            found = repr(error)
        if found != frame["expect"]:
            differ += 1
            print(f"{bytes.fromhex(frame['frame'])}\n  told {frame['expect']}\n  read {found}")
    print(f"{read} frames, {differ} read otherwise than they were meant")
    return 1 if differ or not read else 0


sys.exit(main())
