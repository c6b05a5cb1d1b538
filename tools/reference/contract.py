"""The contract as the page needs it: descriptors from an image, with their comments from proto/."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor, MethodDescriptor

PACKAGE = "virtuoso.market.v1"


class Contract:
    """The only service of the package, with its messages and enums. `reached` holds the full names of all types that RPCs
    use."""

    def __init__(self, image: bytes) -> None:
        protos = descriptor_pb2.FileDescriptorSet.FromString(image).file
        self._pool = descriptor_pool.DescriptorPool()
        for proto in protos:
            self._pool.Add(proto)
        message_factory.GetMessageClassesForFiles([proto.name for proto in protos], self._pool)  # registers extensions
        own = [proto for proto in protos if proto.package == PACKAGE]
        self._comments = {name: text for proto in own for name, text in _comments(proto)}
        self.files = sorted((self._pool.FindFileByName(proto.name) for proto in own), key=lambda file: file.name)
        self.messages = {name: kind for file in self.files for name, kind in file.message_types_by_name.items()}
        self.enums = {name: kind for file in self.files for name, kind in file.enum_types_by_name.items()}
        (self.service,) = [service for file in self.files for service in file.services_by_name.values()]
        self.methods: list[MethodDescriptor] = list(self.service.methods)

    def comment(self, full_name: str) -> str:
        """Return the comment of an element. The full name of an enum value includes the enum. Blank lines separate
        paragraphs."""
        paragraphs = self._comments[full_name].split("\n\n")
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)

    def option(self, element: FieldDescriptor | MethodDescriptor, name: str) -> Any:
        """Return the custom option `name` as a message. Return None when it is not set."""
        kind = "MethodOptions" if isinstance(element, MethodDescriptor) else "FieldOptions"
        options_class = message_factory.GetMessageClass(self._pool.FindMessageTypeByName(f"google.protobuf.{kind}"))
        options: Any = options_class.FromString(element.GetOptions().SerializeToString())
        extension = self._pool.FindExtensionByName(name)
        return options.Extensions[extension] if options.HasExtension(extension) else None


def kinds(file: FileDescriptor) -> list[Descriptor | EnumDescriptor]:
    """Return the messages and enums of a file in declaration order."""
    return [*file.message_types_by_name.values(), *file.enum_types_by_name.values()]


def _comments(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, str]]:
    """Yield (full name, comment) of every element of the file. This contract has no nested messages or enums."""
    for location in file.source_code_info.location:
        names, element = [file.package], file
        steps = list(location.path)
        while len(steps) > 1:
            field, index, *steps = steps
            declared = getattr(element, element.DESCRIPTOR.fields_by_number[field].name)
            if not hasattr(declared, "add"):  # an option
                break
            element = declared[index]
            names.append(element.name)
        else:
            if not steps and len(names) > 1:
                yield ".".join(names), location.leading_comments
