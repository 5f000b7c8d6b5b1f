-- Opens train.py with the language server, does what a user would do, and writes down what is seen, a line each.
local out = io.open(vim.env.HPLINT_SEEN, "w")
local function say(...)
  out:write(table.concat(vim.tbl_map(tostring, { ... }), "\t") .. "\n")
end
local function wait(condition)
  return vim.wait(20000, condition, 50)
end
local command = vim.split(vim.env.HPLINT_SERVER, "\t")
local modern = vim.lsp.config ~= nil

if modern then
  vim.lsp.config("hplint", { cmd = command, filetypes = { "python" }, root_dir = vim.fn.getcwd() })
  vim.cmd("filetype on")
  vim.lsp.enable("hplint")
  vim.cmd("edit train.py")
else
  vim.cmd("edit train.py")
  vim.bo.filetype = "python"
  local id = vim.lsp.start_client({ name = "hplint", cmd = command, root_dir = vim.fn.getcwd() })
  vim.lsp.buf_attach_client(0, id)
end

wait(function() return #vim.diagnostic.get(0) >= 2 end)
local client = (vim.lsp.get_clients or vim.lsp.get_active_clients)()[1]
say("client", client.name, client.offset_encoding)
for _, each in ipairs(vim.diagnostic.get(0)) do
  local text = vim.api.nvim_buf_get_lines(0, each.lnum, each.lnum + 1, false)[1]
  say("finding", each.source, each.severity, string.sub(text, each.col + 1, each.end_col))
end

local function request(method, params)
  local answers = vim.lsp.buf_request_sync(0, method, params, 20000) or {}
  for _, answer in pairs(answers) do return answer.result end
end
local function params_at(line, column)
  vim.api.nvim_win_set_cursor(0, { line, column })
  if modern then return vim.lsp.util.make_position_params(0, client.offset_encoding) end
  return vim.lsp.util.make_position_params()
end

local shown = request("textDocument/hover", params_at(2, 66))
say("hover", shown and string.match(shown.contents.value, "### ([^\n]*)"))

if modern then
  vim.lsp.inlay_hint.enable(true)
  wait(function() return #vim.lsp.inlay_hint.get() > 0 end)
  for _, each in ipairs(vim.lsp.inlay_hint.get()) do say("hint", each.inlay_hint.label) end
  vim.lsp.buf.code_action({ context = { only = { "source.fixAll" }, diagnostics = {} }, apply = true })
else
  local range = vim.lsp.util.make_given_range_params({ 1, 0 }, { 3, 0 })
  range.context = { only = { "source.fixAll" }, diagnostics = {} }
  local action = request("codeAction/resolve", request("textDocument/codeAction", range)[1])
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
end
wait(function() return not string.find(vim.api.nvim_buf_get_lines(0, 1, 2, false)[1], "le%-5") end)
say("buffer", vim.api.nvim_buf_get_lines(0, 1, 2, false)[1])
wait(function() return #vim.diagnostic.get(0) == 1 end)
say("left", #vim.diagnostic.get(0))
out:close()
