"""Keys of users of a nats-server, as `shoal keys` makes them, where there is no `shoal` yet.

A seed is 32 random bytes, its public key is Ed25519's (RFC 8032, 5.1.5). Both are written in base32
with a prefix that says what they are and a CRC-16 behind (NATS's ADR-1). Nothing is signed here: that
needs constant time, which Python does not give, and the public key of a new seed does not.
"""

import base64
import hashlib
import secrets

P = 2**255 - 19
D = -121665 * pow(121666, P - 2, P) % P
# The base point, extended: x, y, z = 1, t = x*y.
X = 15112221349535400772501151409588531511454012693041857206046113283949847762202
Y = 46316835694926478169428394003475163141307993866256225615783033603165251855960
BASE = (X, Y, 1, X * Y % P)

SEED, USER = 18 << 3, 20 << 3
# What the seed of a user begins with.
USER_SEED = bytes([SEED | USER >> 5, (USER & 31) << 3])


def add(one, other):
    """The sum of two points."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def public_bytes(raw):
    """The public key of 32 secret bytes."""
    digest = bytearray(hashlib.sha512(raw).digest()[:32])
    digest[0] &= 248
    digest[31] = digest[31] & 63 | 64
    scalar, point, sum_ = int.from_bytes(digest, "little"), BASE, (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            sum_ = add(sum_, point)
        point, scalar = add(point, point), scalar >> 1
    inverse = pow(sum_[2], P - 2, P)
    x, y = sum_[0] * inverse % P, sum_[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def crc16(data):
    """CRC-16 with the polynomial 0x1021, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def encode(data):
    return base64.b32encode(data + crc16(data).to_bytes(2, "little")).decode().rstrip("=")


def decode(text):
    """The bytes of a key. ValueError if it is none; nothing of it is in the words."""
    try:
        data = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise ValueError("it is not base32") from None
    if len(data) < 3 or crc16(data[:-2]) != int.from_bytes(data[-2:], "little"):
        raise ValueError("its check sum is wrong")
    return data[:-2]


def make_seed():
    """The seed of a new user: a secret."""
    return seed_of(secrets.token_bytes(32))


def seed_of(raw):
    return encode(USER_SEED + raw)


def public_key(seed):
    """What the server knows the user of a seed by."""
    data = decode(seed.strip())
    if data[:2] != USER_SEED or len(data) != 34:
        raise ValueError("it is not the seed of a user")
    return encode(bytes([USER]) + public_bytes(data[2:]))
