"""Writes .npy files with the standard library: npy.py OUT [key=value ...].

Keys: descr, shape, fortran, version, magic, values (doubles), cut (bytes to
leave out at the end), extra (bytes to add), header (replaces all of it).
"""

import struct
import sys

out, *pairs = sys.argv[1:]
options = dict(pair.split("=", 1) for pair in pairs)
descr = options.get("descr", "<f4")
codes = {
    "<f8": "d",
    "<f4": "f",
    "<f2": "e",
    "<i8": "q",
    "<i4": "i",
    "|i1": "b",
    "|b1": "?",
    "<V2": "H",
    "<u2": "H",
    ">f4": "f",
    "<c8": "q",
}
values = [v for v in options.get("values", "").split(",") if v]
kind = float if descr[1] == "f" else int
data = struct.pack("<%d%s" % (len(values), codes[descr]), *map(kind, values))
header = options.get(
    "header",
    "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }"
    % (descr, options.get("fortran", "False"), options.get("shape", "")),
)
header = header.encode()
version = int(options.get("version", "1"))
magic = options.get("magic", "\x93NUMPY").encode("latin1")
length = struct.pack("<H" if version == 1 else "<I", len(header))
contents = magic + bytes([version, 0]) + length + header + data
contents = contents[: len(contents) - int(options.get("cut", "0"))]
contents += b"\0" * int(options.get("extra", "0"))
with open(out, "wb") as file:
    file.write(contents)
