"""A hash of a file's content at its end, so that a single changed bit is detected on reading.

Its place is compatible with other readers of the format: the comment of a zip archive (checkpoints, and LiteRT files,
which end in an archive), or an additional entry of an ONNX file's metadata.
"""

import hashlib
import zipfile
from io import BytesIO

MARK = b"mnv3-sha256:"
END_OF_ZIP, SIZE_OF_END = b"PK\x05\x06", 22  # the archive's last record, without a comment
DIGITS = 64
ENTRY = b"\x72\x50\x0a\x0c" + MARK + b"\x12\x40"
"""Field 14 of ONNX's ModelProto, metadata_props: 80 bytes, key MARK of 12 bytes, and a value of 64."""

DIRECTORY = 0x10
"""Bit of a record's attributes."""


class DamagedError(ValueError):
    """The content of a file does not match its checksums."""


def seal_zip(archive: BytesIO) -> None:
    """Write the hash of an archive without comment into its comment. The comment's length is part of what is hashed."""
    content = archive.getbuffer()
    assert content[-SIZE_OF_END : -SIZE_OF_END + 4] == END_OF_ZIP, "an archive with a comment, or none"
    content[-2:] = (len(MARK) + DIGITS).to_bytes(2, "little")
    digest = _digest(content)
    del content  # while there is a view, the buffer cannot grow
    archive.seek(0, 2)
    archive.write(MARK + digest)


def sealed_onnx(content: bytes) -> bytes:
    """Return an ONNX file with the hash of its `content` as the last entry of its metadata."""
    return content + ENTRY + _digest(content)


def check_seal(content: bytes) -> bool:
    """Return whether a file has a seal. Raises DamagedError if the seal does not match the content."""
    end = memoryview(content)[-DIGITS:]
    before = memoryview(content)[: -len(end)] if end else end
    for mark in (ENTRY, MARK):
        if before[-len(mark) :] == mark:
            hashed = before[: -len(mark)]
            if _digest(hashed) != end:
                raise DamagedError("its content does not match its hash")
            return True
    return False


def check_archive(content: bytes) -> None:
    """Check a zip archive of PyTorch before anything of it is used.

    PyTorch itself compares no checksums. Archives written without any (all are 0) are accepted.

    Raises:
        DamagedError: a record does not match its checksum, or there are more records than fit.
        zipfile.BadZipFile, and whatever else zipfile raises on foreign bytes: not a whole archive.
    """
    if check_seal(content):
        return
    end = content.rfind(END_OF_ZIP)
    if end < 0 or end + SIZE_OF_END + int.from_bytes(content[end + 20 : end + 22], "little") != len(content):
        raise zipfile.BadZipFile("cut off")
    with zipfile.ZipFile(BytesIO(content)) as archive:
        records = archive.infolist()
        if any(record.compress_type != zipfile.ZIP_STORED for record in records):
            raise zipfile.BadZipFile("compressed, as TorchScript and archives of other programs are")
        if sum(record.file_size for record in records) > len(content):
            raise DamagedError("its records claim to be longer than the whole file")
        if any(record.external_attr & DIRECTORY or record.is_dir() for record in records):
            raise DamagedError(
                "one of its records is marked as a folder"
            )  # for which PyTorch uses uninitialised memory
        if len({record.filename for record in records}) < len(records):
            raise DamagedError("two of its records have the same name")
        if any(record.CRC for record in records):
            for record in records:
                _check_record(archive, record)


def _check_record(archive: zipfile.ZipFile, record: zipfile.ZipInfo) -> None:
    try:
        with archive.open(record) as file:
            size = 0
            while part := file.read(1 << 20):  # zipfile compares the checksum at the end
                size += len(part)
    except zipfile.BadZipFile as error:
        raise DamagedError(f"{record.filename} in it does not match its checksum") from error
    if size != record.file_size:
        raise DamagedError(f"{record.filename} in it was cut off")


def _digest(content: "bytes | memoryview") -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
