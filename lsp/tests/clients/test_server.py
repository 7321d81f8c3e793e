"""Drives `ftlint server` with pytest-lsp, a client that nobody here wrote, once for each set of capabilities.

FTLINT is the binary. `run.sh` makes the environment and calls this."""

import os

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

TEXT = """\
import threading

hits = 0


def worker():
    global hits
    for _ in range(1000):
        hits += 1


def main():
    threads = [threading.Thread(target=worker) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


if __name__ == "__main__":
    main()
"""


@pytest_lsp.fixture(
    config=ClientServerConfig(server_command=[os.environ["FTLINT"], "server"]),
    params=["visual-studio-code", "neovim@0.7.0", "emacs"],
)
async def client(lsp_client: LanguageClient, request, tmp_path):
    # What these clients do in reality, and the test client does not by itself.
    @lsp_client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
    def registered(params):
        return None

    @lsp_client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
    def refreshed(params):
        return None

    @lsp_client.feature("ftlint/findingsChanged")
    def changed(params):
        return None

    (tmp_path / "pyproject.toml").write_text("[tool.ftlint]\n")
    (tmp_path / "app.py").write_text(TEXT)
    await lsp_client.initialize_session(
        lsp.InitializeParams(
            capabilities=client_capabilities(request.param),
            root_uri=tmp_path.as_uri(),
            workspace_folders=[lsp.WorkspaceFolder(uri=tmp_path.as_uri(), name="w")],
        )
    )
    yield
    await lsp_client.shutdown_session()


async def published(client, uri, wanted):
    """Waits until the diagnostics of the document are as wanted."""
    for _ in range(20):
        found = client.diagnostics.get(uri)
        if found is not None and wanted(found):
            return found
        await client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    pytest.fail(f"never as wanted: {client.diagnostics.get(uri)}")


async def test_a_session(client: LanguageClient, tmp_path):
    uri = (tmp_path / "app.py").as_uri()
    document = lsp.TextDocumentIdentifier(uri=uri)
    client.text_document_did_open(
        lsp.DidOpenTextDocumentParams(
            text_document=lsp.TextDocumentItem(uri=uri, language_id="python", version=1, text=TEXT)
        )
    )
    [found] = await published(client, uri, lambda it: len(it) == 1)
    assert (found.code, found.source, found.range.start.line) == ("FTL102", "ftlint", 8)

    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(text_document=document))
    titles = [it.command.title for it in lenses]
    assert titles == ["FTL102 race: replay", "runs in several threads"]

    actions = await client.text_document_code_action_async(
        lsp.CodeActionParams(
            text_document=document,
            range=found.range,
            context=lsp.CodeActionContext(diagnostics=[found]),
        )
    )
    ignore = next(it for it in actions if it.title.startswith("Ignore"))
    [edit] = ignore.edit.changes[uri]
    assert edit.new_text == "  # ftlint: ignore[FTL102] reason"

    result = await client.workspace_execute_command_async(
        lsp.ExecuteCommandParams(command=lenses[0].command.command, arguments=lenses[0].command.arguments)
    )
    assert result["verdict"]["kind"] == "confirmed"
    assert len(result["interleaving"]["threads"]) == 2
    [confirmed] = await published(client, uri, lambda it: "confirmed on CPython" in it[0].message)
    assert confirmed.severity == lsp.DiagnosticSeverity.Error

    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            text_document=lsp.VersionedTextDocumentIdentifier(uri=uri, version=2),
            content_changes=[lsp.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)],
        )
    )
    await published(client, uri, lambda it: not it)


CACHE = """\
import threading

_cache = {}


def get(key):
    if key not in _cache:
        _cache[key] = []
    return _cache[key]


for _ in range(2):
    threading.Thread(target=get, args=(1,)).start()
"""


async def test_a_fix(client: LanguageClient, tmp_path):
    uri = (tmp_path / "cache.py").as_uri()
    document = lsp.TextDocumentIdentifier(uri=uri)
    client.text_document_did_open(
        lsp.DidOpenTextDocumentParams(
            text_document=lsp.TextDocumentItem(uri=uri, language_id="python", version=1, text=CACHE)
        )
    )
    [found] = await published(client, uri, lambda it: len(it) == 1)

    async def actions(only):
        context = lsp.CodeActionContext(diagnostics=[found], only=only)
        params = lsp.CodeActionParams(text_document=document, range=found.range, context=context)
        return await client.text_document_code_action_async(params)

    async def resolved(action):
        # Edits come with the action only for clients that cannot ask for them.
        if action.edit is None:
            action = await client.code_action_resolve_async(action)
        return action

    offered = await actions(None)
    fix = await resolved(offered[0])
    assert (fix.title, fix.is_preferred) == ("Use `setdefault`", True)
    # The test client takes actions that carry a command for bare commands.
    assert [it.title for it in offered if getattr(it, "is_preferred", None)] == [fix.title]
    lock = await resolved(next(it for it in offered if it.title == "Make a new lock `_lock` (unsafe)"))
    assert [it.new_text for it in lock.edit.changes[uri]][0] == "_lock = threading.Lock()\n"
    [edit] = fix.edit.changes[uri]
    assert edit.new_text == "_cache.setdefault(key, [])"
    assert (edit.range.start.line, edit.range.start.character, edit.range.end.line) == (6, 4, 7)
    [every] = [await resolved(it) for it in await actions([lsp.CodeActionKind.SourceFixAll])]
    assert every.kind == "source.fixAll.ftlint" and list(every.edit.changes[uri]) == [edit]

    client.text_document_did_change(
        lsp.DidChangeTextDocumentParams(
            text_document=lsp.VersionedTextDocumentIdentifier(uri=uri, version=2),
            content_changes=[lsp.TextDocumentContentChangePartial(range=edit.range, text=edit.new_text)],
        )
    )
    await published(client, uri, lambda it: not it)
