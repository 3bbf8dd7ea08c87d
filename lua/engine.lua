-- Runs one call: every check of its members before the first write. A command is a table of three
-- functions. parse(step, args) looks at the arguments alone and announces what is to be read;
-- check(step, request) reads, decides and returns a plan, or refuses; apply(step, plan) writes and
-- returns the answer. A pop is the one command whose apply also reads: it comes last.

local events = require("store.events")
local flush = require("doors.flush")
local records = require("store.records")
local root = require("store.root")
local steps = require("store.step")

local engine = {}

-- Calls f; a refusal becomes a value, any other error goes on.
local function guarded(f, step, argument)
  local fine, result = pcall(f, step, argument)
  if fine then
    return result
  end
  if type(result) == "table" and result.refused then
    return nil, { err = result.word .. " " .. result.text }
  end
  error(result, 0)
end

-- members: a list of { command, args }. each: a refused member does not stop the others. Returns
-- the list of answers, or a single error.
function engine.run(step, members, each)
  local count = #members
  local answers = {}
  for position = 1, count do
    local member = members[position]
    local request, refused = guarded(member.command.parse, step, member.args)
    if refused and not each then
      return refused
    end
    member.request, answers[position] = request, refused
  end
  local _, unreadable = guarded(root.read, step)
  if unreadable then
    return unreadable
  end
  records.read(step)
  for position = 1, count do
    local member = members[position]
    if member.request then
      local plan, refused = guarded(member.command.check, step, member.request)
      if refused and not each then
        return refused
      end
      member.plan, answers[position] = plan, refused
    end
  end
  for position = 1, count do
    local member = members[position]
    if member.plan then
      answers[position] = member.command.apply(step, member.plan)
    end
  end
  flush(step)
  events.flush(step)
  return answers
end

-- One command by itself. keys: the root key. args: the time in milliseconds or empty, then the
-- command's own.
function engine.call(command, keys, args)
  local step = steps.open(keys[1], table.remove(args, 1))
  if command.members then
    local members, refused = guarded(command.members, step, args)
    return refused or engine.run(step, members, args[1] == "each")
  end
  local answers = engine.run(step, { { command = command, args = args } })
  return answers.err and answers or answers[1]
end

return engine
