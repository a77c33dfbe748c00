"""A hash of a file's content at its end, so that one changed bit is found when the file is read.

Where it stands depends on the format, which stays what it is for every other reader: the comment of a zip archive
(checkpoints, and LiteRT files, which end in an archive), or one more entry of an ONNX file's metadata.
"""

import hashlib
import zipfile
from io import BytesIO

MARK = b"mnv3-sha256:"
END_OF_ZIP, SIZE_OF_END = b"PK\x05\x06", 22  # its last record, without a comment
DIGITS = 64
ENTRY = b"\x72\x50\x0a\x0c" + MARK + b"\x12\x40"
"""Field 14 of ONNX's ModelProto, metadata_props: 80 bytes, key MARK of 12 bytes, and a value of 64."""

DIRECTORY = 0x10
"""Of a record's attributes."""


class DamagedError(ValueError):
    """A file whose content is not what its checksums say."""


def seal_zip(archive: BytesIO) -> None:
    """Write the hash of an archive without comment into its comment.

    The comment's length is a part of what is hashed.
    """
    content = archive.getbuffer()
    assert content[-SIZE_OF_END : -SIZE_OF_END + 4] == END_OF_ZIP, "an archive with a comment, or none"
    content[-2:] = (len(MARK) + DIGITS).to_bytes(2, "little")
    digest = _digest(content)
    del content  # while there is a view, the buffer cannot grow
    archive.seek(0, 2)
    archive.write(MARK + digest)


def sealed_onnx(content: bytes) -> bytes:
    """An ONNX file with the hash of its `content` as the last entry of its metadata."""
    return content + ENTRY + _digest(content)


def check_seal(content: bytes) -> bool:
    """Whether a file has a seal. Raises DamagedError: it has, and its content is another."""
    end = memoryview(content)[-DIGITS:]
    before = memoryview(content)[: -len(end)] if end else end
    for mark in (ENTRY, MARK):
        if before[-len(mark) :] == mark:
            hashed = before[: -len(mark)]
            if _digest(hashed) != end:
                raise DamagedError("its content is not what its own hash says")
            return True
    return False


def check_archive(content: bytes) -> None:
    """Look at a zip archive as PyTorch writes it before anything of it is used.

    PyTorch itself compares no checksum. Archives that it was told to write without any (all are 0) are let through.

    Raises:
        DamagedError: a record is not what its checksum says, or there are more of them than fit.
        zipfile.BadZipFile, and whatever else zipfile raises on foreign bytes: this is no whole archive.
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
            raise DamagedError("its records are said to be longer than the whole file")
        if any(record.external_attr & DIRECTORY or record.is_dir() for record in records):
            raise DamagedError("one of its records is marked as a folder")  # of which PyTorch takes unwritten memory
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
        raise DamagedError(f"{record.filename} in it is not what its checksum says") from error
    if size != record.file_size:
        raise DamagedError(f"{record.filename} in it was cut off")


def _digest(content: "bytes | memoryview") -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
