"""The contract as the page needs it: descriptors out of an image, with the comments that stand before them in proto/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

PACKAGE = "virtuoso.market.v1"


class Contract:
    """The one service of the package, with its messages and enums."""

    def __init__(self, image: bytes) -> None:
        protos = descriptor_pb2.FileDescriptorSet.FromString(image).file
        self._pool = descriptor_pool.DescriptorPool()
        for proto in protos:
            self._pool.Add(proto)
        message_factory.GetMessageClassesForFiles([proto.name for proto in protos], self._pool)  # makes extensions known
        own = [proto for proto in protos if proto.package == PACKAGE]
        self._comments = {name: text for proto in own for name, text in _comments(proto)}
        self.files = sorted((self._pool.FindFileByName(proto.name) for proto in own), key=lambda file: file.name)
        self.messages = {name: of for file in self.files for name, of in file.message_types_by_name.items()}
        self.enums = {name: of for file in self.files for name, of in file.enum_types_by_name.items()}
        (self.service,) = [service for file in self.files for service in file.services_by_name.values()]
        self.methods: list[MethodDescriptor] = list(self.service.methods)

    def comment(self, full_name: str) -> str:
        """What stands before it; an enum's value is named after the enum. Paragraphs are parted by a blank line."""
        paragraphs = self._comments[full_name].split("\n\n")
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    def option(self, of: FieldDescriptor | MethodDescriptor, name: str) -> Any:
        """The custom option `name` as a message; None without it."""
        kind = "MethodOptions" if isinstance(of, MethodDescriptor) else "FieldOptions"
        known = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"google.protobuf.{kind}"))
        options: Any = known.FromString(of.GetOptions().SerializeToString())
        extension = self._pool.FindExtensionByName(name)
        return options.Extensions[extension] if options.HasExtension(extension) else None


def kinds(file: FileDescriptor) -> list[Descriptor | EnumDescriptor]:
    """Messages and enums of a file, in its order."""
    return [*file.message_types_by_name.values(), *file.enum_types_by_name.values()]


def _comments(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """(full name, comment) of all that the file declares; nested messages and enums are not used in this contract."""
    for place in file.source_code_info.location:
        names, of = [file.package], file
        steps = list(place.path)
        while len(steps) > 1:
            field, index, *steps = steps
            declared = getattr(of, of.DESCRIPTOR.fields_by_number[field].name)
            if not hasattr(declared, "add"):  # an option
                break
            of = declared[index]
            names.append(of.name)
        else:
            if not steps and len(names) > 1:
                yield ".".join(names), place.leading_comments
