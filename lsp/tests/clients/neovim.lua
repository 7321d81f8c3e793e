-- What a user of neovim does: opens a file, reads the finding, replays it, applies a fix, and leaves. `neovim.sh` calls this.

local COUNTER = [[
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
]]

local CACHE = [[
import threading

_cache = {}


def get(key):
    if key not in _cache:
        _cache[key] = []
    return _cache[key]


for _ in range(2):
    threading.Thread(target=get, args=(1,)).start()
]]

local function say(text)
  io.stdout:write(text .. "\n")
end

-- Waits for what `wanted` returns, and fails with `name` when it does not come.
local function wait(name, wanted, seconds)
  local res
  local came = vim.wait((seconds or 10) * 1000, function()
    res = wanted()
    return res
  end, 20)
  if not came then
    error(name .. ": it did not come; diagnostics: " .. vim.inspect(vim.diagnostic.get(0)))
  end
  say("ok - " .. name)
  return res
end

local function edit(name, text)
  local path = vim.env.WORK .. "/" .. name
  vim.fn.writefile(vim.split(text, "\n", { plain = true }), path, "b")
  vim.cmd.edit(vim.fn.fnameescape(path))
end

-- The only diagnostic of the buffer, once there is one for which `wanted` holds.
local function only(wanted)
  return function()
    local found = vim.diagnostic.get(0)
    return #found == 1 and wanted(found[1]) and found[1] or nil
  end
end

-- Applies the one code action with this title, at the diagnostic, in neovim's own way.
local function act(found, title)
  vim.api.nvim_win_set_cursor(0, { found.lnum + 1, found.col })
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return vim.startswith(action.title, title)
    end,
  })
end

local function session()
  vim.cmd("filetype on")
  dofile(vim.env.INIT)

  edit("app.py", COUNTER)
  local client = wait("the client is attached", function()
    local all = vim.lsp.get_clients({ bufnr = 0 })
    return #all == 1 and all[1].initialized and all[1]
  end)
  assert(client.name == "ftlint" and client.server_info.name == "ftlint", vim.inspect(client.server_info))
  local found = wait("a finding is shown", only(function(it)
    return it.code == "FTL102" and it.lnum == 8 and it.source == "ftlint"
  end))

  act(found, "Replay FTL102")
  wait("the replay's verdict is shown", only(function(it)
    return it.message:find("confirmed on CPython", 1, true) and it.severity == vim.diagnostic.severity.ERROR
  end), 60)

  edit("cache.py", CACHE)
  found = wait("a finding of another file is shown", only(function(it)
    return it.lnum == 6 or it.lnum == 7
  end))
  act(found, "Use `setdefault`")
  wait("the fix is in the buffer", function()
    return vim.deep_equal(vim.api.nvim_buf_get_lines(0, 5, 8, false), {
      "def get(key):",
      "    _cache.setdefault(key, [])",
      "    return _cache[key]",
    })
  end)
  wait("the finding is gone", function()
    return #vim.diagnostic.get(0) == 0
  end)

  vim.lsp.stop_client(client.id)
  wait("the server has left", function()
    return client:is_stopped() and #vim.lsp.get_clients() == 0
  end)
end

local ok, problem = xpcall(session, debug.traceback)
if not ok then
  say("not ok - " .. tostring(problem))
end
os.exit(ok and 0 or 1)
