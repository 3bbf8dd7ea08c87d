-- Runs one call: every check of its members before the first write. A command is a table of three
-- functions. parse looks at the arguments alone and announces what is to be read; check reads,
-- decides and plans, or refuses; apply writes and answers. A pop is the one command whose apply
-- also reads: it comes last.
--
-- Most commands are about one thing: parse(step, args) returns a request, check(step, request) a
-- plan, apply(step, plan) the answer. A command that has nothing to decide has no check: its
-- request is the plan. Those with `many` take a group, the neighbours in a step that are of one
-- command, in a loop: see group below.

local arguments = require("rules.arguments")
local events = require("store.events")
local flush = require("doors.flush")
local outcome = require("doors.outcome")
local records = require("store.records")
local requests = require("store.requests")
local root = require("store.root")
local steps = require("store.step")

local engine = {}

-- Members of one command. args: a list in which the arguments of member n, widths[n] of them, stand
-- behind position from[n]. answers: of the members, as far as they are known; one that has been
-- refused or needs nothing done has its answer early, and is passed over from then on. at: the
-- member in work.
function engine.group(command, args, at, width)
  return {
    command = command,
    args = args,
    from = { at },
    widths = { width },
    count = 1,
    at = 0,
    answers = {},
    -- What the members' command finds out, by position. Named here, since a table that grows is
    -- paid for again at each size.
    options = nil,
    records = nil,
    homes = nil,
    ties = nil,
    plans = nil,
    request = nil,
    plan = nil,
  }
end

local PHASES = {}

function PHASES.parse(step, group)
  group.request = group.command.parse(step, group.args)
end

function PHASES.check(step, group)
  local check = group.command.check
  group.plan = group.request
  if check then
    group.plan = check(step, group.request)
  end
end

local function refusal(problem)
  if type(problem) == "table" and problem.refused then
    return { err = problem.word .. " " .. problem.text }
  end
  error(problem, 0)
end

-- One phase of a group. each: a refusal is the answer of the member in work, and the phase goes on
-- behind it.
local function perform(phase, step, group, each)
  local many = group.command.many
  local f = many and group.command[phase] or PHASES[phase]
  group.at = 0
  if not each then
    return f(step, group)
  end
  while many or not group.answers[1] do
    local fine, problem = pcall(f, step, group)
    if fine then
      return
    end
    group.answers[many and group.at or 1] = refusal(problem)
  end
end

local function decide(step, groups, each)
  for position = 1, #groups do
    perform("parse", step, groups[position], each)
  end
  root.read(step)
  records.read(step)
  for position = 1, #groups do
    perform("check", step, groups[position], each)
  end
end

local function apply(step, groups)
  for position = 1, #groups do
    local group = groups[position]
    if group.command.many then
      group.command.apply(step, group)
    elseif not group.answers[1] then
      group.answers[1] = group.command.apply(step, group.plan)
    end
  end
  flush(step)
  events.flush(step)
  if step.settled then
    for position = 1, #groups do
      outcome.close(groups[position].answers, groups[position].count)
    end
  end
end

-- Runs groups. Returns nothing, each group having its answers, or the error that refused them all.
-- each: a refused member does not stop the others.
local function run(step, groups, each)
  local fine, problem = pcall(decide, step, groups, each)
  if not fine then
    return refusal(problem)
  end
  apply(step, groups)
  return nil
end

local function answers_of(groups)
  local answers = {}
  for position = 1, #groups do
    local group = groups[position]
    for member = 1, group.count do
      answers[#answers + 1] = group.answers[member]
    end
  end
  return answers
end

local function answer(step, command, args)
  if command.members then
    local fine, groups = pcall(command.members, args)
    if not fine then
      return refusal(groups)
    end
    return run(step, groups, args[1] == "each") or answers_of(groups)
  end
  if command.many then
    local fine, problem = pcall(arguments.count, args, command.width, command.most)
    if not fine then
      return refusal(problem)
    end
  end
  local group = engine.group(command, args, 0, #args)
  return run(step, { group }, false) or group.answers[1]
end

-- A call by its mark: carried out once, and answered as then when it comes again.
local function once(step, mark, command, args)
  local fine, problem = pcall(requests.check, mark)
  if not fine then
    return refusal(problem)
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
