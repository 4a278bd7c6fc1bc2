"""LanguageServer: what an editor asks the YAML language server, over its standard input and output."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

__all__ = ["LanguageServer"]

# Settings that an editor has for it. It would ask schemastore.org for schemas.
SETTINGS = {"yaml": {"schemaStore": {"enable": False}, "validate": True, "hover": True, "completion": True}}
CAPABILITIES = {
    "textDocument": {"hover": {"contentFormat": ["markdown"]}, "completion": {"completionItem": {}}},
    "workspace": {"configuration": True},
}


class LanguageServer:
    """A running server, which stops at the end of a `with` block.

    Args:
        command: what starts it.
        folder: the workspace.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
        )
        self._asked = 0
        self._diagnostics: dict[str, list[Any]] = {}
        self._ask("initialize", {"processId": None, "rootUri": folder.as_uri(), "capabilities": CAPABILITIES})
        self._send(method="initialized", params={})

    def __enter__(self) -> LanguageServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    def diagnostics(self, name: str, text: str) -> list[tuple[int, str]]:
        """Open a document of the workspace; return the 0-based line and the message of what is wrong with it."""
        uri = self._uri(name)
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self._send(method="textDocument/didOpen", params={"textDocument": document})
        while uri not in self._diagnostics:
            self._answer(self._read())
        found = self._diagnostics.pop(uri)
        return [(each["range"]["start"]["line"], each["message"]) for each in found]

    def completions(self, name: str, line: int, character: int) -> dict[str, str]:
        """Return what may be written at a place of an open document, and what is said of each."""
        answer = self._ask("textDocument/completion", self._place(name, line, character))
        return {item["label"]: str(item.get("documentation", "")) for item in answer["items"]}

    def hover(self, name: str, line: int, character: int) -> str:
        """Return what is shown at a place of an open document."""
        return str(self._ask("textDocument/hover", self._place(name, line, character))["contents"]["value"])

    def _uri(self, name: str) -> str:
        return (self._folder / name).as_uri()

    def _place(self, name: str, line: int, character: int) -> dict[str, Any]:
        return {"textDocument": {"uri": self._uri(name)}, "position": {"line": line, "character": character}}

    def _ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._send(id=self._asked, method=method, params=params)
        while True:
            message = self._read()
            if message.get("id") == self._asked and "method" not in message:
                return message["result"]
            self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        """Do what the server asks of an editor, or keep what it tells."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self._diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif message.get("method") == "workspace/configuration":
            wanted = [SETTINGS.get(item["section"], {}) for item in message["params"]["items"]]
            self._send(id=message["id"], result=wanted)
        elif "id" in message and "method" in message:
            self._send(id=message["id"], result=None)

    def _send(self, **message: Any) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stream = self._process.stdin
        if stream is not None:
            stream.write(b"Content-Length: %d\r\n\r\n%s" % (len(content), content))
            stream.flush()

    def _read(self) -> Any:
        stream = self._process.stdout
        length = 0
        while stream is not None and (header := stream.readline()):
            if header == b"\r\n":
                return json.loads(stream.read(length))
            name, _, value = header.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        raise EOFError("the language server has ended")
