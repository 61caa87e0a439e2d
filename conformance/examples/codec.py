#!/usr/bin/env python3
"""The codecs for hashes, forms and out-of-band datagrams, behind the line protocol.

A worked example of a codec in another language, with nothing but the standard library:

    cfx-conformance vectors --exec "python3 codec.py"

passes the vector files hash, form and oob, and skips the rest. The protocol is described in
docs/codec.md.
"""

import json
import sys

PREFIX = b"\xff\xff\xff\xff"
RCON_NOT_SET = b"The server must set rcon_password to be able to use this command.\n"
RCON_WRONG = b"Invalid password.\n"


# Hashes (WIRE-1)

def one_at_a_time(data):
    value = 0
    for byte in data:
        # A signed char: bytes from 0x80 on are negative.
        value = (value + (byte if byte < 0x80 else byte - 0x100)) & 0xFFFFFFFF
        value = (value + (value << 10)) & 0xFFFFFFFF
        value ^= value >> 6
    value = (value + (value << 3)) & 0xFFFFFFFF
    value ^= value >> 11
    return (value + (value << 15)) & 0xFFFFFFFF


def hash_op(given):
    data = bytes.fromhex(given["hex"])
    return {"rage": one_at_a_time(data), "lower": one_at_a_time(data.lower())}


# Forms (WIRE-2 to WIRE-4)

def hex_value(two):
    """Two characters as C's strtol reads them in base 16, or None."""
    head, digits = two[:1], b"0123456789abcdefABCDEF"
    if head in digits:
        return int(two if two[1:] in digits else head, 16)
    if two[1:] in digits:
        if head in b"+ \t\n\v\f\r":
            return int(two[1:], 16)
        if head == b"-":
            return -int(two[1:], 16) & 0xFF
    return None


def url_decode(data):
    out, at = bytearray(), 0
    while at < len(data):
        byte = data[at:at + 1]
        at += 1
        if byte == b"%":
            two = data[at:at + 2]
            at += 2
            value = hex_value(two) if len(two) == 2 else None
            if value is None:
                break  # A bad escape cuts the rest off.
            out.append(value)
        else:
            out += b" " if byte == b"+" else byte
    return bytes(out)


def decode_form(given):
    data = bytes.fromhex(given["hex"])
    pairs, at = {}, 0
    while True:
        equals = data.find(b"=", at)
        if equals <= at:
            break  # No key: what was read so far counts.
        end = data.find(b"&", equals)
        end = len(data) if end < 0 else end
        if end == equals + 1:
            break  # No value.
        pairs[url_decode(data[at:equals])] = url_decode(data[equals + 1:end])
        at = end + 1
    return {"pairs": [[key.hex(), pairs[key].hex()] for key in sorted(pairs)]}


def url_encode(data):
    out = bytearray()
    for byte in data:
        char = bytes([byte])
        if char.isalnum() or char in b"-_.~":
            out += char
        else:
            out += b"+" if char == b" " else b"%%%02x" % byte
    return bytes(out)


def encode_form(given):
    pairs = [(bytes.fromhex(key), bytes.fromhex(value)) for key, value in given["pairs"]]
    pairs.sort(key=lambda pair: pair[0])
    return {"hex": b"&".join(key + b"=" + url_encode(value) for key, value in pairs).hex()}


# Out-of-band datagrams (OOB-1 to OOB-10)

GETINFO, GETSTATUS, RCON = (one_at_a_time(key) for key in (b"getinfo", b"getstatus", b"rcon"))


def split_word(data):
    """A word, and what follows it from its space or newline on."""
    ends = [at for at in (data.find(b" "), data.find(b"\n")) if at >= 0]
    end = min(ends, default=len(data))
    return data[:end], data[end:]


def info_string(*pairs):
    return b"".join(b"\\" + key.encode() + b"\\" + value for key, value in pairs)


def oob_reply(given):
    server = {name: value.encode() if isinstance(value, str) else value
              for name, value in given["server"].items()}
    counts = [("sv_maxclients", server["sv_maxclients"]),
              ("clients", b"%d" % len(server["players"]))]

    def answer(handled, reply=None, **more):
        reply = None if reply is None else (PREFIX + reply).hex()
        return {"handled": handled, "reply": reply, **more}

    datagram = bytes.fromhex(given["hex"])
    if not datagram.startswith(PREFIX):
        return answer(False)
    word, rest = split_word(datagram[len(PREFIX):])
    data = rest[1:]
    # The server compares hashes, not names.
    key = one_at_a_time(word)
    if not word:
        return answer(True)
    if key == GETINFO:
        if len(data) > 8:
            return answer(True)
        return answer(True, b"infoResponse\n" + info_string(
            *counts,
            ("challenge", split_word(data)[0]),
            ("gamename", b"CitizenFX"),
            ("protocol", b"4"),
            ("hostname", server["sv_hostname"]),
            ("gametype", server["gametype"]),
            ("mapname", server["mapname"]),
            ("iv", server["sv_infoVersion"])))
    if key == GETSTATUS:
        if not server["sv_enableGetStatus"]:
            return answer(True)
        listed = server["players"] if server["sv_returnClientsListInGetStatus"] else []
        players = b"".join(b'0 0 "' + name.encode() + b'"\n' for name in listed)
        variables = [(name, value.encode()) for name, value in server["server_info"]]
        return answer(True, b"statusResponse\n" + info_string(*counts) + b"\n" + players
                      + info_string(*variables))
    if key == RCON:
        password, command = split_word(data)
        if not password or len(command) < 2:
            return answer(True)
        if not server["rcon_password"]:
            return answer(True, b"print " + RCON_NOT_SET)
        if password != server["rcon_password"]:
            return answer(True, b"print " + RCON_WRONG)
        return answer(True, rcon_command=command.hex())
    return answer(False)


# The line protocol

OPS = {"hash": hash_op, "decode_form": decode_form, "encode_form": encode_form,
       "oob_reply": oob_reply}


def answer_line(line):
    try:
        request = json.loads(line)
        number, run, given = request["id"], OPS.get(request["op"]), request["input"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {"id": None, "error": "bad_line"}
    if run is None:
        return {"id": number, "skip": True}
    try:
        return {"id": number, "ok": run(given)}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {"id": number, "error": "bad_input"}


def main():
    for line in sys.stdin.buffer:
        print(json.dumps(answer_line(line)), flush=True)


if __name__ == "__main__":
    main()
