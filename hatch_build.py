"""The long description of the package: the README without what only shows beside its repository."""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class ReadmeHook(MetadataHookInterface):
    """Sets ``readme``; enabled in ``pyproject.toml``."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in the field."""
        metadata["readme"] = {"content-type": "text/markdown", "text": long_description(Path(self.root))}


def long_description(root: Path) -> str:
    """The README with its picture drawn in characters, and links into the repository as plain words."""
    text = (root / "README.md").read_text(encoding="utf-8")
    text = re.sub(
        r"^!\[([^\]]*)\]\((docs/[^)]*)\.png\)$", lambda m: _drawn(root / f"{m[2]}.txt", m[1]), text, flags=re.M
    )
    return re.sub(r"(?<!!)\[([^\]]+)\]\((?![a-z]+:)[^)]*\)", r"\1", text)


def _drawn(path: Path, caption: str) -> str:
    return f"```text\n{path.read_text(encoding='utf-8')}```\n\n{caption}."
