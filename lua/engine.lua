-- Runs one call: every check of its members before the first write. A command is a table of three
-- functions. parse(step, args) looks at the arguments alone and announces what is to be read;
-- check(step, request) reads, decides and returns a plan, or refuses; apply(step, plan) writes and
-- returns the answer. A pop is the one command whose apply also reads: it comes last.

local events = require("store.events")
local flush = require("doors.flush")
local records = require("store.records")
local requests = require("store.requests")
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

local function read(step)
  root.read(step)
  records.read(step)
end

-- Fills in each member's plan; the first refusal is that of the call.
local function decide(step, members)
  for position = 1, #members do
    local member = members[position]
    member.request = member.command.parse(step, member.args)
  end
  read(step)
  for position = 1, #members do
    local member = members[position]
    member.plan = member.command.check(step, member.request)
  end
end

-- As decide, but a refusal is that member's answer and stops none of the others.
local function decide_each(step, members)
  for position = 1, #members do
    local member = members[position]
    member.request, member.refused = guarded(member.command.parse, step, member.args)
  end
  read(step)
  for position = 1, #members do
    local member = members[position]
    if not member.refused then
      member.plan, member.refused = guarded(member.command.check, step, member.request)
    end
  end
end

-- members: a list of { command, args }. each: a refused member does not stop the others. Returns
-- the list of answers, or a single error.
function engine.run(step, members, each)
  local _, refused = guarded(each and decide_each or decide, step, members)
  if refused then
    return refused
  end
  local answers = {}
  for position = 1, #members do
    local member = members[position]
    answers[position] = member.refused or member.command.apply(step, member.plan)
  end
  flush(step)
  events.flush(step)
  return answers
end

local function answer(step, command, args)
  if command.members then
    local members, refused = guarded(command.members, step, args)
    return refused or engine.run(step, members, args[1] == "each")
  end
  local answers = engine.run(
    step,
    { { command = command, args = args, request = nil, plan = nil, refused = nil } }
  )
  return answers.err and answers or answers[1]
end

-- A call by its mark: carried out once, and answered as then when it comes again.
local function once(step, mark, command, args)
  local _, refused = guarded(requests.check, mark)
  if refused then
    return refused
  end
  local before = requests.answer(step, mark)
  if before then
    return before
  end
  local given = answer(step, command, args)
  if type(given) ~= "table" or not given.err then
    requests.remember(step, mark, given)
  end
  return given
end

-- One command by itself. keys: the root key. args: the time in milliseconds or empty, perhaps a
-- slash and the call's mark; then the command's own.
function engine.call(command, keys, args)
  local time, mark = table.remove(args, 1), ""
  if time ~= "" then
    time, mark = string.match(time, "^([^/]*)/?(.*)$")
  end
  local step = steps.open(keys[1], time)
  if mark ~= "" then
    return once(step, mark, command, args)
  end
  return answer(step, command, args)
end

return engine
